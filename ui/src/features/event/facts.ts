/** What can be read from an event for its summary. */
import type { EventDetail } from "../../api/schema";
import { formatDuration, plural } from "../../shared/format/numbers";
import { headerValue } from "./body";

/** Larger bodies are not read for a word in the summary. */
const MAX_READ_CHARACTERS = 2_000_000;

export interface PayloadFacts {
  /** `live` or `test`; undefined where the provider does not say. */
  mode?: "live" | "test";
  /** The provider's version of its API. */
  apiVersion?: string;
}

/** What the payload or the headers say of mode and version. */
export function payloadFacts(event: Pick<EventDetail, "rawBody" | "headers">): PayloadFacts {
  const body = parsed(event.rawBody);
  const facts: PayloadFacts = {};
  const live = body?.livemode;
  const testMode = body?.meta?.test_mode;
  const shopifyTest = headerValue(event, "x-shopify-test");
  if (typeof live === "boolean") facts.mode = live ? "live" : "test";
  else if (typeof testMode === "boolean") facts.mode = testMode ? "test" : "live";
  else if (shopifyTest !== undefined) facts.mode = shopifyTest === "true" ? "test" : "live";
  const version = body?.api_version ?? headerValue(event, "x-shopify-api-version");
  if (typeof version === "string") facts.apiVersion = version;
  return facts;
}

/** What is looked for; nothing is known of the types. */
interface Payload {
  livemode?: unknown;
  api_version?: unknown;
  meta?: { test_mode?: unknown } | null;
}

function parsed(text: string | null | undefined): Payload | undefined {
  if (!text || text.length > MAX_READ_CHARACTERS) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === "object" ? (value as Payload) : undefined;
  } catch {
    return undefined;
  }
}

/** How long after the change it was received: `1.4 s after it happened`. */
export function lagWords(event: Pick<EventDetail, "receivedAt" | "occurredAt">): string | undefined {
  if (!event.occurredAt) return undefined;
  const lag = Date.parse(event.receivedAt) - Date.parse(event.occurredAt);
  // Providers' clocks differ from this one, and some count whole seconds only.
  return lag < 0
    ? `${formatDuration(-lag)} before it happened, by the provider's clock`
    : `${formatDuration(lag)} after it happened`;
}

/** `once`, `3 times`. */
export const deliveredWords = (duplicates: number): string =>
  duplicates === 0 ? "once" : plural(duplicates + 1, "time");
