/** Stripe is set up by one click, kept in line, and left clean. */
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestBrowser, type Watched } from "../harness/browser";
import { Hookline } from "../harness/hookline";
import { clean, heading, press, says } from "../harness/page";
import { Stripe } from "../harness/stripe";
import { customer, postStripe, stripeEvent } from "../harness/webhooks";

let stripe: Stripe;
let hookline: Hookline;
let browser: TestBrowser;
let opened: Watched;
/** The job that the first test makes. */
let job: { id: string; name: string; url: string };

beforeAll(async () => {
  stripe = await Stripe.start();
  [hookline, browser] = await Promise.all([
    Hookline.start({ HOOKLINE_STRIPE_API: stripe.url }),
    TestBrowser.start(),
  ]);
  opened = await browser.open(hookline.page("/transfers/new?provider=stripe"));
});
afterAll(async () => {
  await browser.stop();
  await hookline.remove();
  await stripe.stop();
});

const section = (): Locator => opened.page.getByRole("region", { name: "Endpoint at Stripe" });
const endpoint = () => {
  const [only, ...others] = stripe.endpoints;
  expect(others).toEqual([]);
  if (!only) throw new Error("there is no endpoint at Stripe");
  return only;
};
/** What the engine refuses by design is an error in the browser's console, too. */
const cleanButFor = (status: number) =>
  clean(opened.problems.splice(0).filter((problem) => !problem.includes(`status of ${status}`)));

test("a job from Stripe asks for a key, and says that an address is missing", async () => {
  const { page, problems } = opened;
  const form = page.getByRole("form", { name: "Add sync job" });
  await form.getByText("This machine", { exact: true }).click();
  await form.getByText("Only chosen types").click();
  const pattern = form.getByLabel("Type or pattern");
  for (const types of ["customer.*", "v1.*"]) {
    await pattern.fill(types);
    await pattern.press("Enter");
  }
  await form.getByRole("button", { name: /^Add sync job/ }).click();
  await heading(page, "Set up");

  await says(section(), "There is no public address yet that Stripe could send to.");
  await section().getByRole("link", { name: "Connect a tunnel" }).waitFor();
  await section().getByLabel("API key of Stripe", { exact: true }).waitFor();
  await says(section(), "Webhook Endpoints, Event Destinations: Write");
  // Of what cannot be selected there the job is told.
  await says(section(), "v1.*");
  await page.getByRole("region", { name: "Signing secret" }).waitFor();
  clean(problems);

  const [made] = (await hookline.ask("GET", "/workspaces/default/sync-jobs")).syncJobs;
  await hookline.reachable();
  job = { id: made.id, name: made.name, url: (await hookline.show(made)).webhookUrl };
  // What was missing goes away by itself.
  await section().getByText("There is no public address yet").waitFor({ state: "detached" });
});

test("a wrong key is told as such, and a right one with its account", async () => {
  const { page, problems } = opened;
  const field = () => section().getByLabel("API key of Stripe", { exact: true });
  await field().fill("rk_test_wrong");
  await press(section(), "Save and check key");
  await says(section(), "Stripe does not take the key");

  await press(section(), "Use another key");
  await field().fill(stripe.key);
  await press(section(), "Save and check key");
  await says(section(), "Stripe takes the key");
  await says(section(), "Example Shop (acct_1), test mode, restricted key.");
  expect(await page.content()).not.toContain(stripe.key);
  expect(page.url()).not.toContain(stripe.key);
  clean(problems);
});

