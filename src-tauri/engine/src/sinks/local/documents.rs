//! Documents and tombstones in the file's tables.

use async_trait::async_trait;
use bson::RawDocumentBuf;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use super::Local;
use crate::event::{Timestamp, Version};
use crate::sinks::json::{Object, to_text};
use crate::sinks::ordering::documents::{
    Action, Burial, Claim, Documents, Expected, Key, Stored, StoredDocument, Write, Written,
};
use crate::sinks::ordering::metadata;
use crate::sinks::{Browse, SinkError};

/// So many tombstones that have expired by the clock alone are kept, because the clock may be wrong; of more the oldest end,
/// so that a file does not grow for ever where no provider tells the time.
const KEPT_BY_DOUBT: u32 = 100_000;

/// A write that owns what it needs on the other thread.
enum Change {
    Put { key: Key, expected: Expected, object: Option<String>, metadata: RawDocumentBuf },
    Remove { key: Key, below: Version, revision: Option<String>, livemode: Option<bool> },
    Refused(String),
}

#[async_trait]
impl Documents for Local {
    async fn read(&self, keys: &[&Key], whole: bool) -> Result<Vec<Stored>, SinkError> {
        let keys: Vec<Key> = keys.iter().copied().cloned().collect();
        self.with(move |connection| {
            // One transaction: all of it as it stood at one moment.
            let transaction = connection.transaction()?;
            let stored = keys
                .iter()
                .map(|key| {
                    let document = read_document(&transaction, key, whole)?;
                    Ok(Stored { document, tombstone: read_tombstone(&transaction, key)? })
                })
                .collect();
            transaction.commit()?;
            stored
        })
        .await
    }

    async fn tombstones(&self, keys: &[&Key]) -> Result<Vec<Option<RawDocumentBuf>>, SinkError> {
        let keys: Vec<Key> = keys.iter().copied().cloned().collect();
        self.with(move |connection| keys.iter().map(|key| read_tombstone(connection, key)).collect()).await
    }

    async fn bury(&self, burials: &[Burial<'_>]) -> Result<Vec<Written>, SinkError> {
        let sure = burials.iter().filter_map(Burial::surely_now).max();
        let now = burials.iter().map(|burial| burial.now).max().unwrap_or_default();
        let burials: Vec<(Key, Expected, RawDocumentBuf, Timestamp)> = burials
            .iter()
            .map(|burial| {
                let Burial { key, expected, metadata, .. } = burial;
                ((*key).clone(), expected.clone(), (*metadata).to_owned(), burial.expires_at())
            })
            .collect();
        self.with(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            end_tombstones(&transaction, sure, now, KEPT_BY_DOUBT)?;
            let written = burials
                .iter()
                .map(|(key, expected, metadata, until)| bury(&transaction, key, expected, metadata, *until))
                .collect::<rusqlite::Result<Vec<Written>>>()?;
            transaction.commit()?;
            Ok(written)
        })
        .await
    }

    async fn write(&self, writes: &[Write<'_>]) -> Result<Vec<Written>, SinkError> {
        let changes: Vec<Change> = writes.iter().map(change).collect();
        self.with(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let written = changes
                .iter()
                .map(|change| write(&transaction, change))
                .collect::<rusqlite::Result<Vec<Written>>>()?;
            transaction.commit()?;
            Ok(written)
        })
        .await
    }

    async fn confirm(&self, claims: &[Claim<'_>]) -> Result<Vec<Written>, SinkError> {
        // With `synchronous=FULL` nothing can be read that is not on disk.
        let claims: Vec<(Key, bool, String)> =
            claims.iter().map(|claim| (claim.key.clone(), claim.buried, claim.revision.to_owned())).collect();
        self.with(move |connection| {
            claims.iter().map(|(key, buried, revision)| confirm(connection, key, *buried, revision)).collect()
        })
        .await
    }

    fn lanes(&self, _documents: usize) -> usize {
        1
    }

    async fn check(&self) -> Result<String, SinkError> {
        let path = self.path.display().to_string();
        self.with(move |connection| {
            // A write transaction is refused where the file cannot be written; rolled back, it leaves nothing.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute(
                "INSERT INTO tombstones (collection, id, metadata, revision, expires_at) VALUES ('', '', x'', '', 0)",
                [],
            )?;
            transaction.rollback()
        })
        .await?;
        Ok(format!("SQLite {} file {path}", rusqlite::version()))
    }

    fn browse(&self) -> &dyn Browse {
        self
    }
}

