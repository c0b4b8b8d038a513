//! The receiver: body limit → verify → commit → 2xx. The only thing the world can reach.
//!
//! Invariants:
//! - A 2xx is answered only after the event is committed and synced to disk; what cannot be stored is answered 503.
//! - The signature is checked on the exact bytes received; what fails never becomes an event.
//! - There is one route. Everything else is 404 with an empty body, whatever the method.
//! - Memory is bounded: connections ([`server`]), header sizes ([`server`]), bodies ([`body`]) and what waits for the
//!   disk (the store's queue) all have limits; beyond them the answer is 503, never growth.
//!
//! What becomes of a stored event is not its business: a destination that is down never changes an answer.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::any;
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, Method, Response};

use crate::event::{BodyError, Clock, RawRequest, Rejection, with_causes};
use crate::faults::{self, Point};
use crate::providers::{self, Reading};
use crate::store::{NewEvent, NewRejected, Store, StoreError};
use crate::tunnel::Board;

mod answer;
mod body;
pub mod directory;
pub mod server;

use answer::Refusal;
use body::{BodyLimits, ReadError};
use directory::{Entry, Keys};

pub use directory::Directory;

/// The most memory that the bodies of all requests under way may take up.
const BODIES_MEMORY_BYTES: usize = 256 * 1024 * 1024;

/// How long a request waits for its commit. A disk that takes longer hangs, and the provider is told to come back; if
/// the event is stored after all, that delivery is a duplicate.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(15);

const NO_JOB: &str = "there is no such job; is the URL copied whole?";

/// What the receiver works with. Clones share it.
#[derive(Debug, Clone)]
pub struct Receiver {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    directory: Directory,
    store: Store,
    clock: Arc<dyn Clock>,
    tunnel: Board,
    limits: BodyLimits,
}

impl Receiver {
    /// A receiver for the directory's jobs that stores into `store`. `max_body_bytes` bounds one body, as received and
    /// decoded.
    pub fn new(
        directory: Directory,
        store: Store,
        clock: Arc<dyn Clock>,
        tunnel: Board,
        max_body_bytes: usize,
    ) -> Self {
        let memory_bytes = BODIES_MEMORY_BYTES.max(max_body_bytes * 2);
        let limits = BodyLimits::new(max_body_bytes, memory_bytes);
        Self { inner: Arc::new(Inner { directory, store, clock, tunnel, limits }) }
    }

    /// The one route.
    pub fn router(self) -> Router {
        Router::new()
            .route("/api/webhooks/{workspace}/{job}", any(receive))
            .fallback(async || answer::nothing_here())
            .with_state(self)
    }
}

async fn receive(
    State(receiver): State<Receiver>,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
    request: Request,
) -> Response<Body> {
    let inner = &*receiver.inner;
    // A path that is no UTF-8 once decoded names no job either.
    let (true, Ok(Path((workspace, job)))) = (request.method() == Method::POST, path) else {
        return answer::nothing_here();
    };
    let (parts, mut body) = request.into_parts();
    let entry = match inner.directory.find(&workspace, &job) {
        None => {
            inner.tunnel.probes().unknown_job(&job);
            Err((Refusal::JobNotFound, NO_JOB))
        }
        Some(entry) if !entry.job.enabled => Err((Refusal::JobDisabled, "the job is paused")),
        Some(entry) => Ok(entry),
    };
    let entry = match entry {
        Ok(entry) => entry,
        Err((refusal, message)) => {
            return inner.refuse_unread(&parts.headers, body, refusal, message).await;
        }
    };
    let (bytes, _memory) = match inner.limits.read(&mut body, content_length(&parts.headers)).await {
        Ok(read) => read,
        Err(error) => {
            let (refusal, message) = inner.unread(error);
            return inner.refuse_unread(&parts.headers, body, refusal, &message).await;
        }
    };
    let path_and_query = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let raw = RawRequest {
        method: parts.method.as_str().to_owned(),
        url: inner.tunnel.url_of(path_and_query),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: bytes,
        received_at: inner.clock.now(),
    };
    match &entry.keys {
        Ok(keys) => inner.accept(&entry, keys, raw).await,
        // Why is in the log and in the job's state; it is none of the sender's business.
        Err(_) => answer::refused(
            Refusal::StorageUnavailable,
            "the job cannot check signatures now; try again later",
        ),
    }
}

