/** What a synced document tells: its `_id`, a title to recognise it by, and `_sync_metadata` in readable parts. */
import { formatJson } from "../../shared/json/format";

/** A document as the API gives it: MongoDB's extended JSON where JSON has no such type. */
export type StoredDocument = Record<string, unknown>;

/** `_id` as text. Documents of other programs have ids of other types. */
export function idText(id: unknown): string {
  if (typeof id === "string") return id;
  if (typeof id === "number" || typeof id === "boolean") return String(id);
  if (isObject(id)) {
    const [only, ...more] = Object.entries(id);
    if (only && more.length === 0 && EXTENDED_IDS.has(only[0]) && typeof only[1] === "string") return only[1];
  }
  return JSON.stringify(id) ?? "";
}

const EXTENDED_IDS = new Set(["$oid", "$numberLong", "$uuid"]);

/** Whether the API finds a document by this `_id` written as text: strings, whole numbers and object ids. */
export function isAddressable(id: unknown): boolean {
  if (typeof id === "string") return id !== "" && id.length <= 1000;
  if (typeof id === "number") return Number.isSafeInteger(id);
  return isObject(id) && (typeof id.$oid === "string" || typeof id.$numberLong === "string");
}

/** Fields that people recognise an object by, the best first. */
const TITLE_FIELDS = [
  "name",
  "full_name",
  "display_name",
  "title",
  "email",
  "description",
  "nickname",
  "number",
  "order_number",
  "subject",
  "login",
] as const;

/** The longest title that is shown, in characters. */
const MAX_TITLE = 120;

/** A guess at what a person calls this object; undefined where nothing in it reads like a name. */
export function titleOf(document: StoredDocument): string | undefined {
  const own = titleIn(document);
  if (own) return own;
  // Charges, orders and the like are recognised by whom they are for.
  for (const key of ["billing_details", "customer_details", "customer", "contact", "user"]) {
    const part = document[key];
    const title = isObject(part) ? titleIn(part) : undefined;
    if (title) return title;
  }
  return readable(document.customer_email) ?? readable(document.receipt_email);
}

function titleIn(document: StoredDocument): string | undefined {
  const names = [readable(document.first_name), readable(document.last_name)].filter(Boolean);
  for (const field of TITLE_FIELDS) {
    const title = readable(document[field]);
    if (title) return title;
    if (field === "name" && names.length > 0) return names.join(" ");
  }
  return undefined;
}

function readable(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return undefined;
  const text = value.replace(/\s+/g, " ").trim();
  if (text === "") return undefined;
  return text.length > MAX_TITLE ? `${text.slice(0, MAX_TITLE - 1)}…` : text;
}

/** What `_sync_metadata` says, as far as it can be read. */
export interface SyncFacts {
  operation: "upsert" | "delete" | undefined;
  eventId: string | undefined;
  eventType: string | undefined;
  jobId: string | undefined;
  /** The provider's kind, such as `stripe`. */
  source: string | undefined;
  /** RFC 3339. */
  occurredAt: string | undefined;
  receivedAt: string | undefined;
  syncedAt: string | undefined;
  /** `2026-01-31T12:00:00.123456Z, rank 1`. */
  version: string | undefined;
  livemode: boolean | undefined;
  account: string | undefined;
  apiVersion: string | undefined;
  /** The object is gone at the provider; the document was kept. */
  deleted: boolean;
  /** Nothing told which of two events of the same time came first. */
  ambiguous: boolean;
}

/** Reads `_sync_metadata`; undefined for a document that Hookline did not write. */
export function syncFacts(document: StoredDocument): SyncFacts | undefined {
  const metadata = document._sync_metadata;
  if (!isObject(metadata)) return undefined;
  const text = (key: string) => (typeof metadata[key] === "string" ? metadata[key] : undefined);
  const operation = text("operation");
  return {
    operation: operation === "upsert" || operation === "delete" ? operation : undefined,
    eventId: text("eventId"),
    eventType: text("eventType"),
    jobId: text("jobId"),
    source: text("source"),
    occurredAt: timeOf(metadata.occurredAt),
    receivedAt: timeOf(metadata.receivedAt),
    syncedAt: timeOf(metadata.syncedAt),
    version: versionText(metadata.version),
    livemode: typeof metadata.livemode === "boolean" ? metadata.livemode : undefined,
    account: text("account"),
    apiVersion: text("apiVersion"),
    deleted: metadata.deleted === true,
    ambiguous: metadata.ambiguous === true,
  };
}

/** A date of extended JSON (or plain text) as RFC 3339; undefined where it is none. */
export function timeOf(value: unknown): string | undefined {
  const inner = isObject(value) ? value.$date : value;
  const time = isObject(inner) ? Number(inner.$numberLong) : inner;
  if (typeof time !== "string" && typeof time !== "number") return undefined;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function versionText(value: unknown): string | undefined {
  if (!isObject(value) || typeof value.at !== "number" || !Number.isSafeInteger(value.at)) return undefined;
  const date = new Date(Math.floor(value.at / 1000));
  if (Number.isNaN(date.getTime())) return undefined;
  const micros = String(((value.at % 1000) + 1000) % 1000).padStart(3, "0");
  const rank = typeof value.rank === "number" ? `, rank ${value.rank}` : "";
  return `${date.toISOString().replace("Z", `${micros}Z`)}${rank}`;
}

/**
 * The provider's id of the event that wrote a document. Where one request carries several changes of one object, the
 * metadata number them (`evt_1#2`).
 */
export const providerEventIdOf = (eventId: string): string => eventId.replace(/#\d+$/, "");

/** A document's text without `_sync_metadata`, everything else as it stands; unchanged where there is none. */
export function withoutMetadata(text: string): string {
  const formatted = formatJson(text);
  const line = formatted.ok ? formatted.lines.find(["_sync_metadata"]) : undefined;
  if (!formatted.ok || line === undefined) return text;
  const lines = formatted.text.split("\n");
  const end = formatted.lines.end(line);
  lines.splice(line, end - line + 1);
  // What stands before the closing bracket now may have been followed by it.
  const last = lines.at(-2);
  if (last?.endsWith(",")) lines[lines.length - 2] = last.slice(0, -1);
  return lines.join("\n");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
