//! The tables `archive_queue` and `archive_days`: what is still to be written into the destinations' archives.
//!
//! An event or an execution is queued in the transaction that tells what became of it, and taken from the queue after the
//! archive has it: a crash in between leads to a repeat, never to a gap.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::Notify;

use super::live::LiveJob;
use super::maintenance::STEP;
use super::webhook_events::archivable;
use super::writer::Writing;
use super::{JobId, Store, StoreError, job_executions};
use crate::event::Archivable;

/// How far the length of a queue is counted.
const COUNTED: u32 = 10_000;

/// What is archived, as it is written in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Event = 0,
    Execution = 1,
}

/// Something to be archived.
#[derive(Debug, Clone)]
pub struct ToArchive {
    /// Its place in the queue: grows, and is never used again.
    pub seq: i64,
    /// The thing itself; `None` when nothing is to be archived now: it is gone, or being applied again.
    pub record: Option<Archivable>,
}

/// Queues something whose state became known, if the job has an archive.
pub(super) fn enqueue(
    writing: &mut Writing<'_>,
    job: &Arc<LiveJob>,
    kind: Kind,
    item: i64,
) -> Result<(), StoreError> {
    if !job.archives.load(Ordering::Acquire) {
        return Ok(());
    }
    writing
        .connection
        .prepare_cached("INSERT OR REPLACE INTO archive_queue (job, kind, item) VALUES (?1, ?2, ?3)")?
        .execute(params![job.number, kind as i64, item])?;
    writing.effects.queued_for_archive(job);
    Ok(())
}

impl Store {
    /// Tells this database from all others, for ever: a part of the archived documents' ids.
    pub async fn identity(&self) -> Result<String, StoreError> {
        self.read(|_, connection| {
            Ok(connection.query_row("SELECT id FROM store_identity", [], |row| row.get(0))?)
        })
        .await
    }

    /// Woken after each commit that gave this job something to archive, with a permit kept for one who is not waiting yet.
    pub fn archivals(&self, job: &JobId) -> Result<Arc<Notify>, StoreError> {
        Ok(Arc::clone(&self.inner.live.job(job)?.to_archive))
    }

    /// What is to be archived behind `after`, oldest first: at most `limit`, and about `max_bytes` of bodies (one event at
    /// least).
    pub async fn to_archive(
        &self,
        job: &JobId,
        after: i64,
        limit: u32,
        max_bytes: u64,
    ) -> Result<Vec<ToArchive>, StoreError> {
        let job = self.inner.live.job(job)?;
        self.read(move |inner, connection| {
            let queued: Vec<(i64, i64, i64)> = connection
                .prepare_cached(
                    "SELECT seq, kind, item FROM archive_queue INDEXED BY archive_queue_by_job
                     WHERE job = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
                )?
                .query_map(params![job.number, after, limit], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?
                .collect::<Result<_, _>>()?;
            let mut found = Vec::with_capacity(queued.len());
            let mut bytes = 0_u64;
            for (seq, kind, item) in queued {
                let record = if kind == Kind::Event as i64 {
                    archivable(&inner.live, connection, &job.id, item)?
                        .map(|event| Archivable::Event(Box::new(event)))
                } else {
                    job_executions::read(connection, &job, item)?.map(Archivable::Execution)
                };
                if let Some(Archivable::Event(event)) = &record {
                    bytes = bytes.saturating_add(event.row.size_bytes);
                }
                found.push(ToArchive { seq, record });
                if bytes >= max_bytes {
                    break;
                }
            }
            Ok(found)
        })
        .await
    }

    /// Takes from the queue what the archive has. What changed meanwhile is there under another `seq`, and stays.
    pub async fn archived(&self, seqs: Vec<i64>) -> Result<(), StoreError> {
        self.change(move |writing| {
            let mut delete = writing.connection.prepare_cached("DELETE FROM archive_queue WHERE seq = ?1")?;
            for seq in seqs {
                delete.execute([seq])?;
            }
            Ok(())
        })
        .await
    }

    /// How much of a job is still to be archived, counted up to 10,000.
    pub async fn archive_waiting(&self, job: &JobId) -> Result<u64, StoreError> {
        let job = self.inner.live.job(job)?;
        self.read(move |_, connection| {
            let count: i64 = connection
                .prepare_cached(
                    "SELECT count(*) FROM
                       (SELECT 1 FROM archive_queue INDEXED BY archive_queue_by_job WHERE job = ?1 LIMIT ?2)",
                )?
                .query_row(params![job.number, COUNTED], |row| row.get(0))?;
            Ok(count as u64)
        })
        .await
    }

    /// For how many days the archive keeps what it already holds of a job; `None` before it holds anything.
    pub async fn archive_days(&self, job: &JobId) -> Result<Option<u32>, StoreError> {
        let job = self.inner.live.job(job)?;
        self.read(move |_, connection| {
            Ok(connection
                .prepare_cached("SELECT days FROM archive_days WHERE job = ?1")?
                .query_row([job.number], |row| row.get(0))
                .optional()?)
        })
        .await
    }

    /// Remembers that everything the archive holds of the job is kept for so many days.
    pub async fn put_archive_days(&self, job: &JobId, days: u32) -> Result<(), StoreError> {
        let job = self.inner.live.job(job)?;
        self.change(move |writing| {
            writing
                .connection
                .prepare_cached("INSERT OR REPLACE INTO archive_days (job, days) VALUES (?1, ?2)")?
                .execute(params![job.number, days])?;
            Ok(())
        })
        .await
    }
}

/// Takes some of what a job has queued from the queue: nobody wants it any more. Tells how many rows went.
pub(super) fn forget(connection: &Connection, job: i64) -> rusqlite::Result<u64> {
    let gone = connection
        .prepare_cached(
            "DELETE FROM archive_queue WHERE seq IN
               (SELECT seq FROM archive_queue INDEXED BY archive_queue_by_job WHERE job = ?1 LIMIT ?2)",
        )?
        .execute([job, STEP])?;
    Ok(gone as u64)
}
