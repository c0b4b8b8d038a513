/** The page people live on: the list of events. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { TestBrowser, type Watched } from "../harness/browser";
import { Hookline, type Job, LOCAL } from "../harness/hookline";
import { clean, eventPane, eventRow, heading, press, says } from "../harness/page";
import { customer, newId, postStripe, stripeEvent } from "../harness/webhooks";

let hookline: Hookline;
let browser: TestBrowser;
let job: Job;
let opened: Watched | undefined;

const names = ["Ada", "Bea", "Cleo", "Dora", "Eva", "Fay"];

beforeAll(async () => {
  [hookline, browser] = await Promise.all([Hookline.start(), TestBrowser.start()]);
  job = await hookline.job("stripe", LOCAL, { name: "Shop" });
  for (const name of names) {
    const id = `cus_${name.toLowerCase()}`;
    await postStripe(job, stripeEvent("customer.created", customer(id, name)));
    await postStripe(
      job,
      stripeEvent("invoice.paid", { id: `in_${name.toLowerCase()}`, object: "invoice", customer: id }),
    );
  }
  await hookline.settled(job);
});
beforeEach(async () => {
  await opened?.context.close();
});
afterAll(async () => {
  await browser.stop();
  await hookline.remove();
});

async function open(path = "/events"): Promise<Page> {
  opened = await browser.open(hookline.page(path));
  await heading(opened.page, "Events");
  await opened.page.getByRole("grid").getByRole("row").nth(1).waitFor();
  return opened.page;
}

const rows = (page: Page) =>
  page
    .getByRole("grid")
    .getByRole("row")
    .filter({ has: page.getByRole("gridcell") });
const cursor = (page: Page) => page.getByRole("grid").getAttribute("aria-activedescendant");
const problems = () => opened?.problems ?? [];

test("new events appear by themselves, and wait while the list is paused", async () => {
  const page = await open();
  const first = newId("cus");
  await postStripe(job, stripeEvent("customer.created", customer(first, "Live")));
  await eventRow(page, first).getByText("Completed").waitFor();

  await press(page, "Pause");
  const second = newId("cus");
  await postStripe(job, stripeEvent("customer.created", customer(second, "Later")));
  await press(page, /^1 new$/);
  await eventRow(page, second).waitFor();
  await press(page, "Resume");
  await says(page.getByRole("search"), "Live");
  clean(problems());
});

test("filters stand in the address and survive a reload", async () => {
  const page = await open();
  await page.getByRole("search").getByRole("button", { name: "Type" }).click();
  await page
    .getByRole("textbox", { name: "Event type" })
    .or(page.getByRole("combobox", { name: "Event type" }))
    .fill("invoice.*");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect.poll(() => rows(page).count()).toBe(names.length);
  expect(decodeURIComponent(page.url())).toContain("invoice.*");
  await page.reload();
  await expect.poll(() => rows(page).count()).toBe(names.length);
  expect(await eventRow(page, "customer.created").count()).toBe(0);

  await press(page, "Clear filters");
  await eventRow(page, "customer.created").first().waitFor();
  clean(problems());
});

test("the search finds words in ids and payloads", async () => {
  const page = await open();
  await page.keyboard.press("/");
  await page.keyboard.type("cleo@example.com");
  await expect.poll(() => rows(page).count()).toBe(1);
  await eventRow(page, "cus_cleo").waitFor();
  await page.getByRole("textbox", { name: "Search events" }).fill("no such thing");
  await says(page, "No event matches");
  clean(problems());
});

test("the keyboard is enough to go through events, open, select and replay them", async () => {
  const page = await open();
  await page.keyboard.press("j");
  const first = await cursor(page);
  await page.keyboard.press("j");
  await expect.poll(() => cursor(page)).not.toBe(first);
  await page.keyboard.press("k");
  await expect.poll(() => cursor(page)).toBe(first);

  await page.keyboard.press("Enter");
  await eventPane(page).getByRole("heading", { level: 2 }).first().waitFor();
  expect(new URL(page.url()).searchParams.get("open")).toContain(job.id);
  await page.keyboard.press("Escape");
  await eventPane(page).waitFor({ state: "detached" });

  await page.keyboard.press("Space");
  const bar = page.getByRole("toolbar", { name: "Selected events" });
  await bar.getByText("1 selected").waitFor();
  await page.keyboard.press("Shift+J");
  await bar.getByText("2 selected").waitFor();
  await page.keyboard.press("r");
  const dialog = page.getByRole("dialog", { name: "Replay 2 events?" });
  await dialog.waitFor();
  await page.keyboard.press("Enter");
  await says(page, "2 replayed");
  await hookline.settled(job);
  clean(problems());
});

test("many events are replayed at once, and each is applied again", async () => {
  const page = await open("/events?type=invoice.paid");
  await press(page, "Pause");
  await rows(page)
    .first()
    .click({ modifiers: ["Control"] });
  const bar = page.getByRole("toolbar", { name: "Selected events" });
  await press(bar, "Select all that match");
  await bar.getByText(`${names.length} selected`).waitFor();
  await press(bar, `Replay ${names.length}`);
  await press(page.getByRole("dialog"), `Replay ${names.length} events`);
  await says(page, `${names.length} replayed`);
  await hookline.settled(job);
  for (const { id } of await hookline.events(job, "type=invoice.paid")) {
    const { history } = await hookline.event(job, id);
    expect(history.length, `attempts of event ${id}`).toBe(2);
  }
  clean(problems());
});

test("the keys are explained", async () => {
  const page = await open();
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("Replay the event or the selection").waitFor();
  clean(problems());
});

test("five thousand rows are scrolled to their end and none is missing", { timeout: 240_000 }, async () => {
  const total = 5000;
  const have = (await hookline.ask("GET", `/workspaces/default/sync-jobs/${job.id}/webhook/stats`)).total;
  await hookline.command(
    "send",
    "stripe",
    "customer.*",
    "--job",
    job.id,
    "--count",
    `${total - have}`,
    "--concurrency",
    "16",
    "--seed",
    "1",
  );
  const page = await open();
  const grid = page.getByRole("grid");
  await grid.focus();
  // The end is where the list says so; rows are read page by page on the way.
  await expect
    .poll(
      async () => {
        await page.keyboard.press("End");
        return await page.getByText(/^All [\d,. ]+ events$/).count();
      },
      { timeout: 120_000, interval: 200 },
    )
    .toBe(1);
  expect(await grid.getAttribute("aria-rowcount")).toBe(`${total + 1}`);
  // However many there are, only those on the screen and a few around them are drawn.
  expect(await rows(page).count()).toBeLessThan(120);
  await eventRow(page, "cus_ada").first().waitFor();
  clean(problems());
});
