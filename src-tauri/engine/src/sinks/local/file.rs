//! The file: how it is opened, its tables, and what its errors mean.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Error, ErrorCode};

use crate::sinks::SinkError;

/// How long a write waits for another program that has the file locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Marks the file as Hookline's documents (`PRAGMA application_id`): "Hkdo".
const APPLICATION_ID: i32 = 0x486b_646f;
/// The tables' layout (`PRAGMA user_version`).
const LAYOUT: i32 = 1;

/// `documents` has a row per document. The columns after `metadata` repeat parts of it for people who read the file with other programs.
const TABLES: &str = "
CREATE TABLE documents (
    collection  TEXT NOT NULL,
    id          TEXT NOT NULL,
    object      TEXT,             -- the provider's object as JSON; NULL: deleted, and no object was ever seen
    metadata    BLOB NOT NULL,    -- _sync_metadata as BSON
    revision    TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    event_type  TEXT NOT NULL,
    occurred_at TEXT NOT NULL,    -- RFC 3339
    deleted     INTEGER NOT NULL,
    PRIMARY KEY (collection, id)
) WITHOUT ROWID;
CREATE TABLE tombstones (
    collection  TEXT NOT NULL,
    id          TEXT NOT NULL,
    metadata    BLOB NOT NULL,    -- the deleted state, as _sync_metadata has it, as BSON
    revision    TEXT NOT NULL,
    expires_at  INTEGER NOT NULL, -- milliseconds since 1970
    PRIMARY KEY (collection, id)
) WITHOUT ROWID;
CREATE INDEX tombstones_by_expiry ON tombstones (expires_at);
";

/// Opens the file and makes it where there is none.
pub(super) fn open(path: &Path) -> Result<Connection, SinkError> {
    let explain = |error: Error| explain(path, &error);
    let mut connection = Connection::open(path).map_err(explain)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(explain)?;
    // Documents are read by key all the time; a few megabytes of pages spare most of the reads.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;",
        )
        .map_err(explain)?;
    let (application, layout) = marks(&connection).map_err(explain)?;
    match (application, layout) {
        (APPLICATION_ID, LAYOUT) => {}
        (0, 0) => create(&mut connection, path)?,
        (APPLICATION_ID, newer) => {
            return Err(SinkError::Blocked {
                message: format!("{} was written by a newer Hookline (layout {newer})", path.display()),
                hint: "use that version, or another file".to_owned(),
            });
        }
        _ => return Err(foreign(path)),
    }
    Ok(connection)
}

fn marks(connection: &Connection) -> rusqlite::Result<(i32, i32)> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get(0));
    Ok((number("PRAGMA application_id")?, number("PRAGMA user_version")?))
}

fn create(connection: &mut Connection, path: &Path) -> Result<(), SinkError> {
    let explain = |error: Error| explain(path, &error);
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(explain)?;
    // Another process may have been faster.
    if marks(&transaction).map_err(explain)? == (APPLICATION_ID, LAYOUT) {
        return Ok(());
    }
    let tables: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).map_err(explain)?;
    if tables > 0 {
        return Err(foreign(path));
    }
    transaction.execute_batch(TABLES).map_err(explain)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(explain)?;
    transaction.pragma_update(None, "user_version", LAYOUT).map_err(explain)?;
    transaction.commit().map_err(explain)
}

fn foreign(path: &Path) -> SinkError {
    SinkError::Blocked {
        message: format!("{} is the SQLite file of another program", path.display()),
        hint: "move the file away, or choose another one".to_owned(),
    }
}

/// An error of SQLite, for users.
pub(super) fn explain(path: &Path, error: &Error) -> SinkError {
    let file = path.display();
    let blocked = |message: String, hint: &str| SinkError::Blocked { message, hint: hint.to_owned() };
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => blocked(
            format!("{file} is not a database"),
            "move the file away; Hookline then makes a new one, and a replay fills it again",
        ),
        Some(ErrorCode::DatabaseCorrupt) => blocked(
            format!("{file} is damaged: {error}"),
            "move the file away; Hookline then makes a new one, and a replay fills it again",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            blocked(format!("{file} cannot be written: {error}"), "allow writing to the file and its folder")
        }
        Some(ErrorCode::CannotOpen) => blocked(
            format!("{file} cannot be opened: {error}"),
            "check that its folder exists and that this user may write there",
        ),
        Some(ErrorCode::DiskFull) => {
            SinkError::Unavailable { message: format!("no disk space is left for {file}") }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            SinkError::Unavailable { message: format!("{file} is locked by another program") }
        }
        _ => SinkError::Unavailable { message: format!("{file} does not work right now: {error}") },
    }
}
