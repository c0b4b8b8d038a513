/** An analyst connects Stripe with their MongoDB, and is told what is wrong on the way. */
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { TestBrowser, type Watched } from "../harness/browser";
import { Hookline, type Job } from "../harness/hookline";
import { clean, clipboard, documentPane, eventPane, eventRow, heading, press, says } from "../harness/page";
import { freePort } from "../harness/process";
import { customer, newId, newStripeSecret, postStripe, stripeEvent } from "../harness/webhooks";

let hookline: Hookline;
let browser: TestBrowser;
let opened: Watched;
/** The job that the first test makes. */
let job: Job;
const database = newId("hookline_e2e");

beforeAll(async () => {
  [hookline, browser] = await Promise.all([Hookline.start(), TestBrowser.start()]);
  opened = await browser.open(hookline.page());
});
afterAll(async () => {
  await browser.stop();
  await hookline.remove();
});

test("a job is made once the connection works, and a wrong address is explained before", async () => {
  const { page, problems } = opened;
  await press(page, "Connect Stripe");
  await heading(page, "Add sync job");
  const form = page.getByRole("form", { name: "Add sync job" });
  const destination = form.getByRole("region", { name: "Destination" });

  await destination
    .getByLabel("Connection string", { exact: true })
    .fill(`mongodb://127.0.0.1:${await freePort()}/?serverSelectionTimeoutMS=1500`);
  await destination.getByLabel("Database", { exact: true }).fill(database);
  await press(destination, "Test connection");
  await destination.getByText("Does not work").waitFor();
  await says(destination, /connection refused|cannot be reached|not be reached/i);

  await destination.getByLabel("Connection string", { exact: true }).fill(inject("mongodbUri"));
  await destination.getByText("Does not work").waitFor({ state: "detached" });
  await press(destination, "Test connection");
  await destination.getByText(/^Works/).waitFor();

  // By keyboard: the team's history goes into the same database.
  await form.getByLabel("Archive the history in the MongoDB too").focus();
  await page.keyboard.press("Space");
  await form.getByLabel("Keep the archive for").fill("30");

  await form.getByRole("button", { name: /^Add sync job/ }).click();
  await heading(page, "Set up");
  clean(problems);

  const [made] = (await hookline.ask("GET", "/workspaces/default/sync-jobs")).syncJobs;
  expect(made.webhookConfig.archive).toEqual({ days: 30 });
  const shown = await hookline.show(made);
  job = { id: made.id, name: made.name, url: shown.webhookUrl, secret: shown.webhookSecret };
});

test("the setup card gives the URL and, when asked, the secret", async () => {
  const { page, problems } = opened;
  await press(page.getByRole("region", { name: "Webhook URL" }), "Copy webhook URL");
  expect(await clipboard(page)).toBe(job.url);

  const secret = page.getByRole("region", { name: "Signing secret" });
  expect(await secret.getByText(job.secret).count()).toBe(0);
  await press(secret, "Show the signing secret");
  await secret.getByText(job.secret).waitFor();
  await press(secret, "Hide the signing secret");
  await secret.getByText(job.secret).waitFor({ state: "detached" });
  await says(page, /The first webhook from Stripe is waited for/);
  clean(problems);
});

test("with Stripe's secret pasted, its first webhook turns the light green", async () => {
  const { page, problems } = opened;
  const own = newStripeSecret();
  const secret = page.getByRole("region", { name: "Signing secret" });
  await secret.getByRole("textbox", { name: /^Paste the signing secret/ }).fill(own);
  await press(secret, "Save secret");
  await says(secret, /^Saved/);

  const event = stripeEvent("customer.created", customer("cus_ada", "Ada Lovelace"));
  expect((await postStripe(job, event, own)).status).toBe(200);
  job.secret = own;
  const light = page.getByRole("region", { name: "Arrival" });
  await light.getByText("Arrived").waitFor();
  await says(light, /The connection works/);
  await hookline.settled(job);

  await light.getByRole("link", { name: "customer.created" }).click();
  await heading(page, "Events");
  const pane = eventPane(page);
  await pane.getByRole("heading", { name: "customer.created" }).waitFor();
  await eventRow(page, "customer.created").getByText("Completed").waitFor();
  clean(problems);
});

test("the document in MongoDB is what the event brought", async () => {
  const { page, problems } = opened;
  const pane = eventPane(page);
  await pane.getByRole("tab", { name: "Document" }).click();
  await pane.getByRole("link", { name: "stripe_customers / cus_ada" }).click();
  await heading(page, "Documents");
  await documentPane(page).getByText("cus_ada", { exact: true }).waitFor();
  await documentPane(page).getByRole("heading", { name: "Ada Lovelace" }).waitFor();

  const changed = stripeEvent("customer.updated", customer("cus_ada", "Ada King"), {
    previous_attributes: { name: "Ada Lovelace" },
  });
  expect((await postStripe(job, changed)).status).toBe(200);
  // It is on the screen, so it follows.
  await documentPane(page).getByRole("heading", { name: "Ada King" }).waitFor();
  clean(problems);
});

test("the archive is among the collections, with each event as it came", async () => {
  const { page, problems } = opened;
  await hookline.settled(job);
  const shown = () => hookline.ask("GET", `/workspaces/default/sync-jobs/${job.id}`);
  await vi.waitUntil(async () => (await shown()).archive.waiting === 0, { timeout: 20_000 });
  await page.reload();
  await page.getByRole("region", { name: "Collections" }).getByText("webhook_events").click();
  await page.getByRole("region", { name: "Documents of webhook_events" }).waitFor();
  const { destinationId } = await shown();
  const path = `/workspaces/default/destinations/${destinationId}/documents?collection=webhook_events`;
  const { documents } = await hookline.ask("GET", path);
  expect(documents.map(({ type }: { type: string }) => type).sort()).toEqual([
    "customer.created",
    "customer.updated",
  ]);
  clean(problems);
});
