//! Test webhooks: a sample event or a given body, signed as the provider would, sent to the job's public address.

use std::time::{Duration, Instant};

use rand::RngExt as _;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CommandError, Commands, ErrorCode, ErrorDetail, patch, validate};
use crate::event::{JobId, RawRequest, Timestamp, TypePatterns, WorkspaceId, with_causes};
use crate::providers::{Provider, Reading, samples};
use crate::tunnel::proof::like_a_provider;

/// The most of an answer's body that is kept, in bytes.
const ANSWER_BYTES: usize = 64 * 1024;
/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How far back the story begins that a sample is taken from: the lives of samples take minutes.
const SAMPLE_HISTORY_MS: i64 = 3_600_000;

/// Which test webhook is sent.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendTest {
    /// The type, or a pattern that it has to match; the job's first one unless given.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(nullable = false, min_length = 1, max_length = 200, pattern = r"^[!-~]+$")]
    pub event_type: Option<String>,
    /// The body to be sent exactly as it is, in the place of a sample; as long as the receiver takes at most. The type is
    /// then needed only by providers that name it in a header.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(nullable = false, min_length = 1)]
    pub body: Option<String>,
}

/// What became of a test webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentTest {
    /// Whether the receiver answered 2xx.
    pub ok: bool,
    /// Where it was sent.
    pub url: String,
    /// Its type, as the provider reads it; the one that was asked for, where the body is no event of the provider.
    pub event_type: String,
    /// The event that it became, or that it is a duplicate of; `null` when it was refused.
    pub event_id: Option<String>,
    /// Whether the receiver knew the event already and did nothing.
    pub duplicate: bool,
    /// The answer's status; `null` when there was no answer.
    pub status: Option<u16>,
    /// The answer's body as text, at most 64 KiB; `null` when there was no answer.
    pub body: Option<String>,
    /// How long the answer took, in milliseconds.
    pub duration_ms: u64,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<ErrorDetail>,
}

impl Commands {
    /// Sends a signed sample event, or the body that is given, to the job's public address and tells what was answered
    /// there. That nothing was answered is an answer too, not an error.
    pub async fn send_test(
        &self,
        workspace: &WorkspaceId,
        job_id: &JobId,
        request: SendTest,
    ) -> Result<SentTest, CommandError> {
        if let Some(pattern) = &request.event_type {
            validate::patterns("eventType", std::slice::from_ref(pattern))?;
        }
        let limit = self.parts().max_body_bytes;
        if let Some(body) = request.body.as_ref().filter(|body| body.is_empty() || body.len() > limit) {
            let message = format!("a body has 1 to {limit} bytes, this one {}", body.len());
            return Err(CommandError::invalid("body", message));
        }
        self.check_workspace(workspace).await?;
        let job = self.store().sync_job(workspace, job_id).await?;
        let source = self.store().source(workspace, &job.source_id).await?;
        let provider = super::sources::provider_of(&source)?;
        let secrets = self.job_secrets(job_id).await?.ok_or_else(|| {
            CommandError::new(ErrorCode::Conflict, "the job has no signing secret")
                .with_hint("`hookline jobs rotate-secret` makes one.")
        })?;
        let wanted = job.webhook_config.event_types.as_slice().first().map_or("*", String::as_str);
        let pattern = request.event_type.as_deref().unwrap_or(wanted);
        let now = self.parts().clock.now();
        let (body, event_type) = match request.body {
            Some(body) => (body.into_bytes(), named_type(provider.as_ref(), pattern)),
            None => sample(&source.kind, pattern, now)?,
        };

        let url = self.webhook_url(&job);
        let headers = provider.sign(&url, &body, &event_type, secrets.current.expose_secret(), now);
        let event_type = read_type(provider.as_ref(), &url, &headers, &body, now).unwrap_or(event_type);
        let client = like_a_provider().timeout(ANSWER_WITHIN).build();
        let client = client.map_err(|error| CommandError::internal("the HTTP client", &error))?;
        let mut sending = client.post(&url).body(body);
        for (name, value) in headers {
            sending = sending.header(name, value);
        }
        let started = Instant::now();
        let answered = async {
            let response = sending.send().await?;
            let status = response.status();
            Ok::<_, reqwest::Error>((status, beginning(response, ANSWER_BYTES).await?))
        }
        .await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(match answered {
            Ok((status, body)) => {
                // Whatever answers at the public address need not be this receiver.
                let received: Received = if status.is_success() {
                    serde_json::from_str(&body).unwrap_or_default()
                } else {
                    Received::default()
                };
                SentTest {
                    ok: status.is_success(),
                    url,
                    event_type,
                    event_id: received.event_id,
                    duplicate: received.duplicate,
                    status: Some(status.as_u16()),
                    body: Some(body),
                    duration_ms,
                    error: None,
                }
            }
            Err(error) => {
                let why = CommandError::new(ErrorCode::ReceiverUnreachable, without_url(error))
                    .with_hint("Check that the tunnel or proxy behind the public address runs.");
                SentTest {
                    ok: false,
                    url,
                    event_type,
                    event_id: None,
                    duplicate: false,
                    status: None,
                    body: None,
                    duration_ms,
                    error: Some(why.into_body().error),
                }
            }
        })
    }
}

