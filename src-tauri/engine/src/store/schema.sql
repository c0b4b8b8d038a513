-- The whole schema as the migrations leave it; a test compares the two.

-- Times are microseconds since 1970 in UTC, sizes are bytes, booleans are 0 and 1.

CREATE TABLE workspaces (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

INSERT INTO workspaces (id, name, created_at) VALUES ('default', 'Default', 0);

CREATE TABLE sources (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  generic TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE destinations (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('mongodb', 'local', 'http')),
  database TEXT,
  display_url TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- `number` stands for the job in the big tables. A job with `deleted_at` is gone for everybody; its rows follow in
-- small steps, and it has let go of its source and destination.
CREATE TABLE sync_jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  type TEXT NOT NULL DEFAULT 'webhook' CHECK (type IN ('webhook', 'scheduled')),
  source_id TEXT REFERENCES sources (id),
  destination_id TEXT REFERENCES destinations (id),
  enabled INTEGER NOT NULL,
  webhook_config TEXT NOT NULL,
  collection_prefix TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  CHECK (deleted_at IS NOT NULL OR (source_id IS NOT NULL AND destination_id IS NOT NULL))
) STRICT;

CREATE INDEX sync_jobs_by_source ON sync_jobs (source_id);
CREATE INDEX sync_jobs_by_destination ON sync_jobs (destination_id);

-- The live counters, written in the transaction that changes what they count.
CREATE TABLE job_counters (
  job INTEGER PRIMARY KEY REFERENCES sync_jobs (number) ON DELETE CASCADE,
  pending INTEGER NOT NULL DEFAULT 0,
  completed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  received_ever INTEGER NOT NULL DEFAULT 0,
  last_received_at INTEGER
) STRICT;

-- What happened in a minute (minutes since 1970): received and rejected by the time of receipt, the others by the
-- time of the outcome. Latency: milliseconds from receipt to outcome of completed events that were never done again,
-- their number, their sum and the longest.
CREATE TABLE job_activity (
  job INTEGER NOT NULL REFERENCES sync_jobs (number),
  minute INTEGER NOT NULL,
  received INTEGER NOT NULL DEFAULT 0,
  completed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  timed INTEGER NOT NULL DEFAULT 0,
  latency_ms INTEGER NOT NULL DEFAULT 0,
  latency_ms_max INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, minute)
) STRICT, WITHOUT ROWID;

