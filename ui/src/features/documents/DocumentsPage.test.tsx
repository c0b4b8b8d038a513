import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startLiveUpdates } from "../../api/live";
import type { Destination, SyncJob } from "../../api/schema";
import type { Change } from "../../platform";
import { everythingMeasures } from "../../test/layout";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { DocumentsPage } from "./DocumentsPage";

const W = "/api/workspaces/default";
const D = `${W}/destinations/d1`;

const destination = (more: Partial<Destination> = {}): Destination => ({
  id: "d1",
  workspaceId: "default",
  name: "Shop",
  kind: "mongodb",
  database: "shop",
  displayUrl: "mongodb://h/shop",
  createdAt: "2026-01-01T00:00:00Z",
  updatedAt: "2026-01-01T00:00:00Z",
  ...more,
});

const job = (more: Partial<SyncJob> = {}): SyncJob =>
  ({
    id: "j1",
    name: "Stripe → Shop",
    destinationId: "d1",
    enabled: true,
    delivery: { state: "running" },
    ...more,
  }) as SyncJob;

const document = (id: string, more: object = {}, metadata: object = {}) => ({
  _id: id,
  name: `Name of ${id}`,
  ...more,
  _sync_metadata: {
    eventId: `evt_of_${id}`,
    eventType: "customer.updated",
    operation: "upsert",
    jobId: "j1",
    source: "stripe",
    syncedAt: { $date: "2026-01-31T12:00:02Z" },
    ...metadata,
  },
});

const DOCUMENTS = [
  document("cus_1"),
  document("cus_2", {}, { deleted: true, operation: "delete" }),
  document("cus_3", {}, { ambiguous: true }),
];

function engine(more: Answers = {}): Answers {
  return {
    [`GET ${W}/destinations`]: { destinations: [destination()] },
    [`GET ${W}/sync-jobs`]: { syncJobs: [job()] },
    "GET /api/providers": { providers: [{ kind: "stripe", label: "Stripe" }] },
    [`GET ${D}/collections`]: {
      collections: [
        { name: "customers", documents: 3 },
        { name: "invoices", documents: 12_000 },
      ],
    },
    [`GET ${D}/documents`]: { documents: DOCUMENTS, nextCursor: null },
    [`GET ${D}/documents/one`]: (request: Request) => {
      const id = new URL(request.url).searchParams.get("id");
      return (
        DOCUMENTS.find(({ _id }) => _id === id) ?? [
          404,
          { error: { code: "not_found", message: `document ${id} does not exist` } },
        ]
      );
    },
    [`GET ${W}/events`]: { events: [], nextCursor: null },
    ...more,
  };
}

function show(answers: Answers, path = "/documents") {
  const host = fakeHost(answers);
  return { host, user: userEvent.setup(), ...renderApp(<DocumentsPage />, host, path) };
}

const documents = () => screen.findByRole("listbox", { name: "Documents of customers" });

everythingMeasures(1280, 600);

