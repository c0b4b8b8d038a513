/** How an event's status is shown: a tone for the shape, and words that say what it means. */
import type { Event } from "../api/schema";
import type { Tone } from "./ui/Status";

export type EventStatus = Event["status"];

/** In the order in which filters list them. */
export const EVENT_STATUSES: EventStatus[] = [
  "completed",
  "pending",
  "processing",
  "failed",
  "skipped",
  "rejected",
];

const TONES: Record<EventStatus, Tone> = {
  completed: "ok",
  pending: "wait",
  processing: "busy",
  failed: "bad",
  skipped: "idle",
  rejected: "bad",
};

export const statusTone = (status: EventStatus): Tone => TONES[status];

/** Of one event: what will be tried again waits, and has not failed for good. */
export const eventTone = (event: Pick<Event, "status" | "nextAttemptAt">): Tone =>
  event.status === "failed" && event.nextAttemptAt ? "wait" : statusTone(event.status);

/** The statuses as they are called. */
export const STATUS_WORDS: Record<EventStatus, string> = {
  completed: "Completed",
  pending: "Pending",
  processing: "Processing",
  failed: "Failed",
  skipped: "Skipped",
  rejected: "Rejected",
};

/** The word beside the shape. */
export function statusWord(event: Pick<Event, "status" | "reason" | "nextAttemptAt">): string {
  switch (event.status) {
    case "failed":
      return event.nextAttemptAt ? "Retrying" : STATUS_WORDS.failed;
    case "skipped":
      return event.reason ? SKIPPED[event.reason] : STATUS_WORDS.skipped;
    default:
      return STATUS_WORDS[event.status];
  }
}

const SKIPPED: Record<NonNullable<Event["reason"]>, string> = {
  filtered: "Filtered",
  unmapped: "Unmapped",
  stale: "Stale",
};

/** What the status means, in one sentence. */
export function statusMeaning(event: Pick<Event, "status" | "reason" | "nextAttemptAt">): string {
  switch (event.status) {
    case "completed":
      return "Applied to the destination.";
    case "pending":
      return "Stored safely, waiting to be applied.";
    case "processing":
      return "Being applied right now.";
    case "failed":
      return event.nextAttemptAt
        ? "The last attempt failed; another one is planned."
        : "All attempts failed. Retry it when the cause is mended.";
    case "rejected":
      return "Refused at receipt: kept for debugging, never synced.";
    case "skipped":
      switch (event.reason) {
        case "filtered":
          return "Not one of the event types that the job selects.";
        case "unmapped":
          return "Carries no object that could be synced.";
        case "stale":
          return "The destination already holds a newer state of this object.";
        default:
          return "Nothing had to be done.";
      }
  }
}
