//! Hookline itself: status, changes, maintenance.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, StreamExt as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::extract::Body;
use crate::api::respond::{Answer, to_the_end};
use crate::commands::Commands;
use crate::commands::changes::ChangeAnswer;
use crate::commands::diagnostics::DiagnosticsAnswer;
use crate::commands::maintenance::{BackupAnswer, BackupRequest, IntegrityAnswer};
use crate::commands::status::StatusAnswer;

/// How long a stream is silent at most, so that both ends notice when the other one is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(in crate::api) fn router() -> OpenApiRouter<Commands> {
    OpenApiRouter::new()
        .routes(routes!(get_status))
        .routes(routes!(get_diagnostics))
        .routes(routes!(stream_changes))
        .routes(routes!(check_integrity))
        .routes(routes!(back_up))
}

/// How Hookline itself is: receiver, tunnel, worker, storage.
#[utoipa::path(get, path = "/api/status", tag = "system", responses((status = 200, description = "The status.", body = StatusAnswer)))]
async fn get_status(State(commands): State<Commands>) -> Answer<StatusAnswer> {
    commands.status().await.map(axum::Json)
}

/// A report that can be passed on: version, system, sizes, counts, delivery states and the end of the log, without secrets,
/// bodies and connection strings.
#[utoipa::path(get, path = "/api/diagnostics", tag = "system", responses((status = 200, description = "The report.", body = DiagnosticsAnswer)))]
async fn get_diagnostics(State(commands): State<Commands>) -> Answer<DiagnosticsAnswer> {
    commands.diagnostics().await.map(axum::Json)
}

/// What changes from now on, as server-sent events without end. The data of each message is a JSON list of changes, at
/// most five messages a second; the first one says `refresh`. Lines that begin with a colon are heartbeats.
#[utoipa::path(get, path = "/api/changes", tag = "system", responses((status = 200, description = "The stream. Each message's data is a JSON list of `Change`.", body = String, content_type = "text/event-stream")))]
async fn stream_changes(
    State(commands): State<Commands>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let messages = commands.changes().map(|list: Vec<ChangeAnswer>| {
        let text = serde_json::to_string(&list).unwrap_or_else(|_| "[]".to_owned());
        Ok(Event::default().data(text))
    });
    Sse::new(messages).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}

/// Looks for damage in the database. Reads all of it.
#[utoipa::path(post, path = "/api/maintenance/check", tag = "system", responses((status = 200, description = "What was found.", body = IntegrityAnswer)))]
async fn check_integrity(State(commands): State<Commands>) -> Answer<IntegrityAnswer> {
    commands.check_integrity().await.map(axum::Json)
}

/// Writes a consistent copy of the database to a new file. Secrets are not in it.
#[utoipa::path(post, path = "/api/maintenance/backup", tag = "system", request_body = BackupRequest, responses((status = 200, description = "The copy.", body = BackupAnswer)))]
async fn back_up(State(commands): State<Commands>, Body(body): Body<BackupRequest>) -> Answer<BackupAnswer> {
    to_the_end(async move { commands.back_up(body).await }).await.map(axum::Json)
}
