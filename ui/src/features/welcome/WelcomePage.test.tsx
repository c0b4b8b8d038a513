import { act, configure, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { setPlatformForTests } from "../../platform";
import { github, job, paths, refused, stripe } from "../../test/jobFixtures";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { searchProviders } from "./ProviderPicker";
import { SAMPLE_NAME } from "./sample";
import { WelcomePage } from "./WelcomePage";

configure({ asyncUtilTimeout: 10_000 });
const answers: Answers = {
  "GET /api/providers": { providers: [stripe, github] },
  "GET /api/status": { storage: { path: "/data/hookline.db", secrets: "a file that only you can read" } },
  [`GET ${paths.jobs}`]: { syncJobs: [{ ...job, name: SAMPLE_NAME }] },
  [`POST ${paths.test}`]: { ok: true, url: "u", status: 200, durationMs: 1, eventId: "7", duplicate: false },
};

async function show(more: Answers = {}) {
  const host = fakeHost({ ...answers, ...more });
  setPlatformForTests(host);
  const view = renderApp(<WelcomePage />, host, "/welcome");
  await screen.findByText("Try with sample events");
  return view;
}

describe("the welcome page", () => {
  it("samples_end_with_the_first_event_open", async () => {
    const { router } = await show();
    fireEvent.click(screen.getByText("Send 12 sample events"));
    await waitFor(() => expect(router.state.location.pathname).toBe("/events"));
    expect(router.state.location.search).toEqual({ job: "job_1", open: "job_1/7" });
  });

  it("who_went_elsewhere_meanwhile_stays_there", async () => {
    let answer: (value: unknown) => void = () => {};
    const { router, rerender } = await show({
      [`POST ${paths.test}`]: () => new Promise((resolve) => (answer = resolve)),
    });
    fireEvent.click(screen.getByText("Send 12 sample events"));
    await screen.findByText(/Sending 1 of 12/);
    rerender(<p>Elsewhere</p>);
    for (let sent = 0; sent < 12; sent += 1) {
      answer({ ok: true, url: "u", status: 200, durationMs: 1, eventId: "7", duplicate: false });
      await act(() => new Promise((resolve) => setTimeout(resolve, 5)));
    }
    expect(router.state.location.pathname).toBe("/welcome");
  });

  it("a_failure_is_said_and_can_be_tried_again", async () => {
    await show({ [`GET ${paths.jobs}`]: refused(503, { message: "the disk is full", hint: "Make room." }) });
    fireEvent.click(screen.getByText("Send 12 sample events"));
    expect(await screen.findByText(/The disk is full\. Make room\./)).toBeTruthy();
    expect(screen.getByText("Try again")).toBeTruthy();
  });

  it("stripe_leads_to_its_form", async () => {
    const { router } = await show();
    fireEvent.click(screen.getByText("Connect Stripe", { selector: "button *" }));
    await waitFor(() => expect(router.state.location.pathname).toBe("/transfers/new"));
    expect(router.state.location.search).toEqual({ provider: "stripe" });
  });

  it("another_provider_is_found_by_typing_and_enter", async () => {
    const { router } = await show();
    fireEvent.click(screen.getByText("Choose a provider"));
    const field = await screen.findByLabelText("Search providers");
    fireEvent.change(field, { target: { value: "git" } });
    fireEvent.keyDown(field, { key: "Enter" });
    await waitFor(() => expect(router.state.location.search).toEqual({ provider: "github" }));
  });

  it("where_data_lie_is_told", async () => {
    await show();
    expect(await screen.findByText("/data/hookline.db")).toBeTruthy();
    expect(screen.getByText(/a file that only you can read/)).toBeTruthy();
  });
});

describe("the search for providers", () => {
  const generic = { ...stripe, kind: "generic", label: "Another sender" };
  it("whom_nobody_matches_finds_the_one_that_takes_any_sender", () => {
    const kinds = (query: string) =>
      searchProviders([stripe, github, generic], query).map(({ kind }) => kind);
    expect(kinds("")).toEqual(["stripe", "github", "generic"]);
    expect(kinds("STRI")).toEqual(["stripe"]);
    expect(kinds("acme")).toEqual(["generic"]);
  });
});
