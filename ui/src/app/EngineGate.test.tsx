import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type { EngineState, Platform } from "../platform";
import { fakeHost, renderApp } from "../test/render";
import { EngineGate } from "./EngineGate";

/** A host whose engine is in the state that the test tells. */
function host(first: EngineState, more: Partial<Platform["engine"]> = {}) {
  let tell: (state: EngineState) => void = () => {};
  const stopped = vi.fn();
  const changes = vi.fn(() => stopped);
  const platform: Platform = {
    ...fakeHost({}),
    changes,
    engine: {
      watch(listener) {
        tell = listener;
        listener(first);
        return () => {};
      },
      retry: async () => {},
      ...more,
    },
  };
  return { platform, changes, stopped, become: (state: EngineState) => act(() => tell(state)) };
}

const shown = (platform: Platform) => renderApp(<EngineGate>The app</EngineGate>, platform);

it("the app appears when the engine runs, and hears changes from then on", async () => {
  const { platform, changes, become } = host({ state: "starting" });
  shown(platform);
  expect((await screen.findByRole("status")).textContent).toContain("Opening your events");
  expect(screen.queryByText("The app")).toBeNull();
  expect(changes).not.toHaveBeenCalled();

  become({ state: "running" });
  expect(screen.getByText("The app")).toBeTruthy();
  expect(changes).toHaveBeenCalledOnce();
});

it("a failure takes the app's place with the engine's words, the hint and that nothing is lost", async () => {
  const { platform, stopped, become } = host({ state: "running" });
  shown(platform);
  await screen.findByText("The app");

  become({
    state: "failed",
    message: "port 4400 is taken by nginx",
    hint: "Stop it or choose another port.",
  });

  expect(screen.queryByText("The app")).toBeNull();
  expect(stopped).toHaveBeenCalledOnce();
  const alert = screen.getByRole("alert");
  expect(alert.textContent).toContain("port 4400 is taken by nginx");
  expect(alert.textContent).toContain("Stop it or choose another port.");
  expect(alert.textContent).toContain("Nothing is lost");
});

it("trying again shows that it is under way, and can be done once more when it failed", async () => {
  const user = userEvent.setup();
  let fail: (error: Error) => void = () => {};
  const retry = vi.fn(() => new Promise<void>((_resolve, reject) => (fail = reject)));
  const { platform } = host({ state: "failed", message: "x" }, { retry });
  shown(platform);

  await user.click(await screen.findByRole("button", { name: "Try again" }));
  expect(retry).toHaveBeenCalledOnce();
  expect(screen.getByRole("button", { name: "Try again" }).hasAttribute("disabled")).toBe(true);

  await act(async () => fail(new Error("still taken")));
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(retry).toHaveBeenCalledTimes(2);
});

it("quitting is offered where the page may decide that", async () => {
  const user = userEvent.setup();
  const quit = vi.fn(async () => {});
  const { platform } = host({ state: "failed", message: "x" }, { quit });
  shown(platform);
  await user.click(await screen.findByRole("button", { name: "Quit" }));
  expect(quit).toHaveBeenCalledOnce();
});

it("quitting is not offered in a browser", async () => {
  shown(host({ state: "failed", message: "x" }).platform);
  await screen.findByRole("alert");
  expect(screen.queryByRole("button", { name: "Quit" })).toBeNull();
});
