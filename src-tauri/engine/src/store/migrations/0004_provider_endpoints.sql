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
