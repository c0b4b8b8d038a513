/** The engine's rules for a job's numbers, and what holds where a job does not say. */
import type { SyncJob } from "../../api/schema";

/** The API describes every one of these as optional, since a request may leave it out. */
export const JOB_DEFAULTS = {
  eventTypes: [] as string[],
  deletes: "hard" as const,
  batchSize: 500,
  batchWaitMs: 200,
  retentionDays: 30,
} satisfies Partial<SyncJob["webhookConfig"]>;

/** For how many days a history is archived unless somebody says otherwise. */
export const ARCHIVE_DAYS = 90;

export const JOB_LIMITS = {
  batchSize: { min: 1, max: 2000 },
  batchWaitMs: { min: 0, max: 60_000 },
  retentionDays: { min: 1, max: 36_500 },
  archiveDays: { min: 1, max: 3650 },
  signatureToleranceSeconds: { min: 0, max: 2_147_483_647 },
} as const;
