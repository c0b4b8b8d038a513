//! Events.

use axum::extract::State;
use http::StatusCode;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{EventPath, JobPath, WorkspacePath};
use crate::api::extract::{ApiPath, Body, Query, event_id};
use crate::api::respond::{Answer, to_the_end};
use crate::commands::again::{ManyDone, ManyEvents};
use crate::commands::event_detail::EventDetailAnswer;
use crate::commands::events::{EventAnswer, EventList, EventQuery, Retried};
use crate::commands::{CommandError, Commands, ErrorCode};
use crate::event::{EventStatus, JobId};
use crate::store::{Again, Order};

pub(in crate::api) fn router() -> OpenApiRouter<Commands> {
    OpenApiRouter::new()
        .routes(routes!(list_events))
        .routes(routes!(list_workspace_events))
        .routes(routes!(get_event))
        .routes(routes!(retry_event))
        .routes(routes!(replay_event))
        .routes(routes!(retry_failed))
        .routes(routes!(retry_events))
        .routes(routes!(replay_events))
        .routes(routes!(pin_event, unpin_event))
}

/// Which events are asked for.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query` reads")]
struct EventsParams {
    /// Only in one of these states. May be repeated, or be several with commas between them.
    #[param(nullable = false, style = Form, explode = true)]
    status: Option<Vec<EventStatus>>,
    /// Only of these types: names or patterns such as `customer.*`. May be repeated, or be several with commas between them.
    #[param(nullable = false, style = Form, explode = true, value_type = Option<Vec<crate::commands::webhook_config::EventTypePattern>>)]
    r#type: Option<Vec<String>>,
    /// Only with these words: in the ids, the type, the error or the body's values.
    #[param(nullable = false, max_length = 500)]
    q: Option<String>,
    /// Only received at this time or later.
    #[param(nullable = false, value_type = Option<crate::event::Timestamp>)]
    from: Option<String>,
    /// Only received before this time.
    #[param(nullable = false, value_type = Option<crate::event::Timestamp>)]
    to: Option<String>,
    /// Only about the object with this id.
    #[param(nullable = false, max_length = 500)]
    object_id: Option<String>,
    /// How many events at most; 100 unless named.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `nextCursor` of an earlier answer, with the same order.
    #[param(nullable = false, pattern = r"^[0-9]{1,19}$")]
    cursor: Option<String>,
    /// In which order; the newest first unless named.
    #[param(nullable = false, inline)]
    order: Option<EventOrder>,
    /// Only events received after the one with this id: what is new since then.
    #[param(nullable = false, pattern = r"^[0-9]{1,19}$")]
    after: Option<String>,
}

/// In which order events are listed, by receipt.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `Query` reads")]
enum EventOrder {
    /// The newest first.
    Desc,
    /// The oldest first.
    Asc,
}

/// Which job's events are asked for.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query` reads")]
struct JobParams {
    /// Only of this job.
    #[param(nullable = false)]
    job_id: Option<String>,
}

fn read(mut query: Query, job_id: Option<JobId>) -> Result<EventQuery, CommandError> {
    let statuses = query.list("status").iter().map(|status| read_status(status)).collect::<Result<_, _>>()?;
    let read = EventQuery {
        job_id,
        statuses,
        types: query.list("type"),
        text: query.short("q", 500)?,
        from: query.time("from")?,
        to: query.time("to")?,
        object_id: query.short("objectId", 500)?,
        limit: query.limit()?,
        cursor: query.event_cursor()?,
        order: read_order(&mut query)?,
        after: query.event("after")?,
    };
    query.end()?;
    Ok(read)
}

fn read_order(query: &mut Query) -> Result<Order, CommandError> {
    let order = query.choice("order", &["desc", "asc"])?;
    Ok(if order.as_deref() == Some("asc") { Order::OldestFirst } else { Order::NewestFirst })
}

fn read_status(text: &str) -> Result<EventStatus, CommandError> {
    EventStatus::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
        let known = EventStatus::ALL.map(EventStatus::as_str).join(", ");
        CommandError {
            field: Some("status".to_owned()),
            ..CommandError::new(ErrorCode::MalformedRequest, format!("`status` is one of {known}"))
        }
    })
}

/// Events of a job.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events", tag = "events", params(JobPath, EventsParams), responses((status = 200, description = "The events.", body = EventList)))]
async fn list_events(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<JobPath>,
    query: Query,
) -> Answer<EventList> {
    let query = read(query, Some(path.job_id))?;
    commands.events(&path.workspace_id, query).await.map(axum::Json)
}