-- Which ids were received in which minute (unit 0) and day (unit 1) since 1970: times become ranges of ids, whatever
-- the clock did.
CREATE TABLE receipt_slots (
  unit INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  first_id INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  PRIMARY KEY (unit, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_types (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- status: 0 pending, 1 completed, 2 failed, 3 skipped, 4 rejected. reason: 0 filtered, 1 unmapped, 2 stale;
-- of rejected ones 3 signature, 4 unreadable.
-- `type_text` holds a type that is not in `event_types`: of rejected requests, and beyond a number of types.
-- `attempts` are those since the last retry or replay, `attempts_before` those before it; `done_again`: whether somebody
-- retried or replayed it.
CREATE TABLE webhook_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job INTEGER NOT NULL REFERENCES sync_jobs (number),
  status INTEGER NOT NULL,
  reason INTEGER,
  type_id INTEGER REFERENCES event_types (id),
  type_text TEXT,
  provider_event_id TEXT NOT NULL,
  idempotency_key TEXT,
  dedupe_hash INTEGER,
  object_type TEXT,
  object_id TEXT,
  occurred_at INTEGER,
  received_at INTEGER NOT NULL,
  finished_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  attempts_before INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  execution_id INTEGER,
  error TEXT,
  size_bytes INTEGER NOT NULL,
  pinned INTEGER NOT NULL DEFAULT 0,
  duplicates INTEGER NOT NULL DEFAULT 0,
  done_again INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX webhook_events_dedupe ON webhook_events (job, dedupe_hash) WHERE dedupe_hash IS NOT NULL;
CREATE INDEX webhook_events_by_status ON webhook_events (job, status);
CREATE INDEX webhook_events_by_type ON webhook_events (job, type_id, status);
CREATE INDEX webhook_events_by_object ON webhook_events (job, object_id) WHERE object_id IS NOT NULL;
CREATE INDEX webhook_events_to_retry ON webhook_events (job, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_events_with_error ON webhook_events (job) WHERE error IS NOT NULL;

-- The request as received: method, URL, headers and body in one zstd frame, with the dictionary that is named. `checksum`:
-- of the event and its request as they were received; NULL: stored by a version that made none.
CREATE TABLE webhook_bodies (
  event_id INTEGER PRIMARY KEY REFERENCES webhook_events (id),
  dictionary_id INTEGER REFERENCES dictionaries (id),
  body_truncated INTEGER NOT NULL,
  frame BLOB NOT NULL,
  checksum INTEGER
) STRICT;

-- Trained from events of a source. Outlives the source while bodies need it.
CREATE TABLE dictionaries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT;

CREATE TABLE dictionary_uses (
  dictionary_id INTEGER NOT NULL REFERENCES dictionaries (id),
  job INTEGER NOT NULL REFERENCES sync_jobs (number) ON DELETE CASCADE,
  PRIMARY KEY (dictionary_id, job)
) STRICT, WITHOUT ROWID;

CREATE INDEX dictionary_uses_by_job ON dictionary_uses (job);

-- Attempts that the event's own row does not tell: failed ones, repeated ones, those with an answer (JSON, zstd).
CREATE TABLE delivery_attempts (
  event_id INTEGER NOT NULL REFERENCES webhook_events (id),
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  execution_id INTEGER,
  status INTEGER NOT NULL,
  error TEXT,
  answer BLOB,
  UNIQUE (event_id, number)
) STRICT;

CREATE TABLE job_executions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job INTEGER NOT NULL REFERENCES sync_jobs (number),
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  events INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  error TEXT
) STRICT;

CREATE INDEX job_executions_by_job ON job_executions (job);
CREATE INDEX job_executions_failed ON job_executions (job) WHERE failed > 0 OR error IS NOT NULL;

-- The endpoints that Hookline made at providers, and only those. `phase` 0: being made under the name `intent`, and it is
-- not known yet whether the provider has made it; 1: made. `url` and `event_types` (a list) are what the provider was told
-- last, `seen` (an object) is what it answered last. `others` (a list of ids) were at the URL before: somebody else's.
-- `obsolete` (a list of ids) were made by Hookline too, and are to be removed. `secret_mark` tells whether a secret is the
-- endpoint's, and tells nothing of the secret. `trouble` (an object): why the last change did not succeed.
CREATE TABLE provider_endpoints (
  job INTEGER PRIMARY KEY REFERENCES sync_jobs (number) ON DELETE CASCADE,
  phase INTEGER NOT NULL,
  endpoint_id TEXT,
  url TEXT NOT NULL,
  event_types TEXT NOT NULL,
  intent TEXT NOT NULL,
  others TEXT NOT NULL,
  obsolete TEXT NOT NULL,
  secret_mark TEXT,
  mode TEXT,
  seen TEXT,
  trouble TEXT,
  created_at INTEGER NOT NULL,
  checked_at INTEGER,
  CHECK (phase = 0 OR endpoint_id IS NOT NULL)
) STRICT;

-- Deleted events that the search index has still to forget.
CREATE TABLE search_removals (
  event_id INTEGER PRIMARY KEY
) STRICT;

-- Tells this database from others, so that a search index is never used with one that it was not built from.
CREATE TABLE store_identity (
  id TEXT PRIMARY KEY NOT NULL
) STRICT;

INSERT INTO store_identity (id) VALUES (lower(hex(randomblob(16))));

-- What users chose for the whole app, and what Hookline remembers of itself, by name, as JSON.
CREATE TABLE app_settings (
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- What went through a tunnel, by the month (`2026-11`, UTC) and the tunnel's kind, for the limits of plans.
CREATE TABLE tunnel_usage (
  month TEXT NOT NULL,
  kind TEXT NOT NULL,
  requests INTEGER NOT NULL DEFAULT 0,
  bytes_in INTEGER NOT NULL DEFAULT 0,
  bytes_out INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (month, kind)
) STRICT, WITHOUT ROWID;

-- The last changes of the tunnel's state.
CREATE TABLE tunnel_history (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT
) STRICT;

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
