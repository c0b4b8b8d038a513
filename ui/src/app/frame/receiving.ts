/** What is received and what is not, in words: the light at the top, and the line at the sidebar's foot. */
import { describeError } from "../../api/client";
import type { Status, SyncJob, TunnelState, TunnelStatus } from "../../api/schema";
import { formatDuration } from "../../shared/format/numbers";
import { formatAgo } from "../../shared/format/times";
import { nextAttempt, TUNNEL_TONES, troubleOf, tunnelWords, whyTunnel } from "../../shared/tunnel/state";
import type { Tone } from "../../shared/ui/Status";

/** How the receiver is reached from outside: the tunnel's state and the address to give away. */
export interface Reachability {
  tone: Tone;
  word: string;
  url: string;
  /** What is wrong, where something is. */
  trouble: string | null;
  /** All of it in words. */
  words: string;
}

const FOOT_WORDS: Record<TunnelState, string> = {
  off: "This machine only",
  connecting: "Tunnel connecting",
  online: "Tunnel online",
  degraded: "Tunnel degraded",
  refused: "Tunnel refused",
};

export function reachability(status: Pick<Status, "tunnel" | "receiver">, now: number): Reachability {
  const { tunnel, receiver } = status;
  const url = tunnel.publicUrl ?? receiver.url;
  if (!receiver.listening) {
    const words = `Nothing listens at ${receiver.url}: webhooks are refused.`;
    return { tone: "bad", word: "Not receiving", url: receiver.url, trouble: null, words };
  }
  const { state, roundTripMs, nextAttemptAt, usage } = tunnel;
  const fast =
    state === "online" && typeof roundTripMs === "number" ? ` · ${formatDuration(roundTripMs)}` : "";
  const trouble = [troubleOf(tunnel), nextAttempt(nextAttemptAt, now)].filter(Boolean).join(" ");
  return {
    tone: TUNNEL_TONES[state],
    word: `${FOOT_WORDS[state]}${fast}`,
    url,
    trouble: trouble || usage?.warning || null,
    words: [tunnelWords(tunnel, now), usage?.warning].filter(Boolean).join(" "),
  };
}

export interface Fact {
  tone: Tone;
  text: string;
  /** Whether the tunnel's settings are where something can be done about it. */
  settings?: boolean;
}

export interface Light {
  tone: Tone;
  word: string;
  /** What is the case, and what to do about it; one entry per fact. */
  facts: Fact[];
}

/**
 * The light at the top. It is green only when everything that is enabled really receives and delivers, and the tunnel,
 * where one is wanted, was proven to lead here.
 */
export function receivingLight(
  status: Status | undefined,
  jobs: SyncJob[] | undefined,
  connected: boolean,
  now: number,
  /** Why `status` or `jobs` could not be read. */
  failure?: unknown,
): Light {
  if (!connected) {
    const text = "The engine does not answer. What is on the screen may be old. Connecting again…";
    return { tone: "bad", word: "Not connected", facts: [{ tone: "bad", text }] };
  }
  if (!status || !jobs) {
    if (!failure) return { tone: "busy", word: "Looking", facts: [{ tone: "busy", text: "Being read…" }] };
    const text = `Whether webhooks are received could not be read: ${describeError(failure).message}`;
    return { tone: "bad", word: "Not known", facts: [{ tone: "bad", text }] };
  }
  if (!status.receiver.listening) {
    const text = `Nothing listens at ${status.receiver.url}: webhooks are refused. Restart Hookline; the log says why.`;
    return { tone: "bad", word: "Not receiving", facts: [{ tone: "bad", text }] };
  }

  const facts: Fact[] = [];
  const { tunnel } = status;
  const enabled = jobs.filter((job) => job.enabled);
  const paused = jobs.length - enabled.length;
  if (jobs.length === 0) {
    facts.push({ tone: "idle", text: "There is no sync job yet: add one to get a URL for webhooks." });
  } else if (enabled.length === 0) {
    facts.push({ tone: "idle", text: "Every sync job is paused: providers get 403 and will try again." });
  } else {
    facts.push({
      tone: "ok",
      text: `${enabled.length === 1 ? "One sync job receives" : `${enabled.length} sync jobs receive`} at ${tunnel.state === "online" && tunnel.publicUrl ? tunnel.publicUrl : status.receiver.url}.`,
    });
    if (paused > 0)
      facts.push({ tone: "idle", text: `${paused === 1 ? "One job is" : `${paused} jobs are`} paused.` });
  }
  facts.push(...tunnelFacts(tunnel, now));
  for (const job of enabled) {
    const delivery = job.delivery;
    if (delivery.state === "waitingForDestination") {
      facts.push({
        tone: "wait",
        text: `${job.name} waits for its destination since ${formatAgo(delivery.since, now)}: ${delivery.error}. Events are kept and applied later.`,
      });
    } else if (delivery.state === "blocked") {
      facts.push({ tone: "bad", text: `${job.name} is blocked: ${delivery.error}. ${delivery.hint}` });
    }
  }

  const is = (state: SyncJob["delivery"]["state"]) => enabled.some((job) => job.delivery.state === state);
  if (tunnel.state === "refused") return { tone: "bad", word: "Tunnel refused", facts };
  if (is("blocked")) return { tone: "bad", word: "Receiving, delivery blocked", facts };
  if (tunnel.state === "degraded") return { tone: "wait", word: "Tunnel degraded", facts };
  if (tunnel.state === "connecting") return { tone: "busy", word: "Tunnel connecting", facts };
  if (is("waitingForDestination")) return { tone: "wait", word: "Receiving, delivery waits", facts };
  if (enabled.length === 0)
    return { tone: "idle", word: jobs.length === 0 ? "No sync job" : "Paused", facts };
  return { tone: "ok", word: tunnel.state === "off" ? "Receiving on this machine only" : "Receiving", facts };
}

function tunnelFacts(tunnel: TunnelStatus, now: number): Fact[] {
  const fact: Fact = { tone: TUNNEL_TONES[tunnel.state], text: tunnelWords(tunnel, now) };
  if (tunnel.state === "off") fact.text = `${fact.text} ${whyTunnel("a provider")}`;
  if (tunnel.state !== "online") fact.settings = true;
  const warning = tunnel.usage?.warning;
  return warning ? [fact, { tone: "wait", text: warning, settings: true }] : [fact];
}
