/** *Try with sample events*: a job that needs no account anywhere, and a dozen signed webhooks sent to it. */
import { ApiError, api, call, WORKSPACE } from "../../api/client";
import type { SyncJob } from "../../api/schema";
import { sendTest } from "../../shared/jobs/testWebhooks";

export const SAMPLE_NAME = "Sample: Stripe → local documents";

/** What is sent, in the order in which it happens to a shop. */
export const SAMPLE_TYPES = [
  "product.created",
  "price.created",
  "customer.created",
  "customer.updated",
  "payment_method.attached",
  "checkout.session.completed",
  "customer.subscription.created",
  "invoice.paid",
  "charge.succeeded",
  "charge.refunded",
  "customer.subscription.deleted",
  "payout.paid",
] as const;

export type SampleProgress =
  | { step: "preparing" }
  | { step: "sending"; type: string; index: number; count: number };

export interface SampleResult {
  jobId: string;
  /** The first event that was sent; null where it was not told. */
  firstEventId: string | null;
}

const params = { path: { workspaceId: WORKSPACE } };

/** Makes the job, or takes the one from last time, and sends the events one after another. */
export async function runSample(onProgress: (progress: SampleProgress) => void): Promise<SampleResult> {
  onProgress({ step: "preparing" });
  const job = await sampleJob();
  let firstEventId: string | null = null;
  for (const [index, type] of SAMPLE_TYPES.entries()) {
    onProgress({ step: "sending", type, index, count: SAMPLE_TYPES.length });
    const eventId = await send(job.id, type);
    firstEventId ??= eventId;
  }
  return { jobId: job.id, firstEventId };
}

async function sampleJob(): Promise<SyncJob> {
  const { syncJobs } = await call(api.GET("/api/workspaces/{workspaceId}/sync-jobs", { params }));
  const existing = syncJobs.find(({ name }) => name === SAMPLE_NAME);
  if (existing?.enabled) return existing;
  if (existing) {
    const path = { ...params.path, jobId: existing.id };
    return call(
      api.PATCH("/api/workspaces/{workspaceId}/sync-jobs/{jobId}", {
        params: { path },
        body: { enabled: true },
      }),
    );
  }
  const sourceId = await stripeSource();
  const destinationId = await localDestination();
  return call(
    api.POST("/api/workspaces/{workspaceId}/sync-jobs", {
      params,
      body: { type: "webhook", name: SAMPLE_NAME, sourceId, destinationId },
    }),
  );
}

async function stripeSource(): Promise<string> {
  const { sources } = await call(api.GET("/api/workspaces/{workspaceId}/sources", { params }));
  const existing = sources.find(({ kind }) => kind === "stripe");
  if (existing) return existing.id;
  const made = await call(
    api.POST("/api/workspaces/{workspaceId}/sources", { params, body: { kind: "stripe" } }),
  );
  return made.id;
}

async function localDestination(): Promise<string> {
  const { destinations } = await call(api.GET("/api/workspaces/{workspaceId}/destinations", { params }));
  const existing = destinations.find(({ kind }) => kind === "local");
  if (existing) return existing.id;
  const made = await call(
    api.POST("/api/workspaces/{workspaceId}/destinations", { params, body: { kind: "local" } }),
  );
  return made.id;
}

async function send(jobId: string, eventType: string): Promise<string | null> {
  const sent = await sendTest(jobId, { eventType });
  if (sent.ok) return sent.eventId ?? null;
  const answer = sent.status ? `it was answered with ${sent.status}` : "nothing answered";
  throw new ApiError(sent.status ?? 0, {
    code: sent.error?.code ?? "test_refused",
    message: `${eventType} was sent to ${sent.url}, but ${sent.error?.message ?? answer}`,
    hint: sent.error?.hint ?? "What was sent before is stored. Try again: the same job is used.",
  });
}
