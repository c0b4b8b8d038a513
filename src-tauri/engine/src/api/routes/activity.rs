//! What happened when: jobs at a glance, activity over time, types of events, executions.

use axum::extract::State;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{JobPath, WorkspacePath};
use crate::api::extract::{ApiPath, Query};
use crate::api::respond::Answer;
use crate::commands::activity::{ActivityAnswer, ActivityQuery, Overview, TypeList};
use crate::commands::executions::{ExecutionList, ExecutionQuery};
use crate::commands::{CommandError, Commands};
use crate::event::JobId;

pub(in crate::api) fn router() -> OpenApiRouter<Commands> {
    OpenApiRouter::new()
        .routes(routes!(get_overview))
        .routes(routes!(get_activity))
        .routes(routes!(get_workspace_activity))
        .routes(routes!(list_event_types))
        .routes(routes!(list_executions))
        .routes(routes!(list_workspace_executions))
}

/// All jobs of a workspace at a glance, in one call.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/overview", tag = "activity", params(WorkspacePath), responses((status = 200, description = "The jobs.", body = Overview)))]
async fn get_overview(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
) -> Answer<Overview> {
    commands.overview(&path.workspace_id).await.map(axum::Json)
}

/// Which stretch of time is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query` reads")]
struct ActivityParams {
    /// Where it begins; an hour before its end unless named.
    #[param(nullable = false, value_type = Option<crate::event::Timestamp>)]
    from: Option<String>,
    /// Where it ends; now unless named.
    #[param(nullable = false, value_type = Option<crate::event::Timestamp>)]
    to: Option<String>,
    /// How many points it is divided into at most; 60 unless named.
    #[param(nullable = false, minimum = 1, maximum = 500)]
    buckets: Option<u32>,
}

fn read_activity(mut query: Query) -> Result<ActivityQuery, CommandError> {
    let read = ActivityQuery {
        from: query.time("from")?,
        to: query.time("to")?,
        buckets: query.number("buckets", 1..=500)?,
    };
    query.end()?;
    Ok(read)
}

/// Activity of a job over time.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/activity", tag = "activity", params(JobPath, ActivityParams), responses((status = 200, description = "The points, without gaps.", body = ActivityAnswer)))]
async fn get_activity(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
    query: Query,
) -> Answer<ActivityAnswer> {
    let query = read_activity(query)?;
    commands.activity(&path.workspace_id, Some(&path.job_id), query).await.map(axum::Json)
}

/// Activity of all jobs of a workspace together, over time.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/activity", tag = "activity", params(WorkspacePath, ActivityParams), responses((status = 200, description = "The points, without gaps.", body = ActivityAnswer)))]
async fn get_workspace_activity(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
    query: Query,
) -> Answer<ActivityAnswer> {
    let query = read_activity(query)?;
    commands.activity(&path.workspace_id, None, query).await.map(axum::Json)
}

/// In which stretch of time types are counted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query` reads")]
struct TypesParams {
    /// Only events received at this time or later, to the minute.
    #[param(nullable = false, value_type = Option<crate::event::Timestamp>)]
    from: Option<String>,
    /// Only events received before this time, to the minute.
    #[param(nullable = false, value_type = Option<crate::event::Timestamp>)]
    to: Option<String>,
}

/// The types of the events that a job received, the most frequent first.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/types", tag = "activity", params(JobPath, TypesParams), responses((status = 200, description = "The types.", body = TypeList)))]
async fn list_event_types(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
    mut query: Query,
) -> Answer<TypeList> {
    let (from, to) = (query.time("from")?, query.time("to")?);
    query.end()?;
    commands.event_types(&path.workspace_id, &path.job_id, from, to).await.map(axum::Json)
}

/// Which executions are asked for.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query` reads")]
struct ExecutionsParams {
    /// How many executions at most; 100 unless named.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `nextCursor` of an earlier answer.
    #[param(nullable = false, pattern = r"^[0-9]{1,19}$")]
    cursor: Option<String>,
    /// Whether only those are wanted in which an event failed, or which failed as a whole.
    #[param(nullable = false)]
    failed_only: Option<bool>,
}

fn read_executions(mut query: Query, job_id: Option<JobId>) -> Result<ExecutionQuery, CommandError> {
    let read = ExecutionQuery {
        job_id,
        failed_only: query.flag("failedOnly")?,
        cursor: query.execution_cursor()?,
        limit: query.limit()?,
    };
    query.end()?;
    Ok(read)
}

/// Executions of a job, newest first.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/executions", tag = "activity", params(JobPath, ExecutionsParams), responses((status = 200, description = "The executions.", body = ExecutionList)))]
async fn list_executions(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
    query: Query,
) -> Answer<ExecutionList> {
    let query = read_executions(query, Some(path.job_id))?;
    commands.executions(&path.workspace_id, query).await.map(axum::Json)
}

/// Executions of all jobs of a workspace, newest first.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/executions", tag = "activity", params(WorkspacePath, ExecutionsParams), responses((status = 200, description = "The executions.", body = ExecutionList)))]
async fn list_workspace_executions(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
    query: Query,
) -> Answer<ExecutionList> {
    let query = read_executions(query, None)?;
    commands.executions(&path.workspace_id, query).await.map(axum::Json)
}
