import { Modal } from "@mantine/core";
import { Notifications, notifications } from "@mantine/notifications";
import { spotlight } from "@mantine/spotlight";
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import type { HostCommand } from "../../platform";
import { runAction, useAllActions } from "../../shared/state/actions";
import { sampleJob } from "../../test/overview";
import { fakeHost, renderApp } from "../../test/render";
import { PUBLIC_URL, sampleTunnel, sampleTunnelStatus } from "../../test/tunnel";
import { CommandPalette } from "../palette/CommandPalette";
import { AppActions } from "./AppActions";

const W = "/api/workspaces/default";

function Labels() {
  return (
    <ul>
      {useAllActions().map(({ id, label }) => (
        <li key={id}>{label}</li>
      ))}
    </ul>
  );
}

async function show(more: React.ReactNode = null, tunnel = sampleTunnelStatus("off")) {
  let tell: (command: HostCommand) => void = () => {};
  const host = {
    ...fakeHost({
      [`GET ${W}/sync-jobs`]: { syncJobs: [sampleJob({ name: "Shop" })] },
      [`GET ${W}/destinations`]: { destinations: [] },
      [`GET ${W}/sync-jobs/job_a`]: sampleJob(),
      [`PATCH ${W}/sync-jobs/job_a`]: sampleJob(),
      [`DELETE ${W}/sync-jobs/job_a`]: [204, undefined],
      "GET /api/diagnostics": { text: "version 1" },
      "GET /api/status": { dataDir: "/data/hookline", tunnel },
      "POST /api/tunnel/start": [409, { error: { code: "conflict", message: "no tunnel is chosen" } }],
      "POST /api/tunnel/stop": sampleTunnel(),
      "POST /api/tunnel/check": { ok: true, roundTripMs: 38 },
      "POST /api/maintenance/backup": { path: "/data/x.db", sizeBytes: 1 },
    }),
    onCommand: (listener: (command: HostCommand) => void) => {
      tell = listener;
      return () => {};
    },
  };
  const content = (
    <>
      <AppActions />
      <Labels />
      {more}
    </>
  );
  const shown = renderApp(content, host, "/transfers/job_a");
  await screen.findByText("Open Shop");
  return { ...shown, host, tell: (command: HostCommand) => tell(command) };
}

it("a job is paused from anywhere, and deleted once its name was typed", async () => {
  const { host, router } = await show();
  act(() => runAction("job.toggle.job_a"));
  await waitFor(() => expect(host.bodies).toEqual([{ enabled: false }]));
  act(() => runAction("job.delete.job_a"));
  fireEvent.change(await screen.findByLabelText("The job's name"), { target: { value: "Shop" } });
  fireEvent.click(screen.getByRole("button", { name: "Delete job" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/transfers"));
});

it("the native menu copies the diagnostics", async () => {
  const { host, tell } = await show();
  act(() => tell({ kind: "action", id: "copyDiagnostics" }));
  await waitFor(() => expect(host.copied).toEqual(["version 1"]));
});

it("a backup goes beside the data folder", async () => {
  const { host } = await show();
  act(() => runAction("data.backup"));
  await waitFor(() =>
    expect(host.bodies).toEqual([{ path: expect.stringMatching(/^\/data\/hookline-backup-.*\.db$/) }]),
  );
});

it("the tunnel is tested and disconnected from anywhere, and its address copied", async () => {
  const { host } = await show(<Notifications />, sampleTunnelStatus("online"));
  act(() => runAction("tunnel.test"));
  await screen.findByText("A request to the public address came back in 38 ms.");
  act(() => runAction("tunnel.disconnect"));
  await screen.findByText("The tunnel is disconnected");
  act(() => runAction("tunnel.copy"));
  await waitFor(() => expect(host.copied).toEqual([PUBLIC_URL]));
  act(() => notifications.clean());
});

it("a tunnel that cannot be connected leads to where one is chosen", async () => {
  const { router } = await show(<Notifications />);
  act(() => runAction("tunnel.connect"));
  await waitFor(() => expect(router.state.location.pathname).toBe("/settings/tunnel"));
  await screen.findByText("No tunnel is chosen.");
  act(() => notifications.clean());
});

it("there is no public address to copy without a tunnel", async () => {
  const { host } = await show(<Notifications />);
  act(() => runAction("tunnel.copy"));
  await screen.findByText("There is none: connect a tunnel to get one.");
  expect(host.copied).toEqual([]);
  act(() => notifications.clean());
});

it("the palette opens with its keys, and again while it is still closing", async () => {
  await show(<CommandPalette />);
  const press = (key: string) => fireEvent.keyDown(document.documentElement, { key, ctrlKey: true });
  press("k");
  const dialog = await screen.findByRole("dialog", { name: "Commands" });
  expect(dialog.getAttribute("aria-modal")).toBe("true");
  act(() => spotlight.close());
  press("k");
  await act(() => new Promise((resolve) => setTimeout(resolve, 200)));
  expect(screen.getByRole("dialog", { name: "Commands" })).toBeTruthy();
  act(() => spotlight.close());
});

it("shortcuts go to pages, but not from behind a dialog", async () => {
  const plain = await show();
  fireEvent.keyDown(document.documentElement, { key: "1", ctrlKey: true });
  await waitFor(() => expect(plain.router.state.location.pathname).toBe("/events"));
  plain.unmount();

  const { router } = await show(
    <Modal opened onClose={() => {}} title="Busy">
      Working
    </Modal>,
  );
  await screen.findByText("Working");
  fireEvent.keyDown(document.documentElement, { key: "1", ctrlKey: true });
  await act(() => new Promise((resolve) => setTimeout(resolve, 50)));
  expect(router.state.location.pathname).toBe("/transfers/job_a");
});
