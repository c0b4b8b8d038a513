/** Sample answers of the control API for tests of the overview pages. */
import type { Destination, JobOverview, Source, SyncJob } from "../api/schema";

export const sampleJob = (changes: Partial<SyncJob> = {}): SyncJob => ({
  id: "job_a",
  workspaceId: "default",
  name: "Stripe → Analytics",
  type: "webhook",
  sourceId: "src_a",
  destinationId: "dst_a",
  enabled: true,
  webhookUrl: "http://127.0.0.1:4400/api/webhooks/default/job_a",
  webhookConfig: { eventTypes: [], batchSize: 500, batchWaitMs: 200, deletes: "hard", retentionDays: 30 },
  collectionPrefix: "stripe_",
  createdAt: "2026-11-01T10:00:00Z",
  updatedAt: "2026-11-02T10:00:00Z",
  delivery: { state: "running", inFlight: 0 },
  stats: { pending: 0, processing: 0, completed: 0, failed: 0, skipped: 0, rejected: 0 },
  archive: null,
  warnings: [],
  ...changes,
});

export const sampleSource: Source = {
  id: "src_a",
  workspaceId: "default",
  name: "Stripe",
  kind: "stripe",
  generic: null,
  hasApiKey: false,
  createdAt: "2026-11-01T10:00:00Z",
  updatedAt: "2026-11-01T10:00:00Z",
};

export const sampleDestination: Destination = {
  id: "dst_a",
  workspaceId: "default",
  name: "Analytics",
  kind: "mongodb",
  database: "analytics",
  displayUrl: "mongodb://127.0.0.1:27017/analytics",
  createdAt: "2026-11-01T10:00:00Z",
  updatedAt: "2026-11-01T10:00:00Z",
};

export const sampleOverview = (changes: Partial<JobOverview> = {}): JobOverview => ({
  jobId: "job_a",
  today: 0,
  successRate: null,
  lastReceivedAt: null,
  lastHour: Array<number>(60).fill(0),
  failedLastHour: 0,
  rejectedLastHour: 0,
  ...changes,
});
