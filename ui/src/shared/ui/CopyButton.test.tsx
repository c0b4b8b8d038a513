import { Notifications } from "@mantine/notifications";
import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { fakeHost, renderApp } from "../../test/render";
import { CopyButton } from "./CopyButton";

afterEach(() => vi.useRealTimers());

const button = () => screen.findByRole("button");

it("copies, and says so for a moment", async () => {
  const host = fakeHost({});
  renderApp(<CopyButton value="https://hooks.example.com" what="webhook URL" />, host);
  const shown = await button();
  expect(shown.getAttribute("aria-label")).toBe("Copy webhook URL");

  vi.useFakeTimers();
  await act(async () => shown.click());
  expect(host.copied).toEqual(["https://hooks.example.com"]);
  expect(shown.getAttribute("aria-label")).toBe("Copied");

  await act(() => vi.advanceTimersByTimeAsync(1500));
  expect(shown.getAttribute("aria-label")).toBe("Copy webhook URL");
});

it("copies what a function gives when it is pressed, not before", async () => {
  const host = fakeHost({});
  const value = vi.fn(async () => "fresh");
  renderApp(<CopyButton value={value} what="diagnostics" />, host);
  const shown = await button();
  expect(value).not.toHaveBeenCalled();
  await userEvent.click(shown);
  expect(host.copied).toEqual(["fresh"]);
});

it("says why it could not copy, and does not claim that it did", async () => {
  for (const [what, value, host] of [
    [
      "clipboard",
      "text",
      { ...fakeHost({}), copyText: () => Promise.reject(new Error("the clipboard is locked")) },
    ],
    ["source", () => Promise.reject(new Error("the engine is gone")), fakeHost({})],
  ] as const) {
    const { unmount } = renderApp(
      <>
        <Notifications />
        <CopyButton value={value} what={what} />
      </>,
      host,
    );
    const shown = await screen.findByRole("button", { name: `Copy ${what}` });
    await userEvent.click(shown);
    expect(await screen.findByText(`The ${what} could not be copied`)).toBeTruthy();
    expect(shown.getAttribute("aria-label")).toBe(`Copy ${what}`);
    unmount();
  }
});

it("does not press what it stands in", async () => {
  const onRow = vi.fn();
  renderApp(
    // biome-ignore lint/a11y: a row that is pressed, as lists have them
    <div onClick={onRow}>
      <CopyButton value="x" what="id" />
    </div>,
    fakeHost({}),
  );
  await userEvent.click(await button());
  expect(onRow).not.toHaveBeenCalled();
});
