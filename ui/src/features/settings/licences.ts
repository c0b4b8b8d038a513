/** The libraries that Hookline is built from, as the build wrote them down (`licences.json`). */

export interface Licence {
  name: string;
  version: string;
  /** An SPDX expression, or what the library itself says. */
  licence: string;
  from: "Rust" | "npm";
  homepage: string | undefined;
  /** The licence texts and notices that it comes with. */
  texts: string[];
}

/** Reads the file by name; undefined when it is none. An entry that cannot be read is left out. */
export function parseLicences(file: unknown): Licence[] | undefined {
  if (typeof file !== "object" || file === null) return undefined;
  const { rust, npm, texts } = file as { rust?: unknown; npm?: unknown; texts?: unknown };
  // Each text is there once, however many libraries come with it.
  const allTexts: unknown[] = Array.isArray(texts) ? texts : [];
  if (!Array.isArray(rust) && !Array.isArray(npm)) return undefined;
  const read = (list: unknown, from: Licence["from"]): Licence[] =>
    (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
      const { name, version, licence, homepage, texts: indices } = (entry ?? {}) as Record<string, unknown>;
      if (typeof name !== "string") return [];
      return [
        {
          name,
          version: typeof version === "string" ? version : "",
          licence: typeof licence === "string" && licence !== "" ? licence : "not stated",
          from,
          homepage: typeof homepage === "string" && homepage.startsWith("https://") ? homepage : undefined,
          texts: (Array.isArray(indices) ? indices : [])
            .map((index: unknown) => allTexts[Number(index)])
            .filter((text): text is string => typeof text === "string"),
        },
      ];
    });
  return [...read(rust, "Rust"), ...read(npm, "npm")].sort(
    (a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version),
  );
}

/** Those that have every word in their name or licence. */
export function matching(licences: Licence[], words: string): Licence[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return licences;
  return licences.filter(({ name, licence, from }) => {
    const text = `${name} ${licence} ${from}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
