/** Events for tests: an engine's table of events that answers like the API. */
import type { Event } from "../../api/schema";
import type { FeedRequest } from "./feed";
import { type Answer, compareIds } from "./pages";

export function testEvent(id: number, over: Partial<Event> = {}): Event {
  return {
    id: String(id),
    jobId: "job1",
    providerEventId: `evt_${id}`,
    type: id % 2 === 0 ? "customer.updated" : "invoice.paid",
    objectType: "customer",
    objectId: `cus_${id}`,
    status: "completed",
    reason: null,
    receivedAt: new Date(Date.UTC(2026, 0, 1) + id * 1000).toISOString(),
    occurredAt: null,
    finishedAt: null,
    attempts: 1,
    nextAttemptAt: null,
    error: null,
    sizeBytes: 100 + id,
    duplicates: 0,
    pinned: false,
    ...over,
  };
}

/** Events `last` down to 1. */
export const testEvents = (last: number): Event[] =>
  Array.from({ length: last }, (_, index) => testEvent(last - index));

/** What the engine answers from `events` (newest first). */
export function answerFrom(events: readonly Event[], request: Partial<FeedRequest>): Answer {
  const { order = "desc", cursor, after, limit = 100 } = request;
  const ordered = order === "desc" ? events : [...events].reverse();
  const found = ordered.filter(({ id }) => {
    if (after !== undefined && compareIds(id, after) <= 0) return false;
    if (cursor === undefined) return true;
    return order === "desc" ? compareIds(id, cursor) < 0 : compareIds(id, cursor) > 0;
  });
  const page = found.slice(0, limit);
  return { events: page, nextCursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
}
