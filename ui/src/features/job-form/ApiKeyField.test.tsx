import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Source } from "../../api/schema";
import { keyRefused, keyTaken, stripeWithApi } from "../../test/endpoint";
import { github, job, mongodb, paths, refused, source } from "../../test/jobFixtures";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { JobForm } from "./JobForm";
import { jobValues, newJobValues } from "./values";

const CHECK = `POST ${paths.source}/check-key`;
const KEY = "rk_test_very_secret";

/** The form of the job that exists, or of a new one with these sources to choose from. */
async function show(jobId: "job_1" | undefined, sources: Source[], answers: Answers = {}) {
  const choices = { providers: [stripeWithApi, github], sources, destinations: [mongodb] };
  const host = fakeHost({ [CHECK]: keyTaken, ...answers });
  renderApp(
    <JobForm
      choices={choices}
      initial={jobId ? jobValues(job, source, mongodb) : newJobValues(choices, "stripe")}
      {...(jobId ? { jobId } : {})}
      onSaved={() => {}}
      onCancel={() => {}}
    />,
    host,
  );
  await screen.findByLabelText(jobId ? "Edit sync job" : "Add sync job");
  return host;
}

const press = (text: string) => userEvent.click(screen.getByText(text));
const type = (value: string) =>
  fireEvent.change(screen.getByLabelText(/API key/, { selector: "input[type=password]" }), {
    target: { value },
  });

describe("the API key in the form", () => {
  it("says what a key has to be allowed, and that a new one is checked on the next page", async () => {
    await show(undefined, []);
    expect(screen.getByText("Webhook Endpoints, Event Destinations: Write")).toBeTruthy();
    expect(screen.getByText(/the next page does it/)).toBeTruthy();
    expect(screen.queryByText("Check key")).toBeNull();
  });

  it("that is stored is checked, with account, mode and what it may", async () => {
    const host = await show("job_1", [source]);
    await press("Check key");
    expect(await screen.findByText("Example Shop (acct_1), test mode, restricted key.")).toBeTruthy();
    expect(host.requests).toContain(CHECK);
  });

  it("that is typed is stored first, and then gone from the field", async () => {
    const host = await show("job_1", [source], { [`PATCH ${paths.source}`]: source, [CHECK]: keyRefused });
    type(KEY);
    await press("Save and check key");
    expect(await screen.findByText("Stripe does not take the key")).toBeTruthy();
    expect(host.bodies).toEqual([{ apiKey: KEY }]);
    await waitFor(() => expect(document.body.innerHTML).not.toContain(KEY));
    expect(screen.getByLabelText(/Replace the API key/)).toHaveProperty("value", "");
  });

  it("that is none, or is refused, is told at the field and is not checked", async () => {
    const host = await show("job_1", [source], {
      [`PATCH ${paths.source}`]: refused(422, { message: "this is no key", field: "apiKey" }),
    });
    type("a b");
    await press("Save and check key");
    expect(await screen.findByText("The API key has white space in it.")).toBeTruthy();
    expect(host.bodies).toEqual([]);
    type("ab");
    await press("Save and check key");
    expect(await screen.findByText("This is no key.")).toBeTruthy();
    expect(host.requests).not.toContain(CHECK);
  });

  it("of a source that is chosen can be checked", async () => {
    await show(undefined, [source]);
    await press("Check key");
    expect(await screen.findByText("Stripe takes the key")).toBeTruthy();
  });
});
