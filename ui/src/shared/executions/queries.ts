/** Executions of one job or of all, page by page, newest first. */
import { type InfiniteData, infiniteQueryOptions } from "@tanstack/react-query";
import { api, call, WORKSPACE } from "../../api/client";
import type { ExecutionList } from "../../api/schema";

/** One page's rows. */
const LIMIT = 200;

export interface ExecutionFilter {
  /** Only of this job. */
  jobId: string | undefined;
  failedOnly: boolean;
}

/**
 * Its key is not among those that changes make old: reading every page again would move the row that is being read.
 * `useExecutions` decides when the newest page is read.
 */
export const executionsQuery = ({ jobId, failedOnly }: ExecutionFilter) =>
  infiniteQueryOptions({
    queryKey: ["executionPages", jobId ?? "all", failedOnly],
    // Who comes back begins with the newest page, and not with all of those that were read before.
    staleTime: 0,
    gcTime: 0,
    queryFn: ({ pageParam }): Promise<ExecutionList> => {
      const query = {
        limit: LIMIT,
        ...(failedOnly ? { failedOnly: true } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return jobId
        ? call(
            api.GET("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/executions", {
              params: { path: { workspaceId: WORKSPACE, jobId }, query },
            }),
          )
        : call(
            api.GET("/api/workspaces/{workspaceId}/executions", {
              params: { path: { workspaceId: WORKSPACE }, query },
            }),
          );
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });

/** The data with its newest page only. */
export function firstPage<Page, Cursor>(
  data: InfiniteData<Page, Cursor> | undefined,
): InfiniteData<Page, Cursor> | undefined {
  return data && { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) };
}
