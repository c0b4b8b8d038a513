//! Storing one request: the statements on the hot path, run by the writer.
//!
//! Compressing and hashing are done before, on the task of the one who asks.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::archive::{self, Kind};
use super::codec;
use super::live::{LiveJob, status_code};
use super::maintenance::delete_event;
use super::writer::Writing;
use super::{Ingested, StoreError};
use crate::event::{EventHead, EventId, EventStatus, Timestamp};

/// The most event types that get a number; further ones are written out in each row.
const MAX_TYPES: usize = 10_000;

/// The hash by which duplicates are looked for; what it finds is compared by the key itself.
pub(super) type DedupeHash = fn(&str) -> u64;

/// xxh3: fast, and good enough that different keys practically never meet.
pub(super) fn dedupe_hash(key: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(key.as_bytes())
}

/// A request, ready to be stored.
#[derive(Debug)]
pub(super) struct Ingest {
    pub(super) job: Arc<LiveJob>,
    pub(super) head: EventHead,
    /// Pending, skipped (filtered) or rejected.
    pub(super) status: EventStatus,
    /// Why it is skipped or rejected, as it is written.
    pub(super) reason: Option<i64>,
    /// `None` for rejected ones: they are no duplicates of anything.
    pub(super) dedupe_hash: Option<u64>,
    pub(super) received_at: Timestamp,
    pub(super) size_bytes: u64,
    pub(super) error: Option<String>,
    pub(super) frame: Vec<u8>,
    pub(super) dictionary_id: Option<i64>,
    pub(super) body_truncated: bool,
    /// [`codec::hash`] of what is in the frame.
    pub(super) hash: u64,
}

/// Numbers of event types, and who uses which dictionary, as far as the writer has met them.
#[derive(Debug, Default)]
pub(super) struct TypeIds {
    known: HashMap<String, i64>,
    dictionary_uses: std::collections::HashSet<(i64, i64)>,
    uncommitted: bool,
}

impl TypeIds {
    pub(super) fn committed(&mut self) {
        self.uncommitted = false;
    }

    /// After a rollback: what had been noted may not be in the database.
    pub(super) fn forget_uncommitted(&mut self) {
        if std::mem::take(&mut self.uncommitted) {
            self.known.clear();
            self.dictionary_uses.clear();
        }
    }

    /// The type's number. `add` gives new types one, while there are not too many.
    fn number(&mut self, connection: &Connection, name: &str, add: bool) -> rusqlite::Result<Option<i64>> {
        if let Some(number) = self.known.get(name) {
            return Ok(Some(*number));
        }
        let stored = connection
            .prepare_cached("SELECT id FROM event_types WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        let number = match stored {
            Some(number) => number,
            None if add && self.known.len() < MAX_TYPES => {
                self.uncommitted = true;
                // The largest number can be used again only after a rollback: types are never deleted.
                connection.prepare_cached("INSERT INTO event_types (name) VALUES (?1)")?.insert([name])?
            }
            None => return Ok(None),
        };
        if self.known.len() < MAX_TYPES {
            self.known.insert(name.to_owned(), number);
        }
        Ok(Some(number))
    }

    fn note_dictionary(
        &mut self,
        connection: &Connection,
        dictionary: i64,
        job: i64,
    ) -> rusqlite::Result<()> {
        if self.dictionary_uses.insert((dictionary, job)) {
            self.uncommitted = true;
            connection
                .prepare_cached("INSERT OR IGNORE INTO dictionary_uses (dictionary_id, job) VALUES (?1, ?2)")?
                .execute([dictionary, job])?;
        }
        Ok(())
    }
}

