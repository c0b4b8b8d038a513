//! What users do to an event: retry, replay, pin.

use std::sync::Arc;

use rusqlite::{OptionalExtension as _, params};

use super::detail::{keep_derived_attempt, no_such_event};
use crate::event::{EventId, EventStatus, JobId, with_causes};
use crate::store::live::{LiveJob, status_code, status_of};
use crate::store::writer::Writing;
use crate::store::{Store, StoreError};

/// How many failed events one transaction of [`Store::retry_failed`] takes.
const STEP: i64 = 500;

/// How many events one transaction of [`Store::again`] takes.
const MANY: usize = 250;

/// What is done again with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// A failed event is tried again.
    Retry,
    /// An event is applied again whatever became of it.
    Replay,
}

impl Store {
    /// Makes a failed event due now, with its attempts counted anew. [`StoreError::Conflict`] in any other state.
    pub async fn retry(&self, job: &JobId, id: EventId) -> Result<(), StoreError> {
        let job = self.inner.live.job(job)?;
        self.change(move |writing| Again::Retry.run(writing, &job, id)).await
    }

    /// [`Store::retry`] or [`Store::replay`] for many events, of several jobs, a few hundred in one transaction. Tells for
    /// each event, in their order, why nothing was done; one that cannot be helped keeps none of the others. An error means
    /// that nothing was done with any: when the store fails in the middle, that is told of each event that is left.
    pub async fn again(
        &self,
        what: Again,
        events: Vec<(JobId, EventId)>,
    ) -> Result<Vec<Result<(), String>>, StoreError> {
        let mut outcomes = Vec::with_capacity(events.len());
        for part in events.chunks(MANY) {
            let size = part.len();
            let part: Vec<_> = part.iter().map(|(job, id)| (self.inner.live.job(job), *id)).collect();
            let done = self
                .change(move |writing| {
                    let mut done = Vec::with_capacity(part.len());
                    for (job, id) in part {
                        match job.and_then(|job| what.run(writing, &job, id)) {
                            Ok(()) => done.push(Ok(())),
                            Err(error @ (StoreError::NotFound { .. } | StoreError::Conflict { .. })) => {
                                done.push(Err(error.to_string()));
                            }
                            Err(error) => return Err(error),
                        }
                    }
                    Ok(done)
                })
                .await;
            match done {
                Ok(done) => outcomes.extend(done),
                Err(error) if outcomes.is_empty() => return Err(error),
                // What was done must be told, or somebody replays it once more.
                Err(error) => outcomes.extend(std::iter::repeat_n(Err(with_causes(&error)), size)),
            }
        }
        Ok(outcomes)
    }

    /// [`Store::retry`] for all failed events of the job; tells how many.
    pub async fn retry_failed(&self, job: &JobId) -> Result<u64, StoreError> {
        let job = self.inner.live.job(job)?;
        let mut done = 0;
        let mut after = 0;
        // Not beyond the newest event of now: those that fail again meanwhile must not keep this going for ever.
        let newest = self
            .read(|_, connection| {
                Ok(connection.query_row("SELECT max(id) FROM webhook_events", [], |row| {
                    row.get::<_, Option<i64>>(0)
                })?)
            })
            .await?
            .unwrap_or(0);
        loop {
            let job = Arc::clone(&job);
            let ids: Vec<i64> = self
                .change(move |writing| {
                    let ids: Vec<i64> = writing
                        .connection
                        .prepare_cached(
                            "SELECT id FROM webhook_events WHERE job = ?1 AND status = ?2 AND id > ?3 AND id <= ?4
                             ORDER BY id LIMIT ?5",
                        )?
                        .query_map(
                            params![job.number, status_code(EventStatus::Failed), after, newest, STEP],
                            |row| row.get(0),
                        )?
                        .collect::<Result<_, _>>()?;
                    for id in &ids {
                        make_pending(writing, &job, *id, EventStatus::Failed)?;
                    }
                    Ok(ids)
                })
                .await?;
            done += ids.len() as u64;
            match ids.last() {
                Some(last) if ids.len() as i64 == STEP => after = *last,
                _ => return Ok(done),
            }
        }
    }

    /// Makes an event due again whatever became of it. [`StoreError::Conflict`] for rejected ones and those still pending.
    pub async fn replay(&self, job: &JobId, id: EventId) -> Result<(), StoreError> {
        let job = self.inner.live.job(job)?;
        self.change(move |writing| Again::Replay.run(writing, &job, id)).await
    }

    /// Keeps the event whatever its age, or no longer.
    pub async fn pin(&self, job: &JobId, id: EventId, pinned: bool) -> Result<(), StoreError> {
        let job = self.inner.live.job(job)?;
        self.change(move |writing| {
            let found = writing
                .connection
                .prepare_cached("UPDATE webhook_events SET pinned = ?3 WHERE id = ?1 AND job = ?2")?
                .execute(params![id.0, job.number, pinned])?;
            if found == 0 {
                return Err(no_such_event(id));
            }
            writing.effects.changed_events(&job);
            Ok(())
        })
        .await
    }
}

impl Again {
    fn run(self, writing: &mut Writing<'_>, job: &Arc<LiveJob>, id: EventId) -> Result<(), StoreError> {
        let from = status(writing, job, id)?;
        let refused = match (self, from) {
            (Self::Retry, EventStatus::Failed)
            | (Self::Replay, EventStatus::Completed | EventStatus::Failed | EventStatus::Skipped) => {
                return make_pending(writing, job, id.0, from);
            }
            (Self::Retry, other) => {
                format!("event {id} is {}; only failed events can be retried", other.as_str())
            }
            (Self::Replay, EventStatus::Rejected) => {
                format!("event {id} was rejected; what is not verified is never synced")
            }
            (Self::Replay, EventStatus::Pending | EventStatus::Processing) => {
                format!("event {id} is still pending; it will be applied as it is")
            }
        };
        Err(StoreError::Conflict { message: refused })
    }
}

fn status(writing: &Writing<'_>, job: &LiveJob, id: EventId) -> Result<EventStatus, StoreError> {
    writing
        .connection
        .prepare_cached("SELECT status FROM webhook_events WHERE id = ?1 AND job = ?2")?
        .query_row([id.0, job.number], |row| row.get(0))
        .optional()?
        .map(status_of)
        .ok_or_else(|| no_such_event(id))
}

fn make_pending(
    writing: &mut Writing<'_>,
    job: &Arc<LiveJob>,
    id: i64,
    from: EventStatus,
) -> Result<(), StoreError> {
    keep_derived_attempt(writing.connection, id)?;
    writing
        .connection
        .prepare_cached(
            "UPDATE webhook_events SET status = ?2, reason = NULL, attempts_before = attempts_before + attempts,
               done_again = 1, attempts = 0, next_attempt_at = NULL, finished_at = NULL, error = NULL, execution_id = NULL
             WHERE id = ?1",
        )?
        .execute(params![id, status_code(EventStatus::Pending)])?;
    writing.effects.moved(job, status_code(from), EventStatus::Pending);
    Ok(())
}
