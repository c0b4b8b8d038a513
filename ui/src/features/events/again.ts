/** Which events can be applied again. The engine has the last word; these only keep hopeless ones from being sent. */
import type { Selected } from "./selection";

/** Failed ones. */
export const retryable = (events: readonly Selected[]): Selected[] =>
  events.filter((event) => event.status === "failed");

/** All but rejected ones (never verified, hence never synced) and those that are still to be applied anyway. */
export const replayable = (events: readonly Selected[]): Selected[] =>
  events.filter(({ status }) => status === "completed" || status === "failed" || status === "skipped");
