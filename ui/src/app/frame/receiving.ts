/** What is received and what is not, in words: the light at the top, and the line at the sidebar's foot. */
import { describeError } from "../../api/client";
import type { Status, SyncJob } from "../../api/schema";
import { formatAgo } from "../../shared/format/times";
import type { Tone } from "../../shared/ui/Status";

/** How the receiver is reached from outside. */
export function reachability(status: Pick<Status, "tunnel" | "receiver">): {
  tone: Tone;
  word: string;
  url: string;
} {
  const { tunnel, receiver } = status;
  if (!receiver.listening) return { tone: "bad", word: "Not receiving", url: receiver.url };
  if (tunnel.publicUrl) return { tone: "ok", word: "Public address", url: tunnel.publicUrl };
  return { tone: "idle", word: "Reachable from this machine only", url: receiver.url };
}

export interface Light {
  tone: Tone;
  word: string;
  /** What is the case, and what to do about it; one entry per fact. */
  facts: { tone: Tone; text: string }[];
}

/** The light at the top. It is green only when everything that is enabled really receives and delivers. */
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

  const facts: Light["facts"] = [];
  const enabled = jobs.filter((job) => job.enabled);
  const paused = jobs.length - enabled.length;
  if (jobs.length === 0) {
    facts.push({ tone: "idle", text: "There is no sync job yet: add one to get a URL for webhooks." });
  } else if (enabled.length === 0) {
    facts.push({ tone: "idle", text: "Every sync job is paused: providers get 403 and will try again." });
  } else {
    facts.push({
      tone: "ok",
      text: `${enabled.length === 1 ? "One sync job receives" : `${enabled.length} sync jobs receive`} at ${status.tunnel.publicUrl ?? status.receiver.url}.`,
    });
    if (paused > 0)
      facts.push({ tone: "idle", text: `${paused === 1 ? "One job is" : `${paused} jobs are`} paused.` });
  }
  if (!status.tunnel.publicUrl) {
    facts.push({
      tone: "idle",
      text: "Only this machine can send webhooks here. To be reached by a provider, forward a public address to the receiver and start Hookline with it as public URL.",
    });
  }
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

  if (facts.some((fact) => fact.tone === "bad"))
    return { tone: "bad", word: "Receiving, delivery blocked", facts };
  if (facts.some((fact) => fact.tone === "wait"))
    return { tone: "wait", word: "Receiving, delivery waits", facts };
  if (enabled.length === 0)
    return { tone: "idle", word: jobs.length === 0 ? "No sync job" : "Paused", facts };
  return { tone: "ok", word: "Receiving", facts };
}
