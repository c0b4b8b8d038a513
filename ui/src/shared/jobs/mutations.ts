/** What can be done with a sync job. Each makes old what it changes; the engine's own change messages do the same. */
import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, call, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";
import type { SyncJob } from "../../api/schema";
import { sendTest } from "./testWebhooks";

const path = (jobId: string) => ({ path: { workspaceId: WORKSPACE, jobId } });

function useJobMutation<Input, Output>(
  run: (input: Input) => Promise<Output>,
  jobId: string,
  more: { alsoOld?: QueryKey; gcTime?: number } = {},
) {
  const { alsoOld, ...options } = more;
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    ...options,
    onSettled: () =>
      Promise.all(
        [keys.jobs, keys.overview, keys.figures(jobId), ...(alsoOld ? [alsoOld] : [])].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      ),
  });
}

/** Pauses a job, or lets it receive again. */
export const setEnabled = (jobId: string, enabled: boolean) =>
  call(
    api.PATCH("/api/workspaces/{workspaceId}/sync-jobs/{jobId}", { params: path(jobId), body: { enabled } }),
  );

export const useSetEnabled = (jobId: string) =>
  useJobMutation((enabled: boolean) => setEnabled(jobId, enabled), jobId);

/** Sends a signed sample event to the job's public address. */
export const useSendTest = (jobId: string) =>
  useJobMutation(() => sendTest(jobId), jobId, { alsoOld: keys.events });

/** Tries all failed events again now. */
export const useRetryFailed = (jobId: string) =>
  useJobMutation(
    () =>
      call(
        api.POST("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/retry-failed", {
          params: path(jobId),
        }),
      ),
    jobId,
    { alsoOld: keys.events },
  );

/** Tries a destination again now that is down or refuses. */
export const useResume = (jobId: string) =>
  useJobMutation(
    () => call(api.POST("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/resume", { params: path(jobId) })),
    jobId,
  );

/** Connects to the job's destination and checks that it can be written to. */
export const useCheckDestination = (job: Pick<SyncJob, "id" | "destinationId">) =>
  useJobMutation(
    () =>
      call(
        api.POST("/api/workspaces/{workspaceId}/destinations/{destinationId}/check", {
          params: { path: { workspaceId: WORKSPACE, destinationId: job.destinationId } },
        }),
      ),
    job.id,
  );

export interface SecretRotation {
  /** For how many hours the old secret counts too. */
  keepOldForHours: number;
  /** The provider's own new secret; one is generated unless given. */
  secret: string | undefined;
}

/** Replaces the signing secret; the new one is in the answer. */
export const useRotateSecret = (jobId: string) =>
  useJobMutation(
    ({ keepOldForHours, secret }: SecretRotation) =>
      call(
        api.POST("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/regenerate-secret", {
          params: path(jobId),
          body: { keepOldForHours, ...(secret ? { secret } : {}) },
        }),
      ),
    jobId,
    // A finished mutation is remembered for minutes: not one with a secret in it.
    { gcTime: 0 },
  );

/** What becomes of the endpoint at the provider when its job is deleted; undefined where there is none. */
export type EndpointFate = "remove" | "keep" | undefined;

/** Deletes a job with its events, executions and secret. */
export const useDeleteJob = (jobId: string) => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (endpoint: EndpointFate) =>
      call(
        api.DELETE("/api/workspaces/{workspaceId}/sync-jobs/{jobId}", {
          params: { ...path(jobId), ...(endpoint ? { query: { endpoint } } : {}) },
        }),
      ),
    onSuccess: () => {
      client.setQueryData<SyncJob[]>(keys.jobs, (jobs) => jobs?.filter((job) => job.id !== jobId));
      for (const queryKey of [keys.figures(jobId), keys.endpoint(jobId)]) client.removeQueries({ queryKey });
      for (const queryKey of [keys.jobs, keys.overview, keys.events])
        void client.invalidateQueries({ queryKey });
    },
  });
};
