import { EditorView } from "@codemirror/view";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { unfoldAround } from "./folding";
import { findMatches, showMatches } from "./marks";

/** Searches an editor's text while one types, and shows the matches. */
export function useTextSearch(view: EditorView | undefined) {
  const [wanted, setWanted] = useState("");
  const [now, setNow] = useState(0);
  // Typing goes before searching: a text may have millions of letters.
  const searched = useDeferredValue(wanted);
  // The editor's own text: its lines end in one character, whatever they ended in before.
  const text = useMemo(() => view?.state.doc.toString() ?? "", [view]);
  const matches = useMemo(() => findMatches(text, searched), [text, searched]);

  useEffect(() => {
    if (!view) return;
    const match = matches[now];
    view.dispatch({ effects: showMatches.of({ matches, now }) });
    if (!match) return;
    view.dispatch({
      effects: [...unfoldAround(view.state, match), EditorView.scrollIntoView(match.from, { y: "center" })],
      selection: { anchor: match.from },
    });
  }, [view, matches, now]);

  return {
    wanted,
    matches,
    now,
    setWanted(next: string) {
      setWanted(next);
      setNow(0);
    },
    /** To the next match, or the previous one. */
    go(step: 1 | -1) {
      if (matches.length > 0) setNow((now + step + matches.length) % matches.length);
    },
  };
}
