import type { ReactNode } from "react";
import classes from "./Page.module.css";

interface PageProps {
  /** What stands above the page's content: filters, buttons. */
  toolbar?: ReactNode;
  children: ReactNode;
  /** The content scrolls by itself (lists with a pane of their own). */
  fill?: boolean;
}

/** A page's room: an optional toolbar and content that scrolls. */
export function Page({ toolbar, children, fill = false }: PageProps) {
  return (
    <div className={classes.page}>
      {toolbar && <div className={classes.toolbar}>{toolbar}</div>}
      <div className={fill ? classes.fill : classes.scroll}>{children}</div>
    </div>
  );
}
