//! The receiver's answers: the design's table, one function per row.

use axum::body::Body;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::store::Ingested;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    received: bool,
    event_id: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

#[derive(Serialize)]
struct Refused<'a> {
    error: RefusedError<'a>,
}

#[derive(Serialize)]
struct RefusedError<'a> {
    code: &'a str,
    message: &'a str,
}

fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    #[expect(clippy::expect_used, reason = "texts and flags always become JSON")]
    let body = serde_json::to_vec(body).expect("serializes");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The event is on the disk.
pub(super) fn received(ingested: Ingested) -> Response<Body> {
    json(
        StatusCode::OK,
        &Accepted { received: true, event_id: ingested.event_id.to_string(), duplicate: ingested.duplicate },
    )
}

/// The answer to a question that is no event.
pub(super) fn challenge(content_type: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Anything but the one route.
pub(super) fn nothing_here() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// The request is refused.
pub(super) fn refused(refusal: Refusal, message: &str) -> Response<Body> {
    let (status, code) = refusal.status_and_code();
    let mut response = json(status, &Refused { error: RefusedError { code, message } });
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The signature is missing, wrong or too old.
    SignatureInvalid,
    /// The body is no event of the provider.
    InvalidPayload,
    /// The body's `content-encoding` is unknown.
    UnsupportedEncoding,
    /// There is no such job.
    JobNotFound,
    /// The job is paused.
    JobDisabled,
    /// The body is too large.
    PayloadTooLarge,
    /// The body came too slowly.
    RequestTimeout,
    /// It cannot be stored now.
    StorageUnavailable,
}

impl Refusal {
    const fn status_and_code(self) -> (StatusCode, &'static str) {
        match self {
            Self::SignatureInvalid => (StatusCode::UNAUTHORIZED, "signature_invalid"),
            Self::InvalidPayload => (StatusCode::BAD_REQUEST, "invalid_payload"),
            Self::UnsupportedEncoding => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding"),
            Self::JobNotFound => (StatusCode::NOT_FOUND, "job_not_found"),
            Self::JobDisabled => (StatusCode::FORBIDDEN, "job_disabled"),
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"),
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "request_timeout"),
            Self::StorageUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable"),
        }
    }
}
