/** The endpoint at the provider on the job's page: settings, overview, command palette, and what deletes the job. */
import { Notifications } from "@mantine/notifications";
import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../api/schema";
import { runAction, useAllActions } from "../../shared/state/actions";
import { disabledEndpoint, NO_KEY, sampleEndpoint, sampleManaged, stripeWithApi } from "../../test/endpoint";
import { github } from "../../test/jobFixtures";
import { everythingMeasures } from "../../test/layout";
import { sampleDestination, sampleJob, sampleSource } from "../../test/overview";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { sampleTunnelStatus } from "../../test/tunnel";
import { JobView } from "./JobView";

everythingMeasures(1200, 600);

const W = "/api/workspaces/default";
const J = `${W}/sync-jobs/job_a`;
const E = `${J}/endpoint`;
const fine = sampleEndpoint(sampleManaged());
const unsupported = sampleEndpoint(null, {
  provider: "github",
  providerLabel: "GitHub",
  obstacle: { code: "endpoint_unsupported", message: "GitHub has no API" },
});
const stats = {
  total: 0,
  today: 0,
  successRate: null,
  byStatus: { pending: 0, processing: 0, completed: 0, failed: 0, skipped: 0, rejected: 0 },
  lastReceivedAt: null,
  latencyMs: { p50: null, p95: null },
  recent: [],
};

function Labels() {
  return (
    <ul aria-label="Actions">
      {useAllActions().map(({ id, label }) => (
        <li key={id}>{label}</li>
      ))}
    </ul>
  );
}

function show(is: Endpoint, search = "", answers: Answers = {}, kind = "stripe") {
  const state = { is };
  const host = fakeHost({
    "GET /api/status": { tunnel: sampleTunnelStatus("online") },
    "GET /api/providers": { providers: [stripeWithApi, github] },
    [`GET ${W}/sources`]: { sources: [{ ...sampleSource, kind }] },
    [`GET ${W}/destinations`]: { destinations: [sampleDestination] },
    [`GET ${J}/webhook/stats`]: stats,
    [`GET ${J}/webhook/activity`]: { from: "", to: "", bucketSeconds: 60, points: [] },
    [`GET ${J}/webhook/types`]: { sampled: false, types: [] },
    [`GET ${J}`]: sampleJob(),
    [`GET ${E}`]: () => state.is,
    ...answers,
  });
  const content = (
    <>
      <JobView job={sampleJob()} failedLastHour={0} />
      <Labels />
      <Notifications />
    </>
  );
  return { host, state, ...renderApp(content, host, `/transfers/job_a${search}`) };
}

describe("the settings of a job", () => {
  it("hold its endpoint at the provider", async () => {
    show(fine, "?tab=settings");
    const section = within(await screen.findByRole("region", { name: "Endpoint at Stripe" }));
    await section.findByText("Stripe sends to this job: endpoint we_1, 2 event types, test mode.");
    expect(section.getByRole("button", { name: "Check now" })).toBeTruthy();
  });

  it("lead to where one is set up", async () => {
    show(sampleEndpoint(), "?tab=settings");
    const link = await screen.findByRole("link", { name: "Set it up at Stripe" });
    expect(link.getAttribute("href")).toBe("/transfers/job_a?tab=setup");
  });

  it("say why it could not be read, and try again", async () => {
    let fails = true;
    show(fine, "?tab=settings", {
      [`GET ${E}`]: () =>
        fails ? [500, { error: { code: "storage_failed", message: "the store failed" } }] : fine,
    });
    const section = within(await screen.findByRole("region", { name: "Endpoint at Stripe" }));
    await section.findByText("The store failed.");
    fails = false;
    await userEvent.click(section.getByRole("button", { name: "Retry" }));
    await section.findByText(/^Stripe sends to this job/);
  });

  it("say nothing of one where the provider has no such API", async () => {
    show(unsupported, "?tab=settings", {}, "github");
    await screen.findByRole("region", { name: "Signing secret" });
    await screen.findByText("Stripe (GitHub)");
    expect(screen.queryByRole("region", { name: /^Endpoint/ })).toBeNull();
  });
});

describe("the overview of a job", () => {
  it("warns of an endpoint that keeps events from coming, and mends it", async () => {
    const { state, host } = show(disabledEndpoint, "", {
      [`POST ${E}/mend`]: () => {
        state.is = fine;
        return fine;
      },
    });
    const warning = within(await screen.findByRole("region", { name: "Endpoint" }));
    warning.getByText(/It is turned off at the provider\./);
    await userEvent.click(warning.getByRole("button", { name: "Bring it into line" }));
    await waitFor(() => expect(screen.queryByRole("region", { name: "Endpoint" })).toBeNull());
    expect(host.requests).toContain(`POST ${E}/mend`);
  });

  it("does not warn of what harms nothing, and no longer asks to set the provider up", async () => {
    const drift = [{ kind: "eventTypes" as const, message: "It sends more.", harmful: false }];
    show(sampleEndpoint(sampleManaged({ drift })));
    await screen.findByText(/Stripe is set up to send here/);
    expect(screen.queryByRole("region", { name: "Endpoint" })).toBeNull();
    expect(screen.queryByRole("link", { name: "Set up the provider" })).toBeNull();
  });
});

