/** For editors that are read, not written in. */
import { defaultKeymap } from "@codemirror/commands";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap } from "@codemirror/view";
import { useCallback, useSyncExternalStore } from "react";
import { editorBase } from "./editorBase";
import { matchMarks } from "./marks";

const listeners = new WeakMap<EditorView, Set<() => void>>();

/** The cursor moves, nothing can be changed. Tab goes on to what comes next on the page. */
export function readOnlyExtensions(label: string): Extension {
  return [
    editorBase(label),
    EditorState.readOnly.of(true),
    highlightActiveLine(),
    matchMarks,
    keymap.of(defaultKeymap),
    EditorView.updateListener.of((update) => {
      if (update.selectionSet) for (const listener of listeners.get(update.view) ?? []) listener();
    }),
  ];
}

/** The number of the line that the cursor is on, from 0. */
export function useCursorLine(view: EditorView | undefined): number {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (!view) return () => {};
      const all = listeners.get(view) ?? new Set();
      listeners.set(view, all.add(listener));
      return () => void all.delete(listener);
    },
    [view],
  );
  return useSyncExternalStore(subscribe, () =>
    view ? view.state.doc.lineAt(view.state.selection.main.head).number - 1 : 0,
  );
}
