//! The writer: one thread, one connection, group commit.
//!
//! Two queues lead to it: a bounded one of requests to store (full: refused at once) and one of all other changes. A
//! transaction takes what waits in both, and nobody is answered before its commit is on the disk. There is no timer that waits
//! for more: the disk's sync lets requests gather while it runs.
//!
//! Invariants:
//! - If a commit fails, every one who was part of it is told, and nothing in memory changed.
//! - A change that fails is rolled back to its savepoint and hurts nobody else.
//! - The thread outlives every error of SQLite: when the disk has room again, it works again.
//! - What a failed sync may have lost is never taken for stored. In the log that is the rolled back transaction alone, and
//!   the next one writes over it. In the database it is what a checkpoint wrote, which SQLite writes anew until a sync
//!   succeeds, unless a part of it counts as written already: hence checkpoints are the writer's own business
//!   ([`Writer::checkpoint`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crossbeam_channel::{Receiver, Sender, select};
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::effects::Effects;
use super::ingest::{Ingest, TypeIds};
use super::live::{Live, LiveSource};
use super::readers::Gate;
use super::{Ingested, StoreError};
use crate::event::with_causes;
use crate::faults::{self, Point};

/// The most requests in one transaction.
const GROUP: usize = 256;
/// The most other changes in one transaction.
const CHANGES: usize = 64;
/// From so many pages on the log is written back into the database when nobody reads.
const CHECKPOINT_AT: u32 = 1000;
/// So many pages later it waits for those who read.
const CHECKPOINT_URGENT: u32 = 3 * CHECKPOINT_AT;

/// A request to store, with the one who waits. A rejected request has nobody waiting.
#[derive(Debug)]
pub(super) struct IngestJob {
    pub(super) ingest: Ingest,
    pub(super) reply: Option<oneshot::Sender<Result<Ingested, StoreError>>>,
}

/// What a change works with.
pub(super) struct Writing<'a> {
    pub(super) connection: &'a Connection,
    pub(super) effects: Effects,
    pub(super) types: &'a mut TypeIds,
}

/// Answers after the commit when called with how that went.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Runs the change, or is told why it cannot be run.
type ChangeJob =
    Box<dyn FnOnce(Result<&mut Writing<'_>, StoreError>) -> (Result<(), StoreError>, Answer) + Send>;

pub(super) enum Order {
    Change(ChangeJob),
    Close,
}

/// The ends of the queues that others hold.
#[derive(Debug)]
pub(super) struct WriterHandle {
    ingests: Sender<IngestJob>,
    orders: Sender<Order>,
    queue_length: usize,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

/// Whom the writer tells of its commits.
#[derive(Debug, Clone)]
pub(super) struct Followers {
    /// Sources to train dictionaries for.
    pub(super) train: Sender<Arc<LiveSource>>,
    /// Wakes the search index; one message is enough.
    pub(super) index: Sender<()>,
}

impl Followers {
    /// With the ends at which the messages arrive: sources to train for, and work for the search index.
    pub(super) fn new() -> (Self, Receiver<Arc<LiveSource>>, Receiver<()>) {
        let (train, to_train) = crossbeam_channel::unbounded();
        let (index, to_index) = crossbeam_channel::bounded(1);
        (Self { train, index }, to_train, to_index)
    }
}

impl WriterHandle {
    pub(super) fn start(
        mut connection: Connection,
        live: Arc<Live>,
        gate: Arc<Gate>,
        followers: Followers,
        queue_length: usize,
        rejected_per_job: u32,
    ) -> std::io::Result<Self> {
        let queue_length = queue_length.max(1);
        let (ingests, ingest_queue) = crossbeam_channel::bounded(queue_length);
        let (orders, order_queue) = crossbeam_channel::unbounded();
        let log_pages = Arc::new(AtomicU32::new(0));
        let noted = Arc::clone(&log_pages);
        connection
            .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
                noted.store(pages as u32, Ordering::Relaxed);
                Ok(())
            }))
            .map_err(std::io::Error::other)?;
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            Writer {
                connection,
                live,
                gate,
                log_pages,
                checkpoint_at: CHECKPOINT_AT,
                half_written: false,
                followers,
                ingests: ingest_queue,
                orders: order_queue,
                types: TypeIds::default(),
                rejected_per_job,
            }
            .run();
        })?;
        Ok(Self { ingests, orders, queue_length, thread: Mutex::new(Some(thread)) })
    }

    /// Queues a request; `Overloaded` at once when the queue is full.
    pub(super) fn ingest(
        &self,
        ingest: Ingest,
    ) -> Result<oneshot::Receiver<Result<Ingested, StoreError>>, StoreError> {
        let (reply, answer) = oneshot::channel();
        match self.ingests.try_send(IngestJob { ingest, reply: Some(reply) }) {
            Ok(()) => Ok(answer),
            Err(crossbeam_channel::TrySendError::Full(_)) => Err(StoreError::Overloaded),
            Err(crossbeam_channel::TrySendError::Disconnected(_)) => Err(StoreError::Closed),
        }
    }

    /// Queues a request for which nobody waits, if less than half of the queue is taken.
    pub(super) fn ingest_if_idle(&self, ingest: Ingest) {
        if self.has_room_for_rejected() {
            // A full or closed queue drops it, as promised.
            let _ = self.ingests.try_send(IngestJob { ingest, reply: None });
        }
    }

    pub(super) fn has_room_for_rejected(&self) -> bool {
        self.waiting() < self.queue_length.div_ceil(2)
    }

    /// How many requests wait.
    pub(super) fn waiting(&self) -> usize {
        self.ingests.len()
    }

    /// Queues a change. Its answer comes after the commit, or after its own failure.
    pub(super) fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: ChangeJob = Box::new(move |writing| {
            // A panic in a change must not end the only thread that stores events.
            let result = writing.and_then(|writing| {
                catch_unwind(AssertUnwindSafe(|| change(writing))).unwrap_or_else(|_| {
                    tracing::error!("a change of the database panicked");
                    Err(StoreError::Sqlite(rusqlite::Error::InvalidQuery))
                })
            });
            let outcome = result.as_ref().map(|_| ()).map_err(StoreError::repeat);
            let answer: Answer = Box::new(move |committed| {
                // Whoever asked may have gone away.
                let _ = reply.send(result.and_then(|value| committed.map(|()| value)));
            });
            (outcome, answer)
        });
        self.orders.send(Order::Change(job)).map_err(|_| StoreError::Closed)?;
        Ok(answer)
    }

    /// Asks the writer to finish what is queued and end. [`Self::join`] waits for it.
    pub(super) fn close(&self) {
        // Already closed is fine.
        let _ = self.orders.send(Order::Close);
    }

    pub(super) fn join(&self) {
        let thread = self.thread.lock().take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the store's writer panicked");
        }
    }
}

