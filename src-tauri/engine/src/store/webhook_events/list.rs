//! Lists of events: pages by keyset on the id, newest or oldest first, whatever the filter.
//!
//! A page is a merge of streams of ids ([`crate::store::streams`]), each of which one index yields in order: per job and
//! status, per job, type and status, or per job and object. So a page costs the same at the hundredth and at the
//! ten-millionth event.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

use super::rows::{COLUMNS, event_row, read_request};
use super::{EventFilter, EventPage};
use crate::event::{EventId, EventRow, EventStatus, Timestamp, TypePatterns};
use crate::store::live::{Live, LiveJob, minute_of, status_code};
use crate::store::search::{Query, Snapshot, body_text, fold, head_text};
use crate::store::streams::{IdRange, Merge, Order, Origin, Source};
use crate::store::{Inner, Store, StoreError};

/// How much is looked at for one page before it is given back as it is: a row counts 1, a body [`BODY`].
const BUDGET: usize = 20_000;
/// What reading and searching a body costs, compared with a row.
const BODY: usize = 10;

impl Store {
    /// A page of events, `limit` at most (1 to 1000), behind `cursor` in the filter's order.
    pub async fn events(
        &self,
        filter: EventFilter,
        cursor: Option<EventId>,
        limit: u32,
    ) -> Result<EventPage, StoreError> {
        let limit = limit.clamp(1, 1000) as usize;
        self.read(move |inner, connection| page(inner, connection, &filter, cursor, limit)).await
    }
}

fn page(
    inner: &Inner,
    connection: &Connection,
    filter: &EventFilter,
    cursor: Option<EventId>,
    limit: usize,
) -> Result<EventPage, StoreError> {
    let live = &inner.live;
    let jobs = live.jobs(filter.workspace_id.as_ref(), filter.job_id.as_ref());
    let by_number: HashMap<i64, &Arc<LiveJob>> = jobs.iter().map(|job| (job.number, job)).collect();
    let Some(ids) = asked_ids(connection, filter, cursor)? else { return Ok(EventPage::default()) };
    let words = match filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => match Query::new(text) {
            Some(query) => Some(Words { query, index: inner.search.snapshot() }),
            // Nothing but signs: no event has such words.
            None => return Ok(EventPage::default()),
        },
        None => None,
    };
    let sources = match &words {
        Some(words) => word_sources(filter, &jobs, ids, words),
        None => index_sources(live, connection, filter, &jobs)?,
    };
    let mut streams = Merge::new(sources, ids, filter.order, limit);

    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM webhook_events WHERE id = ?1"))?;
    let mut events: Vec<EventRow> = Vec::with_capacity(limit.min(128));
    let mut spent = 0;
    let mut previous = None;
    while let Some(candidate) = streams.next(connection, words.as_ref().map(|words| &words.index))? {
        if spent >= BUDGET {
            return Ok(EventPage { next_cursor: previous, events });
        }
        spent += 1;
        let row = statement
            .query_row([candidate.id], |row| {
                let job = by_number.get(&row.get(1)?);
                job.map(|job| event_row(live, connection, &job.id, row)).transpose()
            })
            .optional()?
            .flatten()
            .filter(|row| fits(filter, row));
        if let Some(row) = row
            && match &words {
                Some(words) => words.fit(live, connection, &row, candidate.origin, &mut spent),
                None => true,
            }
        {
            if events.len() == limit {
                return Ok(EventPage { next_cursor: previous, events });
            }
            events.push(row);
        }
        previous = Some(EventId(candidate.id));
    }
    Ok(EventPage { events, next_cursor: None })
}

/// Everything of the filter but the words, on the row itself: the streams only narrow down.
fn fits(filter: &EventFilter, row: &EventRow) -> bool {
    (filter.statuses.is_empty() || filter.statuses.contains(&row.status))
        && filter.types.matches(&row.head.event_type)
        && filter.from.is_none_or(|from| row.received_at >= from)
        && filter.to.is_none_or(|to| row.received_at < to)
        && filter.object_id.as_ref().is_none_or(|id| row.head.object_id.as_ref() == Some(id))
}

