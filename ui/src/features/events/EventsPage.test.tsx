import { notifications } from "@mantine/notifications";
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { cursor, JOB, open, rowOf } from "../../test/eventsPage";
import { testEvent, testEvents } from "./testEvents";

vi.mock("../event/EventDetailPane", () => ({
  EventDetailPane: ({
    eventId,
    onNavigate,
  }: {
    eventId: string;
    onNavigate: (job: string, id: string) => void;
  }) => (
    <div>
      <p>Pane of {eventId}</p>
      <button type="button" onClick={() => onNavigate("job1", "7")}>
        Earlier
      </button>
    </div>
  ),
}));

describe("the event list", () => {
  it("shows one line per event with everything in it", async () => {
    open({ table: [testEvent(5, { status: "failed", nextAttemptAt: null, attempts: 3, sizeBytes: 3400 })] });
    const row = await rowOf(5);
    for (const text of ["invoice.paid", "cus_5", "Stripe → Analytics", "Failed", "3", "3.4 KB"]) {
      expect(within(row).getByText(text)).toBeTruthy();
    }
  });

  it("draws a few rows of many, and says how many there are once it knows", async () => {
    open({ table: testEvents(1000) });
    await rowOf(1000);
    expect(document.querySelectorAll("[data-index]").length).toBeLessThan(80);
    expect(screen.getByRole("grid").getAttribute("aria-rowcount")).toBe("-1");
  });

  it("says why it cannot be read, and tries again", async () => {
    const { engine, user } = open({ failure: [500, { error: { code: "x", message: "the disk is full" } }] });
    expect(await screen.findByText("The disk is full.")).toBeTruthy();
    engine.failure = undefined;
    await user.click(screen.getByRole("button", { name: "Retry" }));
    expect(await rowOf(30)).toBeTruthy();
  });

  it("turns around at its heading", async () => {
    const { user, search } = open();
    await rowOf(30);
    const header = screen.getByRole("columnheader", { name: /Time/ });
    expect(header.getAttribute("aria-sort")).toBe("descending");
    await user.click(within(header).getByRole("button"));
    await waitFor(() => expect(search().order).toBe("asc"));
    await waitFor(() => expect(document.querySelector("[data-index='0']")?.id).toBe("event-row-1"));
    expect(header.getAttribute("aria-sort")).toBe("ascending");
  });
});

describe("keys", () => {
  it("move, open, walk on with the pane open, and close", async () => {
    const { user, search } = open();
    await rowOf(30);
    await user.keyboard("jj");
    expect(cursor()).toBe("event-row-29");
    await user.keyboard("{Enter}");
    expect(await screen.findByText("Pane of 29")).toBeTruthy();
    expect(search().open).toBe("job1/29");
    await user.keyboard("j");
    expect(await screen.findByText("Pane of 28")).toBeTruthy();
    expect(document.activeElement).toBe(screen.getByRole("grid"));
    await user.keyboard("{Enter}");
    expect((document.activeElement as HTMLElement).dataset.eventPane).toBeDefined();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(search().open).toBeUndefined());
    expect(document.activeElement).toBe(screen.getByRole("grid"));
  });

  it("reach the bottom and the top", async () => {
    const { user } = open();
    await rowOf(30);
    await user.keyboard("G");
    expect(cursor()).toBe("event-row-1");
    await user.keyboard("g");
    expect(cursor()).toBe("event-row-30");
  });

  it("select, extend, and clear before they close", async () => {
    const { user, search } = open();
    await rowOf(30);
    await user.keyboard("j{Enter}");
    await user.keyboard("x");
    await user.keyboard("JJ");
    expect(await screen.findByText("3 selected")).toBeTruthy();
    expect((await rowOf(28)).getAttribute("aria-selected")).toBe("true");
    await user.keyboard("{Escape}");
    expect(screen.queryByText("3 selected")).toBeNull();
    expect(search().open).toBeDefined();
  });

  it("select everything that is loaded", async () => {
    const { user } = open();
    await rowOf(30);
    await user.keyboard("{Control>}a{/Control}");
    expect(await screen.findByText("30 selected")).toBeTruthy();
  });

  it("copy the provider's id and the link", async () => {
    const { user, host } = open();
    await rowOf(30);
    await user.keyboard("jc");
    await user.keyboard("C");
    expect(host.copied).toEqual(["evt_30", `${location.origin}/events/job1/30`]);
  });

  it("do nothing while somebody types", async () => {
    const { user, search } = open();
    await rowOf(30);
    await user.keyboard("/");
    expect(document.activeElement).toBe(screen.getByLabelText("Search events"));
    await user.keyboard("jjxr");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(screen.queryByText("1 selected")).toBeNull();
    await waitFor(() => expect(search().q).toBe("jjxr"));
  });

  it("are listed when asked for", async () => {
    const { user } = open();
    await rowOf(30);
    await user.keyboard("?");
    expect(await screen.findByText("Keys of the event list")).toBeTruthy();
  });
});

describe("the mouse", () => {
  it("opens a row, selects at the box, and selects a range", async () => {
    const { user, search } = open();
    await user.click(within(await rowOf(29)).getByText("cus_29"));
    await waitFor(() => expect(search().open).toBe("job1/29"));
    const box = async (id: number) => (await rowOf(id)).querySelector("[data-column=box]") as HTMLElement;
    await user.click(await box(28));
    expect(await screen.findByText("1 selected")).toBeTruthy();
    await user.keyboard("{Shift>}");
    await user.click(await box(25));
    await user.keyboard("{/Shift}");
    expect(await screen.findByText("4 selected")).toBeTruthy();
    expect(search().open).toBe("job1/29");
  });

  it("has a menu for the active row at the menu key", async () => {
    const { user } = open();
    await rowOf(30);
    await user.keyboard("jj");
    fireEvent.contextMenu(screen.getByRole("grid"), { button: 0 });
    expect(await screen.findByText("Show only invoice.paid")).toBeTruthy();
  });

  it("filters by what a row has", async () => {
    const { user, search } = open();
    await user.pointer({ keys: "[MouseRight]", target: within(await rowOf(30)).getByText("cus_30") });
    await user.click(await screen.findByText("Show only this object"));
    await waitFor(() => expect(search().object).toBe("cus_30"));
    await user.click(screen.getByRole("button", { name: "Remove the filter object: cus_30" }));
    await waitFor(() => expect(search().object).toBeUndefined());
  });
});