struct Writer {
    connection: Connection,
    live: Arc<Live>,
    gate: Arc<Gate>,
    /// How long the log was after the last commit, in pages.
    log_pages: Arc<AtomicU32>,
    /// From how many pages on it is written back: later after a try that was in vain.
    checkpoint_at: u32,
    /// A checkpoint was cut short by another program's read: what it wrote was not synced.
    half_written: bool,
    followers: Followers,
    ingests: Receiver<IngestJob>,
    orders: Receiver<Order>,
    types: TypeIds,
    rejected_per_job: u32,
}

impl Writer {
    fn run(mut self) {
        let mut ingests = Vec::with_capacity(GROUP);
        let mut changes = Vec::with_capacity(CHANGES);
        let mut open = true;
        while open {
            select! {
                recv(self.ingests) -> ingest => match ingest {
                    Ok(ingest) => ingests.push(ingest),
                    Err(_) => open = false,
                },
                recv(self.orders) -> order => match order {
                    Ok(Order::Change(change)) => changes.push(change),
                    Ok(Order::Close) | Err(_) => open = false,
                },
            }
            loop {
                ingests.extend(self.ingests.try_iter().take(GROUP - ingests.len()));
                while changes.len() < CHANGES {
                    match self.orders.try_recv() {
                        Ok(Order::Change(change)) => changes.push(change),
                        Ok(Order::Close) => open = false,
                        Err(_) => break,
                    }
                }
                if ingests.is_empty() && changes.is_empty() {
                    break;
                }
                self.commit(&mut ingests, &mut changes);
                // Closing: until nothing is left. Otherwise back to waiting.
                if open {
                    break;
                }
            }
        }
        self.finish();
    }

    /// One transaction. Both lists are empty afterwards.
    fn commit(&mut self, ingests: &mut Vec<IngestJob>, changes: &mut Vec<ChangeJob>) {
        let mut stored = Vec::with_capacity(ingests.len());
        let mut answers = Vec::with_capacity(changes.len());
        match self.transaction(ingests, changes, &mut stored, &mut answers) {
            Ok(effects) => {
                if self.live.note_problem(None) {
                    tracing::info!("events can be stored again");
                }
                let published = effects.publish(&self.live);
                for (job, ingested) in ingests.drain(..).zip(stored) {
                    if let Some(reply) = job.reply {
                        // Whoever asked may have gone away; the event is stored all the same.
                        let _ = reply.send(ingested);
                    }
                }
                for answer in answers {
                    answer(Ok(()));
                }
                for source in published.to_train {
                    let _ = self.followers.train.send(source);
                }
                if published.to_index {
                    let _ = self.followers.index.try_send(());
                }
                self.checkpoint();
            }
            Err(error) => {
                self.roll_back();
                // While it stays so, whoever is refused is told: a line for each would fill what is left of the disk.
                if !error.is_about_the_disk() || self.live.note_problem(Some(&error)) {
                    let causes = with_causes(&error);
                    tracing::error!(error = %causes, hint = error.hint(), "a transaction failed and was rolled back");
                }
                // Not even begun, and not for a request's sake: another try would end in the same way.
                let in_vain = answers.is_empty() && (ingests.is_empty() || error.is_about_the_disk());
                for answer in answers {
                    answer(Err(error.repeat()));
                }
                // An error that is no shortage of the disk may be the fault of one request: the others get another try.
                let alone = ingests.len() <= 1 || error.is_about_the_disk();
                for job in std::mem::take(ingests) {
                    if alone {
                        if let Some(reply) = job.reply {
                            let _ = reply.send(Err(error.repeat()));
                        }
                    } else {
                        self.commit(&mut vec![job], &mut Vec::new());
                    }
                }
                // Changes that had not had their turn get it, each in a transaction that tells it what happened.
                for change in std::mem::take(changes) {
                    if in_vain {
                        let (_, answer) = change(Err(error.repeat()));
                        answer(Ok(()));
                    } else {
                        self.commit(&mut Vec::new(), &mut vec![change]);
                    }
                }
            }
        }
    }

