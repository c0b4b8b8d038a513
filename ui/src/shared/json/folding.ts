/** Folding by the lines of formatted JSON: at once for any size, with how much is hidden. */
import {
  codeFolding,
  foldEffect,
  foldedRanges,
  foldGutter,
  foldKeymap,
  foldService,
  unfoldEffect,
} from "@codemirror/language";
import type { EditorState, Extension } from "@codemirror/state";
import { type EditorView, keymap } from "@codemirror/view";
import { plural } from "../format/numbers";
import type { JsonLines } from "./lines";

/** So many are folded at once at most: each is a range that the editor has to keep. */
const MAX_FOLDS = 1000;

interface Range {
  from: number;
  to: number;
}

/** What is hidden when the value that begins on this line is folded: all between its brackets. */
function inside(lines: JsonLines, line: number): Range {
  const { from, to } = lines.valueRange(line);
  return { from: from + 1, to: to - 1 };
}

const lineAt = (state: EditorState, position: number): number => state.doc.lineAt(position).number - 1;

function placeholder(_view: EditorView, onclick: (event: Event) => void, hidden: string): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "cm-foldPlaceholder";
  button.textContent = hidden;
  button.setAttribute("aria-label", `Unfold ${hidden}`);
  // The line's own key unfolds; a stop at every folded value would make the view a trap.
  button.tabIndex = -1;
  button.onclick = onclick;
  return button;
}

/** Folds or unfolds the value of the cursor's line. */
function toggle(view: EditorView, lines: JsonLines): boolean {
  const line = lineAt(view.state, view.state.selection.main.head);
  if (lines.end(line) === lines.start(line)) return false;
  const range = inside(lines, line);
  const folded = foldedIn(view.state, range).some(({ from, to }) => from === range.from && to === range.to);
  view.dispatch({
    effects: (folded ? unfoldEffect : foldEffect).of(range),
    selection: { anchor: range.from },
    scrollIntoView: true,
  });
  return true;
}

function foldedIn(state: EditorState, { from, to }: Range): Range[] {
  const found: Range[] = [];
  foldedRanges(state).between(from, to, (start, end) => void found.push({ from: start, to: end }));
  return found;
}

export function folding(lines: JsonLines): Extension {
  return [
    foldService.of((state, lineStart) => {
      const line = lineAt(state, lineStart);
      return lines.opens(line) ? inside(lines, line) : null;
    }),
    codeFolding({
      preparePlaceholder: (state, { from }) => {
        const line = lineAt(state, from);
        const isArray = state.doc.sliceString(from - 1, from) === "[";
        return plural(lines.children(line), isArray ? "item" : "key");
      },
      placeholderDOM: placeholder,
    }),
    foldGutter({ openText: "▾", closedText: "▸" }),
    keymap.of([{ key: "Enter", run: (view) => toggle(view, lines) }, ...foldKeymap]),
  ];
}

/**
 * Which lines are folded to fold everything from this depth on: as many levels below as there is room for, and a level
 * further up when there are too many on this one.
 */
export function foldedLevels(lines: JsonLines, depth: number): { from: number; to: number } {
  const counts: number[] = [];
  for (let line = 0; line < lines.count; line += 1) {
    if (lines.opens(line)) counts[lines.depth(line)] = (counts[lines.depth(line)] ?? 0) + 1;
  }
  let from = Math.min(depth, counts.length - 1);
  while (from > 0 && (counts[from] ?? 0) > MAX_FOLDS) from -= 1;
  let to = from;
  for (let sum = counts[from] ?? 0; to + 1 < counts.length; to += 1) {
    sum += counts[to + 1] ?? 0;
    if (sum > MAX_FOLDS) break;
  }
  return { from: depth < counts.length ? from : depth, to };
}

/** Folds everything from this depth on, except what the lines in `shown` lie in. */
export function foldFrom(view: EditorView, lines: JsonLines, depth: number, shown: number[] = []): void {
  const effects = [];
  const levels = foldedLevels(lines, depth);
  for (let line = 0; line < lines.count; line += 1) {
    if (!lines.opens(line) || lines.depth(line) < levels.from || lines.depth(line) > levels.to) continue;
    const end = lines.end(line);
    if (!shown.some((wanted) => wanted > line && wanted <= end))
      effects.push(foldEffect.of(inside(lines, line)));
    // Nothing that is folded lies deeper.
    if (lines.depth(line) === levels.to) line = end;
  }
  if (effects.length > 0) view.dispatch({ effects });
}

export function unfoldEverything(view: EditorView): void {
  const effects = foldedIn(view.state, { from: 0, to: view.state.doc.length }).map((range) =>
    unfoldEffect.of(range),
  );
  view.dispatch({ effects });
}

/** Opens whatever hides a part of this range. */
export const unfoldAround = (state: EditorState, range: Range) =>
  foldedIn(state, range)
    .filter(({ from, to }) => from < range.to && to > range.from)
    .map((folded) => unfoldEffect.of(folded));