fn change(write: &Write<'_>) -> Change {
    let key = write.key.clone();
    match &write.action {
        Action::Put { expected, object, metadata } => {
            let object = match object.map(|object| to_text(object.as_raw())) {
                Some(None) => {
                    return Change::Refused("the object holds a type that JSON does not have".to_owned());
                }
                Some(text) => text,
                None => None,
            };
            Change::Put { key, expected: expected.clone(), object, metadata: (*metadata).to_owned() }
        }
        Action::Remove { below, revision, livemode } => {
            Change::Remove { key, below: *below, revision: revision.map(str::to_owned), livemode: *livemode }
        }
    }
}

fn read_document(
    connection: &Connection,
    key: &Key,
    whole: bool,
) -> rusqlite::Result<Option<StoredDocument>> {
    let mut statement = connection.prepare_cached(
        "SELECT metadata, iif(?3, object, NULL) FROM documents WHERE collection = ?1 AND id = ?2",
    )?;
    statement
        .query_row(params![key.collection, key.id, whole], |row| {
            let metadata = Some(stored_metadata(row, 0)?);
            Ok(StoredDocument { metadata, object: stored_object(row, 1)? })
        })
        .optional()
}

fn read_tombstone(connection: &Connection, key: &Key) -> rusqlite::Result<Option<RawDocumentBuf>> {
    let mut statement =
        connection.prepare_cached("SELECT metadata FROM tombstones WHERE collection = ?1 AND id = ?2")?;
    statement.query_row(params![key.collection, key.id], |row| stored_metadata(row, 0)).optional()
}

/// The object in a row. One that cannot be read is damage, and never the same as none: a merge would start from nothing.
pub(super) fn stored_object(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Object>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| Object::from_json(&text).map_err(|_| damaged("a document in it is no JSON"))).transpose()
}

/// The metadata in a row, read through: with a part that cannot be read nobody could tell which state is newer.
pub(super) fn stored_metadata(row: &Row<'_>, column: usize) -> rusqlite::Result<RawDocumentBuf> {
    let bytes: Vec<u8> = row.get(column)?;
    let unreadable = || damaged("the `_sync_metadata` of a document in it cannot be read");
    let metadata = RawDocumentBuf::from_bytes(bytes).map_err(|_| unreadable())?;
    if metadata::summary(&metadata).is_none() { Err(unreadable()) } else { Ok(metadata) }
}

fn damaged(what: &str) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(code, Some(what.to_owned()))
}

fn confirm(connection: &Connection, key: &Key, buried: bool, revision: &str) -> rusqlite::Result<Written> {
    let question = if buried {
        "SELECT 1 FROM tombstones WHERE collection = ?1 AND id = ?2 AND revision = ?3"
    } else {
        "SELECT 1 FROM documents WHERE collection = ?1 AND id = ?2 AND revision = ?3"
    };
    let is_there = connection.prepare_cached(question)?.exists(params![key.collection, key.id, revision])?;
    Ok(if is_there { Written::Done } else { Written::Conflict })
}

