/** Turns points of activity into what charts, legends, tables and sentences show. */
import { formatCount, formatDuration, plural } from "../format/numbers";
import { formatAbsolute, formatShortClock } from "../format/times";
import { type ChartRange, rangeFacts } from "./ranges";

/** What happened from `at` until the next point. */
export interface ActivityPoint {
  at: string;
  received: number;
  completed: number;
  failed: number;
  skipped: number;
  rejected: number;
  latencyMsAverage?: number | null;
  latencyMsMax?: number | null;
}

export const OUTCOMES = ["completed", "failed", "skipped", "rejected"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const OUTCOME_WORDS: Record<Outcome, string> = {
  completed: "Completed",
  failed: "Failed attempts",
  skipped: "Skipped",
  rejected: "Rejected",
};

/** Colours of our own palette; words stand beside them everywhere. */
export const OUTCOME_COLORS: Record<Outcome, string> = {
  completed: "var(--hl-ok)",
  failed: "var(--hl-bad)",
  skipped: "var(--hl-idle)",
  rejected: "var(--hl-wait)",
};

export interface ActivitySums extends Record<Outcome, number> {
  received: number;
  /** The point with the most requests; undefined when there was none. */
  busiest: ActivityPoint | undefined;
  /** Average over all completed events, in milliseconds. */
  latencyAverage: number | undefined;
  latencyMax: number | undefined;
}

/** Adds up all points. */
export function sumActivity(points: ActivityPoint[]): ActivitySums {
  const sums: ActivitySums = {
    received: 0,
    completed: 0,
    failed: 0,
    skipped: 0,
    rejected: 0,
    busiest: undefined,
    latencyAverage: undefined,
    latencyMax: undefined,
  };
  let weight = 0;
  let weighted = 0;
  for (const point of points) {
    sums.received += point.received;
    for (const outcome of OUTCOMES) sums[outcome] += point[outcome];
    if (point.received > (sums.busiest?.received ?? 0)) sums.busiest = point;
    if (typeof point.latencyMsAverage === "number") {
      // A bucket whose average is known had at least one event, even if only a retried one was counted in it.
      const events = Math.max(1, point.completed);
      weight += events;
      weighted += events * point.latencyMsAverage;
    }
    if (typeof point.latencyMsMax === "number")
      sums.latencyMax = Math.max(sums.latencyMax ?? 0, point.latencyMsMax);
  }
  if (weight > 0) sums.latencyAverage = weighted / weight;
  return sums;
}

/** Whether nothing at all happened. */
export const isQuiet = (sums: ActivitySums): boolean =>
  sums.received === 0 && OUTCOMES.every((outcome) => sums[outcome] === 0);

/** `minute`, `15 min`, `12 h`: how long one point lasts, after "per". */
export function bucketWords(bucketSeconds: number): string {
  const single: Record<number, string> = { 60: "minute", 3600: "hour", 86400: "day" };
  return single[bucketSeconds] ?? formatDuration(bucketSeconds * 1000);
}

/** The beginning of a point on the axis: the time of day, or the day where days are shown. */
export function tickLabel(at: string, range: ChartRange): string {
  if (range !== "30d") return formatShortClock(at);
  return new Date(at).toLocaleDateString(undefined, { month: "short", day: "numeric" });
}

/** A point's exact time, from and to. */
export function bucketLabel(at: string, bucketSeconds: number): string {
  const end = new Date(Date.parse(at) + bucketSeconds * 1000).toISOString();
  const sameDay = new Date(at).toDateString() === new Date(end).toDateString();
  return `${formatAbsolute(at)} – ${sameDay ? formatShortClock(end) : formatAbsolute(end)}`;
}

/** The throughput chart in a sentence. */
export function throughputSentence(sums: ActivitySums, range: ChartRange): string {
  const { words } = rangeFacts[range];
  if (isQuiet(sums)) return `No requests in ${words}.`;
  const parts = OUTCOMES.filter((outcome) => sums[outcome] > 0).map(
    (outcome) => `${formatCount(sums[outcome])} ${OUTCOME_WORDS[outcome].toLowerCase()}`,
  );
  const outcome = parts.length > 0 ? `: ${parts.join(", ")}` : "";
  const busiest = sums.busiest
    ? ` Most at ${formatAbsolute(sums.busiest.at)}: ${formatCount(sums.busiest.received)}.`
    : "";
  return `${plural(sums.received, "event")} received in ${words}${outcome}.${busiest}`;
}

/** The latency chart in a sentence. */
export function latencySentence(sums: ActivitySums, range: ChartRange): string {
  const { words } = rangeFacts[range];
  if (sums.latencyAverage === undefined) return `No event was completed in ${words}.`;
  const slowest = sums.latencyMax === undefined ? "" : `, ${formatDuration(sums.latencyMax)} at most`;
  return `From receipt to outcome in ${words}: ${formatDuration(sums.latencyAverage)} on average${slowest}.`;
}

/** An axis that begins at zero, and has room even when everything is zero. */
export const axisDomain = (quiet: boolean): [number, number | "auto"] => [0, quiet ? 1 : "auto"];
