/** Every page of the window, with something on it. */
import type { Page } from "playwright-core";
import type { Hookline, Job } from "./hookline";
import { LOCAL } from "./hookline";
import { receivingLight } from "./page";
import type { Stripe } from "./stripe";
import { customer, newStripeSecret, postStripe, stripeEvent } from "./webhooks";

/** A page, and how to see that it is there. */
export interface Place {
  name: string;
  path: string;
  ready: (page: Page) => Promise<void>;
}

/** Fills a Hookline with events of every status, and names the pages that show them. */
export async function everyPlace(hookline: Hookline): Promise<Place[]> {
  const job = await hookline.job("stripe", LOCAL, {
    name: "Shop",
    webhookConfig: { eventTypes: ["customer.*", "invoice.*", "charge.*"] },
  });
  const nobody = { name: "My server", kind: "http", url: "http://127.0.0.1:9/webhooks" };
  await hookline.job("close", nobody, { name: "Sales" });
  await hookline.command("send", "stripe", "customer.*", "--job", job.id, "--count", "40", "--seed", "7");
  await postStripe(job, stripeEvent("customer.created", customer("cus_ada", "Ada Lovelace")));
  await postStripe(
    job,
    stripeEvent("customer.updated", customer("cus_ada", "Ada King"), {
      previous_attributes: { name: "Ada Lovelace" },
    }),
  );
  await postStripe(job, stripeEvent("payout.paid", { id: "po_1", object: "payout" }));
  await postStripe(job, stripeEvent("customer.created", customer("cus_bob", "Bob")), newStripeSecret());
  await hookline.settled(job);
  return places(hookline, job);
}

/** The pages of a Hookline, with this job from Stripe to local documents; it has had an update of `cus_ada`. */
export async function places(hookline: Hookline, job: Job): Promise<Place[]> {
  const [event] = await hookline.events(job, "type=customer.updated&q=cus_ada");
  const destinations = (await hookline.ask("GET", "/workspaces/default/destinations")).destinations;
  const local = destinations.find((destination: { kind: string }) => destination.kind === "local");

  const h1 = (text: string) => async (page: Page) => {
    await page.getByRole("heading", { level: 1 }).filter({ hasText: text }).waitFor();
    await settled(page);
  };
  const and = (first: Place["ready"], then: (page: Page) => Promise<unknown>) => async (page: Page) => {
    await first(page);
    await then(page);
    await settled(page);
  };
  const open = `${job.id}/${event.id}`;
  const tab = (name: string) =>
    and(h1("Event"), (page) => page.getByRole("tab", { name: new RegExp(`^${name}`) }).click());
  const document = `destination=${local.id}&collection=stripe_customers&id=cus_ada`;
  return [
    { name: "welcome", path: "/welcome", ready: h1("Welcome") },
    {
      name: "events",
      path: "/events",
      ready: and(h1("Events"), (page) => page.getByRole("gridcell").first().waitFor()),
    },
    {
      name: "event beside the list",
      path: `/events?open=${open}`,
      ready: and(h1("Events"), (page) => page.getByRole("tab").first().waitFor()),
    },
    {
      name: "selected events",
      path: "/events",
      ready: and(h1("Events"), async (page) => {
        await page.getByRole("gridcell").first().waitFor();
        await page.keyboard.press("j");
        await page.keyboard.press("Space");
        await page.getByRole("toolbar", { name: "Selected events" }).waitFor();
      }),
    },
    {
      name: "no event matches",
      path: "/events?q=nothing-has-this",
      ready: and(h1("Events"), (page) => page.getByText("No event matches").waitFor()),
    },
    { name: "event", path: `/events/${open}`, ready: tab("Payload") },
    ...["Headers", "Signature", "Document", "Compare"].map((name) => ({
      name: `event, ${name}`,
      path: `/events/${open}`,
      ready: tab(name),
    })),
    {
      name: "transfers",
      path: "/transfers",
      ready: and(h1("Transfers"), (page) => page.getByText(job.name).first().waitFor()),
    },
    {
      name: "add sync job",
      path: "/transfers/new?provider=stripe",
      ready: and(h1("Add sync job"), (page) => page.getByRole("form").waitFor()),
    },
    {
      name: "another sender",
      path: "/transfers/new?provider=generic",
      ready: and(h1("Add sync job"), (page) => page.getByRole("form").waitFor()),
    },
    {
      name: "edit sync job",
      path: `/transfers/${job.id}/edit`,
      ready: and(h1("Edit"), (page) => page.getByRole("form").waitFor()),
    },
    {
      name: "set up",
      path: `/transfers/${job.id}/setup`,
      ready: and(h1("Set up"), (page) => page.getByRole("region", { name: "Webhook URL" }).waitFor()),
    },
    ...["overview", "executions", "setup", "settings"].map((name) => ({
      name: `sync job, ${name}`,
      path: `/transfers/${job.id}?tab=${name}`,
      ready: h1(job.name),
    })),
    {
      name: "why is nothing arriving",
      path: `/transfers/${job.id}?why=true`,
      ready: and(h1(job.name), (page) => page.getByRole("list", { name: "Findings" }).waitFor()),
    },
    { name: "documents", path: "/documents", ready: h1("Documents") },
    {
      name: "document",
      path: `/documents?${document}`,
      ready: and(h1("Documents"), (page) => page.getByText("Ada King").first().waitFor()),
    },
    { name: "activity", path: "/activity", ready: h1("Activity") },
    { name: "settings", path: "/settings", ready: h1("Settings") },
    ...tunnelSettings(h1("Tunnel")),
    {
      name: "command palette",
      path: "/transfers",
      ready: and(h1("Transfers"), async (page) => {
        await page.keyboard.press("Control+K");
        await page.getByRole("textbox", { name: "Command" }).waitFor();
      }),
    },
    {
      name: "event beside the list, Attempts",
      path: `/events?open=${open}`,
      ready: and(h1("Events"), (page) => page.getByRole("tab", { name: /^Attempts/ }).click()),
    },
    ...dialogs(job, open, h1),
    {
      name: "nowhere",
      path: "/no/such/page",
      ready: and(
        async () => {},
        (page) => page.getByRole("heading", { level: 2 }).first().waitFor(),
      ),
    },
  ];
}

