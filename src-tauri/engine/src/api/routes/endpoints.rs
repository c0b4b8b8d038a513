//! Webhooks that are set up at the provider.

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::JobPath;
use crate::api::extract::{ApiPath, Query};
use crate::api::respond::{Answer, created, to_the_end};
use crate::commands::endpoints::EndpointAnswer;
use crate::commands::{CommandError, Commands, ErrorBody};

pub(in crate::api) fn router() -> OpenApiRouter<Commands> {
    OpenApiRouter::new()
        .routes(routes!(get_endpoint, create_endpoint, remove_endpoint))
        .routes(routes!(mend_endpoint))
}

/// What is asked of an endpoint.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query` reads")]
struct EndpointParams {
    /// Whether the provider is asked now how it stands, where Hookline has set it up.
    #[param(nullable = false)]
    check: Option<bool>,
}

/// Whether Hookline has set up the job's webhook at its provider, and how it stands there.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/endpoint", tag = "endpoints", params(JobPath, EndpointParams), responses((status = 200, description = "How it stands.", body = EndpointAnswer), (status = 424, description = "The provider's API refuses or cannot be reached.", body = ErrorBody)))]
async fn get_endpoint(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
    mut query: Query,
) -> Answer<EndpointAnswer> {
    let check = query.flag("check")?;
    query.end()?;
    to_the_end(async move { commands.endpoint(&path.workspace_id, &path.job_id, check).await })
        .await
        .map(axum::Json)
}

/// Sets the job's webhook up at its provider, with the API key of its source. The secret that the provider makes becomes the
/// job's; the one before it counts for 24 hours more.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/endpoint", tag = "endpoints", params(JobPath), responses((status = 201, description = "It is set up.", body = EndpointAnswer), (status = 424, description = "The provider's API refuses or cannot be reached.", body = ErrorBody)))]
async fn create_endpoint(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
) -> Result<impl IntoResponse, CommandError> {
    to_the_end(async move { commands.create_endpoint(&path.workspace_id, &path.job_id).await })
        .await
        .map(created)
}

/// Brings the endpoint that Hookline has made into line: URL, event types, turned on; made anew where it is gone or where
/// its secret is not the job's.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/endpoint/mend", tag = "endpoints", params(JobPath), responses((status = 200, description = "It is in line.", body = EndpointAnswer), (status = 424, description = "The provider's API refuses or cannot be reached.", body = ErrorBody)))]
async fn mend_endpoint(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
) -> Answer<EndpointAnswer> {
    to_the_end(async move { commands.mend_endpoint(&path.workspace_id, &path.job_id).await })
        .await
        .map(axum::Json)
}

/// Removes the endpoint that Hookline has made at the provider. Others there are never touched.
#[utoipa::path(delete, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/endpoint", tag = "endpoints", params(JobPath), responses((status = 204, description = "It is gone."), (status = 424, description = "The provider's API refuses or cannot be reached.", body = ErrorBody)))]
async fn remove_endpoint(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
) -> Result<StatusCode, CommandError> {
    to_the_end(async move { commands.remove_endpoint(&path.workspace_id, &path.job_id).await })
        .await
        .map(|()| StatusCode::NO_CONTENT)
}
