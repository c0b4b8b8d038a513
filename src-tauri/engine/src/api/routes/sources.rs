//! Sources and providers.

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{SourcePath, WorkspacePath};
use crate::api::extract::{ApiPath, Body};
use crate::api::respond::{Answer, created, to_the_end};
use crate::commands::endpoints::KeyCheck;
use crate::commands::sources::{CreateSource, ProviderList, SourceAnswer, SourceList, UpdateSource};
use crate::commands::{CommandError, Commands};

pub(in crate::api) fn router() -> OpenApiRouter<Commands> {
    OpenApiRouter::new()
        .routes(routes!(list_providers))
        .routes(routes!(list_sources, create_source))
        .routes(routes!(get_source, update_source, delete_source))
        .routes(routes!(check_key))
}

/// All providers: what they are called, which events they send, how they are set up.
#[utoipa::path(get, path = "/api/providers", tag = "sources", responses((status = 200, description = "The providers.", body = ProviderList)))]
async fn list_providers(State(commands): State<Commands>) -> axum::Json<ProviderList> {
    axum::Json(commands.providers())
}

/// All sources of a workspace, oldest first.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sources", tag = "sources", params(WorkspacePath), responses((status = 200, description = "The sources.", body = SourceList)))]
async fn list_sources(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
) -> Answer<SourceList> {
    commands.sources(&path.workspace_id).await.map(axum::Json)
}

/// Makes a source.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/sources", tag = "sources", params(WorkspacePath), request_body = CreateSource, responses((status = 201, description = "The source was made.", body = SourceAnswer)))]
async fn create_source(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
    Body(body): Body<CreateSource>,
) -> Result<impl IntoResponse, CommandError> {
    to_the_end(async move { commands.create_source(&path.workspace_id, body).await }).await.map(created)
}

/// One source.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sources/{sourceId}", tag = "sources", params(SourcePath), responses((status = 200, description = "The source.", body = SourceAnswer)))]
async fn get_source(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<SourcePath>,
) -> Answer<SourceAnswer> {
    commands.source(&path.workspace_id, &path.source_id).await.map(axum::Json)
}

/// Changes a source: what is not named stays.
#[utoipa::path(patch, path = "/api/workspaces/{workspaceId}/sources/{sourceId}", tag = "sources", params(SourcePath), request_body = UpdateSource, responses((status = 200, description = "The source as it is now.", body = SourceAnswer)))]
async fn update_source(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<SourcePath>,
    Body(body): Body<UpdateSource>,
) -> Answer<SourceAnswer> {
    to_the_end(async move { commands.update_source(&path.workspace_id, &path.source_id, body).await })
        .await
        .map(axum::Json)
}

/// Deletes a source that no job uses.
#[utoipa::path(delete, path = "/api/workspaces/{workspaceId}/sources/{sourceId}", tag = "sources", params(SourcePath), responses((status = 204, description = "The source is gone.")))]
async fn delete_source(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<SourcePath>,
) -> Result<StatusCode, CommandError> {
    to_the_end(async move { commands.delete_source(&path.workspace_id, &path.source_id).await })
        .await
        .map(|()| StatusCode::NO_CONTENT)
}

/// Asks the provider whose the API key of a source is, and whether it may look at webhooks.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/sources/{sourceId}/check-key", tag = "sources", params(SourcePath), responses((status = 200, description = "What was found: `ok` tells.", body = KeyCheck)))]
async fn check_key(State(commands): State<Commands>, ApiPath(path): ApiPath<SourcePath>) -> Answer<KeyCheck> {
    commands.check_api_key(&path.workspace_id, &path.source_id).await.map(axum::Json)
}
