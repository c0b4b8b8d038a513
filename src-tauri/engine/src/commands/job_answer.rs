//! How a sync job is shown.

use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::stats::ByStatus;
use super::{CommandError, Commands};
use crate::event::{DestinationId, JobId, SourceId, Timestamp, WebhookConfig, WorkspaceId};
use crate::secrets::WebhookSecrets;
use crate::store::SyncJob;
use crate::worker::{ArchiveTrouble, DeliveryState};

/// The type of a sync job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum JobType {
    /// Syncs what a provider sends.
    Webhook,
}

/// A sync job.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SyncJob)]
pub struct JobAnswer {
    /// Its id.
    pub id: JobId,
    /// The workspace it lies in.
    pub workspace_id: WorkspaceId,
    /// The user's name for it.
    pub name: String,
    /// Always `webhook` at present.
    #[serde(rename = "type")]
    pub job_type: JobType,
    /// Where events come from.
    pub source_id: SourceId,
    /// Where objects go.
    pub destination_id: DestinationId,
    /// Whether it receives; a paused job answers 403.
    pub enabled: bool,
    /// What the provider has to send to.
    pub webhook_url: String,
    /// The current signing secret: only where it was just made or was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub webhook_secret: Option<String>,
    /// Until when the secret before this one counts, right after it was replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub old_secret_valid_until: Option<Timestamp>,
    /// How it receives and applies.
    pub webhook_config: WebhookConfig,
    /// Put before each collection's name.
    pub collection_prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// What its delivery is doing.
    pub delivery: DeliveryState,
    /// How many events it has in each status.
    pub stats: ByStatus,
    /// How its archive keeps up; `null` when it has none.
    pub archive: Option<ArchiveAnswer>,
    /// What may not be meant so, for people.
    pub warnings: Vec<String>,
}

/// How a job's archive keeps up.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ArchiveState)]
pub struct ArchiveAnswer {
    /// How many events and executions are still to be archived, counted up to 10,000.
    pub waiting: u64,
    /// Why it takes nothing, or not everything; `null` when nothing is wrong.
    pub trouble: Option<ArchiveTrouble>,
}

/// All jobs of a workspace, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobList {
    /// The jobs.
    pub sync_jobs: Vec<JobAnswer>,
}

/// Whether an answer holds the signing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShowSecret {
    Yes,
    No,
}

impl Commands {
    /// The address that the provider has to send to.
    pub(super) fn webhook_url(&self, job: &SyncJob) -> String {
        let path = format!("/api/webhooks/{}/{}", job.workspace_id, job.id);
        self.parts().tunnel.tunnels.board().url_of(&path)
    }

    pub(super) async fn job_answer(
        &self,
        job: SyncJob,
        show: ShowSecret,
        known_types: &[&str],
    ) -> Result<JobAnswer, CommandError> {
        let webhook_secret = match show {
            ShowSecret::Yes => {
                self.job_secrets(&job.id).await?.map(|secrets| secrets.current.expose_secret().to_owned())
            }
            ShowSecret::No => None,
        };
        let webhook_url = self.webhook_url(&job);
        let delivery = self.parts().worker.state(&job.id);
        let stats = ByStatus::new(self.store().counts(&job.id), &delivery);
        let warnings = warnings(&job.webhook_config, known_types);
        let archive = match job.webhook_config.archive {
            Some(_) => Some(ArchiveAnswer {
                waiting: self.store().archive_waiting(&job.id).await?,
                trouble: self.parts().worker.archive_trouble(&job.id),
            }),
            None => None,
        };
        let SyncJob {
            id,
            workspace_id,
            name,
            source_id,
            destination_id,
            enabled,
            webhook_config,
            collection_prefix,
            created_at,
            updated_at,
        } = job;
        Ok(JobAnswer {
            id,
            workspace_id,
            name,
            job_type: JobType::Webhook,
            source_id,
            destination_id,
            enabled,
            webhook_url,
            webhook_secret,
            old_secret_valid_until: None,
            webhook_config,
            collection_prefix,
            created_at,
            updated_at,
            delivery,
            stats,
            archive,
            warnings,
        })
    }

    pub(super) async fn job_secrets(&self, job: &JobId) -> Result<Option<WebhookSecrets>, CommandError> {
        let job = job.clone();
        self.with_secrets(move |secrets| WebhookSecrets::load(secrets.as_ref(), &job)).await
    }
}

fn warnings(config: &WebhookConfig, known_types: &[&str]) -> Vec<String> {
    let mut warnings = Vec::new();
    // A provider that lists no types has none that could be misspelt.
    if !known_types.is_empty() {
        warnings.extend(config.event_types.unknown(known_types).map(|pattern| {
            format!("`{pattern}` matches no event type that is known; it is kept, but check its spelling")
        }));
    }
    if config.signature_tolerance_seconds == Some(0) {
        warnings.push(
            "the signature's timestamp is not checked (signatureToleranceSeconds is 0): a request that was \
             overheard can be sent again at any time"
                .to_owned(),
        );
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TypePatterns;

    #[test]
    fn what_may_not_be_meant_so_is_said() {
        let config = WebhookConfig {
            event_types: TypePatterns::new(["customer.*", "custmer.created"]),
            signature_tolerance_seconds: Some(0),
            ..WebhookConfig::default()
        };
        let said = warnings(&config, &["customer.created"]);
        assert_eq!(said.len(), 2);
        assert!(said[0].contains("`custmer.created`"));
        assert!(said[1].contains("signatureToleranceSeconds"));
        assert!(warnings(&WebhookConfig::default(), &["customer.created"]).is_empty());
    }
}
