import type { ReactNode } from "react";
import classes from "./Callout.module.css";
import type { Tone } from "./Status";

interface CalloutProps {
  tone: Tone;
  /** What it is to those who do not see it; without one it is a region, which needs a label. */
  role?: "alert" | "note";
  "aria-label"?: string;
  /** For more than words. */
  roomy?: boolean;
  children: ReactNode;
}

/** A few sentences that stand out from what is around them. */
export function Callout({ tone, role, roomy = false, children, ...label }: CalloutProps) {
  const Tag = role ? "div" : "section";
  return (
    <Tag className={classes.callout} role={role} data-tone={tone} data-roomy={roomy || undefined} {...label}>
      {children}
    </Tag>
  );
}
