/** Live updates of what is costly to read: soon after the first change, then only every so often while a flood lasts. */
import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { onChanges } from "../../api/live";
import type { Change } from "../../platform";

/** A burst's first answer is to hold more than its first event. */
const SOON_MS = 500;

/**
 * Reads `queryKey` again after changes of events (of one job, where `jobId` is given), at most every `everyMs`.
 *
 * For queries whose keys are not among those that changes make old by themselves (`api/keys.ts`).
 */
export function useCalmRefresh(queryKey: QueryKey, everyMs: number, jobId?: string): void {
  const client = useQueryClient();
  const key = JSON.stringify(queryKey);
  useEffect(() => {
    let last = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = () => {
      timer = undefined;
      last = Date.now();
      void client.invalidateQueries({ queryKey: JSON.parse(key) as QueryKey });
    };
    const stop = onChanges((changes) => {
      if (timer || !changes.some((change) => concerns(change, jobId))) return;
      timer = setTimeout(read, Math.max(SOON_MS, last + everyMs - Date.now()));
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [client, key, everyMs, jobId]);
}

function concerns(change: Change, jobId: string | undefined): boolean {
  return change.what === "events" && (!jobId || !change.jobId || change.jobId === jobId);
}
