//! Answers: JSON, errors of one shape, and the headers that all of them carry.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::commands::{CommandError, ErrorCode};

/// The body of an answer as JSON, or the error.
pub(super) type Answer<T> = Result<axum::Json<T>, CommandError>;

/// 201 with the body.
pub(super) fn created<T: Serialize>(body: T) -> (StatusCode, axum::Json<T>) {
    (StatusCode::CREATED, axum::Json(body))
}

/// Text that is JSON already.
pub(super) fn json_text(text: String) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response()
}

impl IntoResponse for CommandError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = self.code;
        let mut response = (status, axum::Json(self.into_body())).into_response();
        let headers = response.headers_mut();
        match code {
            ErrorCode::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            ErrorCode::StorageUnavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

/// Marks an answer whose own word on caching stays.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeepCaching;

/// Headers for every answer: nothing is framed or guessed at, and nothing kept but what says so ([`KeepCaching`]).
pub(super) async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let keeps_caching = response.extensions().get::<KeepCaching>().is_some();
    let headers = response.headers_mut();
    if !keeps_caching {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

/// Runs a command that changes something in a task of its own: a client that goes away drops its request's future,
/// and a change that was half made must not stay so.
pub(super) async fn to_the_end<T: Send + 'static>(
    command: impl Future<Output = Result<T, CommandError>> + Send + 'static,
) -> Result<T, CommandError> {
    match tokio::spawn(command).await {
        Ok(done) => done,
        Err(panicked) => Err(CommandError::internal("the command", &panicked)),
    }
}
