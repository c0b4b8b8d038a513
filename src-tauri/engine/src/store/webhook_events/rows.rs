//! Rows of `webhook_events` and `webhook_bodies` as values.

use rusqlite::{Connection, OptionalExtension as _, Row, ffi};

use crate::event::{EventHead, EventId, EventRow, JobId, RawRequest, Rejection, SkipReason, Timestamp};
use crate::store::live::{Live, status_of};
use crate::store::open::failure;
use crate::store::{StoreError, codec};

/// The columns that [`event_row`] and [`head`] read, in their order.
pub(super) const COLUMNS: &str = "id, job, status, reason, type_id, type_text, provider_event_id, \
     idempotency_key, object_type, object_id, occurred_at, received_at, finished_at, attempts, next_attempt_at, \
     error, size_bytes, pinned, duplicates, attempts_before, execution_id";

/// How reasons are written in the database.
pub(in crate::store) const fn reason_code(reason: SkipReason) -> i64 {
    match reason {
        SkipReason::Filtered => 0,
        SkipReason::Unmapped => 1,
        SkipReason::Stale => 2,
    }
}

const fn reason_of(code: i64) -> Option<SkipReason> {
    match code {
        0 => Some(SkipReason::Filtered),
        1 => Some(SkipReason::Unmapped),
        2 => Some(SkipReason::Stale),
        _ => None,
    }
}

/// The same for rejected requests; they share the column.
pub(in crate::store) const fn rejection_code(rejection: Rejection) -> i64 {
    match rejection {
        Rejection::Signature => 3,
        Rejection::Unreadable => 4,
    }
}

pub(super) fn rejection(row: &Row<'_>) -> rusqlite::Result<Option<Rejection>> {
    Ok(match row.get::<_, Option<i64>>(3)? {
        Some(3) => Some(Rejection::Signature),
        Some(4) => Some(Rejection::Unreadable),
        _ => None,
    })
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_micros))
}

pub(super) fn head(live: &Live, connection: &Connection, row: &Row<'_>) -> rusqlite::Result<EventHead> {
    let event_type = match row.get::<_, Option<i64>>(4)? {
        Some(number) => live.type_name(connection, number)?.as_ref().to_owned(),
        None => row.get::<_, Option<String>>(5)?.unwrap_or_default(),
    };
    Ok(EventHead {
        provider_event_id: row.get(6)?,
        idempotency_key: row.get(7)?,
        event_type,
        occurred_at: time(row, 10)?,
        object_type: row.get(8)?,
        object_id: row.get(9)?,
    })
}

pub(super) fn event_row(
    live: &Live,
    connection: &Connection,
    job: &JobId,
    row: &Row<'_>,
) -> rusqlite::Result<EventRow> {
    Ok(EventRow {
        id: EventId(row.get(0)?),
        job_id: job.clone(),
        head: head(live, connection, row)?,
        status: status_of(row.get(2)?),
        reason: row.get::<_, Option<i64>>(3)?.and_then(reason_of),
        received_at: Timestamp::from_micros(row.get(11)?),
        finished_at: time(row, 12)?,
        attempts: row.get(13)?,
        next_attempt_at: time(row, 14)?,
        error: row.get(15)?,
        size_bytes: row.get::<_, i64>(16)? as u64,
        pinned: row.get(17)?,
        duplicates: row.get(18)?,
    })
}

/// What the provider read, when the event was received, and its job's number.
pub(super) fn read_head(
    live: &Live,
    connection: &Connection,
    id: i64,
) -> rusqlite::Result<(EventHead, Timestamp, i64)> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM webhook_events WHERE id = ?1"))?
        .query_row([id], |row| {
            Ok((head(live, connection, row)?, Timestamp::from_micros(row.get(11)?), row.get(1)?))
        })
}

/// The event as it was received, and its job's number.
pub(in crate::store) fn read_event(
    live: &Live,
    connection: &Connection,
    id: i64,
) -> Result<(EventHead, RawRequest, i64), StoreError> {
    let (head, received_at, job) = read_head(live, connection, id)?;
    let (request, _) = read_request(live, connection, id, &head, received_at)?;
    Ok((head, request, job))
}

/// The request as received, and whether only the beginning of its body was kept. `head` and `received_at` are as they were
/// read from the event's row: they are compared with what was stored, too.
///
/// An error of which [`StoreError::is_damage`] is true tells that the event cannot be read for good.
pub(super) fn read_request(
    live: &Live,
    connection: &Connection,
    id: i64,
    head: &EventHead,
    received_at: Timestamp,
) -> Result<(RawRequest, bool), StoreError> {
    let damaged = |reason: String| failure(ffi::SQLITE_CORRUPT, &format!("event {id}: {reason}"));
    let (plain, truncated, checksum) = connection
        .prepare_cached(
            "SELECT frame, dictionary_id, body_truncated, checksum FROM webhook_bodies WHERE event_id = ?1",
        )?
        .query_row([id], |row| {
            let dictionary_id: Option<i64> = row.get(1)?;
            let dictionary = live.dictionary(connection, dictionary_id)?;
            let plain = if dictionary_id.is_some() && dictionary.is_none() {
                Err("its dictionary is missing".to_owned())
            } else {
                let frame = row.get_ref(0)?.as_blob()?;
                codec::decompress(frame, dictionary.as_deref()).map_err(|error| error.to_string())
            };
            Ok((plain, row.get(2)?, row.get::<_, Option<i64>>(3)?))
        })
        .optional()?
        .ok_or_else(|| damaged("its request is missing".to_owned()))?;
    let plain = plain.map_err(damaged)?;
    if checksum.is_some_and(|sum| sum != codec::checksum(codec::hash(&plain), id, head, received_at)) {
        return Err(damaged("it is not as it was received".to_owned()).into());
    }
    let request = codec::decode(plain, received_at).map_err(|error| damaged(error.to_string()))?;
    Ok((request, truncated))
}
