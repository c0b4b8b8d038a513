//! Which events are to be applied.

use rusqlite::{OptionalExtension as _, params};

use super::rows::{COLUMNS, head, read_request};
use super::{ClaimedEvent, EventOutcome, Settled};
use crate::event::{EventId, EventStatus, JobId, Timestamp};
use crate::store::error::unless_damaged;
use crate::store::live::status_code;
use crate::store::{Store, StoreError};

/// The longest pause before a next attempt that no destination asked for: one hour.
const LONGEST_OWN_PAUSE_MS: i64 = 3_600_000;

impl Store {
    /// The oldest events of the job that are due: pending, or failed with a next attempt at or before `now`; with ids
    /// greater than `after`, at most `limit` and about `max_bytes` of bodies (one event at least).
    ///
    /// An event whose stored request is damaged is settled as failed for good: it must not stop the others. An event whose
    /// next attempt lies far ahead, and whose last one was made later than `now`, was written before the clock was set back,
    /// and counts as due: however far the clock is set back, it waits an hour longer at most.
    pub async fn due_events(
        &self,
        job: &JobId,
        after: Option<EventId>,
        now: Timestamp,
        limit: u32,
        max_bytes: u64,
    ) -> Result<Vec<ClaimedEvent>, StoreError> {
        loop {
            let (claimed, damaged) = self.read_due(job, after, now, limit, max_bytes).await?;
            if damaged.is_empty() {
                return Ok(claimed);
            }
            let outcomes = damaged.into_iter().map(|event_id| EventOutcome {
                event_id,
                settled: Settled::Failed {
                    error: "the stored request is damaged and cannot be read; restore a backup".to_owned(),
                    next_attempt_at: None,
                },
                answer: None,
            });
            self.record_execution(job, now, now, None, outcomes.collect()).await?;
            if !claimed.is_empty() {
                return Ok(claimed);
            }
        }
    }

    /// The due events that can be read, and those that cannot.
    async fn read_due(
        &self,
        job: &JobId,
        after: Option<EventId>,
        now: Timestamp,
        limit: u32,
        max_bytes: u64,
    ) -> Result<(Vec<ClaimedEvent>, Vec<EventId>), StoreError> {
        let job = self.inner.live.job(job)?;
        let after = after.map_or(0, |id| id.0);
        let far_ahead = now.plus_millis(LONGEST_OWN_PAUSE_MS);
        self.read(move |inner, connection| {
            let id_and_size =
                |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)? as u64));
            let mut due: Vec<(i64, u64)> = connection
                .prepare_cached(
                    "SELECT id, size_bytes FROM webhook_events WHERE job = ?1 AND status = ?2 AND id > ?3
                     ORDER BY id LIMIT ?4",
                )?
                .query_map(params![job.number, status_code(EventStatus::Pending), after, limit], id_and_size)?
                .collect::<Result<_, _>>()?;
            let again: Vec<(i64, u64)> = connection
                .prepare_cached(
                    "SELECT id, size_bytes FROM webhook_events INDEXED BY webhook_events_to_retry
                     WHERE job = ?1 AND id > ?3 AND (next_attempt_at <= ?2
                       OR next_attempt_at > ?5 AND coalesce(finished_at, next_attempt_at) > ?2)
                     ORDER BY id LIMIT ?4",
                )?
                .query_map(params![job.number, now.micros(), after, limit, far_ahead.micros()], id_and_size)?
                .collect::<Result<_, _>>()?;
            due.extend(again);
            due.sort_unstable();
            due.truncate(limit as usize);

            let mut statement =
                connection.prepare_cached(&format!("SELECT {COLUMNS} FROM webhook_events WHERE id = ?1"))?;
            let mut claimed = Vec::with_capacity(due.len());
            let mut damaged = Vec::new();
            let mut bytes = 0_u64;
            for (id, size) in due {
                bytes = bytes.saturating_add(size);
                if bytes > max_bytes && !claimed.is_empty() {
                    break;
                }
                let row = statement.query_row([id], |row| {
                    let received_at = Timestamp::from_micros(row.get(11)?);
                    Ok((head(&inner.live, connection, row)?, received_at, row.get(13)?))
                });
                let event = row.map_err(StoreError::from).and_then(|(head, received_at, attempts)| {
                    let (request, _) = read_request(&inner.live, connection, id, &head, received_at)?;
                    Ok(ClaimedEvent { id: EventId(id), head, request, attempts })
                });
                match unless_damaged(event, id, "a stored event cannot be read")? {
                    Some(event) => claimed.push(event),
                    None => damaged.push(EventId(id)),
                }
            }
            Ok((claimed, damaged))
        })
        .await
    }

    /// When the job's next failed event is to be tried again, if any.
    pub async fn next_attempt_at(&self, job: &JobId) -> Result<Option<Timestamp>, StoreError> {
        let job = self.inner.live.job(job)?;
        self.read(move |_, connection| {
            let next = connection
                .prepare_cached(
                    "SELECT next_attempt_at FROM webhook_events INDEXED BY webhook_events_to_retry
                     WHERE job = ?1 AND next_attempt_at IS NOT NULL ORDER BY next_attempt_at LIMIT 1",
                )?
                .query_row([job.number], |row| row.get(0))
                .optional()?;
            Ok(next.map(Timestamp::from_micros))
        })
        .await
    }
}
