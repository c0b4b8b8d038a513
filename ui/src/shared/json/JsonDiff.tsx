/** What differs between two JSON texts, in one column. */
import { unifiedMergeView } from "@codemirror/merge";
import { useMemo } from "react";
import { jsonLook } from "./editorBase";
import { formatJson } from "./format";
import classes from "./Json.module.css";
import { readOnlyExtensions } from "./reading";
import { useEditor } from "./useEditor";

export interface JsonDiffProps {
  before: string;
  after: string;
  /** The view's name for screen readers. */
  label: string;
  /** Grows with its content up to so many pixels; without it, it fills a flex container. */
  maxHeight?: number;
}

/** Comparing may take so long; then what differs is told more coarsely. */
const TIMEOUT_MS = 1000;

export function JsonDiff({ before, after, label, maxHeight }: JsonDiffProps) {
  const [old, now] = useMemo(() => [shownText(before), shownText(after)], [before, after]);
  const extensions = useMemo(
    () => [
      readOnlyExtensions(label),
      jsonLook,
      unifiedMergeView({
        original: old,
        mergeControls: false,
        gutter: true,
        syntaxHighlightDeletions: true,
        collapseUnchanged: { margin: 3, minSize: 8 },
        diffConfig: { scanLimit: 500, timeout: TIMEOUT_MS },
      }),
    ],
    [label, old],
  );
  const { host } = useEditor(now, extensions);
  if (old === now) return <div className={classes.note}>The two are the same.</div>;
  return (
    <div className={classes.view}>
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

/** Formatted where it is JSON, so that white space alone is no difference. */
function shownText(text: string): string {
  const formatted = formatJson(text);
  return formatted.ok ? formatted.text : text;
}
