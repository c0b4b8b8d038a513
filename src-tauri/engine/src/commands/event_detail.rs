//! One event with everything that is known of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use utoipa::ToSchema;

use super::event_payload::{ChangedValue, PathStep, changed, object_path};
use super::event_signature::{self, Facts, Refused, SignatureAnswer};
use super::events::EventAnswer;
use super::{CommandError, Commands};
use crate::event::{
    EventId, EventStatus, JobId, Mapping, Operation, OperationKind, RawRequest, Timestamp, WorkspaceId,
};
use crate::providers::{Provider, SharedProvider};
use crate::secrets::WebhookSecrets;
use crate::store::{Attempt, EventDetail, Neighbour, SyncJob};

/// One change of one document, in brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Operation)]
pub struct OperationAnswer {
    /// Upsert or delete.
    pub kind: OperationKind,
    /// The collection, with the job's present prefix.
    pub collection: String,
    /// The document's `_id`.
    pub document_id: String,
}

/// One event with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventDetail)]
pub struct EventDetailAnswer {
    /// Its line.
    #[serde(flatten)]
    pub event: EventAnswer,
    /// The workspace it lies in.
    pub workspace_id: WorkspaceId,
    /// The name of its job.
    pub job_name: String,
    /// The kind of its provider, such as `stripe`.
    pub provider_kind: String,
    /// The provider's name for people.
    pub provider_label: String,
    /// The method of the request.
    pub method: String,
    /// The URL that the request was sent to.
    pub url: String,
    /// The headers in the order of arrival, as pairs of name and value. Bytes that are no UTF-8 are replaced.
    #[schema(value_type = Vec<Vec<String>>)]
    pub headers: Vec<(String, String)>,
    /// The body with its `content-encoding` undone; `null` when it is not UTF-8.
    pub raw_body: Option<String>,
    /// The exact bytes of the wire, where `rawBody` is not the same.
    pub raw_body_base64: Option<String>,
    /// Whether only the beginning of the body was kept (rejected requests over 64 KiB).
    pub body_truncated: bool,
    /// What it changes, when it is one document.
    pub operation: Option<OperationAnswer>,
    /// All that it changes; more than one where a request carries several changes.
    pub operations: Vec<OperationAnswer>,
    /// Where in the payload the object of `operation` stands; an empty list is the whole payload, `null` none or nowhere.
    pub object_path: Option<Vec<PathStep>>,
    /// Which values of that object changed, as far as the provider tells; 500 at most.
    pub changed: Vec<ChangedValue>,
    /// Its signature.
    pub signature: SignatureAnswer,
    /// The event before it among those of this job about the same object, by receipt.
    pub previous_of_object: Option<NeighbourAnswer>,
    /// The event after it among those of this job about the same object, by receipt.
    pub next_of_object: Option<NeighbourAnswer>,
    /// All attempts, oldest first.
    pub history: Vec<Attempt>,
}

/// Another event about the same object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventOfObject)]
pub struct NeighbourAnswer {
    /// Its id.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it was received.
    pub received_at: Timestamp,
}

impl From<Neighbour> for NeighbourAnswer {
    fn from(Neighbour { id, event_type, received_at }: Neighbour) -> Self {
        Self { id: id.to_string(), event_type, received_at }
    }
}

impl Commands {
    /// One event, whole.
    pub async fn event(
        &self,
        workspace: &WorkspaceId,
        job_id: &JobId,
        id: EventId,
    ) -> Result<EventDetailAnswer, CommandError> {
        self.check_workspace(workspace).await?;
        let job = self.store().sync_job(workspace, job_id).await?;
        let source = self.store().source(workspace, &job.source_id).await?;
        let detail = self.store().event(job_id, id).await?;
        // A generic source that this version can no longer read must not hide the event, nor secrets that cannot be read.
        let provider = super::sources::provider_of(&source).ok();
        let secrets = self.job_secrets(job_id).await.ok().flatten();
        let event = self.event_answer(detail.row.clone());
        let looking = Looking {
            provider: provider.clone(),
            secrets,
            now: self.parts().clock.now(),
            max_body_bytes: self.parts().max_body_bytes,
        };
        let job_name = job.name.clone();
        // The body may be large, and the receiver answers on the same threads.
        let (
            Seen { headers, raw_body, raw_body_base64, operations, object_path, changed, signature },
            detail,
        ) = tokio::task::spawn_blocking(move || (looking.at(&job, &detail), detail))
            .await
            .map_err(|panicked| CommandError::internal("reading the event", &panicked))?;
        Ok(EventDetailAnswer {
            event,
            workspace_id: workspace.clone(),
            job_name,
            provider_label: provider
                .map_or_else(|| source.kind.clone(), |provider| provider.info().label.to_owned()),
            provider_kind: source.kind,
            method: detail.request.method,
            url: detail.request.url,
            headers,
            raw_body,
            raw_body_base64,
            body_truncated: detail.body_truncated,
            operation: operations.first().cloned(),
            operations,
            object_path,
            changed,
            signature,
            previous_of_object: detail.previous_of_object.map(Into::into),
            next_of_object: detail.next_of_object.map(Into::into),
            history: detail.attempts,
        })
    }
}

/// What an event is looked at with.
struct Looking {
    provider: Option<SharedProvider>,
    secrets: Option<WebhookSecrets>,
    now: Timestamp,
    max_body_bytes: usize,
}

