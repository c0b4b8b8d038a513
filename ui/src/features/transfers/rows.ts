/** The table's rows: what is shown of each job, how they are sorted and found. */
import type { Destination, JobOverview, Source, SyncJob } from "../../api/schema";
import { type JobState, jobState } from "../../shared/jobState";
import type { Tone } from "../../shared/ui/Status";

export interface TransferRow {
  job: SyncJob;
  source: string;
  sourceKind: string;
  destination: string;
  state: JobState;
  /** Absent until the numbers are read. */
  figures: JobOverview | undefined;
  eventsLastHour: number;
}

/** Joins jobs with the names of their ends and their numbers. */
export function toRows(
  jobs: SyncJob[],
  sources: Source[] | undefined,
  destinations: Destination[] | undefined,
  figures: JobOverview[] | undefined,
  now: number,
): TransferRow[] {
  const sourceOf = new Map(sources?.map((source) => [source.id, source]));
  const destinationOf = new Map(destinations?.map((destination) => [destination.id, destination]));
  const figuresOf = new Map(figures?.map((entry) => [entry.jobId, entry]));
  return jobs.map((job) => {
    const own = figuresOf.get(job.id);
    return {
      job,
      source: sourceOf.get(job.sourceId)?.name ?? "…",
      sourceKind: sourceOf.get(job.sourceId)?.kind ?? "",
      destination: destinationOf.get(job.destinationId)?.name ?? "…",
      state: jobState(job, own?.failedLastHour ?? 0, now),
      figures: own,
      eventsLastHour: own?.lastHour.reduce((sum, count) => sum + count, 0) ?? 0,
    };
  });
}

export const SORT_COLUMNS = ["name", "route", "state", "today", "success", "last", "hour"] as const;
export type SortColumn = (typeof SORT_COLUMNS)[number];

export interface Sorting {
  column: SortColumn;
  descending: boolean;
}

/** The worst first: that is what one sorts states for. */
const SEVERITY: Record<Tone, number> = { bad: 0, wait: 1, busy: 2, ok: 3, idle: 4 };

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** What a row is sorted by; undefined stands at the end, whichever way. */
function keyOf(row: TransferRow, column: SortColumn): string | number | undefined {
  switch (column) {
    case "name":
      return row.job.name;
    case "route":
      return `${row.source} ${row.destination}`;
    case "state":
      return SEVERITY[row.state.tone];
    case "today":
      return row.figures?.today;
    case "success":
      return row.figures?.successRate ?? undefined;
    case "last":
      return row.figures?.lastReceivedAt ? Date.parse(row.figures.lastReceivedAt) : undefined;
    case "hour":
      return row.figures && row.eventsLastHour;
  }
}

/** Sorted anew; rows that are equal stand by name. */
export function sortRows(rows: TransferRow[], { column, descending }: Sorting): TransferRow[] {
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, key: keyOf(row, column) }))
    .sort((a, b) => {
      if (a.key === undefined || b.key === undefined) {
        if (a.key !== b.key) return a.key === undefined ? 1 : -1;
      } else if (typeof a.key === "number" && typeof b.key === "number") {
        if (a.key !== b.key) return sign * (a.key - b.key);
      } else {
        const order = collator.compare(String(a.key), String(b.key));
        if (order !== 0) return sign * order;
      }
      return collator.compare(a.row.job.name, b.row.job.name);
    })
    .map(({ row }) => row);
}

/** Which way a column is sorted when it is first chosen: names from A, states from the worst, numbers from the greatest. */
const startsDescending = (column: SortColumn): boolean =>
  column !== "name" && column !== "route" && column !== "state" && column !== "success";

/** The sorting after a press on a column's heading. */
export function toggledSorting(sorting: Sorting, column: SortColumn): Sorting {
  return sorting.column === column
    ? { column, descending: !sorting.descending }
    : { column, descending: startsDescending(column) };
}

/** Rows in whose name, ends or state every word occurs. */
export function filterRows(rows: TransferRow[], text: string): TransferRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter(({ job, source, sourceKind, destination, state }) => {
    const hay = `${job.name} ${source} ${sourceKind} ${destination} ${state.word} ${job.id}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  });
}
