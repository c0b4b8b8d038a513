/** What has to hold on every page, in both themes: no error, no violation of the policy, nothing that axe finds. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AXE, violations } from "../harness/axe";
import { TestBrowser, THEMES, type Watched } from "../harness/browser";
import { Hookline } from "../harness/hookline";
import { clean, overflowing } from "../harness/page";
import { endpointPlaces, everyPlace, type Place } from "../harness/pages";
import { Stripe } from "../harness/stripe";

let stripe: Stripe;
let hookline: Hookline;
let browser: TestBrowser;
let places: Place[];

beforeAll(async () => {
  stripe = await Stripe.start();
  [hookline, browser] = await Promise.all([
    Hookline.start({ HOOKLINE_STRIPE_API: stripe.url }),
    TestBrowser.start(),
  ]);
  places = [...(await everyPlace(hookline)), ...(await endpointPlaces(hookline, stripe))];
});
afterAll(async () => {
  await browser.stop();
  await hookline.remove();
  await stripe.stop();
});

/** Goes to every place in one tab, as somebody with bookmarks would; what is found is told for all at once. */
async function visit(opened: Watched, look: (place: Place) => Promise<string[]>): Promise<void> {
  const found: string[] = [];
  for (const place of places) {
    await opened.page.goto(`${hookline.ready.api}${place.path}`);
    try {
      await place.ready(opened.page);
      found.push(...(await look(place)).map((text) => `${place.name}: ${text}`));
    } catch (error) {
      found.push(`${place.name}: ${error instanceof Error ? error.message : error}`);
    }
    found.push(...opened.problems.splice(0).map((text) => `${place.name}: ${text}`));
  }
  clean(found);
}

describe.each(THEMES)("in the %s theme", (theme) => {
  test("every page can be used by everybody", { timeout: 300_000 }, async () => {
    const opened = await browser.open(hookline.page(), { theme, before: AXE });
    await visit(opened, () => violations(opened.page));
    await opened.context.close();
  });

  test("every page is loaded without an error, and all of it is allowed by its policy", {
    timeout: 300_000,
  }, async () => {
    const opened = await browser.open(hookline.page(), { theme });
    await visit(opened, async () => []);
    await opened.context.close();
  });
});

test("in the smallest window no page is wider than it", { timeout: 300_000 }, async () => {
  const opened = await browser.open(hookline.page(), { width: 900, height: 600 });
  await visit(opened, () => overflowing(opened.page));
  await opened.context.close();
});

test("the policy allows no inline script and nothing from elsewhere", async () => {
  const response = await fetch(`${hookline.ready.api}/events`);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toMatch(/script-src 'self'(;|$)/);
  expect(policy).not.toContain("unsafe-");
  expect(policy).not.toContain("http");
});
