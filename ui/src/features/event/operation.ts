import type { EventDetail } from "../../api/schema";

/** Why an event changes no document. */
export function noOperationWords(event: Pick<EventDetail, "status" | "reason" | "error">): string {
  if (event.status === "rejected") {
    return "The request was refused at receipt, so it never changes a document.";
  }
  if (event.status === "skipped" && event.reason === "filtered") {
    return "The job does not select this event type, so no document was changed.";
  }
  return event.error
    ? `The event changes no document: ${event.error}.`.replace(/\.\.$/, ".")
    : "The event carries no object that could be synced, so it changes no document.";
}
