/** What stands between a destination and its jobs, in a tone, a word and a sentence. */
import type { Destination, SyncJob } from "../../api/schema";
import { plural } from "../../shared/format/numbers";
import { formatAgo, formatSoon } from "../../shared/format/times";
import type { Tone } from "../../shared/ui/Status";

export const KIND_NAMES: Record<Destination["kind"], string> = {
  mongodb: "MongoDB",
  local: "Local file",
  http: "HTTP server",
};

export interface DestinationState {
  tone: Tone;
  word: string;
  sentence: string;
}

type Job = Pick<SyncJob, "destinationId" | "enabled" | "delivery">;

/** The jobs that write into a destination. */
export function jobsOf<T extends Pick<SyncJob, "destinationId">>(destinationId: string, jobs: T[]): T[] {
  return jobs.filter((job) => job.destinationId === destinationId);
}

/** As its jobs find it: a destination that no job writes into is not watched. */
export function destinationState(destinationId: string, jobs: Job[], now: number): DestinationState {
  const writing = jobsOf(destinationId, jobs);
  if (writing.length === 0) {
    return { tone: "idle", word: "Not used", sentence: "No sync job writes into it." };
  }
  for (const { delivery } of writing) {
    if (delivery.state === "blocked") {
      return {
        tone: "bad",
        word: "Refuses",
        sentence: `It refuses since ${formatAgo(delivery.since, now)}: ${delivery.error}. ${delivery.hint}`,
      };
    }
  }
  for (const { delivery } of writing) {
    if (delivery.state === "waitingForDestination") {
      return {
        tone: "wait",
        word: "Unreachable",
        sentence: `Unreachable since ${formatAgo(delivery.since, now)}: ${delivery.error}. Trying again ${formatSoon(delivery.nextTryAt, now)}.`,
      };
    }
  }
  const enabled = writing.filter((job) => job.enabled).length;
  const who = plural(writing.length, "sync job");
  if (enabled === 0) return { tone: "idle", word: "Paused", sentence: `${who}, all paused.` };
  return {
    tone: "ok",
    word: "In use",
    sentence: `${who} ${writing.length === 1 ? "writes" : "write"} into it.`,
  };
}
