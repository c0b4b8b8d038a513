/** What concerns the whole app: settings, the palette, a deep path, an engine that goes away and comes back. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestBrowser, type Watched } from "../harness/browser";
import { Hookline, type Job, LOCAL } from "../harness/hookline";
import { clean, eventRow, goTo, heading, press, receivingLight, says } from "../harness/page";
import { customer, postStripe, stripeEvent } from "../harness/webhooks";

let hookline: Hookline;
let browser: TestBrowser;
let opened: Watched;
let job: Job;

beforeAll(async () => {
  [hookline, browser] = await Promise.all([Hookline.start(), TestBrowser.start()]);
  job = await hookline.job("stripe", LOCAL, { name: "Shop" });
  await postStripe(job, stripeEvent("customer.created", customer("cus_ada", "Ada")));
  opened = await browser.open(hookline.page());
});
afterAll(async () => {
  await browser.stop();
  await hookline.remove();
});

const scheme = () => opened.page.locator("html").getAttribute("data-mantine-color-scheme");

test("the theme is switched and stays so after a reload", async () => {
  const { page, problems } = opened;
  await goTo(page, "Settings");
  expect(await scheme()).toBe("light");
  await page.getByRole("radiogroup", { name: "Theme" }).getByText("Dark", { exact: true }).click();
  await expect.poll(scheme).toBe("dark");
  await page.reload();
  await heading(page, "Settings");
  await expect.poll(scheme).toBe("dark");
  await page.getByRole("radiogroup", { name: "Theme" }).getByText("System", { exact: true }).click();
  await expect.poll(scheme).toBe("light");
  clean(problems);
});

test("how long a job keeps its events is changed", async () => {
  const { page, problems } = opened;
  const field = page.getByRole("textbox", { name: "Days that Shop keeps events" });
  await field.fill("7");
  await press(page, "Save");
  await expect.poll(async () => (await hookline.show(job)).webhookConfig.retentionDays).toBe(7);
  clean(problems);
});

test("a backup is written where it was asked for", async () => {
  const { page, problems } = opened;
  const path = join(hookline.dataDir, "copy.db");
  await page.getByRole("textbox", { name: "File of the backup" }).fill(path);
  await press(page, "Back up");
  await says(page, /written$/);
  expect((await stat(path)).size).toBeGreaterThan(10_000);
  clean(problems);
});

test("the libraries are named with their licences", async () => {
  const { page, problems } = opened;
  await press(page, "Show libraries and their licences");
  await page.getByRole("textbox", { name: "Search libraries" }).fill("rusqlite");
  await says(page, "MIT");
  clean(problems);
});

test("the palette does what is typed", async () => {
  const { page, problems } = opened;
  await page.keyboard.press("Control+K");
  await page.getByRole("textbox", { name: "Command" }).fill("dark theme");
  await page.keyboard.press("Enter");
  await expect.poll(scheme).toBe("dark");
  await page.keyboard.press("Control+K");
  await page.getByRole("textbox", { name: "Command" }).fill("open shop");
  await page.keyboard.press("Enter");
  await heading(page, "Shop");
  await page.getByRole("textbox", { name: "Command" }).waitFor({ state: "detached" });
  await page.keyboard.press("Control+1");
  await heading(page, "Events");
  clean(problems);
});

test("a deep path is there again after a reload", async () => {
  const { page, problems } = opened;
  const places = [
    [`/transfers/${job.id}?tab=executions`, "Shop"],
    [`/transfers/${job.id}/edit`, "Edit"],
    ["/documents", "Documents"],
  ] as const;
  for (const [path, title] of places) {
    await page.goto(`${hookline.ready.api}${path}`);
    await heading(page, title);
    await page.reload();
    await heading(page, title);
    expect(page.url()).toContain(path);
  }
  clean(problems);
});

test("an address that leads nowhere says so", async () => {
  const { page, problems } = opened;
  await page.goto(`${hookline.ready.api}/no/such/page`);
  await page.getByRole("heading", { level: 2 }).first().waitFor();
  await goTo(page, "Events");
  clean(problems);
});

test("an engine that stopped is noticed, and the page says what leads on when it was started anew", async () => {
  const { page } = opened;
  await goTo(page, "Events");
  await hookline.stop();
  await receivingLight(page).getByText("Not connected").waitFor();
  // What was read before is still there to be read.
  await eventRow(page, "cus_ada").waitFor();

  await hookline.startAgain();
  await says(page.getByRole("alert"), /does not accept this page's token/);
  await page.goto(hookline.page("/events"));
  await eventRow(page, "cus_ada").waitFor();
  await receivingLight(page).getByText("Receiving on this machine only", { exact: true }).waitFor();
});

test("without its token the page shows nothing but what to do", async () => {
  const { page, context, problems } = await browser.open(`${hookline.ready.api}/events`);
  await says(page.getByRole("alert"), "This page was opened without its token.");
  expect(await page.getByRole("grid").count()).toBe(0);
  clean(problems);
  await context.close();
});
