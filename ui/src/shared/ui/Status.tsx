/** States as a shape and a word, never as a colour alone. */
import classes from "./Status.module.css";

export type Tone = "ok" | "wait" | "bad" | "idle" | "busy";

const SHAPES: Record<Tone, string> = { ok: "●", wait: "◐", bad: "✕", idle: "○", busy: "◌" };

/** A shape in the tone's colour with its word. `compact` leaves the word to screen readers. */
export function Status({
  tone,
  children,
  compact = false,
}: {
  tone: Tone;
  children: string;
  compact?: boolean;
}) {
  return (
    <span className={classes.status} data-tone={tone}>
      <span aria-hidden className={classes.shape}>
        {SHAPES[tone]}
      </span>
      <span className={compact ? classes.hidden : undefined}>{children}</span>
    </span>
  );
}
