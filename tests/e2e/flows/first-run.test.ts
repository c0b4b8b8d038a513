/** Somebody opens Hookline for the first time and wants to see an event. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestBrowser, THEMES, type Watched } from "../harness/browser";
import { Hookline } from "../harness/hookline";
import { clean, documentPane, eventPane, eventRow, heading, press, says } from "../harness/page";

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.start();
});
afterAll(() => browser.stop());

describe.each(THEMES)("in the %s theme", (theme) => {
  let hookline: Hookline;
  let opened: Watched;
  beforeAll(async () => {
    hookline = await Hookline.start();
    opened = await browser.open(hookline.page(), { theme });
  });
  afterAll(async () => {
    await opened.context.close();
    await hookline.remove();
  });

  test("sample events are seen with what became of them, down to the document", async () => {
    const { page, problems } = opened;
    await says(page, "Webhooks, received and kept on your machine");
    expect(new URL(page.url()).pathname).toBe("/welcome");
    expect(page.url()).not.toContain("token");

    await press(page, /^Send \d+ sample events$/);
    await heading(page, "Events");
    // The first one is open.
    const pane = eventPane(page);
    await pane.getByRole("heading", { name: "product.created" }).waitFor();
    await eventRow(page, "customer.created").getByText("Completed").waitFor();

    await eventRow(page, "customer.created").click();
    await pane.getByRole("heading", { name: "customer.created" }).waitFor();
    await pane.getByRole("tab", { name: "Document" }).click();
    await says(pane, /As it is in .+ now/);
    await pane.getByRole("tabpanel").getByText('"_id"').waitFor();

    await pane.getByRole("link", { name: /^stripe_customers \/ cus_/ }).click();
    await heading(page, "Documents");
    await says(documentPane(page), /^cus_/);
    clean(problems);
  });

  test("the next start shows the events, not the welcome", async () => {
    const again = await browser.open(hookline.page(), { theme });
    await heading(again.page, "Events");
    await eventRow(again.page, "payout.paid").waitFor();
    clean(again.problems);
    await again.context.close();
  });
});
