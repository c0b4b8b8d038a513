/** JSON to write. Says at once where the text stops being JSON; what is sent is exactly what stands there. */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, foldGutter, indentOnInput } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { Button } from "@mantine/core";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { editorBase, jsonLook } from "./editorBase";
import { formatJson } from "./format";
import classes from "./Json.module.css";
import { errorMark, showError } from "./marks";
import { useEditor } from "./useEditor";

export interface JsonEditorProps {
  /** The text to begin with; another one later begins anew. */
  value: string;
  /** Called with the text after each change. */
  onChange: (text: string) => void;
  /** Called with whether the text is JSON, when that is known: looking at a large text takes longer than typing. */
  onChecked?: (isJson: boolean) => void;
  /** The editor's name for screen readers. */
  label: string;
  /** mod+Enter. */
  onSubmit?: () => void;
  /** In pixels; without it, it fills a flex container. */
  maxHeight?: number;
}

export function JsonEditor({ value, onChange, onChecked, label, onSubmit, maxHeight }: JsonEditorProps) {
  const [text, setText] = useState(value);
  const looked = useDeferredValue(text);
  const problem = useMemo(() => problemOf(looked), [looked]);
  const latest = useRef({ onChange, onChecked, onSubmit });
  latest.current = { onChange, onChecked, onSubmit };

  const extensions = useMemo(
    () => [
      editorBase(label),
      lineNumbers(),
      foldGutter({ openText: "▾", closedText: "▸" }),
      history(),
      indentOnInput(),
      bracketMatching(),
      highlightActiveLine(),
      EditorState.tabSize.of(2),
      jsonLook,
      errorMark,
      keymap.of([
        {
          key: "Mod-Enter",
          run: () => {
            latest.current.onSubmit?.();
            return true;
          },
        },
        ...defaultKeymap,
        ...historyKeymap,
      ]),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        const written = update.state.doc.toString();
        setText(written);
        latest.current.onChange(written);
      }),
    ],
    [label],
  );
  const { host, view } = useEditor(value, extensions);

  useEffect(() => {
    view?.dispatch({ effects: showError.of(problem?.offset ?? null) });
    latest.current.onChecked?.(problem === undefined);
  }, [view, problem]);
  useEffect(() => {
    // The editor's own text: its lines end in one character, whatever they ended in before.
    if (view) setText(view.state.doc.toString());
  }, [view]);

  const format = () => {
    if (!view) return;
    const formatted = formatJson(view.state.doc.toString());
    if (formatted.ok) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: formatted.text } });
    }
  };

  return (
    <div className={classes.view}>
      <div
        className={classes.box}
        data-grows={maxHeight === undefined ? undefined : true}
        style={maxHeight === undefined ? undefined : { maxHeight }}
      >
        <div className={classes.editor} ref={host} />
        <div className={classes.footer}>
          <span className={problem ? `${classes.path} ${classes.bad}` : classes.path} role="status">
            {problem
              ? `Line ${problem.line}, column ${problem.column}: ${problem.message}.`
              : "This is valid JSON."}
          </span>
          <Button variant="subtle" size="compact-xs" disabled={problem !== undefined} onClick={format}>
            Format
          </Button>
        </div>
      </div>
    </div>
  );
}

function problemOf(text: string) {
  const formatted = formatJson(text);
  return formatted.ok ? undefined : formatted;
}
