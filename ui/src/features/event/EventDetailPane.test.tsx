import { notifications } from "@mantine/notifications";
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { describe, expect, it, vi } from "vitest";
import type { EventDetail } from "../../api/schema";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { EventDetailPane } from "./EventDetailPane";
import { testEvent } from "./testEvent";

const WORKSPACE = "/api/workspaces/default";
const at = (id: string) => `${WORKSPACE}/sync-jobs/job1/webhook/events/${id}`;

/** A host with one job, its destination and these events. */
function hostWith(events: EventDetail[], destinationKind: "mongodb" | "http", answers: Answers = {}) {
  return fakeHost({
    [`GET ${WORKSPACE}/sync-jobs`]: {
      syncJobs: [
        {
          id: "job1",
          name: "Stripe → Analytics",
          destinationId: "d1",
          webhookUrl: "https://hooks.example/api/webhooks/default/job1",
          delivery: { state: "idle" },
        },
      ],
    },
    [`GET ${WORKSPACE}/destinations`]: {
      destinations: [{ id: "d1", name: "Analytics", kind: destinationKind }],
    },
    ...Object.fromEntries(events.map((event) => [`GET ${at(event.id)}`, event])),
    ...answers,
  });
}

function show(host: ReturnType<typeof hostWith>, eventId = "42") {
  const onNavigate = vi.fn();
  const onClose = vi.fn();
  renderApp(
    <EventDetailPane jobId="job1" eventId={eventId} onClose={onClose} onNavigate={onNavigate} />,
    host,
  );
  return { onNavigate, onClose };
}

/** Event 42, and 43 in its place when the button is pressed. */
function TwoEvents() {
  const [id, setId] = useState("42");
  return (
    <>
      <button type="button" onClick={() => setId("43")}>
        Another
      </button>
      <EventDetailPane jobId="job1" eventId={id} onClose={() => {}} onNavigate={() => {}} />
    </>
  );
}

const failedEvent = testEvent({
  status: "failed",
  type: "checkout.session.completed",
  error: "the server answered 500 Internal Server Error",
  attempts: 1,
  operations: [],
  history: [
    {
      number: 1,
      at: "2024-11-24T08:00:01Z",
      status: "failed",
      error: "the server answered 500 Internal Server Error",
      executionId: null,
      answer: {
        status: 500,
        headers: [["content-type", "application/json"]],
        body: '{"error":"no email"}',
        bodyTruncated: false,
        durationMs: 12,
      },
    },
  ],
});

