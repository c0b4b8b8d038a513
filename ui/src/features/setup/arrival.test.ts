import { describe, expect, it } from "vitest";
import type { Event } from "../../api/schema";
import { arrivalOf } from "./arrival";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds)).toISOString();
const openedAt = Date.parse(at(10));

const event = (id: string, seconds: number, status: Event["status"] = "completed") =>
  ({ id, jobId: "job_1", type: "customer.created", receivedAt: at(seconds), status }) as Event;

const state = (events: Event[], tests: string[] = [], testingSince: number | null = null) =>
  arrivalOf(events, { openedAt, tests: new Set(tests), testingSince });

describe("the arrival of the first webhook", () => {
  it("nothing_ever_received_is_waiting_and_old_events_are_no_arrival", () => {
    expect(state([]).state).toBe("waiting");
    expect(state([event("1", 5)])).toMatchObject({ state: "earlier", event: { id: "1" } });
  });

  it("an_event_received_since_is_an_arrival_and_the_first_one_is_told", () => {
    expect(state([event("3", 12), event("2", 11), event("1", 5)])).toMatchObject({
      state: "arrived",
      event: { id: "2" },
    });
    expect(state([event("2", 11, "pending")]).state).toBe("arrived");
  });

  it("a_test_is_no_arrival", () => {
    expect(state([event("2", 11), event("1", 5)], ["2"])).toMatchObject({
      state: "tested",
      event: { id: "2" },
    });
    expect(state([event("3", 12), event("2", 11)], ["3"])).toMatchObject({
      state: "arrived",
      event: { id: "2" },
    });
  });

  it("a_refused_request_says_so_unless_another_one_was_accepted", () => {
    const refused = event("3", 12, "rejected");
    expect(state([refused])).toMatchObject({ state: "refused", event: { id: "3" } });
    expect(state([refused, event("2", 11)]).state).toBe("arrived");
    expect(state([refused, event("2", 11)], ["2"]).state).toBe("refused");
  });

  it("what_comes_while_a_test_is_on_its_way_is_not_judged_yet", () => {
    expect(state([event("2", 11)], [], Date.parse(at(11))).state).toBe("waiting");
    expect(state([event("2", 11)], ["2"], null).state).toBe("tested");
  });
});
