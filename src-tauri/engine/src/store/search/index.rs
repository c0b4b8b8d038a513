//! The file `search.db`: which words stand in which event.
//!
//! It holds nothing that could not be built again, hence `synchronous=NORMAL`; a file that is damaged, of another format or
//! of another database is thrown away and built anew.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use crate::faults::{self, Point};

/// Raised whenever what is indexed changes.
const FORMAT: i64 = 1;

/// Opens the index for writing; makes it where it is missing or unfit. Needs the identity of the events' database and the
/// largest id ever given there.
pub(super) fn open(path: &Path, identity: &str, largest_id: i64) -> rusqlite::Result<Connection> {
    match open_fitting(path, identity, largest_id) {
        Ok(Some(connection)) => return Ok(connection),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the search index cannot be used; it is built anew"),
    }
    remove(path);
    let connection = connect(path)?;
    connection.execute_batch("PRAGMA journal_mode = WAL")?;
    // The tokenizer `ascii` splits at no sign beyond ASCII: what `words` calls a word is one token.
    connection.execute_batch(
        "BEGIN;
         CREATE TABLE progress (identity TEXT NOT NULL, indexed_upto INTEGER NOT NULL);
         CREATE VIRTUAL TABLE words USING fts5 (
           text, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii');
         COMMIT;",
    )?;
    faults::pass(Point::WithinIndexing);
    connection.execute("INSERT INTO progress (identity, indexed_upto) VALUES (?1, 0)", [identity])?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    Ok(connection)
}

fn open_fitting(path: &Path, identity: &str, largest_id: i64) -> rusqlite::Result<Option<Connection>> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = connect(path)?;
    let format: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if format != FORMAT {
        return Ok(None);
    }
    let progress: Option<(String, i64)> = connection
        .query_row("SELECT identity, indexed_upto FROM progress", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    // More indexed than was ever stored: an older copy of the database was put in place.
    if progress.as_ref().is_some_and(|(of, upto)| of == identity && *upto > largest_id) {
        tracing::warn!(
            "the database knows fewer events than its search index: an older copy was put in its place, or its -wal file \
             was removed"
        );
    }
    let fits = progress.is_some_and(|(of, upto)| of == identity && upto <= largest_id);
    Ok(fits.then_some(connection))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

/// Opens the index for searching.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

/// Up to which event all are in the index.
pub(super) fn indexed_upto(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT indexed_upto FROM progress")?.query_row([], |row| row.get(0))
}

/// Adds documents and forgets others, in one transaction.
pub(super) fn write(
    connection: &mut Connection,
    documents: &[(i64, String)],
    removals: &[i64],
    indexed_upto: i64,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut add = transaction.prepare_cached("INSERT INTO words (rowid, text) VALUES (?1, ?2)")?;
        for (id, text) in documents {
            add.execute(rusqlite::params![id, text])?;
        }
        let mut forget = transaction.prepare_cached("DELETE FROM words WHERE rowid = ?1")?;
        for id in removals {
            forget.execute([id])?;
        }
        transaction.prepare_cached("UPDATE progress SET indexed_upto = ?1")?.execute([indexed_upto])?;
    }
    transaction.commit()
}

fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let name = PathBuf::from(name);
        if let Err(error) = std::fs::remove_file(&name)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the unfit search index could not be removed");
        }
    }
}
