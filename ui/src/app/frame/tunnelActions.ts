/** What can be done with the tunnel from anywhere. */
import type { QueryClient } from "@tanstack/react-query";
import type { UseNavigateResult } from "@tanstack/react-router";
import { ApiError } from "../../api/client";
import { statusQuery } from "../../api/queries";
import { formatDuration } from "../../shared/format/numbers";
import type { Action } from "../../shared/state/actions";
import { copy } from "../../shared/state/copy";
import { toastError, toastSuccess } from "../../shared/state/toasts";
import { checkTunnel, readTunnelAgain, startTunnel, stopTunnel } from "../../shared/tunnel/mutations";
import { REFUSED_TOAST } from "./tunnelNews";

export function tunnelActions(client: QueryClient, navigate: UseNavigateResult<string>): Action[] {
  const settings = () => void navigate({ to: "/settings/tunnel" });
  const action = (id: string, label: string, keywords: string, run: () => unknown): Action => ({
    id: `tunnel.${id}`,
    label,
    group: "Tunnel",
    keywords,
    run: () => void run(),
  });
  return [
    action("connect", "Connect tunnel", "start public address ngrok cloudflare tailscale", () =>
      connect(client, settings),
    ),
    action("disconnect", "Disconnect tunnel", "stop public address", () => disconnect(client)),
    action("test", "Test the tunnel", "check reach public address", () => test(client)),
    action("copy", "Copy public address", "url tunnel", () => copyAddress(client)),
    action("settings", "Open tunnel settings", "public address ngrok cloudflare tailscale", settings),
  ];
}

async function connect(client: QueryClient, settings: () => void): Promise<void> {
  try {
    await startTunnel();
    toastSuccess("The tunnel is being connected");
  } catch (error) {
    toastError("The tunnel could not be connected", error, REFUSED_TOAST);
    // Something has to be chosen or put in: that is done there.
    if (error instanceof ApiError && error.status !== 0) settings();
  } finally {
    await readTunnelAgain(client);
  }
}

async function disconnect(client: QueryClient): Promise<void> {
  try {
    await stopTunnel();
    toastSuccess("The tunnel is disconnected", "Only this machine can send webhooks here now.");
  } catch (error) {
    toastError("The tunnel could not be disconnected", error);
  } finally {
    await readTunnelAgain(client);
  }
}

async function test(client: QueryClient): Promise<void> {
  const failure = "The test of the tunnel did not come back";
  try {
    const { ok, roundTripMs, error } = await checkTunnel();
    if (ok) toastSuccess("The tunnel works", cameBack(roundTripMs));
    else toastError(failure, error ? new ApiError(424, error) : new Error("nothing came back"));
  } catch (error) {
    toastError(failure, error);
  } finally {
    await readTunnelAgain(client);
  }
}

const cameBack = (milliseconds: number | null | undefined): string =>
  typeof milliseconds === "number"
    ? `A request to the public address came back in ${formatDuration(milliseconds)}.`
    : "A request to the public address came back.";

async function copyAddress(client: QueryClient): Promise<void> {
  await copy(async () => {
    const { tunnel } = await client.fetchQuery({ ...statusQuery, staleTime: 0 });
    if (!tunnel.publicUrl) throw new Error("there is none: connect a tunnel to get one");
    return tunnel.publicUrl;
  }, "public address");
}
