//! Test webhooks: a sample event, signed as the provider would, sent to the job's public address.

use std::time::{Duration, Instant};

use rand::RngExt as _;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CommandError, Commands, ErrorCode, ErrorDetail, patch, validate};
use crate::event::{JobId, WorkspaceId, with_causes};
use crate::providers::samples;

/// The most of an answer's body that is kept, in bytes.
const ANSWER_BYTES: usize = 64 * 1024;
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
}

/// What became of a test webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentTest {
    /// Whether the receiver answered 2xx.
    pub ok: bool,
    /// Where it was sent.
    pub url: String,
    /// Its type.
    pub event_type: String,
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

/// A client that sends webhooks: it follows no redirect, as providers do not.
pub fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(concat!("Hookline/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(30))
        .build()
}

impl Commands {
    /// Sends a signed sample event to the job's public address and tells what was answered there. That nothing was
    /// answered is an answer too, not an error.
    pub async fn send_test(
        &self,
        workspace: &WorkspaceId,
        job_id: &JobId,
        request: SendTest,
    ) -> Result<SentTest, CommandError> {
        if let Some(pattern) = &request.event_type {
            validate::patterns("eventType", std::slice::from_ref(pattern))?;
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
        // Another seed each time: the same sample twice would be a duplicate and show nothing.
        // A sample's time grows from its start; with an early one it does not lie in the future.
        let start = now.plus_millis(-SAMPLE_HISTORY_MS);
        let sample = samples::events(&source.kind, pattern, 1, rand::rng().random(), start)
            .map_err(|error| CommandError::new(ErrorCode::Conflict, error.to_string()))?
            .pop()
            .ok_or_else(|| CommandError::new(ErrorCode::Conflict, format!("no sample for `{pattern}`")))?;

        let url = self.webhook_url(&job);
        let headers =
            provider.sign(&url, &sample.body, &sample.event_type, secrets.current.expose_secret(), now);
        let client = http_client().map_err(|error| CommandError::internal("the HTTP client", &error))?;
        let mut sending = client.post(&url).body(sample.body);
        for (name, value) in headers {
            sending = sending.header(name, value);
        }
        let started = Instant::now();
        let answered = async {
            let response = sending.send().await?;
            let status = response.status();
            Ok::<_, reqwest::Error>((status, beginning(response).await?))
        }
        .await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let event_type = sample.event_type;
        Ok(match answered {
            Ok((status, body)) => SentTest {
                ok: status.is_success(),
                url,
                event_type,
                status: Some(status.as_u16()),
                body: Some(body),
                duration_ms,
                error: None,
            },
            Err(error) => {
                let why = CommandError::new(ErrorCode::ReceiverUnreachable, without_url(error))
                    .with_hint("Check that the tunnel or proxy behind the public address runs.");
                let error = Some(why.into_body().error);
                SentTest { ok: false, url, event_type, status: None, body: None, duration_ms, error }
            }
        })
    }
}

/// The beginning of the answer's body: whatever answers at the public address may answer without end.
async fn beginning(mut response: reqwest::Response) -> Result<String, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES {
        let Some(chunk) = response.chunk().await? else { break };
        body.extend_from_slice(&chunk);
    }
    body.truncate(ANSWER_BYTES);
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// What went wrong, in one line and without the URL.
fn without_url(error: reqwest::Error) -> String {
    with_causes(&error.without_url())
}
