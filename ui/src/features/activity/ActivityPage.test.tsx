import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Execution } from "../../api/schema";
import { everythingMeasures } from "../../test/layout";
import { sampleJob } from "../../test/overview";
import { fakeHost, renderApp } from "../../test/render";
import { ActivityPage } from "./ActivityPage";

everythingMeasures(1200, 600);

const W = "/api/workspaces/default";

const execution = (id: number, changes: Partial<Execution> = {}): Execution => ({
  id: String(id),
  jobId: "job_a",
  startedAt: "2026-11-24T10:00:00Z",
  finishedAt: "2026-11-24T10:00:02Z",
  durationMs: 2000,
  events: 5,
  completed: 5,
  skipped: 0,
  failed: 0,
  error: null,
  ...changes,
});

const points = [
  { received: 3, completed: 2, failed: 1 },
  { received: 0, completed: 0, failed: 0 },
].map((counts, index) => ({
  at: `2026-11-24T10:${index}0:00Z`,
  skipped: 0,
  rejected: 0,
  latencyMsAverage: null,
  latencyMsMax: null,
  ...counts,
}));

/** Pages of 200; `failedOnly` leaves the one that failed. */
function executions(total: number) {
  const failed = execution(total, { completed: 0, error: "connection refused at 127.0.0.1:27017" });
  return (request: Request) => {
    const query = new URL(request.url).searchParams;
    if (query.get("failedOnly")) return { executions: [failed], nextCursor: null };
    const newest = Number(query.get("cursor") ?? total + 1) - 1;
    const oldest = Math.max(1, newest - 199);
    const page = Array.from({ length: newest - oldest + 1 }, (_, index) => newest - index);
    return {
      executions: page.map((id) => (id === total ? failed : execution(id))),
      nextCursor: oldest > 1 ? String(oldest) : null,
    };
  };
}

function show(total: number, path = "/activity", all: (request: Request) => unknown = executions(total)) {
  const host = fakeHost({
    [`GET ${W}/sync-jobs`]: { syncJobs: [sampleJob()] },
    [`GET ${W}/executions`]: total === 0 ? { executions: [], nextCursor: null } : all,
    [`GET ${W}/sync-jobs/job_a/executions`]: executions(total),
    [`GET ${W}/activity`]: { from: "", to: "", bucketSeconds: 600, points },
    [`GET ${W}/sync-jobs/job_a/webhook/activity`]: { from: "", to: "", bucketSeconds: 600, points },
  });
  return { host, ...renderApp(<ActivityPage />, host, path) };
}

describe("the activity of all jobs", () => {
  it("shows the last day in a sentence and each batch with its job and what became of it", async () => {
    show(3);
    await screen.findByRole("img", {
      name: /^3 events received in the last 24 hours: 2 completed, 1 failed/,
    });
    await screen.findByText("connection refused at 127.0.0.1:27017");
    expect(screen.getAllByRole("link", { name: "Stripe → Analytics" })).toHaveLength(3);
    expect(screen.getAllByText("5 events applied")).toHaveLength(2);
  });

  it("shows the day as a table too", async () => {
    show(3);
    await userEvent.click(await screen.findByRole("button", { name: "Show as table" }));
    await screen.findByRole("region", { name: "Activity as a table" });
  });

  it("leads from a batch to the events around its time", async () => {
    show(1);
    const link = await screen.findByRole("link", { name: "Show events around this time" });
    const { searchParams } = new URL(link.getAttribute("href") ?? "", "http://x");
    expect(searchParams.get("job")).toBe("job_a");
    expect(searchParams.get("from")).toContain("2026-11-24T09:59:00.000Z");
    expect(searchParams.get("to")).toContain("2026-11-24T10:00:03.000Z");
  });

  it("opens the whole error", async () => {
    show(1);
    const button = await screen.findByRole("button", { name: "Show the whole error" });
    expect(screen.queryByRole("button", { name: "Copy error" })).toBeNull();
    await userEvent.click(button);
    await screen.findByRole("button", { name: "Copy error" });
    expect(screen.getByRole("button", { name: "Hide the error" }).getAttribute("aria-expanded")).toBe("true");
  });

  it("reads months of batches page by page, with few rows in the page", async () => {
    const { host } = show(5000);
    await screen.findByText("connection refused at 127.0.0.1:27017");
    expect(screen.getAllByRole("row").length).toBeLessThan(60);
    expect(host.requests.filter((request) => request.includes("/executions"))).toHaveLength(1);
    fireEvent.scroll(screen.getByRole("grid"), { target: { scrollTop: 5800 } });
    await waitFor(() => expect(host.requests.some((request) => request.includes("cursor=4801"))).toBe(true));
  });

  it("says that older batches could not be read, and asks again only when told to", async () => {
    let broken = true;
    const page = executions(1000);
    const { host } = show(1000, "/activity", (request) =>
      broken && request.url.includes("cursor=")
        ? [500, { error: { code: "internal", message: "the disk is broken" } }]
        : page(request),
    );
    await screen.findByText("connection refused at 127.0.0.1:27017");
    const asked = () => host.requests.filter((request) => request.includes("cursor=801")).length;
    fireEvent.scroll(screen.getByRole("grid"), { target: { scrollTop: 5800 } });
    await screen.findByText(/Older executions could not be read: The disk is broken/);
    fireEvent.scroll(screen.getByRole("grid"), { target: { scrollTop: 5600 } });
    fireEvent.scroll(screen.getByRole("grid"), { target: { scrollTop: 5800 } });
    expect(asked()).toBe(1);
    broken = false;
    await userEvent.click(screen.getByRole("button", { name: "Retry" }));
    await waitFor(() => expect(screen.queryByText(/could not be read/)).toBeNull());
    expect(asked()).toBe(2);
  });

  it("reads anew what was left and is come back to", async () => {
    const { host, router } = show(3);
    const ofAll = () =>
      host.requests.filter((request) => /default\/(executions\?limit|activity)/.test(request)).length;
    await waitFor(() => expect(ofAll()).toBe(2));
    await act(() => router.navigate({ to: "/activity", search: { job: "job_a" } }));
    await waitFor(() => expect(host.requests.join()).toContain("/sync-jobs/job_a/executions"));
    await act(() => router.navigate({ to: "/activity", search: {} }));
    await waitFor(() => expect(ofAll()).toBe(4));
  });

  it("asks for failed ones only, and keeps that in the address", async () => {
    const { host, router } = show(3);
    await userEvent.click(await screen.findByRole("switch", { name: "Failed only" }));
    await waitFor(() => expect(router.state.location.search).toEqual({ failed: true }));
    await waitFor(() => expect(host.requests.at(-1)).toContain("failedOnly=true"));
  });

  it("is of one job where the address names it", async () => {
    const { host } = show(3, "/activity?job=job_a");
    await screen.findByText("connection refused at 127.0.0.1:27017");
    expect(host.requests.some((request) => request.startsWith(`GET ${W}/executions`))).toBe(false);
    expect(host.requests.some((request) => request.includes("/sync-jobs/job_a/webhook/activity"))).toBe(true);
    expect(screen.queryByRole("columnheader", { name: "Job" })).toBeNull();
  });

  it("says that nothing was applied yet", async () => {
    show(0);
    await screen.findByText("Nothing was applied yet");
  });
});
