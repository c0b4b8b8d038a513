import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "../../api/client";
import { fakeHost, renderApp } from "../../test/render";
import { Contained } from "./Contained";

let broken = true;

function Fragile() {
  if (broken)
    throw new ApiError(500, { code: "internal", message: "the list broke", hint: "Look at the log." });
  return <p>The list</p>;
}

beforeEach(() => {
  broken = true;
  // React reports what a boundary caught on the console.
  vi.spyOn(console, "error").mockImplementation(() => {});
});

it("a pane that breaks says so, and leaves what stands beside it alone", async () => {
  renderApp(
    <>
      <p>The neighbour</p>
      <Contained what="event list">
        <Fragile />
      </Contained>
    </>,
    fakeHost({}),
  );
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("The event list cannot be shown");
  expect(alert.textContent).toContain("The list broke.");
  expect(alert.textContent).toContain("Look at the log.");
  expect(screen.getByText("The neighbour")).toBeTruthy();
});

it("trying again shows the pane when the cause is gone, and the failure while it is not", async () => {
  const user = userEvent.setup();
  renderApp(
    <Contained what="event list">
      <Fragile />
    </Contained>,
    fakeHost({}),
  );
  await user.click(await screen.findByRole("button", { name: "Retry" }));
  expect(screen.getByRole("alert")).toBeTruthy();

  broken = false;
  await user.click(screen.getByRole("button", { name: "Retry" }));
  expect(screen.getByText("The list")).toBeTruthy();
});
