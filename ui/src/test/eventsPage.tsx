/** The page of events over an engine that the test can change. */
import { act, configure, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect } from "vitest";
import { startLiveUpdates } from "../api/live";
import type { Event } from "../api/schema";
import { EventsPage } from "../features/events/EventsPage";
import { clearSelection } from "../features/events/selection";
import { answerFrom, testEvents } from "../features/events/testEvents";
import type { Change } from "../platform";
import { type Answers, fakeHost, renderApp } from "./render";

// A busy machine takes its time; a test that waits for nothing is over at once all the same.
configure({ asyncUtilTimeout: 8000 });

export const JOB = {
  id: "job1",
  name: "Stripe → Analytics",
  sourceId: "source1",
  destinationId: "destination1",
  webhookUrl: "http://127.0.0.1:4400/api/webhooks/default/job1",
};

interface Engine {
  table: Event[];
  jobs: unknown[];
  destinationKind: string;
  failure?: [number, unknown] | undefined;
}

/** The page over an engine with these events. */
export function open(over: Partial<Engine> = {}, path = "/events", more: Answers = {}) {
  const engine: Engine = { table: testEvents(30), jobs: [JOB], destinationKind: "local", ...over };
  const events = (request: Request) => {
    if (engine.failure) return engine.failure;
    const query = new URL(request.url).searchParams;
    const status = query.getAll("status");
    const q = query.get("q");
    const table = engine.table.filter(
      (event) => (status.length === 0 || status.includes(event.status)) && (!q || event.id === q),
    );
    return answerFrom(table, {
      order: query.get("order") === "asc" ? "asc" : "desc",
      limit: Number(query.get("limit")),
      ...(query.has("cursor") ? { cursor: query.get("cursor") ?? "" } : {}),
      ...(query.has("after") ? { after: query.get("after") ?? "" } : {}),
    });
  };
  let tell: (changes: Change[]) => void = () => {};
  const host = {
    ...fakeHost({
      "GET /api/workspaces/default/events": events,
      "GET /api/workspaces/default/sync-jobs": () => ({ syncJobs: engine.jobs }),
      "GET /api/workspaces/default/sources": { sources: [{ id: "source1", kind: "stripe" }] },
      "GET /api/workspaces/default/destinations": () => ({
        destinations: [{ id: "destination1", kind: engine.destinationKind }],
      }),
      "GET /api/providers": {
        providers: [
          { kind: "stripe", label: "Stripe", knownTypes: ["customer.created", "customer.updated"] },
        ],
      },
      ...more,
    }),
    changes(listener: (changes: Change[]) => void) {
      tell = listener;
      return () => {};
    },
  };
  const app = renderApp(<EventsPage />, host, path);
  const stop = startLiveUpdates(app.client);
  stopping.push(stop);
  const search = () => app.router.state.location.search as Record<string, unknown>;
  const changed = () => act(async () => tell([{ what: "events", jobId: "job1" }]));
  return { ...app, engine, host, search, changed, user: userEvent.setup() };
}

const stopping: (() => void)[] = [];

export const rowOf = async (id: number) => {
  await waitFor(() => expect(document.getElementById(`event-row-${id}`)).not.toBeNull());
  return document.getElementById(`event-row-${id}`) as HTMLElement;
};
export const filters = () => within(screen.getByRole("search"));
export const cursor = () => screen.getByRole("grid").getAttribute("aria-activedescendant");

beforeEach(() => {
  clearSelection();
});
afterEach(() => {
  for (const stop of stopping.splice(0)) stop();
});
