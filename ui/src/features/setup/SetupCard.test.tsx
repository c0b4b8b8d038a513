import { act, configure, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { keys } from "../../api/keys";
import type { TunnelStatus } from "../../api/schema";
import { sendTest } from "../../shared/jobs/testWebhooks";
import { github, job, paths, refused, source, stripe } from "../../test/jobFixtures";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { REFUSED, sampleTunnelStatus } from "../../test/tunnel";
import { SetupCard } from "./SetupCard";
import { refusal } from "./TestWebhook";

configure({ asyncUtilTimeout: 10_000 });
const status = (tunnel: TunnelStatus) => ({
  receiver: { url: "http://127.0.0.1:4400", listening: true },
  tunnel,
});

const answers: Answers = {
  "GET /api/providers": { providers: [stripe, github] },
  "GET /api/status": status(sampleTunnelStatus("off")),
  [`GET ${paths.sources}`]: { sources: [source] },
  [`GET ${paths.jobs}`]: { syncJobs: [job] },
  [`GET ${paths.job}`]: { ...job, webhookSecret: "whsec_hidden" },
  [`GET ${paths.events}`]: { events: [], nextCursor: null },
};

async function show(more: Answers = {}) {
  const host = fakeHost({ ...answers, ...more });
  const view = renderApp(<SetupCard jobId="job_1" />, host);
  await screen.findByText("Webhook URL");
  return { host, ...view };
}

const press = (label: string) => fireEvent.click(screen.getByLabelText(label));
const secretRequests = (requests: readonly string[]) =>
  requests.filter((request) => request.includes("showSecret=true"));

describe("the setup card", () => {
  it("url_and_the_providers_own_steps_are_shown_and_the_url_is_copied", async () => {
    const { host } = await show();
    expect(screen.getByText("Open Workbench → Webhooks.")).toBeTruthy();
    press("Copy webhook URL");
    await waitFor(() => expect(host.copied).toEqual([job.webhookUrl]));
  });

  it("the_secret_is_asked_for_only_when_it_is_to_be_shown_or_copied", async () => {
    const { host, container } = await show();
    expect(secretRequests(host.requests)).toEqual([]);
    expect(container.textContent).not.toContain("whsec_hidden");
    press("Show the signing secret");
    expect(await screen.findByText("whsec_hidden")).toBeTruthy();
    press("Hide the signing secret");
    await waitFor(() => expect(screen.queryByText("whsec_hidden")).toBeNull());
    press("Copy signing secret");
    await waitFor(() => expect(host.copied).toEqual(["whsec_hidden"]));
    expect(secretRequests(host.requests)).toHaveLength(2);
  });

  it("a_pasted_secret_that_cannot_be_one_is_told_and_a_right_one_is_saved", async () => {
    let answer: unknown = refused(422, {
      message: "this looks like a Stripe API key (`sk_live_…`)",
      field: "webhookConfig.secret",
      hint: stripe.secretHelp,
    });
    const { host } = await show({ [`PATCH ${paths.job}`]: () => answer });
    const field = screen.getByLabelText("Paste the signing secret that Stripe shows");
    fireEvent.change(field, { target: { value: "sk_live_1" } });
    fireEvent.click(screen.getByRole("button", { name: "Save secret" }));
    const problem = await screen.findByText(/This looks like a Stripe API key/);
    expect(problem.textContent).toContain("Stripe API key (sk_live_…)");
    answer = job;
    fireEvent.change(field, { target: { value: "whsec_right" } });
    fireEvent.click(screen.getByRole("button", { name: "Save secret" }));
    expect(await screen.findByText(/Saved: what is signed with it/)).toBeTruthy();
    expect(field).toHaveProperty("value", "");
    expect(host.bodies.at(-1)).toEqual({ webhookConfig: { secret: "whsec_right" } });
  });

  it("where_the_user_chooses_the_secret_it_is_to_be_given_to_the_provider", async () => {
    await show({ [`GET ${paths.sources}`]: { sources: [{ ...source, kind: "github" }] } });
    expect(screen.getByText("Give this secret to GitHub.")).toBeTruthy();
    expect(screen.queryByLabelText(/Paste the signing secret/)).toBeNull();
  });

  it("without_a_tunnel_it_says_what_one_is_for_and_leads_to_one", async () => {
    const { client } = await show();
    expect(await screen.findByText("Only this machine reaches this URL; Stripe does not.")).toBeTruthy();
    expect(
      screen.getByText(/Stripe must reach this machine from the internet; a tunnel gives it an address\./),
    ).toBeTruthy();
    expect(screen.getByRole("link", { name: "Connect a tunnel" }).getAttribute("href")).toBe(
      "/settings/tunnel",
    );
    act(() => client.setQueryData(keys.status, status(sampleTunnelStatus("online"))));
    await waitFor(() => expect(screen.queryByRole("note")).toBeNull());
  });

  it("a_tunnel_that_does_not_get_through_is_told_with_its_reason_and_what_to_do", async () => {
    await show({ "GET /api/status": status(REFUSED) });
    const note = await screen.findByRole("note");
    expect(note.textContent).toContain("Tunnel was refused");
    expect(note.textContent).toContain("ngrok does not accept the authtoken (ERR_NGROK_107).");
    expect(screen.getByRole("button", { name: /^https:\/\/dashboard\.ngrok\.com/ })).toBeTruthy();
    expect(screen.getByRole("link", { name: "Tunnel settings" })).toBeTruthy();
  });

  it("the_light_turns_green_for_the_providers_webhook_and_not_for_a_test", async () => {
    const event = (id: string) => ({
      id,
      jobId: "job_1",
      type: "invoice.paid",
      status: "completed",
      receivedAt: new Date(Date.now() + 1000).toISOString(),
    });
    let events = [event("evt_test")];
    const { client, container } = await show({
      [`GET ${paths.events}`]: () => ({ events: sent ? events : [], nextCursor: null }),
      [`POST ${paths.test}`]: () => {
        sent = true;
        return {
          ok: true,
          url: job.webhookUrl,
          eventType: "invoice.paid",
          status: 200,
          durationMs: 3,
          eventId: "evt_test",
          duplicate: false,
        };
      },
    });
    const light = () => container.querySelector("[data-state]")?.getAttribute("data-state");
    expect(light()).toBe("waiting");
    fireEvent.click(screen.getByText("Send test webhook"));
    await waitFor(() => expect(light()).toBe("tested"));
    expect(screen.getByText(/Answered 200/)).toBeTruthy();
    events = [event("evt_real"), ...events];
    await act(() => client.invalidateQueries({ queryKey: keys.events }));
    await waitFor(() => expect(light()).toBe("arrived"));
    expect(screen.getAllByText("invoice.paid")[0]?.getAttribute("href")).toContain("evt_real");
  });

  it("a_test_that_was_sent_from_elsewhere_does_not_turn_the_light_green", async () => {
    const received = {
      id: "evt_elsewhere",
      jobId: "job_1",
      type: "invoice.paid",
      status: "completed",
      receivedAt: new Date(Date.now() + 1000).toISOString(),
    };
    let answer: (sent: unknown) => void = () => {};
    const { client, container } = await show({
      [`GET ${paths.events}`]: () => ({ events: sentElsewhere ? [received] : [], nextCursor: null }),
      [`POST ${paths.test}`]: () => new Promise((resolve) => (answer = resolve)),
    });
    const light = () => container.querySelector("[data-state]")?.getAttribute("data-state");
    let sending: Promise<unknown> = Promise.resolve();
    act(() => {
      sending = sendTest("job_1");
    });
    // It is stored before its sender is answered.
    sentElsewhere = true;
    await act(() => client.invalidateQueries({ queryKey: keys.events }));
    expect(light()).toBe("waiting");
    await act(async () => {
      answer({ ok: true, status: 200, eventId: "evt_elsewhere", duplicate: false });
      await sending;
    });
    expect(light()).toBe("tested");
  });

  it("what_cannot_be_read_is_said_with_a_way_to_try_again", async () => {
    renderApp(
      <SetupCard jobId="job_1" />,
      fakeHost({ ...answers, [`GET ${paths.jobs}`]: refused(500, { message: "the store failed" }) }),
    );
    expect(await screen.findByText("The store failed.")).toBeTruthy();
    expect(screen.getByText("Retry")).toBeTruthy();
  });

  it("a_job_that_is_gone_is_said_to_be", async () => {
    renderApp(<SetupCard jobId="job_9" />, fakeHost(answers));
    expect(await screen.findByText("There is no such sync job")).toBeTruthy();
  });
});

let sent = false;
let sentElsewhere = false;

describe("a test that was not taken", () => {
  const url = "https://hooks.example.com";
  it("the_receivers_own_words_are_told_and_those_of_a_stranger_named_as_such", () => {
    const body = JSON.stringify({ error: { code: "job_paused", message: "the job is paused" } });
    expect(refusal({ status: 403, body, url })).toBe("The job is paused.");
    expect(refusal({ status: 502, body: "<h1>Bad gateway</h1>", url })).toContain(
      "Something else than Hookline",
    );
    expect(
      refusal({
        status: null,
        body: null,
        url,
        error: { code: "receiver_unreachable", message: "refused", hint: "Start it." },
      }),
    ).toBe("Refused. Start it.");
  });
});
