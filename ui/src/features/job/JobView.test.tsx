import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { keys } from "../../api/keys";
import type { StatsAnswer } from "../../api/schema";
import { runAction } from "../../shared/state/actions";
import { everythingMeasures } from "../../test/layout";
import { sampleDestination, sampleJob, sampleSource } from "../../test/overview";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { REFUSED, sampleTunnelStatus } from "../../test/tunnel";
import { JobView } from "./JobView";

everythingMeasures(1200, 600);

const W = "/api/workspaces/default";
const J = `${W}/sync-jobs/job_a`;

const stats: StatsAnswer = {
  total: 110,
  today: 12,
  successRate: 0.93,
  byStatus: { pending: 3, processing: 0, completed: 93, failed: 7, skipped: 7, rejected: 2 },
  lastReceivedAt: "2026-11-24T10:00:00Z",
  latencyMs: { p50: 120, p95: 900 },
  recent: [],
};
const noStats: StatsAnswer = {
  ...stats,
  total: 0,
  today: 0,
  successRate: null,
  byStatus: { pending: 0, processing: 0, completed: 0, failed: 0, skipped: 0, rejected: 0 },
  lastReceivedAt: null,
  latencyMs: { p50: null, p95: null },
};
const quiet = {
  at: "2026-11-24T10:00:00Z",
  received: 0,
  completed: 0,
  failed: 0,
  skipped: 0,
  rejected: 0,
  latencyMsAverage: null,
  latencyMsMax: null,
};

function show(answers: Answers = {}, job = sampleJob(), path = "/transfers/job_a") {
  const host = fakeHost({
    "GET /api/status": { tunnel: sampleTunnelStatus("online") },
    [`GET ${W}/sources`]: { sources: [sampleSource] },
    [`GET ${W}/destinations`]: { destinations: [sampleDestination] },
    [`GET ${J}/webhook/stats`]: stats,
    [`GET ${J}/webhook/activity`]: { from: "", to: "", bucketSeconds: 60, points: [quiet] },
    [`GET ${J}/webhook/types`]: {
      sampled: false,
      types: [{ type: "invoice.paid", received: 9, completed: 8, failed: 1, skipped: 0 }],
    },
    ...answers,
  });
  return { host, ...renderApp(<JobView job={job} failedLastHour={0} />, host, path) };
}

