import { describe, expect, it } from "vitest";
import { setPlatformForTests } from "../../platform";
import { type Answers, fakeHost } from "../../test/render";
import { outcomeOf } from "./BulkDialog";
import { again, CHUNK, collectMatching, exportable, exportLines, groupedFailures } from "./bulk";
import { clearSelection, select, selection } from "./selection";
import { answerFrom, testEvent, testEvents } from "./testEvents";

function hostOf(answers: Answers) {
  const host = fakeHost(answers);
  setPlatformForTests(host);
  return host;
}

const signal = () => new AbortController().signal;
const REPLAY = "POST /api/workspaces/default/events/replay";
const RETRY = "POST /api/workspaces/default/events/retry";

interface Body {
  events: { jobId: string; eventId: string }[];
}

/** Replays everything but the events named. */
const replaying =
  (refused: string[] = []) =>
  async (request: Request) => {
    const { events } = (await request.json()) as Body;
    const failed = events
      .filter(({ eventId }) => refused.includes(eventId))
      .map(({ eventId }) => ({ eventId, message: `event ${eventId} is gone` }));
    return { done: events.length - failed.length, failed };
  };

describe("many events", () => {
  it("are replayed in parts, in order, each once", async () => {
    const host = hostOf({ [REPLAY]: replaying() });
    const progress: number[] = [];
    const events = testEvents(250);
    const result = await again("replay", events, (done) => progress.push(done), signal());
    expect(result).toEqual({ done: 250, failed: [], cancelled: false });
    expect(progress).toEqual([100, 200, 250]);
    const sent = (host.bodies as Body[]).map((body) => body.events.map((event) => event.eventId));
    expect(sent.map((part) => part.length)).toEqual([CHUNK, CHUNK, 50]);
    expect(sent.flat()).toEqual(events.map((event) => event.id));
  });

  it("are retried where retries go", async () => {
    const host = hostOf({ [RETRY]: replaying() });
    await again("retry", testEvents(3), () => {}, signal());
    expect(host.requests).toEqual([RETRY]);
    expect((host.bodies[0] as Body).events[0]).toEqual({ jobId: "job1", eventId: "3" });
  });

  it("that cannot be helped keep none of the others", async () => {
    hostOf({ [REPLAY]: replaying(["7", "140"]) });
    const { done, failed } = await again("replay", testEvents(150), () => {}, signal());
    expect(done).toBe(148);
    expect(failed.map((failure) => failure.eventId)).toEqual(["140", "7"]);
  });

  it("are no longer selected once they were done; those that failed or were not come to still are", async () => {
    clearSelection();
    const stop = new AbortController();
    hostOf({ [RETRY]: replaying(["120"]) });
    const events = testEvents(120);
    select(events);
    await again("retry", events, () => stop.abort(), stop.signal);
    const left = [...selection().keys()].map(Number);
    expect(left).toEqual([120, ...Array.from({ length: 20 }, (_, index) => 20 - index)]);
    clearSelection();
  });

  it("stop after the part that is under way when it is cancelled", async () => {
    const stop = new AbortController();
    const host = hostOf({ [REPLAY]: replaying() });
    const result = await again("replay", testEvents(500), () => stop.abort(), stop.signal);
    expect(result).toEqual({ done: 100, failed: [], cancelled: true });
    expect(host.requests).toHaveLength(1);
  });

  it("tell how far they came when the engine answers no more", async () => {
    let calls = 0;
    hostOf({
      [REPLAY]: async (request: Request) => {
        calls += 1;
        if (calls === 2) return [500, { error: { code: "internal", message: "the disk is full" } }];
        return replaying()(request);
      },
    });
    const result = await again("replay", testEvents(250), () => {}, signal());
    expect(result.done).toBe(100);
    expect(outcomeOf(result, "replayed").words).toBe("100 replayed. Then it broke off: The disk is full.");
    expect(calls).toBe(2);
  });
});

