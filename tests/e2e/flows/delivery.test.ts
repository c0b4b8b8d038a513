/** A developer forwards webhooks to a server of their own, which fails and comes back. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestBrowser, type Watched } from "../harness/browser";
import { Endpoint } from "../harness/endpoint";
import { Hookline, type Job } from "../harness/hookline";
import { clean, eventPane, eventRow, press, receivingLight, says } from "../harness/page";
import { customer, postStripe, stripeEvent } from "../harness/webhooks";

let hookline: Hookline;
let browser: TestBrowser;
let endpoint: Endpoint;
let opened: Watched;
let job: Job;

beforeAll(async () => {
  [hookline, browser, endpoint] = await Promise.all([Hookline.start(), TestBrowser.start(), Endpoint.make()]);
  await endpoint.start();
  job = await hookline.job(
    "stripe",
    { name: "My server", kind: "http", url: endpoint.url },
    { name: "Forwarded" },
  );
  opened = await browser.open(hookline.page("/events"));
});
afterAll(async () => {
  await browser.stop();
  await endpoint.stop();
  await hookline.remove();
});

test("what the server refused is shown with its answer, and succeeds when retried", async () => {
  const { page, problems } = opened;
  endpoint.status = 400;
  endpoint.body = '{"error":"unknown customer"}';
  const event = stripeEvent("customer.created", customer("cus_ada", "Ada"));
  expect((await postStripe(job, event)).status).toBe(200);
  await eventRow(page, "cus_ada")
    .getByText(/Failed|Retrying/)
    .waitFor();
  await eventRow(page, "cus_ada").click();
  const pane = eventPane(page);
  await pane.getByRole("tab", { name: /^Attempts/ }).click();
  await says(pane, "unknown customer");

  endpoint.status = 200;
  endpoint.body = '{"ok":true}';
  await press(pane, "Retry");
  await pane.getByText("Completed", { exact: true }).waitFor();
  await eventRow(page, "customer.created").getByText("Completed").waitFor();
  expect(endpoint.received.at(-1)).toBe(JSON.stringify(event, null, 2));
  clean(problems);
});

test("while the server is away, events wait and the light says so; when it is back, they go on", async () => {
  const { page, problems } = opened;
  await endpoint.stop();
  const event = stripeEvent("customer.updated", customer("cus_bea", "Bea"));
  expect((await postStripe(job, event)).status).toBe(200);
  await receivingLight(page).getByText("Receiving, delivery waits").waitFor();
  await receivingLight(page).click();
  await says(page.getByRole("dialog"), /Forwarded waits for its destination/);
  await page.keyboard.press("Escape");

  await page.goto(`${hookline.ready.api}/transfers/${job.id}`);
  await page.getByRole("button", { name: "Try destination again" }).waitFor();
  await says(page, /Waiting for the destination: .*refused/);

  await endpoint.start();
  await expect.poll(() => endpoint.received.some((body) => body.includes("cus_bea"))).toBe(true);
  await says(page, "Receives, and applies what comes.");
  await receivingLight(page).getByText("Receiving on this machine only", { exact: true }).waitFor();
  clean(problems);
});
