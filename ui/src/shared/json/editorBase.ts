/** What all editors here share: look, colours, the page's nonce. */
import { json } from "@codemirror/lang-json";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { drawSelection, EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { hangingIndent } from "./hangingIndent";

const look = EditorView.theme({
  "&": { fontSize: "12px", color: "var(--mantine-color-text)", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--mantine-font-family-monospace)",
    lineHeight: "20px",
    overflow: "auto",
  },
  ".cm-content": { padding: "4px 0", caretColor: "var(--hl-accent)" },
  ".cm-line": { padding: "0 12px 0 4px" },
  ".cm-cursor": { borderLeftColor: "var(--hl-accent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--hl-selected)",
  },
  ".cm-gutters": {
    background: "transparent",
    color: "var(--mantine-color-dimmed)",
    border: "none",
  },
  ".cm-foldGutter .cm-gutterElement": { width: "20px", textAlign: "center", cursor: "pointer" },
  ".cm-foldPlaceholder": {
    background: "var(--hl-surface-hover)",
    border: "1px solid var(--hl-border)",
    borderRadius: "3px",
    color: "var(--mantine-color-text)",
    padding: "0 4px",
    margin: "0 2px",
    font: "inherit",
    lineHeight: "16px",
    cursor: "pointer",
  },
  ".cm-activeLine": { background: "transparent" },
  "&.cm-focused .cm-activeLine": { boxShadow: "inset 2px 0 0 var(--hl-accent)" },
  ".cm-hl-changed": { background: "var(--hl-changed)" },
  ".cm-hl-was": { color: "var(--hl-was)", fontStyle: "italic", marginLeft: "12px" },
  ".cm-hl-match": { background: "var(--hl-match)", borderRadius: "2px" },
  ".cm-hl-match-now": { outline: "2px solid var(--hl-accent)", borderRadius: "2px" },
  ".cm-hl-error": { background: "var(--hl-error-line)" },
  ".cm-hl-error-here": { textDecoration: "underline wavy var(--hl-bad)", textUnderlineOffset: "3px" },
  "&.cm-merge-b .cm-changedLine, .cm-inlineChangedLine": { background: "var(--hl-added)" },
  ".cm-deletedChunk": { background: "var(--hl-removed)", paddingLeft: "4px" },
  "&.cm-merge-b .cm-changedText, .cm-changedText": { background: "var(--hl-added-text)" },
  ".cm-deletedChunk .cm-deletedText": { background: "var(--hl-removed-text)" },
  ".cm-collapsedLines": {
    background: "var(--hl-surface-hover)",
    color: "var(--mantine-color-text)",
    padding: "4px 12px",
  },
  // The package's own sign is in few fonts.
  ".cm-collapsedLines:before, .cm-collapsedLines:after": { content: '"⋯"' },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--hl-json-key)" },
  { tag: tags.string, color: "var(--hl-json-string)" },
  { tag: tags.number, color: "var(--hl-json-number)" },
  { tag: [tags.bool, tags.null], color: "var(--hl-json-word)" },
  { tag: [tags.separator, tags.squareBracket, tags.brace], color: "var(--hl-json-mark)" },
]);

/** The nonce that lets an editor insert its style sheet under the page's content security policy. */
export const pageNonce = (): string => document.querySelector<HTMLStyleElement>("style[nonce]")?.nonce ?? "";

/** For every editor; `label` is its name for screen readers. */
export function editorBase(label: string): Extension {
  return [
    EditorView.cspNonce.of(pageNonce()),
    EditorView.contentAttributes.of({
      "aria-label": label,
      spellcheck: "false",
      autocorrect: "off",
      // Editable or not, it is a stop of the keyboard: it scrolls.
      tabindex: "0",
    }),
    EditorView.lineWrapping,
    drawSelection(),
    look,
  ];
}

/** JSON with its colours. */
export const jsonLook: Extension = [json(), syntaxHighlighting(colours), hangingIndent];
