//! What a transaction brings about beside its rows: counters and activity, written as its last statements; and what is
//! made known once its commit is on the disk.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::{Connection, params};

use super::Change;
use super::live::{Live, LiveJob, LiveSource, minute_of, status_code};
use crate::event::{EventStatus, Timestamp};

/// What a transaction does to one job's counters.
#[derive(Debug, Clone, Default)]
struct JobEffects {
    /// By status code.
    counts: [i64; 5],
    /// By minute.
    activity: HashMap<i64, Minute>,
    received: u64,
    last_received_at: Option<Timestamp>,
    arrived: bool,
    to_archive: bool,
}

/// What a transaction adds to one minute of a job's activity.
#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    received: i64,
    completed: i64,
    failed: i64,
    skipped: i64,
    rejected: i64,
    /// Of the completed ones those whose latency counts.
    timed: i64,
    /// Their milliseconds from receipt to outcome, summed up.
    latency_ms: i64,
    /// The longest of them.
    latency_ms_max: i64,
}

impl Minute {
    fn add(&mut self, other: Self) {
        self.received += other.received;
        self.completed += other.completed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.rejected += other.rejected;
        self.timed += other.timed;
        self.latency_ms += other.latency_ms;
        self.latency_ms_max = self.latency_ms_max.max(other.latency_ms_max);
    }
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
            activity.rejected += 1;
        } else {
            activity.received += 1;
            activity.skipped += i64::from(status == EventStatus::Skipped);
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

    /// An event's outcome became known. `latency_ms` is the time from its receipt, where that says something: for events
    /// that were completed without ever having been replayed.
    pub(super) fn settled(
        &mut self,
        job: &Arc<LiveJob>,
        to: EventStatus,
        at: Timestamp,
        latency_ms: Option<i64>,
    ) {
        let activity = self.job(job).activity.entry(minute_of(at)).or_default();
        if let Some(latency_ms) = latency_ms {
            activity.add(Minute { timed: 1, latency_ms, latency_ms_max: latency_ms, ..Minute::default() });
        }
        match to {
            EventStatus::Completed => activity.completed += 1,
            EventStatus::Failed => activity.failed += 1,
            EventStatus::Skipped => activity.skipped += 1,
            EventStatus::Pending | EventStatus::Processing | EventStatus::Rejected => {}
        }
    }

    /// Something is to be archived.
    pub(super) fn queued_for_archive(&mut self, job: &Arc<LiveJob>) {
        self.job(job).to_archive = true;
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
                whole.activity.entry(minute).or_default().add(counts);
            }
            whole.received += part.received;
            whole.last_received_at = part.last_received_at.or(whole.last_received_at);
            whole.arrived |= part.arrived;
            whole.to_archive |= part.to_archive;
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
            for (minute, counts) in &effects.activity {
                let Minute { received, completed, failed, skipped, rejected, .. } = counts;
                activity.execute(params![number, minute, received, completed, failed, skipped, rejected])?;
                // Only where outcomes are written: what merely receives has no more to write than before.
                if counts.timed > 0 {
                    let Minute { timed, latency_ms, latency_ms_max, .. } = counts;
                    connection
                        .prepare_cached(
                            "UPDATE job_activity SET timed = timed + ?3, latency_ms = latency_ms + ?4,
                               latency_ms_max = max(latency_ms_max, ?5)
                             WHERE job = ?1 AND minute = ?2",
                        )?
                        .execute(params![number, minute, timed, latency_ms, latency_ms_max])?;
                }
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
            job.add(effects.counts, effects.last_received_at);
            if effects.received > 0 {
                let source = job.source.load_full();
                source.count(effects.received);
                if source.take_training_due() {
                    published.to_train.push(source);
                }
            }
            if effects.arrived {
                live.arrivals(&job.id).notify_one();
            }
            if effects.to_archive {
                job.to_archive.notify_one();
            }
        }
        published.to_index = !self.slots.is_empty();
        for change in self.changes {
            live.tell(change);
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
