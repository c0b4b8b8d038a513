/** The event list's filters, as they stand in the address: shareable, kept by back and forward. */
import { EVENT_STATUSES, type EventStatus } from "../../shared/eventStatus";
import { withoutEmpty } from "../../shared/withoutEmpty";

/** How far back, for chips; `from`/`to` say it exactly. */
export const RANGES = ["15m", "1h", "24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

export interface EventSearch {
  /** Words in ids, types, errors and values. */
  q?: string;
  status?: EventStatus[];
  /** Types or patterns such as `customer.*`. */
  type?: string[];
  /** A job's id. */
  job?: string;
  /** Only about this object. */
  object?: string;
  range?: Range;
  /** RFC 3339; instead of `range`. */
  from?: string;
  to?: string;
  /** Oldest first. */
  order?: "asc";
  /** The event that is open in the pane: `jobId/eventId`. */
  open?: string;
}

/** Reads an address. What cannot be read is left out: an old or mangled link shows a list, not an error. */
export function parseEventSearch(search: Record<string, unknown>): EventSearch {
  const text = (key: string): string | undefined => {
    const value = search[key];
    // The router reads `q=42` as a number.
    const read = typeof value === "number" ? String(value) : value;
    return typeof read === "string" && read.trim() !== "" ? read : undefined;
  };
  const list = (key: string): string[] => {
    const value = search[key];
    const values = Array.isArray(value) ? value : [value];
    return [...new Set(values.filter((entry): entry is string => typeof entry === "string" && entry !== ""))];
  };
  const time = (key: string) => {
    const value = text(key);
    return value && !Number.isNaN(Date.parse(value)) ? value : undefined;
  };
  const status = list("status").filter((entry): entry is EventStatus =>
    EVENT_STATUSES.includes(entry as EventStatus),
  );
  const type = list("type");
  const range = RANGES.find((entry) => entry === search.range);
  return withoutEmpty({
    q: text("q"),
    status: status.length > 0 ? status : undefined,
    type: type.length > 0 ? type : undefined,
    job: text("job"),
    object: text("object"),
    range,
    from: range ? undefined : time("from"),
    to: range ? undefined : time("to"),
    order: search.order === "asc" ? "asc" : undefined,
    open: text("open"),
  });
}

/** The ranges as they are said. */
export const RANGE_WORDS: Record<Range, string> = {
  "15m": "Last 15 min",
  "1h": "Last hour",
  "24h": "Last 24 h",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
};

const RANGE_MINUTES: Record<Range, number> = {
  "15m": 15,
  "1h": 60,
  "24h": 1440,
  "7d": 7 * 1440,
  "30d": 30 * 1440,
};

/** What is filtered for, as the API takes it. */
export interface EventFilter {
  q?: string;
  status?: EventStatus[];
  type?: string[];
  jobId?: string;
  objectId?: string;
  from?: string;
  to?: string;
}

/** The filter of an address at a time: a range reaches back from `now` (milliseconds). */
export function eventFilter(search: EventSearch, now: number): EventFilter {
  const { q, status, type, job, object, range, from, to } = search;
  return withoutEmpty<EventFilter>({
    q: q?.trim(),
    status,
    type,
    jobId: job,
    objectId: object,
    from: range ? new Date(now - RANGE_MINUTES[range] * 60_000).toISOString() : from,
    to,
  });
}

/** Whether anything but the order is chosen. */
export const isFiltered = ({ order: _order, open: _open, ...filters }: EventSearch): boolean =>
  Object.values(filters).some((value) => value !== undefined);

/** The same place without filters. */
export const withoutFilters = ({ order, open }: EventSearch): EventSearch =>
  withoutEmpty<EventSearch>({ order, open });

/** The open event of an address: `jobId/eventId`. */
export function readOpen(open: string | undefined): { jobId: string; eventId: string } | undefined {
  const [jobId, eventId, ...more] = open?.split("/") ?? [];
  return jobId && eventId && more.length === 0 ? { jobId, eventId } : undefined;
}

/** A list with an entry put in or taken out; undefined when nothing is left. */
export function toggled<T>(list: readonly T[] | undefined, entry: T): T[] | undefined {
  const without = (list ?? []).filter((each) => each !== entry);
  const next = without.length === (list?.length ?? 0) ? [...without, entry] : without;
  return next.length > 0 ? next : undefined;
}