/** The tunnel's settings: as they are, and with the fields of the kinds that have some. */
function tunnelSettings(there: Place["ready"]): Place[] {
  const choosing = (kind: string, field: string): Place => ({
    name: `tunnel settings, ${kind}`,
    path: "/settings/tunnel",
    ready: async (page) => {
      await there(page);
      await page.getByRole("radio", { name: kind, exact: true }).click();
      await page.getByLabel(field).first().waitFor();
      await settled(page);
    },
  });
  return [
    {
      name: "tunnel settings",
      path: "/settings/tunnel",
      ready: async (page) => {
        await there(page);
        await page.getByRole("region", { name: "How it is" }).waitFor();
        await settled(page);
      },
    },
    choosing("ngrok", "Authtoken"),
    choosing("Own address", "Public address"),
  ];
}

/** What opens over a page. */
function dialogs(job: Job, open: string, h1: (text: string) => Place["ready"]): Place[] {
  const over = (name: string, path: string, title: string, show: (page: Page) => Promise<void>): Place => ({
    name,
    path,
    ready: async (page) => {
      await h1(title)(page);
      await show(page);
      await settled(page);
    },
  });
  const pressed = (name: string) => (page: Page) => page.getByRole("button", { name, exact: true }).click();
  const dialog = (page: Page, name: string | RegExp) => page.getByRole("dialog", { name }).waitFor();
  const ofJob = (item: string, title: RegExp) => async (page: Page) => {
    await pressed("More actions")(page);
    await page.getByRole("menuitem", { name: item }).click();
    await page.getByRole("menu").waitFor({ state: "detached" });
    await dialog(page, title);
  };
  return [
    over("replay of many", "/events", "Events", async (page) => {
      await page.getByRole("gridcell").first().waitFor();
      await page.keyboard.press("Control+A");
      await page.keyboard.press("r");
      await dialog(page, /^Replay [\d,.]+ events\?$/);
    }),
    over("keys of the list", "/events", "Events", async (page) => {
      await page.getByRole("gridcell").first().waitFor();
      await page.keyboard.press("?");
      await dialog(page, "Keys of the event list");
    }),
    over("filter by status", "/events", "Events", async (page) => {
      await pressed("Status")(page);
      await page.getByRole("option").first().waitFor();
    }),
    over("filter by time", "/events", "Events", async (page) => {
      // The list's heading has this name, too.
      await page.getByRole("search").getByRole("button", { name: "Time", exact: true }).click();
      await page.getByRole("radio").first().waitFor();
    }),
    over("replay of one", `/events/${open}`, "Event", async (page) => {
      await pressed("Replay")(page);
      await dialog(page, "Replay this event?");
    }),
    over("edit and send", `/events/${open}`, "Event", async (page) => {
      await pressed("Edit & send")(page);
      await page.getByRole("textbox", { name: "Payload to send" }).waitFor();
    }),
    over(
      "rotate the secret",
      `/transfers/${job.id}`,
      job.name,
      ofJob("Rotate secret…", /^Rotate the secret/),
    ),
    over("delete the job", `/transfers/${job.id}`, job.name, ofJob("Delete…", /^Delete /)),
    over("choose a provider", "/welcome", "Welcome", async (page) => {
      await pressed("Choose a provider")(page);
      await page.getByRole("textbox", { name: "Search providers" }).waitFor();
    }),
    over("what is received", "/transfers", "Transfers", async (page) => {
      await receivingLight(page).click();
      await page.getByRole("dialog").waitFor();
    }),
  ];
}