describe("the page of a job", () => {
  it("shows its numbers and leads from a status and a type to their events", async () => {
    show();
    expect((await screen.findByText("Success rate")).parentElement?.textContent).toContain("93%");
    const failed = await screen.findByRole("link", { name: /Failed\s*7/ });
    expect(decodeURIComponent(failed.getAttribute("href") ?? "")).toBe('/events?job=job_a&status=["failed"]');
    const type = await screen.findByRole("link", { name: "invoice.paid" });
    expect(decodeURIComponent(type.getAttribute("href") ?? "")).toBe(
      '/events?job=job_a&type=["invoice.paid"]&range=24h',
    );
  });

  it("says in a sentence that a range is empty", async () => {
    show();
    await screen.findByRole("img", { name: "No requests in the last 24 hours." });
    await screen.findByRole("img", { name: "No event was completed in the last 24 hours." });
  });

  it("looks back as far as is chosen, and keeps that in the address", async () => {
    const { router, host } = show();
    await userEvent.click(await screen.findByRole("radio", { name: "1 h" }));
    await waitFor(() => expect(router.state.location.search).toEqual({ range: "1h" }));
    await screen.findByRole("img", { name: "No requests in the last hour." });
    expect(
      host.requests.some((request) => request.includes("activity?") && request.includes("buckets=60")),
    ).toBe(true);
  });

  it("tells a job without any event what to do next", async () => {
    show({ [`GET ${J}/webhook/stats`]: noStats });
    await screen.findByText("No event has come yet.");
    expect(screen.getByRole("link", { name: "Set up the provider" }).getAttribute("href")).toBe(
      "/transfers/job_a/setup",
    );
  });

  it("says beside the URL that only this machine reaches it, and what a tunnel is for", async () => {
    show({
      [`GET ${J}/webhook/stats`]: noStats,
      "GET /api/status": { tunnel: sampleTunnelStatus("off") },
    });
    await screen.findByText("This machine only");
    const links = screen.getAllByRole("link", { name: "Connect a tunnel" });
    expect(links.map((link) => link.getAttribute("href"))).toEqual(["/settings/tunnel", "/settings/tunnel"]);
    await screen.findByText(/The provider must reach this machine from the internet/);
  });

  it("says nothing of a tunnel that works, and names one that does not", async () => {
    const { client } = show();
    await screen.findByText("Success rate");
    expect(screen.queryByRole("link", { name: /tunnel/i })).toBeNull();
    act(() => client.setQueryData(keys.status, { tunnel: REFUSED } as never));
    await screen.findByText("Tunnel was refused");
    expect(screen.getByRole("link", { name: "Tunnel settings" })).toBeTruthy();
  });

  it("sends a test webhook, says what was answered and leads to the event", async () => {
    show({
      "POST /api/webhooks/default/job_a/test": {
        ok: true,
        url: "http://127.0.0.1:4400/api/webhooks/default/job_a",
        eventType: "invoice.paid",
        status: 200,
        body: "{}",
        durationMs: 12,
        eventId: "77",
        duplicate: false,
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Send test webhook" }));
    await screen.findByText("Sent invoice.paid");
    expect(screen.getByText(/answered 200 in 12 ms/)).toBeTruthy();
    expect(screen.getByRole("link", { name: "Open the event" }).getAttribute("href")).toBe(
      "/events/job_a/77",
    );
  });

  it("says why a test webhook did not arrive", async () => {
    show({
      "POST /api/webhooks/default/job_a/test": {
        ok: false,
        url: "https://hooks.example.com/x",
        eventType: "invoice.paid",
        status: null,
        body: null,
        durationMs: 3,
        eventId: null,
        duplicate: false,
        error: { code: "receiver_unreachable", message: "connection refused", hint: "Check the tunnel." },
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Send test webhook" }));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("did not answer: connection refused.");
    expect(alert.textContent).toContain("Check the tunnel.");
  });

  it("tries a destination again that is waited for", async () => {
    const waiting = sampleJob({
      delivery: {
        state: "waitingForDestination",
        since: "2026-11-24T10:00:00Z",
        error: "connection refused",
        nextTryAt: "2026-11-24T10:01:00Z",
      },
    });
    const { host } = show({ [`POST ${J}/resume`]: [204, undefined] }, waiting);
    expect(await screen.findByText(/Waiting for the destination: connection refused/)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Try destination again" }));
    await waitFor(() => expect(host.requests).toContain(`POST ${J}/resume`));
  });

  it("says that the archive is behind and why, and tries it again", async () => {
    const behind = sampleJob({
      archive: {
        waiting: 12,
        trouble: {
          since: "2026-11-24T10:00:00Z",
          error: "the collection refuses the document",
          hint: "change its rules",
          nextTryAt: "2026-11-24T10:01:00Z",
        },
      },
    });
    const { host } = show({ [`POST ${J}/resume`]: [204, undefined] }, behind);
    const warning = await screen.findByRole("region", { name: "Archive" });
    expect(warning.textContent).toContain("12 entries are not archived yet.");
    expect(warning.textContent).toContain("The collection refuses the document. Change its rules.");
    expect(warning.textContent).toContain("Syncing goes on");
    await userEvent.click(screen.getByRole("button", { name: "Try again now" }));
    await waitFor(() => expect(host.requests).toContain(`POST ${J}/resume`));
  });

  it("says nothing of an archive that keeps up, and tells in the settings how long it is kept", async () => {
    const config = { ...sampleJob().webhookConfig, archive: { days: 90 } };
    const archiving = sampleJob({ webhookConfig: config, archive: { waiting: 3, trouble: null } });
    show({}, archiving, "/transfers/job_a?tab=settings");
    await screen.findByText("Events and executions are kept there for 90 days");
    expect(screen.getByText("3 entries are not archived yet.")).toBeTruthy();
    expect(screen.queryByRole("region", { name: "Archive" })).toBeNull();
  });

  it("offers its actions to the command palette", async () => {
    const { host, router } = show({
      [`PATCH ${J}`]: sampleJob({ enabled: false }),
      [`POST ${J}/webhook/retry-failed`]: { retried: 7 },
    });
    await screen.findByText("Success rate");
    runAction("job.toggle");
    await waitFor(() => expect(host.bodies).toEqual([{ enabled: false }]));
    runAction("job.retry");
    await screen.findByText("7 failed events due again");
    runAction("job.diagnose");
    await waitFor(() => expect(router.state.location.search).toEqual({ why: true }));
    runAction("job.rotate");
    await screen.findByRole("radio", { name: "24 hours" });
  });
});