fn bury(
    transaction: &Transaction<'_>,
    key: &Key,
    expected: &Expected,
    metadata: &RawDocumentBuf,
    expires_at: Timestamp,
) -> rusqlite::Result<Written> {
    let revision = metadata::revision(metadata).unwrap_or_default();
    let expires_at = expires_at.millis();
    let bytes = metadata.as_bytes();
    let changed = match expected {
        Expected::Revision(expected) => transaction
            .prepare_cached(
                "UPDATE tombstones SET metadata = ?3, revision = ?4, expires_at = ?5
                 WHERE collection = ?1 AND id = ?2 AND revision = ?6",
            )?
            .execute(params![key.collection, key.id, bytes, revision, expires_at, expected])?,
        Expected::Absent | Expected::Unmarked => transaction
            .prepare_cached(
                "INSERT INTO tombstones (collection, id, metadata, revision, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            )?
            .execute(params![key.collection, key.id, bytes, revision, expires_at])?,
    };
    Ok(if changed == 1 { Written::Done } else { Written::Conflict })
}

fn write(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<Written> {
    match change {
        Change::Refused(reason) => Ok(Written::Refused(reason.clone())),
        Change::Put { key, expected, object, metadata } => {
            put(transaction, key, expected, object.as_deref(), metadata)
        }
        Change::Remove { key, below, revision, livemode } => {
            remove(transaction, key, *below, revision.as_deref(), *livemode)?;
            Ok(Written::Done)
        }
    }
}

/// Ends the tombstones that have expired at the time `sure`, and those of `now` that are more than `kept`.
fn end_tombstones(
    transaction: &Transaction<'_>,
    sure: Option<Timestamp>,
    now: Timestamp,
    kept: u32,
) -> rusqlite::Result<()> {
    let mut end = transaction.prepare_cached("DELETE FROM tombstones WHERE expires_at < ?1")?;
    if let Some(sure) = sure {
        end.execute([sure.millis()])?;
    }
    let newest_too_many: Option<i64> = transaction
        .prepare_cached(
            "SELECT expires_at FROM tombstones WHERE expires_at < ?1 ORDER BY expires_at DESC LIMIT 1 OFFSET ?2",
        )?
        .query_row(params![now.millis(), kept], |row| row.get(0))
        .optional()?;
    if let Some(newest) = newest_too_many {
        end.execute([newest.saturating_add(1)])?;
    }
    Ok(())
}

fn put(
    transaction: &Transaction<'_>,
    key: &Key,
    expected: &Expected,
    object: Option<&str>,
    metadata: &RawDocumentBuf,
) -> rusqlite::Result<Written> {
    let Some(summary) = metadata::summary(metadata) else {
        return Ok(Written::Refused("its `_sync_metadata` cannot be read".to_owned()));
    };
    let statement = match expected {
        Expected::Absent => {
            "INSERT INTO documents (collection, id, object, metadata, revision, event_id, event_type, occurred_at, deleted)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING"
        }
        Expected::Revision(_) | Expected::Unmarked => {
            "UPDATE documents SET object = ?3, metadata = ?4, revision = ?5, event_id = ?6, event_type = ?7,
             occurred_at = ?8, deleted = ?9 WHERE collection = ?1 AND id = ?2 AND (?10 IS NULL OR revision = ?10)"
        }
    };
    let mut statement = transaction.prepare_cached(statement)?;
    let occurred_at = summary.version.at.to_rfc3339();
    let changed = match expected {
        Expected::Absent => statement.execute(params![
            key.collection,
            key.id,
            object,
            metadata.as_bytes(),
            summary.revision,
            summary.event_id,
            summary.event_type,
            occurred_at,
            summary.deleted,
        ])?,
        Expected::Revision(_) | Expected::Unmarked => {
            let expected = match expected {
                Expected::Revision(revision) => Some(revision),
                _ => None,
            };
            statement.execute(params![
                key.collection,
                key.id,
                object,
                metadata.as_bytes(),
                summary.revision,
                summary.event_id,
                summary.event_type,
                occurred_at,
                summary.deleted,
                expected,
            ])?
        }
    };
    Ok(if changed == 1 { Written::Done } else { Written::Conflict })
}

fn remove(
    transaction: &Transaction<'_>,
    key: &Key,
    below: Version,
    revision: Option<&str>,
    livemode: Option<bool>,
) -> rusqlite::Result<()> {
    let Some(stored) = read_document(transaction, key, false)? else { return Ok(()) };
    let goes =
        stored.metadata.as_ref().and_then(|metadata| metadata::summary(metadata)).is_none_or(|stored| {
            let same_mode = livemode.zip(stored.livemode).is_none_or(|(ours, theirs)| ours == theirs);
            same_mode && (stored.version < below || Some(stored.revision) == revision)
        });
    if goes {
        transaction
            .prepare_cached("DELETE FROM documents WHERE collection = ?1 AND id = ?2")?
            .execute(params![key.collection, key.id])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_no_provider_confirms_ends_only_the_oldest_of_many_tombstones() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut connection = super::super::file::open(&folder.path().join("documents.db")).expect("opens");
        let transaction = connection.transaction().expect("begins");
        for number in 0..10 {
            let key = Key { collection: "customers".to_owned(), id: format!("cus_{number}") };
            let until = Timestamp::from_seconds(number);
            bury(&transaction, &key, &Expected::Absent, &RawDocumentBuf::new(), until).expect("is written");
        }
        let left = || -> Vec<i64> {
            let mut asked = transaction
                .prepare("SELECT expires_at / 1000 FROM tombstones ORDER BY expires_at")
                .expect("valid");
            let rows = asked.query_map([], |row| row.get(0)).expect("asks");
            rows.collect::<rusqlite::Result<_>>().expect("answers")
        };
        let ahead = Timestamp::from_seconds(1_000_000_000);
        end_tombstones(&transaction, None, ahead, 10).expect("ends none");
        assert_eq!(left().len(), 10);
        end_tombstones(&transaction, Some(Timestamp::from_seconds(2)), ahead, 10)
            .expect("ends those of the provider");
        assert_eq!(left(), [2, 3, 4, 5, 6, 7, 8, 9]);
        end_tombstones(&transaction, None, Timestamp::from_seconds(8), 4).expect("ends what is too much");
        assert_eq!(left(), [4, 5, 6, 7, 8, 9]);
    }
}
