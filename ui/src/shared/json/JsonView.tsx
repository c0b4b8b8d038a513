/** JSON to read: exact, folded, searched, with the path of every line. Anything that is no JSON is shown as text. */
import { EditorView } from "@codemirror/view";
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconBraces, IconRoute } from "@tabler/icons-react";
import { type MouseEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { copy } from "../state/copy";
import { jsonLook } from "./editorBase";
import { foldFrom, folding, unfoldAround } from "./folding";
import { type Formatted, formatJson } from "./format";
import classes from "./Json.module.css";
import { JsonToolbar } from "./JsonToolbar";
import type { JsonLines } from "./lines";
import { type ChangedLine, type ChangedPath, changedLines, changedMarks } from "./marks";
import { PathFooter } from "./PathFooter";
import { pathText } from "./path";
import { readOnlyExtensions, useCursorLine } from "./reading";
import { TextView } from "./TextView";
import { useEditor } from "./useEditor";

export type { ChangedPath } from "./marks";

export interface JsonViewProps {
  /** JSON as it came, not parsed and written again; other text is shown as it is. */
  text: string;
  /** The view's name for screen readers: "Payload of evt_1". */
  label: string;
  /** Objects and arrays at this depth and below start folded; 0 is the whole. All are open unless given. */
  initialFold?: number;
  /** Values that are marked as changed, with their old ones. */
  changed?: readonly ChangedPath[];
  /** Grows with its content up to so many pixels; without it, it fills a flex container. */
  maxHeight?: number;
  /** Stands at the right end of the toolbar. */
  actions?: ReactNode;
  /** Whether search, folding and copying are offered above. */
  toolbar?: boolean;
}

export function JsonView(props: JsonViewProps) {
  const formatted = useMemo(() => formatJson(props.text), [props.text]);
  if (formatted.ok) return <FormattedView {...props} formatted={formatted} />;
  // Something that begins like JSON was meant to be some; a form or plain text needs no excuse.
  const note = /^\s*[{[]/.test(props.text)
    ? `This is not JSON: line ${formatted.line}, column ${formatted.column}: ${formatted.message}.`
    : undefined;
  return <TextView {...props} {...(note ? { note } : {})} />;
}

const NO_CHANGES: readonly ChangedPath[] = [];

function FormattedView({
  label,
  initialFold,
  changed = NO_CHANGES,
  maxHeight,
  actions,
  toolbar = true,
  formatted,
}: JsonViewProps & { formatted: Formatted }) {
  const { text, lines } = formatted;
  const wrapper = useRef<HTMLDivElement>(null);
  const changes = useMemo(() => changedLines(lines, changed), [lines, changed]);
  const extensions = useMemo(
    () => [readOnlyExtensions(label), jsonLook, folding(lines), changedMarks(lines, changes)],
    [label, lines, changes],
  );
  const { host, view } = useEditor(text, extensions);
  const cursorLine = useCursorLine(view);
  const [hovered, setHovered] = useState<{ line: number; top: number }>();

  useEffect(() => {
    const shown = changes.map(({ line }) => line);
    if (view && initialFold !== undefined) foldFrom(view, lines, initialFold, shown);
  }, [view, lines, initialFold, changes]);

  const follow = (event: MouseEvent) => {
    if (!view || !(event.target instanceof Element)) return;
    // Pointing at the buttons themselves must not move them away.
    if (event.target.closest(`.${classes.hover}`)) return;
    const block = view.lineBlockAtHeight(event.clientY - view.documentTop);
    const line = view.state.doc.lineAt(block.from).number - 1;
    const top = block.top + view.documentTop - (host.current?.getBoundingClientRect().top ?? 0);
    setHovered((now) => (now?.line === line && now.top === top ? now : { line, top }));
  };

  return (
    <div className={classes.view} ref={wrapper}>
      {toolbar && (
        <JsonToolbar
          view={view}
          text={text}
          lines={lines}
          scope={wrapper}
          actions={
            <>
              {view && changes.length > 0 && (
                <Button
                  variant="default"
                  size="compact-xs"
                  onClick={() => goToNextChange(view, lines, changes, cursorLine)}
                >
                  Next change
                </Button>
              )}
              {actions}
            </>
          }
        />
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: pointing only previews what the footer gives to everybody */}
      <div
        className={classes.box}
        data-grows={maxHeight === undefined ? undefined : true}
        style={maxHeight === undefined ? undefined : { maxHeight }}
        onMouseMove={follow}
        onMouseLeave={() => setHovered(undefined)}
      >
        <div className={classes.editor} ref={host} onScrollCapture={() => setHovered(undefined)} />
        {hovered && (
          <HoverButtons
            top={hovered.top}
            path={pathText(lines.path(hovered.line))}
            value={() => lines.valueText(hovered.line)}
          />
        )}
        <PathFooter
          path={pathText(lines.path(hovered?.line ?? cursorLine))}
          value={() => lines.valueText(cursorLine)}
          copiedPath={pathText(lines.path(cursorLine))}
        />
      </div>
    </div>
  );
}

/** To the first change below the cursor, or the first one of all. */
function goToNextChange(
  view: EditorView,
  lines: JsonLines,
  changes: ChangedLine[],
  cursorLine: number,
): void {
  const next = changes.find(({ line }) => line > cursorLine) ?? changes[0];
  if (!next) return;
  const range = lines.lineRange(next.line);
  view.dispatch({
    effects: [...unfoldAround(view.state, range), EditorView.scrollIntoView(range.from, { y: "center" })],
    selection: { anchor: lines.valueRange(next.line).from },
  });
  view.focus();
}

/** At the right end of the line that is pointed at. The footer has the same for the keyboard. */
function HoverButtons({ top, path, value }: { top: number; path: string; value: () => string }) {
  return (
    <div className={classes.hover} style={{ top }}>
      <Tooltip label={`Copy path: ${path}`}>
        <ActionIcon
          size={18}
          tabIndex={-1}
          aria-label={`Copy path ${path}`}
          onClick={() => void copy(path, `path ${path}`)}
        >
          <IconRoute size={12} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Copy value">
        <ActionIcon
          size={18}
          tabIndex={-1}
          aria-label={`Copy value of ${path}`}
          onClick={() => void copy(value(), `value of ${path}`)}
        >
          <IconBraces size={12} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}