describe("browsing", () => {
  it("begins with the first collection, its counts and its documents", async () => {
    show(engine());
    const lines = within(await documents()).getAllByRole("option");
    expect(lines).toHaveLength(3);
    expect(lines[0]?.textContent).toContain("Name of cus_1");
    expect(lines[0]?.textContent).toContain("cus_1");
    expect(lines[0]?.textContent).toContain("customer.updated");
    const collections = within(screen.getByRole("listbox", { name: "Collections" })).getAllByRole("option");
    expect(collections.map((line) => line.getAttribute("aria-selected"))).toEqual(["true", "false"]);
    expect(screen.getByRole("img", { name: /^12.000 documents$/ })).toBeTruthy();
  });

  it("says of documents that they are deleted or ambiguous", async () => {
    show(engine());
    const [first, second, third] = within(await documents()).getAllByRole("option");
    expect(within(second as HTMLElement).getByText("Deleted")).toBeTruthy();
    expect(within(third as HTMLElement).getByText("Ambiguous")).toBeTruthy();
    expect(first?.textContent).not.toMatch(/Deleted|Ambiguous/);
  });

  it("goes on by keyboard, opens what it reaches, and closes it with Escape", async () => {
    const { user, router } = show(engine());
    (await documents()).focus();
    await user.keyboard("j");
    await screen.findByRole("heading", { name: "Name of cus_1" });
    await user.keyboard("{ArrowDown}");
    await screen.findByRole("heading", { name: "Name of cus_2" });
    expect(router.state.location.search).toEqual({ destination: "d1", collection: "customers", id: "cus_2" });

    await user.keyboard("{Enter}");
    expect(window.document.activeElement?.getAttribute("aria-label")).toBe("Document");
    await user.keyboard("{Escape}");
    expect(await screen.findByText("No document is open")).toBeTruthy();

    await user.keyboard("k");
    expect(await screen.findByRole("heading", { name: "Name of cus_1" })).toBeTruthy();
  });

  it("filters the collections", async () => {
    const { user } = show(engine());
    await user.type(await screen.findByRole("textbox", { name: "Filter collections" }), "INV");
    const list = screen.getByRole("listbox", { name: "Collections" });
    expect(within(list).getAllByRole("option")).toHaveLength(1);
    await user.type(screen.getByRole("textbox", { name: "Filter collections" }), "x");
    expect(screen.getByText("No collection has “INVx” in its name.")).toBeTruthy();
  });

  it("reads the next page when the end comes near, and only once", async () => {
    const all = Array.from({ length: 100 }, (_, index) => document(`cus_${index}`));
    const { host } = show(
      engine({
        [`GET ${D}/documents`]: (request: Request) =>
          new URL(request.url).searchParams.get("cursor") === "after"
            ? { documents: [document("last")], nextCursor: null }
            : { documents: all.slice(0, 15), nextCursor: "after" },
      }),
    );
    expect(await screen.findByText("Name of last")).toBeTruthy();
    expect(host.requests.filter((request) => request.includes("cursor=after"))).toHaveLength(1);
  });
});

describe("live changes", () => {
  /** A collection of so many pages of 15 documents, whose first is called anew at each reading. */
  function live(pages: number) {
    let tell: (changes: Change[]) => void = () => {};
    let readings = 0;
    const answers = engine({
      [`GET ${D}/documents`]: (request: Request) => {
        const page = Number(new URL(request.url).searchParams.get("cursor") ?? 0);
        if (page === 0) readings += 1;
        const documents = Array.from({ length: 15 }, (_, index) =>
          document(`cus_${page}_${index}`, page + index === 0 ? { name: `Reading ${readings}` } : {}),
        );
        return { documents, nextCursor: page + 1 < pages ? String(page + 1) : null };
      },
    });
    const host = {
      ...fakeHost(answers),
      changes: (listener: typeof tell) => {
        tell = listener;
        return () => {};
      },
    };
    const shown = renderApp(<DocumentsPage />, host);
    onTestFinished(startLiveUpdates(shown.client));
    return { host, user: userEvent.setup(), event: () => act(() => tell([{ what: "events", jobId: "j1" }])) };
  }

  it("are read at once while the list is short", async () => {
    const { event } = live(1);
    await screen.findByText("Reading 1");
    event();
    expect(await screen.findByText("Reading 2")).toBeTruthy();
  });

  it("are offered where many pages would have to be read again", async () => {
    const { event, user, host } = live(4);
    const list = await documents();
    await screen.findByText("Reading 1");
    list.focus();
    for (let page = 1; page < 4; page += 1) {
      await user.keyboard("{End}");
      await waitFor(() =>
        expect(host.requests.some((request) => request.includes(`cursor=${page}`))).toBe(true),
      );
    }
    event();
    await user.click(await screen.findByRole("button", { name: "Show changes" }));
    list.focus();
    await user.keyboard("{Home}");
    expect(await screen.findByText("Reading 2")).toBeTruthy();
    await waitFor(() => expect(screen.queryByRole("button", { name: "Show changes" })).toBeNull());
  });
});

