/** What the setup card reads and does beyond what every page reads. */
import { queryOptions } from "@tanstack/react-query";
import { ApiError, api, call, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";

const pathOf = (jobId: string) => ({ workspaceId: WORKSPACE, jobId });

/** The newest events of a job: whether one arrived. Live updates refresh it. */
export const arrivalsQuery = (jobId: string) =>
  queryOptions({
    queryKey: [...keys.events, "arrivals", jobId],
    queryFn: () =>
      call(
        api.GET("/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events", {
          params: { path: pathOf(jobId), query: { limit: 20 } },
        }),
      ).then((answer) => answer.events),
  });

/** The signing secret. Asked for only when a person wants it, and not cached. */
export async function readSecret(jobId: string): Promise<string> {
  const job = await call(
    api.GET("/api/workspaces/{workspaceId}/sync-jobs/{jobId}", {
      params: { path: pathOf(jobId), query: { showSecret: true } },
    }),
  );
  if (!job.webhookSecret) {
    throw new ApiError(409, {
      code: "conflict",
      message: "This job has no signing secret.",
      hint: "Make a new one on the job's page.",
    });
  }
  return job.webhookSecret;
}

/** Puts another signing secret in the place of the one that counts now. */
export const saveSecret = (jobId: string, secret: string) =>
  call(
    api.PATCH("/api/workspaces/{workspaceId}/sync-jobs/{jobId}", {
      params: { path: pathOf(jobId) },
      body: { webhookConfig: { secret } },
    }),
  );
