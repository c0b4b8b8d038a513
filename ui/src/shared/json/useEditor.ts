import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { type RefObject, useEffect, useRef, useState } from "react";

/** An editor within an element; made anew when the text or the extensions are others. Memoise the extensions. */
export function useEditor(
  doc: string,
  extensions: Extension,
): { host: RefObject<HTMLDivElement | null>; view: EditorView | undefined } {
  const host = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<EditorView>();
  useEffect(() => {
    if (!host.current) return;
    const made = new EditorView({ parent: host.current, state: EditorState.create({ doc, extensions }) });
    setView(made);
    return () => {
      setView(undefined);
      made.destroy();
    };
  }, [doc, extensions]);
  return { host, view };
}