describe("the event pane", () => {
  it("tells what happened, and marks what changed in the payload", async () => {
    show(hostWith([testEvent()], "mongodb"));
    await screen.findByRole("heading", { name: "customer.updated" });
    await screen.findByText(/written to customers in Analytics 300 ms later/);
    await waitFor(() =>
      expect(document.querySelector(".cm-hl-changed")?.textContent).toContain('was: "ada@old.example"'),
    );
    expect(screen.getByText("Live: real data")).toBeTruthy();
  });

  it("says that an event is gone", async () => {
    const { onClose } = show(hostWith([], "mongodb"));
    await screen.findByText("This event was cleaned up or deleted");
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    expect(onClose).toHaveBeenCalled();
  });

  it("offers to try again when the event cannot be read", async () => {
    let broken = true;
    const host = hostWith([], "mongodb", {
      [`GET ${at("42")}`]: () =>
        broken ? [500, { error: { code: "storage_failed", message: "the disk is broken" } }] : testEvent(),
    });
    show(host);
    await screen.findByText("The disk is broken.");
    broken = false;
    await userEvent.click(screen.getByRole("button", { name: "Retry" }));
    await screen.findByRole("heading", { name: "customer.updated" });
  });

  it("shows the answer of the server that failed", async () => {
    show(hostWith([failedEvent], "http"));
    await userEvent.click(await screen.findByRole("button", { name: "Show the answer" }));
    await screen.findByText("Answer: HTTP 500 in 12 ms");
    const body = await screen.findByLabelText("Body of the answer to Attempt 1");
    expect(body.textContent).toContain('"error": "no email"');
    await userEvent.click(screen.getByRole("button", { name: "1 header" }));
    expect(screen.getByRole("table").textContent).toContain("content-type");
  });

  it("retries a failed event, and says why when that is not possible", async () => {
    const host = hostWith([failedEvent], "http", {
      [`POST ${at("42")}/retry`]: [
        409,
        { error: { code: "conflict", message: "the job is paused", hint: "Resume it." } },
      ],
    });
    show(host);
    await userEvent.click(await screen.findByRole("button", { name: "Retry" }));
    await screen.findByText("The job is paused.");
    expect(host.requests).toContain(`POST ${at("42")}/retry`);
  });

  it("says nothing of it when another event is shown in its place", async () => {
    const host = hostWith([failedEvent, testEvent({ id: "43" })], "http", {
      [`POST ${at("42")}/retry`]: [409, { error: { code: "conflict", message: "the job is paused" } }],
    });
    renderApp(<TwoEvents />, host);
    await userEvent.click(await screen.findByRole("button", { name: "Retry" }));
    await screen.findByText("The job is paused.");
    await userEvent.click(screen.getByRole("button", { name: "Another" }));
    await screen.findByRole("heading", { name: "customer.updated" });
    expect(screen.queryByText("The job is paused.")).toBeNull();
  });

  it("replays only after it was confirmed, with what that means, and says that it did", async () => {
    const said = vi.spyOn(notifications, "show");
    const host = hostWith([testEvent()], "mongodb", { [`POST ${at("42")}/replay`]: testEvent() });
    show(host);
    await userEvent.click(await screen.findByRole("button", { name: "Replay" }));
    await screen.findByText(/The newest state wins/);
    expect(host.requests.some((request) => request.endsWith("/replay"))).toBe(false);
    await waitFor(() =>
      expect(document.activeElement).toBe(screen.getByRole("button", { name: "Replay event" })),
    );
    await userEvent.keyboard("{Enter}");
    await waitFor(() => expect(host.requests).toContain(`POST ${at("42")}/replay`));
    await waitFor(() =>
      expect(said).toHaveBeenCalledWith(expect.objectContaining({ title: "Replayed customer.updated" })),
    );
  });

  it("does not offer to replay what was refused at receipt", async () => {
    const host = hostWith(
      [testEvent({ status: "rejected", error: "the signature does not match" })],
      "mongodb",
    );
    show(host);
    const replay = await screen.findByRole("button", { name: "Replay" });
    expect(replay.getAttribute("aria-disabled")).toBe("true");
    await userEvent.click(replay);
    expect(screen.queryByText("Replay this event?")).toBeNull();
  });

  it("goes to the neighbours of the object by keys, but not while one types", async () => {
    const { onNavigate } = show(hostWith([testEvent()], "mongodb"));
    const search = await screen.findByLabelText("Search in this text");
    await userEvent.type(search, "[[");
    expect(onNavigate).not.toHaveBeenCalled();
    screen.getByRole("region", { name: "Event" }).focus();
    await userEvent.keyboard("]");
    expect(onNavigate).not.toHaveBeenCalled();
    await userEvent.keyboard("[[");
    expect(onNavigate).toHaveBeenCalledWith("job1", "41");
  });

  it("copies the request as a command", async () => {
    const host = hostWith([testEvent()], "mongodb");
    show(host);
    await userEvent.click(await screen.findByRole("button", { name: "Copy as cURL" }));
    await waitFor(() =>
      expect(host.copied[0]).toMatch(/^curl 'https:\/\/hooks\.example\/api\/webhooks\/default\/job1'/),
    );
  });

  it("shows the document with what the sync notes in it", async () => {
    const host = hostWith([testEvent()], "mongodb", {
      [`GET ${WORKSPACE}/destinations/d1/documents/one`]: {
        _id: "cus_1",
        _sync_metadata: { eventId: "evt_1" },
      },
    });
    show(host);
    await userEvent.click(await screen.findByRole("tab", { name: "Document" }));
    const document = await screen.findByLabelText("Document cus_1");
    expect(document.textContent).toContain('"_sync_metadata"');
    expect(host.requests).toContain(
      `GET ${WORKSPACE}/destinations/d1/documents/one?collection=customers&id=cus_1`,
    );
  });

  it("says that its destination cannot be read, and tries again", async () => {
    let broken = true;
    const host = hostWith([testEvent()], "http", {
      [`GET ${WORKSPACE}/destinations`]: () =>
        broken
          ? [500, { error: { code: "storage_failed", message: "the disk is broken" } }]
          : { destinations: [{ id: "d1", name: "My server", kind: "http" }] },
    });
    show(host);
    await userEvent.click(await screen.findByRole("tab", { name: "Document" }));
    await screen.findByText("The disk is broken.");
    broken = false;
    await userEvent.click(screen.getByRole("button", { name: "Retry" }));
    await screen.findByText(/My server is an HTTP server/);
  });

  it("says why there is no document", async () => {
    show(hostWith([failedEvent], "http"));
    await userEvent.click(await screen.findByRole("tab", { name: "Document" }));
    await screen.findByText(/is an HTTP server/);
  });

  it("compares the object with its state in the event before", async () => {
    const before = testEvent({
      id: "41",
      rawBody: testEvent().rawBody?.replace("ada@new.example", "ada@old.example") ?? null,
    });
    show(hostWith([testEvent(), before], "mongodb"));
    await userEvent.click(await screen.findByRole("tab", { name: "Compare" }));
    await screen.findByText(/Since customer.created/);
    await waitFor(() =>
      expect(document.querySelector(".cm-deletedChunk")?.textContent).toContain("ada@old.example"),
    );
  });

  it("keeps an event that is pinned", async () => {
    const host = hostWith([testEvent()], "mongodb", { [`PUT ${at("42")}/pin`]: [204, null] });
    show(host);
    await userEvent.click(await screen.findByRole("button", { name: /^More/ }));
    await userEvent.click(screen.getByRole("switch", { name: "Never clean up" }));
    await waitFor(() => expect(host.requests).toContain(`PUT ${at("42")}/pin`));
  });
});

