//! One event, whole; and its attempts, of which the plain first one is told by the event's own row.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::rows::{COLUMNS, event_row, read_head, read_request, rejection};
use super::{Attempt, EventDetail, Neighbour};
use crate::event::{EventId, EventStatus, HttpAnswer, JobId, Timestamp};
use crate::store::live::{Live, status_code, status_of};
use crate::store::{Store, StoreError};

/// The error for an event that is not there.
pub(super) fn no_such_event(id: EventId) -> StoreError {
    StoreError::NotFound { what: "event", id: id.to_string() }
}

impl Store {
    /// One event of a job, whole.
    pub async fn event(&self, job: &JobId, id: EventId) -> Result<EventDetail, StoreError> {
        let job = self.inner.live.job(job)?;
        self.read(move |inner, connection| {
            let live = &inner.live;
            let (row, rejection, before, execution) = connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM webhook_events WHERE id = ?1 AND job = ?2"))?
                .query_row([id.0, job.number], |row| {
                    let execution: Option<i64> = row.get(20)?;
                    let event = event_row(live, connection, &job.id, row)?;
                    Ok((event, rejection(row)?, row.get::<_, u32>(19)?, execution))
                })
                .optional()?
                .ok_or_else(|| no_such_event(id))?;
            let (request, body_truncated) = read_request(live, connection, id.0, &row.head, row.received_at)?;
            let mut attempts = written_attempts(connection, id.0)?;
            let number = before + row.attempts;
            if row.attempts > 0
                && attempts.last().is_none_or(|last| last.number < number)
                && let Some(at) = row.finished_at
            {
                attempts.push(Attempt {
                    number,
                    at,
                    execution_id: execution.map(|id| id.to_string()),
                    status: row.status,
                    error: row.error.clone(),
                    answer: None,
                });
            }
            let neighbour = |sql| match &row.head.object_id {
                Some(object) => neighbour(live, connection, sql, job.number, object, id),
                None => Ok(None),
            };
            let (previous_of_object, next_of_object) = (neighbour(BEFORE)?, neighbour(AFTER)?);
            Ok(EventDetail {
                row,
                request,
                body_truncated,
                rejection,
                attempts,
                previous_of_object,
                next_of_object,
            })
        })
        .await
    }
}

const BEFORE: &str = "SELECT id FROM webhook_events INDEXED BY webhook_events_by_object
     WHERE job = ?1 AND object_id = ?2 AND id < ?3 ORDER BY id DESC LIMIT 1";
const AFTER: &str = "SELECT id FROM webhook_events INDEXED BY webhook_events_by_object
     WHERE job = ?1 AND object_id = ?2 AND id > ?3 ORDER BY id LIMIT 1";

fn neighbour(
    live: &Live,
    connection: &Connection,
    sql: &str,
    job: i64,
    object: &str,
    id: EventId,
) -> rusqlite::Result<Option<Neighbour>> {
    let found: Option<i64> =
        connection.prepare_cached(sql)?.query_row(params![job, object, id.0], |row| row.get(0)).optional()?;
    let Some(found) = found else { return Ok(None) };
    let (head, received_at, _) = read_head(live, connection, found)?;
    Ok(Some(Neighbour { id: EventId(found), event_type: head.event_type, received_at }))
}

fn written_attempts(connection: &Connection, id: i64) -> Result<Vec<Attempt>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT number, at, execution_id, status, error, answer FROM delivery_attempts WHERE event_id = ?1
         ORDER BY number",
    )?;
    let attempts = statement.query_map([id], |row| {
        Ok(Attempt {
            number: row.get(0)?,
            at: Timestamp::from_micros(row.get(1)?),
            execution_id: row.get::<_, Option<i64>>(2)?.map(|id| id.to_string()),
            status: status_of(row.get(3)?),
            error: row.get(4)?,
            answer: row.get::<_, Option<Vec<u8>>>(5)?.and_then(|answer| unpack_answer(&answer)),
        })
    })?;
    Ok(attempts.collect::<Result<_, _>>()?)
}

/// An answer as it is stored: JSON in a zstd frame.
pub(in crate::store) fn pack_answer(answer: &HttpAnswer) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(answer).ok()?;
    Some(crate::store::codec::compress(&json, None))
}

/// `None` for a damaged one: the attempt is worth showing without it.
fn unpack_answer(packed: &[u8]) -> Option<HttpAnswer> {
    serde_json::from_slice(&crate::store::codec::decompress(packed, None).ok()?).ok()
}

/// Before the event's row forgets its last attempt (retry, replay), or another attempt follows: writes down the attempt
/// that only the row tells.
pub(in crate::store) fn keep_derived_attempt(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO delivery_attempts (event_id, number, at, execution_id, status, error)
             SELECT id, attempts_before + attempts, finished_at, execution_id, status, error FROM webhook_events
             WHERE id = ?1 AND attempts > 0 AND finished_at IS NOT NULL AND status IN (?2, ?3)",
        )?
        .execute(params![id, status_code(EventStatus::Completed), status_code(EventStatus::Skipped)])?;
    Ok(())
}
