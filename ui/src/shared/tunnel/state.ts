/** How the tunnel is, in a tone and in words. */

import type { TunnelKind, TunnelState, TunnelStatus } from "../../api/schema";
import { sentence } from "../../api/sentence";
import { formatDuration } from "../format/numbers";
import { formatAgo, formatSoon } from "../format/times";
import type { Tone } from "../ui/Status";

export const TUNNEL_STATES: readonly TunnelState[] = ["online", "connecting", "degraded", "refused", "off"];

export const TUNNEL_TONES: Record<TunnelState, Tone> = {
  off: "idle",
  connecting: "busy",
  online: "ok",
  degraded: "wait",
  refused: "bad",
};

export const TUNNEL_WORDS: Record<TunnelState, string> = {
  off: "Off",
  connecting: "Connecting",
  online: "Online",
  degraded: "Degraded",
  refused: "Refused",
};

/** What each state means, in one sentence. */
export const TUNNEL_MEANINGS: Record<TunnelState, string> = {
  online: "A request that Hookline sent to the public address came back here: webhooks get through.",
  connecting: "The link is being made, or made again after it was lost: webhooks do not get through yet.",
  degraded:
    "There is a public address, but a request that Hookline sent to it did not come back: webhooks may not get through.",
  refused: "The tunnel cannot be started as it is set up. Nothing more is tried until you change something.",
  off: "There is no tunnel: only programs on this machine can send webhooks here.",
};

/** What a tunnel is for, for somebody who has never heard of one. */
export const whyTunnel = (provider: string): string =>
  `${provider.charAt(0).toUpperCase()}${provider.slice(1)} must reach this machine from the internet; a tunnel gives it an address.`;

export const TUNNEL_KINDS: Record<TunnelKind, string> = {
  none: "No tunnel",
  "own-url": "Own address",
  ngrok: "ngrok",
  cloudflared: "Cloudflare quick tunnel",
  tailscale: "Tailscale Funnel",
};

/** What a tunnel is called at the beginning of a sentence. */
export const tunnelName = (kind: TunnelKind): string =>
  kind === "own-url" ? "Your own address" : TUNNEL_KINDS[kind];

/** "Trying again in 12 s.", where an attempt is planned. */
export function nextAttempt(at: string | null | undefined, now: number): string | null {
  return at ? `Trying again ${formatSoon(at, now)}.` : null;
}

/** What is wrong, without what to do about it. */
export function troubleOf(tunnel: TunnelStatus): string | null {
  return tunnel.reason ? sentence(tunnel.reason) : null;
}

/** The whole truth about the tunnel in one paragraph. */
export function tunnelWords(tunnel: TunnelStatus, now: number): string {
  return [
    ...opening(tunnel, now),
    troubleOf(tunnel),
    nextAttempt(tunnel.nextAttemptAt, now),
    remedyOf(tunnel),
  ]
    .filter(Boolean)
    .join(" ");
}

const remedyOf = ({ remedy }: TunnelStatus): string | null => (remedy ? sentence(remedy) : null);

function opening({ state, kind, publicUrl, roundTripMs, since }: TunnelStatus, now: number): string[] {
  const name = tunnelName(kind);
  switch (state) {
    case "off":
      return ["Only this machine can send webhooks here: there is no tunnel."];
    case "connecting":
      return [
        `${name} is being connected${publicUrl ? ` at ${publicUrl}` : ""}: webhooks do not get through yet.`,
      ];
    case "online":
      return [
        `${name} is online at ${publicUrl ?? "its address"}, since ${formatAgo(since, now)}.`,
        ...(roundTripMs === null || roundTripMs === undefined
          ? []
          : [`A request came back in ${formatDuration(roundTripMs)}.`]),
      ];
    case "degraded":
      return [`Webhooks may not get through: ${publicUrl ?? "the public address"} does not lead here.`];
    case "refused":
      return [`${name} was refused: webhooks do not get through.`];
  }
}
