//! *Why is nothing arriving?* Looks at everything between a provider and the destination, and says what is wrong.
//!
//! Gathering what is so ([`Facts`]) and judging it ([`judge`]) are kept apart: judging is pure.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::event_signature::{self, SignatureStatus};
use super::send::http_client;
use super::{CommandError, Commands, status};
use crate::event::{EventStatus, JobId, SkipReason, Timestamp, WorkspaceId, with_causes};
use crate::providers::{self, Provider};
use crate::store::{ActivityRange, EventFilter, SyncJob};

mod judge;

use judge::{Facts, Filtered, LastRejection, Reach, Suspicion};

/// How long the public address may take to answer.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of an answer from there is read, in bytes.
const REACH_BYTES: usize = 4096;
/// How far back rejections and skipped events are looked at.
const LOOKED_BACK_MS: i64 = 24 * 3_600_000;
/// How many of the newest events are looked at for what was filtered out.
const NEWEST: u32 = 200;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// Whether the receiver listens.
    Receiver,
    /// Whether the job takes events.
    Enabled,
    /// Whether there is a public address.
    PublicUrl,
    /// Whether a request to the job's address comes back to a receiver of Hookline's.
    Reachable,
    /// Whether the selected event types leave anything over.
    EventTypes,
    /// Whether there is a signing secret to check with.
    Secret,
    /// Whether requests were refused lately.
    Rejections,
    /// Whether the destination takes what comes in.
    Destination,
    /// Whether events can be stored.
    Storage,
    /// When the last event came in.
    LastEvent,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FindingState {
    /// As it should be.
    Ok,
    /// It may not be meant so.
    Warning,
    /// Nothing can arrive like this.
    Problem,
}

/// What would help, as far as Hookline itself can do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FindingAction {
    /// Let the job take events again (`enabled`).
    Resume,
    /// Change the job.
    EditJob,
    /// Set another signing secret.
    RotateSecret,
    /// Check the destination.
    CheckDestination,
    /// Look at the requests that were refused.
    ShowRejected,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// What.
    pub check: Check,
    /// How it is.
    pub state: FindingState,
    /// The same in words.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What would help.
    pub action: Option<FindingAction>,
}

/// Why nothing is arriving, or that all is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// When this was looked at.
    pub checked_at: Timestamp,
    /// Everything that was looked at, always in this order.
    pub findings: Vec<Finding>,
    /// The likeliest cause in one sentence.
    pub summary: String,
}

impl Commands {
    /// Looks at everything between the provider and the destination of a job. Sends one request to its public address,
    /// about a job that does not exist, so that nothing is stored.
    pub async fn diagnosis(&self, workspace: &WorkspaceId, id: &JobId) -> Result<Diagnosis, CommandError> {
        self.check_workspace(workspace).await?;
        let job = self.store().sync_job(workspace, id).await?;
        let now = self.parts().clock.now();
        let facts = self.facts(&job, now).await?;
        let (findings, summary) = judge::judge(&facts);
        Ok(Diagnosis { checked_at: now, findings, summary })
    }

    async fn facts(&self, job: &SyncJob, now: Timestamp) -> Result<Facts, CommandError> {
        let parts = self.parts();
        let source = self.store().source(&job.workspace_id, &job.source_id).await?;
        let provider = super::sources::provider_of(&source);
        let secrets = self.job_secrets(&job.id).await;
        let secret_problem = match (&provider, &secrets) {
            (Err(error), _) | (_, Err(error)) => Some(error.message.clone()),
            (Ok(_), Ok(None)) => Some("the job has no signing secret".to_owned()),
            (Ok(_), Ok(Some(_))) => None,
        };
        let board = parts.tunnel.tunnels.board();
        let (base_url, public) = (board.base_url(), board.status().public_url.is_some());
        let since = now.plus_millis(-LOOKED_BACK_MS);
        let range = ActivityRange {
            first_minute: since.seconds().div_euclid(60),
            end_minute: now.seconds().div_euclid(60) + 1,
            point_minutes: LOOKED_BACK_MS / 60_000 + 1,
        };
        let day = self.store().activity(&job.workspace_id, Some(&job.id), range).await?;
        let day = day.into_iter().next().unwrap_or_default();
        let filtered = self.filtered(job, since).await?;
        let known_types = provider.as_ref().map(|provider| provider.info().known_types).unwrap_or_default();
        let patterns = &job.webhook_config.event_types;
        Ok(Facts {
            now,
            listening: status::is_listening(&parts.receiver_url).await,
            enabled: job.enabled,
            public_url: public.then(|| base_url.clone()),
            reach: reach(&format!("{base_url}/api/webhooks/{}/{}", job.workspace_id, JobId::generate()))
                .await,
            provider_label: provider
                .as_ref()
                .map_or_else(|_| source.kind.clone(), |provider| provider.info().label.to_owned()),
            patterns: patterns.as_slice().to_vec(),
            unknown_patterns: if known_types.is_empty() {
                Vec::new()
            } else {
                patterns.unknown(known_types).map(str::to_owned).collect()
            },
            filtered,
            secret_problem,
            rejected_in_day: day.rejected,
            last_rejection: self.last_rejection(job, provider.as_deref().ok(), since, now).await?,
            delivery: parts.worker.state(&job.id),
            storage_problem: self.store().check_writable().await.err().map(|error| with_causes(&error)),
            last_received_at: self.store().last_received_at(&job.id).await?,
        })
    }

