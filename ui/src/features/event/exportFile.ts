/** An event as a file. */
import type { EventDetail } from "../../api/schema";

/** `customer.updated-evt_1.json`, without what file systems do not take. */
export function exportName(event: Pick<EventDetail, "type" | "providerEventId" | "id">): string {
  const name = [event.type, event.providerEventId || event.id].filter(Boolean).join("-");
  return `${name.replaceAll(/[^A-Za-z0-9._-]+/g, "_").slice(0, 150)}.json`;
}

/** The whole event as JSON. The body stays a text within it: parsed, its numbers would be rounded. */
export function exportText(event: EventDetail, exportedAt: Date): string {
  const { headers, rawBody, rawBodyBase64, method, url, ...rest } = event;
  const file = {
    exportedBy: "Hookline",
    exportedAt: exportedAt.toISOString(),
    event: rest,
    request: { method, url, headers, body: rawBody, bodyBase64: rawBodyBase64 },
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