/**
 * The pages of two jobs from Stripe whose source has an API key: one whose endpoint Hookline made and somebody turned off,
 * and one without. Afterwards there is no tunnel, as before.
 */
export async function endpointPlaces(hookline: Hookline, stripe: Stripe): Promise<Place[]> {
  const workspace = "/workspaces/default";
  const more = { webhookConfig: { eventTypes: ["customer.*", "v1.*"] } };
  const kept = await hookline.job("stripe", LOCAL, { name: "Kept", ...more });
  const bare = await hookline.job("stripe", LOCAL, { name: "Bare", ...more });
  for (const job of [kept, bare]) {
    const { sourceId } = await hookline.show(job);
    await hookline.ask("PATCH", `${workspace}/sources/${sourceId}`, { apiKey: stripe.key });
  }
  await hookline.reachable();
  const endpoint = `${workspace}/sync-jobs/${kept.id}/endpoint`;
  await hookline.ask("POST", endpoint);
  for (const made of stripe.endpoints) made.status = "disabled";
  await hookline.ask("GET", `${endpoint}?check=true`);
  await hookline.ask("PATCH", "/tunnel", { kind: "none", on: false });

  const place = (
    name: string,
    path: string,
    title: string,
    then: (page: Page) => Promise<unknown>,
  ): Place => ({
    name,
    path,
    ready: async (page) => {
      await page.getByRole("heading", { level: 1 }).filter({ hasText: title }).waitFor();
      await then(page);
      await settled(page);
    },
  });
  const section = (page: Page) => page.getByRole("region", { name: "Endpoint at Stripe" });
  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
  const settings = `/transfers/${kept.id}?tab=settings`;
  return [
    place("set up with a key", `/transfers/${bare.id}/setup`, "Set up", async (page) => {
      await button(page, "Check key").click();
      await section(page).getByText("Stripe takes the key").waitFor();
    }),
    place("set up with another key", `/transfers/${bare.id}/setup`, "Set up", (page) =>
      button(page, "Use another key").click(),
    ),
    place("set up, with an endpoint", `/transfers/${kept.id}/setup`, "Set up", async (page) => {
      await button(page, "Steps and secret").click();
      await page.getByRole("region", { name: "Steps" }).waitFor();
    }),
    place("sync job, endpoint that is off", `/transfers/${kept.id}`, kept.name, (page) =>
      page.getByRole("region", { name: "Endpoint", exact: true }).waitFor(),
    ),
    place("sync job, settings with an endpoint", settings, kept.name, (page) =>
      section(page)
        .getByRole("button", { name: /^Show \d+ more$/ })
        .click(),
    ),
    place("remove the endpoint", settings, kept.name, async (page) => {
      await button(page, "Remove at Stripe…").click();
      await page.getByRole("dialog", { name: /^Remove the endpoint/ }).waitFor();
    }),
    place("delete the job with its endpoint", settings, kept.name, async (page) => {
      await button(page, "Delete…").click();
      await page.getByRole("checkbox", { name: /^Remove the endpoint/ }).click();
    }),
    place("edit sync job with a key", `/transfers/${bare.id}/edit`, "Edit", async (page) => {
      await button(page, "Check key").click();
      await page.getByText("Stripe takes the key").waitFor();
    }),
    place("why is nothing arriving, endpoint", `/transfers/${kept.id}?why=true`, kept.name, (page) =>
      page.getByRole("dialog").getByRole("button", { name: "Bring it into line" }).waitFor(),
    ),
  ];
}

/** Waits until nothing is being loaded and nothing moves. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector("[aria-busy=true]") === null &&
      document
        .getAnimations()
        .every(
          (animation) =>
            animation.playState !== "running" ||
            animation.effect?.getComputedTiming().iterations === Number.POSITIVE_INFINITY,
        ),
  );
}
