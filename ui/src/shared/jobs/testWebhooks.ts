/** Test webhooks, and which events they became: those prove nothing of the provider. */
import { useSyncExternalStore } from "react";
import { api, call, WORKSPACE } from "../../api/client";
import type { SendTest, SentTest } from "../../api/schema";

interface Tests {
  /** Events that were sent from this window. */
  ids: ReadonlySet<string>;
  /** Tests whose event is not known yet: of which job, and since when, in milliseconds. */
  underWay: readonly { jobId: string; since: number }[];
}

let tests: Tests = { ids: new Set(), underWay: [] };
const listeners = new Set<() => void>();

function put(next: Tests): void {
  tests = next;
  for (const listener of listeners) listener();
}

/** Sends a signed sample event, or what `body` says, to the job's URL. */
export async function sendTest(jobId: string, body: SendTest = {}): Promise<SentTest> {
  const test = { jobId, since: Date.now() };
  put({ ...tests, underWay: [...tests.underWay, test] });
  let id: string | null | undefined;
  try {
    const sent = await call(
      api.POST("/api/webhooks/{workspaceId}/{jobId}/test", {
        params: { path: { workspaceId: WORKSPACE, jobId } },
        body,
      }),
    );
    // A duplicate is the event that was there before, which may be the provider's own.
    if (!sent.duplicate) id = sent.eventId;
    return sent;
  } finally {
    put({
      ids: id ? new Set(tests.ids).add(id) : tests.ids,
      underWay: tests.underWay.filter((each) => each !== test),
    });
  }
}

/** The ids of events that were tests, and since when a test of this job is under way. */
export function useTests(jobId: string): { ids: ReadonlySet<string>; since: number | null } {
  const { ids, underWay } = useSyncExternalStore(subscribe, () => tests);
  return { ids, since: underWay.find((test) => test.jobId === jobId)?.since ?? null };
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