test("one click makes the endpoint, and what Stripe sends to it arrives", async () => {
  const { page, problems } = opened;
  await press(section(), "Set it up at Stripe");
  await says(section(), /^Stripe sends to this job: endpoint we_/);
  expect(endpoint().url).toBe(job.url);
  expect(endpoint().url).toContain(hookline.ready.receiver);
  expect(endpoint().enabled_events.length).toBeGreaterThan(5);
  expect(endpoint().enabled_events.every((type) => type.startsWith("customer."))).toBe(true);
  expect(endpoint().metadata.hookline_job).toBe(job.id);
  await says(section(), endpoint().id);
  await says(section(), `${endpoint().enabled_events.length} event types, test mode`);
  expect(await page.getByRole("region", { name: "Steps" }).count()).toBe(0);

  // The secret that Stripe made is the job's now.
  const event = stripeEvent("customer.created", customer("cus_ada", "Ada Lovelace"));
  expect((await postStripe({ url: job.url, secret: endpoint().secret }, event)).status).toBe(200);
  await page.getByRole("region", { name: "Arrival" }).getByText("Arrived").waitFor();
  clean(problems);
});

test("one that was turned off is found, warned of, and turned on again", async () => {
  const { page, problems } = opened;
  endpoint().status = "disabled";
  await page.goto(`${hookline.ready.api}/transfers/${job.id}?tab=settings`);
  await press(section(), "Check now");
  await says(section(), "It is turned off at the provider.");

  await page.getByRole("tab", { name: "Overview" }).click();
  const warning = page.getByRole("region", { name: "Endpoint", exact: true });
  await says(warning, /It is turned off at the provider\./);
  await press(warning, "Bring it into line");
  await warning.waitFor({ state: "detached" });
  expect(endpoint().status).toBe("enabled");

  // And the same from the settings, for one that somebody deleted.
  const before = endpoint().id;
  stripe.endpoints.splice(0);
  await page.getByRole("tab", { name: "Settings" }).click();
  await press(section(), "Check now");
  await says(section(), "It is not at the provider any more.");
  await press(section(), "Bring it into line");
  await says(section(), "It is in line again");
  expect(endpoint().id).not.toBe(before);
  clean(problems);
});

test("the diagnosis brings it into line, and the palette checks it", async () => {
  const { page, problems } = opened;
  endpoint().url = "https://elsewhere.example.com/";
  await page.keyboard.press("Control+K");
  await page.getByRole("textbox", { name: "Command" }).fill("check the endpoint");
  await page.keyboard.press("Enter");
  await says(page, /It sends to https:\/\/elsewhere\.example\.com\//);

  await page.getByRole("button", { name: "Why is nothing arriving?" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Why is nothing arriving?" });
  await press(dialog, "Bring it into line");
  await says(dialog, /^Stripe sends to this job: endpoint we_/);
  await dialog.getByRole("button", { name: "Bring it into line" }).waitFor({ state: "detached" });
  expect(endpoint().url).toBe(job.url);
  await page.keyboard.press("Escape");
  clean(problems);
});

test("what Stripe refuses is told, and the job is not deleted without a choice", async () => {
  const { page } = opened;
  await page.goto(`${hookline.ready.api}/transfers/${job.id}?tab=settings`);
  stripe.fails = true;
  await press(section(), "Check now");
  await says(section().getByRole("alert"), "Stripe could not be asked");

  await press(page, "More actions");
  await page.getByRole("menuitem", { name: "Delete…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("checkbox", { name: "Remove the endpoint at Stripe too" }).waitFor();
  await dialog.getByRole("textbox").fill(job.name.replace("→", "->"));
  await press(dialog, "Delete job");
  await says(dialog.getByRole("alert"), /Untick the box/);
  expect((await hookline.show(job)).id).toBe(job.id);
  cleanButFor(424);
});

test("a deleted job takes its endpoint with it", async () => {
  const { page, problems } = opened;
  stripe.fails = false;
  const dialog = page.getByRole("dialog");
  await press(dialog, "Delete job");
  await heading(page, "Transfers");
  await says(page, "Its endpoint at Stripe is removed, too.");
  expect(stripe.endpoints).toEqual([]);
  expect((await hookline.ask("GET", "/workspaces/default/sync-jobs")).syncJobs).toEqual([]);
  // The page may hear of the deletion before its own request is answered, and asks once more for what is gone.
  const gone = (problem: string) => problem.includes("404") && problem.includes(job.id);
  clean(problems.splice(0).filter((problem) => !gone(problem)));
});
