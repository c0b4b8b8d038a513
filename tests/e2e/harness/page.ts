/** What flows do on a page again and again, by the names that people and screen readers know things by. */
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** A row of the event list that holds this text. */
export const eventRow = (page: Page, text: string | RegExp): Locator =>
  page.getByRole("grid").getByRole("row").filter({ hasText: text });

/** The event that is open beside the list. */
export const eventPane = (page: Page): Locator => page.getByRole("region", { name: "Event", exact: true });

/** The document that is open. */
export const documentPane = (page: Page): Locator =>
  page.getByRole("region", { name: "Document", exact: true });

/** The light at the top. */
export const receivingLight = (page: Page): Locator => page.getByRole("button", { name: /Show details$/ });

/** Goes to a page through the sidebar. */
export async function goTo(page: Page, name: "Events" | "Transfers" | "Documents" | "Activity" | "Settings") {
  await page
    .getByRole("navigation", { name: "Pages" })
    .getByRole("link", { name: new RegExp(`^${name}\\b`) })
    .click();
  await heading(page, name);
}

/** Waits until the top bar says so. */
export async function heading(page: Page, text: string | RegExp): Promise<void> {
  await page.getByRole("heading", { level: 1 }).filter({ hasText: text }).waitFor();
}

/** Presses a button by its whole name. */
export const press = (on: Page | Locator, name: string | RegExp): Promise<void> =>
  on.getByRole("button", typeof name === "string" ? { name, exact: true } : { name }).click();

/** Waits until the text stands somewhere on the page or in the part of it. */
export const says = (on: Page | Locator, text: string | RegExp): Promise<void> =>
  on.getByText(text).first().waitFor();

/** What is on the clipboard. */
export const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

/** Fails when anything was wrong in the page since the last time. */
export function clean(problems: string[]): void {
  expect(problems.splice(0).join("\n")).toBe("");
}

/** Elements that reach beyond the window's width: nothing of a page may be out of sight without a way to it. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width)
      found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
    const main = document.getElementById("page");
    if (main && main.scrollWidth > main.clientWidth)
      found.push(`the page's room is ${main.scrollWidth} px wide`);
    for (const element of document.querySelectorAll<HTMLElement>("button, a, input, h1, h2, [role=tab]")) {
      const box = element.getBoundingClientRect();
      if (box.width === 0 || box.right <= width + 1) continue;
      // What scrolls sideways by itself keeps a way to everything in it.
      let around = element.parentElement;
      while (
        around &&
        getComputedStyle(around).overflowX !== "auto" &&
        getComputedStyle(around).overflowX !== "scroll"
      )
        around = around.parentElement;
      if (!around)
        found.push(
          `${element.tagName} "${(element.textContent ?? "").slice(0, 40)}" ends at ${Math.round(box.right)} px`,
        );
    }
    return found;
  });
}
