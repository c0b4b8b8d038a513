/**
 * The event list as a chain of pages: pure, so that every case can be tested.
 *
 * A page is the stretch between two cursors. The cursors of all pages are kept (they are short), the rows only of those near
 * the screen; a page that was dropped is read again between its cursors. So memory stays flat however far one scrolls, and
 * what changes within one page (a status filter that no longer matches) never leaves a gap to the next.
 */
import type { Event } from "../../api/schema";

/** Rows read at once. */
export const PAGE_SIZE = 200;
/** Pages whose rows are kept. */
export const KEPT_PAGES = 15;
/** More is read when fewer rows than this are left below the screen. */
export const READ_AHEAD = 150;

export type Order = "desc" | "asc";

/** What the engine answers. */
export interface Answer {
  events: readonly Event[];
  nextCursor: string | null;
}

export interface Page {
  /** The cursor behind which it begins; null at the very beginning. */
  readonly start: string | null;
  readonly count: number;
  /** Null when they were dropped or not read yet. */
  readonly rows: readonly Event[] | null;
  /** Something changed since it was read. */
  readonly stale: boolean;
}

export interface Chain {
  readonly order: Order;
  readonly pages: readonly Page[];
  /** The index of each page's first row. */
  readonly offsets: readonly number[];
  readonly total: number;
  /** Where reading goes on; null when the end was read, undefined before the first answer. */
  readonly next: string | null | undefined;
  /** The greatest id seen: what is newer has not been shown yet. Null while there is none. */
  readonly newest: string | null;
}

export const emptyChain = (order: Order): Chain => ({
  order,
  pages: [],
  offsets: [],
  total: 0,
  next: undefined,
  newest: null,
});

/** Compares two ids: numbers as text, without leading zeros. */
export const compareIds = (left: string, right: string): number =>
  left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);

/** The chain with its first page. */
export function started(order: Order, answer: Answer): Chain {
  const newest = greatest(null, answer.events);
  // With a definite beginning, reading the page again cannot bring newer events into it.
  const start = order === "desc" && newest ? following(newest) : null;
  const page: Page = { start, count: answer.events.length, rows: answer.events, stale: false };
  return rebuilt({ ...emptyChain(order), next: answer.nextCursor, newest }, [page]);
}

/** The chain with the page behind `cursor` at its end. */
export function continued(chain: Chain, cursor: string, answer: Answer): Chain {
  if (chain.next !== cursor) return chain;
  const newest = greatest(chain.newest, answer.events);
  const page: Page = { start: cursor, count: answer.events.length, rows: answer.events, stale: false };
  return rebuilt({ ...chain, next: answer.nextCursor, newest }, [...chain.pages, page]);
}

/** The chain with the page that begins at `start` read again. */
export function reread(chain: Chain, start: string | null, answer: Answer): Chain {
  const at = chain.pages.findIndex((page) => page.start === start);
  if (at < 0) return chain;
  const isLast = at === chain.pages.length - 1;
  const end = isLast ? chain.next : chain.pages[at + 1]?.start;
  const rows = end ? answer.events.filter((event) => !isBehind(chain.order, event.id, end)) : answer.events;
  const page: Page = { start, count: rows.length, rows, stale: false };
  const pages = [...chain.pages];
  // The stretch holds more than was read: what is left of it becomes a page of its own, to be read next.
  const left = answer.nextCursor;
  if (end && left && isBefore(chain.order, left, end)) {
    pages.splice(at, 1, page, { start: left, count: 0, rows: null, stale: false });
    return rebuilt(chain, pages);
  }
  pages[at] = page;
  const newest = greatest(chain.newest, rows);
  return rebuilt({ ...chain, newest, next: end ? chain.next : left }, pages);
}

/**
 * The chain with what is newer than `newest` above it. When there is more than one page of it, the chain begins anew: a
 * flood is not worth reading row by row.
 */
export function grown(chain: Chain, answer: Answer): Chain {
  if (chain.order === "asc") return chain;
  if (chain.newest === null || answer.nextCursor !== null) return started(chain.order, answer);
  const rows = answer.events.filter((event) => compareIds(event.id, chain.newest ?? "") > 0);
  if (rows.length === 0) return chain;
  const newest = greatest(chain.newest, rows);
  const start = newest ? following(newest) : null;
  const [top, ...rest] = chain.pages;
  const merges = top?.rows && top.rows.length + rows.length <= PAGE_SIZE;
  const pages: Page[] = merges
    ? [
        {
          start,
          count: top.count + rows.length,
          rows: [...rows, ...(top.rows ?? [])],
          stale: top.stale,
        },
        ...rest,
      ]
    : [{ start, count: rows.length, rows, stale: false }, ...chain.pages];
  return rebuilt({ ...chain, newest }, pages);
}

