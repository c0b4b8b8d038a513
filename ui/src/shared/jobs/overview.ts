/** The numbers of all jobs, read in one go. */
import { queryOptions } from "@tanstack/react-query";
import { api, call, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";

export const overviewQuery = queryOptions({
  queryKey: keys.overview,
  queryFn: () =>
    call(
      api.GET("/api/workspaces/{workspaceId}/overview", { params: { path: { workspaceId: WORKSPACE } } }),
    ).then((answer) => answer.jobs),
  // "The last hour" and "today" move on without an event.
  refetchInterval: 60_000,
});
