//! One event with everything that is known of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use utoipa::ToSchema;

use super::events::EventAnswer;
use super::{CommandError, Commands};
use crate::event::{EventId, EventStatus, JobId, Mapping, OperationKind, RawRequest, WorkspaceId};
use crate::providers::Provider;
use crate::store::{Attempt, EventDetail, SyncJob};

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
    /// All attempts, oldest first.
    pub history: Vec<Attempt>,
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
        let EventDetail { row, request, body_truncated, attempts } = self.store().event(job_id, id).await?;
        // A generic source that this version can no longer read must not hide the event.
        let provider = self.job_provider(&job).await.ok();
        let decoded = request.decoded_body(self.parts().max_body_bytes).ok();
        let operations = match (&provider, &decoded) {
            (Some(provider), Some(body)) if row.status != EventStatus::Rejected => {
                operations(provider.as_ref(), &job, &request, body)
            }
            _ => Vec::new(),
        };
        let (raw_body, raw_body_base64) = body_texts(&request, decoded.as_deref());
        Ok(EventDetailAnswer {
            event: self.event_answer(row),
            method: request.method.clone(),
            url: request.url.clone(),
            headers: shown_headers(&request, provider.as_deref().and_then(Provider::secret_header)),
            raw_body,
            raw_body_base64,
            body_truncated,
            operation: operations.first().cloned(),
            operations,
            history: attempts,
        })
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

/// What the provider makes of the event today.
fn operations(
    provider: &dyn Provider,
    job: &SyncJob,
    request: &RawRequest,
    body: &[u8],
) -> Vec<OperationAnswer> {
    let wanted = |event_type: &str| job.webhook_config.event_types.matches(event_type);
    match provider.map(request, body, &wanted) {
        Ok(Mapping::Operations(operations)) => operations
            .into_iter()
            .map(|operation| OperationAnswer {
                kind: operation.kind,
                collection: format!("{}{}", job.collection_prefix, operation.collection),
                document_id: operation.document_id,
            })
            .collect(),
        Ok(Mapping::Unmapped(_)) | Err(_) => Vec::new(),
    }
}

/// Stands in the place of a secret.
const HIDDEN: &str = "(hidden: it is the secret itself)";

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::event::Timestamp;

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
