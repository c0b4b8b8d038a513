import { QueryClient } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Change, setPlatformForTests } from "../platform";
import { fakeHost } from "../test/render";
import { keys } from "./keys";
import { onChanges, startLiveUpdates, useConnected } from "./live";

let tell: (changes: Change[]) => void;
let connection: (connected: boolean) => void;
const stopped = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  stopped.mockReset();
  setPlatformForTests({
    ...fakeHost({}),
    changes(listener, onConnection) {
      tell = listener;
      connection = onConnection;
      return stopped;
    },
  });
});

afterEach(() => vi.useRealTimers());

/** A client whose rounds of reading end when the test says so. */
function slowClient() {
  const client = new QueryClient();
  const rounds: { keys: string[]; end: () => void }[] = [];
  let open: Promise<void> | undefined;
  vi.spyOn(client, "invalidateQueries").mockImplementation((filters) => {
    const key = JSON.stringify(filters?.queryKey);
    if (open) {
      rounds.at(-1)?.keys.push(key);
      return open;
    }
    open = new Promise((resolve) => {
      const end = () => {
        open = undefined;
        resolve();
      };
      rounds.push({ keys: [key], end });
    });
    return open;
  });
  return { client, rounds };
}

describe("live updates", () => {
  it("a burst of changes is one round of reading", async () => {
    const { client, rounds } = slowClient();
    const stop = startLiveUpdates(client);
    for (let index = 0; index < 1000; index += 1) tell([{ what: "executions", jobId: `j${index % 7}` }]);
    expect(rounds).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(500);
    expect(rounds).toHaveLength(1);
    expect(rounds[0]?.keys).toContain(JSON.stringify(keys.jobs));
    // Each key once, however many changes there were.
    expect(new Set(rounds[0]?.keys).size).toBe(rounds[0]?.keys.length);
    stop();
  });

  it("the next round begins only after the one before was answered", async () => {
    const { client, rounds } = slowClient();
    const stop = startLiveUpdates(client);
    tell([{ what: "executions" }]);
    await vi.advanceTimersByTimeAsync(500);
    expect(rounds).toHaveLength(1);

    tell([{ what: "executions" }]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rounds).toHaveLength(1);

    rounds[0]?.end();
    await vi.advanceTimersByTimeAsync(499);
    expect(rounds).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(rounds).toHaveLength(2);
    stop();
  });

  it("what is never answered holds up nothing else", async () => {
    const client = new QueryClient();
    const asked: string[] = [];
    vi.spyOn(client, "invalidateQueries").mockImplementation((filters) => {
      const key = JSON.stringify(filters?.queryKey);
      asked.push(key);
      return key === JSON.stringify(keys.sources) ? new Promise(() => {}) : Promise.resolve();
    });
    const stop = startLiveUpdates(client);
    for (let round = 0; round < 3; round += 1) {
      tell([{ what: "sources" }]);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(asked.filter((key) => key === JSON.stringify(keys.sources))).toHaveLength(1);
    expect(asked.filter((key) => key === JSON.stringify(keys.jobs))).toHaveLength(3);
    stop();
  });

  it("without changes nothing is read", async () => {
    const { client, rounds } = slowClient();
    const stop = startLiveUpdates(client);
    tell([{ what: "executions" }]);
    await vi.advanceTimersByTimeAsync(500);
    rounds[0]?.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rounds).toHaveLength(1);
    stop();
  });

  it("a refresh reads everything", async () => {
    const { client, rounds } = slowClient();
    const stop = startLiveUpdates(client);
    tell([{ what: "refresh" }]);
    await vi.advanceTimersByTimeAsync(500);
    expect(rounds.map((round) => round.keys)).toEqual([["[]"]]);
    stop();
  });

  it("once stopped, nothing is read any more, not even what was waiting", async () => {
    const { client, rounds } = slowClient();
    const stop = startLiveUpdates(client);
    tell([{ what: "executions" }]);
    await vi.advanceTimersByTimeAsync(500);
    tell([{ what: "executions" }]);
    stop();
    rounds[0]?.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rounds).toHaveLength(1);
    expect(stopped).toHaveBeenCalledOnce();
  });

  it("who listens to changes hears each list at once, until it stops", () => {
    const { client } = slowClient();
    const stop = startLiveUpdates(client);
    const heard: Change[][] = [];
    const end = onChanges((changes) => heard.push(changes));
    tell([{ what: "sources" }]);
    end();
    tell([{ what: "sources" }]);
    expect(heard).toEqual([[{ what: "sources" }]]);
    stop();
  });

  it("tells whether the engine is being heard", () => {
    const { client } = slowClient();
    const stop = startLiveUpdates(client);
    const { result } = renderHook(() => useConnected());
    act(() => connection(false));
    expect(result.current).toBe(false);
    act(() => connection(true));
    expect(result.current).toBe(true);
    stop();
  });
});
