/** A job's endpoint at its provider: how it stands, and what can be done about it. */
import { type QueryClient, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, call, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";
import type { Endpoint } from "../../api/schema";

const path = (jobId: string) => ({ workspaceId: WORKSPACE, jobId });

const ENDPOINT = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/endpoint";

/** How it stands as far as Hookline knows: the provider is not asked. Changes are told. */
export const endpointQuery = (jobId: string) =>
  queryOptions({
    queryKey: keys.endpoint(jobId),
    queryFn: () => call(api.GET(ENDPOINT, { params: { path: path(jobId) } })),
  });

/** Asks the provider how it stands. */
export const checkEndpoint = (jobId: string) =>
  call(api.GET(ENDPOINT, { params: { path: path(jobId), query: { check: true } } }));

export const createEndpoint = (jobId: string) => call(api.POST(ENDPOINT, { params: { path: path(jobId) } }));

export const mendEndpoint = (jobId: string) =>
  call(
    api.POST("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/endpoint/mend", {
      params: { path: path(jobId) },
    }),
  );

export const removeEndpoint = (jobId: string) =>
  call(api.DELETE(ENDPOINT, { params: { path: path(jobId) } }));

/** Whatever came of it: a failure is written down with the endpoint, too. */
const readAgain = (client: QueryClient, jobId: string): Promise<unknown> =>
  Promise.all(
    [keys.endpoint(jobId), keys.figures(jobId), keys.jobs].map((queryKey) =>
      client.invalidateQueries({ queryKey }),
    ),
  );

function useEndpointMutation(jobId: string, run: (jobId: string) => Promise<Endpoint>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => run(jobId),
    onSuccess: (answer) => client.setQueryData(keys.endpoint(jobId), answer),
    // Nobody has to wait for it.
    onSettled: () => void readAgain(client, jobId),
  });
}

export const useCheckEndpoint = (jobId: string) => useEndpointMutation(jobId, checkEndpoint);
export const useCreateEndpoint = (jobId: string) => useEndpointMutation(jobId, createEndpoint);
export const useMendEndpoint = (jobId: string) => useEndpointMutation(jobId, mendEndpoint);

export function useRemoveEndpoint(jobId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => removeEndpoint(jobId),
    onSettled: () => readAgain(client, jobId),
  });
}
