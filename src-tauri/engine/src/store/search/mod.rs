//! Full-text search: an index in a file of its own, filled by a thread of its own that follows the events.
//!
//! Invariants:
//! - The index is never in the way of the writer: it is built afterwards, and slowly while much comes in.
//! - It may be behind, paused, damaged or missing: what is not in it is looked through directly (`webhook_events::list`).
//! - No text of a user can be a syntax error.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use parking_lot::Mutex;
use rusqlite::Connection;

use super::StoreError;
use super::error::unless_damaged;
use super::live::Live;
use super::readers::Readers;
use super::streams::{IdRange, Order};
use super::webhook_events::read_event;
use super::writer::WriterHandle;
use crate::event::with_causes;
use crate::faults::{self, Point};

#[cfg(feature = "fuzzing")]
pub(super) mod fuzzing;
mod index;
mod words;

pub(super) use words::{Query, body_text, fold, head_text};

/// How many events one step indexes.
const STEP: usize = 200;
/// How many deleted events one step forgets.
const REMOVALS: i64 = 1000;
/// While requests wait to be stored, the indexer rests so many times as long as it worked.
const RESTS: u32 = 9;
/// How long after an error it is tried again.
const AFTER_ERROR: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Search {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    shared: Arc<Shared>,
    wake: Sender<()>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    paused: AtomicBool,
    /// A reader met damage.
    unfit: AtomicBool,
}

/// The index at one point in time.
pub(super) struct Snapshot<'a> {
    search: &'a Search,
    connection: Option<Connection>,
    /// All events up to this one are in the index.
    pub(super) indexed_upto: i64,
}

impl Search {
    pub(super) fn start(
        path: PathBuf,
        readers: Arc<Readers>,
        live: Arc<Live>,
        writer: Arc<WriterHandle>,
        woken: Receiver<()>,
        wake: Sender<()>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let indexer = Indexer {
            path: path.clone(),
            readers,
            live,
            writer,
            shared: Arc::clone(&shared),
            connection: None,
        };
        // What a former run left undone.
        let _ = wake.try_send(());
        let thread =
            std::thread::Builder::new().name("store-search".to_owned()).spawn(move || indexer.run(&woken))?;
        Ok(Self { path, idle: Mutex::default(), shared, wake, thread: Mutex::new(Some(thread)) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn pause(&self, paused: bool) {
        self.shared.paused.store(paused, Ordering::Release);
        let _ = self.wake.try_send(());
    }

    pub(super) fn close(&self) {
        self.shared.stop.store(true, Ordering::Release);
        let _ = self.wake.try_send(());
        self.idle.lock().clear();
        let thread = self.thread.lock().take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the search index's thread panicked");
        }
    }

    /// The index as it is now. One that cannot be read is as good as empty, and is built anew.
    pub(super) fn snapshot(&self) -> Snapshot<'_> {
        let idle = self.idle.lock().pop();
        let begin = || -> rusqlite::Result<(Connection, i64)> {
            let connection = idle.map_or_else(|| index::open_reader(&self.path), Ok)?;
            connection.execute_batch("BEGIN")?;
            let upto = index::indexed_upto(&connection)?;
            Ok((connection, upto))
        };
        match begin() {
            Ok((connection, indexed_upto)) => {
                Snapshot { search: self, connection: Some(connection), indexed_upto }
            }
            Err(error) => {
                self.report(&error);
                Snapshot { search: self, connection: None, indexed_upto: 0 }
            }
        }
    }

    #[cfg(test)]
    pub(super) fn unfit(&self) -> bool {
        self.shared.unfit.load(Ordering::Acquire)
    }

    fn report(&self, error: &rusqlite::Error) {
        if is_damage(error) {
            tracing::warn!(%error, "the search index cannot be read; it is built anew");
            self.shared.unfit.store(true, Ordering::Release);
            let _ = self.wake.try_send(());
        }
    }
}

impl Snapshot<'_> {
    /// Events that `fts` ([`Query::to_fts`]) finds, in order, with ids in `range`, at most `limit`.
    pub(super) fn ids(
        &self,
        fts: &str,
        range: IdRange,
        order: Order,
        limit: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        let Some(connection) = &self.connection else { return Ok(Vec::new()) };
        let sql = match order {
            Order::NewestFirst => {
                "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid BETWEEN ?2 AND ?3
                 ORDER BY rowid DESC LIMIT ?4"
            }
            Order::OldestFirst => {
                "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid BETWEEN ?2 AND ?3
                 ORDER BY rowid ASC LIMIT ?4"
            }
        };
        let ids = || {
            connection
                .prepare_cached(sql)?
                .query_map(rusqlite::params![fts, range.first, range.last, limit as i64], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<i64>>>()
        };
        ids().inspect_err(|error| self.search.report(error))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let stays = !self.search.shared.stop.load(Ordering::Acquire)
            && !self.search.shared.unfit.load(Ordering::Acquire);
        if let Some(connection) = self.connection.take()
            && connection.execute_batch("COMMIT").is_ok()
            && stays
        {
            self.search.idle.lock().push(connection);
        }
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, Unknown};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase | Unknown))
}

