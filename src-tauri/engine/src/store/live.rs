//! What is known without asking the database: the jobs with their counters, dictionaries, event types; and who is to be
//! told of changes.
//!
//! Invariant: only the writer changes it, and only after the commit that made it true
//! ([`Effects::publish`](super::effects::Effects::publish)).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, OptionalExtension as _};
use tokio::sync::{Notify, broadcast};

use super::codec::Dictionary;
use super::open::failure;
use super::{Change, Counts, StoreError, SyncJob};
use crate::event::{EventStatus, JobId, SourceId, Timestamp, WorkspaceId};

/// Events of a source before it gets its first dictionary.
const FIRST_DICTIONARY_AT: u64 = 500;
/// The next dictionary is trained after so many times the events of the one before: there are never many.
const DICTIONARY_GROWTH: u64 = 100;

/// How statuses are written in the database.
pub(super) const fn status_code(status: EventStatus) -> i64 {
    match status {
        EventStatus::Pending | EventStatus::Processing => 0,
        EventStatus::Completed => 1,
        EventStatus::Failed => 2,
        EventStatus::Skipped => 3,
        EventStatus::Rejected => 4,
    }
}

/// The inverse of [`status_code`]; what no Hookline writes is taken for pending, so that nothing is lost.
pub(super) const fn status_of(code: i64) -> EventStatus {
    match code {
        1 => EventStatus::Completed,
        2 => EventStatus::Failed,
        3 => EventStatus::Skipped,
        4 => EventStatus::Rejected,
        _ => EventStatus::Pending,
    }
}

/// Minutes since 1970.
pub(super) const fn minute_of(time: Timestamp) -> i64 {
    time.micros().div_euclid(60_000_000)
}

/// A source, as far as compressing its requests goes.
#[derive(Debug)]
pub(super) struct LiveSource {
    pub(super) id: SourceId,
    /// The newest dictionary.
    pub(super) dictionary: ArcSwapOption<Dictionary>,
    /// Events stored so far.
    received: AtomicU64,
    /// At how many events the next dictionary is trained.
    pub(super) train_at: AtomicU64,
}

impl LiveSource {
    fn new(id: SourceId) -> Self {
        Self {
            id,
            dictionary: ArcSwapOption::empty(),
            received: AtomicU64::new(0),
            train_at: AtomicU64::new(FIRST_DICTIONARY_AT),
        }
    }

    /// Counts events that were stored.
    pub(super) fn count(&self, stored: u64) {
        self.received.fetch_add(stored, Ordering::Relaxed);
    }

    /// Whether it is time for a new dictionary; says so once.
    pub(super) fn take_training_due(&self) -> bool {
        let train_at = self.train_at.load(Ordering::Relaxed);
        if self.received.load(Ordering::Relaxed) < train_at {
            return false;
        }
        self.train_at.store(train_at.saturating_mul(DICTIONARY_GROWTH), Ordering::Relaxed);
        true
    }

