/** Wrapped lines go on where their line begins, so that the shape of the JSON stays. */
import { type Extension, RangeSetBuilder } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";

/** Beyond this many columns narrow panes would have no room left for the text. */
const MAX_COLUMNS = 24;
/** The padding that every line has (editorBase.ts). */
const LINE_PADDING = "4px";

const marks = new Map<number, Decoration>();

function markOf(columns: number): Decoration {
  let mark = marks.get(columns);
  if (!mark) {
    const style = `text-indent: -${columns}ch; padding-left: calc(${LINE_PADDING} + ${columns}ch)`;
    mark = Decoration.line({ attributes: { style } });
    marks.set(columns, mark);
  }
  return mark;
}

function visibleMarks({ visibleRanges, state }: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = state.doc.lineAt(at);
      const indent =
        /^ */.exec(state.sliceDoc(line.from, Math.min(line.to, line.from + MAX_COLUMNS)))?.[0].length ?? 0;
      builder.add(line.from, line.from, markOf(Math.min(indent + 2, MAX_COLUMNS)));
      at = line.to + 1;
    }
  }
  return builder.finish();
}

export const hangingIndent: Extension = ViewPlugin.fromClass(
  class {
    marks: DecorationSet;

    constructor(view: EditorView) {
      this.marks = visibleMarks(view);
    }

    update(update: ViewUpdate) {
      if (update.docChanged || update.viewportChanged) this.marks = visibleMarks(update.view);
    }
  },
  { decorations: ({ marks }) => marks },
);
