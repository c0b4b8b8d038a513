import { describe, expect, it } from "vitest";
import type { SyncJob } from "../../api/schema";
import { destinationState } from "./destinationState";

const NOW = Date.parse("2026-03-10T12:00:00Z");

const job = (more: Partial<SyncJob> = {}): SyncJob =>
  ({ destinationId: "d1", enabled: true, delivery: { state: "running", inFlight: 0 }, ...more }) as SyncJob;
const waiting: SyncJob["delivery"] = {
  state: "waitingForDestination",
  since: "2026-03-10T11:58:00Z",
  error: "connection refused",
  nextTryAt: "2026-03-10T12:00:10Z",
};
const blocked: SyncJob["delivery"] = {
  state: "blocked",
  since: "2026-03-10T11:58:00Z",
  error: "not authorised",
  hint: "Give the user the role readWrite.",
  nextTryAt: null,
};
const state = (...jobs: SyncJob[]) => destinationState("d1", jobs, NOW);

describe("a destination's state", () => {
  it("is not known of one that no job writes into", () => {
    expect(state(job({ destinationId: "d2", delivery: blocked }))).toMatchObject({
      tone: "idle",
      word: "Not used",
    });
  });

  it("counts the jobs that write into it", () => {
    expect(state(job()).sentence).toBe("1 sync job writes into it.");
    expect(state(job(), job()).sentence).toBe("2 sync jobs write into it.");
    expect(state(job()).tone).toBe("ok");
  });

  it("is paused when all of its jobs are", () => {
    expect(state(job({ enabled: false }))).toMatchObject({ tone: "idle", word: "Paused" });
    expect(state(job({ enabled: false }), job()).word).toBe("In use");
  });

  it("says why it cannot be reached and when it is tried again", () => {
    const shown = state(job(), job({ delivery: waiting }));
    expect(shown).toMatchObject({ tone: "wait", word: "Unreachable" });
    expect(shown.sentence).toMatch(/connection refused\. Trying again .*10/);
  });

  it("says that it refuses before anything else, with what to do", () => {
    const shown = state(job({ delivery: waiting }), job({ delivery: blocked }));
    expect(shown).toMatchObject({ tone: "bad", word: "Refuses" });
    expect(shown.sentence).toContain("not authorised. Give the user the role readWrite.");
  });
});