describe("a document", () => {
  const open = (id: string, answers = engine()) =>
    show(answers, `/documents?destination=d1&collection=customers&id=${id}`);

  it("leads to the event that wrote it", async () => {
    const event = { id: "77", jobId: "j1", providerEventId: "evt_of_cus_1" };
    open(
      "cus_1",
      engine({ [`GET ${W}/events`]: { events: [{ ...event, id: "78", providerEventId: "other" }, event] } }),
    );
    const link = await screen.findByRole("link", { name: "customer.updated" });
    expect(link.getAttribute("href")).toBe("/events/j1/77");
    expect(screen.getByText("As the provider last told")).toBeTruthy();
  });

  it("says when that event was cleaned up, or its job deleted", async () => {
    const { unmount } = open("cus_1");
    expect(await screen.findByText(/The event was cleaned up/)).toBeTruthy();
    unmount();
    open(
      "cus_1",
      engine({
        [`GET ${W}/events`]: [404, { error: { code: "not_found", message: "job j1 does not exist" } }],
      }),
    );
    expect(await screen.findByText(/went with its sync job/)).toBeTruthy();
  });

  it("explains what deleted and ambiguous mean", async () => {
    const { unmount } = open("cus_2");
    expect(await screen.findByText("Deleted at the provider, kept here")).toBeTruthy();
    unmount();
    open("cus_3");
    expect(await screen.findByText(/nothing in them tells which came first/)).toBeTruthy();
  });

  it("is opened by its exact _id, wherever it stands", async () => {
    const { user, router, host } = show(engine());
    await user.type(await screen.findByRole("textbox", { name: "Open by _id" }), " cus_9 {Enter}");
    expect(await screen.findByText("There is no such document")).toBeTruthy();
    expect(router.state.location.search).toMatchObject({ id: "cus_9" });
    expect(host.requests).toContain(`GET ${D}/documents/one?collection=customers&id=cus_9`);
    expect(screen.getByRole("link", { name: "its events" }).getAttribute("href")).toBe(
      "/events?object=cus_9",
    );
  });

  it("leads to all events of its object, and is copied as it is stored", async () => {
    const { user, host } = open("cus_1");
    const link = await screen.findByRole("link", { name: "All events of this object" });
    expect(link.getAttribute("href")).toBe("/events?object=cus_1");
    await user.click(screen.getByRole("button", { name: "Copy document" }));
    expect(JSON.parse(host.copied[0] ?? "")).toEqual(DOCUMENTS[0]);
  });
});

