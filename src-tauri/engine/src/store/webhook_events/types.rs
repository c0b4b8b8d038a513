//! Which types of events a job received, and what became of them.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::list::{ids_received, types_of};
use crate::event::{EventStatus, JobId, Timestamp, TypePatterns};
use crate::store::live::{Live, LiveJob, status_code, status_of};
use crate::store::streams::IdRange;
use crate::store::{Store, StoreError};

/// How many ids are looked through at most, the newest ones of the range.
const BOUND: i64 = 1_000_000;
/// How many events are read whose type has no number.
const UNNUMBERED: i64 = 20_000;

/// How many events of one type there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TypeCounts {
    /// All of them.
    pub received: u64,
    /// Applied.
    pub completed: u64,
    /// Failed.
    pub failed: u64,
    /// Skipped.
    pub skipped: u64,
}

/// The types of a job's events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TypeFigures {
    /// The types with their counts, the most frequent first.
    pub types: Vec<(String, TypeCounts)>,
    /// Whether there were too many events to count, so that only the newest of them were.
    pub sampled: bool,
}

impl Store {
    /// The types of the events that a job received from `from` on and before `to`, both to the minute; rejected requests
    /// are not counted.
    pub async fn types(
        &self,
        job: &JobId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<TypeFigures, StoreError> {
        let job = self.inner.live.job(job)?;
        self.read(move |inner, connection| Ok(figures(&inner.live, connection, &job, from, to, BOUND)?)).await
    }
}

/// `bound` is how many ids are looked through at most.
pub(in crate::store) fn figures(
    live: &Live,
    connection: &Connection,
    job: &LiveJob,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    bound: i64,
) -> rusqlite::Result<TypeFigures> {
    let Some(mut ids) = ids_received(connection, from, to)? else { return Ok(TypeFigures::default()) };
    let counts = job.counts();
    let kept = counts.pending + counts.completed + counts.failed + counts.skipped + counts.rejected;
    let mut sampled = false;
    if kept > bound as u64 && ids.last - ids.first >= bound {
        ids.first = ids.last - bound + 1;
        sampled = true;
    }
    let mut found: HashMap<String, TypeCounts> = HashMap::new();
    let mut count = connection.prepare_cached(
        "SELECT count(*) FROM webhook_events INDEXED BY webhook_events_by_type
         WHERE job = ?1 AND type_id = ?2 AND status = ?3 AND id BETWEEN ?4 AND ?5",
    )?;
    for kind in types_of(live, connection, job.number, &TypePatterns::default())? {
        let mut counts = TypeCounts::default();
        for status in
            [EventStatus::Pending, EventStatus::Completed, EventStatus::Failed, EventStatus::Skipped]
        {
            let events: i64 = count
                .query_row(params![job.number, kind, status_code(status), ids.first, ids.last], |row| {
                    row.get(0)
                })?;
            counts.add(status, events as u64);
        }
        if counts.received > 0 {
            found.insert(live.type_name(connection, kind)?.as_ref().to_owned(), counts);
        }
    }
    sampled |= count_unnumbered(connection, job.number, ids, &mut found)?;
    let mut types: Vec<_> = found.into_iter().collect();
    types.sort_by(|(a, a_counts), (b, b_counts)| {
        b_counts.received.cmp(&a_counts.received).then_with(|| a.cmp(b))
    });
    Ok(TypeFigures { types, sampled })
}

/// Counts the events whose types came when there were too many to give them numbers; tells whether there are more of
/// them than are read.
fn count_unnumbered(
    connection: &Connection,
    job: i64,
    ids: IdRange,
    found: &mut HashMap<String, TypeCounts>,
) -> rusqlite::Result<bool> {
    let mut read = 0;
    let mut statement = connection.prepare_cached(
        "SELECT type_text FROM webhook_events INDEXED BY webhook_events_by_type
         WHERE job = ?1 AND type_id IS NULL AND status = ?2 AND id BETWEEN ?3 AND ?4 ORDER BY id DESC LIMIT ?5",
    )?;
    for status in [EventStatus::Pending, EventStatus::Completed, EventStatus::Failed, EventStatus::Skipped] {
        let code = status_code(status);
        let mut rows = statement.query(params![job, code, ids.first, ids.last, UNNUMBERED - read])?;
        while let Some(row) = rows.next()? {
            let name = row.get::<_, Option<String>>(0)?.unwrap_or_default();
            found.entry(name).or_default().add(status_of(code), 1);
            read += 1;
        }
    }
    Ok(read >= UNNUMBERED)
}

impl TypeCounts {
    fn add(&mut self, status: EventStatus, events: u64) {
        self.received += events;
        match status {
            EventStatus::Completed => self.completed += events,
            EventStatus::Failed => self.failed += events,
            EventStatus::Skipped => self.skipped += events,
            EventStatus::Pending | EventStatus::Processing | EventStatus::Rejected => {}
        }
    }
}
