import { describe, expect, it } from "vitest";
import { type Formatted, formatJson } from "./format";
import { pathText } from "./path";

function formatted(source: string): Formatted {
  const result = formatJson(source);
  if (!result.ok) throw new Error(`${result.message} at ${result.offset}: ${source}`);
  return result;
}

/** Takes away white space outside of texts: what has to be the same before and after. */
const tokens = (json: string): string =>
  json.replaceAll(/"(?:[^"\\]|\\.)*"|[ \n\r\t]+/g, (match) => (match.startsWith('"') ? match : ""));

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SCALARS = [
  "9007199254740993",
  "-18446744073709551616",
  "1.0",
  "1.10",
  "-0",
  "-0.0",
  "1E+2",
  "0.1234567890123456789",
  "true",
  "false",
  "null",
  '""',
  '"plain"',
  '"with \\"quotes\\", {brackets} and [more]: \\\\"',
  '"\\u00e9\\n\\/"',
  '"é 🎣 \u2028"',
];

const KEYS = ['"a"', '"a.b"', '""', '"\\u0061"'];

/** JSON with anything in it; `key` gives the keys, which may repeat. */
function randomJson(random: () => number, key?: () => string, depth = 0): string {
  const pick = <T>(list: T[]): T => list[Math.floor(random() * list.length)] as T;
  const space = () => pick(["", "", " ", "\n", "\t \r\n"]);
  const kind = depth > 4 ? 0 : Math.floor(random() * 4);
  if (kind < 2) return pick(SCALARS);
  const items = Array.from({ length: Math.floor(random() * 4) }, () => {
    const value = `${space()}${randomJson(random, key, depth + 1)}${space()}`;
    return kind === 2 ? value : `${space()}${key ? key() : pick(KEYS)}${space()}:${value}`;
  });
  const [open, close] = kind === 2 ? "[]" : "{}";
  return `${open}${space()}${items.join(",")}${space()}${close}`;
}

describe("formatting JSON", () => {
  it("puts each value on a line of its own", () => {
    expect(formatted('{"a":[1,{"b":null}],"c":{},"d":[ ]}').text).toBe(
      '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": []\n}',
    );
  });

  it("keeps numbers, escapes and repeated keys as they were sent", () => {
    expect(formatted('{"n":9007199254740993,"n":1.0,"s":"\\u0041\\/"}').text).toBe(
      '{\n  "n": 9007199254740993,\n  "n": 1.0,\n  "s": "\\u0041\\/"\n}',
    );
  });

  it("changes nothing but white space, whatever it is given", () => {
    const random = randomFrom(7);
    for (let round = 0; round < 800; round += 1) {
      const source = randomJson(random);
      const { text } = formatted(source);
      expect(tokens(text)).toBe(tokens(source));
      expect(JSON.parse(text)).toEqual(JSON.parse(source));
      expect(formatted(text).text).toBe(text);
    }
  });

  it("takes exactly what is JSON", () => {
    const random = randomFrom(11);
    const noise = [
      '"',
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "\\",
      "0",
      "-",
      ".",
      "e",
      " ",
      "\n",
      "\u0001",
      "t",
      "x",
    ];
    let refused = 0;
    for (let round = 0; round < 2500; round += 1) {
      const source = randomJson(random);
      const at = Math.floor(random() * (source.length + 1));
      const removed = random() < 0.5 ? 1 : 0;
      const added = noise[Math.floor(random() * noise.length)] as string;
      const broken = source.slice(0, at) + added + source.slice(at + removed);
      let valid = true;
      try {
        JSON.parse(broken);
      } catch {
        valid = false;
        refused += 1;
      }
      expect(formatJson(broken).ok, broken).toBe(valid);
    }
    expect(refused).toBeGreaterThan(500);
  });

  it("says where the text stops being JSON", () => {
    expect(formatJson('{\n  "a": 1\n  "b": 2\n}')).toMatchObject({
      ok: false,
      line: 3,
      column: 3,
      message: 'unexpected "\\"" where a comma or "}" is due',
    });
    expect(formatJson('{"a":')).toMatchObject({
      ok: false,
      message: "unexpected the end where a value is due",
    });
    expect(formatJson("grant_type=x&code=1")).toMatchObject({ ok: false, offset: 0 });
    expect(formatJson("")).toMatchObject({ ok: false });
    expect(formatJson("{} {}")).toMatchObject({ ok: false, offset: 3 });
  });

  it("takes nesting of any depth", () => {
    const depth = 20_000;
    const { lines, text } = formatted("[".repeat(depth) + "]".repeat(depth));
    expect(lines.depth(depth - 1)).toBe(depth - 1);
    expect(text.length).toBeLessThan(depth * 250);
  });
});

describe("the lines of formatted JSON", () => {
  const { lines, text } = formatted(
    '{"data":{"object":{"items":[{"id":"si_1"},{"id":"si_2"}],"custom.cf_1":"x","total":12345678901234567890}},"type":"a"}',
  );
  const lineOf = (part: string) => text.slice(0, text.indexOf(part)).split("\n").length - 1;

  it("know their path", () => {
    expect(pathText(lines.path(lineOf("si_2")))).toBe("data.object.items[1].id");
    expect(pathText(lines.path(lineOf("custom.cf_1")))).toBe('data.object["custom.cf_1"]');
    expect(pathText(lines.path(lineOf('"type"')))).toBe("type");
    expect(pathText(lines.path(0))).toBe("$");
  });

  it("of closing brackets belong to what they close", () => {
    expect(pathText(lines.path(lineOf("]")))).toBe("data.object.items");
    expect(pathText(lines.path(lines.count - 1))).toBe("$");
  });

  it("give their value without quotes or indentation", () => {
    expect(lines.valueText(lineOf("si_2"))).toBe("si_2");
    expect(lines.valueText(lineOf('"total"'))).toBe("12345678901234567890");
    expect(lines.valueText(lineOf("items") + 1)).toBe('{\n  "id": "si_1"\n}');
    expect(JSON.parse(lines.valueText(0))).toEqual(JSON.parse(text));
  });

  it("are found by their path", () => {
    expect(lines.find(["data", "object", "items", 1, "id"])).toBe(lineOf("si_2"));
    expect(lines.find(["data", "object", "custom.cf_1"])).toBe(lineOf("custom.cf_1"));
    expect(lines.find([])).toBe(0);
    expect(lines.find(["data", "object", "gone"])).toBeUndefined();
    expect(lines.find(["type", "deeper"])).toBeUndefined();
  });

  it("agree with a search for every path of random documents", () => {
    const random = randomFrom(3);
    for (let round = 0; round < 300; round += 1) {
      let number = 0;
      const { lines } = formatted(randomJson(random, () => `"key ${++number}"`));
      for (let line = 0; line < lines.count; line += 1) {
        expect(lines.find(lines.path(line))).toBe(lines.start(line));
      }
    }
  });
});

describe("paths", () => {
  it("are written as one would in JavaScript", () => {
    expect(pathText(["data", "object", "items", 0, "id"])).toBe("data.object.items[0].id");
    expect(pathText([0, "id"])).toBe("$[0].id");
    expect(pathText(["a b", "c"])).toBe('$["a b"].c');
    expect(pathText([])).toBe("$");
  });
});
