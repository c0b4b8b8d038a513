/** What the engine holds in tests of jobs. */
import type { Destination, ProviderInfo, Source, SyncJob } from "../api/schema";
import type { Choices } from "../features/job-form/values";

const times = { createdAt: "2026-01-01T00:00:00Z", updatedAt: "2026-01-01T00:00:00Z" };

export const stripe = {
  kind: "stripe",
  label: "Stripe",
  toleranceSeconds: 300,
  secretHelp: "The signing secret of the webhook endpoint, which starts with `whsec_`.",
  setupSteps: ["Open Workbench → Webhooks.", "Paste this job's URL."],
  knownTypes: ["customer.created", "customer.deleted", "customer.updated", "invoice.paid", "invoice.voided"],
} as unknown as ProviderInfo;

export const github = {
  kind: "github",
  label: "GitHub",
  toleranceSeconds: null,
  secretHelp: "The text you type into the field “Secret”.",
  setupSteps: ["Open Settings → Webhooks."],
  knownTypes: ["push", "issues.opened", "issues.closed"],
} as unknown as ProviderInfo;

export const source = {
  id: "src_1",
  workspaceId: "default",
  name: "Stripe",
  kind: "stripe",
  generic: null,
  hasApiKey: true,
  ...times,
} as unknown as Source;

export const mongodb = {
  id: "dst_1",
  workspaceId: "default",
  name: "Analytics",
  kind: "mongodb",
  database: "analytics",
  displayUrl: "mongodb://127.0.0.1:27017/analytics",
  ...times,
} as unknown as Destination;

export const job = {
  id: "job_1",
  workspaceId: "default",
  name: "Stripe → Analytics",
  type: "webhook",
  sourceId: "src_1",
  destinationId: "dst_1",
  enabled: true,
  webhookUrl: "http://127.0.0.1:4400/api/webhooks/default/job_1",
  webhookConfig: {
    eventTypes: [],
    batchSize: 500,
    batchWaitMs: 200,
    deletes: "hard",
    signatureToleranceSeconds: null,
    retentionDays: 30,
    archive: null,
  },
  collectionPrefix: "stripe_",
  delivery: { state: "idle" },
  stats: {},
  archive: null,
  warnings: [],
  ...times,
} as unknown as SyncJob;

export const choices: Choices = { providers: [stripe, github], sources: [source], destinations: [mongodb] };

/** No destination yet, nor a source. */
export const destinationless: Choices = { providers: [stripe, github], sources: [], destinations: [] };

const W = "/api/workspaces/default";

/** Paths of the API. */
export const paths = {
  sources: `${W}/sources`,
  source: `${W}/sources/src_1`,
  destinations: `${W}/destinations`,
  destination: `${W}/destinations/dst_1`,
  check: `${W}/destinations/check`,
  jobs: `${W}/sync-jobs`,
  job: `${W}/sync-jobs/job_1`,
  events: `${W}/sync-jobs/job_1/webhook/events`,
  test: "/api/webhooks/default/job_1/test",
};

/** An error as the engine sends it. */
export const refused = (status: number, error: { message: string; field?: string; hint?: string }) => [
  status,
  { error: { code: "invalid_request", ...error } },
];
