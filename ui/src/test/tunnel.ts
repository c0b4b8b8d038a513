/** Sample answers of the control API about the tunnel. */
import type { TunnelAnswer, TunnelSettings, TunnelStatus } from "../api/schema";

export const PUBLIC_URL = "https://me.ngrok-free.dev";

/** A tunnel in a state, with what goes with that. */
export function sampleTunnelStatus(
  state: TunnelStatus["state"],
  more: Partial<TunnelStatus> = {},
): TunnelStatus {
  const isUp = state === "online" || state === "degraded";
  return {
    state,
    kind: state === "off" ? "none" : "ngrok",
    publicUrl: isUp ? PUBLIC_URL : null,
    since: "2026-03-10T11:57:00Z",
    roundTripMs: state === "online" ? 38 : null,
    provenAt: isUp ? "2026-03-10T11:59:00Z" : null,
    reason: null,
    remedy: null,
    nextAttemptAt: null,
    usage: null,
    ...more,
  };
}

export const CONNECTING = sampleTunnelStatus("connecting", {
  reason: "ngrok cannot be reached: no route to host",
  remedy: "Check this machine's connection to the internet; it is tried again by itself.",
  nextAttemptAt: "2026-03-10T12:00:12Z",
});

export const DEGRADED = sampleTunnelStatus("degraded", {
  reason: "something else answers at the public address: status 404",
  remedy: "Check that it forwards to the receiver, paths included.",
});

export const REFUSED = sampleTunnelStatus("refused", {
  reason: "ngrok does not accept the authtoken (ERR_NGROK_107)",
  remedy:
    "Copy it anew from https://dashboard.ngrok.com/get-started/your-authtoken into the tunnel's settings.",
});

/** Nearly all of the free plan is used up. */
export const NEARLY_USED: NonNullable<TunnelStatus["usage"]> = {
  month: "2026-03",
  requests: 17_000,
  bytesIn: 80_000_000,
  bytesOut: 12_000_000,
  monthlyRequests: 20_000,
  monthlyBytes: 1_000_000_000,
  warning:
    "85 % of the requests that ngrok's plan allows this month are used up; beyond it webhooks are refused.",
};

export const sampleTunnelSettings = (more: Partial<TunnelSettings> = {}): TunnelSettings => ({
  kind: "none",
  on: false,
  url: null,
  ngrokDomain: null,
  ngrokRegion: null,
  ngrokMonthlyRequests: 20_000,
  ngrokMonthlyBytes: 1_000_000_000,
  ngrokAuthtoken: null,
  chosenAtStart: false,
  ...more,
});

export const sampleTunnel = (
  status: TunnelStatus = sampleTunnelStatus("off"),
  settings: Partial<TunnelSettings> = status.state === "off" ? {} : { kind: status.kind, on: true },
  more: Partial<TunnelAnswer> = {},
): TunnelAnswer => ({
  status,
  settings: sampleTunnelSettings(settings),
  history: [],
  ngrokRegions: ["us", "eu", "ap"],
  cloudflaredInstalled: false,
  tailscaleInstalled: true,
  forwardTo: "http://127.0.0.1:4400",
  ...more,
});
