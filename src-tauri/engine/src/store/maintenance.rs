//! Cleanup, integrity check, backup.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::{Connection, params};

use super::live::{Live, LiveJob, minute_of, status_code};
use super::readers::Gate;
use super::webhook_events::read_event;
use super::{Change, EventStatus, Store, StoreError, Timestamp, archive, open};
use crate::event::{WebhookConfig, with_causes};
use crate::faults::{self, Point};

/// How many rows one step of cleanup takes: a step is a transaction that others wait for.
pub(super) const STEP: i64 = 250;

/// How many damaged events a check tells of.
const MAX_FOUND: usize = 100;

/// What the store takes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// The database with its WAL, in bytes.
    pub database_bytes: u64,
    /// The search index, in bytes.
    pub search_bytes: u64,
}

impl Store {
    /// One small step of cleanup: deletes some settled, unpinned events older than their job's retention, with
    /// bodies and attempts; executions of that age too. Tells how many rows went; call again until that is 0.
    ///
    /// Failed events stay, those without another attempt too: they are not synced, and only a person can decide that
    /// this is fine. What is still to be archived stays too; what no archive wants any more is taken from its queue.
    ///
    /// `now` has to be a time that can be trusted: what it says to be old is gone for good. The times of receipt need not be:
    /// an event that came in while the clock was behind is as young as those received before it, or as its provider says;
    /// only where nothing came before and no time is told, nobody can know.
    pub async fn clean_up_step(&self, now: Timestamp) -> Result<u64, StoreError> {
        for job in self.sync_jobs(None).await? {
            let Ok(live) = self.inner.live.job(&job.id) else { continue };
            let before = expiry(&job.webhook_config, now);
            // Looked for by a reader: where nothing is to be done the writer is left in peace.
            let expired = self.read(move |_, connection| expired(connection, &live, before, now)).await?;
            if expired.is_empty() {
                continue;
            }
            let Ok(live) = self.inner.live.job(&job.id) else { continue };
            let gone = self
                .change(move |writing| {
                    let mut gone = 0;
                    for id in expired.events {
                        // Looked at again: it may have been pinned, replayed or queued for the archive since.
                        let status = writing
                            .connection
                            .prepare_cached(
                                "SELECT status FROM webhook_events WHERE id = ?1 AND pinned = 0 AND status IN (1, 3, 4)
                                   AND NOT EXISTS (SELECT 1 FROM archive_queue WHERE kind = 0 AND item = ?1)",
                            )?
                            .query_row([id], |row| row.get(0));
                        let status: i64 = match status {
                            Ok(status) => status,
                            Err(rusqlite::Error::QueryReturnedNoRows) => continue,
                            Err(error) => return Err(error.into()),
                        };
                        delete_event(writing.connection, id)?;
                        writing.effects.removed(&live, status);
                        gone += 1;
                        faults::pass(Point::WithinCleanup);
                    }
                    gone += delete_executions(writing.connection, live.number, before, now)?;
                    if !live.archives.load(Ordering::Acquire) {
                        gone += archive::forget(writing.connection, live.number)?;
                    }
                    gone += writing
                        .connection
                        .prepare_cached(
                            "DELETE FROM job_activity WHERE job = ?1 AND minute IN
                               (SELECT minute FROM job_activity WHERE job = ?1 AND minute < ?2 ORDER BY minute LIMIT ?3)",
                        )?
                        .execute(params![live.number, activity_end(before), STEP])? as u64;
                    if gone > 0 {
                        writing.effects.changed(Change::Executions { job_id: live.id.clone() });
                    }
                    Ok(gone)
                })
                .await?;
            if gone > 0 {
                faults::pass(Point::AfterCleanupStep);
                return Ok(gone);
            }
        }
        let passed: bool = self
            .read(|_, connection| {
                Ok(connection.query_row(
                    "SELECT EXISTS (SELECT 1 FROM receipt_slots
                     WHERE last_id < (SELECT coalesce(min(id), 9223372036854775807) FROM webhook_events))",
                    [],
                    |row| row.get(0),
                )?)
            })
            .await?;
        if !passed {
            return Ok(0);
        }
        self.change(|writing| {
            // Times of which no event is left.
            let gone = writing
                .connection
                .prepare_cached(
                    "DELETE FROM receipt_slots WHERE (unit, slot) IN
                       (SELECT unit, slot FROM receipt_slots
                        WHERE last_id < (SELECT coalesce(min(id), 9223372036854775807) FROM webhook_events) LIMIT ?1)",
                )?
                .execute([STEP])?;
            Ok(gone as u64)
        })
        .await
    }

    /// Writes something that changes nothing, synced to the disk as an event is: tells whether events can be stored.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        self.change(|writing| {
            writing.connection.prepare_cached("UPDATE store_identity SET id = id")?.execute([])?;
            Ok(())
        })
        .await
    }

    /// Looks for damage; an empty list means that there is none. Reads the whole file, and each stored request: SQLite knows
    /// whether its pages fit together, not whether what stands in them is what was written.
    pub async fn check_integrity(&self) -> Result<Vec<String>, StoreError> {
        let path = self.inner.path.clone();
        let gate = Arc::clone(self.inner.readers.gate());
        let live = Arc::clone(&self.inner.live);
        self.apart(move || {
            let connection = open::open_reader(&path)?;
            let mut found = apart_from_checkpoints(&gate, &connection, damaged_pages)?;
            let mut from = i64::MIN;
            while let Some(id) = apart_from_checkpoints(&gate, &connection, |connection| {
                unreadable_events(&live, connection, from, &mut found)
            })? {
                from = id;
            }
            found.extend(apart_from_checkpoints(&gate, &connection, wrong_counters)?);
            Ok(found)
        })
        .await
    }

    /// Writes a consistent copy to `target`, which must not exist yet. The file has its name only once it is whole and on
    /// the disk; until then, and when the process dies meanwhile, it is `TARGET.….partial`.
    ///
    /// [`StoreError::Conflict`] when it exists or its folder does not, [`StoreError::Full`] when there is no room for
    /// it. The search index is not part of the copy: it is built anew from it.
    pub async fn back_up(&self, target: &Path) -> Result<(), StoreError> {
        let (path, target) = (self.inner.path.clone(), target.to_owned());
        let gate = Arc::clone(self.inner.readers.gate());
        self.apart(move || {
            let conflict = |message: String| StoreError::Conflict { message };
            let Some(name) = target.to_str() else {
                return Err(conflict(format!(
                    "the name {} is not UTF-8; choose another one",
                    target.display()
                )));
            };
            if target.symlink_metadata().is_ok() {
                return Err(conflict(format!("{name} exists already; choose another name")));
            }
            let folder =
                target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !folder.is_dir() {
                return Err(conflict(format!("the folder {} does not exist", folder.display())));
            }
            let unwritable =
                || conflict(format!("{name} cannot be written; choose a folder that you may write to"));
            let failed = |error: std::io::Error| match error.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => unwritable(),
                ErrorKind::StorageFull => StoreError::Full,
                _ => conflict(format!("{name} could not be written to the disk: {error}")),
            };
            let _reading = gate.read_for_long()?;
            // Half a copy is worth nothing: it has another name, and goes when anything fails.
            let partial = partial_of(&target, folder).map_err(failed)?;
            copy_into(&path, &partial).map_err(|error| match error {
                StoreError::Sqlite(error)
                    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen) =>
                {
                    unwritable()
                }
                error => error,
            })?;
            // SQLite does not sync what it writes this way.
            File::open(&partial).and_then(|file| file.sync_all()).map_err(failed)?;
            faults::pass(Point::BeforeBackupIsNamed);
            name_it(partial, &target).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => conflict(format!("{name} exists already; choose another name")),
                _ => failed(error),
            })?;
            // Where a folder can be synced, so is the name.
            #[cfg(unix)]
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
            Ok(())
        })
        .await
    }

    /// What the store takes up.
    pub async fn size(&self) -> Result<Size, StoreError> {
        let database = self.inner.path.clone();
        let search = self.inner.search.path().to_owned();
        self.apart(move || Ok(Size { database_bytes: with_wal(database), search_bytes: with_wal(search) }))
            .await
    }

    /// Long work on a connection or files of its own, so that it takes no reader's turn.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.inner.closed.load(std::sync::atomic::Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)?
    }
}

