-- What users chose for the whole app, by name, as JSON.
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
