//! Executions: the batch runs of jobs.

use serde::Serialize;
use utoipa::ToSchema;

use super::{CommandError, Commands, validate};
use crate::event::{Execution, ExecutionId, JobId, Timestamp, WorkspaceId};
use crate::store::ExecutionFilter;

/// One batch run of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Execution)]
pub struct ExecutionAnswer {
    /// Its id.
    pub id: String,
    /// Its job.
    pub job_id: JobId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// How many events it took.
    pub events: u64,
    /// How many were applied.
    pub completed: u64,
    /// How many needed nothing.
    pub skipped: u64,
    /// How many failed.
    pub failed: u64,
    /// Why the batch as a whole failed.
    pub error: Option<String>,
}

/// A page of executions, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionList {
    /// The executions.
    pub executions: Vec<ExecutionAnswer>,
    /// To be sent as `cursor` for the next page; `null` on the last page.
    pub next_cursor: Option<String>,
}

impl From<Execution> for ExecutionAnswer {
    fn from(execution: Execution) -> Self {
        let Execution { id, job_id, started_at, finished_at, events, completed, skipped, failed, error } =
            execution;
        Self {
            id: id.to_string(),
            job_id,
            started_at,
            finished_at,
            duration_ms: u64::try_from(finished_at.millis().saturating_sub(started_at.millis())).unwrap_or(0),
            events,
            completed,
            skipped,
            failed,
            error,
        }
    }
}

/// Which executions are asked for.
#[derive(Debug, Clone, Default)]
pub struct ExecutionQuery {
    /// Only of this job.
    pub job_id: Option<JobId>,
    /// Only those in which an event failed, or which failed as a whole.
    pub failed_only: bool,
    /// Only older than this one.
    pub cursor: Option<ExecutionId>,
    /// How many at most, 1 to 1000.
    pub limit: u32,
}

impl Commands {
    /// Executions of a workspace, or of one job in it, newest first.
    pub async fn executions(
        &self,
        workspace: &WorkspaceId,
        query: ExecutionQuery,
    ) -> Result<ExecutionList, CommandError> {
        let ExecutionQuery { job_id, failed_only, cursor, limit } = query;
        validate::range("limit", limit, 1..=1000)?;
        match &job_id {
            Some(job) => self.check_job(workspace, job).await?,
            None => self.check_workspace(workspace).await?,
        }
        let filter = ExecutionFilter { workspace_id: Some(workspace.clone()), job_id, failed_only };
        let executions = self.store().executions(filter, cursor, limit).await?;
        // A full page may be the last one; the page after it is then empty.
        let next = (executions.len() as u32 >= limit).then(|| executions.last()).flatten();
        Ok(ExecutionList {
            next_cursor: next.map(|last| last.id.to_string()),
            executions: executions.into_iter().map(Into::into).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumped_back_gives_no_negative_duration() {
        let answer = ExecutionAnswer::from(Execution {
            id: ExecutionId(1),
            job_id: JobId::new("j"),
            started_at: Timestamp::from_seconds(10),
            finished_at: Timestamp::from_seconds(5),
            events: 0,
            completed: 0,
            skipped: 0,
            failed: 0,
            error: None,
        });
        assert_eq!(answer.duration_ms, 0);
    }
}
