//! The table `job_executions`: one row per batch.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::archive::{self, Kind};
use super::live::{Live, LiveJob, status_code};
use super::streams::{IdRange, Merge, Order, Origin, Source};
use super::webhook_events::{pack_answer, reason_code};
use super::writer::Writing;
use super::{
    Change, EventOutcome, EventStatus, ExecutionId, JobId, Settled, Store, StoreError, Timestamp, WorkspaceId,
};
use crate::event::Execution;

/// Which executions are wanted.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFilter {
    /// Only of this workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// Only of this job.
    pub job_id: Option<JobId>,
    /// Only those in which an event failed, or which failed as a whole.
    pub failed_only: bool,
}

impl Store {
    /// Records a batch and the outcome of each of its events in one transaction.
    ///
    /// Without outcomes (`error` is set then) nothing but the execution is recorded; a run of such failures of one
    /// job is one row whose `finished_at` and `error` grow, so that an outage of days stays one line.
    pub async fn record_execution(
        &self,
        job: &JobId,
        started_at: Timestamp,
        finished_at: Timestamp,
        error: Option<String>,
        outcomes: Vec<EventOutcome>,
    ) -> Result<ExecutionId, StoreError> {
        let job = self.inner.live.job(job)?;
        self.change(move |writing| {
            writing.effects.changed(Change::Executions { job_id: job.id.clone() });
            if outcomes.is_empty()
                && let Some(error) = &error
                && let Some(id) = prolong_outage(writing.connection, job.number, finished_at, error)?
            {
                archive::enqueue(writing, &job, Kind::Execution, id.0)?;
                return Ok(id);
            }
            let of = |wanted: fn(&Settled) -> bool| {
                outcomes.iter().filter(|outcome| wanted(&outcome.settled)).count()
            };
            let id = writing
                .connection
                .prepare_cached(
                    "INSERT INTO job_executions
                       (job, started_at, finished_at, events, completed, skipped, failed, error)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .insert(params![
                    job.number,
                    started_at.micros(),
                    finished_at.micros(),
                    outcomes.len() as i64,
                    of(|settled| matches!(settled, Settled::Completed)) as i64,
                    of(|settled| matches!(settled, Settled::Skipped { .. })) as i64,
                    of(|settled| matches!(settled, Settled::Failed { .. })) as i64,
                    error,
                ])?;
            for outcome in &outcomes {
                record_outcome(writing, &job, id, finished_at, outcome)?;
            }
            // Behind its events: who reads the execution in the archive finds them there.
            archive::enqueue(writing, &job, Kind::Execution, id)?;
            Ok(ExecutionId(id))
        })
        .await
    }

    /// Executions, newest first, older than `cursor`, `limit` at most (1 to 1000).
    pub async fn executions(
        &self,
        filter: ExecutionFilter,
        cursor: Option<ExecutionId>,
        limit: u32,
    ) -> Result<Vec<Execution>, StoreError> {
        let limit = limit.clamp(1, 1000) as usize;
        self.read(move |inner, connection| Ok(page(&inner.live, connection, &filter, cursor, limit)?)).await
    }
}

fn page(
    live: &Live,
    connection: &Connection,
    filter: &ExecutionFilter,
    cursor: Option<ExecutionId>,
    limit: usize,
) -> rusqlite::Result<Vec<Execution>> {
    let jobs = live.jobs(filter.workspace_id.as_ref(), filter.job_id.as_ref());
    let sql = if filter.failed_only {
        "SELECT id FROM job_executions INDEXED BY job_executions_failed
         WHERE id BETWEEN ?1 AND ?2 AND job = ?4 AND (failed > 0 OR error IS NOT NULL)"
    } else {
        "SELECT id FROM job_executions INDEXED BY job_executions_by_job
         WHERE id BETWEEN ?1 AND ?2 AND job = ?4"
    };
    let sources =
        jobs.iter().map(|job| Source::sql(Origin::Index, sql, vec![Value::Integer(job.number)])).collect();
    let mut ids = IdRange::ALL;
    if let Some(cursor) = cursor {
        ids.last = cursor.0.saturating_sub(1);
    }
    let by_number: HashMap<i64, &Arc<LiveJob>> = jobs.iter().map(|job| (job.number, job)).collect();
    let mut streams = Merge::new(sources, ids, Order::NewestFirst, limit);
    let mut statement = connection.prepare_cached(SELECT)?;
    let mut executions = Vec::with_capacity(limit.min(128));
    while executions.len() < limit
        && let Some(candidate) = streams.next(connection, None)?
    {
        executions.push(statement.query_row([candidate.id], |row| {
            let job = by_number.get(&row.get(8)?).ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            execution(&job.id, row)
        })?);
    }
    Ok(executions)
}

const SELECT: &str = "SELECT id, started_at, finished_at, events, completed, skipped, failed, error, job \
     FROM job_executions WHERE id = ?1";

/// One execution, if it is still there.
pub(super) fn read(connection: &Connection, job: &LiveJob, id: i64) -> rusqlite::Result<Option<Execution>> {
    connection.prepare_cached(SELECT)?.query_row([id], |row| execution(&job.id, row)).optional()
}

fn execution(job: &JobId, row: &Row<'_>) -> rusqlite::Result<Execution> {
    Ok(Execution {
        id: ExecutionId(row.get(0)?),
        job_id: job.clone(),
        started_at: Timestamp::from_micros(row.get(1)?),
        finished_at: Timestamp::from_micros(row.get(2)?),
        events: row.get::<_, i64>(3)? as u64,
        completed: row.get::<_, i64>(4)? as u64,
        skipped: row.get::<_, i64>(5)? as u64,
        failed: row.get::<_, i64>(6)? as u64,
        error: row.get(7)?,
    })
}

/// If the job's newest execution is an outage too, it lasts until now.
fn prolong_outage(
    connection: &Connection,
    job: i64,
    finished_at: Timestamp,
    error: &str,
) -> Result<Option<ExecutionId>, StoreError> {
    let newest: Option<(i64, bool)> = connection
        .prepare_cached(
            "SELECT id, events = 0 AND error IS NOT NULL FROM job_executions WHERE job = ?1 ORDER BY id DESC LIMIT 1",
        )?
        .query_row([job], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, true)) = newest else { return Ok(None) };
    connection
        .prepare_cached("UPDATE job_executions SET finished_at = ?2, error = ?3 WHERE id = ?1")?
        .execute(params![id, finished_at.micros(), error])?;
    Ok(Some(ExecutionId(id)))
}

