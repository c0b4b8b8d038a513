/**
 * Pretty-prints JSON without changing it: the tokens of the text are kept as they are and only the white space between them
 * is made anew. Numbers beyond 2^53, `1.0`, escapes and repeated keys are what the sender wrote.
 */
import { JsonLines, type LineTable } from "./lines";

export interface Formatted {
  ok: true;
  /** The text, with two spaces for each level and no line break at its end. */
  text: string;
  /** What stands on which line. */
  lines: JsonLines;
}

/** The text is no JSON. */
export interface Malformed {
  ok: false;
  /** What is wrong, without a full stop. */
  message: string;
  /** Where: in UTF-16 units from the start, and as line and column from 1. */
  offset: number;
  line: number;
  column: number;
}

/** Deeper levels are not indented further: endless nesting must not become endless white space. */
const MAX_INDENT = 60;
/** A line break with the indentation of each level. */
const BREAKS = Array.from({ length: MAX_INDENT + 1 }, (_, depth) => `\n${"  ".repeat(depth)}`);

export function formatJson(source: string): Formatted | Malformed {
  try {
    return new Formatter(source).run();
  } catch (error) {
    if (!(error instanceof Unexpected)) throw error;
    const before = source.slice(0, error.offset);
    const lineStart = before.lastIndexOf("\n") + 1;
    return {
      ok: false,
      message: error.message,
      offset: error.offset,
      line: before.split("\n").length,
      column: error.offset - lineStart + 1,
    };
  }
}

class Unexpected extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const NUMBER_OR_WORD = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

class Formatter {
  private readonly source: string;
  private readonly out: string[] = [];
  private length = 0;
  private at = 0;
  /** The objects and arrays that are open now, by the lines on which they begin. */
  private readonly open: { line: number; isObject: boolean }[] = [];
  private readonly table: LineTable = {
    parent: [],
    depth: [],
    keyFrom: [],
    keyTo: [],
    index: [],
    valueFrom: [],
    valueTo: [],
    first: [],
    last: [],
    children: [],
  };

  constructor(source: string) {
    this.source = source;
  }

  // Without recursion: the depth of somebody else's JSON is no reason to run out of stack.
  run(): Formatted {
    this.skipSpace();
    this.beginLine();
    while (this.value()) {
      // `value` has begun the next one.
    }
    if (this.at < this.source.length) throw this.unexpected("after the end");
    const text = this.out.join("");
    return { ok: true, text, lines: new JsonLines(text, this.table) };
  }

  /** Reads the value that is due here; true when another one is due. */
  private value(): boolean {
    const { source, table } = this;
    const line = table.first.length - 1;
    table.valueFrom[line] = this.length;
    const code = source.charCodeAt(this.at);
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      const isObject = code === OPEN_OBJECT;
      this.take(this.at + 1);
      this.skipSpace();
      if (source.charCodeAt(this.at) !== (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) {
        this.open.push({ line, isObject });
        this.beginChild();
        return true;
      }
      this.take(this.at + 1);
    } else {
      this.take(code === QUOTE ? this.stringEnd() : this.scalarEnd());
    }
    table.valueTo[line] = this.length;
    return this.afterValue();
  }

  /** Closes what ends here; true when another value is due. */
  private afterValue(): boolean {
    const { source, table } = this;
    for (;;) {
      this.skipSpace();
      const container = this.open.at(-1);
      if (container === undefined) return false;
      const code = source.charCodeAt(this.at);
      if (code === COMMA) {
        this.take(this.at + 1);
        this.skipSpace();
        this.beginChild();
        return true;
      }
      if (code !== (container.isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) {
        throw this.unexpected(`where a comma or "${container.isObject ? "}" : "]"}" is due`);
      }
      this.open.pop();
      this.beginLine();
      const line = table.first.length - 1;
      table.first[line] = container.line;
      table.last[container.line] = line;
      this.take(this.at + 1);
      table.valueTo[container.line] = this.length;
    }
  }

  private beginChild(): void {
    const { source, table } = this;
    const container = this.open.at(-1);
    this.beginLine();
    if (!container) return;
    const line = table.first.length - 1;
    table.index[line] = table.children[container.line] ?? 0;
    table.children[container.line] = (table.children[container.line] ?? 0) + 1;
    if (!container.isObject) return;
    if (source.charCodeAt(this.at) !== QUOTE) throw this.unexpected("where a key in double quotes is due");
    table.keyFrom[line] = this.length;
    this.take(this.stringEnd());
    table.keyTo[line] = this.length;
    this.skipSpace();
    if (source.charCodeAt(this.at) !== COLON) throw this.unexpected("where a colon is due");
    this.at += 1;
    this.put(": ");
    this.skipSpace();
  }

  private beginLine(): void {
    const { table } = this;
    const line = table.first.length;
    const depth = this.open.length;
    if (line > 0) this.put(BREAKS[Math.min(depth, MAX_INDENT)] ?? "\n");
    table.parent.push(this.open.at(-1)?.line ?? -1);
    table.depth.push(depth);
    table.keyFrom.push(-1);
    table.keyTo.push(-1);
    table.index.push(0);
    table.valueFrom.push(this.length);
    table.valueTo.push(this.length);
    table.first.push(line);
    table.last.push(line);
    table.children.push(0);
  }

  private put(text: string): void {
    this.out.push(text);
    this.length += text.length;
  }

  /** Copies the source up to `end`. */
  private take(end: number): void {
    this.put(this.source.slice(this.at, end));
    this.at = end;
  }

  private skipSpace(): void {
    const { source } = this;
    for (;;) {
      const code = source.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at += 1;
    }
  }

  private scalarEnd(): number {
    NUMBER_OR_WORD.lastIndex = this.at;
    if (!NUMBER_OR_WORD.test(this.source)) throw this.unexpected("where a value is due");
    return NUMBER_OR_WORD.lastIndex;
  }

  private stringEnd(): number {
    const { source } = this;
    let at = this.at + 1;
    for (;;) {
      const code = source.charCodeAt(at);
      if (code === QUOTE) return at + 1;
      if (Number.isNaN(code)) throw new Unexpected(this.at, "this text has no closing quote");
      if (code < 0x20) throw new Unexpected(at, "a control character within a text has to be escaped");
      if (code !== BACKSLASH) {
        at += 1;
        continue;
      }
      ESCAPE.lastIndex = at;
      if (!ESCAPE.test(source)) throw new Unexpected(at, "there is no such escape");
      at = ESCAPE.lastIndex;
    }
  }

  private unexpected(where: string): Unexpected {
    const found = this.source.codePointAt(this.at);
    const what = found === undefined ? "the end" : JSON.stringify(String.fromCodePoint(found));
    return new Unexpected(this.at, `unexpected ${what} ${where}`);
  }
}
