import { describe, expect, it } from "vitest";
import { foldedLevels } from "./folding";
import { formatJson } from "./format";
import { changedLines, findMatches, MAX_MATCHES } from "./marks";

function linesOf(json: string) {
  const formatted = formatJson(json);
  if (!formatted.ok) throw new Error(formatted.message);
  return formatted.lines;
}

describe("changed values", () => {
  const lines = linesOf('{"data":{"object":{"email":"new","plan":{"seats":2}}}}');

  it("are marked on their line, with what they were", () => {
    expect(changedLines(lines, [{ path: ["data", "object", "plan", "seats"], before: 1 }])).toEqual([
      { line: 5, text: "was: 1" },
    ]);
  });

  it("that are gone are marked where they were in", () => {
    expect(
      changedLines(lines, [
        { path: ["data", "object", "phone"], before: "+44" },
        { path: ["data", "object", "plan", "trial", "end"], before: null },
      ]),
    ).toEqual([
      { line: 2, text: 'phone was: "+44"' },
      { line: 4, text: "trial.end was: null" },
    ]);
  });

  it("are in the order of the text, two on one line joined", () => {
    const marked = changedLines(lines, [
      { path: ["data", "object", "email"], before: "old" },
      { path: ["data", "a"], before: 1 },
      { path: ["data", "b"], before: 2 },
    ]);
    expect(marked).toEqual([
      { line: 1, text: "a was: 1 · b was: 2" },
      { line: 3, text: 'was: "old"' },
    ]);
  });
});

describe("searching", () => {
  it("finds upper and lower case alike, and takes signs literally", () => {
    expect(findMatches("a.B ab A.b", "a.b")).toEqual([
      { from: 0, to: 3 },
      { from: 7, to: 10 },
    ]);
    for (const sign of ["\\", "[", "(", "^", "$", "|", "/", "-", "{", "?", "*", "+"]) {
      expect(findMatches(`x${sign}y`, sign)).toEqual([{ from: 1, to: 2 }]);
    }
  });

  it("gives places in the text as it is, whatever becomes of letters in lower case", () => {
    expect(findMatches("İİ needle", "NEEDLE")).toEqual([{ from: 3, to: 9 }]);
    expect(findMatches("🎣 needle", "needle")).toEqual([{ from: 3, to: 9 }]);
  });

  it("stops counting at a limit, and finds nothing for nothing", () => {
    expect(findMatches("a".repeat(MAX_MATCHES + 5), "a")).toHaveLength(MAX_MATCHES);
    expect(findMatches("a", "")).toEqual([]);
  });
});

describe("folding", () => {
  it("takes all levels from the given one on", () => {
    expect(foldedLevels(linesOf('{"a":{"b":{"c":{"d":1}}}}'), 1)).toEqual({ from: 1, to: 3 });
  });

  it("goes a level up when there are too many to fold one by one", () => {
    const many = JSON.stringify({ items: Array.from({ length: 5000 }, (_, id) => ({ id })) });
    expect(foldedLevels(linesOf(many), 2)).toEqual({ from: 1, to: 1 });
  });

  it("folds nothing where nothing is so deep", () => {
    const { from, to } = foldedLevels(linesOf('{"a":1}'), 4);
    expect(from).toBeGreaterThan(to);
  });
});
