/** What is done with many events: in parts, with progress, to be cancelled between two parts. */
import { api, call, WORKSPACE } from "../../api/client";
import type { FeedRequest } from "./feed";
import type { EventFilter } from "./search";
import { deselect, type Selected } from "./selection";
import { readEvents } from "./useEventFeed";

/** Events of one request. */
export const CHUNK = 100;
/** So many are collected at most when all that match are selected. */
export const MOST_COLLECTED = 100_000;
/** So many, and so many bytes of them, are exported at most: their bodies are in memory until they are saved. */
export const MOST_EXPORTED = 10_000;
export const MOST_EXPORTED_BYTES = 100_000_000;
/** Details read at the same time. */
const READERS = 6;

export interface Failure {
  eventId: string;
  message: string;
}

export interface BulkResult {
  done: number;
  failed: Failure[];
  /** Cancelled before everything was done. */
  cancelled: boolean;
  /** What broke it off. What was done until then stays done. */
  error?: unknown;
}

export type Progress = (done: number) => void;

/** Does `work` with one part after the other. A part that it broke off because of `signal` is undefined. */
export async function inChunks<T>(
  items: readonly T[],
  size: number,
  work: (chunk: T[]) => Promise<{ done: number; failed: Failure[] } | undefined>,
  progress: Progress,
  signal: AbortSignal,
): Promise<BulkResult> {
  const result: BulkResult = { done: 0, failed: [], cancelled: false };
  for (let start = 0; start < items.length; start += size) {
    if (signal.aborted) return { ...result, cancelled: true };
    try {
      const part = await work(items.slice(start, start + size));
      if (part === undefined) return { ...result, cancelled: true };
      const { done, failed } = part;
      result.done += done;
      result.failed.push(...failed);
    } catch (error) {
      return { ...result, error };
    }
    progress(Math.min(start + size, items.length));
  }
  return result;
}

/** Replays or retries events. */
export async function again(
  what: "replay" | "retry",
  events: readonly Selected[],
  progress: Progress,
  signal: AbortSignal,
): Promise<BulkResult> {
  const params = { path: { workspaceId: WORKSPACE } };
  const send = (chunk: Selected[]) => {
    const body = { events: chunk.map(({ id, jobId }) => ({ jobId, eventId: id })) };
    // A part that is under way is not broken off: whether it was done would be unknown.
    return what === "replay"
      ? call(api.POST("/api/workspaces/{workspaceId}/events/replay", { params, body }))
      : call(api.POST("/api/workspaces/{workspaceId}/events/retry", { params, body }));
  };
  const result = await inChunks(events, CHUNK, send, progress, signal);
  // What was done is not to be offered once more; what failed, or was not come to, stays to be looked at.
  const refused = new Set(result.failed.map(({ eventId }) => eventId));
  deselect(events.slice(0, result.done + result.failed.length).filter(({ id }) => !refused.has(id)));
  return result;
}

/** All events that match a filter, newest first, at most `MOST_COLLECTED`. */
export async function collectMatching(
  filter: EventFilter,
  progress: Progress,
  signal: AbortSignal,
  most = MOST_COLLECTED,
): Promise<{ events: Selected[]; all: boolean }> {
  const events: Selected[] = [];
  let cursor: string | null = null;
  do {
    const request: Partial<FeedRequest> = { limit: Math.min(1000, most - events.length) };
    if (cursor !== null) request.cursor = cursor;
    const answer = await readEvents(filter, request, signal);
    events.push(...answer.events);
    progress(events.length);
    cursor = answer.nextCursor;
  } while (cursor !== null && events.length < most);
  return { events, all: cursor === null };
}

/** The first of the events, as many as one export holds. */
export function exportable(events: readonly Selected[], mostBytes = MOST_EXPORTED_BYTES): Selected[] {
  let bytes = 0;
  const end = events.findIndex(({ sizeBytes }, index) => {
    bytes += sizeBytes;
    return index > 0 && (index >= MOST_EXPORTED || bytes > mostBytes);
  });
  return end < 0 ? [...events] : events.slice(0, end);
}

/** The events' details as JSON lines, in their order. One that is gone meanwhile is left out and told. */
export async function exportLines(
  events: readonly Selected[],
  progress: Progress,
  signal: AbortSignal,
): Promise<BulkResult & { text: string }> {
  const lines: string[] = [];
  const result = await inChunks(
    events,
    READERS,
    async (chunk) => {
      const read = await Promise.allSettled(
        chunk.map(({ id, jobId }) =>
          call(
            api.GET("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events/{eventId}", {
              params: { path: { workspaceId: WORKSPACE, jobId, eventId: id } },
              signal,
            }),
          ),
        ),
      );
      // What was broken off is no failure, and the part that is missing would be missing in the file.
      if (signal.aborted) return undefined;
      const failed: Failure[] = [];
      for (const [index, outcome] of read.entries()) {
        if (outcome.status === "fulfilled") lines.push(JSON.stringify(outcome.value));
        else failed.push({ eventId: chunk[index]?.id ?? "", message: messageOf(outcome.reason) });
      }
      return { done: chunk.length - failed.length, failed };
    },
    progress,
    signal,
  );
  return { ...result, text: lines.map((line) => `${line}\n`).join("") };
}

const messageOf = (reason: unknown): string => (reason instanceof Error ? reason.message : String(reason));

/** Failures with the same words as one, the most frequent first; ids within the words are left out for that. */
export function groupedFailures(failed: readonly Failure[]): { message: string; count: number }[] {
  const groups = new Map<string, number>();
  for (const { eventId, message } of failed) {
    const words = message.replace(`event ${eventId} `, "the event ");
    groups.set(words, (groups.get(words) ?? 0) + 1);
  }
  return [...groups]
    .map(([message, count]) => ({ message, count }))
    .sort((left, right) => right.count - left.count);
}