/// The ids that can have been received within the filter's times and lie behind the cursor; `None` when there are none.
fn asked_ids(
    connection: &Connection,
    filter: &EventFilter,
    cursor: Option<EventId>,
) -> rusqlite::Result<Option<IdRange>> {
    let mut range = IdRange::ALL;
    if let Some(after) = filter.after {
        range.first = after.0.saturating_add(1);
    }
    match (filter.order, cursor) {
        (_, None) => {}
        (Order::NewestFirst, Some(cursor)) => range.last = cursor.0.saturating_sub(1),
        (Order::OldestFirst, Some(cursor)) => range.first = range.first.max(cursor.0.saturating_add(1)),
    }
    if filter.from.is_some() || filter.to.is_some() {
        let Some(times) = ids_received(connection, filter.from, filter.to)? else { return Ok(None) };
        range = IdRange { first: range.first.max(times.first), last: range.last.min(times.last) };
    }
    Ok((range.first <= range.last).then_some(range))
}

/// The ids of the minutes and days that the times touch: whole days by their own rows, the days at both ends minute by
/// minute.
pub(super) fn ids_received(
    connection: &Connection,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> rusqlite::Result<Option<IdRange>> {
    let first = from.map_or(i64::MIN / 2, minute_of);
    // `to` itself is outside.
    let last = to.map_or(i64::MAX / 2, |to| minute_of(Timestamp::from_micros(to.micros().saturating_sub(1))));
    let mut statement = connection.prepare_cached(
        "SELECT min(first_id), max(last_id) FROM receipt_slots WHERE unit = ?1 AND slot BETWEEN ?2 AND ?3",
    )?;
    let first_day = (first + 1439).div_euclid(1440);
    let end_day = (last + 1).div_euclid(1440);
    let parts = if first_day < end_day {
        vec![(1, first_day, end_day - 1), (0, first, first_day * 1440 - 1), (0, end_day * 1440, last)]
    } else {
        vec![(0, first, last)]
    };
    let mut range: Option<IdRange> = None;
    for (unit, first, last) in parts {
        let ids = statement.query_row([unit, first, last], |row| {
            Ok(row.get::<_, Option<i64>>(0)?.zip(row.get::<_, Option<i64>>(1)?))
        })?;
        if let Some((first, last)) = ids {
            let whole = range.get_or_insert(IdRange { first, last });
            *whole = IdRange { first: whole.first.min(first), last: whole.last.max(last) };
        }
    }
    Ok(range)
}

/// Chooses the index that serves a filter without words.
fn index_sources(
    live: &Live,
    connection: &Connection,
    filter: &EventFilter,
    jobs: &[Arc<LiveJob>],
) -> rusqlite::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for job in jobs {
        let number = Value::Integer(job.number);
        if let Some(object) = &filter.object_id {
            let by_object = "SELECT id FROM webhook_events INDEXED BY webhook_events_by_object
                 WHERE id BETWEEN ?1 AND ?2 AND job = ?4 AND object_id = ?5";
            sources.push(Source::sql(Origin::Index, by_object, vec![number, object.clone().into()]));
            continue;
        }
        let statuses = EventStatus::ALL.into_iter().filter(|status| {
            *status != EventStatus::Processing
                && (filter.statuses.is_empty() || filter.statuses.contains(status))
        });
        if filter.types.as_slice().is_empty() {
            let by_status = "SELECT id FROM webhook_events INDEXED BY webhook_events_by_status
                 WHERE id BETWEEN ?1 AND ?2 AND job = ?4 AND status = ?5";
            sources.extend(statuses.map(|status| {
                let parameters = vec![number.clone(), status_code(status).into()];
                Source::sql(Origin::Index, by_status, parameters)
            }));
            continue;
        }
        let types = types_of(live, connection, job.number, &filter.types)?;
        let by_type = "SELECT id FROM webhook_events INDEXED BY webhook_events_by_type
             WHERE id BETWEEN ?1 AND ?2 AND job = ?4 AND type_id IS ?5 AND status = ?6";
        for status in statuses {
            // Types without a number are a stream of their own; `fits` tells them apart.
            for kind in types.iter().map(|kind| Value::Integer(*kind)).chain([Value::Null]) {
                let parameters = vec![number.clone(), kind, status_code(status).into()];
                sources.push(Source::sql(Origin::Index, by_type, parameters));
            }
        }
    }
    Ok(sources)
}