    /// What the job's selection filtered out of its newest events.
    async fn filtered(&self, job: &SyncJob, since: Timestamp) -> Result<Filtered, CommandError> {
        let filter = EventFilter {
            workspace_id: Some(job.workspace_id.clone()),
            job_id: Some(job.id.clone()),
            statuses: vec![
                EventStatus::Pending,
                EventStatus::Completed,
                EventStatus::Failed,
                EventStatus::Skipped,
            ],
            from: Some(since),
            ..EventFilter::default()
        };
        let newest = self.store().events(filter, None, NEWEST).await?.events;
        let mut filtered = Filtered { all: !newest.is_empty(), types: Vec::new() };
        for row in newest {
            if row.reason != Some(SkipReason::Filtered) {
                filtered.all = false;
            } else if !filtered.types.contains(&row.head.event_type) {
                filtered.types.push(row.head.event_type);
            }
        }
        Ok(filtered)
    }

    async fn last_rejection(
        &self,
        job: &SyncJob,
        provider: Option<&dyn Provider>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<LastRejection>, CommandError> {
        let filter = EventFilter {
            workspace_id: Some(job.workspace_id.clone()),
            job_id: Some(job.id.clone()),
            statuses: vec![EventStatus::Rejected],
            from: Some(since),
            ..EventFilter::default()
        };
        let Some(row) = self.store().events(filter, None, 1).await?.events.pop() else {
            return Ok(None);
        };
        // It may have been pushed out of the ring meanwhile: then there is nothing to be learnt from it.
        let Ok(detail) = self.store().event(&job.id, row.id).await else {
            return Ok(None);
        };
        let error = row.error.unwrap_or_default();
        let secrets = self.job_secrets(&job.id).await.ok().flatten();
        let decoded = detail.request.decoded_body(self.parts().max_body_bytes).ok();
        let signature = event_signature::look(&event_signature::Facts {
            provider,
            request: &detail.request,
            decoded: decoded.as_deref(),
            body_truncated: detail.body_truncated,
            refused: Some(event_signature::Refused { rejection: detail.rejection, error: &error }),
            secrets: secrets.as_ref().map(|secrets| secrets.active(now)),
            tolerance_seconds: job.webhook_config.signature_tolerance_seconds,
            now,
        });
        let has = |header: &str| detail.request.headers.iter().any(|(name, _)| name == header);
        let signed = signature.header.as_deref().is_some_and(has);
        let another = || {
            let signs = |other: &&providers::SharedProvider| has(&other.signing().header);
            providers::all().iter().find(signs).map(|other| other.info().label)
        };
        let off = signature
            .age_seconds
            .zip(signature.tolerance_seconds)
            .filter(|(age, tolerance)| age.saturating_abs() > i64::from(*tolerance));
        let suspicion = match (signature.status, signature.matches_now) {
            (SignatureStatus::Unreadable, _) => Suspicion::Unreadable,
            _ if !signed => another().map_or(Suspicion::Unsigned, Suspicion::AnotherProvider),
            (_, Some(true)) => off.map_or(Suspicion::Over, |(age, _)| Suspicion::Clock { age_seconds: age }),
            _ => Suspicion::WrongSecret,
        };
        Ok(Some(LastRejection { at: row.received_at, error, suspicion }))
    }
}

/// Asks the public address for a job that does not exist: only Hookline's receiver has its answer to that.
async fn reach(url: &str) -> Reach {
    let asked = async {
        let client = http_client().map_err(|error| with_causes(&error))?;
        let response = client.post(url).send().await.map_err(|error| with_causes(&error.without_url()))?;
        let status = response.status().as_u16();
        let body = super::send::beginning(response, REACH_BYTES)
            .await
            .map_err(|error| with_causes(&error.without_url()))?;
        Ok::<_, String>((status, body))
    };
    match tokio::time::timeout(REACH_TIMEOUT, asked).await {
        Err(_elapsed) => Reach::Silent { seconds: REACH_TIMEOUT.as_secs() },
        Ok(Err(error)) => Reach::Failed { error },
        Ok(Ok((status, body))) => {
            let answer: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
            if status == 404 && answer["error"]["code"] == "job_not_found" {
                Reach::Receiver
            } else {
                Reach::SomethingElse { status }
            }
        }
    }
}
