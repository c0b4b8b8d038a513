//! An event as the archive takes it.

use rusqlite::{Connection, OptionalExtension as _};

use super::rows::{COLUMNS, event_row, read_request};
use crate::event::{ArchivableEvent, EventRow, EventStatus, ExecutionId, JobId};
use crate::store::StoreError;
use crate::store::error::unless_damaged;
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
    let found = unless_damaged(found, id, "a stored event cannot be read and is not archived")?.flatten();
    let Some((row, attempts_before, execution_id)): Option<(EventRow, u32, Option<i64>)> = found else {
        return Ok(None);
    };
    if !matches!(row.status, EventStatus::Completed | EventStatus::Failed | EventStatus::Skipped) {
        return Ok(None);
    }
    let request = read_request(live, connection, id, &row.head, row.received_at).map(|(request, _)| request);
    let request = unless_damaged(request, id, "a stored event is archived without its request")?;
    let attempts_ever = attempts_before.saturating_add(row.attempts);
    let execution_id = execution_id.map(ExecutionId);
    Ok(Some(ArchivableEvent { row, attempts_ever, execution_id, request }))
}
