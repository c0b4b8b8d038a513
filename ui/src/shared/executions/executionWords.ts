/** What became of an execution (one batch of a job), in words. */
import { formatCount, plural } from "../format/numbers";
import { formatClock, formatDay, isSameDay } from "../format/times";
import type { Tone } from "../ui/Status";

/** The numbers of an execution that decide the words. */
export interface ExecutionFacts {
  events: number;
  completed: number;
  skipped: number;
  failed: number;
  error?: string | null;
}

export interface ExecutionResult {
  tone: Tone;
  word: string;
  sentence: string;
}

export function executionResult(execution: ExecutionFacts): ExecutionResult {
  const { events, completed, skipped, failed, error } = execution;
  if (error) return { tone: "bad", word: "Failed", sentence: error };
  if (failed > 0 && failed < events) {
    return {
      tone: "bad",
      word: "Partly failed",
      sentence: `${formatCount(failed)} of ${plural(events, "event")} failed`,
    };
  }
  if (failed > 0) {
    const sentence = failed === 1 ? "The event failed" : `All ${plural(failed, "event")} failed`;
    return { tone: "bad", word: "Failed", sentence };
  }
  if (completed === 0 && skipped > 0) {
    return { tone: "idle", word: "Skipped", sentence: "Nothing had to be done" };
  }
  return { tone: "ok", word: "Completed", sentence: `${plural(completed, "event")} applied` };
}

/** Events are received before they are applied: so far before the beginning a link looks. */
const BEFORE_MS = 60_000;
const AFTER_MS = 1000;

/** The bounds of an event list that shows what an execution was about. */
export function eventsAround(execution: { startedAt: string; finishedAt: string }): {
  from: string;
  to: string;
} {
  return {
    from: new Date(Date.parse(execution.startedAt) - BEFORE_MS).toISOString(),
    to: new Date(Date.parse(execution.finishedAt) + AFTER_MS).toISOString(),
  };
}

/** `14:02:11.204` today, `Nov 3 14:02:11.204` before. */
export const executionTime = (time: string, now: number): string =>
  isSameDay(time, now) ? formatClock(time) : `${formatDay(time, now)} ${formatClock(time)}`;
