/**
 * The layers, read from the sources: platform ← api ← shared ← features ← app. A file may use its own layer and those to
 * the left of it. Tests may use everything.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const LAYERS = ["platform", "api", "shared", "features", "app"];

/** Where a line may be crossed, and why. */
const EXCEPTIONS: { from: RegExp; to: RegExp; because: string }[] = [
  {
    from: /^features\//,
    to: /^features\/[^/]+\/search$/,
    because: "an address is made by whoever links to it; these files are pure",
  },
  {
    from: /^features\/events\/EventsPage\.tsx$/,
    to: /^features\/event\/EventDetailPane$/,
    because:
      "the list shows the event that is selected beside it, with the very pane that the event's own page has",
  },
  {
    from: /^features\/job\/JobView\.tsx$/,
    to: /^features\/setup\/SetupCard$/,
    because: "the page of a job that received nothing yet begins with how to set it up",
  },
];

/** Files whose exception holds only as long as they use nothing of their own layer or of those above it. */
const KEPT_SMALL = [/^features\/[^/]+\/search\.ts$/];

/** Ways to the network that only the platform may take. */
const NETWORK =
  /(?<![.\w])(?:(?:window|globalThis|self)\.)?fetch\(|new (?:WebSocket|EventSource|XMLHttpRequest)\b/;

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']/g;

/** What is wrong with a file, in words; `file` is its path below `src`. */
function violations(file: string, source: string): string[] {
  const found: string[] = [];
  const layer = file.split("/")[0] ?? "";
  for (const [, specifier = ""] of source.matchAll(IMPORT)) {
    if (specifier.startsWith("@tauri-apps/") && file !== "platform/tauri.ts") {
      found.push(`${file} imports ${specifier}: only platform/tauri.ts knows Tauri`);
    }
    if (!specifier.startsWith(".")) continue;
    const target = posix.join(posix.dirname(file), specifier).replace(/\.tsx?$/, "");
    const [targetLayer = "", targetPart] = target.split("/");
    if (EXCEPTIONS.some(({ from, to }) => from.test(file) && to.test(target))) continue;
    if (targetLayer === "test") {
      found.push(`${file} imports ${target}: the app does not use what is there for tests`);
    } else if (LAYERS.indexOf(targetLayer) > LAYERS.indexOf(layer) && LAYERS.includes(layer)) {
      found.push(`${file} imports ${target}: ${layer} is below ${targetLayer}`);
    } else if (layer === "features" && targetLayer === "features" && targetPart !== file.split("/")[1]) {
      found.push(
        `${file} imports ${target}: a feature does not use another; what both need belongs to shared/`,
      );
    } else if (KEPT_SMALL.some((kept) => kept.test(file)) && ["app", "features"].includes(targetLayer)) {
      found.push(`${file} imports ${target}: others may use this file because it uses nothing of the kind`);
    }
  }
  if (layer !== "platform" && NETWORK.test(withoutComments(source))) {
    found.push(`${file} reaches for the network: that is the platform's business`);
  }
  return found;
}

const withoutComments = (source: string) =>
  source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");

const SOURCES = join(dirname(fileURLToPath(import.meta.url)), "..");

const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
  .map((path) => relative(SOURCES, join(SOURCES, path)).split(sep).join("/"))
  .filter((path) => /\.tsx?$/.test(path) && !/\.(test|d)\.tsx?$/.test(path) && !path.startsWith("test/"));

describe("the sources", () => {
  it("are all looked at", () => {
    expect(files).toEqual(expect.arrayContaining(["main.tsx", "platform/http.ts", "app/router.tsx"]));
    for (const layer of LAYERS) expect(files.some((file) => file.startsWith(`${layer}/`))).toBe(true);
  });

  it("keep to their layers", () => {
    const found = files.flatMap((file) => violations(file, readFileSync(join(SOURCES, file), "utf8")));
    expect(found).toEqual([]);
  });
});

describe("the check", () => {
  const broken = (file: string, source: string) => violations(file, source).length > 0;

  it("finds an import against the direction, however it is written", () => {
    expect(broken("api/keys.ts", 'import { x } from "../shared/x";')).toBe(true);
    expect(broken("shared/ui/x.tsx", 'import type { X } from "../../features/events/EventsPage";')).toBe(
      true,
    );
    expect(broken("platform/http.ts", 'const x = await import("../api/client");')).toBe(true);
    expect(broken("shared/x.ts", 'import "../app/global.css";')).toBe(true);
    expect(broken("shared/x.ts", 'export { x } from "../app/theme";')).toBe(true);
    expect(broken("features/job/x.ts", 'import {\n  x,\n} from "../../app/router";')).toBe(true);
  });

  it("finds a feature that uses another", () => {
    expect(broken("features/job/JobPage.tsx", 'import { Row } from "../events/Row";')).toBe(true);
    expect(broken("features/job/JobPage.tsx", 'import { Row } from "./Row";')).toBe(false);
  });

  it("finds Tauri, the network and the tests' helpers where they do not belong", () => {
    expect(broken("shared/x.ts", 'import { invoke } from "@tauri-apps/api/core";')).toBe(true);
    expect(broken("platform/http.ts", 'import { invoke } from "@tauri-apps/api/core";')).toBe(true);
    expect(broken("platform/tauri.ts", 'import { invoke } from "@tauri-apps/api/core";')).toBe(false);
    expect(broken("shared/x.ts", 'const x = await fetch("/api/status");')).toBe(true);
    expect(broken("shared/x.ts", 'window.fetch("/x");')).toBe(true);
    expect(broken("shared/x.ts", 'new EventSource("/x");')).toBe(true);
    expect(broken("shared/x.ts", "platform().fetch(request); refetch(); // fetch(x)")).toBe(false);
    expect(broken("shared/x.ts", 'import { fakeHost } from "../test/render";')).toBe(true);
  });

  it("lets pages link to each other, as long as that stays all", () => {
    expect(broken("features/job/JobPage.tsx", 'import { x } from "../events/search";')).toBe(false);
    expect(broken("features/events/search.ts", 'import { Row } from "./Row";')).toBe(true);
  });
});