/// Where words can stand: in the index; in errors, which change after the event was indexed; and in events that are not
/// indexed yet.
fn word_sources(filter: &EventFilter, jobs: &[Arc<LiveJob>], ids: IdRange, words: &Words<'_>) -> Vec<Source> {
    let numbers: Vec<i64> = jobs.iter().map(|job| job.number).collect();
    if numbers.is_empty() {
        return Vec::new();
    }
    let all_jobs = filter.job_id.is_none() && filter.workspace_id.is_none();
    let fts = words.query.to_fts((!all_jobs).then_some(&numbers));
    let with_error = "SELECT id FROM webhook_events INDEXED BY webhook_events_with_error
         WHERE id BETWEEN ?1 AND ?2 AND job = ?4 AND error IS NOT NULL";
    let mut sources = vec![Source::words(fts)];
    sources.extend(jobs.iter().map(|job| Source::sql(Origin::Error, with_error, vec![job.number.into()])));
    if words.index.indexed_upto < ids.last {
        let not_indexed = "SELECT id FROM webhook_events
             WHERE id BETWEEN max(?1, ?4) AND ?2";
        let first = words.index.indexed_upto + 1;
        sources.push(Source::sql(Origin::NotIndexed, not_indexed, vec![first.into()]));
    }
    sources
}

/// The words that are searched for.
struct Words<'a> {
    query: Query,
    index: Snapshot<'a>,
}

impl Words<'_> {
    /// Whether the words stand in the event. Reads its body only where nothing else tells.
    fn fit(
        &self,
        live: &Live,
        connection: &Connection,
        row: &EventRow,
        origin: Origin,
        spent: &mut usize,
    ) -> bool {
        if origin == Origin::Index && !self.query.needs_text() {
            return true;
        }
        let error = row.error.as_deref().map(fold).unwrap_or_default();
        // Without a word in the error the index would have found it.
        if origin == Origin::Error && !self.query.touches(&error) {
            return false;
        }
        let head = head_text(&row.head);
        if self.query.matches(&[&error, &head]) {
            return true;
        }
        *spent += BODY;
        let body = match read_request(live, connection, row.id.0, &row.head, row.received_at) {
            Ok((request, _)) => body_text(&request),
            Err(error) => {
                tracing::error!(event = row.id.0, %error, "a stored event cannot be read");
                return false;
            }
        };
        self.query.matches(&[&error, &head, &body])
    }
}

/// The numbers of the types that a job has events of and that the patterns want.
pub(super) fn types_of(
    live: &Live,
    connection: &Connection,
    job: i64,
    patterns: &TypePatterns,
) -> rusqlite::Result<Vec<i64>> {
    // From each type to the next one by the index, without reading the events between them.
    let mut next = connection.prepare_cached(
        "SELECT type_id FROM webhook_events INDEXED BY webhook_events_by_type
         WHERE job = ?1 AND type_id > ?2 ORDER BY type_id LIMIT 1",
    )?;
    let mut types = Vec::new();
    let mut at = -1;
    while let Some(kind) = next.query_row([job, at], |row| row.get::<_, i64>(0)).optional()? {
        if patterns.matches(&live.type_name(connection, kind)?) {
            types.push(kind);
        }
        at = kind;
    }
    Ok(types)
}
