/** A neutral letter in a box: providers are told apart by it, and nobody's trademark is shown. */
import type { CSSProperties } from "react";
import classes from "./ProviderMark.module.css";

const OWN: Record<string, string> = { github: "GH", gitlab: "GL", generic: "…", "standard-webhooks": "SW" };

/** One or two letters for a provider. */
export const markLetters = (kind: string, label: string): string =>
  OWN[kind] ??
  label
    .split(/\s+/)
    .map((word) => word.charAt(0))
    .join("")
    .slice(0, 2)
    .toUpperCase();

export function ProviderMark({ kind, label, size = 24 }: { kind: string; label: string; size?: number }) {
  return (
    <span aria-hidden className={classes.mark} style={{ "--size": `${size}px` } as CSSProperties}>
      {markLetters(kind, label)}
    </span>
  );
}