describe("all that match", () => {
  const table = testEvents(2500);
  const events = (request: Request) => {
    const query = Object.fromEntries(new URL(request.url).searchParams);
    return answerFrom(table, { ...query, limit: Number(query.limit), order: "desc" } as never);
  };

  it("are collected page by page with the filter", async () => {
    const host = hostOf({ "GET /api/workspaces/default/events": events });
    const progress: number[] = [];
    const found = await collectMatching({ status: ["failed"] }, (count) => progress.push(count), signal());
    expect(found.events).toHaveLength(2500);
    expect(found.all).toBe(true);
    expect(progress).toEqual([1000, 2000, 2500]);
    expect(host.requests.every((request) => request.includes("status=failed"))).toBe(true);
  });

  it("are bounded, and it is known that there are more", async () => {
    hostOf({ "GET /api/workspaces/default/events": events });
    const found = await collectMatching({}, () => {}, signal(), 1500);
    expect(found.events).toHaveLength(1500);
    expect(found.all).toBe(false);
  });
});

describe("an export", () => {
  it("has one line per event in their order, without those that are gone", async () => {
    const path = (id: number) => `GET /api/workspaces/default/sync-jobs/job1/webhook/events/${id}`;
    hostOf({ [path(3)]: testEvent(3), [path(1)]: testEvent(1) });
    const { text, done, failed } = await exportLines(testEvents(3), () => {}, signal());
    expect(
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).id),
    ).toEqual(["3", "1"]);
    expect(done).toBe(2);
    expect(failed.map((failure) => failure.eventId)).toEqual(["2"]);
  });
});

describe("an export's bounds", () => {
  const sized = (...sizes: number[]) => sizes.map((sizeBytes, index) => testEvent(index, { sizeBytes }));
  it("are a number of events and of bytes, whichever is reached first, and at least one event", () => {
    expect(exportable(sized(40, 40, 40), 100)).toHaveLength(2);
    expect(exportable(sized(50, 50), 100)).toHaveLength(2);
    expect(exportable(sized(500, 1), 100)).toHaveLength(1);
    expect(exportable(Array(10_001).fill(testEvent(1)))).toHaveLength(10_000);
  });
});

describe("an export that is cancelled", () => {
  it("counts what was broken off neither as done nor as failed, and is cancelled even in its last part", async () => {
    const stop = new AbortController();
    const path = (id: number) => `GET /api/workspaces/default/sync-jobs/job1/webhook/events/${id}`;
    const host = hostOf({ [path(2)]: testEvent(2) });
    setPlatformForTests({
      ...host,
      fetch: (request) => {
        if (request.url.endsWith("/2")) return host.fetch(request);
        stop.abort();
        return Promise.reject(request.signal.reason);
      },
    });
    const result = await exportLines(testEvents(2), () => {}, stop.signal);
    expect(result).toMatchObject({ failed: [], cancelled: true });
    expect(outcomeOf(result, "exported").quiet).toBe(true);
  });
});

describe("what failed", () => {
  it("is told once for each cause", () => {
    const failed = [
      { eventId: "1", message: "event 1 was rejected" },
      { eventId: "2", message: "event 2 is still pending" },
      { eventId: "3", message: "event 3 was rejected" },
    ];
    expect(groupedFailures(failed)).toEqual([
      { message: "the event was rejected", count: 2 },
      { message: "the event is still pending", count: 1 },
    ]);
    expect(outcomeOf({ done: 12, failed: failed.slice(0, 2), cancelled: false }, "replayed").words).toBe(
      "12 replayed, 2 failed:",
    );
  });

  it("is nothing to read when all went well or nothing was begun", () => {
    expect(outcomeOf({ done: 14, failed: [], cancelled: false }, "replayed")).toEqual({
      words: "14 replayed",
      details: [],
      quiet: true,
    });
    expect(outcomeOf({ done: 0, failed: [], cancelled: true }, "replayed").quiet).toBe(true);
    expect(outcomeOf({ done: 100, failed: [], cancelled: true }, "replayed").words).toBe(
      "Cancelled: 100 replayed before that.",
    );
  });
});
