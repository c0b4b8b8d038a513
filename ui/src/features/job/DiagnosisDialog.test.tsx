import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { Finding } from "../../api/schema";
import { sampleEndpoint, sampleManaged } from "../../test/endpoint";
import { sampleJob } from "../../test/overview";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { DiagnosisDialog } from "./DiagnosisDialog";

const J = "/api/workspaces/default/sync-jobs/job_a";

const findings: Finding[] = [
  { check: "receiver", state: "ok", message: "The receiver listens.", hint: null, action: null },
  { check: "enabled", state: "problem", message: "The job is paused.", hint: null, action: "resume" },
  { check: "eventTypes", state: "warning", message: "Most are filtered.", hint: null, action: "editJob" },
  { check: "secret", state: "warning", message: "Never matched.", hint: null, action: "rotateSecret" },
  {
    check: "rejections",
    state: "problem",
    message: "12 requests were rejected.",
    hint: "Most likely the secret is another one.",
    action: "showRejected",
  },
  { check: "destination", state: "warning", message: "It waits.", hint: null, action: "checkDestination" },
];

function show(job = sampleJob({ enabled: false }), answers: Answers = {}) {
  const onClose = vi.fn();
  const onRotate = vi.fn();
  let rounds = 0;
  const host = fakeHost({
    [`GET ${J}/webhook/diagnosis`]: () => {
      rounds += 1;
      return {
        checkedAt: new Date().toISOString(),
        summary: `The job is paused (round ${rounds}).`,
        findings,
      };
    },
    ...answers,
  });
  renderApp(<DiagnosisDialog job={job} onClose={onClose} onRotate={onRotate} />, host);
  return { host, onClose, onRotate };
}

