import { describe, expect, it } from "vitest";
import {
  type ActivityPoint,
  axisDomain,
  bucketLabel,
  bucketWords,
  isQuiet,
  latencySentence,
  sumActivity,
  throughputSentence,
} from "./activity";
import { rangeBounds } from "./ranges";

const point = (changes: Partial<ActivityPoint>): ActivityPoint => ({
  at: "2026-11-24T10:00:00Z",
  received: 0,
  completed: 0,
  failed: 0,
  skipped: 0,
  rejected: 0,
  latencyMsAverage: null,
  latencyMsMax: null,
  ...changes,
});

const points = [
  point({ received: 10, completed: 9, failed: 1, latencyMsAverage: 100, latencyMsMax: 400 }),
  point({ at: "2026-11-24T10:15:00Z" }),
  point({
    at: "2026-11-24T10:30:00Z",
    received: 30,
    completed: 1,
    skipped: 2,
    rejected: 4,
    latencyMsAverage: 200,
    latencyMsMax: 250,
  }),
];

describe("activity", () => {
  it("is summed up, latency by how many events each average is of", () => {
    const sums = sumActivity(points);
    expect(sums).toMatchObject({ received: 40, completed: 10, failed: 1, skipped: 2, rejected: 4 });
    expect(sums.latencyAverage).toBe(110);
    expect(sums.latencyMax).toBe(400);
    expect(sums.busiest?.at).toBe("2026-11-24T10:30:00Z");
  });

  it("is told in a sentence", () => {
    const sums = sumActivity(points);
    expect(throughputSentence(sums, "24h")).toMatch(
      /^40 events received in the last 24 hours: 10 completed, 1 failed attempts, 2 skipped, 4 rejected\. Most at .*: 30\.$/,
    );
    expect(latencySentence(sums, "24h")).toBe(
      "From receipt to outcome in the last 24 hours: 110 ms on average, 400 ms at most.",
    );
  });

  it("is quiet only when nothing at all happened", () => {
    const nothing = sumActivity([point({}), point({})]);
    expect(isQuiet(nothing)).toBe(true);
    expect(throughputSentence(nothing, "1h")).toBe("No requests in the last hour.");
    expect(latencySentence(nothing, "30d")).toBe("No event was completed in the last 30 days.");
    expect(isQuiet(sumActivity([point({ rejected: 1 })]))).toBe(false);
    expect(isQuiet(sumActivity([]))).toBe(true);
  });

  it("gives a flat chart room", () => {
    expect(axisDomain(true)).toEqual([0, 1]);
    expect(axisDomain(false)).toEqual([0, "auto"]);
  });

  it("names how long a point lasts, and exactly when", () => {
    expect([60, 900, 3600, 43_200].map(bucketWords)).toEqual(["minute", "15 min", "hour", "12 h"]);
    const label = bucketLabel("2026-11-24T10:00:00Z", 900);
    const [from, to] = label.split(" – ");
    expect(from).toContain("2026");
    expect(to).toMatch(/^\d\d:15( [AP]M)?$/);
  });

  it("asks for as many whole minutes as the range has, the passing one included", () => {
    expect(rangeBounds("1h", Date.parse("2026-11-24T10:00:59.5Z"))).toEqual({
      from: "2026-11-24T09:01:00.000Z",
      to: "2026-11-24T10:00:59.500Z",
    });
    expect(rangeBounds("24h", Date.parse("2026-11-24T10:00:00Z")).from).toBe("2026-11-23T10:01:00.000Z");
  });
});
