/** What a sync job is doing, in a tone, a word and a sentence. */
import type { SyncJob } from "../api/schema";
import { formatSoon } from "./format/times";
import type { Tone } from "./ui/Status";

export interface JobState {
  tone: Tone;
  /** `Receiving`, `Paused`, `Waiting for destination`, `Blocked`, `Failing`. */
  word: string;
  /** The whole truth in words. */
  sentence: string;
}

/** Of a job, with whether events of it failed lately. */
export function jobState(
  job: Pick<SyncJob, "enabled" | "delivery" | "stats">,
  failedLastHour: number,
  now: number,
): JobState {
  if (!job.enabled) {
    return {
      tone: "idle",
      word: "Paused",
      sentence: "Paused: the provider gets 403 and will try again later.",
    };
  }
  const delivery = job.delivery;
  if (delivery.state === "waitingForDestination") {
    return {
      tone: "wait",
      word: "Waiting for destination",
      sentence: `Waiting for the destination: ${delivery.error}. Trying again ${formatSoon(delivery.nextTryAt, now)}. Events are received and kept meanwhile.`,
    };
  }
  if (delivery.state === "blocked") {
    return {
      tone: "bad",
      word: "Blocked",
      sentence: `The destination refuses: ${delivery.error}. ${delivery.hint} Events are received and kept meanwhile.`,
    };
  }
  if (failedLastHour > 0 && job.stats.failed > 0) {
    return {
      tone: "bad",
      word: "Failing",
      sentence: `${failedLastHour} failed in the last hour; ${job.stats.failed} are failed now.`,
    };
  }
  return { tone: "ok", word: "Receiving", sentence: "Receives, and applies what comes." };
}
