-- What is still to be written into the destination's archive. `kind` 0: the event `item`; 1: the execution `item`. What
-- changes again before it was written moves to the end, under another `seq`; one is never used twice.
CREATE TABLE archive_queue (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  job INTEGER NOT NULL REFERENCES sync_jobs (number) ON DELETE CASCADE,
  kind INTEGER NOT NULL,
  item INTEGER NOT NULL,
  UNIQUE (kind, item)
) STRICT;

CREATE INDEX archive_queue_by_job ON archive_queue (job);

-- For how many days the archive keeps what it already holds of a job.
CREATE TABLE archive_days (
  job INTEGER PRIMARY KEY REFERENCES sync_jobs (number) ON DELETE CASCADE,
  days INTEGER NOT NULL
) STRICT;