/// Writes what became of one event. Nothing happens when it is gone, or was settled for good by somebody else meanwhile.
fn record_outcome(
    writing: &mut Writing<'_>,
    job: &Arc<LiveJob>,
    execution: i64,
    at: Timestamp,
    outcome: &EventOutcome,
) -> Result<(), StoreError> {
    let connection = writing.connection;
    let found: Option<(i64, i64, bool, i64)> = connection
        .prepare_cached(
            "SELECT status, attempts_before + attempts, done_again, received_at FROM webhook_events
             WHERE id = ?1 AND job = ?2 AND status IN (?3, ?4)",
        )?
        .query_row(
            params![
                outcome.event_id.0,
                job.number,
                status_code(EventStatus::Pending),
                status_code(EventStatus::Failed)
            ],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    let Some((from, attempts, done_again, received_at)) = found else { return Ok(()) };
    let (status, reason, error, next_attempt_at) = match &outcome.settled {
        Settled::Completed => (EventStatus::Completed, None, None, None),
        Settled::Skipped { reason, detail } => (EventStatus::Skipped, Some(*reason), detail.as_deref(), None),
        Settled::Failed { error, next_attempt_at } => {
            (EventStatus::Failed, None, Some(error.as_str()), *next_attempt_at)
        }
    };
    connection
        .prepare_cached(
            "UPDATE webhook_events SET status = ?2, reason = ?3, error = ?4, next_attempt_at = ?5, finished_at = ?6,
               execution_id = ?7, attempts = attempts + 1
             WHERE id = ?1",
        )?
        .execute(params![
            outcome.event_id.0,
            status_code(status),
            reason.map(reason_code),
            error,
            next_attempt_at.map(Timestamp::micros),
            at.micros(),
            execution,
        ])?;
    // A plain first success is told by the event's own row: the usual case is written once.
    if status == EventStatus::Failed || attempts > 0 || outcome.answer.is_some() {
        connection
            .prepare_cached(
                "INSERT INTO delivery_attempts (event_id, number, at, execution_id, status, error, answer)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                outcome.event_id.0,
                attempts + 1,
                at.micros(),
                execution,
                status_code(status),
                error,
                outcome.answer.as_ref().and_then(pack_answer),
            ])?;
    }
    writing.effects.moved(job, from, status);
    // A clock that was set back between the two gives 0.
    let latency_ms = (status == EventStatus::Completed && !done_again)
        .then(|| at.micros().saturating_sub(received_at).max(0) / 1000);
    writing.effects.settled(job, status, at, latency_ms);
    archive::enqueue(writing, job, Kind::Event, outcome.event_id.0)
}
