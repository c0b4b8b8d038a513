/** Text to read and search, as it is. */
import { type ReactNode, useMemo, useRef } from "react";
import classes from "./Json.module.css";
import { JsonToolbar } from "./JsonToolbar";
import { readOnlyExtensions } from "./reading";
import { useEditor } from "./useEditor";

export interface TextViewProps {
  text: string;
  /** The view's name for screen readers. */
  label: string;
  /** Grows with its content up to so many pixels; without it, it fills a flex container. */
  maxHeight?: number;
  actions?: ReactNode;
  toolbar?: boolean;
  /** One sentence above the text. */
  note?: string;
}

export function TextView({ text, label, maxHeight, actions, toolbar = true, note }: TextViewProps) {
  const wrapper = useRef<HTMLDivElement>(null);
  const extensions = useMemo(() => readOnlyExtensions(label), [label]);
  const { host, view } = useEditor(text, extensions);
  return (
    <div className={classes.view} ref={wrapper}>
      {toolbar && <JsonToolbar view={view} text={text} actions={actions} scope={wrapper} />}
      {note && <div className={classes.note}>{note}</div>}
      <div
        className={classes.box}
        data-grows={maxHeight === undefined ? undefined : true}
        style={maxHeight === undefined ? undefined : { maxHeight }}
      >
        <div className={classes.editor} ref={host} />
      </div>
    </div>
  );
}
