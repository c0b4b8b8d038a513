import { describe, expect, it } from "vitest";
import { eventsAround, executionResult } from "./executionWords";

const counts = { events: 10, completed: 10, skipped: 0, failed: 0, error: null };

describe("an execution in words", () => {
  it.each([
    [counts, "ok", "Completed", "10 events applied"],
    [{ ...counts, completed: 7, failed: 3 }, "bad", "Partly failed", "3 of 10 events failed"],
    [{ ...counts, completed: 0, failed: 10 }, "bad", "Failed", "All 10 events failed"],
    [{ ...counts, events: 1, completed: 0, failed: 1 }, "bad", "Failed", "The event failed"],
    [{ ...counts, completed: 0, skipped: 10 }, "idle", "Skipped", "Nothing had to be done"],
    [{ ...counts, completed: 0, error: "connection refused" }, "bad", "Failed", "connection refused"],
  ] as const)("%o is %s: %s, %s", (execution, tone, word, sentence) => {
    expect(executionResult(execution)).toEqual({ tone, word, sentence });
  });

  it("leads to the events that were received shortly before it ended", () => {
    expect(
      eventsAround({ startedAt: "2026-11-24T10:00:00.500Z", finishedAt: "2026-11-24T10:00:02Z" }),
    ).toEqual({ from: "2026-11-24T09:59:00.500Z", to: "2026-11-24T10:00:03.000Z" });
  });
});
