//! Sync jobs, their numbers and secrets.

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{JobPath, WorkspacePath};
use crate::api::extract::{ApiPath, Body, OptionalBody, Query};
use crate::api::respond::{Answer, created, to_the_end};
use crate::commands::diagnosis::Diagnosis;
use crate::commands::endpoints::DeletedJob;
use crate::commands::job_answer::{JobAnswer, JobList};
use crate::commands::send::{SendTest, SentTest};
use crate::commands::stats::StatsAnswer;
use crate::commands::sync_jobs::{CreateJob, RegenerateSecret, UpdateJob};
use crate::commands::{CommandError, Commands, ErrorBody};

pub(in crate::api) fn router() -> OpenApiRouter<Commands> {
    OpenApiRouter::new()
        .routes(routes!(list_sync_jobs, create_sync_job))
        .routes(routes!(get_sync_job, update_sync_job, delete_sync_job))
        .routes(routes!(get_stats))
        .routes(routes!(get_diagnosis))
        .routes(routes!(regenerate_secret))
        .routes(routes!(resume_sync_job))
        .routes(routes!(send_test_webhook))
}

/// All jobs of a workspace, oldest first.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sync-jobs", tag = "sync jobs", params(WorkspacePath), responses((status = 200, description = "The jobs.", body = JobList)))]
async fn list_sync_jobs(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
) -> Answer<JobList> {
    commands.sync_jobs(&path.workspace_id).await.map(axum::Json)
}

/// Makes a job. Its URL and its signing secret are in the answer.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/sync-jobs", tag = "sync jobs", params(WorkspacePath), request_body = CreateJob, responses((status = 201, description = "The job was made.", body = JobAnswer)))]
async fn create_sync_job(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
    Body(body): Body<CreateJob>,
) -> Result<impl IntoResponse, CommandError> {
    to_the_end(async move { commands.create_sync_job(&path.workspace_id, body).await }).await.map(created)
}

/// What is asked of a job.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query` reads")]
struct ShowParams {
    /// Whether the answer holds the signing secret.
    #[param(nullable = false)]
    show_secret: Option<bool>,
}

/// One job.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}", tag = "sync jobs", params(JobPath, ShowParams), responses((status = 200, description = "The job.", body = JobAnswer)))]
async fn get_sync_job(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
    mut query: Query,
) -> Answer<JobAnswer> {
    let show_secret = query.flag("showSecret")?;
    query.end()?;
    commands.sync_job(&path.workspace_id, &path.job_id, show_secret).await.map(axum::Json)
}

/// Changes a job: what is not named stays, in `webhookConfig` too.
#[utoipa::path(patch, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}", tag = "sync jobs", params(JobPath), request_body = UpdateJob, responses((status = 200, description = "The job as it is now.", body = JobAnswer)))]
async fn update_sync_job(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
    Body(body): Body<UpdateJob>,
) -> Answer<JobAnswer> {
    to_the_end(async move { commands.update_sync_job(&path.workspace_id, &path.job_id, body).await })
        .await
        .map(axum::Json)
}

/// What becomes of the endpoint of a job that is deleted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query` reads")]
struct DeleteParams {
    /// `remove`: the endpoint that Hookline made at the provider goes first; when it cannot be removed, the job stays.
    /// `keep`, which holds unless named: it stays at the provider.
    #[param(nullable = false, pattern = "^(keep|remove)$")]
    endpoint: Option<String>,
}

/// Deletes a job with its events, executions and secret. What it synced stays in the destination.
#[utoipa::path(delete, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}", tag = "sync jobs", params(JobPath, DeleteParams), responses((status = 200, description = "The job is gone.", body = DeletedJob), (status = 424, description = "Its endpoint cannot be removed at the provider; the job stays.", body = ErrorBody)))]
async fn delete_sync_job(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
    mut query: Query,
) -> Answer<DeletedJob> {
    let remove = query.choice("endpoint", &["keep", "remove"])?.as_deref() == Some("remove");
    query.end()?;
    to_the_end(async move { commands.delete_sync_job(&path.workspace_id, &path.job_id, remove).await })
        .await
        .map(axum::Json)
}

/// Numbers of a job.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/stats", tag = "sync jobs", params(JobPath), responses((status = 200, description = "The numbers.", body = StatsAnswer)))]
async fn get_stats(State(commands): State<Commands>, ApiPath(path): ApiPath<JobPath>) -> Answer<StatsAnswer> {
    commands.stats(&path.workspace_id, &path.job_id).await.map(axum::Json)
}

/// Why nothing is arriving: looks at everything between the provider and the destination. Takes up to five seconds.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/diagnosis", tag = "sync jobs", params(JobPath), responses((status = 200, description = "What was found.", body = Diagnosis)))]
async fn get_diagnosis(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
) -> Answer<Diagnosis> {
    commands.diagnosis(&path.workspace_id, &path.job_id).await.map(axum::Json)
}

/// Replaces the signing secret; the old one counts for a while too. The new one is in the answer.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/regenerate-secret", tag = "sync jobs", params(JobPath), request_body = Option<RegenerateSecret>, responses((status = 200, description = "The job with its new secret.", body = JobAnswer)))]
async fn regenerate_secret(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
    OptionalBody(body): OptionalBody<RegenerateSecret>,
) -> Answer<JobAnswer> {
    to_the_end(async move { commands.regenerate_secret(&path.workspace_id, &path.job_id, body).await })
        .await
        .map(axum::Json)
}

/// Tries a job again now whose destination is down or refuses.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/resume", tag = "sync jobs", params(JobPath), responses((status = 204, description = "It is tried.")))]
async fn resume_sync_job(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
) -> Result<StatusCode, CommandError> {
    commands.resume_job(&path.workspace_id, &path.job_id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Sends a signed sample event, or the body that is given, to the job's public address and tells what was answered there.
#[utoipa::path(post, path = "/api/webhooks/{workspaceId}/{jobId}/test", tag = "sync jobs", params(JobPath), request_body = Option<SendTest>, responses((status = 200, description = "What became of it: `ok` tells.", body = SentTest)))]
async fn send_test_webhook(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
    OptionalBody(body): OptionalBody<SendTest>,
) -> Answer<SentTest> {
    commands.send_test(&path.workspace_id, &path.job_id, body).await.map(axum::Json)
}
