import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { onChanges } from "../../api/live";
import { type ExecutionFilter, executionsQuery, firstPage } from "./queries";

/** The newest page is read at most so often while executions keep coming. */
const PAUSE_MS = 1000;

/**
 * Executions with live updates that leave the reader alone: while the top is in view new ones appear by themselves,
 * further down `hasNew` says that there are some and `showNewest` fetches them.
 */
export function useExecutions(filter: ExecutionFilter, atTop: boolean) {
  const { jobId, failedOnly } = filter;
  const client = useQueryClient();
  const query = useInfiniteQuery(executionsQuery({ jobId, failedOnly }));
  const [hasNew, setHasNew] = useState(false);
  const top = useRef(atTop);
  top.current = atTop;

  const showNewest = useCallback(() => {
    setHasNew(false);
    const options = executionsQuery({ jobId, failedOnly });
    client.setQueryData(options.queryKey, (data) => firstPage(data));
    void client.invalidateQueries({ queryKey: options.queryKey });
  }, [client, jobId, failedOnly]);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onChanges((changes) => {
      if (timer || !changes.some((change) => concerns(change, jobId))) return;
      timer = setTimeout(() => {
        timer = undefined;
        if (top.current) showNewest();
        else setHasNew(true);
      }, PAUSE_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [jobId, showNewest]);

  // Back at the top: what was held back appears.
  useEffect(() => {
    if (atTop && hasNew) showNewest();
  }, [atTop, hasNew, showNewest]);

  return { ...query, hasNew, showNewest };
}

const concerns = (change: { what: string; jobId?: string }, jobId: string | undefined): boolean =>
  change.what === "executions" && (!jobId || !change.jobId || change.jobId === jobId);
