//! An event as the archive takes it.

use rusqlite::{Connection, OptionalExtension as _};

use super::rows::{COLUMNS, event_row, read_request};
use super::{ArchivableEvent, EventRow};
use crate::event::{EventStatus, JobId};
use crate::store::StoreError;
use crate::store::live::Live;

/// The event, or `None` when there is nothing to archive: it is gone, its outcome is not known, or it was never verified.
///
/// A stored request that is damaged is left out: what became of the event is worth keeping all the same.
pub(in crate::store) fn archivable(
    live: &Live,
    connection: &Connection,
    job: &JobId,
    id: i64,
) -> Result<Option<ArchivableEvent>, StoreError> {
    let found: Option<(EventRow, u32, Option<i64>)> = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM webhook_events WHERE id = ?1"))?
        .query_row([id], |row| Ok((event_row(live, connection, job, row)?, row.get(19)?, row.get(20)?)))
        .optional()?;
    let Some((row, attempts_before, execution_id)) = found else { return Ok(None) };
    if !matches!(row.status, EventStatus::Completed | EventStatus::Failed | EventStatus::Skipped) {
        return Ok(None);
    }
    let request = match read_request(live, connection, id, row.received_at) {
        Ok((request, _)) => Some(request),
        Err(error) => {
            tracing::error!(event = id, %error, "a stored request cannot be read and is archived without it");
            None
        }
    };
    let attempts_ever = attempts_before.saturating_add(row.attempts);
    Ok(Some(ArchivableEvent { row, attempts_ever, execution_id, request }))
}
