import { act, configure, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { choices, destinationless, job, mongodb, paths, refused, source } from "../../test/jobFixtures";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { JobForm } from "./JobForm";
import { jobValues, newJobValues } from "./values";

// A form of this size takes its time in a simulated browser on a busy machine.
configure({ asyncUtilTimeout: 10_000 });
vi.setConfig({ testTimeout: 30_000 });

const creates: Answers = {
  [`POST ${paths.sources}`]: [201, source],
  [`POST ${paths.destinations}`]: [201, mongodb],
  [`POST ${paths.jobs}`]: [201, job],
};

async function showNew(answers: Answers = creates) {
  const host = fakeHost(answers);
  const onSaved = vi.fn();
  const view = renderApp(
    <JobForm
      choices={destinationless}
      initial={newJobValues(destinationless, "stripe")}
      onSaved={onSaved}
      onCancel={() => {}}
    />,
    host,
  );
  await screen.findByLabelText("Add sync job");
  return { host, onSaved, ...view };
}

async function showEdit(answers: Answers = {}) {
  const host = fakeHost(answers);
  const onSaved = vi.fn();
  renderApp(
    <JobForm
      choices={choices}
      initial={jobValues(job, source, mongodb)}
      jobId="job_1"
      usedBy={2}
      onSaved={onSaved}
      onCancel={() => {}}
    />,
    host,
  );
  await screen.findByLabelText("Edit sync job");
  return { host, onSaved };
}

const fill = (label: string | RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label, { selector: "input" }), { target: { value } });

// Queries by role compute the name of everything in this large form, and are spared where a text will do.
const press = (text: string) => fireEvent.click(screen.getByText(text));

const writes = (requests: readonly string[]) => requests.filter((request) => !request.startsWith("GET"));

const submit = () =>
  fireEvent.keyDown(document.documentElement, { key: "Enter", code: "Enter", ctrlKey: true });

