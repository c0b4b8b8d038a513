import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Event } from "../../api/schema";
import { EventFeed, type FeedRequest, MOST_WAITING } from "./feed";
import { type Order, rowAt } from "./pages";
import { answerFrom, testEvent, testEvents } from "./testEvents";

/** A feed over a table that can change, with what it asked for. */
function feedOf(table: Event[], order: Order = "desc") {
  const engine = { table, asked: [] as FeedRequest[], failure: undefined as Error | undefined };
  const feed = new EventFeed(async (request) => {
    engine.asked.push(request);
    if (engine.failure) throw engine.failure;
    return answerFrom(engine.table, request);
  }, order);
  feed.start();
  return { feed, engine };
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const chain = (feed: EventFeed) => feed.getState().chain;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a feed", () => {
  it("reads the first page and the one behind it, and no more than is near the screen", async () => {
    const { feed, engine } = feedOf(testEvents(2000));
    await settle();
    expect(chain(feed).total).toBe(400);
    expect(engine.asked).toHaveLength(2);
    feed.show(350, 380);
    await settle();
    expect(chain(feed).total).toBe(600);
  });

  it("puts new events in at once while it follows", async () => {
    const { feed, engine } = feedOf(testEvents(20));
    await settle();
    engine.table = testEvents(23);
    feed.changed();
    await settle();
    expect(rowAt(chain(feed), 0)?.id).toBe("23");
    expect([...feed.getState().arrived]).toEqual(["23", "22", "21"]);
    expect(engine.asked[1]).toMatchObject({ after: "20", limit: 200 });
  });

  it("looks for new events no more often than three times a second in a flood", async () => {
    const { feed, engine } = feedOf(testEvents(20));
    await settle();
    for (let id = 21; id <= 120; id += 1) {
      engine.table = testEvents(id);
      feed.changed();
      await vi.advanceTimersByTimeAsync(10);
    }
    const looked = engine.asked.filter((request) => request.after !== undefined).length;
    expect(looked).toBeGreaterThanOrEqual(3);
    expect(looked).toBeLessThanOrEqual(4);
    await vi.advanceTimersByTimeAsync(300);
    expect(chain(feed).total).toBe(120);
  });

  it("counts new events while it does not follow, and shows them when asked to", async () => {
    const { feed, engine } = feedOf(testEvents(20));
    await settle();
    feed.follow(false);
    engine.table = testEvents(32);
    feed.changed();
    await settle();
    expect(feed.getState().waiting).toBe(12);
    expect(rowAt(chain(feed), 0)?.id).toBe("20");
    feed.showWaiting();
    await settle();
    expect(feed.getState().waiting).toBe(0);
    expect(rowAt(chain(feed), 0)?.id).toBe("32");
    engine.table = testEvents(33);
    feed.changed();
    await vi.advanceTimersByTimeAsync(1000);
    expect(feed.getState().waiting).toBe(1);
  });

  it("puts in what waited when it follows again", async () => {
    const { feed, engine } = feedOf(testEvents(20));
    await settle();
    feed.follow(false);
    engine.table = testEvents(22);
    feed.changed();
    await settle();
    feed.follow(true);
    await vi.advanceTimersByTimeAsync(300);
    expect(chain(feed).total).toBe(22);
    expect(feed.getState().waiting).toBe(0);
  });

  it("counts no further than it tells", async () => {
    const { feed, engine } = feedOf(testEvents(20));
    await settle();
    feed.follow(false);
    engine.table = testEvents(5000);
    feed.changed();
    await settle();
    expect(feed.getState().waiting).toBe(MOST_WAITING);
    const before = engine.asked.filter((request) => request.after).length;
    feed.changed();
    await vi.advanceTimersByTimeAsync(5000);
    expect(engine.asked.filter((request) => request.after).length).toBe(before);
  });

  it("asks on where a search looked at a part of what is new only, and does not begin anew", async () => {
    let table = testEvents(20);
    const matches = ({ id }: Event) => Number(id) % 3 === 0;
    const asked: FeedRequest[] = [];
    const feed = new EventFeed(async (request) => {
      asked.push(request);
      if (request.after === undefined) return answerFrom(table.filter(matches), request);
      // Looks at three events at a time, of which every third matches.
      const part = answerFrom(table, { ...request, limit: 3 });
      return { ...part, events: part.events.filter(matches) };
    }, "desc");
    feed.start();
    await settle();
    table = testEvents(30);
    feed.changed();
    await settle();
    expect([0, 1, 2, 3, 4].map((index) => rowAt(chain(feed), index)?.id)).toEqual([
      "30",
      "27",
      "24",
      "21",
      "18",
    ]);
    expect(asked.filter(({ after }) => after === "18").map(({ cursor }) => cursor)).toEqual([
      undefined,
      "28",
      "25",
      "22",
    ]);
    feed.stop();
  });

  it("reads rows on the screen again when something changed, once a second at most", async () => {
    const { feed, engine } = feedOf([testEvent(1, { status: "pending" })]);
    await settle();
    engine.table = [testEvent(1)];
    feed.changed();
    await vi.advanceTimersByTimeAsync(300);
    expect(rowAt(chain(feed), 0)?.status).toBe("completed");
    const before = engine.asked.length;
    for (let count = 0; count < 20; count += 1) {
      feed.changed();
      await vi.advanceTimersByTimeAsync(50);
    }
    const refreshes = engine.asked.slice(before).filter((request) => request.cursor !== undefined);
    expect(refreshes.length).toBeLessThanOrEqual(2);
  });

  it("reads a page again that changed while its answer was under way", async () => {
    const table = [testEvent(1, { status: "pending" })];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let current: Event[] = table;
    let holds = false;
    const feed = new EventFeed(async (request) => {
      const answer = answerFrom(current, request);
      if (holds && request.cursor) await held;
      return answer;
    }, "desc");
    feed.start();
    await settle();
    holds = true;
    feed.changed();
    await vi.advanceTimersByTimeAsync(1000);
    current = [testEvent(1)];
    feed.changed();
    holds = false;
    release();
    await vi.advanceTimersByTimeAsync(2000);
    expect(rowAt(chain(feed), 0)?.status).toBe("completed");
    feed.stop();
  });

  it("tells why it could not read, and goes on when asked to", async () => {
    const { feed, engine } = feedOf(testEvents(20));
    await settle();
    engine.failure = new Error("no answer");
    feed.changed();
    await settle();
    expect(feed.getState().error).toBe(engine.failure);
    const asked = engine.asked.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(engine.asked).toHaveLength(asked);
    engine.failure = undefined;
    engine.table = testEvents(21);
    feed.retry();
    await vi.advanceTimersByTimeAsync(1000);
    expect(feed.getState().error).toBeUndefined();
    expect(rowAt(chain(feed), 0)?.status).toBe("completed");
  });

  it("drops the answer that comes after it was stopped", async () => {
    const { feed } = feedOf(testEvents(20));
    feed.stop();
    await settle();
    expect(chain(feed).next).toBeUndefined();
  });

  it("shows what is appended to an ascending list when its end is on the screen", async () => {
    const { feed, engine } = feedOf(testEvents(20), "asc");
    await settle();
    feed.show(0, 19);
    engine.table = testEvents(25);
    feed.changed();
    await vi.advanceTimersByTimeAsync(1000);
    expect(chain(feed).total).toBe(25);
    expect(rowAt(chain(feed), 24)?.id).toBe("25");
  });
});