impl Inner {
    /// Decodes, verifies, reads and stores.
    async fn accept(&self, entry: &Entry, keys: &Keys, raw: RawRequest) -> Response<Body> {
        faults::pass(Point::AfterAccept);
        let provider = &*keys.provider;
        // `None`: nothing had to be undone.
        let decoded = raw.decoded_body(self.limits.max_bytes).map(|body| match body {
            Cow::Borrowed(_) => None,
            Cow::Owned(body) => Some(body),
        });
        let tolerance_seconds = match entry.job.webhook_config.signature_tolerance_seconds {
            Some(0) => None,
            Some(seconds) => Some(seconds),
            None => provider.info().tolerance_seconds,
        };
        let now = raw.received_at;
        let secrets = keys.secrets.active(now);
        let changed = decoded.as_ref().ok().and_then(Option::as_deref);
        let mut verified = match providers::verify(provider, raw, changed, &secrets, now, tolerance_seconds) {
            Ok(verified) => verified,
            Err(refused) => {
                let (raw, error) = *refused;
                return self.reject(entry, raw, Refusal::SignatureInvalid, &error.to_string());
            }
        };
        let decoded = match decoded {
            Ok(decoded) => decoded,
            Err(error) => {
                let refusal = match error {
                    BodyError::UnknownEncoding(_) => Refusal::UnsupportedEncoding,
                    BodyError::Damaged { .. } => Refusal::InvalidPayload,
                    BodyError::TooLarge { .. } => Refusal::PayloadTooLarge,
                };
                return self.reject(entry, verified.into_request(), refusal, &error.to_string());
            }
        };
        let body = decoded.as_deref().unwrap_or(&verified.request().body);
        let head = match provider.read(verified.request(), body) {
            Ok(Reading::Event(head)) => head,
            Ok(Reading::Challenge { content_type, body }) => return answer::challenge(content_type, body),
            Err(error) => {
                return self.reject(
                    entry,
                    verified.into_request(),
                    Refusal::InvalidPayload,
                    &error.to_string(),
                );
            }
        };
        let patterns = &entry.job.webhook_config.event_types;
        let wanted = provider.is_wanted(&head, body, &|event_type| patterns.matches(event_type));
        if let Some(header) = provider.secret_header() {
            verified.withhold(header);
        }
        let event = NewEvent { job_id: entry.job.id.clone(), request: verified, head, wanted };
        // From here on the store's own copy counts.
        drop(decoded);
        let stored = tokio::time::timeout(COMMIT_TIMEOUT, self.store.ingest(event)).await;
        match stored.unwrap_or(Err(StoreError::Overloaded)) {
            Ok(ingested) => answer::received(ingested),
            Err(StoreError::NotFound { .. }) => answer::refused(Refusal::JobNotFound, NO_JOB),
            Err(error) => {
                // One line for each would be a flood; the store tells of the cause.
                tracing::debug!(job = %entry.job.id, error = %with_causes(&error), "an event could not be stored");
                answer::refused(Refusal::StorageUnavailable, storage_message(&error))
            }
        }
    }

    fn reject(
        &self,
        entry: &Entry,
        mut request: RawRequest,
        refusal: Refusal,
        error: &str,
    ) -> Response<Body> {
        // A wrong secret may be an older one, or that of something else: of another provider too, which was given this
        // job's URL.
        let own = entry.keys.as_ref().ok().map(|keys| &keys.provider);
        for header in own.into_iter().chain(providers::all()).filter_map(|provider| provider.secret_header())
        {
            request.withhold(header);
        }
        tracing::debug!(job = %entry.job.id, ?refusal, error, "a request was refused");
        self.store.keep_rejected(NewRejected {
            job_id: entry.job.id.clone(),
            request,
            head: None,
            rejection: match refusal {
                Refusal::SignatureInvalid => Rejection::Signature,
                _ => Rejection::Unreadable,
            },
            error: error.to_owned(),
        });
        answer::refused(refusal, error)
    }

    fn unread(&self, error: ReadError) -> (Refusal, String) {
        match error {
            ReadError::TooLarge => {
                (Refusal::PayloadTooLarge, format!("the body is larger than {} bytes", self.limits.max_bytes))
            }
            ReadError::TimedOut => (Refusal::RequestTimeout, "the body came too slowly".to_owned()),
            ReadError::Broken => {
                (Refusal::InvalidPayload, "the body ended early or was malformed".to_owned())
            }
            ReadError::NoRoom => {
                (Refusal::StorageUnavailable, "too many large requests at once; try again soon".to_owned())
            }
        }
    }

    /// Answers a request whose body nobody wants. A sender that waits for `100 Continue` need not send it at all.
    async fn refuse_unread(
        &self,
        headers: &HeaderMap,
        body: Body,
        refusal: Refusal,
        message: &str,
    ) -> Response<Body> {
        let waits =
            headers.get(EXPECT).is_some_and(|expect| expect.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        if !waits && refusal != Refusal::RequestTimeout {
            self.limits.discard(body).await;
        }
        answer::refused(refusal, message)
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What the sender is told: what to do, and nothing of this machine.
fn storage_message(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full => "there is no room left to store the event; try again later",
        StoreError::Overloaded => "more arrives than can be stored; try again soon",
        StoreError::Closed => "Hookline is stopping; try again soon",
        StoreError::NotFound { .. }
        | StoreError::Conflict { .. }
        | StoreError::Distrusted
        | StoreError::Sqlite(_) => "the event could not be stored; try again later",
    }
}