/// Events of all jobs of a workspace.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/events", tag = "events", params(WorkspacePath, EventsParams, JobParams), responses((status = 200, description = "The events.", body = EventList)))]
async fn list_workspace_events(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
    mut query: Query,
) -> Answer<EventList> {
    let job_id = query.one("jobId")?.map(JobId::new);
    let query = read(query, job_id)?;
    commands.events(&path.workspace_id, query).await.map(axum::Json)
}

/// One event: raw body, headers, attempts, operation.
#[utoipa::path(get, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events/{eventId}", tag = "events", params(EventPath), responses((status = 200, description = "The event.", body = EventDetailAnswer)))]
async fn get_event(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<EventPath>,
) -> Answer<EventDetailAnswer> {
    let id = event_id(&path.event_id)?;
    commands.event(&path.workspace_id, &path.job_id, id).await.map(axum::Json)
}

/// Tries a failed event again now.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events/{eventId}/retry", tag = "events", params(EventPath), responses((status = 200, description = "The event, due again.", body = EventAnswer)))]
async fn retry_event(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<EventPath>,
) -> Answer<EventAnswer> {
    let id = event_id(&path.event_id)?;
    to_the_end(async move { commands.retry_event(&path.workspace_id, &path.job_id, id).await })
        .await
        .map(axum::Json)
}

/// Applies an event again, whatever became of it.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events/{eventId}/replay", tag = "events", params(EventPath), responses((status = 200, description = "The event, due again.", body = EventAnswer)))]
async fn replay_event(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<EventPath>,
) -> Answer<EventAnswer> {
    let id = event_id(&path.event_id)?;
    to_the_end(async move { commands.replay_event(&path.workspace_id, &path.job_id, id).await })
        .await
        .map(axum::Json)
}

/// Tries all failed events of a job again now.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/retry-failed", tag = "events", params(JobPath), responses((status = 200, description = "How many.", body = Retried)))]
async fn retry_failed(State(commands): State<Commands>, ApiPath(path): ApiPath<JobPath>) -> Answer<Retried> {
    to_the_end(async move { commands.retry_failed(&path.workspace_id, &path.job_id).await })
        .await
        .map(axum::Json)
}

/// Tries many failed events again now, of one job or of several.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/events/retry", tag = "events", params(WorkspacePath), request_body = ManyEvents, responses((status = 200, description = "How many, and which not.", body = ManyDone)))]
async fn retry_events(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
    Body(body): Body<ManyEvents>,
) -> Answer<ManyDone> {
    to_the_end(async move { commands.again(&path.workspace_id, Again::Retry, body).await })
        .await
        .map(axum::Json)
}

/// Applies many events again, whatever became of them, of one job or of several.
#[utoipa::path(post, path = "/api/workspaces/{workspaceId}/events/replay", tag = "events", params(WorkspacePath), request_body = ManyEvents, responses((status = 200, description = "How many, and which not.", body = ManyDone)))]
async fn replay_events(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<WorkspacePath>,
    Body(body): Body<ManyEvents>,
) -> Answer<ManyDone> {
    to_the_end(async move { commands.again(&path.workspace_id, Again::Replay, body).await })
        .await
        .map(axum::Json)
}

/// Keeps an event whatever its age.
#[utoipa::path(put, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events/{eventId}/pin", tag = "events", params(EventPath), responses((status = 204, description = "It is kept.")))]
async fn pin_event(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<EventPath>,
) -> Result<StatusCode, CommandError> {
    pin(commands, path, true).await
}

/// Lets an event be cleaned up when its time comes.
#[utoipa::path(delete, path = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events/{eventId}/pin", tag = "events", params(EventPath), responses((status = 204, description = "It is kept no longer than others.")))]
async fn unpin_event(
    State(commands): State<Commands>,
    ApiPath(path): ApiPath<EventPath>,
) -> Result<StatusCode, CommandError> {
    pin(commands, path, false).await
}

async fn pin(commands: Commands, path: EventPath, pinned: bool) -> Result<StatusCode, CommandError> {
    let id = event_id(&path.event_id)?;
    to_the_end(async move { commands.pin_event(&path.workspace_id, &path.job_id, id, pinned).await })
        .await
        .map(|()| StatusCode::NO_CONTENT)
}
