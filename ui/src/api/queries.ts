/** What several features read. What only one feature reads stands beside that feature. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, call, WORKSPACE } from "./client";
import { keys } from "./keys";

const params = { path: { workspaceId: WORKSPACE } };

export const providersQuery = queryOptions({
  queryKey: keys.providers,
  queryFn: () => call(api.GET("/api/providers")).then((answer) => answer.providers),
  staleTime: Number.POSITIVE_INFINITY,
});

export const statusQuery = queryOptions({
  queryKey: keys.status,
  queryFn: () => call(api.GET("/api/status")),
  // Sizes and what went through the tunnel change without being told.
  refetchInterval: 30_000,
});

/** The tunnel with its settings and its last changes. */
export const tunnelQuery = queryOptions({
  queryKey: keys.tunnel,
  queryFn: () => call(api.GET("/api/tunnel")),
  refetchInterval: 30_000,
});

export const sourcesQuery = queryOptions({
  queryKey: keys.sources,
  queryFn: () =>
    call(api.GET("/api/workspaces/{workspaceId}/sources", { params })).then((answer) => answer.sources),
});

export const destinationsQuery = queryOptions({
  queryKey: keys.destinations,
  queryFn: () =>
    call(api.GET("/api/workspaces/{workspaceId}/destinations", { params })).then(
      (answer) => answer.destinations,
    ),
});

export const jobsQuery = queryOptions({
  queryKey: keys.jobs,
  queryFn: () =>
    call(api.GET("/api/workspaces/{workspaceId}/sync-jobs", { params })).then((answer) => answer.syncJobs),
});

/** The job with this id, out of the list of all jobs. */
export function useJob(jobId: string) {
  return useQuery({ ...jobsQuery, select: (jobs) => jobs.find((job) => job.id === jobId) });
}
