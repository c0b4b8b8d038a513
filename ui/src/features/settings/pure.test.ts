import { describe, expect, it } from "vitest";
import { matching, parseLicences } from "./licences";
import { inFolder, parentOf, suggestedBackup } from "./paths";
import { currentSection } from "./SettingsNav";

describe("paths", () => {
  it("have the folder that they lie in, on every system", () => {
    expect(parentOf("/data/ada/.local/share/hookline")).toBe("/data/ada/.local/share");
    expect(parentOf("/hookline/")).toBe("/");
    expect(parentOf("/")).toBe("/");
    expect(parentOf("C:\\Users\\Ada\\Hookline")).toBe("C:\\Users\\Ada");
    expect(parentOf("C:\\Hookline")).toBe("C:\\");
    expect(parentOf("\\\\server\\share\\data")).toBe("\\\\server\\share");
    expect(parentOf("/a\\b/c")).toBe("/a\\b");
  });

  it("of a file in a folder have one separator between them", () => {
    expect(inFolder("/data/ada", "x.db")).toBe("/data/ada/x.db");
    expect(inFolder("/", "x.db")).toBe("/x.db");
    expect(inFolder("C:\\", "x.db")).toBe("C:\\x.db");
    expect(inFolder("C:\\Users", "x.db")).toBe("C:\\Users\\x.db");
  });

  it("of a backup lie beside the data and name the local day", () => {
    expect(suggestedBackup("/var/lib/hookline", new Date(2026, 0, 5, 23, 59))).toBe(
      "/var/lib/hookline-backup-2026-01-05.db",
    );
  });
});

describe("the list of libraries", () => {
  const file = {
    rust: [
      { name: "tokio", version: "1.40.0", licence: "MIT" },
      { name: "axum", version: "0.8.0", licence: "MIT", homepage: "https://example.com/axum", texts: [1, 7] },
    ],
    npm: [{ name: "react", version: "19.0.0", licence: "" }, { version: "1" }, null, "react"],
    texts: ["zero", "one"],
  };

  it("is read by name, without what has none", () => {
    expect(parseLicences(file)).toEqual([
      {
        name: "axum",
        version: "0.8.0",
        licence: "MIT",
        from: "Rust",
        homepage: "https://example.com/axum",
        texts: ["one"],
      },
      { name: "react", version: "19.0.0", licence: "not stated", from: "npm", texts: [] },
      { name: "tokio", version: "1.40.0", licence: "MIT", from: "Rust", texts: [] },
    ]);
  });

  it("may have one half only, and is missing without both", () => {
    expect(parseLicences({ npm: [{ name: "react" }] })).toHaveLength(1);
    for (const other of [undefined, null, 7, "x", {}, { rust: "x" }, []]) {
      expect(parseLicences(other)).toBeUndefined();
    }
  });

  it("is searched by all words, in name, licence and origin", () => {
    const all = parseLicences(file) ?? [];
    const names = (words: string) => matching(all, words).map(({ name }) => name);
    expect(names("")).toEqual(["axum", "react", "tokio"]);
    expect(names("mit")).toEqual(["axum", "tokio"]);
    expect(names(" rust  TOK ")).toEqual(["tokio"]);
    expect(names("mit react")).toEqual([]);
  });
});

describe("the section that is read", () => {
  const at = (...tops: number[]) => tops.map((top, index) => ({ id: `s${index}`, top }));

  it("is the last one whose beginning is reached", () => {
    expect(currentSection(at(0, 300, 600), false)).toBe("s0");
    expect(currentSection(at(-280, 20, 320), false)).toBe("s1");
    expect(currentSection(at(-900, -600, -300), false)).toBe("s2");
  });

  it("is the first one above all others, and the last one at the end of the page", () => {
    expect(currentSection(at(100, 400), false)).toBe("s0");
    expect(currentSection(at(-300, 200, 400), true)).toBe("s2");
    expect(currentSection([], false)).toBeUndefined();
  });
});
