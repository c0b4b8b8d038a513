/**
 * Pictures of every page in both themes, with sample data: `cargo xtask screenshots`. Where `HOOKLINE_README_SCREENSHOTS`
 * names a folder, those that the README shows are put there too.
 */
import { copyFile, mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestBrowser, THEMES } from "../harness/browser";
import { Endpoint } from "../harness/endpoint";
import { Hookline, type Job, LOCAL } from "../harness/hookline";
import { endpointPlaces, type Place, places, settled } from "../harness/pages";
import { Stripe } from "../harness/stripe";
import { customer, newStripeSecret, postStripe, stripeEvent } from "../harness/webhooks";

const FOLDER =
  process.env.HOOKLINE_SCREENSHOTS ?? resolve(import.meta.dirname, "../../../target/screenshots");
const README = process.env.HOOKLINE_README_SCREENSHOTS;

/** For the README: a picture's name here, and there. */
const IN_README: Record<string, string> = {
  "event-beside-the-list-dark": "events-dark",
  "sync-job-overview-light": "job-light",
  "document-light": "documents-light",
  "welcome-light": "welcome-light",
};

/** The most bytes of a picture in the README. */
const MOST_BYTES = 256 * 1024;

let stripe: Stripe;
let hookline: Hookline;
let browser: TestBrowser;
let endpoint: Endpoint;
let shown: Place[];

beforeAll(async () => {
  stripe = await Stripe.start();
  [hookline, browser, endpoint] = await Promise.all([
    Hookline.start({ HOOKLINE_STRIPE_API: stripe.url }),
    TestBrowser.start(),
    Endpoint.make(),
  ]);
  await endpoint.start();
  const shop = await hookline.job("stripe", LOCAL, { name: "Shop → documents" });
  const sales = await hookline.job(
    "close",
    { name: "CRM service", kind: "http", url: endpoint.url },
    { name: "Sales → CRM service", webhookConfig: { eventTypes: ["lead.*", "opportunity.*", "activity.*"] } },
  );
  const send = (provider: string, job: Job, count: number) =>
    hookline.command("send", provider, "--job", job.id, "--count", `${count}`, "--seed", "20");
  await send("stripe", shop, 240);
  await send("close", sales, 60);
  endpoint.status = 422;
  endpoint.body = '{"error":"the lead has no owner"}';
  await send("close", sales, 6);
  await postStripe(
    shop,
    stripeEvent("customer.created", customer("cus_ada", "Ada Lovelace")),
    newStripeSecret(),
  );
  await postStripe(shop, stripeEvent("customer.created", customer("cus_ada", "Ada Lovelace")));
  await postStripe(
    shop,
    stripeEvent("customer.updated", customer("cus_ada", "Ada King", { balance: -1200 }), {
      previous_attributes: { name: "Ada Lovelace", balance: 0 },
    }),
  );
  await hookline.settled(shop);
  shown = [...(await places(hookline, shop)), ...(await endpointPlaces(hookline, stripe))];
});
afterAll(async () => {
  await browser.stop();
  await endpoint.stop();
  await hookline.remove();
  await stripe.stop();
});

describe.each(THEMES)("in the %s theme", (theme) => {
  test("every page", async () => {
    await mkdir(FOLDER, { recursive: true });
    const { page, context } = await browser.open(hookline.page(), { theme });
    const shoot = async (place: Place, name: string) => {
      await page.goto(`${hookline.ready.api}${place.path}`);
      await place.ready(page);
      // The pointer and the caret are nothing of the page's.
      await page.mouse.move(0, 0);
      await settled(page);
      const path = join(FOLDER, `${name}.png`);
      await page.screenshot({ path, caret: "hide" });
      const readmeName = IN_README[name];
      if (README && readmeName) {
        expect((await stat(path)).size, `${name} is too large for the README`).toBeLessThanOrEqual(
          MOST_BYTES,
        );
        await mkdir(README, { recursive: true });
        await copyFile(path, join(README, `${readmeName}.png`));
      }
    };
    const slug = (name: string) => name.replace(/[^a-z]+/gi, "-").toLowerCase();
    for (const place of shown) await shoot(place, `${slug(place.name)}-${theme}`);
    await page.setViewportSize({ width: 900, height: 600 });
    for (const place of shown.filter(({ name }) => name === "events" || name === "event beside the list"))
      await shoot(place, `${slug(place.name)}-${theme}-small`);
    await context.close();
  });
});
