//! An event as the archive takes it.

use rusqlite::{Connection, OptionalExtension as _};

use super::rows::{COLUMNS, event_row, read_request};
use super::{ArchivableEvent, EventRow};
use crate::event::{EventStatus, JobId, with_causes};
use crate::store::StoreError;
use crate::store::live::Live;

/// The event, or `None` when there is nothing to archive: it is gone, its outcome is not known, or it was never verified.
///
/// A stored request that is damaged is left out: what became of the event is worth keeping all the same. Of an event whose
/// own row is damaged there is nothing to keep, and it must not hold up those behind it.
pub(in crate::store) fn archivable(
    live: &Live,
    connection: &Connection,
    job: &JobId,
    id: i64,
) -> Result<Option<ArchivableEvent>, StoreError> {
    let found = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM webhook_events WHERE id = ?1"))?
        .query_row([id], |row| Ok((event_row(live, connection, job, row)?, row.get(19)?, row.get(20)?)))
        .optional()
        .map_err(StoreError::from);
    let (row, attempts_before, execution_id): (EventRow, u32, Option<i64>) = match found {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(None),
        Err(error) if error.is_damage() => {
            tracing::error!(event = id, error = %with_causes(&error), "a stored event cannot be read and is not archived");
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !matches!(row.status, EventStatus::Completed | EventStatus::Failed | EventStatus::Skipped) {
        return Ok(None);
    }
    let request = match read_request(live, connection, id, &row.head, row.received_at) {
        Ok((request, _)) => Some(request),
        Err(error) if error.is_damage() => {
            tracing::error!(event = id, error = %with_causes(&error), "a stored event is archived without its request");
            None
        }
        Err(error) => return Err(error),
    };
    let attempts_ever = attempts_before.saturating_add(row.attempts);
    Ok(Some(ArchivableEvent { row, attempts_ever, execution_id, request }))
}