/// What the receiver answers to what it takes.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Received {
    event_id: Option<String>,
    duplicate: bool,
}

/// A sample event whose type matches the pattern, and its type.
fn sample(kind: &str, pattern: &str, now: Timestamp) -> Result<(Vec<u8>, String), CommandError> {
    // Another seed each time: the same sample twice would be a duplicate and show nothing.
    // A sample's time grows from its start; with an early one it does not lie in the future.
    let start = now.plus_millis(-SAMPLE_HISTORY_MS);
    let sample = samples::events(kind, pattern, 1, rand::rng().random(), start)
        .map_err(|error| CommandError::new(ErrorCode::Conflict, error.to_string()))?
        .pop()
        .ok_or_else(|| CommandError::new(ErrorCode::Conflict, format!("no sample for `{pattern}`")))?;
    Ok((sample.body, sample.event_type))
}

/// The type to be named in a header where the provider has it there: the pattern itself where it is a type, else the
/// first known type that it matches.
fn named_type(provider: &dyn Provider, pattern: &str) -> String {
    let pattern = pattern.trim();
    if !pattern.contains('*') {
        return pattern.to_owned();
    }
    let patterns = TypePatterns::new([pattern]);
    let known = provider.info().known_types.iter().find(|known| patterns.matches(known));
    known.map_or_else(|| "test".to_owned(), |known| (*known).to_owned())
}

/// The event's type as the receiver will read it, where it can.
fn read_type(
    provider: &dyn Provider,
    url: &str,
    headers: &[(String, String)],
    body: &[u8],
    now: Timestamp,
) -> Option<String> {
    let request = RawRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone().into_bytes()))
            .collect(),
        body: bytes::Bytes::copy_from_slice(body),
        received_at: now,
    };
    match provider.read(&request, body) {
        Ok(Reading::Event(head)) => Some(head.event_type),
        Ok(Reading::Challenge { .. }) | Err(_) => None,
    }
}

/// The beginning of the answer's body: whatever answers at the public address may answer without end.
pub(super) async fn beginning(
    mut response: reqwest::Response,
    bytes: usize,
) -> Result<String, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() < bytes {
        let Some(chunk) = response.chunk().await? else { break };
        body.extend_from_slice(&chunk);
    }
    body.truncate(bytes);
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// What went wrong, in one line and without the URL.
fn without_url(error: reqwest::Error) -> String {
    with_causes(&error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers;

    #[test]
    fn a_header_names_the_type_that_was_asked_for_or_a_known_one() {
        let github = providers::find("github", None).expect("is known");
        assert_eq!(named_type(github.as_ref(), "issues.opened"), "issues.opened");
        assert_eq!(named_type(github.as_ref(), "pull_request.*"), "pull_request.assigned");
        assert_eq!(named_type(github.as_ref(), "nothing.like.it.*"), "test");
    }

    #[test]
    fn the_type_that_is_told_is_the_one_in_the_body() {
        let stripe = providers::find("stripe", None).expect("is known");
        let now = Timestamp::from_seconds(1_735_689_600);
        let read = |body: &str| {
            let headers = stripe.sign("http://127.0.0.1/", body.as_bytes(), "x", "whsec_test", now);
            read_type(stripe.as_ref(), "http://127.0.0.1/", &headers, body.as_bytes(), now)
        };
        let body = r#"{"id":"evt_1","type":"invoice.paid","created":1735689600,"data":{"object":{"id":"in_1","object":"invoice"}}}"#;
        assert_eq!(read(body).as_deref(), Some("invoice.paid"));
        assert_eq!(read("no event"), None);
    }
}