struct Indexer {
    path: PathBuf,
    readers: Arc<Readers>,
    live: Arc<Live>,
    writer: Arc<WriterHandle>,
    shared: Arc<Shared>,
    connection: Option<Connection>,
}

/// What one step found in the events' database.
struct Work {
    documents: Vec<(i64, String)>,
    removals: Vec<i64>,
    upto: i64,
}

impl Indexer {
    fn run(mut self, woken: &Receiver<()>) {
        let mut wait = None;
        loop {
            match wait.take() {
                None if woken.recv().is_err() => return,
                Some(time) => match woken.recv_timeout(time) {
                    Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                },
                None => {}
            }
            loop {
                if self.shared.stop.load(Ordering::Acquire) {
                    return;
                }
                if self.shared.paused.load(Ordering::Acquire) {
                    break;
                }
                let begun = Instant::now();
                match self.step() {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(StoreError::Closed) => return,
                    Err(error) => {
                        tracing::warn!(error = %with_causes(&error), "the search index could not be brought up to date; it is tried again");
                        wait = Some(AFTER_ERROR);
                        break;
                    }
                }
                if self.writer.waiting() > 0 {
                    #[expect(
                        clippy::disallowed_methods,
                        reason = "a thread of its own, for half a second at most"
                    )]
                    std::thread::sleep((begun.elapsed() * RESTS).min(Duration::from_millis(500)));
                }
            }
        }
    }

    /// Indexes some events; false when there was nothing to do.
    fn step(&mut self) -> Result<bool, StoreError> {
        if self.shared.unfit.swap(false, Ordering::AcqRel) {
            self.connection = None;
            // Whatever `open` makes of the rest, a damaged file must not be found fit.
            let _ = std::fs::remove_file(&self.path);
        }
        if self.connection.is_none() {
            let (identity, largest) = self.readers.read(|connection| {
                let identity: String =
                    connection.query_row("SELECT id FROM store_identity", [], |row| row.get(0))?;
                let largest: i64 = connection.query_row(
                    "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'webhook_events'), 0)",
                    [],
                    |row| row.get(0),
                )?;
                Ok((identity, largest))
            })?;
            self.connection = Some(index::open(&self.path, &identity, largest)?);
        }
        let Some(connection) = &mut self.connection else { return Ok(false) };
        let note = |error: &rusqlite::Error| {
            if is_damage(error) {
                self.shared.unfit.store(true, Ordering::Release);
            }
        };
        let indexed_upto = index::indexed_upto(connection).inspect_err(note)?;
        let live = &self.live;
        let work = self.readers.read(|events| find_work(live, events, indexed_upto))?;
        if work.upto == indexed_upto && work.removals.is_empty() {
            return Ok(false);
        }
        index::write(connection, &work.documents, &work.removals, work.upto).inspect_err(note)?;
        faults::pass(Point::WithinIndexing);
        if !work.removals.is_empty() {
            let forgotten = self.writer.change(move |writing| {
                let mut done =
                    writing.connection.prepare_cached("DELETE FROM search_removals WHERE event_id = ?1")?;
                for id in &work.removals {
                    done.execute([id])?;
                }
                Ok(())
            })?;
            forgotten.blocking_recv().map_err(|_| StoreError::Closed)??;
        }
        Ok(true)
    }
}

fn find_work(live: &Live, events: &Connection, indexed_upto: i64) -> Result<Work, StoreError> {
    let ids: Vec<i64> = events
        .prepare_cached("SELECT id FROM webhook_events WHERE id > ?1 ORDER BY id LIMIT ?2")?
        .query_map([indexed_upto, STEP as i64], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut documents = Vec::with_capacity(ids.len());
    for id in &ids {
        let event = read_event(live, events, *id);
        if let Some((head, request, job)) = unless_damaged(event, *id, "a stored event cannot be read")? {
            documents.push((*id, words::document(job, &head, &request)));
        }
    }
    let removals = events
        .prepare_cached("SELECT event_id FROM search_removals LIMIT ?1")?
        .query_map([REMOVALS], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(Work { documents, removals, upto: ids.last().copied().unwrap_or(indexed_upto) })
}