describe("edit & send", () => {
  const TEST = "POST /api/webhooks/default/job1/test";

  async function openDialog(host: ReturnType<typeof hostWith>) {
    const shown = show(host);
    await userEvent.click(await screen.findByRole("button", { name: "Edit & send" }));
    const dialog = within(await screen.findByRole("dialog"));
    await dialog.findByLabelText("Payload to send");
    return { dialog, ...shown };
  }

  it("sends the payload under a new id, and shows what became of it", async () => {
    const host = hostWith([testEvent(), { ...failedEvent, id: "50" }], "http", {
      [TEST]: {
        ok: true,
        url: "https://hooks.example",
        eventType: "customer.updated",
        status: 200,
        body: "{}",
        durationMs: 8,
        eventId: "50",
        duplicate: false,
      },
    });
    const { dialog, onNavigate } = await openDialog(host);
    expect(dialog.getByText(/signed with the job's secret as Stripe would/)).toBeTruthy();
    await userEvent.click(dialog.getByRole("button", { name: "Send" }));
    await dialog.findByText("The receiver accepted it: HTTP 200 in 8 ms");
    const [sent] = host.bodies as { body: string; eventType?: string }[];
    expect(sent?.body).toMatch(/"id": "evt_1_edit_[0-9a-z]{6}"/);
    expect(sent?.body).toContain('"rate": 1.0');
    expect(sent?.body).toContain('"balance": 9007199254740993');
    expect(sent?.eventType).toBeUndefined();
    await dialog.findByText("Failed: HTTP 500 in 12 ms");
    expect((await dialog.findByLabelText("The destination's answer")).textContent).toContain("no email");
    await userEvent.click(dialog.getByRole("button", { name: "Show the new event" }));
    expect(onNavigate).toHaveBeenCalledWith("job1", "50");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("is not closed by a stray key once something was typed", async () => {
    const event = testEvent({ providerKind: "github", providerLabel: "GitHub" });
    const { dialog } = await openDialog(hostWith([event], "http"));
    await userEvent.type(dialog.getByLabelText("Event type"), ".edited");
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("dialog")).not.toBeNull();
  });

  it("says that a known id changes nothing, and sends with another one", async () => {
    let calls = 0;
    const host = hostWith([testEvent()], "http", {
      [TEST]: () => {
        calls += 1;
        const answer = {
          ok: true,
          url: "",
          eventType: "",
          status: 200,
          body: "{}",
          durationMs: 8,
          eventId: "42",
        };
        return { ...answer, duplicate: calls === 1 };
      },
    });
    const { dialog } = await openDialog(host);
    await userEvent.click(dialog.getByRole("button", { name: "Send" }));
    await userEvent.click(await dialog.findByRole("button", { name: "Send with a new id" }));
    await dialog.findByRole("button", { name: "Show the new event" });
    const ids = (host.bodies as { body: string }[]).map(({ body }) => JSON.parse(body).id);
    expect(new Set(ids).size).toBe(2);
  });

  it("asks for the type where the provider sends it in a header", async () => {
    const event = testEvent({ providerKind: "github", providerLabel: "GitHub", type: "issues.opened" });
    const host = hostWith([event], "http", {
      [TEST]: [
        422,
        { error: { code: "invalid_request", message: "there is no such type", field: "eventType" } },
      ],
    });
    const { dialog } = await openDialog(host);
    const type = dialog.getByLabelText("Event type");
    await userEvent.clear(type);
    await userEvent.type(type, "issues.closed");
    await userEvent.click(dialog.getByRole("button", { name: "Send" }));
    await dialog.findByText("There is no such type.");
    expect(host.bodies[0]).toMatchObject({ eventType: "issues.closed" });
  });

  it("shows why the receiver refused", async () => {
    const host = hostWith([testEvent()], "http", {
      [TEST]: {
        ok: false,
        url: "",
        eventType: "",
        status: 400,
        body: '{"error":{"message":"no JSON"}}',
        durationMs: 3,
        eventId: null,
        duplicate: false,
      },
    });
    const { dialog } = await openDialog(host);
    await userEvent.click(dialog.getByRole("button", { name: "Send" }));
    await dialog.findByText("The receiver refused it: HTTP 400 in 3 ms");
    expect((await dialog.findByLabelText("The receiver's answer")).textContent).toContain("no JSON");
  });
});