describe("the command palette", () => {
  const labels = () => screen.getByRole("list", { name: "Actions" }).textContent;

  it("sets the provider up, and says what is so then", async () => {
    const { state } = show(sampleEndpoint(), "", {
      [`POST ${E}`]: () => {
        state.is = fine;
        return [201, fine];
      },
    });
    await screen.findByText("Set up at Stripe");
    expect(labels()).not.toContain("Mend the endpoint");
    act(() => runAction("job.endpoint.create"));
    await screen.findByText("Stripe sends to this job: endpoint we_1, 2 event types, test mode.");
    await screen.findByText("Mend the endpoint at Stripe");
  });

  it("leads to the page for what is missing", async () => {
    const { router, host } = show(sampleEndpoint(null, { obstacle: NO_KEY }));
    await screen.findByText("Set up at Stripe");
    act(() => runAction("job.endpoint.create"));
    await waitFor(() => expect(router.state.location.search).toEqual({ tab: "setup" }));
    expect(host.requests).not.toContain(`POST ${E}`);
  });

  it("checks the endpoint and tells what differs", async () => {
    const { state } = show(fine, "", {
      [`GET ${E}`]: (request: Request) => {
        if (request.url.includes("check=true")) state.is = disabledEndpoint;
        return state.is;
      },
    });
    await screen.findByText("Check the endpoint at Stripe");
    act(() => runAction("job.endpoint.check"));
    expect((await screen.findByRole("alert")).textContent).toContain("It is turned off at the provider.");
  });

  it("says why it could not be mended", async () => {
    show(disabledEndpoint, "", {
      [`POST ${E}/mend`]: [424, { error: { code: "provider_unreachable", message: "no answer" } }],
    });
    await screen.findByText("Mend the endpoint at Stripe");
    act(() => runAction("job.endpoint.mend"));
    expect((await screen.findByRole("alert")).textContent).toContain("No answer.");
  });

  it("offers nothing where the provider has no such API", async () => {
    show(unsupported);
    await screen.findByText("Rotate secret");
    await screen.findByText("Set up the provider");
    expect(labels()).not.toContain("endpoint");
    expect(labels()).not.toContain("Set up at");
  });
});

describe("deleting a job with an endpoint", () => {
  async function open(is: Endpoint, answers: Answers) {
    const shown = show(is, "?tab=settings", answers);
    await screen.findByText("Rotate secret");
    await userEvent.click(await screen.findByRole("button", { name: "Delete…" }));
    await userEvent.type(
      await screen.findByRole("textbox", { name: "The job's name" }),
      "Stripe -> Analytics",
    );
    return shown;
  }
  const box = () => screen.findByRole("checkbox", { name: "Remove the endpoint at Stripe too" });
  const confirm = () => userEvent.click(screen.getByRole("button", { name: "Delete job" }));
  const deleted = (endpoint: string, hint: string | null = null) => ({ id: "job_a", endpoint, hint });

  it("removes the endpoint too, unless told otherwise, and says so", async () => {
    const { host } = await open(fine, { [`DELETE ${J}`]: deleted("removed") });
    expect(await box()).toHaveProperty("checked", true);
    await confirm();
    await screen.findByText("Its endpoint at Stripe is removed, too.");
    expect(host.requests).toContain(`DELETE ${J}?endpoint=remove`);
  });

  it("leaves it when told so, and says what is still to be done", async () => {
    const { host } = await open(fine, { [`DELETE ${J}`]: deleted("left", "delete it there") });
    await userEvent.click(await box());
    await screen.findByText(/goes on sending to it, and is answered 404/);
    await confirm();
    await screen.findByText(/endpoint at Stripe \(we_1\) is still there and goes on sending in vain/);
    expect(host.requests).toContain(`DELETE ${J}?endpoint=keep`);
  });

  it("keeps the job when the endpoint cannot be removed, and says how to go on", async () => {
    await open(fine, {
      [`DELETE ${J}`]: [424, { error: { code: "provider_unreachable", message: "the job was not deleted" } }],
    });
    await box();
    await confirm();
    const alert = await within(screen.getByRole("dialog")).findByRole("alert");
    expect(alert.textContent).toContain("The job was not deleted.");
    expect(alert.textContent).toContain("Untick the box");
  });

  it("does not speak of an endpoint where there is none", async () => {
    const { host } = await open(sampleEndpoint(), { [`DELETE ${J}`]: deleted("none") });
    expect(screen.queryByRole("checkbox")).toBeNull();
    await confirm();
    await screen.findByText("Deleted Stripe → Analytics");
    expect(host.requests).toContain(`DELETE ${J}`);
  });
});
