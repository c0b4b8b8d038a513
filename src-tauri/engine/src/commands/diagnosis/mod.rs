//! *Why is nothing arriving?* Looks at everything between a provider and the destination, and says what is wrong.
//!
//! Gathering what is so ([`Facts`]) and judging it ([`judge`]) are kept apart: judging is pure.

use serde::Serialize;
use utoipa::ToSchema;

use super::{CommandError, Commands, status};
use crate::event::{EventStatus, JobId, SkipReason, Timestamp, WorkspaceId, with_causes};
use crate::store::{ActivityRange, EventFilter, SyncJob};

mod doctor;
mod endpoint;
mod judge;
mod rejections;

use judge::{Facts, Filtered};

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
    /// Whether the provider's endpoint, where Hookline made it, sends what the job wants.
    Endpoint,
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
    /// Set the webhook up at the provider (`POST …/endpoint`).
    CreateEndpoint,
    /// Bring the endpoint at the provider into line (`POST …/endpoint/mend`).
    MendEndpoint,
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
        let tunnels = &parts.tunnel.tunnels;
        let proof = match tunnels.prove().await {
            Some(proof) => proof,
            None => tunnels.prove_own().await,
        };
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
            tunnel: tunnels.board().status(),
            proof,
            provider_label: provider
                .as_ref()
                .map_or_else(|_| source.kind.clone(), |provider| provider.info().label.to_owned()),
            provider_has_modes: provider.as_ref().is_ok_and(|provider| provider.has_modes()),
            patterns: patterns.as_slice().to_vec(),
            unknown_patterns: if known_types.is_empty() {
                Vec::new()
            } else {
                patterns.unknown(known_types).map(str::to_owned).collect()
            },
            filtered,
            secret_problem,
            rejected_in_day: day.rejected,
            last_rejection: self.last_rejection(job, &source, provider.as_deref().ok(), since, now).await?,
            endpoint: self.endpoint_fact(job).await,
            delivery: parts.worker.state(&job.id),
            storage_problem: self
                .store()
                .check_writable()
                .await
                .err()
                .map(|error| (with_causes(&error), error.hint().unwrap_or_default())),
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
}
