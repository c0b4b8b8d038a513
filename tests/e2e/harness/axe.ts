/** Looks for what keeps people from using a page, with axe. */
import axe from "axe-core";
import type { Page } from "playwright-core";

/** To be given to `TestBrowser.open` as `before`: scripts that are there before the page are not subject to its policy. */
export const AXE: string = axe.source;

/** WCAG 2.2 A and AA, and what axe's authors hold to be good practice. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds, one line each: rule, help and the elements. */
export async function violations(page: Page): Promise<string[]> {
  const results = await page.evaluate(
    (tags) =>
      (window as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: { type: "tag", values: tags },
        resultTypes: ["violations"],
      }),
    RULES,
  );
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, html, failureSummary }) =>
        `${id}: ${help}\n  ${target.join(" ")}\n  ${html.slice(0, 200)}\n  ${(failureSummary ?? "").replaceAll("\n", "\n  ")}`,
    ),
  );
}