    fn transaction(
        &mut self,
        ingests: &[IngestJob],
        changes: &mut Vec<ChangeJob>,
        stored: &mut Vec<Result<Ingested, StoreError>>,
        answers: &mut Vec<Answer>,
    ) -> Result<Effects, StoreError> {
        self.gate.check()?;
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut writing =
            Writing { connection: &self.connection, effects: Effects::default(), types: &mut self.types };
        for job in ingests {
            stored.push(match super::ingest::store(&mut writing, &job.ingest, self.rejected_per_job) {
                Err(StoreError::NotFound { what, id }) => Err(StoreError::NotFound { what, id }),
                outcome => Ok(outcome?),
            });
        }
        // Taken one by one: those that do not get their turn stay for the next transaction.
        while !changes.is_empty() {
            let change = changes.remove(0);
            self.connection.prepare_cached("SAVEPOINT change")?.execute([])?;
            let before = std::mem::take(&mut writing.effects);
            let (outcome, answer) = change(Ok(&mut writing));
            answers.push(answer);
            let done = std::mem::replace(&mut writing.effects, before);
            match outcome {
                Ok(()) => writing.effects.merge(done),
                // SQLite ends the whole transaction by itself when the disk is full or failing.
                Err(error) if self.connection.is_autocommit() => return Err(error),
                Err(_) => {
                    self.connection.prepare_cached("ROLLBACK TO change")?.execute([])?;
                    writing.types.forget_uncommitted();
                }
            }
            self.connection.prepare_cached("RELEASE change")?.execute([])?;
        }
        let effects = writing.effects;
        effects.write(&self.connection)?;
        if !ingests.is_empty() {
            faults::pass(Point::BeforeCommit);
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        if !ingests.is_empty() {
            faults::pass(Point::AfterCommit);
        }
        self.types.committed();
        Ok(effects)
    }

    fn roll_back(&mut self) {
        self.types.forget_uncommitted();
        // SQLite has rolled back by itself after some errors.
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    /// Writes the log back into the database once it is long. Everybody has been answered already.
    fn checkpoint(&mut self) {
        let pages = self.log_pages.load(Ordering::Relaxed);
        if pages < self.checkpoint_at {
            return;
        }
        let urgent = pages - self.checkpoint_at >= CHECKPOINT_URGENT;
        let Some(alone) = self.gate.close(urgent) else { return };
        self.checkpoint_at = pages.saturating_add(CHECKPOINT_AT);
        let done = write_back(&self.connection, "PASSIVE");
        drop(alone);
        match done {
            Ok(WrittenBack::All) => {
                self.half_written = false;
                self.checkpoint_at = CHECKPOINT_AT;
            }
            Ok(WrittenBack::Some) => self.half_written = true,
            Ok(WrittenBack::Nothing) => {}
            Err(error) if self.half_written => {
                self.gate.distrust();
                tracing::error!(%error, "the write-ahead log could not be written back: start Hookline again");
            }
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not be written back; it grows, and is tried again");
            }
        }
    }

    fn finish(self) {
        self.connection.flush_prepared_statement_cache();
        if !self.may_be_closed() {
            // Closing would write the log back and remove it. The next start reads it from its beginning.
            std::mem::forget(self.connection);
            return;
        }
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!(%error, "the database could not be closed");
        }
    }

    /// Empties the log, if nobody reads. Tells whether closing the connection, which tries the same once more, can do no harm.
    fn may_be_closed(&self) -> bool {
        if self.gate.check().is_err() {
            return false;
        }
        let Some(_alone) = self.gate.close(false) else { return !self.half_written };
        let done = write_back(&self.connection, "TRUNCATE").inspect_err(|error| {
            tracing::warn!(%error, "the write-ahead log could not be emptied on closing; the next start reads it");
        });
        matches!(done, Ok(WrittenBack::All)) || !self.half_written
    }
}

/// What a checkpoint came to.
enum WrittenBack {
    /// The whole log is in the database and synced.
    All,
    /// A part of it is in the database, and was not synced: another program was reading.
    Some,
    /// Another program is writing it back just now.
    Nothing,
}

fn write_back(connection: &Connection, how: &str) -> rusqlite::Result<WrittenBack> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| {
        let (pages, written): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(match written {
            ..0 => WrittenBack::Nothing,
            _ if written < pages => WrittenBack::Some,
            _ => WrittenBack::All,
        })
    })
}
