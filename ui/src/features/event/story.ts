/** What happened to an event, in one or two sentences for somebody who has to tell a customer. */
import type { EventDetail } from "../../api/schema";
import { statusMeaning } from "../../shared/eventStatus";
import { formatDuration, plural } from "../../shared/format/numbers";
import { formatAbsolute } from "../../shared/format/times";

type Facts = Pick<
  EventDetail,
  | "status"
  | "reason"
  | "receivedAt"
  | "finishedAt"
  | "nextAttemptAt"
  | "attempts"
  | "operations"
  | "history"
  | "error"
>;

/** The story of an event; `destination` is the destination's name. */
export function story(event: Facts, destination: string | undefined): string {
  const received = `Received ${formatAbsolute(event.receivedAt)}`;
  const place = destination ?? "the destination";
  switch (event.status) {
    case "completed":
      return `${received} and ${applied(event, place)}${later(event)}.`;
    case "failed": {
      const outcome = `${received}, but not applied to ${place}: ${plural(event.attempts, "attempt")} failed.`;
      return event.nextAttemptAt ? `${outcome} It is tried again by itself.` : outcome;
    }
    case "pending":
    case "processing":
      return `${received}, not applied to ${place} yet. ${statusMeaning(event)}`;
    default:
      return `${received}; nothing was changed in ${place}. ${statusMeaning(event)}`;
  }
}

function applied(event: Facts, place: string): string {
  if (event.history.at(-1)?.answer) return `forwarded to ${place}`;
  const [operation] = event.operations;
  if (!operation) return `applied to ${place}`;
  if (event.operations.length > 1) return `written as ${event.operations.length} documents to ${place}`;
  return operation.kind === "delete"
    ? `its document deleted from ${operation.collection} in ${place}`
    : `written to ${operation.collection} in ${place}`;
}

/** ` 300 ms later, at the 3rd attempt`: how long it took and what it took. */
function later(event: Facts): string {
  if (!event.finishedAt) return "";
  const duration = formatDuration(Math.max(0, Date.parse(event.finishedAt) - Date.parse(event.receivedAt)));
  return event.attempts > 1 ? ` ${duration} later, after ${event.attempts} attempts` : ` ${duration} later`;
}
