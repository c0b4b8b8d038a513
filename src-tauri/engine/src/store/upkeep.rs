//! Work in the background that nobody waits for: training dictionaries, and deleting what belonged to deleted jobs.
//!
//! One thread. It reads like everybody else and asks the writer for each change, one small step at a time. What a
//! restart interrupts goes on after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, select};
use parking_lot::Mutex;
use rusqlite::{OptionalExtension as _, params};

use super::codec::{self, Dictionary};
use super::live::{Live, LiveSource};
use super::maintenance::{STEP, delete_event, delete_executions};
use super::readers::Readers;
use super::webhook_events::read_event;
use super::writer::{WriterHandle, Writing};
use super::{Clock, StoreError, Timestamp, archive};
use crate::faults::{self, Point};

/// How large a dictionary may be, in bytes.
const DICTIONARY: usize = 64 * 1024;
/// How many of a source's newest events a dictionary is trained from.
const SAMPLES: i64 = 1000;
/// The longest sample, and all of them together, in bytes.
const SAMPLE: usize = 16 * 1024;
const ALL_SAMPLES: usize = 4 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Upkeep {
    wake: Sender<()>,
    stop: Arc<AtomicBool>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Upkeep {
    pub(super) fn start(
        readers: Arc<Readers>,
        live: Arc<Live>,
        writer: Arc<WriterHandle>,
        clock: Arc<dyn Clock>,
        to_train: Receiver<Arc<LiveSource>>,
    ) -> std::io::Result<Self> {
        let (wake, woken) = crossbeam_channel::bounded(1);
        // The first round looks for jobs whose deletion was interrupted.
        let _ = wake.try_send(());
        let stop = Arc::new(AtomicBool::new(false));
        let worker = Worker { readers, live, writer, clock, stop: Arc::clone(&stop) };
        let thread = std::thread::Builder::new()
            .name("store-upkeep".to_owned())
            .spawn(move || worker.run(&woken, &to_train))?;
        Ok(Self { wake, stop, thread: Mutex::new(Some(thread)) })
    }

    /// There is a deleted job to clear away.
    pub(super) fn wake(&self) {
        let _ = self.wake.try_send(());
    }

    pub(super) fn close(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
        let thread = self.thread.lock().take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the store's upkeep panicked");
        }
    }
}

struct Worker {
    readers: Arc<Readers>,
    live: Arc<Live>,
    writer: Arc<WriterHandle>,
    clock: Arc<dyn Clock>,
    stop: Arc<AtomicBool>,
}

impl Worker {
    fn run(&self, woken: &Receiver<()>, to_train: &Receiver<Arc<LiveSource>>) {
        loop {
            let outcome = select! {
                recv(woken) -> _ => self.clear_deleted_jobs(),
                recv(to_train) -> source => match source {
                    Ok(source) => self.train(&source).inspect_err(|_| source.train_again()),
                    Err(_) => return,
                },
            };
            if self.stop.load(Ordering::Acquire) {
                return;
            }
            if let Err(error) = outcome {
                tracing::warn!(%error, "upkeep of the database failed; it is tried again later");
            }
        }
    }

    fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.change(change)?.blocking_recv().map_err(|_| StoreError::Closed)?
    }

    fn clear_deleted_jobs(&self) -> Result<(), StoreError> {
        while !self.stop.load(Ordering::Acquire) {
            let job: Option<i64> = self.readers.read(|connection| {
                Ok(connection
                    .query_row(
                        "SELECT number FROM sync_jobs WHERE deleted_at IS NOT NULL LIMIT 1",
                        [],
                        |row| row.get(0),
                    )
                    .optional()?)
            })?;
            let Some(job) = job else { return Ok(()) };
            self.change(move |writing| clear_step(writing, job))?;
            faults::pass(Point::WithinDeletion);
        }
        Ok(())
    }

    /// Trains a dictionary from the source's newest events. Too few or too different ones give none, which is no error.
    fn train(&self, source: &Arc<LiveSource>) -> Result<(), StoreError> {
        let samples = self.readers.read(|connection| {
            let ids: Vec<i64> = connection
                .prepare(
                    "SELECT webhook_events.id FROM webhook_events
                     JOIN sync_jobs ON number = job AND source_id = ?1
                     WHERE status <> 4 AND webhook_events.id > (SELECT max(id) FROM webhook_events) - ?2 * 10
                     ORDER BY webhook_events.id DESC LIMIT ?2",
                )?
                .query_map(params![source.id.as_str(), SAMPLES], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let mut samples = Vec::with_capacity(ids.len());
            let mut bytes = 0;
            for id in ids {
                let request = match read_event(&self.live, connection, id) {
                    Ok((_, request, _)) => request,
                    // The others are enough to learn from.
                    Err(error) if error.is_damage() => continue,
                    Err(error) => return Err(error),
                };
                let mut plain = codec::encode(&request, SAMPLE);
                plain.truncate(SAMPLE);
                bytes += plain.len();
                if bytes > ALL_SAMPLES || self.stop.load(Ordering::Acquire) {
                    break;
                }
                samples.push(plain);
            }
            Ok(samples)
        })?;
        let content = match zstd::dict::from_samples(&samples, DICTIONARY) {
            Ok(content) => content,
            Err(error) => {
                tracing::debug!(source = %source.id, %error, "no dictionary could be trained");
                return Ok(());
            }
        };
        faults::pass(Point::WithinTraining);
        let created_at = self.clock.now();
        let source = Arc::clone(source);
        self.change(move |writing| {
            let id = writing
                .connection
                .prepare_cached(
                    "INSERT INTO dictionaries (source_id, created_at, content) VALUES (?1, ?2, ?3)",
                )?
                .insert(params![source.id.as_str(), created_at.micros(), content])?;
            if let Some(dictionary) = Dictionary::new(id, &content) {
                writing.effects.after(move |live| live.use_dictionary(&source, dictionary));
            }
            Ok(())
        })
    }
}

/// Deletes some rows of a deleted job; in the last step the job's own.
fn clear_step(writing: &Writing<'_>, job: i64) -> Result<(), StoreError> {
    let connection = writing.connection;
    let events: Vec<i64> = connection
        .prepare_cached("SELECT id FROM webhook_events WHERE job = ?1 LIMIT ?2")?
        .query_map([job, STEP], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in &events {
        delete_event(connection, *id)?;
    }
    if !events.is_empty() {
        return Ok(());
    }
    if archive::forget(connection, job)? > 0 {
        return Ok(());
    }
    let end = Timestamp::from_micros(i64::MAX);
    if delete_executions(connection, job, end, end)? > 0 {
        return Ok(());
    }
    let activity = connection
        .prepare_cached(
            "DELETE FROM job_activity WHERE job = ?1 AND minute IN
               (SELECT minute FROM job_activity WHERE job = ?1 LIMIT ?2)",
        )?
        .execute([job, STEP])?;
    if activity > 0 {
        return Ok(());
    }
    // Counters and uses of dictionaries go with it.
    connection.prepare_cached("DELETE FROM sync_jobs WHERE number = ?1")?.execute([job])?;
    // What was learnt from a source goes when neither the source nor any stored request needs it.
    connection
        .prepare_cached(
            "DELETE FROM dictionaries WHERE source_id NOT IN (SELECT id FROM sources)
               AND id NOT IN (SELECT dictionary_id FROM dictionary_uses)",
        )?
        .execute([])?;
    Ok(())
}