describe("the form of a new job", () => {
  it("what_is_wrong_is_said_beside_the_field_and_nothing_is_sent", async () => {
    const { host } = await showNew();
    submit();
    expect(await screen.findByText("The URI is empty.")).toBeTruthy();
    expect(screen.getByText("1 field needs another look.")).toBeTruthy();
    expect(writes(host.requests)).toEqual([]);
  });

  it("a_second_try_after_a_failure_makes_nothing_twice", async () => {
    let answer: unknown = refused(422, { message: "the URI names no host", field: "uri" });
    const { host, onSaved } = await showNew({ ...creates, [`POST ${paths.destinations}`]: () => answer });
    fill("Connection string", "mongodb://h/shop");
    submit();
    expect(await screen.findByText("The URI names no host.")).toBeTruthy();
    expect(screen.getByText(/The source was made and stays chosen/)).toBeTruthy();
    // The source that was made is the chosen one now.
    expect(screen.getByLabelText("Source", { selector: "input" })).toHaveProperty("value", "Stripe");
    answer = [201, mongodb];
    submit();
    await waitFor(() => expect(onSaved).toHaveBeenCalledWith("job_1"));
    const posts = host.requests.filter((request) => request.startsWith("POST"));
    expect(posts).toEqual([
      `POST ${paths.sources}`,
      `POST ${paths.destinations}`,
      `POST ${paths.destinations}`,
      `POST ${paths.jobs}`,
    ]);
  });

  it("the_connection_is_tried_before_anything_is_saved_and_says_what_is_wrong", async () => {
    const { host } = await showNew({
      [`POST ${paths.check}`]: {
        ok: false,
        error: {
          code: "destination_unreachable",
          message: "connection refused at h:27017",
          hint: "Start it.",
        },
      },
    });
    press("Test connection");
    expect(await screen.findByText("The URI is empty.")).toBeTruthy();
    fill("Connection string", "mongodb://h/shop");
    press("Test connection");
    expect(await screen.findByText("Connection refused at h:27017.")).toBeTruthy();
    expect(screen.getByText("Start it.")).toBeTruthy();
    expect(host.bodies).toEqual([{ kind: "mongodb", uri: "mongodb://h/shop" }]);
    // Another address: the result was of the old one.
    fill("Connection string", "mongodb://other/shop");
    expect(screen.queryByText("Connection refused at h:27017.")).toBeNull();
  });

  it("types_are_chosen_in_the_tree_and_by_patterns_with_a_live_count", async () => {
    const { host, onSaved } = await showNew();
    press("This machine");
    press("Only chosen types");
    submit();
    expect(await screen.findByText("Choose at least one event type, or all events.")).toBeTruthy();

    fill("Type or pattern", "*.voided");
    expect(screen.getByText("*.voided matches 1 of 5 known types.")).toBeTruthy();
    fireEvent.keyDown(screen.getByLabelText("Type or pattern"), { key: "Enter" });
    expect(screen.getByText("1 of 5 known types are synced.")).toBeTruthy();

    // Of so few types all groups are open; the box of the first one is pressed by keyboard.
    const tree = screen.getByLabelText("Known event types");
    fireEvent.keyDown(tree, { key: " " });
    expect(screen.getByText("4 of 5 known types are synced.")).toBeTruthy();
    const first = tree.firstElementChild;
    expect(first?.getAttribute("aria-checked")).toBe("true");
    fireEvent.keyDown(tree, { key: "ArrowDown" });
    fireEvent.keyDown(tree, { key: " " });
    expect(first?.getAttribute("aria-checked")).toBe("mixed");

    submit();
    await waitFor(() => expect(onSaved).toHaveBeenCalled());
    expect(host.bodies.at(-1)).toMatchObject({
      webhookConfig: { eventTypes: ["*.voided", "customer.deleted", "customer.updated"] },
    });
  });

  it("the_prefix_follows_the_provider_and_is_shown_as_it_will_be", async () => {
    await showNew();
    expect(screen.getByTestId("collection-preview").textContent).toBe("stripe_customers");
    fill("Collection prefix", "shop_");
    expect(screen.getByTestId("collection-preview").textContent).toBe("shop_customers");
  });

  it("a_tolerance_of_nothing_is_warned_of", async () => {
    await showNew();
    press("Advanced");
    fill("Greatest age of a signature", "0");
    expect(screen.getByText("Timestamps are not checked")).toBeTruthy();
  });

  it("the_archive_is_offered_for_a_mongodb_alone_and_asks_how_long", async () => {
    const { host, onSaved } = await showNew();
    fill("Connection string", "mongodb://h/shop");
    expect(screen.queryByLabelText("Keep the archive for")).toBeNull();
    const archive = screen.getByLabelText("Archive the history in the MongoDB too");
    fireEvent.click(archive);
    fill("Keep the archive for", "0");
    submit();
    expect(await screen.findByText("This is a whole number from 1 to 3,650.")).toBeTruthy();
    // What is hidden is neither checked nor sent.
    press("This machine");
    expect(screen.queryByLabelText("Archive the history in the MongoDB too")).toBeNull();
    submit();
    await waitFor(() => expect(onSaved).toHaveBeenCalled());
    expect(host.bodies.at(-1)).toMatchObject({ webhookConfig: { archive: null } });
  });

  it("an_archive_is_saved_with_its_days", async () => {
    const { host, onSaved } = await showNew();
    fill("Connection string", "mongodb://h/shop");
    fireEvent.click(screen.getByLabelText("Archive the history in the MongoDB too"));
    fill("Keep the archive for", "30");
    submit();
    await waitFor(() => expect(onSaved).toHaveBeenCalled());
    expect(host.bodies.at(-1)).toMatchObject({ webhookConfig: { archive: { days: 30 } } });
  });

  it("leaving_with_something_entered_asks_first", async () => {
    const { router } = await showNew();
    fill(/^Name/, "Mine");
    act(() => void router.navigate({ to: "/elsewhere" } as never));
    await screen.findByText("Leave without saving?");
    expect(router.state.location.pathname).toBe("/");
    press("Stay here");
    await waitFor(() => expect(screen.queryByText("Leave without saving?")).toBeNull());
    act(() => void router.navigate({ to: "/elsewhere" } as never));
    fireEvent.click(await screen.findByText("Leave without saving"));
    await waitFor(() => expect(router.state.location.pathname).toBe("/elsewhere"));
  });
});

describe("the form of a job that exists", () => {
  it("the_connection_string_is_not_shown_and_only_what_changed_is_sent", async () => {
    const { host, onSaved } = await showEdit({ [`PATCH ${paths.job}`]: job });
    expect(screen.getByLabelText(/Replace the connection string/)).toHaveProperty("value", "");
    expect(screen.getByText(/Now: mongodb:\/\/127.0.0.1:27017\/analytics/)).toBeTruthy();
    expect(screen.getByText(/holds for 2 jobs/)).toBeTruthy();
    fill("Name", "Renamed");
    submit();
    await waitFor(() => expect(onSaved).toHaveBeenCalledWith("job_1"));
    expect(writes(host.requests)).toEqual([`PATCH ${paths.job}`]);
    expect(host.bodies).toEqual([{ name: "Renamed" }]);
  });

  it("what_was_saved_before_a_failure_is_not_sent_again", async () => {
    let answer: unknown = refused(409, {
      message: "the batch is too large",
      field: "webhookConfig.batchSize",
    });
    const { host, onSaved } = await showEdit({
      [`PATCH ${paths.destination}`]: { ...mongodb, name: "Warehouse" },
      [`PATCH ${paths.job}`]: () => answer,
    });
    fill("Name", "Renamed");
    fill("Destination name", "Warehouse");
    submit();
    expect(await screen.findByText("The batch is too large.")).toBeTruthy();
    answer = job;
    submit();
    await waitFor(() => expect(onSaved).toHaveBeenCalled());
    expect(writes(host.requests)).toEqual([
      `PATCH ${paths.destination}`,
      `PATCH ${paths.job}`,
      `PATCH ${paths.job}`,
    ]);
  });
});