/// Stores the request in the writer's transaction, or counts it as a duplicate.
pub(super) fn store(
    writing: &mut Writing<'_>,
    ingest: &Ingest,
    rejected_per_job: u32,
) -> Result<Ingested, StoreError> {
    let connection = writing.connection;
    let Ingest { job, head, status, .. } = ingest;
    if job.deleted.load(Ordering::Acquire) {
        return Err(StoreError::NotFound { what: "sync job", id: job.id.to_string() });
    }
    let rejected = *status == EventStatus::Rejected;
    // Anybody can send rejected requests: they must not fill the table of types.
    let type_id = writing.types.number(connection, &head.event_type, !rejected)?;
    let mut hash = ingest.dedupe_hash;
    let id = loop {
        let inserted = connection
            .prepare_cached(
                "INSERT INTO webhook_events (job, status, reason, type_id, type_text, provider_event_id,
                   idempotency_key, dedupe_hash, object_type, object_id, occurred_at, received_at, finished_at,
                   error, size_bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                job.number,
                status_code(*status),
                ingest.reason,
                type_id,
                type_id.is_none().then_some(&head.event_type),
                head.provider_event_id,
                head.idempotency_key,
                hash.map(|hash| hash as i64),
                head.object_type,
                head.object_id,
                head.occurred_at.map(Timestamp::micros),
                ingest.received_at.micros(),
                (*status != EventStatus::Pending).then_some(ingest.received_at.micros()),
                ingest.error,
                ingest.size_bytes as i64,
            ])?;
        if inserted == 1 {
            break connection.last_insert_rowid();
        }
        let (first, same) = connection
            .prepare_cached(
                "SELECT id, coalesce(idempotency_key, provider_event_id) = ?3
                 FROM webhook_events WHERE job = ?1 AND dedupe_hash = ?2",
            )?
            .query_row(params![job.number, hash.map(|hash| hash as i64), head.dedupe_key()], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?))
            })?;
        if same {
            connection
                .prepare_cached("UPDATE webhook_events SET duplicates = duplicates + 1 WHERE id = ?1")?
                .execute([first])?;
            writing.effects.changed_events(job);
            return Ok(Ingested { event_id: EventId(first), duplicate: true });
        }
        // Another key of the same hash: this one takes the next free place behind it.
        hash = hash.map(|hash| hash.wrapping_add(1));
    };
    if let Some(dictionary) = ingest.dictionary_id {
        writing.types.note_dictionary(connection, dictionary, job.number)?;
    }
    connection
        .prepare_cached(
            "INSERT INTO webhook_bodies (event_id, dictionary_id, body_truncated, frame, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            id,
            ingest.dictionary_id,
            ingest.body_truncated,
            ingest.frame,
            codec::checksum(ingest.hash, id, head, ingest.received_at),
        ])?;
    writing.effects.received(job, id, *status, ingest.received_at);
    if *status == EventStatus::Skipped {
        archive::enqueue(writing, job, Kind::Event, id)?;
    }
    if rejected {
        trim_rejected(writing, job, rejected_per_job)?;
    }
    Ok(Ingested { event_id: EventId(id), duplicate: false })
}

/// Keeps the ring of rejected requests bounded: the oldest go, pinned ones stay.
fn trim_rejected(writing: &mut Writing<'_>, job: &Arc<LiveJob>, limit: u32) -> Result<(), StoreError> {
    let count = job.counts().rejected.saturating_add_signed(writing.effects.rejected_so_far(job));
    let excess = count.saturating_sub(u64::from(limit));
    if excess == 0 {
        return Ok(());
    }
    let oldest: Vec<i64> = writing
        .connection
        .prepare_cached(
            "SELECT id FROM webhook_events WHERE job = ?1 AND status = ?2 AND pinned = 0 ORDER BY id LIMIT ?3",
        )?
        .query_map(
            // One at a time is what it takes normally; a smaller limit than before is reached in steps.
            params![job.number, status_code(EventStatus::Rejected), excess.min(16) as i64],
            |row| row.get(0),
        )?
        .collect::<Result<_, _>>()?;
    for id in oldest {
        delete_event(writing.connection, id)?;
        writing.effects.removed(job, status_code(EventStatus::Rejected));
    }
    Ok(())
}
