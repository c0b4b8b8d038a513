import { queryOptions } from "@tanstack/react-query";
import { api, call, WORKSPACE } from "../api/client";
import { keys } from "../api/keys";

/** A document of a destination as exact text: parsed and written again, 1.0 would be 1. */
export const documentTextQuery = (destinationId: string, collection: string, id: string) =>
  queryOptions({
    queryKey: [...keys.documents(destinationId), "one", collection, id],
    queryFn: ({ signal }) =>
      call(
        api.GET("/api/workspaces/{workspaceId}/destinations/{destinationId}/documents/one", {
          params: { path: { workspaceId: WORKSPACE, destinationId }, query: { collection, id } },
          parseAs: "text",
          signal,
        }),
      ).then(String),
  });
