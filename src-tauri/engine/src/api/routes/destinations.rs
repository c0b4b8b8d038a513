//! Destinations and their documents.

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{DestinationPath, WorkspacePath};
use crate::api::extract::{ApiPath, Body, Query};
use crate::api::respond::{Answer, created, to_the_end};
use crate::commands::check::CheckAnswer;
use crate::commands::destinations::{
    CreateDestination, DestinationAnswer, DestinationList, UpdateDestination,
};
use crate::commands::documents::CollectionList;
use crate::commands::{CommandError, Commands, ErrorBody};
use crate::sinks::DocumentPage;

pub(in crate::api) fn router() -> OpenApiRouter<Commands> {
    OpenApiRouter::new()
        .routes(routes!(list_destinations, create_destination))
        .routes(routes!(get_destination, update_destination, delete_destination))
        .routes(routes!(check_new_destination))
        .routes(routes!(check_destination))
        .routes(routes!(list_collections))
        .routes(routes!(list_documents))
        .routes(routes!(get_document))
}

/// All destinations of a workspace, oldest first.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/destinations", tag = "destinations", params(WorkspacePath), responses((status = 200, description = "The destinations.", body = DestinationList)))]
async fn list_destinations(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
) -> Answer<DestinationList> {
    commands.destinations(&path.workspace_id).await.map(axum::Json)
}

/// Makes a destination. Its address has to be well formed; it need not answer yet.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/destinations", tag = "destinations", params(WorkspacePath), request_body = CreateDestination, responses((status = 201, description = "The destination was made.", body = DestinationAnswer)))]
async fn create_destination(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
    Body(body): Body<CreateDestination>,
) -> Result<impl IntoResponse, CommandError> {
    to_the_end(async move { commands.create_destination(&path.workspace_id, body).await }).await.map(created)
}

/// One destination.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/destinations/{destinationId}", tag = "destinations", params(DestinationPath), responses((status = 200, description = "The destination.", body = DestinationAnswer)))]
async fn get_destination(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<DestinationPath>,
) -> Answer<DestinationAnswer> {
    commands.destination(&path.workspace_id, &path.destination_id).await.map(axum::Json)
}

/// Changes a destination: what is not named stays.
#[utoipa::path(patch, path = "/api/workspaces/{workspaceId}/destinations/{destinationId}", tag = "destinations", params(DestinationPath), request_body = UpdateDestination, responses((status = 200, description = "The destination as it is now.", body = DestinationAnswer), (status = 424, description = "Its connection string is missing.", body = ErrorBody)))]
async fn update_destination(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<DestinationPath>,
    Body(body): Body<UpdateDestination>,
) -> Answer<DestinationAnswer> {
    to_the_end(
        async move { commands.update_destination(&path.workspace_id, &path.destination_id, body).await },
    )
    .await
    .map(axum::Json)
}

/// Deletes a destination that no job uses. What was synced into it stays there.
#[utoipa::path(delete, path = "/api/workspaces/{workspaceId}/destinations/{destinationId}", tag = "destinations", params(DestinationPath), responses((status = 204, description = "The destination is gone.")))]
async fn delete_destination(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<DestinationPath>,
) -> Result<StatusCode, CommandError> {
    to_the_end(async move { commands.delete_destination(&path.workspace_id, &path.destination_id).await })
        .await
        .map(|()| StatusCode::NO_CONTENT)
}

/// Tries a destination that is not made yet: connects and checks that writing is allowed. Nothing of it is kept. 200
/// whatever was found: `ok` tells; a value that cannot be right is refused as it is when the destination is made.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/destinations/check", tag = "destinations", params(WorkspacePath), request_body = CreateDestination, responses((status = 200, description = "What was found.", body = CheckAnswer)))]
async fn check_new_destination(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
    Body(body): Body<CreateDestination>,
) -> Answer<CheckAnswer> {
    commands.check_new_destination(&path.workspace_id, body).await.map(axum::Json)
}

/// Connects and checks that writing is allowed. 200 whatever was found: `ok` tells.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/destinations/{destinationId}/check", tag = "destinations", params(DestinationPath), responses((status = 200, description = "What was found.", body = CheckAnswer)))]
async fn check_destination(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<DestinationPath>,
) -> Answer<CheckAnswer> {
    commands.check_destination(&path.workspace_id, &path.destination_id).await.map(axum::Json)
}

/// The collections of a destination, by name.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/destinations/{destinationId}/collections", tag = "documents", params(DestinationPath), responses((status = 200, description = "The collections.", body = CollectionList), (status = 424, description = "The destination does not work.", body = ErrorBody)))]
async fn list_collections(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<DestinationPath>,
) -> Answer<CollectionList> {
    commands.collections(&path.workspace_id, &path.destination_id).await.map(axum::Json)
}

/// Which documents are asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query` reads")]
struct DocumentsParams {
    /// The collection, with its prefix.
    #[param(min_length = 1, max_length = 1000, pattern = r"^[^\x00]+$")]
    collection: String,
    /// `nextCursor` of an earlier answer.
    #[param(nullable = false, max_length = 1000, pattern = r"^[^\x00]*$")]
    cursor: Option<String>,
    /// How many documents at most; 100 unless named.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// Documents of a collection in the order of `_id`.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/destinations/{destinationId}/documents", tag = "documents", params(DestinationPath, DocumentsParams), responses((status = 200, description = "The documents.", body = DocumentPage), (status = 424, description = "The destination does not work.", body = ErrorBody)))]
async fn list_documents(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<DestinationPath>,
    mut query: Query,
) -> Answer<DocumentPage> {
    let collection = query.required("collection")?;
    let cursor = query.one("cursor")?;
    let limit = query.limit()?;
    query.end()?;
    commands
        .documents(&path.workspace_id, &path.destination_id, &collection, cursor.as_deref(), limit)
        .await
        .map(axum::Json)
}

/// Which document is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query` reads")]
struct DocumentParams {
    /// The collection, with its prefix.
    #[param(min_length = 1, max_length = 1000, pattern = r"^[^\x00]+$")]
    collection: String,
    /// The document's `_id`.
    #[param(min_length = 1, max_length = 1000, pattern = r"^[^\x00]+$")]
    id: String,
}

/// One document.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/destinations/{destinationId}/documents/one", tag = "documents", params(DestinationPath, DocumentParams), responses((status = 200, description = "The document.", body = Object), (status = 424, description = "The destination does not work.", body = ErrorBody)))]
async fn get_document(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<DestinationPath>,
    mut query: Query,
) -> Answer<serde_json::Value> {
    let collection = query.required("collection")?;
    let id = query.required("id")?;
    query.end()?;
    commands.document(&path.workspace_id, &path.destination_id, &collection, &id).await.map(axum::Json)
}
