//! What is known without asking the database: the jobs with their counters, dictionaries, event types; and who is to be
//! told of changes.
//!
//! Invariant: only the writer changes it, and only after the commit that made it true ([`Effects::publish`]).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::{Notify, broadcast};

use super::codec::Dictionary;
use super::{Change, Counts, StoreError};
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

    /// Whether it is time for a new dictionary; says so once.
    pub(super) fn take_training_due(&self) -> bool {
        let train_at = self.train_at.load(Ordering::Relaxed);
        if self.received.load(Ordering::Relaxed) < train_at {
            return false;
        }
        self.train_at.store(train_at.saturating_mul(DICTIONARY_GROWTH), Ordering::Relaxed);
        true
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
        };
        let mut statement = connection.prepare(
            "SELECT number, id, workspace_id, source_id, coalesce(pending, 0), coalesce(completed, 0),
                    coalesce(failed, 0), coalesce(skipped, 0), coalesce(rejected, 0), coalesce(received_ever, 0),
                    last_received_at
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

    /// After the commit that made the job, or changed its source.
    pub(super) fn put_job(&self, number: i64, id: &JobId, workspace: &WorkspaceId, source: &SourceId) {
        let source = self.source(source);
        let mut jobs = self.jobs.write();
        if let Some(job) = jobs.get(id) {
            job.source.store(source);
            return;
        }
        let job = LiveJob {
            number,
            id: id.clone(),
            workspace: workspace.clone(),
            source: ArcSwap::from(source),
            deleted: AtomicBool::new(false),
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
            .query_row([id], |row| row.get(0))?;
        let name: Arc<str> = name.into();
        self.type_names.write().insert(id, Arc::clone(&name));
        Ok(name)
    }
}

/// What a transaction does to one job's counters.
#[derive(Debug, Clone, Default)]
struct JobEffects {
    /// By status code.
    counts: [i64; 5],
    /// By minute: received, completed, failed, skipped, rejected.
    activity: HashMap<i64, [i64; 5]>,
    received: u64,
    last_received_at: Option<Timestamp>,
    arrived: bool,
}

/// Something to be done once the commit is on the disk.
type AfterCommit = Box<dyn FnOnce(&Live) + Send>;

/// What is to be written at the end of a transaction and made known after its commit.
#[derive(Default)]
pub(super) struct Effects {
    jobs: HashMap<i64, (Arc<LiveJob>, JobEffects)>,
    /// (unit, slot) → first and last id.
    slots: HashMap<(i64, i64), (i64, i64)>,
    changes: Vec<Change>,
    after: Vec<AfterCommit>,
}

impl Effects {
    fn job(&mut self, job: &Arc<LiveJob>) -> &mut JobEffects {
        &mut self.jobs.entry(job.number).or_insert_with(|| (Arc::clone(job), JobEffects::default())).1
    }

    /// An event was stored.
    pub(super) fn received(&mut self, job: &Arc<LiveJob>, id: i64, status: EventStatus, at: Timestamp) {
        let minute = minute_of(at);
        for key in [(0, minute), (1, minute.div_euclid(1440))] {
            let range = self.slots.entry(key).or_insert((id, id));
            *range = (range.0.min(id), range.1.max(id));
        }
        let effects = self.job(job);
        effects.counts[status_code(status) as usize] += 1;
        let activity = effects.activity.entry(minute).or_default();
        if status == EventStatus::Rejected {
            activity[4] += 1;
        } else {
            activity[0] += 1;
            activity[3] += i64::from(status == EventStatus::Skipped);
            effects.received += 1;
            effects.last_received_at = Some(at);
        }
        effects.arrived |= status == EventStatus::Pending;
        self.changed_events(job);
    }

    /// An event went from one status to another.
    pub(super) fn moved(&mut self, job: &Arc<LiveJob>, from: i64, to: EventStatus) {
        let effects = self.job(job);
        if let Some(count) = effects.counts.get_mut(from as usize) {
            *count -= 1;
        }
        effects.counts[status_code(to) as usize] += 1;
        effects.arrived |= to == EventStatus::Pending;
        self.changed_events(job);
    }

    /// An event's outcome became known.
    pub(super) fn settled(&mut self, job: &Arc<LiveJob>, to: EventStatus, at: Timestamp) {
        let activity = self.job(job).activity.entry(minute_of(at)).or_default();
        match to {
            EventStatus::Completed => activity[1] += 1,
            EventStatus::Failed => activity[2] += 1,
            EventStatus::Skipped => activity[3] += 1,
            EventStatus::Pending | EventStatus::Processing | EventStatus::Rejected => {}
        }
    }

    /// An event was deleted.
    pub(super) fn removed(&mut self, job: &Arc<LiveJob>, status: i64) {
        if let Some(count) = self.job(job).counts.get_mut(status as usize) {
            *count -= 1;
        }
        self.changed_events(job);
    }

    /// How many rejected requests the transaction added to the job, less those it removed.
    pub(super) fn rejected_so_far(&self, job: &LiveJob) -> i64 {
        self.jobs.get(&job.number).map_or(0, |(_, effects)| effects.counts[4])
    }

    pub(super) fn changed_events(&mut self, job: &LiveJob) {
        // Nearly always the job's own change is there already, and the last one.
        if !matches!(self.changes.last(), Some(Change::Events { job_id }) if *job_id == job.id) {
            self.changed(Change::Events { job_id: job.id.clone() });
        }
    }

    pub(super) fn changed(&mut self, change: Change) {
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    /// To be done after the commit.
    pub(super) fn after(&mut self, action: impl FnOnce(&Live) + Send + 'static) {
        self.after.push(Box::new(action));
    }

    /// Takes over what a part of the transaction did.
    pub(super) fn merge(&mut self, other: Self) {
        for (number, (job, part)) in other.jobs {
            let whole = &mut self.jobs.entry(number).or_insert_with(|| (job, JobEffects::default())).1;
            for (sum, count) in whole.counts.iter_mut().zip(part.counts) {
                *sum += count;
            }
            for (minute, counts) in part.activity {
                for (sum, count) in whole.activity.entry(minute).or_default().iter_mut().zip(counts) {
                    *sum += count;
                }
            }
            whole.received += part.received;
            whole.last_received_at = part.last_received_at.or(whole.last_received_at);
            whole.arrived |= part.arrived;
        }
        for (key, (first, last)) in other.slots {
            let range = self.slots.entry(key).or_insert((first, last));
            *range = (range.0.min(first), range.1.max(last));
        }
        for change in other.changes {
            self.changed(change);
        }
        self.after.extend(other.after);
    }

    /// Writes the counters: the last statements of the transaction.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut counters = connection.prepare_cached(
            "INSERT INTO job_counters
               (job, pending, completed, failed, skipped, rejected, received_ever, last_received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (job) DO UPDATE SET pending = pending + ?2, completed = completed + ?3, failed = failed + ?4,
               skipped = skipped + ?5, rejected = rejected + ?6, received_ever = received_ever + ?7,
               last_received_at = coalesce(?8, last_received_at)",
        )?;
        let mut activity = connection.prepare_cached(
            "INSERT INTO job_activity (job, minute, received, completed, failed, skipped, rejected)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (job, minute) DO UPDATE SET received = received + ?3, completed = completed + ?4,
               failed = failed + ?5, skipped = skipped + ?6, rejected = rejected + ?7",
        )?;
        let mut slots = connection.prepare_cached(
            "INSERT INTO receipt_slots (unit, slot, first_id, last_id) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (unit, slot) DO UPDATE SET first_id = min(first_id, ?3), last_id = max(last_id, ?4)",
        )?;
        for (number, (job, effects)) in &self.jobs {
            // A job that was deleted has no counters any more.
            if job.deleted.load(Ordering::Acquire) {
                continue;
            }
            let [pending, completed, failed, skipped, rejected] = effects.counts;
            counters.execute(params![
                number,
                pending,
                completed,
                failed,
                skipped,
                rejected,
                effects.received as i64,
                effects.last_received_at.map(Timestamp::micros)
            ])?;
            for (minute, [received, completed, failed, skipped, rejected]) in &effects.activity {
                activity.execute(params![number, minute, received, completed, failed, skipped, rejected])?;
            }
        }
        for ((unit, slot), (first, last)) in &self.slots {
            slots.execute([unit, slot, first, last])?;
        }
        Ok(())
    }

    /// Makes the effects known: only after the commit. Answers the sources for which it is time for a dictionary, and
    /// whether events came in.
    pub(super) fn publish(self, live: &Live) -> Published {
        let mut published = Published::default();
        for action in self.after {
            action(live);
        }
        for (job, effects) in self.jobs.into_values() {
            {
                let mut counters = job.live.lock();
                let Counts { pending, completed, failed, skipped, rejected } = &mut counters.counts;
                for (count, delta) in
                    [pending, completed, failed, skipped, rejected].into_iter().zip(effects.counts)
                {
                    *count = count.saturating_add_signed(delta);
                }
                counters.last_received_at = effects.last_received_at.or(counters.last_received_at);
            }
            if effects.received > 0 {
                let source = job.source.load_full();
                source.received.fetch_add(effects.received, Ordering::Relaxed);
                if source.take_training_due() {
                    published.to_train.push(source);
                }
            }
            if effects.arrived {
                live.arrivals(&job.id).notify_one();
            }
        }
        published.to_index = !self.slots.is_empty();
        for change in self.changes {
            // Fails when nobody listens, which is fine.
            let _ = live.changes.send(change);
        }
        published
    }
}

/// What follows from a commit.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// Sources that are due for a dictionary.
    pub(super) to_train: Vec<Arc<LiveSource>>,
    /// Events were stored: the search index has something to do.
    pub(super) to_index: bool,
}
