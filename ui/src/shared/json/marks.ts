/** Marks in an editor: lines that changed, matches of a search, the place of an error. */
import { type Extension, Prec, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import type { JsonLines } from "./lines";
import { type JsonPath, pathText } from "./path";

/** A value that is another than before. */
export interface ChangedPath {
  path: JsonPath;
  /** The old value, as parsed JSON. */
  before: unknown;
}

/** A line that is marked, and what it says of the past. */
export interface ChangedLine {
  line: number;
  text: string;
}

/** Where the changes stand. What is not there any more is marked on the line of what it was in. */
export function changedLines(lines: JsonLines, changed: readonly ChangedPath[]): ChangedLine[] {
  const texts = new Map<number, string[]>();
  for (const { path, before } of changed) {
    let known = path.length;
    let line = lines.find(path);
    while (line === undefined && known > 0) {
      known -= 1;
      line = lines.find(path.slice(0, known));
    }
    const was = before === undefined ? "changed" : `was: ${JSON.stringify(before)}`;
    const text = known === path.length ? was : `${pathText(path.slice(known))} ${was}`;
    texts.set(line ?? 0, [...(texts.get(line ?? 0) ?? []), text]);
  }
  return [...texts]
    .map(([line, all]) => ({ line, text: all.join(" · ") }))
    .sort((one, other) => one.line - other.line);
}

/** More of an old value than this stands in the tooltip only. */
const SHOWN_OF_OLD = 80;

class Was extends WidgetType {
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }

  override eq(other: Was): boolean {
    return other.text === this.text;
  }

  toDOM(): HTMLElement {
    const element = document.createElement("span");
    element.className = "cm-hl-was";
    element.textContent =
      this.text.length > SHOWN_OF_OLD ? `${this.text.slice(0, SHOWN_OF_OLD)}…` : this.text;
    element.title = this.text;
    return element;
  }
}

export function changedMarks(lines: JsonLines, changes: ChangedLine[]): Extension {
  return EditorView.decorations.of(
    Decoration.set(
      changes.flatMap(({ line, text }) => {
        const { from, to } = lines.lineRange(line);
        return [
          Decoration.line({ class: "cm-hl-changed" }).range(from),
          Decoration.widget({ widget: new Was(text), side: 1 }).range(to),
        ];
      }),
    ),
  );
}

/** Where a search found something. */
export interface Match {
  from: number;
  to: number;
}

/** More matches than this are neither counted nor marked. */
export const MAX_MATCHES = 10_000;

/** All places of a text, upper and lower case alike. */
export function findMatches(text: string, wanted: string): Match[] {
  const matches: Match[] = [];
  if (wanted === "") return matches;
  const pattern = new RegExp(wanted.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
  for (const { index, 0: found } of text.matchAll(pattern)) {
    matches.push({ from: index, to: index + found.length });
    if (matches.length === MAX_MATCHES) break;
  }
  return matches;
}

/** Marks these matches; `now` is the one that is looked at. */
export const showMatches = StateEffect.define<{ matches: Match[]; now: number }>();

const MATCH = Decoration.mark({ class: "cm-hl-match" });
const MATCH_NOW = Decoration.mark({ class: "cm-hl-match cm-hl-match-now" });

export const matchMarks: Extension = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(showMatches)) continue;
      const { matches, now } = effect.value;
      return Decoration.set(
        matches.map(({ from, to }, index) => (index === now ? MATCH_NOW : MATCH).range(from, to)),
      );
    }
    return marks.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Marks the place where the text stops being JSON; null takes the mark away. */
export const showError = StateEffect.define<number | null>();

export const errorMark: Extension = Prec.high(
  StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update(marks, transaction) {
      for (const effect of transaction.effects) {
        if (!effect.is(showError)) continue;
        if (effect.value === null) return Decoration.none;
        const { doc } = transaction.state;
        const at = Math.min(effect.value, doc.length);
        const line = doc.lineAt(at);
        const here = at < line.to ? [Decoration.mark({ class: "cm-hl-error-here" }).range(at, at + 1)] : [];
        return Decoration.set([Decoration.line({ class: "cm-hl-error" }).range(line.from), ...here]);
      }
      return marks.map(transaction.changes);
    },
    provide: (field) => EditorView.decorations.from(field),
  }),
);
