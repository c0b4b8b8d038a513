/** One sync job: its numbers, pausing it, its secret, and why nothing arrives. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { TestBrowser, type Watched } from "../harness/browser";
import { Hookline, type Job } from "../harness/hookline";
import { clean, eventRow, heading, press, says } from "../harness/page";
import { customer, newId, newStripeSecret, postStripe, stripeEvent } from "../harness/webhooks";

let hookline: Hookline;
let browser: TestBrowser;
let opened: Watched;
let job: Job;

const created = (name: string) => stripeEvent("customer.created", customer(newId("cus"), name));

beforeAll(async () => {
  [hookline, browser] = await Promise.all([Hookline.start(), TestBrowser.start()]);
  const destination = {
    name: "Analytics",
    kind: "mongodb",
    uri: inject("mongodbUri"),
    database: newId("hookline_e2e"),
  };
  job = await hookline.job("stripe", destination, { name: "Shop" });
  opened = await browser.open(hookline.page(`/transfers/${job.id}`));
});
afterAll(async () => {
  await browser.stop();
  await hookline.remove();
});

test("a job without events says what to do next", async () => {
  await says(opened.page, "No event has come yet.");
  await opened.page.getByRole("link", { name: "Set up the provider" }).waitFor();
});

test("numbers and charts follow the events as they come", async () => {
  const { page, problems } = opened;
  for (let number = 0; number < 5; number += 1)
    expect((await postStripe(job, created(`Ann ${number}`))).status).toBe(200);
  const numbers = page.getByLabel("Numbers");
  await numbers.getByText(/^5 of 5/).waitFor();
  await numbers
    .getByText(/\d (ms|s)$/)
    .first()
    .waitFor();
  const activity = page.getByRole("region", { name: "Activity over time" });
  await activity
    .getByText("Last hour", { exact: true })
    .or(activity.getByText("1 h", { exact: true }))
    .first()
    .click();
  await press(activity, "Show as table");
  await activity.getByRole("table").first().waitFor();
  // They may have come in on both sides of a full minute.
  const received = () =>
    activity
      .locator("tbody tr")
      .evaluateAll((rows) =>
        rows.reduce((sum, row) => sum + Number((row as HTMLTableRowElement).cells[1]?.textContent), 0),
      );
  await expect.poll(received).toBe(5);
  await press(activity, "Show as charts");
  await activity.getByRole("img").or(activity.locator("svg.recharts-surface")).first().waitFor();
  clean(problems);
});

test("a paused job refuses with 403 until it is resumed", async () => {
  const { page, problems } = opened;
  await press(page, "Pause");
  await says(page, "Paused: the provider gets 403 and will try again later.");
  expect((await postStripe(job, created("Bea"))).status).toBe(403);
  await press(page, "Resume");
  await says(page, "Receives, and applies what comes.");
  expect((await postStripe(job, created("Bea"))).status).toBe(200);
  clean(problems);
});

test("after a rotation the old secret counts as long as was chosen", async () => {
  const { page, problems } = opened;
  await press(page, "More actions");
  await page.getByRole("menuitem", { name: "Rotate secret…" }).click();
  const dialog = page.getByRole("dialog", { name: /^Rotate the secret of/ });
  await dialog.getByLabel("24 hours").check();
  await press(dialog, "Make a new secret");
  await dialog.getByText("The secret was replaced").waitFor();
  await dialog.getByText(/^The old secret counts until/).waitFor();
  const shown = (await dialog.getByText(/^whsec_/).textContent()) ?? "";
  expect(shown).not.toBe(job.secret);
  await press(dialog, "Done");

  expect((await postStripe(job, created("Cleo"), job.secret)).status).toBe(200);
  expect((await postStripe(job, created("Cleo"), shown)).status).toBe(200);
  job.secret = shown;
  clean(problems);
});

test("a wrongly signed request is named as the reason why nothing arrives", async () => {
  const { page, problems } = opened;
  const refused = await postStripe(job, created("Dan"), newStripeSecret());
  expect(refused.status).toBe(401);
  expect(refused.body.error.code).toBe("signature_invalid");

  await page.getByRole("button", { name: "Why is nothing arriving?" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Why is nothing arriving?" });
  const findings = dialog.getByRole("list", { name: "Findings" });
  await findings.getByRole("listitem").first().waitFor();
  await says(dialog.getByRole("status"), /One request was refused in the last 24 hours/);
  await says(findings, /fits none of the job's/);
  await dialog.getByRole("button", { name: "Rotate secret…" }).waitFor();

  await page.keyboard.press("Escape");
  await page
    .getByRole("link", { name: /Rejected/ })
    .first()
    .click();
  await heading(page, "Events");
  await eventRow(page, "Rejected").waitFor();
  expect(new URL(page.url()).searchParams.get("status")).toContain("rejected");
  clean(problems);
});

test("a job is deleted only with its name", async () => {
  const { page, problems } = opened;
  await page.goto(`${hookline.ready.api}/transfers/${job.id}`);
  await press(page, "More actions");
  await page.getByRole("menuitem", { name: "Delete…" }).click();
  const dialog = page.getByRole("dialog");
  const remove = dialog.getByRole("button", { name: /^Delete/ });
  expect(await remove.isDisabled()).toBe(true);
  await dialog.getByRole("textbox").fill("Shop");
  await remove.click();
  await heading(page, "Transfers");
  await expect
    .poll(async () => (await hookline.ask("GET", "/workspaces/default/sync-jobs")).syncJobs.length)
    .toBe(0);
  // The page may hear of the deletion before its own request is answered, and asks once more for what is gone.
  const gone = (problem: string) => problem.includes("404") && problem.includes(job.id);
  clean(problems.splice(0).filter((problem) => !gone(problem)));
});
