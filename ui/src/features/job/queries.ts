/** Numbers of one job. */
import { queryOptions } from "@tanstack/react-query";
import { api, call, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";
import { type ChartRange, rangeBounds, rangeFacts } from "../../shared/charts/ranges";

const path = (jobId: string) => ({ workspaceId: WORKSPACE, jobId });

export const statsQuery = (jobId: string) =>
  queryOptions({
    queryKey: [...keys.figures(jobId), "stats"],
    queryFn: () =>
      call(
        api.GET("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/stats", {
          params: { path: path(jobId) },
        }),
      ),
    // "Today" ends at midnight without an event.
    refetchInterval: 60_000,
  });

/** Adds up many rows: read calmly (`useCalmRefresh`), not on every change. */
export const activityQuery = (jobId: string, range: ChartRange) =>
  queryOptions({
    queryKey: ["activity", jobId, range],
    // What changed while it was not on the screen is not told to it.
    staleTime: 0,
    queryFn: () =>
      call(
        api.GET("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/activity", {
          params: {
            path: path(jobId),
            query: { ...rangeBounds(range, Date.now()), buckets: rangeFacts[range].buckets },
          },
        }),
      ),
    refetchInterval: rangeFacts[range].refreshMs,
  });

/** May read a million rows: never on every change. */
export const typesQuery = (jobId: string, range: ChartRange) =>
  queryOptions({
    queryKey: ["eventTypes", jobId, range],
    staleTime: 0,
    queryFn: () =>
      call(
        api.GET("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/types", {
          params: { path: path(jobId), query: rangeBounds(range, Date.now()) },
        }),
      ),
    refetchInterval: rangeFacts[range].refreshMs,
  });

/** Looks anew each time it is asked for: it sends a request to the job's public URL. */
export const diagnosisQuery = (jobId: string) =>
  queryOptions({
    queryKey: ["diagnosis", jobId],
    queryFn: () =>
      call(
        api.GET("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/diagnosis", {
          params: { path: path(jobId) },
        }),
      ),
    gcTime: 0,
    refetchOnMount: "always",
  });
