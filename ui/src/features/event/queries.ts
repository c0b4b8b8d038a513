/** One event, what can be done with it, and what lies around it. */
import { keepPreviousData, queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, call, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";
import { destinationsQuery, useJob } from "../../api/queries";
import type { EventDetail } from "../../api/schema";
import { sendTest } from "../../shared/jobs/testWebhooks";

const path = (jobId: string, eventId: string) => ({
  params: { path: { workspaceId: WORKSPACE, jobId, eventId } },
});

export const eventQuery = (jobId: string, eventId: string) =>
  queryOptions({
    queryKey: keys.event(jobId, eventId),
    queryFn: () =>
      call(
        api.GET(
          "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events/{eventId}",
          path(jobId, eventId),
        ),
        // openapi-fetch loses that a header of an answer is a pair.
      ).then((event) => event as EventDetail),
  });

/** The event; while another one is read, the one before it stays on the screen. */
export const useEvent = (jobId: string, eventId: string) =>
  useQuery({ ...eventQuery(jobId, eventId), placeholderData: keepPreviousData });

/** The job of an event and where it leads. */
export function useJobAndDestination(jobId: string) {
  const { data: job } = useJob(jobId);
  const { data: destinations } = useQuery(destinationsQuery);
  return { job, destination: destinations?.find(({ id }) => id === job?.destinationId) };
}

function useRefresh(jobId: string) {
  const client = useQueryClient();
  // Also said by the engine a moment later; a button that was pressed shows its effect at once.
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ["event", jobId] }),
      client.invalidateQueries({ queryKey: keys.events }),
    ]);
}

export function useReplay(jobId: string) {
  return useMutation({
    mutationFn: (eventId: string) =>
      call(
        api.POST(
          "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events/{eventId}/replay",
          path(jobId, eventId),
        ),
      ),
    onSuccess: useRefresh(jobId),
  });
}

export function useRetry(jobId: string) {
  return useMutation({
    mutationFn: (eventId: string) =>
      call(
        api.POST(
          "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events/{eventId}/retry",
          path(jobId, eventId),
        ),
      ),
    onSuccess: useRefresh(jobId),
  });
}

export function usePin(jobId: string, eventId: string) {
  return useMutation({
    mutationFn: (pinned: boolean) => {
      const to = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events/{eventId}/pin" as const;
      return call(pinned ? api.PUT(to, path(jobId, eventId)) : api.DELETE(to, path(jobId, eventId)));
    },
    onSuccess: useRefresh(jobId),
  });
}

export interface Edited {
  body: string;
  /** Where the provider names the type in a header. */
  eventType?: string;
}

/** Signs a body with the job's secret and sends it to the job's URL. */
export function useSendEdited(jobId: string) {
  return useMutation({
    mutationFn: (edited: Edited) => sendTest(jobId, edited),
    onSuccess: useRefresh(jobId),
  });
}
