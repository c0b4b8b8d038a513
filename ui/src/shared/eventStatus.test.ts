import { describe, expect, it } from "vitest";
import { EVENT_STATUSES, eventTone, statusMeaning, statusTone, statusWord } from "./eventStatus";

const event = (
  status: (typeof EVENT_STATUSES)[number],
  more: Partial<Parameters<typeof statusWord>[0]> = {},
): Parameters<typeof statusWord>[0] => ({ status, reason: null, nextAttemptAt: null, ...more });

describe("an event's status", () => {
  it("waits while another attempt is planned, and is bad when none is", () => {
    expect(eventTone(event("failed", { nextAttemptAt: "2026-01-01T00:00:00Z" }))).toBe("wait");
    expect(eventTone(event("failed"))).toBe("bad");
  });

  it("has a word of its own in each state", () => {
    const words = [
      statusWord(event("completed")),
      statusWord(event("pending")),
      statusWord(event("processing")),
      statusWord(event("failed")),
      statusWord(event("failed", { nextAttemptAt: "2026-01-01T00:00:00Z" })),
      statusWord(event("rejected")),
      statusWord(event("skipped")),
      statusWord(event("skipped", { reason: "filtered" })),
      statusWord(event("skipped", { reason: "unmapped" })),
      statusWord(event("skipped", { reason: "stale" })),
    ];
    expect(words).toEqual([
      "Completed",
      "Pending",
      "Processing",
      "Failed",
      "Retrying",
      "Rejected",
      "Skipped",
      "Filtered",
      "Unmapped",
      "Stale",
    ]);
  });

  it("is explained in a sentence that differs wherever the word does", () => {
    const states = [
      ...EVENT_STATUSES.map((status) => event(status)),
      event("failed", { nextAttemptAt: "2026-01-01T00:00:00Z" }),
      ...(["filtered", "unmapped", "stale"] as const).map((reason) => event("skipped", { reason })),
    ];
    const meanings = states.map(statusMeaning);
    for (const meaning of meanings) expect(meaning).toMatch(/^[A-Z].+\.$/);
    expect(new Set(meanings).size).toBe(states.length);
  });

  it("that needs somebody has the tone of a failure, one that does not has not", () => {
    expect(EVENT_STATUSES.filter((status) => statusTone(status) === "bad")).toEqual(["failed", "rejected"]);
    expect(statusTone("completed")).toBe("ok");
    expect(statusTone("skipped")).toBe("idle");
  });
});