/// What is seen in an event's request.
struct Seen {
    headers: Vec<(String, String)>,
    raw_body: Option<String>,
    raw_body_base64: Option<String>,
    operations: Vec<OperationAnswer>,
    object_path: Option<Vec<PathStep>>,
    changed: Vec<ChangedValue>,
    signature: SignatureAnswer,
}

impl Looking {
    fn at(
        &self,
        job: &SyncJob,
        EventDetail { row, request, body_truncated, rejection, .. }: &EventDetail,
    ) -> Seen {
        let provider = self.provider.as_deref();
        let decoded = request.decoded_body(self.max_body_bytes).ok();
        let decoded = decoded.as_deref();
        let rejected = row.status == EventStatus::Rejected;
        let operations = match (provider, decoded) {
            (Some(provider), Some(body)) if !rejected => operations(provider, job, request, body),
            _ => Vec::new(),
        };
        let object = operations.first().and_then(|first| first.object.as_ref());
        let object_path = object.zip(decoded).and_then(|(object, body)| object_path(body, object));
        let changed = match (&object_path, operations.first()) {
            (Some(path), Some(first)) => changed(path, first),
            _ => Vec::new(),
        };
        let signature = event_signature::look(&Facts {
            provider,
            request,
            decoded,
            body_truncated: *body_truncated,
            refused: rejected
                .then(|| Refused { rejection: *rejection, error: row.error.as_deref().unwrap_or_default() }),
            secrets: self.secrets.as_ref().map(|secrets| secrets.active(self.now)),
            tolerance_seconds: job.webhook_config.signature_tolerance_seconds,
            now: self.now,
        });
        let (raw_body, raw_body_base64) = body_texts(request, decoded);
        Seen {
            headers: shown_headers(request, provider.and_then(Provider::secret_header)),
            raw_body,
            raw_body_base64,
            operations: operations.into_iter().map(shown_operation).collect(),
            object_path,
            changed,
            signature,
        }
    }
}

/// The headers as they came, but for the one that is the secret itself.
fn shown_headers(request: &RawRequest, secret_header: Option<&str>) -> Vec<(String, String)> {
    let shown = |name: &str, value: &[u8]| {
        if secret_header == Some(name) {
            HIDDEN.to_owned()
        } else {
            String::from_utf8_lossy(value).into_owned()
        }
    };
    request.headers.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect()
}

/// The body as text where that is possible, and as base64 where the text is not what came over the wire.
fn body_texts(request: &RawRequest, decoded: Option<&[u8]>) -> (Option<String>, Option<String>) {
    let text = decoded.and_then(|body| std::str::from_utf8(body).ok());
    let same = text.is_some_and(|text| text.as_bytes() == &*request.body);
    (text.map(str::to_owned), (!same).then(|| BASE64.encode(&request.body)))
}

/// What the provider makes of the event today, collections with the job's present prefix.
fn operations(provider: &dyn Provider, job: &SyncJob, request: &RawRequest, body: &[u8]) -> Vec<Operation> {
    let wanted = |event_type: &str| job.webhook_config.event_types.matches(event_type);
    match provider.map(request, body, &wanted) {
        Ok(Mapping::Operations(mut operations)) => {
            for operation in &mut operations {
                operation.collection = format!("{}{}", job.collection_prefix, operation.collection);
            }
            operations
        }
        Ok(Mapping::Unmapped(_)) | Err(_) => Vec::new(),
    }
}

fn shown_operation(operation: Operation) -> OperationAnswer {
    OperationAnswer {
        kind: operation.kind,
        collection: operation.collection,
        document_id: operation.document_id,
    }
}

/// Stands in the place of a secret.
const HIDDEN: &str = "(hidden: it is the secret itself)";

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn request(body: &'static [u8]) -> RawRequest {
        RawRequest {
            method: "POST".into(),
            url: "http://127.0.0.1/".into(),
            headers: Vec::new(),
            body: Bytes::from_static(body),
            received_at: Timestamp::from_seconds(1),
        }
    }

    #[test]
    fn a_header_that_is_the_secret_itself_is_not_shown() {
        let mut request = request(b"{}");
        request.headers = vec![
            ("x-gitlab-token".into(), b"hush".to_vec()),
            ("x-gitlab-event".into(), b"Push Hook".to_vec()),
        ];
        let gitlab = crate::providers::find("gitlab", None).expect("is known");
        let shown = shown_headers(&request, gitlab.secret_header());
        assert_eq!(shown[0].1, HIDDEN);
        assert_eq!(shown[1].1, "Push Hook");
    }

    #[test]
    fn text_is_shown_as_text_and_other_bytes_as_base64() {
        let text = request(b"{}");
        assert_eq!(body_texts(&text, Some(b"{}")), (Some("{}".into()), None));
        let bytes = request(b"\xff\xfe");
        assert_eq!(body_texts(&bytes, Some(b"\xff\xfe")), (None, Some("//4=".into())));
    }

    #[test]
    fn an_encoded_body_is_shown_decoded_and_as_it_came() {
        let wire = request(b"zip");
        assert_eq!(body_texts(&wire, Some(b"{}")), (Some("{}".into()), Some("emlw".into())));
        assert_eq!(body_texts(&wire, None), (None, Some("emlw".into())));
    }
}
