import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { everythingMeasures } from "../../test/layout";
import { sampleDestination, sampleJob, sampleOverview, sampleSource } from "../../test/overview";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { TransfersPage } from "./TransfersPage";

everythingMeasures(1200, 600);
beforeEach(() => sessionStorage.clear());

const W = "/api/workspaces/default";
const two = [
  sampleJob({ id: "a", name: "Apples", stats: { ...sampleJob().stats, completed: 1222, pending: 12 } }),
  sampleJob({ id: "b", name: "Pears" }),
];

function show(jobs = two, answers: Answers = {}) {
  const host = fakeHost({
    [`GET ${W}/sync-jobs`]: { syncJobs: jobs },
    [`GET ${W}/sources`]: { sources: [sampleSource] },
    [`GET ${W}/destinations`]: { destinations: [sampleDestination] },
    [`GET ${W}/overview`]: {
      jobs: jobs.map((job, index) =>
        sampleOverview({ jobId: job.id, today: index, lastHour: [31, ...Array<number>(59).fill(0)] }),
      ),
    },
    ...answers,
  });
  return { host, ...renderApp(<TransfersPage />, host, "/transfers") };
}

const names = () =>
  screen
    .getAllByRole("row")
    .slice(1)
    .map((row) => within(row).getAllByRole("gridcell")[0]?.textContent);

describe("the page of transfers", () => {
  it("shows each job with its ends, its state and its last hour in words", async () => {
    show();
    const row = (await screen.findByText("Apples")).closest('[role="row"]') as HTMLElement;
    expect(within(row).getByText("Receiving")).toBeTruthy();
    await within(row).findByRole("img", { name: "31 requests in the last hour" });
    expect(within(row).getByTitle("Stripe → Analytics")).toBeTruthy();
  });

  it("is sorted by a press on a heading, and says so", async () => {
    show();
    await screen.findByText("Apples");
    expect(names()).toEqual(["Apples", "Pears"]);
    await userEvent.click(screen.getByRole("button", { name: "Today" }));
    await waitFor(() => expect(names()).toEqual(["Pears", "Apples"]));
    expect(screen.getByRole("columnheader", { name: /Today/ }).getAttribute("aria-sort")).toBe("descending");
  });

  it("is walked with j and k and opened with Enter", async () => {
    const { router } = show();
    await screen.findByText("Apples");
    await userEvent.keyboard("jjk");
    expect(screen.getAllByRole("row")[1]?.getAttribute("aria-selected")).toBe("true");
    await userEvent.keyboard("{ArrowDown}{Enter}");
    await waitFor(() => expect(router.state.location.pathname).toBe("/transfers/b"));
  });

  it("keeps a thousand jobs out of the page until they are scrolled to, and finds each", async () => {
    const many = Array.from({ length: 1000 }, (_, index) =>
      sampleJob({ id: `job_${index}`, name: `Job ${index}` }),
    );
    show(many);
    await screen.findByText("Job 0");
    expect(screen.getAllByRole("row").length).toBeLessThan(60);
    fireEvent.change(screen.getByRole("textbox", { name: "Filter sync jobs" }), {
      target: { value: "job 987" },
    });
    await screen.findByText("Job 987");
    expect(screen.getByText("1 of 1,000 sync jobs")).toBeTruthy();
  });

  it("offers the two ways to begin when there is no job", async () => {
    show([]);
    expect((await screen.findByRole("link", { name: "Add sync job" })).getAttribute("href")).toBe(
      "/transfers/new",
    );
    expect(screen.getByRole("link", { name: "Try with sample events" }).getAttribute("href")).toBe(
      "/welcome",
    );
  });

  it("says why the jobs cannot be read, and tries again", async () => {
    let broken = true;
    show(two, {
      [`GET ${W}/sync-jobs`]: () =>
        broken
          ? [500, { error: { code: "storage_failed", message: "the disk is full" } }]
          : { syncJobs: two },
    });
    await screen.findByText("The disk is full.");
    broken = false;
    await userEvent.click(screen.getByRole("button", { name: "Retry" }));
    await screen.findByText("Apples");
  });

  it("pauses a job from its row", async () => {
    const { host } = show(two, { [`PATCH ${W}/sync-jobs/a`]: sampleJob({ id: "a", enabled: false }) });
    await userEvent.click(await screen.findByRole("button", { name: "Actions for Apples" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Pause" }));
    await waitFor(() => expect(host.requests).toContain(`PATCH ${W}/sync-jobs/a`));
    expect(host.bodies).toEqual([{ enabled: false }]);
  });

  it("copies a webhook URL from its row", async () => {
    const { host } = show();
    await userEvent.click(await screen.findByRole("button", { name: "Actions for Pears" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Copy webhook URL" }));
    await waitFor(() => expect(host.copied).toEqual([two[1]?.webhookUrl]));
  });

  it("deletes a job only after what is lost was told and its name was typed", async () => {
    const { host } = show(two, {
      [`GET ${W}/sync-jobs/a`]: two[0],
      [`DELETE ${W}/sync-jobs/a`]: [204, undefined],
    });
    await userEvent.click(await screen.findByRole("button", { name: "Actions for Apples" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Delete…" }));
    await screen.findByText(
      "Deletes the job with its 1,234 stored events and its secret. 12 pending events will not be applied. Documents in the destination stay.",
    );
    const remove = screen.getByRole("button", { name: "Delete job" }) as HTMLButtonElement;
    expect(remove.disabled).toBe(true);
    await userEvent.type(screen.getByRole("textbox", { name: "The job's name" }), "Apple{Enter}");
    expect(host.requests.some((request) => request.startsWith("DELETE"))).toBe(false);
    await userEvent.type(screen.getByRole("textbox", { name: "The job's name" }), "s");
    expect(remove.disabled).toBe(false);
    await userEvent.click(remove);
    await waitFor(() => expect(host.requests).toContain(`DELETE ${W}/sync-jobs/a`));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });
});
