//! Another HTTP server: every request is forwarded as it came, so that its signature still verifies there.
//!
//! Invariants:
//! - Method, body bytes and headers are the original ones, except for headers that belong to one connection only
//!   (hop-by-hop, `host`, `content-length`). `hookline-event-id` is added; no provider signs it. A header that is the
//!   secret itself holds the job's current one.
//! - The URL is the destination's own, query included.
//! - The requests of a batch are sent one after another, in the order of receipt: the sink does not know which of them
//!   concern one object.
//! - Redirects are not followed: a signature covers a place.
//!
//! One call sends for a few seconds at most, and stops at the first request that gets no answer: what was not sent is left
//! for the next call, uses up no attempt, and what was sent is recorded soon. If nothing could be sent because the server
//! cannot be reached, the answer is [`SinkError::Unavailable`].
//!
//! Not here: mapping to documents; what the server does with the request.

use std::error::Error as _;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use reqwest::Client;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{Browse, Context, Delivery, InvalidConnection, Outcome, Sink, SinkError};
use crate::event::{HttpAnswer, is_loopback};

/// The most time from connecting to the answer's last byte.
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// After this time no further request of a batch is begun.
const TURN: Duration = Duration::from_secs(5);
/// The most bytes of an answer that are kept.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// A server that asks to wait longer is asked again after this.
const MAX_RETRY_AFTER_MS: u64 = 24 * 60 * 60 * 1000;
/// Names the event, so that a receiver can tell repetitions.
const EVENT_ID_HEADER: &str = "hookline-event-id";
/// Headers of one connection (RFC 9110, section 7.6.1), and those that this client's own request has.
const NOT_FORWARDED: [&str; 12] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Forwards requests to one URL.
pub(super) struct Forward {
    client: Client,
    url: Url,
    /// Scheme, host and port: for messages.
    place: String,
}

impl std::fmt::Debug for Forward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forward").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Why a request got no answer.
enum NoAnswer {
    /// Nothing reached the server.
    Unreachable(String),
    /// It may have.
    Broken(String),
}

impl Forward {
    /// Reads the URL and does not connect.
    pub(super) fn new(url: &SecretString) -> Result<Self, InvalidConnection> {
        let invalid = |message: String| InvalidConnection { message };
        let url: Url = url.expose_secret().trim().parse().map_err(|error| {
            invalid(format!("the URL cannot be read: {error}; it looks like http://127.0.0.1:3000/hook"))
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid(format!(
                "the URL must begin with http:// or https://, not {}:",
                url.scheme()
            )));
        }
        let Some(host) = url.host_str() else { return Err(invalid("the URL names no host".to_owned())) };
        let port = url.port_or_known_default().unwrap_or_default();
        let place = format!("{}://{host}:{port}", url.scheme());
        // A proxy cannot reach this machine's own servers, and must not see what is meant for them.
        let client = if is_loopback(&url) { Client::builder().no_proxy() } else { Client::builder() }
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| invalid(format!("no HTTP client could be made: {}", root_cause(&error))))?;
        Ok(Self { client, url, place })
    }

    async fn send(&self, delivery: &Delivery) -> Result<HttpAnswer, NoAnswer> {
        let request = &delivery.request;
        let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::POST);
        let started = Instant::now();
        let answer = self
            .client
            .request(method, self.url.clone())
            .headers(forwarded(&request.headers, &delivery.event_id.to_string()))
            // Said aloud, because without it an empty body would go without a length.
            .header(http::header::CONTENT_LENGTH, request.body.len())
            .body(request.body.clone())
            .send()
            .await
            .map_err(|error| self.no_answer(&error))?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let mut body = Vec::new();
        let mut body_truncated = false;
        let mut stream = answer.bytes_stream();
        // The status is what counts: a body that breaks off is kept as far as it came.
        while let Some(Ok(chunk)) = stream.next().await {
            let room = MAX_ANSWER_BYTES - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                body_truncated = true;
                break;
            }
        }
        Ok(HttpAnswer {
            status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            body_truncated,
            duration_ms: started.elapsed().as_millis() as u64,
        })
    }

    fn no_answer(&self, error: &reqwest::Error) -> NoAnswer {
        let place = &self.place;
        let cause = root_cause(error);
        if error.is_connect() {
            let reason = if cause.contains("lookup address") {
                format!("the name in {place} does not resolve: {cause}")
            } else {
                format!("{place} cannot be reached: {cause}")
            };
            NoAnswer::Unreachable(reason)
        } else if error.is_timeout() {
            NoAnswer::Broken(format!("{place} did not answer within {} seconds", TIMEOUT.as_secs()))
        } else {
            NoAnswer::Broken(format!("the connection to {place} broke: {cause}"))
        }
    }
}

#[async_trait]
impl Sink for Forward {
    fn wants_operations(&self) -> bool {
        false
    }

