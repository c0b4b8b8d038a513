//! The commands over loopback HTTP, described by OpenAPI from the same code, and the window's files.
//!
//! Invariants:
//! - Nothing below `/api` is answered without the token, and nothing at all to a request that names another host or
//!   comes from a web page of another origin.
//! - Whatever a request holds, the answer is a success or an error of one shape ([`ErrorBody`]) with a status that the
//!   description names.
//! - A command that changes something runs to its end, even when the client goes away in its middle.
//!
//! Deliberately not here: what commands do ([`crate::commands`]), and the listener, which the app owns.
//!
//! [`ErrorBody`]: crate::commands::ErrorBody

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::Uri;
use utoipa_axum::router::OpenApiRouter;

use crate::commands::{CommandError, Commands, ErrorCode};

mod access;
mod describe;
mod extract;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod page;
mod respond;
mod routes;

pub use access::Access;

/// The largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// How long a request may take. Those that read or write the whole database have no limit.
const TIMEOUT: Duration = Duration::from_secs(90);

/// The API and the window's files, guarded by `access`.
pub fn router(commands: Commands, access: Access) -> Router {
    let access = Arc::new(access);
    api(commands)
        .layer(middleware::from_fn_with_state(Arc::clone(&access), access::check_token))
        .layer(middleware::from_fn(page::serve))
        .layer(middleware::from_fn_with_state(access, access::check_caller))
        .layer(middleware::from_fn(respond::add_headers))
}

/// The same routes for a caller in this very process, such as the desktop's shell, which calls them without a
/// connection: no token, `Host` or `Origin` is asked for, and there is no page. Never to be put behind a listener.
pub fn in_process(commands: Commands) -> Router {
    api(commands)
}

/// The routes, within bounds of size and time, open to whoever can call them.
fn api(commands: Commands) -> Router {
    let (api, description) = parts();
    let description = Arc::new(describe::to_json(&description));
    api.route(
        "/api/openapi.json",
        axum::routing::get(move || {
            let description = Arc::clone(&description);
            async move { respond::json_text(description.as_str().to_owned()) }
        }),
    )
    .method_not_allowed_fallback(method_not_allowed)
    .fallback(unknown_route)
    .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
    .layer(middleware::from_fn(in_time))
    .with_state(commands)
}

/// The description of the API, as JSON.
pub fn openapi_json() -> String {
    describe::to_json(&parts().1)
}

fn parts() -> (Router<Commands>, utoipa::openapi::OpenApi) {
    let (router, description) = OpenApiRouter::with_openapi(describe::start())
        .merge(routes::sources::router())
        .merge(routes::destinations::router())
        .merge(routes::sync_jobs::router())
        .merge(routes::endpoints::router())
        .merge(routes::events::router())
        .merge(routes::activity::router())
        .merge(routes::tunnel::router())
        .merge(routes::system::router())
        .split_for_parts();
    (router, description)
}

async fn unknown_route(uri: Uri) -> CommandError {
    let path: String = uri.path().chars().take(200).collect();
    CommandError::new(ErrorCode::NotFound, format!("there is no {path}"))
        .with_hint("GET /api/openapi.json lists what there is.")
}

async fn method_not_allowed() -> CommandError {
    CommandError::new(ErrorCode::MethodNotAllowed, "this path does not know this method")
        .with_hint("The header `Allow` lists those it knows.")
}

/// Ends requests that take too long. Streams are not cut: their answer begins at once.
async fn in_time(request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/api/maintenance/") {
        return next.run(request).await;
    }
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => CommandError::new(
            ErrorCode::Timeout,
            format!("the request took longer than {} seconds", TIMEOUT.as_secs()),
        )
        .into_response(),
    }
}

#[cfg(test)]
mod tests;