/// An empty file beside `target` that only its owner may read, removed when it is dropped.
fn partial_of(target: &Path, folder: &Path) -> std::io::Result<tempfile::TempPath> {
    let mut prefix = target.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    let partial = tempfile::Builder::new().prefix(&prefix).suffix(".partial").tempfile_in(folder)?;
    // Closed: SQLite opens it for itself.
    Ok(partial.into_temp_path())
}

fn copy_into(database: &Path, partial: &Path) -> Result<(), StoreError> {
    /// How many steps of SQLite's virtual machine lie between two looks.
    const STEPS: i32 = 20;
    let mut connection = open::open_reader(database)?;
    if faults::PRESENT {
        let look = || {
            faults::pass(Point::WithinBackup);
            false
        };
        connection.progress_handler(STEPS, Some(look))?;
    }
    // The folder's name is a part of the target's, which is UTF-8.
    connection.execute("VACUUM INTO ?1", [partial.to_string_lossy()])?;
    Ok(())
}

/// Gives the file its name, which must not be taken. Where the file system cannot promise that, it is looked at before.
fn name_it(partial: tempfile::TempPath, target: &Path) -> std::io::Result<()> {
    match partial.persist_noclobber(target) {
        Ok(()) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(error.error),
        Err(error) if target.symlink_metadata().is_err() => error.path.persist(target).map_err(Into::into),
        Err(error) => Err(error.error),
    }
}

