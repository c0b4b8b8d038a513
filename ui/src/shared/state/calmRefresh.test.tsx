import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startLiveUpdates } from "../../api/live";
import { type Change, setPlatformForTests } from "../../platform";
import { fakeHost } from "../../test/render";
import { useCalmRefresh } from "./calmRefresh";

const KEY = ["eventTypes", "job_a", "24h"];
let tell: (changes: Change[]) => void = () => {};
let stop: () => void = () => {};
let reads = 0;

beforeEach(() => {
  vi.useFakeTimers();
  reads = 0;
  setPlatformForTests({
    ...fakeHost({}),
    changes: (listener) => {
      tell = listener;
      return () => {};
    },
  });
  const client = new QueryClient();
  vi.spyOn(client, "invalidateQueries").mockImplementation(async (filters) => {
    if (JSON.stringify(filters?.queryKey) === JSON.stringify(KEY)) reads += 1;
  });
  stop = startLiveUpdates(client);
  renderHook(() => useCalmRefresh(KEY, 10_000, "job_a"), {
    wrapper: ({ children }: { children: ReactNode }) => (
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    ),
  });
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

it("a single event is read soon", () => {
  tell([{ what: "events", jobId: "job_a" }]);
  vi.advanceTimersByTime(600);
  expect(reads).toBe(1);
});

it("a flood is read only every so often, and its last event too", () => {
  for (let elapsed = 0; elapsed < 20_000; elapsed += 200) {
    tell([{ what: "events", jobId: "job_a" }]);
    vi.advanceTimersByTime(200);
  }
  expect(reads).toBe(2);
  vi.advanceTimersByTime(10_000);
  expect(reads).toBe(3);
});

it("changes of another job or of another kind are none of its business", () => {
  tell([
    { what: "events", jobId: "job_b" },
    { what: "executions", jobId: "job_a" },
  ]);
  vi.advanceTimersByTime(60_000);
  expect(reads).toBe(0);
});
