/** Whether a webhook of the provider's has arrived, told from the newest events. */
import type { Event } from "../../api/schema";

export type Arrival =
  /** Nothing was ever received. */
  | { state: "waiting" }
  /** The provider's first since the card was opened: everything works. */
  | { state: "arrived"; event: Event }
  /** Something came since then, but was refused: most often the secret is another one. */
  | { state: "refused"; event: Event }
  /** Only test webhooks came since then. */
  | { state: "tested"; event: Event }
  /** There were events before the card was opened, and none since. */
  | { state: "earlier"; event: Event };

interface Circumstances {
  /** When the card was opened, in milliseconds. */
  openedAt: number;
  /** Ids of the test webhooks that were sent from here. */
  tests: ReadonlySet<string>;
  /** When a test was sent whose event's id is not known yet; what comes from then on may be it. */
  testingSince: number | null;
}

/** `events` are the job's newest ones, newest first. */
export function arrivalOf(events: Event[], { openedAt, tests, testingSince }: Circumstances): Arrival {
  const decided = events.filter(
    ({ receivedAt }) => testingSince === null || Date.parse(receivedAt) < testingSince,
  );
  const since = decided.filter(({ receivedAt }) => Date.parse(receivedAt) >= openedAt);
  const real = since.filter(({ id }) => !tests.has(id));
  const arrived = real.findLast(({ status }) => status !== "rejected");
  if (arrived) return { state: "arrived", event: arrived };
  const [refused] = real;
  if (refused) return { state: "refused", event: refused };
  const [tested] = since;
  if (tested) return { state: "tested", event: tested };
  const [earlier] = decided;
  return earlier ? { state: "earlier", event: earlier } : { state: "waiting" };
}
