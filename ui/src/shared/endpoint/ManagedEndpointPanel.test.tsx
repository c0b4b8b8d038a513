import { useQuery } from "@tanstack/react-query";
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../api/schema";
import { disabledEndpoint, ENDPOINT_URL, NO_KEY, sampleEndpoint, sampleManaged } from "../../test/endpoint";
import { refused } from "../../test/jobFixtures";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { sampleTunnelStatus } from "../../test/tunnel";
import { ManagedEndpointPanel } from "./ManagedEndpointPanel";
import { endpointQuery } from "./queries";

const E = "/api/workspaces/default/sync-jobs/job_1/endpoint";
const fine = sampleEndpoint(sampleManaged());

function Panel() {
  const { data } = useQuery(endpointQuery("job_1"));
  return data?.managed ? (
    <ManagedEndpointPanel jobId="job_1" endpoint={data} managed={data.managed} />
  ) : (
    <p>{data ? "No endpoint" : "Loading"}</p>
  );
}

/** A provider whose endpoint is as `is` says, until something is done. */
function show(is: Endpoint, answers: Answers = {}) {
  const state = { is };
  const host = fakeHost({ [`GET ${E}`]: () => state.is, ...answers });
  renderApp(<Panel />, host);
  return { host, state };
}

describe("an endpoint that Hookline made", () => {
  it("is shown with id, mode, address, types and when it was checked last", async () => {
    show(fine);
    await screen.findByText("Stripe sends to this job: endpoint we_1, 2 event types, test mode.");
    expect(screen.getByText("we_1")).toBeTruthy();
    expect(screen.getByText("Test")).toBeTruthy();
    expect(screen.getByText(ENDPOINT_URL)).toBeTruthy();
    expect(within(screen.getByRole("list")).getAllByRole("listitem")).toHaveLength(2);
    expect(document.querySelectorAll("time")).toHaveLength(2);
    expect(screen.queryByRole("region", { name: "What is wrong" })).toBeNull();
  });

  it("shows a few of many types, and all when asked", async () => {
    const eventTypes = Array.from({ length: 40 }, (_, index) => `type.${index}`);
    show(sampleEndpoint(sampleManaged({ eventTypes })));
    await userEvent.click(await screen.findByRole("button", { name: "Show 28 more" }));
    expect(screen.getAllByRole("listitem")).toHaveLength(40);
  });

  it("is checked at the provider, and what differs is told with one button against it", async () => {
    const { host, state } = show(fine, {
      [`GET ${E}`]: (request: Request) => {
        if (request.url.includes("check=true")) state.is = disabledEndpoint;
        return state.is;
      },
      [`POST ${E}/mend`]: () => {
        state.is = fine;
        return fine;
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Check now" }));
    const wrong = await screen.findByRole("region", { name: "What is wrong" });
    expect(wrong.textContent).toContain("It is turned off at the provider.");
    expect(host.requests).toContain(`GET ${E}?check=true`);
    await userEvent.click(within(wrong).getByRole("button", { name: "Bring it into line" }));
    await screen.findByText("It is in line again");
    expect(screen.queryByRole("region", { name: "What is wrong" })).toBeNull();
  });

  it("says why the provider could not be asked", async () => {
    show(fine, {
      [`GET ${E}`]: (request: Request) =>
        request.url.includes("check=true")
          ? refused(424, { message: "Stripe cannot be reached", hint: "Check the connection." })
          : fine,
    });
    await userEvent.click(await screen.findByRole("button", { name: "Check now" }));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("Stripe could not be asked");
    expect(alert.textContent).toContain("Check the connection.");
  });

  it("that could not be brought into line says why, whether it is tried again, and what to do", async () => {
    const trouble = {
      code: "provider_refused",
      message: "the key has not the permission",
      hint: "Give the key the permission.",
      since: "2026-03-10T11:59:00Z",
      retrying: false,
    };
    show(sampleEndpoint(sampleManaged({ trouble })), {
      [`POST ${E}/mend`]: refused(424, { message: "the key still has not the permission" }),
    });
    const wrong = await screen.findByRole("region", { name: "What is wrong" });
    expect(wrong.textContent).toContain("The key has not the permission.");
    expect(wrong.textContent).toContain("Give the key the permission.");
    expect(wrong.textContent).toContain("does not try this again until something changes");
    await userEvent.click(screen.getByRole("button", { name: "Bring it into line" }));
    expect((await screen.findByRole("alert")).textContent).toContain("still has not the permission.");
  });

  it("that is begun can be gone on with, or given up, and is not checked", async () => {
    const trouble = {
      code: "x",
      message: "no answer",
      hint: null,
      since: "2026-03-10T11:59:00Z",
      retrying: true,
    };
    const begun = sampleManaged({ status: "creating", providerEndpointId: null, trouble });
    show(sampleEndpoint(begun));
    await screen.findByRole("button", { name: "Try again now" });
    expect(screen.getByText("Hookline tries again by itself.")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Check now" })).toBeNull();
  });

  it("is removed only after it was said what is lost", async () => {
    const { host, state } = show(fine, {
      [`DELETE ${E}`]: () => {
        state.is = sampleEndpoint();
        return [204, undefined];
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Remove at Stripe…" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog.textContent).toContain("does not arrive here, and is not sent later either");
    expect(host.requests.some((request) => request.startsWith("DELETE"))).toBe(false);
    await userEvent.click(within(dialog).getByRole("button", { name: "Remove at Stripe" }));
    await screen.findByText("No endpoint");
    expect(host.requests).toContain(`DELETE ${E}`);
  });

  it("says why it was not removed", async () => {
    show(fine, { [`DELETE ${E}`]: refused(424, { message: "Stripe cannot be reached" }) });
    await userEvent.click(await screen.findByRole("button", { name: "Remove at Stripe…" }));
    const dialog = await screen.findByRole("dialog");
    await userEvent.click(within(dialog).getByRole("button", { name: "Remove at Stripe" }));
    await waitFor(() => expect(screen.getByRole("alert").textContent).toContain("It was not removed"));
  });

  it("says what keeps Hookline from changing it: a key, or an address", async () => {
    show(sampleEndpoint(sampleManaged(), { obstacle: NO_KEY, wantedUrl: null }), {
      "GET /api/status": { tunnel: sampleTunnelStatus("off") },
    });
    const link = await screen.findByRole("link", { name: "Enter a key" });
    expect(link.getAttribute("href")).toBe("/transfers/job_1/edit");
    await screen.findByRole("link", { name: "Connect a tunnel" });
    expect(screen.getByText(/no public address yet that Stripe could send to/)).toBeTruthy();
  });

  it("names the event types that the provider cannot be told to send, with the reason", async () => {
    const unselectable = [{ pattern: "v1.*", reason: "thin events are sent to event destinations" }];
    show(sampleEndpoint(sampleManaged(), { unselectable }));
    const note = await screen.findByRole("region", { name: "Event types that cannot be selected" });
    expect(note.textContent).toContain("One of this job's event types cannot be selected at Stripe");
    expect(note.textContent).toContain("v1.* Thin events are sent to event destinations.");
  });
});
