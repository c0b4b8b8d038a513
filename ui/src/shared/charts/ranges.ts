/** How far back charts look. */

export const CHART_RANGES = ["1h", "24h", "30d"] as const;
export type ChartRange = (typeof CHART_RANGES)[number];

interface RangeFacts {
  /** On the control. */
  label: string;
  /** Within a sentence. */
  words: string;
  milliseconds: number;
  /** How many points at most. */
  buckets: number;
  /** After this long a point more has come, whether or not something happened. */
  refreshMs: number;
}

const HOUR_MS = 3_600_000;

export const rangeFacts: Record<ChartRange, RangeFacts> = {
  "1h": { label: "1 h", words: "the last hour", milliseconds: HOUR_MS, buckets: 60, refreshMs: 30_000 },
  "24h": {
    label: "24 h",
    words: "the last 24 hours",
    milliseconds: 24 * HOUR_MS,
    buckets: 96,
    refreshMs: 120_000,
  },
  "30d": {
    label: "30 d",
    words: "the last 30 days",
    milliseconds: 720 * HOUR_MS,
    buckets: 60,
    refreshMs: 600_000,
  },
};

const MINUTE_MS = 60_000;

/**
 * The range's bounds, ending now, as the API takes them. It counts whole minutes: the one that is passing is the range's
 * last, so that sixty minutes are sixty points and not sixty-one.
 */
export function rangeBounds(range: ChartRange, now: number): { from: string; to: string } {
  const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  return {
    from: new Date(minute + MINUTE_MS - rangeFacts[range].milliseconds).toISOString(),
    to: new Date(now).toISOString(),
  };
}
