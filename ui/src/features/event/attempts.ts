/** What happened to an event, in the order in which it happened. */
import type { Attempt, DeliveryState, EventDetail, HttpAnswer } from "../../api/schema";
import { formatDuration } from "../../shared/format/numbers";
import { formatSoon } from "../../shared/format/times";
import type { Tone } from "../../shared/ui/Status";

export interface Step {
  /** Unique within the event. */
  key: string;
  tone: Tone;
  /** `Received`, `Attempt 2`. */
  title: string;
  /** How it ended: `Applied`, `Failed`. */
  word: string;
  /** RFC 3339; absent for what is still to come. */
  at?: string;
  /** In words: why it failed, what is waited for. */
  text?: string;
  durationMs?: number;
  answer?: HttpAnswer;
}

type Facts = Pick<
  EventDetail,
  | "status"
  | "reason"
  | "receivedAt"
  | "history"
  | "nextAttemptAt"
  | "attempts"
  | "error"
  | "duplicates"
  | "sizeBytes"
>;

/** All steps, newest last; `delivery` is what the job's delivery is doing now. */
export function steps(event: Facts, delivery: DeliveryState | undefined, now: number): Step[] {
  const all: Step[] = [receipt(event), ...event.history.map(attempt)];
  const next = upcoming(event, delivery, now);
  if (next) all.push(next);
  return all;
}

function receipt(event: Facts): Step {
  const base = { key: "receipt", title: "Received", at: event.receivedAt };
  if (event.status === "rejected") {
    return { ...base, tone: "bad", word: "Rejected", ...(event.error ? { text: event.error } : {}) };
  }
  if (event.status === "skipped" && event.history.length === 0) {
    const text =
      event.reason === "filtered"
        ? "Its type is not one that the job selects, so it was stored and not applied."
        : "It carries no object that could be synced, so it was stored and not applied.";
    return { ...base, tone: "idle", word: "Stored", text: event.error ?? text };
  }
  return { ...base, tone: "ok", word: "Stored", text: "The signature was right; the provider was answered." };
}

function attempt(attempt: Attempt): Step {
  const step: Step = {
    key: `attempt ${attempt.number}`,
    title: `Attempt ${attempt.number}`,
    at: attempt.at,
    tone: "ok",
    word: "Applied",
  };
  if (attempt.status === "failed") Object.assign(step, { tone: "bad", word: "Failed" });
  if (attempt.status === "skipped") Object.assign(step, { tone: "idle", word: "Skipped" });
  if (attempt.error) step.text = attempt.error;
  if (attempt.answer) {
    step.answer = attempt.answer;
    step.durationMs = attempt.answer.durationMs;
    if (attempt.status === "completed") step.word = "Forwarded";
  }
  return step;
}

function upcoming(event: Facts, delivery: DeliveryState | undefined, now: number): Step | undefined {
  const number = (event.history.at(-1)?.number ?? 0) + 1;
  const base = { key: "next", title: `Attempt ${number}` };
  if (event.status === "processing") return { ...base, tone: "busy", word: "Running now" };
  if (event.status === "pending")
    return { ...base, tone: "wait", word: "Waiting", text: waiting(delivery, now) };
  if (event.status === "failed" && event.nextAttemptAt) {
    return {
      ...base,
      tone: "wait",
      word: "Planned",
      text:
        Date.parse(event.nextAttemptAt) > now
          ? `It is tried again ${formatSoon(event.nextAttemptAt, now)}.`
          : "It is due now.",
    };
  }
  return undefined;
}

function waiting(delivery: DeliveryState | undefined, now: number): string {
  if (delivery?.state === "waitingForDestination") {
    return `The destination does not answer: ${delivery.error}. Trying again ${formatSoon(delivery.nextTryAt, now)}.`;
  }
  if (delivery?.state === "blocked") return `The destination refuses: ${delivery.error}. ${delivery.hint}`;
  return "It is stored safely and is the destination's turn next.";
}

/** `HTTP 500 in 12 ms`. */
export const answerWords = (answer: Pick<HttpAnswer, "status" | "durationMs">): string =>
  `HTTP ${answer.status} in ${formatDuration(answer.durationMs)}`;