    /// After a training that failed: the next event asks for another.
    pub(super) fn train_again(&self) {
        self.train_at.store(self.received.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// A job that exists.
#[derive(Debug)]
pub(super) struct LiveJob {
    pub(super) number: i64,
    pub(super) id: JobId,
    pub(super) workspace: WorkspaceId,
    pub(super) source: ArcSwap<LiveSource>,
    /// Set when the job was deleted: what still refers to it is refused.
    pub(super) deleted: AtomicBool,
    /// Whether its history is kept at its destination too.
    pub(super) archives: AtomicBool,
    /// Woken after each commit that gave the job's archive something to take.
    pub(super) to_archive: Arc<Notify>,
    live: Mutex<LiveCounters>,
}

#[derive(Debug, Clone, Copy, Default)]
struct LiveCounters {
    counts: Counts,
    last_received_at: Option<Timestamp>,
}

impl LiveJob {
    pub(super) fn counts(&self) -> Counts {
        self.live.lock().counts
    }

    pub(super) fn last_received_at(&self) -> Option<Timestamp> {
        self.live.lock().last_received_at
    }

    /// After a commit: what it added to each count, by status code, and when the newest of its events was received.
    pub(super) fn add(&self, deltas: [i64; 5], last_received_at: Option<Timestamp>) {
        let mut counters = self.live.lock();
        let Counts { pending, completed, failed, skipped, rejected } = &mut counters.counts;
        for (count, delta) in [pending, completed, failed, skipped, rejected].into_iter().zip(deltas) {
            *count = count.saturating_add_signed(delta);
        }
        counters.last_received_at = last_received_at.or(counters.last_received_at);
    }
}

/// The shared state.
#[derive(Debug)]
pub(super) struct Live {
    jobs: RwLock<HashMap<JobId, Arc<LiveJob>>>,
    sources: Mutex<HashMap<SourceId, Arc<LiveSource>>>,
    arrivals: Mutex<HashMap<JobId, Arc<Notify>>>,
    /// By id: old frames name the dictionary they need.
    dictionaries: RwLock<HashMap<i64, Arc<Dictionary>>>,
    type_names: RwLock<HashMap<i64, Arc<str>>>,
    changes: broadcast::Sender<Change>,
    /// Why the last transaction failed, if it did for the disk's sake.
    problem: Mutex<Option<StoreError>>,
}

impl Live {
    /// Reads jobs, counters and the newest dictionaries. Does not look at the events: how many there are does not matter.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let live = Self {
            jobs: RwLock::default(),
            sources: Mutex::default(),
            arrivals: Mutex::default(),
            dictionaries: RwLock::default(),
            type_names: RwLock::default(),
            changes: broadcast::channel(1024).0,
            problem: Mutex::default(),
        };
        let mut statement = connection.prepare(
            "SELECT number, id, workspace_id, source_id, coalesce(pending, 0), coalesce(completed, 0),
                    coalesce(failed, 0), coalesce(skipped, 0), coalesce(rejected, 0), coalesce(received_ever, 0),
                    last_received_at, json_extract(webhook_config, '$.archive') IS NOT NULL
             FROM sync_jobs LEFT JOIN job_counters ON job = number WHERE deleted_at IS NULL",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let source = live.source(&SourceId::new(row.get::<_, String>(3)?));
            source.received.fetch_add(row.get::<_, i64>(9)? as u64, Ordering::Relaxed);
            let id = JobId::new(row.get::<_, String>(1)?);
            let counts = Counts {
                pending: row.get::<_, i64>(4)? as u64,
                completed: row.get::<_, i64>(5)? as u64,
                failed: row.get::<_, i64>(6)? as u64,
                skipped: row.get::<_, i64>(7)? as u64,
                rejected: row.get::<_, i64>(8)? as u64,
            };
            let last_received_at = row.get::<_, Option<i64>>(10)?.map(Timestamp::from_micros);
            let job = LiveJob {
                number: row.get(0)?,
                id: id.clone(),
                workspace: WorkspaceId::new(row.get::<_, String>(2)?),
                source: ArcSwap::from(source),
                deleted: AtomicBool::new(false),
                archives: AtomicBool::new(row.get(11)?),
                to_archive: Arc::default(),
                live: Mutex::new(LiveCounters { counts, last_received_at }),
            };
            live.jobs.write().insert(id, Arc::new(job));
        }
        let mut statement =
            connection.prepare("SELECT id, source_id, content FROM dictionaries ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let source = live.sources.lock().get(&SourceId::new(row.get::<_, String>(1)?)).cloned();
            if let Some(source) = source
                && let Some(dictionary) = Dictionary::new(row.get(0)?, row.get_ref(2)?.as_blob()?)
            {
                live.use_dictionary(&source, dictionary);
                let next = source.train_at.load(Ordering::Relaxed).saturating_mul(DICTIONARY_GROWTH);
                source.train_at.store(next, Ordering::Relaxed);
            }
        }
        Ok(live)
    }

    pub(super) fn job(&self, id: &JobId) -> Result<Arc<LiveJob>, StoreError> {
        self.jobs
            .read()
            .get(id)
            .cloned()
            .ok_or_else(|| StoreError::NotFound { what: "sync job", id: id.to_string() })
    }

    /// The jobs that a filter names.
    pub(super) fn jobs(&self, workspace: Option<&WorkspaceId>, id: Option<&JobId>) -> Vec<Arc<LiveJob>> {
        let jobs = self.jobs.read();
        let wanted = |job: &&Arc<LiveJob>| workspace.is_none_or(|workspace| job.workspace == *workspace);
        match id {
            Some(id) => jobs.get(id).filter(wanted).cloned().into_iter().collect(),
            None => jobs.values().filter(wanted).cloned().collect(),
        }
    }

    pub(super) fn source(&self, id: &SourceId) -> Arc<LiveSource> {
        let mut sources = self.sources.lock();
        Arc::clone(sources.entry(id.clone()).or_insert_with(|| Arc::new(LiveSource::new(id.clone()))))
    }

    pub(super) fn arrivals(&self, id: &JobId) -> Arc<Notify> {
        Arc::clone(self.arrivals.lock().entry(id.clone()).or_default())
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// After the commit that made the job, or changed it.
    pub(super) fn put_job(&self, number: i64, new: &SyncJob) {
        let SyncJob { id, workspace_id: workspace, source_id, webhook_config, .. } = new;
        let source = self.source(source_id);
        let archives = webhook_config.archive.is_some();
        let mut jobs = self.jobs.write();
        if let Some(job) = jobs.get(id) {
            job.source.store(source);
            job.archives.store(archives, Ordering::Release);
            return;
        }
        let job = LiveJob {
            number,
            id: id.clone(),
            workspace: workspace.clone(),
            source: ArcSwap::from(source),
            deleted: AtomicBool::new(false),
            archives: AtomicBool::new(archives),
            to_archive: Arc::default(),
            live: Mutex::default(),
        };
        jobs.insert(id.clone(), Arc::new(job));
    }

    /// After the commit that marked the job as deleted.
    pub(super) fn remove_job(&self, id: &JobId) {
        if let Some(job) = self.jobs.write().remove(id) {
            job.deleted.store(true, Ordering::Release);
        }
        if let Some(waiting) = self.arrivals.lock().remove(id) {
            waiting.notify_one();
        }
    }

    /// After the commit that stored the dictionary.
    pub(super) fn use_dictionary(&self, source: &LiveSource, dictionary: Arc<Dictionary>) {
        self.dictionaries.write().insert(dictionary.id, Arc::clone(&dictionary));
        source.dictionary.store(Some(dictionary));
    }

    /// The dictionary that a frame names.
    pub(super) fn dictionary(
        &self,
        connection: &Connection,
        id: Option<i64>,
    ) -> rusqlite::Result<Option<Arc<Dictionary>>> {
        let Some(id) = id else { return Ok(None) };
        if let Some(known) = self.dictionaries.read().get(&id) {
            return Ok(Some(Arc::clone(known)));
        }
        let content: Option<Vec<u8>> = connection
            .prepare_cached("SELECT content FROM dictionaries WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        let dictionary = content.and_then(|content| Dictionary::new(id, &content));
        if let Some(dictionary) = &dictionary {
            self.dictionaries.write().insert(id, Arc::clone(dictionary));
        }
        Ok(dictionary)
    }

    /// The event type with this number.
    pub(super) fn type_name(&self, connection: &Connection, id: i64) -> rusqlite::Result<Arc<str>> {
        if let Some(known) = self.type_names.read().get(&id) {
            return Ok(Arc::clone(known));
        }
        let name: String = connection
            .prepare_cached("SELECT name FROM event_types WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .map_err(|error| match error {
                rusqlite::Error::QueryReturnedNoRows => {
                    failure(rusqlite::ffi::SQLITE_CORRUPT, &format!("the event type {id} is missing"))
                }
                error => error,
            })?;
        let name: Arc<str> = name.into();
        self.type_names.write().insert(id, Arc::clone(&name));
        Ok(name)
    }

    /// Notes how the last transaction went. Tells whether that is news.
    pub(super) fn note_problem(&self, problem: Option<&StoreError>) -> bool {
        let mut noted = self.problem.lock();
        let is_news = noted.as_ref().map(ToString::to_string) != problem.map(ToString::to_string);
        *noted = problem.map(StoreError::repeat);
        is_news
    }

    /// Why the last transaction failed, if it did for the disk's sake.
    pub(super) fn problem(&self) -> Option<StoreError> {
        self.problem.lock().as_ref().map(StoreError::repeat)
    }

    /// Tells everybody who listens, if anybody does.
    pub(super) fn tell(&self, change: Change) {
        let _ = self.changes.send(change);
    }
}
