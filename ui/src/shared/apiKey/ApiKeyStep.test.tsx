import { useQuery } from "@tanstack/react-query";
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { keys } from "../../api/keys";
import { sourcesQuery } from "../../api/queries";
import { keyRefused, keyTaken, stripeWithApi } from "../../test/endpoint";
import { paths, refused, source } from "../../test/jobFixtures";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { ApiKeyStep } from "./ApiKeyStep";
import { accountWords, keptWords } from "./words";

const KEY = "rk_test_very_secret";
const CHECK = `POST ${paths.source}/check-key`;

function Step() {
  const { data } = useQuery(sourcesQuery);
  return data?.[0] ? <ApiKeyStep source={data[0]} provider={stripeWithApi} /> : null;
}

function show(hasApiKey: boolean, answers: Answers = {}) {
  let stored = hasApiKey;
  const host = fakeHost({
    [`GET ${paths.sources}`]: () => ({ sources: [{ ...source, hasApiKey: stored }] }),
    [`PATCH ${paths.source}`]: () => {
      stored = true;
      return { ...source, hasApiKey: true };
    },
    "GET /api/status": { secrets: { kind: "keychain" } },
    [CHECK]: keyTaken,
    ...answers,
  });
  return { host, ...renderApp(<Step />, host) };
}

const field = () => screen.findByLabelText("API key of Stripe", { selector: "input" });

describe("the key of a source", () => {
  it("is pasted, stored, checked, and nothing of it stays", async () => {
    const { host, client, container } = show(false);
    const input = await field();
    await screen.findByText("Kept in the system's keychain; never shown again.");
    expect(container.textContent).toContain("Webhook Endpoints, Event Destinations: Write");
    fireEvent.change(input, { target: { value: ` ${KEY}\n` } });
    await userEvent.click(screen.getByRole("button", { name: "Save and check key" }));
    await screen.findByText("Example Shop (acct_1), test mode, restricted key.");
    expect(host.bodies).toEqual([{ apiKey: KEY }]);
    expect(screen.queryByLabelText("API key of Stripe", { selector: "input" })).toBeNull();
    expect(host.requests.join()).not.toContain(KEY);
    const remembered = JSON.stringify([
      client
        .getQueryCache()
        .getAll()
        .map(({ state }) => state),
      client
        .getMutationCache()
        .getAll()
        .map(({ state }) => state),
    ]);
    expect(remembered).not.toContain(KEY);
    expect(document.body.innerHTML).not.toContain(KEY);
  });

  it("is checked also where the sources are told to have changed before the answer is there", async () => {
    let answer: ((value: unknown) => void) | undefined;
    const { client } = show(false, {
      [`PATCH ${paths.source}`]: () => new Promise((resolve) => (answer = resolve)),
    });
    fireEvent.change(await field(), { target: { value: KEY } });
    await userEvent.click(screen.getByRole("button", { name: "Save and check key" }));
    // The request is on its way before anybody tells of it: on a busy machine that takes a moment.
    await waitFor(() => expect(answer).toBeDefined());
    act(() => void client.setQueryData(keys.sources, [{ ...source, hasApiKey: true }]));
    await screen.findByText("API key stored");
    await act(async () => answer?.({ ...source, hasApiKey: true }));
    await screen.findByText("Stripe takes the key");
  });

  it("that is not taken is told with the reason and what it has to be allowed, and can be replaced", async () => {
    const { host } = show(true, { [CHECK]: keyRefused });
    await userEvent.click(await screen.findByRole("button", { name: "Check key" }));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("Stripe does not take the key");
    expect(alert.textContent).toContain("Stripe does not accept the API key.");
    expect(alert.textContent).toContain("Webhook Endpoints, Event Destinations: Write");
    await userEvent.click(screen.getByRole("button", { name: "Use another key" }));
    await field();
    await userEvent.click(screen.getByRole("button", { name: "Keep the stored one" }));
    await screen.findByText("API key stored");
    expect(host.bodies).toEqual([]);
  });

  it("that cannot be stored stays in the field, with the reason", async () => {
    show(false, { [`PATCH ${paths.source}`]: refused(422, { message: "there is white space in it" }) });
    const input = await field();
    fireEvent.change(input, { target: { value: "a b" } });
    await userEvent.click(screen.getByRole("button", { name: "Save and check key" }));
    expect((await screen.findByRole("alert")).textContent).toContain("There is white space in it.");
    expect(input).toHaveProperty("value", "a b");
  });

  it("that could not be checked says so, and can be checked again", async () => {
    let answer: unknown = refused(500, { message: "the store failed" });
    show(true, { [CHECK]: () => answer });
    await userEvent.click(await screen.findByRole("button", { name: "Check key" }));
    expect((await screen.findByRole("alert")).textContent).toContain("The key could not be checked");
    answer = keyTaken;
    await userEvent.click(screen.getByRole("button", { name: "Check key" }));
    await waitFor(() => expect(screen.getByText("Stripe takes the key")).toBeTruthy());
  });
});

describe("words about keys", () => {
  it("leave out what a key may not see", () => {
    expect(accountWords({ id: null, name: null, mode: "live", restricted: true })).toBe(
      "The key may not see whose account it is, live mode, restricted key",
    );
    expect(accountWords({ id: "orga_1", name: null, mode: null, restricted: false })).toBe("orga_1");
  });

  it("say where keys lie", () => {
    expect(keptWords("file")).toContain("a file that only you can read");
    expect(keptWords(undefined)).toContain("Hookline's other secrets");
  });
});
