/**
 * What stands on which line of formatted JSON: each line holds the start of one value, or the closing bracket of one that
 * began further up. Paths, folding and marks are read from here, so that they do not wait for an editor's parser.
 */
import type { JsonPath } from "./path";

/** Of each line, by its number from 0. */
export interface LineTable {
  /** The line on which the surrounding object or array begins; -1 for the root. */
  parent: number[];
  /** How many objects and arrays surround it. */
  depth: number[];
  /** Where its key stands in the text, with quotes; -1 without one. */
  keyFrom: number[];
  keyTo: number[];
  /** Its position in the surrounding object or array. */
  index: number[];
  /** Where its whole value stands in the text. */
  valueFrom: number[];
  valueTo: number[];
  /** The line on which the value begins: another one for closing brackets. */
  first: number[];
  /** The line on which the value ends. */
  last: number[];
  /** How many values it holds. */
  children: number[];
}

export class JsonLines {
  readonly text: string;
  private readonly table: LineTable;

  constructor(text: string, table: LineTable) {
    this.text = text;
    this.table = table;
  }

  /** How many lines there are. */
  get count(): number {
    return this.table.first.length;
  }

  /** The line on which the value begins that this line belongs to. */
  start(line: number): number {
    return this.table.first[line] ?? line;
  }

  /** The line on which that value ends. */
  end(line: number): number {
    const start = this.start(line);
    return this.table.last[start] ?? start;
  }

  /** Whether an object or array with something in it begins here. */
  opens(line: number): boolean {
    return this.start(line) === line && this.end(line) > line;
  }

  /** How many objects and arrays surround the value. */
  depth(line: number): number {
    return this.table.depth[this.start(line)] ?? 0;
  }

  /** How many values the object or array holds. */
  children(line: number): number {
    return this.table.children[this.start(line)] ?? 0;
  }

  /** Where the value stands in the text. */
  valueRange(line: number): { from: number; to: number } {
    const start = this.start(line);
    return { from: this.table.valueFrom[start] ?? 0, to: this.table.valueTo[start] ?? 0 };
  }

  /** Where the line stands in the text on which the value begins. */
  lineRange(line: number): { from: number; to: number } {
    const { from } = this.valueRange(line);
    const end = this.text.indexOf("\n", from);
    return { from: this.text.lastIndexOf("\n", from) + 1, to: end < 0 ? this.text.length : end };
  }

  /** The path of the value. */
  path(line: number): JsonPath {
    const path: (string | number)[] = [];
    for (let at = this.start(line); at > 0; at = this.table.parent[at] ?? 0) path.unshift(this.part(at));
    return path;
  }

  /** The value as somebody wants to paste it: text without its quotes, everything else as it stands. */
  valueText(line: number): string {
    const { from, to } = this.valueRange(line);
    const text = this.text.slice(from, to);
    if (text.startsWith('"')) return JSON.parse(text) as string;
    const indent = this.text.slice(this.text.lastIndexOf("\n", from) + 1).match(/^ */)?.[0] ?? "";
    return indent === "" ? text : text.replaceAll(`\n${indent}`, "\n");
  }

  /** The line on which the value at this path begins; undefined when there is none. */
  find(path: JsonPath): number | undefined {
    let line = 0;
    for (const part of path) {
      const child = this.childLines(line).find((candidate) => this.part(candidate) === part);
      if (child === undefined) return undefined;
      line = child;
    }
    return line;
  }

  private childLines(line: number): number[] {
    const lines: number[] = [];
    const end = this.end(line);
    for (let at = line + 1; at < end; at = this.end(at) + 1) lines.push(at);
    return lines;
  }

  /** The last part of the path of the value that begins here. */
  private part(line: number): string | number {
    const from = this.table.keyFrom[line] ?? -1;
    if (from < 0) return this.table.index[line] ?? 0;
    return JSON.parse(this.text.slice(from, this.table.keyTo[line])) as string;
  }
}