describe("live updates", () => {
  it("come in at the top", async () => {
    const { engine, changed } = open();
    await rowOf(30);
    engine.table = testEvents(32);
    await changed();
    expect(await rowOf(32)).toBeTruthy();
    expect(document.querySelector("[data-index='0']")?.id).toBe("event-row-32");
  });

  it("are counted while an event is read, and come in when asked for", async () => {
    const { engine, changed, user } = open();
    await rowOf(30);
    await user.keyboard("j{Enter}");
    await screen.findByText("Pane of 30");
    engine.table = testEvents(42);
    await changed();
    const pill = await screen.findByRole("button", { name: "12 new" });
    expect(document.querySelector("[data-index='0']")?.id).toBe("event-row-30");
    expect(cursor()).toBe("event-row-30");
    await user.click(pill);
    expect(await rowOf(42)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "12 new" })).toBeNull();
    expect(cursor()).toBe("event-row-30");
  });

  it("wait while the list is paused", async () => {
    const { engine, changed, user } = open();
    await rowOf(30);
    await user.keyboard("p");
    expect(screen.getByText("Paused")).toBeTruthy();
    engine.table = testEvents(31);
    await changed();
    expect(await screen.findByRole("button", { name: "1 new" })).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Resume" }));
    expect(await rowOf(31)).toBeTruthy();
  });

  it("change the status of a row without touching what is selected", async () => {
    const { engine, changed, user } = open({ table: [testEvent(1, { status: "pending" })] });
    const row = await rowOf(1);
    await user.keyboard("jx");
    engine.table = [testEvent(1, { status: "failed" })];
    await changed();
    expect(await within(row).findByText("Failed")).toBeTruthy();
    expect(row.getAttribute("aria-selected")).toBe("true");
    expect(await screen.findByRole("button", { name: "Retry failed (1)" })).toBeTruthy();
  });
});

describe("a replay of many", () => {
  const REPLAY = "POST /api/workspaces/default/events/replay";

  it("says what happens, does it, and tells", async () => {
    const { user, host } = open({ destinationKind: "http" }, "/events", {
      [REPLAY]: { done: 2, failed: [] },
    });
    await rowOf(30);
    await user.keyboard("jxJ");
    await user.keyboard("r");
    expect(await screen.findByText("Replay 2 events?")).toBeTruthy();
    expect(await screen.findByText("An HTTP destination will receive the requests again.")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Replay 2 events" }));
    await waitFor(() => expect(screen.queryByText("Replay 2 events?")).toBeNull());
    expect(host.bodies).toEqual([
      {
        events: [
          { jobId: "job1", eventId: "30" },
          { jobId: "job1", eventId: "29" },
        ],
      },
    ]);
  });

  it("sends nothing before it was confirmed, and nothing about HTTP to a local destination", async () => {
    const { user, host } = open();
    await rowOf(30);
    await user.keyboard("jr");
    expect(await screen.findByText("Replay 1 event?")).toBeTruthy();
    expect(screen.queryByText(/An HTTP destination/)).toBeNull();
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(host.requests).not.toContain(REPLAY);
  });

  it("tells how far it came when the page is left meanwhile", async () => {
    const said = vi.spyOn(notifications, "show");
    let answer: (result: unknown) => void = () => {};
    const { user, unmount } = open({ table: testEvents(150) }, "/events", {
      [REPLAY]: () => new Promise((resolve) => (answer = resolve)),
    });
    await rowOf(150);
    await user.keyboard("{Control>}a{/Control}r");
    await user.click(await screen.findByRole("button", { name: "Replay 150 events" }));
    unmount();
    answer({ done: 100, failed: [] });
    await waitFor(() =>
      expect(said).toHaveBeenCalledWith(
        expect.objectContaining({ title: "Cancelled: 100 replayed before that." }),
      ),
    );
  });

  it("tells what failed and why", async () => {
    const { user } = open({}, "/events", {
      [REPLAY]: { done: 1, failed: [{ eventId: "29", message: "event 29 is still pending" }] },
    });
    await rowOf(30);
    await user.keyboard("jxJr");
    await user.click(await screen.findByRole("button", { name: "Replay 2 events" }));
    expect(await screen.findByText("1 replayed, 1 failed:")).toBeTruthy();
    expect(screen.getByText("the event is still pending")).toBeTruthy();
  });
});

describe("an empty list", () => {
  it("leads to the first job where there is none", async () => {
    open({ table: [], jobs: [] });
    expect(await screen.findByRole("link", { name: "Add sync job" })).toBeTruthy();
    expect(screen.getByRole("link", { name: "Try with sample events" })).toBeTruthy();
  });

  it("shows the address to send to where a job waits, and fills by itself", async () => {
    const { engine, changed } = open({ table: [] });
    expect(await screen.findByText("Waiting for the first webhook")).toBeTruthy();
    expect(screen.getByText(JOB.webhookUrl)).toBeTruthy();
    engine.table = testEvents(1);
    await changed();
    expect(await rowOf(1)).toBeTruthy();
  });
});