    async fn apply(&self, context: &Context, deliveries: &[Delivery]) -> Result<Vec<Outcome>, SinkError> {
        let mut outcomes = Vec::with_capacity(deliveries.len());
        let began = Instant::now();
        for delivery in deliveries {
            if !outcomes.is_empty() && began.elapsed() > TURN {
                break;
            }
            match self.send(delivery).await {
                Ok(answer) => outcomes.push(judge(answer, context.now.to_chrono())),
                Err(NoAnswer::Broken(error)) => {
                    outcomes.push(Outcome::Retry { error, after_ms: None, answer: None });
                    break;
                }
                Err(NoAnswer::Unreachable(message)) if outcomes.is_empty() => {
                    return Err(SinkError::Unavailable { message });
                }
                Err(NoAnswer::Unreachable(_)) => break,
            }
        }
        Ok(outcomes)
    }

    /// Connects, and takes any answer to a `HEAD` request as a sign of life: a webhook's URL need not know `HEAD`.
    async fn check(&self) -> Result<String, SinkError> {
        match self.client.head(self.url.clone()).send().await {
            Ok(answer) => Ok(format!("{} answers (HTTP {})", self.place, answer.status().as_u16())),
            Err(error) => {
                let (NoAnswer::Unreachable(message) | NoAnswer::Broken(message)) = self.no_answer(&error);
                Err(SinkError::Unavailable { message })
            }
        }
    }

    fn browse(&self) -> Option<&dyn Browse> {
        None
    }
}

/// What the innermost error says; the outer ones repeat the URL.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.source().is_none() { "no reason was given".to_owned() } else { cause.to_string() }
}

fn forwarded(headers: &[(String, Vec<u8>)], event_id: &str) -> HeaderMap {
    // What `connection` names belongs to that connection too.
    let listed: Vec<String> = headers
        .iter()
        .filter(|(name, _)| name == "connection")
        .flat_map(|(_, value)| {
            String::from_utf8_lossy(value)
                .to_ascii_lowercase()
                .split(',')
                .map(|name| name.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    let mut forwarded = HeaderMap::with_capacity(headers.len() + 1);
    for (name, value) in headers {
        if NOT_FORWARDED.contains(&name.as_str()) || listed.contains(name) || name == EVENT_ID_HEADER {
            continue;
        }
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
        {
            forwarded.append(name, value);
        }
    }
    if let Ok(value) = HeaderValue::from_str(event_id) {
        forwarded.insert(EVENT_ID_HEADER, value);
    }
    forwarded
}

/// What an answer means for the event.
fn judge(answer: HttpAnswer, now: DateTime<Utc>) -> Outcome {
    let status = answer.status;
    match status {
        200..=299 => Outcome::Completed { answer: Some(answer) },
        408 | 425 | 429 | 500..=599 => Outcome::Retry {
            error: format!("the server answered {}", named(status)),
            after_ms: answer
                .headers
                .iter()
                .find(|(name, _)| name == "retry-after")
                .and_then(|(_, value)| retry_after_ms(value, now)),
            answer: Some(answer),
        },
        300..=399 => Outcome::Reject {
            error: format!(
                "the server answered {}; redirects are not followed: enter the final URL",
                named(status)
            ),
            answer: Some(answer),
        },
        _ => {
            Outcome::Reject { error: format!("the server answered {}", named(status)), answer: Some(answer) }
        }
    }
}

fn named(status: u16) -> String {
    match StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3).
fn retry_after_ms(value: &str, now: DateTime<Utc>) -> Option<u64> {
    let value = value.trim();
    let ms = if let Ok(seconds) = value.parse::<u64>() {
        seconds.saturating_mul(1000)
    } else {
        let at = DateTime::parse_from_rfc2822(value).ok()?;
        (at.with_timezone(&Utc) - now).num_milliseconds().max(0) as u64
    };
    Some(ms.min(MAX_RETRY_AFTER_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_at_most_a_day() {
        let now = DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z").expect("a time").with_timezone(&Utc);
        assert_eq!(retry_after_ms("120", now), Some(120_000));
        assert_eq!(retry_after_ms("Thu, 01 Jan 2026 00:00:30 GMT", now), Some(30_000));
        assert_eq!(retry_after_ms("Wed, 31 Dec 2025 00:00:30 GMT", now), Some(0));
        assert_eq!(retry_after_ms("99999999999999999999", now), None);
        assert_eq!(retry_after_ms("9999999", now), Some(MAX_RETRY_AFTER_MS));
        assert_eq!(retry_after_ms("soon", now), None);
    }

    #[test]
    fn headers_of_the_connection_stay_behind_and_repeated_ones_are_kept() {
        let headers: Vec<(String, Vec<u8>)> = [
            ("host", "a"),
            ("content-length", "5"),
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("te", "trailers"),
            ("stripe-signature", "t=1"),
            ("x-twice", "1"),
            ("x-twice", "2"),
            ("content-encoding", "gzip"),
        ]
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
        let forwarded = forwarded(&headers, "7");
        let names: Vec<&str> = forwarded.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["stripe-signature", "x-twice", "x-twice", "content-encoding", EVENT_ID_HEADER]);
    }
}
