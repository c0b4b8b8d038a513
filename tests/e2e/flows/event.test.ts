/** One event: everything that is known of it, and what can be done with it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestBrowser, type Watched } from "../harness/browser";
import { Hookline, type Job, LOCAL } from "../harness/hookline";
import { clean, clipboard, documentPane, eventPane, heading, press, says } from "../harness/page";
import { closeLead, customer, postClose, postStripe, stripeEvent } from "../harness/webhooks";

let hookline: Hookline;
let browser: TestBrowser;
let opened: Watched;
let job: Job;
/** The provider's ids, oldest first. */
const sent: string[] = [];

beforeAll(async () => {
  [hookline, browser] = await Promise.all([Hookline.start(), TestBrowser.start()]);
  job = await hookline.job("stripe", LOCAL, { name: "Shop" });
  const created = stripeEvent("customer.created", customer("cus_ada", "Ada Lovelace"));
  const updated = stripeEvent("customer.updated", customer("cus_ada", "Ada King"), {
    previous_attributes: { name: "Ada Lovelace", email: "ada.lovelace@example.com" },
  });
  for (const event of [created, updated]) {
    expect((await postStripe(job, event)).status).toBe(200);
    sent.push(event.id);
  }
  await hookline.settled(job);
  const [newest] = await hookline.events(job);
  opened = await browser.open(hookline.page(`/events/${job.id}/${newest.id}`));
});
afterAll(async () => {
  await browser.stop();
  await hookline.remove();
});

const tab = async (name: string) => {
  await opened.page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();
  return opened.page.getByRole("tabpanel", { name: new RegExp(`^${name}`) });
};

test("a deep link shows the event on a page of its own, with what changed marked", async () => {
  const { page, problems } = opened;
  await page.getByRole("heading", { level: 2, name: "customer.updated" }).waitFor();
  const payload = await tab("Payload");
  await says(payload, '"previous_attributes"');
  await says(payload, /Ada Lovelace/);
  await page.getByText("Raw", { exact: true }).click();
  await says(payload, /"type": "customer.updated"/);
  clean(problems);
});

test("each tab tells its part", async () => {
  const { page, problems } = opened;
  const headers = await tab("Headers");
  await headers
    .getByRole("table", { name: "Headers of the request" })
    .getByText("stripe-signature")
    .waitFor();
  const signature = await tab("Signature");
  await says(signature, /HMAC-SHA256/);
  await says(signature, /verified/i);
  const document = await tab("Document");
  await document.getByRole("link", { name: "stripe_customers / cus_ada" }).waitFor();
  await says(document, /As it is in .+ now/);
  await tab("Compare");
  await says(page, /customer\.created/);
  // At this width what happened stands beside.
  await page
    .getByRole("list", { name: "What happened to the event" })
    .getByRole("listitem")
    .first()
    .waitFor();
  clean(problems);
});

test("events of one object are gone through with the brackets", async () => {
  const { page, problems } = opened;
  await page.keyboard.press("[");
  await page.getByRole("heading", { level: 2, name: "customer.created" }).waitFor();
  await page.keyboard.press("]");
  await page.getByRole("heading", { level: 2, name: "customer.updated" }).waitFor();
  clean(problems);
});

test("an edited payload is signed and sent as a new event", async () => {
  const { page, problems } = opened;
  await press(page, "Edit & send");
  const dialog = page.getByRole("dialog", { name: "Edit & send customer.updated" });
  const editor = dialog.getByRole("textbox", { name: "Payload to send" });
  await editor.waitFor();
  await editor.click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Control+C");
  const text = await clipboard(page);
  expect(text, "a receiver takes each id once").not.toContain(`"${sent[1]}"`);
  const edited = text.replace('"Ada King"', '"Countess of Lovelace"');
  expect(edited).not.toBe(text);
  await page.evaluate((changed) => navigator.clipboard.writeText(changed), edited);
  await page.keyboard.press("Control+V");
  await press(dialog, "Send");
  await says(dialog, /The receiver accepted it: HTTP 200/);
  await dialog.getByText("Completed").first().waitFor();
  await press(dialog, "Show the new event");
  await dialog.waitFor({ state: "detached" });

  const [newest] = await hookline.events(job);
  expect((await hookline.event(job, newest.id)).rawBody).toContain("Countess of Lovelace");
  await expect.poll(() => page.url()).toContain(newest.id);
  clean(problems);
});

test("the copied cURL command sends the request as it came", async () => {
  const { page, problems } = opened;
  await press(page, "Copy as cURL");
  await says(page, "Copied cURL command");
  const command = await clipboard(page);
  expect(command).toContain("stripe-signature");
  const { stdout } = await promisify(execFile)("sh", ["-c", `${command} --silent`]);
  // Its signature still counts, and its id was there before.
  expect(JSON.parse(stdout)).toMatchObject({ received: true, duplicate: true });
  clean(problems);
});

test("a replay is confirmed and applied once more", async () => {
  const { page, problems } = opened;
  const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const before = (await hookline.event(job, id)).history.length;
  await press(page, "Replay");
  await press(page.getByRole("dialog", { name: "Replay this event?" }), "Replay event");
  await expect.poll(async () => (await hookline.event(job, id)).history.length).toBe(before + 1);
  await hookline.settled(job);
  await page.getByText("Completed").first().waitFor();
  clean(problems);
});

test("an event is exported as a file", async () => {
  const { page, problems } = opened;
  const download = page.waitForEvent("download");
  await press(page, "Export");
  expect((await download).suggestedFilename()).toMatch(/\.json$/);
  clean(problems);
});

test("the document leads back to every event of its object", async () => {
  const { page, problems } = opened;
  await page.getByRole("link", { name: "stripe_customers / cus_ada" }).first().click();
  await heading(page, "Documents");
  await documentPane(page).getByRole("link", { name: "All events of this object" }).click();
  await heading(page, "Events");
  await expect
    .poll(() => page.getByRole("grid").getByRole("row").filter({ hasText: "customer." }).count())
    .toBe(3);
  clean(problems);
});

test("a lead of Close is shown like a customer of Stripe", async () => {
  const { page, problems } = opened;
  const close = await hookline.job("close", LOCAL, { name: "Sales" });
  const lead = { id: "lead_1", name: "Analytical Engines", status_label: "Qualified", custom: {} };
  expect((await postClose(close, closeLead("created", lead))).status).toBe(200);
  await hookline.settled(close);
  const [event] = await hookline.events(close);
  await page.goto(`${hookline.ready.api}/events?open=${close.id}/${event.id}`);
  const pane = eventPane(page);
  await pane.getByRole("heading", { level: 2, name: "lead.created" }).waitFor();
  await pane.getByRole("tab", { name: "Document" }).click();
  await pane.getByRole("link", { name: "close_leads / lead_1" }).waitFor();
  clean(problems);
});
