import { queryOptions } from "@tanstack/react-query";
import { api, call, WORKSPACE } from "../../api/client";
import { rangeBounds, rangeFacts } from "../../shared/charts/ranges";

const RANGE = "24h";

/** The last day over all jobs, or of one. Adds up many rows: read calmly (`useCalmRefresh`), not on every change. */
export const dayQuery = (jobId: string | undefined) =>
  queryOptions({
    queryKey: ["activity", jobId ?? "all", RANGE],
    // What changed while it was not on the screen is not told to it.
    staleTime: 0,
    queryFn: () => {
      const query = { ...rangeBounds(RANGE, Date.now()), buckets: rangeFacts[RANGE].buckets };
      return jobId
        ? call(
            api.GET("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/activity", {
              params: { path: { workspaceId: WORKSPACE, jobId }, query },
            }),
          )
        : call(
            api.GET("/api/workspaces/{workspaceId}/activity", {
              params: { path: { workspaceId: WORKSPACE }, query },
            }),
          );
    },
    refetchInterval: rangeFacts[RANGE].refreshMs,
  });
