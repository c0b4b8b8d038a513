-- Whether somebody retried or replayed it: then its outcome does not tell how long a webhook takes.
ALTER TABLE webhook_events ADD COLUMN done_again INTEGER NOT NULL DEFAULT 0;
UPDATE webhook_events SET done_again = 1 WHERE attempts_before > 0;

-- Latency by the minute of the outcome: milliseconds from receipt to outcome of completed events that were never done
-- again, their number, their sum and the longest.
ALTER TABLE job_activity ADD COLUMN timed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_activity ADD COLUMN latency_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_activity ADD COLUMN latency_ms_max INTEGER NOT NULL DEFAULT 0;

-- The executions that somebody looks for who asks what went wrong.
CREATE INDEX job_executions_failed ON job_executions (job) WHERE failed > 0 OR error IS NOT NULL;