describe("why nothing is arriving", () => {
  it("is told in one sentence, then finding by finding, problems first", async () => {
    show();
    await screen.findByText("The job is paused (round 1).");
    const lines = within(screen.getByRole("list", { name: "Findings" })).getAllByRole("listitem");
    expect(lines.map((line) => line.textContent?.slice(0, 12))).toEqual([
      "✕JobThe job ",
      "✕Rejections1",
      "◐Event types",
      "◐SecretNever",
      "◐Destination",
      "●ReceiverThe",
    ]);
    expect(lines[1]?.textContent).toContain("Most likely the secret is another one.");
  });

  it("lets a paused job receive again, then looks anew", async () => {
    const { host } = show(undefined, { [`PATCH ${J}`]: sampleJob() });
    await userEvent.click(await screen.findByRole("button", { name: "Resume job" }));
    await screen.findByText("The job is paused (round 2).");
    expect(host.bodies).toEqual([{ enabled: true }]);
  });

  it("says why a job could not be resumed, beside the button", async () => {
    show(undefined, {
      [`PATCH ${J}`]: [503, { error: { code: "storage_unavailable", message: "the disk is full" } }],
    });
    await userEvent.click(await screen.findByRole("button", { name: "Resume job" }));
    expect((await screen.findByRole("alert")).textContent).toContain("The disk is full.");
  });

  it("tries a destination again where the job itself is not paused", async () => {
    const { host } = show(sampleJob(), { [`POST ${J}/resume`]: [204, undefined] });
    await userEvent.click(await screen.findByRole("button", { name: "Try destination again" }));
    await waitFor(() => expect(host.requests).toContain(`POST ${J}/resume`));
  });

  it("leads to the job's settings and to the rejected requests", async () => {
    show();
    expect((await screen.findByRole("link", { name: "Edit job" })).getAttribute("href")).toBe(
      "/transfers/job_a/edit",
    );
    const rejected = screen.getByRole("link", { name: "Show rejected" }).getAttribute("href") ?? "";
    expect(decodeURIComponent(rejected)).toBe('/events?job=job_a&status=["rejected"]');
  });

  it("leads to the tunnel where there is no public address, or it does not lead here", async () => {
    const open = (check: Finding["check"], state: Finding["state"]): Finding => ({
      check,
      state,
      message: `${check}.`,
      hint: null,
      action: null,
    });
    show(undefined, {
      [`GET ${J}/webhook/diagnosis`]: {
        checkedAt: new Date().toISOString(),
        summary: "There is no public address.",
        findings: [open("publicUrl", "problem"), open("reachable", "warning"), open("receiver", "ok")],
      },
    });
    const link = await screen.findByRole("link", { name: "Connect a tunnel" });
    expect(link.getAttribute("href")).toBe("/settings/tunnel");
    expect(screen.getAllByRole("link", { name: "Tunnel settings" })).toHaveLength(1);
  });

  it("shows what was rejected also where another thing would help", async () => {
    const rejections: Finding = {
      check: "rejections",
      state: "problem",
      message: "Wrong secret.",
      hint: null,
      action: "rotateSecret",
    };
    show(undefined, {
      [`GET ${J}/webhook/diagnosis`]: {
        checkedAt: new Date().toISOString(),
        summary: "Wrong secret.",
        findings: [rejections],
      },
    });
    await screen.findByRole("link", { name: "Show rejected" });
    expect(screen.getByRole("button", { name: "Rotate secret…" })).toBeTruthy();
  });

  it("opens the rotation of the secret in its place", async () => {
    const { onClose, onRotate } = show();
    await userEvent.click(await screen.findByRole("button", { name: "Rotate secret…" }));
    expect(onClose).toHaveBeenCalledOnce();
    expect(onRotate).toHaveBeenCalledOnce();
  });

  it("checks the destination and shows what was found", async () => {
    show(undefined, {
      "POST /api/workspaces/default/destinations/dst_a/check": {
        ok: false,
        error: { code: "destination_refused", message: "not authorized", hint: "Give it readWrite." },
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Check destination" }));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("Not authorized.");
    expect(alert.textContent).toContain("Give it readWrite.");
  });

  it("sets the provider up, or brings its endpoint into line, says what is so now, and looks anew", async () => {
    const of = (action: NonNullable<Finding["action"]> | null): Finding => ({
      check: "endpoint",
      state: "problem",
      message: "The endpoint at Stripe is not as it should be.",
      hint: null,
      action,
    });
    let found = of("createEndpoint");
    let round = 0;
    const { host } = show(undefined, {
      [`GET ${J}/webhook/diagnosis`]: () => {
        round += 1;
        return { checkedAt: new Date().toISOString(), summary: `Round ${round}.`, findings: [found] };
      },
      [`POST ${J}/endpoint`]: () => {
        found = of("mendEndpoint");
        return [201, sampleEndpoint(sampleManaged())];
      },
      [`POST ${J}/endpoint/mend`]: () => {
        found = { ...of(null), state: "ok", message: "It sends." };
        return sampleEndpoint(sampleManaged({ eventTypes: ["*"] }));
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Set it up at the provider" }));
    await screen.findByText("Stripe sends to this job: endpoint we_1, 2 event types, test mode.");
    await screen.findByText("Round 2.");
    await userEvent.click(await screen.findByRole("button", { name: "Bring it into line" }));
    await screen.findByText("Stripe sends to this job: endpoint we_1, all event types, test mode.");
    await screen.findByText("Round 3.");
    expect(host.requests.filter((request) => request.startsWith("POST"))).toEqual([
      `POST ${J}/endpoint`,
      `POST ${J}/endpoint/mend`,
    ]);
  });

  it("says why the endpoint could not be brought into line, beside the button", async () => {
    const finding: Finding = {
      check: "endpoint",
      state: "problem",
      message: "It is off.",
      hint: null,
      action: "mendEndpoint",
    };
    show(undefined, {
      [`GET ${J}/webhook/diagnosis`]: {
        checkedAt: new Date().toISOString(),
        summary: "",
        findings: [finding],
      },
      [`POST ${J}/endpoint/mend`]: [424, { error: { code: "provider_refused", message: "no permission" } }],
    });
    await userEvent.click(await screen.findByRole("button", { name: "Bring it into line" }));
    expect((await screen.findByRole("alert")).textContent).toContain("No permission.");
  });

  it("looks again when asked", async () => {
    show();
    await userEvent.click(await screen.findByRole("button", { name: "Check again" }));
    await screen.findByText("The job is paused (round 2).");
  });
});
