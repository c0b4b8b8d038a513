import { describe, expect, it } from "vitest";
import { jobState } from "./jobState";

const NOW = Date.parse("2026-03-10T12:00:00Z");
type Job = Parameters<typeof jobState>[0];

const NONE = { pending: 0, processing: 0, completed: 0, failed: 0, skipped: 0, rejected: 0 };
const job = (more: Partial<Job> = {}): Job => ({
  enabled: true,
  delivery: { state: "running", inFlight: 0 },
  stats: NONE as Job["stats"],
  ...more,
});

describe("a job's state", () => {
  it("is receiving when nothing is in the way", () => {
    expect(jobState(job(), 0, NOW)).toMatchObject({ tone: "ok", word: "Receiving" });
  });

  it("is paused before anything else, and says what providers get", () => {
    const state = jobState(
      job({
        enabled: false,
        delivery: { state: "blocked", since: "2026-03-10T11:00:00Z", error: "x", hint: "y", nextTryAt: null },
      }),
      5,
      NOW,
    );
    expect(state).toMatchObject({ tone: "idle", word: "Paused" });
    expect(state.sentence).toContain("403");
  });

  it("waits for its destination in the destination's own words, with the next try", () => {
    const state = jobState(
      job({
        delivery: {
          state: "waitingForDestination",
          since: "2026-03-10T11:59:00Z",
          error: "connection refused at 127.0.0.1:27017",
          nextTryAt: "2026-03-10T12:00:12Z",
        },
      }),
      3,
      NOW,
    );
    expect(state).toMatchObject({ tone: "wait", word: "Waiting for destination" });
    expect(state.sentence).toContain("connection refused at 127.0.0.1:27017. Trying again ");
    expect(state.sentence).toContain("12");
    expect(state.sentence).toContain("kept");
  });

  it("is blocked with the reason and what to do", () => {
    const state = jobState(
      job({
        delivery: {
          state: "blocked",
          since: "2026-03-10T11:59:00Z",
          error: "not authorised to write",
          hint: "Give the user the role readWrite.",
          nextTryAt: null,
        },
      }),
      0,
      NOW,
    );
    expect(state).toMatchObject({ tone: "bad", word: "Blocked" });
    expect(state.sentence).toContain("not authorised to write. Give the user the role readWrite.");
  });

  it("is failing while events that failed lately are still failed", () => {
    const stats = { ...NONE, failed: 4 } as Job["stats"];
    expect(jobState(job({ stats }), 2, NOW)).toMatchObject({
      tone: "bad",
      word: "Failing",
      sentence: "2 failed in the last hour; 4 are failed now.",
    });
  });

  it("is not failing for what failed long ago, or was mended since", () => {
    const stats = { ...NONE, failed: 4 } as Job["stats"];
    expect(jobState(job({ stats }), 0, NOW).word).toBe("Receiving");
    expect(jobState(job(), 2, NOW).word).toBe("Receiving");
  });
});