/** Marks all that was read as old. */
export function outdated(chain: Chain): Chain {
  return { ...chain, pages: chain.pages.map((page) => (page.stale ? page : { ...page, stale: true })) };
}

/** Drops the rows of the pages that are farthest from rows `first` to `last`. */
export function trimmed(chain: Chain, first: number, last: number): Chain {
  const loaded = chain.pages.flatMap((page, at) => (page.rows && page.count > 0 ? [at] : []));
  if (loaded.length <= KEPT_PAGES) return chain;
  const middle = (pageAt(chain, first) + pageAt(chain, last)) / 2;
  const dropped = new Set(
    loaded.sort((left, right) => Math.abs(left - middle) - Math.abs(right - middle)).slice(KEPT_PAGES),
  );
  const pages = chain.pages.map((page, at) => (dropped.has(at) ? { ...page, rows: null } : page));
  return { ...chain, pages };
}

/** Without the last pages, as long as there are more rows than `limit`. They can be read again. */
export function shortened(chain: Chain, limit: number): Chain {
  if (chain.total <= limit) return chain;
  const pages = [...chain.pages];
  let { total, next } = chain;
  while (pages.length > 1 && total > limit) {
    const last = pages.pop();
    total -= last?.count ?? 0;
    next = last?.start;
  }
  return rebuilt({ ...chain, next }, pages);
}

/** What has to be read so that rows `first` to `last` can be shown and scrolling goes on; they may lie beyond the list. */
export type Wanted = { read: "page"; start: string | null } | { read: "next"; cursor: string };

export function missing(chain: Chain, first: number, last: number, limit: number): Wanted | undefined {
  const from = pageAt(chain, first);
  const to = pageAt(chain, last);
  for (let at = from; at <= to; at += 1) {
    const page = chain.pages[at];
    if (page && !page.rows) return { read: "page", start: page.start };
  }
  // The rest of a stretch that has grown: its rows are not counted before they were read.
  const rest = chain.pages.find((page) => !page.rows && page.count === 0);
  if (rest) return { read: "page", start: rest.start };
  if (chain.next && chain.total < limit && last + READ_AHEAD >= chain.total) {
    return { read: "next", cursor: chain.next };
  }
  return undefined;
}

/** The first page on the screen that is old. */
export function oldPage(chain: Chain, first: number, last: number): Page | undefined {
  const from = pageAt(chain, first);
  const to = pageAt(chain, last);
  return chain.pages.slice(from, to + 1).find((page) => page.stale);
}

/** The row at an index; undefined where it is not loaded. */
export function rowAt(chain: Chain, index: number): Event | undefined {
  const at = pageAt(chain, index);
  return chain.pages[at]?.rows?.[index - (chain.offsets[at] ?? 0)];
}

/** Where an event stands; -1 when it is not among the loaded rows. */
export function indexOfEvent(chain: Chain, id: string): number {
  for (const [at, page] of chain.pages.entries()) {
    const within = page.rows?.findIndex((event) => event.id === id) ?? -1;
    if (within >= 0) return (chain.offsets[at] ?? 0) + within;
  }
  return -1;
}

/** All loaded rows from one index to another, in either direction. */
export function rowsBetween(chain: Chain, one: number, other: number): Event[] {
  const rows: Event[] = [];
  for (let index = Math.min(one, other); index <= Math.max(one, other); index += 1) {
    const row = rowAt(chain, index);
    if (row) rows.push(row);
  }
  return rows;
}

/** All loaded rows. */
export const loadedRows = (chain: Chain): Event[] => chain.pages.flatMap((page) => page.rows ?? []);

/** The page that holds a row: the last one that begins at or before it. */
function pageAt(chain: Chain, index: number): number {
  const { offsets } = chain;
  let low = 0;
  let high = offsets.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((offsets[middle] ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  return Math.max(low, 0);
}

function rebuilt(chain: Chain, pages: readonly Page[]): Chain {
  const offsets: number[] = [];
  let total = 0;
  for (const page of pages) {
    offsets.push(total);
    total += page.count;
  }
  return { ...chain, pages, offsets, total };
}

/** Whether an event belongs behind a cursor, not before it. A cursor is the id of the last event before it. */
const isBehind = (order: Order, id: string, cursor: string): boolean =>
  order === "desc" ? compareIds(id, cursor) < 0 : compareIds(id, cursor) > 0;

/** Whether a cursor stands before another one. */
const isBefore = (order: Order, one: string, other: string): boolean =>
  order === "desc" ? compareIds(one, other) > 0 : compareIds(one, other) < 0;

/** The cursor before which an event and everything older lies. */
const following = (id: string): string => (BigInt(id) + 1n).toString();

const greatest = (known: string | null, events: readonly Event[]): string | null =>
  events.reduce<string | null>(
    (best, { id }) => (best === null || compareIds(id, best) > 0 ? id : best),
    known,
  );