describe("a destination", () => {
  it("that is missing altogether is explained with the way to one", async () => {
    show(engine({ [`GET ${W}/destinations`]: { destinations: [] } }));
    const link = await screen.findByRole("link", { name: "Add sync job" });
    expect(link.getAttribute("href")).toBe("/transfers/new");
  });

  it("without documents says how the first one comes", async () => {
    show(engine({ [`GET ${D}/collections`]: { collections: [] } }));
    expect(await screen.findByText("No documents yet")).toBeTruthy();
  });

  it("of HTTP keeps none, and is not asked for any", async () => {
    const { host } = show(
      engine({
        [`GET ${W}/destinations`]: { destinations: [destination({ kind: "http", database: null })] },
      }),
    );
    expect(await screen.findByText("This destination keeps no documents")).toBeTruthy();
    expect(host.requests.filter((request) => request.includes("collections"))).toEqual([]);
  });

  it("that cannot be reached says so in the server's words, and is tried again", async () => {
    let up = false;
    const { user } = show(
      engine({
        [`GET ${D}/collections`]: () =>
          up
            ? { collections: [{ name: "customers", documents: 3 }] }
            : [
                424,
                {
                  error: {
                    code: "destination_unreachable",
                    message: "MongoDB at h cannot be reached",
                    hint: "Check that it runs.",
                  },
                },
              ],
      }),
    );
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("MongoDB at h cannot be reached.");
    expect(alert.textContent).toContain("Check that it runs.");
    up = true;
    await user.click(within(alert).getByRole("button", { name: "Retry" }));
    expect(await documents()).toBeTruthy();
  });

  it("that the address names wrongly is not replaced by another one", async () => {
    show(engine(), "/documents?destination=gone");
    expect(await screen.findByText("This destination does not exist")).toBeTruthy();
  });

  const choose = async (user: ReturnType<typeof userEvent.setup>, item: RegExp) => {
    await user.click(await screen.findByRole("button", { name: "What to do with Shop" }));
    await user.click(await screen.findByRole("menuitem", { name: item }));
  };

  it("is checked in place, in words", async () => {
    const { user } = show(
      engine({
        [`POST ${D}/check`]: {
          ok: false,
          error: { code: "destination_refused", message: "the password is wrong", hint: "Set the URI anew." },
        },
      }),
    );
    await choose(user, /Check connection/);
    expect(await screen.findByText("Connection does not work")).toBeTruthy();
    expect(screen.getByText("The password is wrong.")).toBeTruthy();
    expect(screen.getByText("Set the URI anew.")).toBeTruthy();
  });

  it("is renamed; a name that is refused says why beside the field", async () => {
    let refuse = true;
    const { user, host } = show(
      engine({
        [`PATCH ${D}`]: () =>
          refuse
            ? [400, { error: { code: "invalid_request", message: "`name` is taken", field: "name" } }]
            : destination({ name: "Store" }),
      }),
    );
    await choose(user, /Rename/);
    const field = await screen.findByRole("textbox", { name: /Name/ });
    await user.clear(field);
    await user.type(field, "Store");
    await user.click(screen.getByRole("button", { name: "Rename" }));
    expect(await screen.findByText("`name` is taken.")).toBeTruthy();
    refuse = false;
    await user.click(screen.getByRole("button", { name: "Rename" }));
    await vi.waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(host.bodies.at(-1)).toEqual({ name: "Store" });
  });

  it("keeps its URI when only the database is changed", async () => {
    const { user, host } = show(engine({ [`PATCH ${D}`]: destination({ database: "other" }) }));
    await choose(user, /Change URI/);
    const save = await screen.findByRole("button", { name: "Save" });
    expect(save.hasAttribute("disabled")).toBe(true);
    const field = screen.getByRole("textbox", { name: "Database" });
    await user.clear(field);
    await user.type(field, "other");
    await user.click(save);
    await vi.waitFor(() => expect(host.bodies.at(-1)).toEqual({ database: "other" }));
  });

  it("is not deleted while a job writes into it: the job is named", async () => {
    const { user } = show(engine());
    await choose(user, /Delete/);
    const dialog = await screen.findByRole("dialog");
    expect(within(dialog).getByRole("link", { name: "Stripe → Shop" }).getAttribute("href")).toBe(
      "/transfers/j1",
    );
    expect(within(dialog).queryByRole("button", { name: "Delete destination" })).toBeNull();
  });

  it("is deleted once its name was typed, after saying what stays", async () => {
    const { user, host } = show(
      engine({ [`GET ${W}/sync-jobs`]: { syncJobs: [] }, [`DELETE ${D}`]: [204, null] }),
    );
    await choose(user, /Delete/);
    const dialog = await screen.findByRole("dialog");
    expect(dialog.textContent).toContain("Documents in MongoDB stay as they are");
    const button = within(dialog).getByRole("button", { name: "Delete destination" });
    await user.type(within(dialog).getByRole("textbox"), "Sho");
    expect(button.hasAttribute("disabled")).toBe(true);
    await user.type(within(dialog).getByRole("textbox"), "p");
    await user.click(button);
    await vi.waitFor(() => expect(host.requests).toContain(`DELETE ${D}`));
  });
});
