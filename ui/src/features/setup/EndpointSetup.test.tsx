import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { keys } from "../../api/keys";
import type { Endpoint } from "../../api/schema";
import {
  ENDPOINT_URL,
  NO_ADDRESS,
  NO_KEY,
  sampleEndpoint,
  sampleManaged,
  stripeWithApi,
} from "../../test/endpoint";
import { job, paths, refused, source } from "../../test/jobFixtures";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { sampleTunnelStatus } from "../../test/tunnel";
import { SetupCard } from "./SetupCard";

const E = `${paths.job}/endpoint`;
const fine = sampleEndpoint(sampleManaged());

function show(is: Endpoint, answers: Answers = {}, hasApiKey = true, tunnel: "off" | "online" = "online") {
  const state = { is };
  const host = fakeHost({
    "GET /api/providers": { providers: [stripeWithApi] },
    "GET /api/status": {
      receiver: { url: "http://127.0.0.1:4400", listening: true },
      tunnel: sampleTunnelStatus(tunnel),
      secrets: { kind: "keychain" },
    },
    [`GET ${paths.sources}`]: { sources: [{ ...source, hasApiKey }] },
    [`GET ${paths.jobs}`]: { syncJobs: [job] },
    [`GET ${paths.events}`]: { events: [], nextCursor: null },
    [`GET ${E}`]: () => state.is,
    ...answers,
  });
  return { host, state, ...renderApp(<SetupCard jobId="job_1" />, host) };
}

const section = () => screen.findByRole("region", { name: "Endpoint at Stripe" });

describe("the short way to set a provider up", () => {
  it("is one click once there is a key, and the card turns to what the provider sends", async () => {
    const { host, state } = show(sampleEndpoint(), {
      [`POST ${E}`]: () => {
        state.is = fine;
        return [201, fine];
      },
    });
    const short = within(await section());
    await short.findByText(/Stripe will send 2 event types to/);
    await userEvent.click(short.getByRole("button", { name: "Set it up at Stripe" }));
    await short.findByText("Stripe sends to this job: endpoint we_1, 2 event types, test mode.");
    expect(host.requests).toContain(`POST ${E}`);
    // What is done by hand otherwise is out of the way.
    expect(screen.queryByRole("region", { name: "Steps" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Steps and secret" }));
    expect(screen.getByRole("region", { name: "Signing secret" })).toBeTruthy();
  });

  it("stands before the way by hand, which stays", async () => {
    show(sampleEndpoint());
    await section();
    await screen.findByText("Or by hand: webhook URL");
    const names = screen.getAllByRole("region").map((region) => region.getAttribute("aria-label"));
    expect(names.indexOf("Endpoint at Stripe")).toBeLessThan(names.indexOf("Webhook URL"));
    expect(names).toEqual(expect.arrayContaining(["Steps", "Signing secret", "Test"]));
  });

  it("asks for a key where there is none", async () => {
    show(sampleEndpoint(null, { obstacle: NO_KEY }), {}, false);
    const short = within(await section());
    await short.findByLabelText("API key of Stripe", { selector: "input" });
    expect(short.queryByRole("button", { name: "Set it up at Stripe" })).toBeNull();
  });

  it("says once that there is no address to send to, and leads to the tunnel", async () => {
    show(sampleEndpoint(null, { obstacle: NO_ADDRESS, wantedUrl: null }), {}, true, "off");
    const short = within(await section());
    await short.findByText(/There is no public address yet that Stripe could send to\. Stripe must reach/);
    await waitFor(() =>
      expect(screen.getByRole("link", { name: "Connect a tunnel" }).getAttribute("href")).toBe(
        "/settings/tunnel",
      ),
    );
    expect(short.getByRole("button", { name: "Set it up at Stripe" })).toHaveProperty("disabled", true);
  });

  it("says that it is at work, then why it did not succeed, and is tried again", async () => {
    let answer: (value: unknown) => void = () => {};
    const { state } = show(sampleEndpoint(), {
      [`POST ${E}`]: () => new Promise((resolve) => (answer = resolve)),
    });
    const short = within(await section());
    await userEvent.click(await short.findByRole("button", { name: "Set it up at Stripe" }));
    await short.findByText("The endpoint is being made at Stripe…");
    await act(async () =>
      answer(refused(424, { message: "Stripe does not accept the API key", hint: "Store a valid one." })),
    );
    const alert = await short.findByRole("alert");
    expect(alert.textContent).toContain("It was not set up at Stripe");
    expect(alert.textContent).toContain("Store a valid one.");
    await userEvent.click(short.getByRole("button", { name: "Try again" }));
    state.is = fine;
    await act(async () => answer([201, fine]));
    await short.findByText(/^Stripe sends to this job/);
  });

  it("names what cannot be selected, and leads to the job's event types where nothing can", async () => {
    const unselectable = [{ pattern: "v1.*", reason: "thin events are sent to event destinations" }];
    const obstacle = {
      code: "conflict" as const,
      message: "none of the job's event types can be selected at the provider",
      hint: "Select other event types in the job's settings.",
    };
    show(sampleEndpoint(null, { unselectable, obstacle, wantedEventTypes: [] }));
    const short = within(await section());
    await short.findByText("None of the job's event types can be selected at the provider.");
    expect(short.getByRole("link", { name: "Edit job" }).getAttribute("href")).toBe("/transfers/job_1/edit");
    expect(short.getByText("v1.*")).toBeTruthy();
  });

  it("that cannot be read says so, with a way to try again, and the rest is there", async () => {
    let fails = true;
    show(sampleEndpoint(), {
      [`GET ${E}`]: () => (fails ? refused(500, { message: "the store failed" }) : sampleEndpoint()),
    });
    const short = within(await section());
    await short.findByText("The store failed.");
    expect(screen.getByRole("region", { name: "Webhook URL" })).toBeTruthy();
    fails = false;
    await userEvent.click(short.getByRole("button", { name: "Retry" }));
    await short.findByRole("button", { name: "Set it up at Stripe" });
  });

  it("follows what is told of the endpoint", async () => {
    const { client, state } = show(sampleEndpoint());
    const short = within(await section());
    await short.findByText(ENDPOINT_URL, { exact: false });
    state.is = fine;
    await act(() => client.invalidateQueries({ queryKey: keys.endpoint("job_1") }));
    await short.findByText(/^Stripe sends to this job/);
  });
});