/// Runs one read that takes its time. The log is not written back meanwhile, so that reads of everything come in parts.
fn apart_from_checkpoints<T>(
    gate: &Gate,
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let _reading = gate.read_for_long()?;
    connection.execute_batch("BEGIN")?;
    let answer = read(connection);
    connection.execute_batch("COMMIT")?;
    answer
}

/// What SQLite itself finds.
fn damaged_pages(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut found: Vec<String> = connection
        .prepare("PRAGMA integrity_check(100)")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    found.retain(|line| line != "ok");
    let dangling = connection
        .prepare("PRAGMA foreign_key_check")?
        .query_map([], |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            Ok(format!("a row of {table} refers to a row of {parent} that does not exist"))
        })?
        .take(MAX_FOUND)
        .collect::<Result<Vec<_>, _>>()?;
    found.extend(dangling);
    Ok(found)
}

/// Adds those of the next thousand events that are not as they were received. Tells the last one, if there may be more behind
/// it.
fn unreadable_events(
    live: &Live,
    connection: &Connection,
    after: i64,
    found: &mut Vec<String>,
) -> Result<Option<i64>, StoreError> {
    let ids: Vec<i64> = connection
        .prepare_cached("SELECT id FROM webhook_events WHERE id > ?1 ORDER BY id LIMIT 1000")?
        .query_map([after], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in &ids {
        match read_event(live, connection, *id) {
            Ok(_) => {}
            Err(error) if error.is_damage() && found.len() < MAX_FOUND => found.push(with_causes(&error)),
            Err(error) if error.is_damage() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    // Ids that do not grow are damage too, and told of by SQLite; here they must not lead round in circles.
    Ok(ids.into_iter().max().filter(|last| *last > after))
}

/// Jobs whose counters are not what their events say.
fn wrong_counters(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let jobs = connection
        .prepare(
            "WITH counted AS (SELECT job, sum(status = 0) AS pending, sum(status = 1) AS completed,
                     sum(status = 2) AS failed, sum(status = 3) AS skipped, sum(status = 4) AS rejected
               FROM webhook_events GROUP BY job)
             SELECT sync_jobs.id FROM sync_jobs LEFT JOIN job_counters ON job_counters.job = number
               LEFT JOIN counted ON counted.job = number
             WHERE deleted_at IS NULL AND
               (coalesce(job_counters.pending, 0), coalesce(job_counters.completed, 0),
                coalesce(job_counters.failed, 0), coalesce(job_counters.skipped, 0),
                coalesce(job_counters.rejected, 0))
               IS NOT (coalesce(counted.pending, 0), coalesce(counted.completed, 0), coalesce(counted.failed, 0),
                coalesce(counted.skipped, 0), coalesce(counted.rejected, 0))",
        )?
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(jobs.into_iter().map(|job| format!("the counters of job {job} are not what its events say")).collect())
}

fn with_wal(path: PathBuf) -> u64 {
    let length = |path: PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let mut wal = path.clone().into_os_string();
    wal.push("-wal");
    length(path) + length(wal.into())
}

/// What was received before this time has expired.
fn expiry(config: &WebhookConfig, now: Timestamp) -> Timestamp {
    now.plus_millis(-i64::from(config.retention_days.max(1)) * 86_400_000)
}

/// Minutes before this one are no longer needed. A day longer than the events, because a local day can begin before
/// the last 24 hours.
const fn activity_end(before: Timestamp) -> i64 {
    minute_of(before) - 1440
}

/// Days since 1970.
const fn day_of(time: Timestamp) -> i64 {
    minute_of(time).div_euclid(1440)
}

struct Expired {
    events: Vec<i64>,
    others: bool,
}

impl Expired {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && !self.others
    }
}

fn expired(
    connection: &Connection,
    live: &LiveJob,
    before: Timestamp,
    now: Timestamp,
) -> Result<Expired, StoreError> {
    let job = live.number;
    // Ids grow in the order of receipt: what came after an event that is young enough is younger, whatever the clock said
    // then. Days that are still to come tell of a clock that was ahead, and say nothing.
    let newest: Option<i64> = connection
        .prepare_cached(
            "SELECT min(
               (SELECT max(last_id) FROM receipt_slots WHERE unit = 0 AND slot <= ?1),
               (SELECT coalesce(min(first_id), 9223372036854775807) FROM receipt_slots
                WHERE unit = 1 AND slot > ?2 AND slot <= ?3) - 1)",
        )?
        .query_row([minute_of(before), day_of(before), day_of(now)], |row| row.get(0))?;
    let mut events = Vec::new();
    if let Some(newest) = newest {
        let mut statement = connection.prepare_cached(
            "SELECT id FROM webhook_events
             WHERE job = ?1 AND status = ?2 AND id <= ?3 AND received_at < ?4 AND pinned = 0
               AND (occurred_at IS NULL OR occurred_at NOT BETWEEN ?4 AND ?6)
               AND NOT EXISTS (SELECT 1 FROM archive_queue WHERE kind = 0 AND item = webhook_events.id)
             ORDER BY id LIMIT ?5",
        )?;
        for status in [EventStatus::Completed, EventStatus::Skipped, EventStatus::Rejected] {
            let ids = statement.query_map(
                params![
                    job,
                    status_code(status),
                    newest,
                    before.micros(),
                    STEP - events.len() as i64,
                    now.micros()
                ],
                |row| row.get(0),
            )?;
            events.extend(ids.collect::<Result<Vec<i64>, _>>()?);
        }
    }
    let others = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM job_activity WHERE job = ?1 AND minute < ?2) OR EXISTS
               (SELECT 1 FROM (SELECT id, finished_at FROM job_executions WHERE job = ?1 AND finished_at <= ?4
                               ORDER BY id LIMIT 1)
                WHERE finished_at < ?3
                  AND NOT EXISTS (SELECT 1 FROM archive_queue WHERE kind = 1 AND item = id))
               OR ?5 AND EXISTS (SELECT 1 FROM archive_queue WHERE job = ?1)",
        )?
        .query_row(
            params![
                job,
                activity_end(before),
                before.micros(),
                now.micros(),
                !live.archives.load(Ordering::Acquire)
            ],
            |row| row.get(0),
        )?;
    Ok(Expired { events, others })
}

/// Deletes some of a job's executions that ended before a time, oldest first. Those that ended after `now`, by a clock that
/// was ahead, stand in nobody's way.
pub(super) fn delete_executions(
    connection: &Connection,
    job: i64,
    before: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<u64> {
    let deleted = connection
        .prepare_cached(
            "DELETE FROM job_executions WHERE id IN
               (SELECT id FROM (SELECT id, finished_at FROM job_executions WHERE job = ?1 AND finished_at <= ?4
                                ORDER BY id LIMIT ?3)
                WHERE finished_at < ?2 AND NOT EXISTS (SELECT 1 FROM archive_queue WHERE kind = 1 AND item = id))",
        )?
        .execute(params![job, before.micros(), STEP, now.micros()])?;
    Ok(deleted as u64)
}

/// Deletes an event with its body and attempts; the search index is told to forget it.
pub(super) fn delete_event(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM delivery_attempts WHERE event_id = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM webhook_bodies WHERE event_id = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM webhook_events WHERE id = ?1")?.execute([id])?;
    connection
        .prepare_cached("INSERT OR IGNORE INTO search_removals (event_id) VALUES (?1)")?
        .execute([id])?;
    Ok(())
}
