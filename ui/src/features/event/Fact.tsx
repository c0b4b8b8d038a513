import type { ReactNode } from "react";
import { CopyButton } from "../../shared/ui/CopyButton";
import classes from "./Event.module.css";

interface FactProps {
  label: string;
  children: ReactNode;
  /** What is copied, and what it is called. */
  copied?: string | undefined;
  /** Shown when pointed at, for what may be cut. */
  title?: string | undefined;
  mono?: boolean;
}

/** One line of a summary: a name and a value that can be copied. */
export function Fact({ label, children, copied, title, mono = false }: FactProps) {
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd>
        <span className={mono ? `${classes.cut} ${classes.mono}` : classes.cut} title={title ?? copied}>
          {children}
        </span>
        {copied && <CopyButton size={20} value={copied} what={label.toLowerCase()} />}
      </dd>
    </div>
  );
}
