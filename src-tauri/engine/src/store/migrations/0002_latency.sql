-- Latency by the minute of the outcome: milliseconds from receipt to outcome of completed events that were never
-- replayed, their number, their sum and the longest.
ALTER TABLE job_activity ADD COLUMN timed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_activity ADD COLUMN latency_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_activity ADD COLUMN latency_ms_max INTEGER NOT NULL DEFAULT 0;

-- The executions that somebody looks for who asks what went wrong.
CREATE INDEX job_executions_failed ON job_executions (job) WHERE failed > 0 OR error IS NOT NULL;
