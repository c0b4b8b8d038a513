import { describe, expect, it } from "vitest";
import { sampleDestination, sampleJob, sampleOverview, sampleSource } from "../../test/overview";
import { filterRows, sortRows, toggledSorting, toRows } from "./rows";

const NOW = Date.parse("2026-11-24T10:00:00Z");

const jobs = [
  sampleJob({ id: "a", name: "Zebra" }),
  sampleJob({ id: "b", name: "apple 10", enabled: false }),
  sampleJob({ id: "c", name: "Apple 9", stats: { ...sampleJob().stats, failed: 2 } }),
];
const figures = [
  sampleOverview({ jobId: "a", today: 5, successRate: 1, lastReceivedAt: "2026-11-24T09:00:00Z" }),
  sampleOverview({ jobId: "b" }),
  sampleOverview({
    jobId: "c",
    today: 90,
    successRate: 0.5,
    failedLastHour: 2,
    lastReceivedAt: "2026-11-24T09:59:00Z",
    lastHour: [...Array<number>(58).fill(0), 3, 4],
  }),
];
const rows = toRows(jobs, [sampleSource], [sampleDestination], figures, NOW);
const order = (column: Parameters<typeof toggledSorting>[1], descending: boolean) =>
  sortRows(rows, { column, descending }).map((row) => row.job.id);

describe("the table of transfers", () => {
  it("joins jobs with the names of their ends, their state and their numbers", () => {
    const row = rows[2];
    expect(row).toMatchObject({ source: "Stripe", destination: "Analytics", eventsLastHour: 7 });
    expect(row?.state.word).toBe("Failing");
    expect(rows[1]?.state.word).toBe("Paused");
  });

  it("sorts names as people do: without case, numbers by value", () => {
    expect(order("name", false)).toEqual(["c", "b", "a"]);
    expect(order("name", true)).toEqual(["a", "b", "c"]);
  });

  it("sorts states from the worst", () => {
    expect(order("state", false)).toEqual(["c", "a", "b"]);
  });

  it("puts what has no value at the end, whichever way", () => {
    expect(order("success", false)).toEqual(["c", "a", "b"]);
    expect(order("success", true)).toEqual(["a", "c", "b"]);
    expect(order("last", true)).toEqual(["c", "a", "b"]);
    expect(order("last", false)).toEqual(["a", "c", "b"]);
  });

  it("sorts rows without numbers yet by name", () => {
    const early = toRows(jobs, undefined, undefined, undefined, NOW);
    expect(sortRows(early, { column: "today", descending: true }).map((row) => row.job.id)).toEqual([
      "c",
      "b",
      "a",
    ]);
  });

  it("begins with the greatest numbers and turns round when pressed again", () => {
    const first = toggledSorting({ column: "name", descending: false }, "today");
    expect(first).toEqual({ column: "today", descending: true });
    expect(toggledSorting(first, "today")).toEqual({ column: "today", descending: false });
    expect(toggledSorting(first, "name")).toEqual({ column: "name", descending: false });
  });

  it("is filtered by words in the name, the ends and the state", () => {
    const found = (text: string) => filterRows(rows, text).map((row) => row.job.id);
    expect(found("apple paused")).toEqual(["b"]);
    expect(found("STRIPE analytics zeb")).toEqual(["a"]);
    expect(found("  ")).toEqual(["a", "b", "c"]);
    expect(found("nothing")).toEqual([]);
  });
});
