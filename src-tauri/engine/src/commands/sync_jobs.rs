//! Sync jobs: source → destination.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use super::endpoints::DeletedJob;
use super::job_answer::{JobAnswer, JobList, ShowSecret};
use super::sources::provider_of;
use super::webhook_config::{WebhookConfigInput, check_archive};
use super::{CommandError, Commands, ErrorCode, patch, validate};
use crate::event::{DestinationId, JobId, SourceId, WebhookConfig, WorkspaceId};
use crate::providers::Provider;
use crate::secrets::{SecretName, WebhookSecrets};
use crate::store::SyncJob;

/// The type of a job that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RequestedType {
    /// Syncs what a provider sends.
    #[default]
    Webhook,
    /// Fetches from a provider's API at set times.
    Scheduled,
}

/// A job to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateJob {
    /// The id of the same job in another Hookline, so that both have one URL; a new one unless given.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{32}$")]
    pub id: Option<String>,
    /// A name for people; made from the source and the destination unless given.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")]
    pub name: Option<String>,
    /// `webhook`. (`scheduled` is not available yet.)
    #[serde(default, rename = "type")]
    #[schema(value_type = super::job_answer::JobType, required = false)]
    pub job_type: RequestedType,
    /// Where events come from.
    pub source_id: SourceId,
    /// Where objects go.
    pub destination_id: DestinationId,
    /// Whether it receives from the start; yes unless given.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// How it receives and applies.
    #[serde(default, deserialize_with = "patch::object")]
    pub webhook_config: Option<WebhookConfigInput>,
    /// Put before each collection's name; the source's kind and `_` unless given.
    #[serde(default)]
    #[schema(max_length = 64, pattern = r"^[A-Za-z0-9_-]*$")]
    pub collection_prefix: Option<String>,
}

/// Changes of a job: what is not named stays. The type cannot be changed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateJob {
    /// Another name.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
    )]
    pub name: Option<String>,
    /// Another source, of the same kind.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(nullable = false)]
    pub source_id: Option<SourceId>,
    /// Another destination, for events applied from now on.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(nullable = false)]
    pub destination_id: Option<DestinationId>,
    /// Receive, or pause.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(nullable = false)]
    pub enabled: Option<bool>,
    /// Changes of how it receives and applies: what is not named stays here too.
    #[serde(default, deserialize_with = "patch::object")]
    pub webhook_config: Option<WebhookConfigInput>,
    /// Another prefix, for events applied from now on.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(nullable = false, max_length = 64, pattern = r"^[A-Za-z0-9_-]*$")]
    pub collection_prefix: Option<String>,
}

/// How a job's secret is replaced.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegenerateSecret {
    /// For how many hours the old secret counts too; 24 unless given.
    #[serde(default, deserialize_with = "patch::number")]
    #[schema(nullable = false, minimum = 0, maximum = 168)]
    pub keep_old_for_hours: Option<u32>,
    /// The new secret, where the provider made one; generated unless given.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 4096, pattern = r"^[!-~]([ -~]*[!-~])?$", write_only)]
    pub secret: Option<SecretString>,
}

impl Commands {
    /// All jobs of a workspace.
    pub async fn sync_jobs(&self, workspace: &WorkspaceId) -> Result<JobList, CommandError> {
        self.check_workspace(workspace).await?;
        let sources = self.store().sources(workspace).await?;
        let mut sync_jobs = Vec::new();
        for job in self.store().sync_jobs(Some(workspace)).await? {
            // A generic source that this version can no longer read must not hide the list.
            let provider = sources
                .iter()
                .find(|source| source.id == job.source_id)
                .and_then(|source| provider_of(source).ok());
            let known_types = provider.as_ref().map_or(&[][..], |provider| provider.info().known_types);
            sync_jobs.push(self.job_answer(job, ShowSecret::No, known_types).await?);
        }
        Ok(JobList { sync_jobs })
    }

    /// One job, with its secret if asked for.
    pub async fn sync_job(
        &self,
        workspace: &WorkspaceId,
        id: &JobId,
        show_secret: bool,
    ) -> Result<JobAnswer, CommandError> {
        self.check_workspace(workspace).await?;
        let job = self.store().sync_job(workspace, id).await?;
        let provider = self.job_provider(&job).await?;
        let show = if show_secret { ShowSecret::Yes } else { ShowSecret::No };
        self.job_answer(job, show, provider.info().known_types).await
    }

    /// Makes a job. Its secret is in the answer.
    pub async fn create_sync_job(
        &self,
        workspace: &WorkspaceId,
        request: CreateJob,
    ) -> Result<JobAnswer, CommandError> {
        let CreateJob {
            id,
            name,
            job_type,
            source_id,
            destination_id,
            enabled,
            webhook_config,
            collection_prefix,
        } = request;
        if job_type == RequestedType::Scheduled {
            return Err(CommandError::invalid("type", "scheduled jobs are not available yet")
                .with_hint("Make a job of type `webhook`: it syncs what the provider sends."));
        }
        check_name_and_prefix(name.as_deref(), collection_prefix.as_deref())?;
        let id = id.map(|id| validate::job_id("id", id)).transpose()?;
        let input = webhook_config.unwrap_or_default();
        let mut config = WebhookConfig::default();
        input.apply(&mut config)?;
        self.check_workspace(workspace).await?;

        let _changing = self.lock_changes().await;
        let id = match id {
            Some(id) => self.unused(id).await?,
            None => JobId::generate(),
        };
        let source = self.store().source(workspace, &source_id).await?;
        let destination = self.store().destination(workspace, &destination_id).await?;
        check_archive(&config, &destination, "webhookConfig.archive")?;
        let provider = provider_of(&source)?;
        let secret = match input.secret {
            Some(secret) => {
                check_secret(provider.as_ref(), "webhookConfig.secret", &secret)?;
                secret
            }
            None => SecretString::from(provider.generate_secret()),
        };
        let now = self.parts().clock.now();
        let job = SyncJob {
            id,
            workspace_id: workspace.clone(),
            name: name.unwrap_or_else(|| {
                validate::derived_name(&format!("{} → {}", source.name, destination.name))
            }),
            source_id,
            destination_id,
            enabled: enabled.unwrap_or(true),
            webhook_config: config,
            collection_prefix: collection_prefix.unwrap_or_else(|| validate::default_prefix(&source.kind)),
            created_at: now,
            updated_at: now,
        };
        self.save_secrets(&job.id, WebhookSecrets::new(secret)).await?;
        if let Err(error) = self.store().put_sync_job(job.clone()).await {
            return Err(self.undo_secret(SecretName::webhook(&job.id), None, error.into()).await);
        }
        self.reload().await?;
        self.job_answer(job, ShowSecret::Yes, provider.info().known_types).await
    }

    /// Changes a job. A new secret takes the place of the old one at once; see [`Commands::regenerate_secret`].
    pub async fn update_sync_job(
        &self,
        workspace: &WorkspaceId,
        id: &JobId,
        request: UpdateJob,
    ) -> Result<JobAnswer, CommandError> {
        let UpdateJob { name, source_id, destination_id, enabled, webhook_config, collection_prefix } =
            request;
        check_name_and_prefix(name.as_deref(), collection_prefix.as_deref())?;
        self.check_workspace(workspace).await?;

        let _changing = self.lock_changes().await;
        let mut job = self.store().sync_job(workspace, id).await?;
        let input = webhook_config.unwrap_or_default();
        input.apply(&mut job.webhook_config)?;
        if let Some(source_id) = source_id {
            let (old, new) = (
                self.store().source(workspace, &job.source_id).await?,
                self.store().source(workspace, &source_id).await?,
            );
            if old.kind != new.kind {
                return Err(CommandError::contradiction(
                    "sourceId",
                    format!(
                        "the job's source is of kind `{}` and its events are read so; `{}` needs a job of its own",
                        old.kind, new.kind
                    ),
                ));
            }
            if job.source_id != source_id && self.store().provider_endpoint(id).await?.is_some() {
                return Err(CommandError::contradiction(
                    "sourceId",
                    "Hookline has set up the webhook in the account of the job's present source",
                )
                .with_hint("Remove the endpoint first, and set it up again with the other source."));
            }
            job.source_id = source_id;
        }
        let field = if destination_id.is_some() { "destinationId" } else { "webhookConfig.archive" };
        job.destination_id = destination_id.unwrap_or(job.destination_id);
        let destination = self.store().destination(workspace, &job.destination_id).await?;
        check_archive(&job.webhook_config, &destination, field)?;
        job.name = name.unwrap_or(job.name);
        job.enabled = enabled.unwrap_or(job.enabled);
        job.collection_prefix = collection_prefix.unwrap_or(job.collection_prefix);
        let now = self.parts().clock.now();
        job.updated_at = now;
        let provider = self.job_provider(&job).await?;
        let before = match input.secret {
            Some(secret) => {
                check_secret(provider.as_ref(), "webhookConfig.secret", &secret)?;
                let name = SecretName::webhook(id);
                let before = self.with_secrets(move |secrets| secrets.get(&name)).await?;
                self.save_secrets(id, WebhookSecrets::new(secret)).await?;
                Some(before)
            }
            None => None,
        };
        if let Err(error) = self.store().put_sync_job(job.clone()).await {
            return Err(match before {
                Some(before) => self.undo_secret(SecretName::webhook(id), before, error.into()).await,
                None => error.into(),
            });
        }
        self.reload().await?;
        self.job_answer(job, ShowSecret::No, provider.info().known_types).await
    }

    /// Deletes a job with its events, executions and secret. What it synced stays in the destination. The endpoint that
    /// Hookline made at the provider goes first, if that is wanted: when it cannot be removed, the job stays.
    pub async fn delete_sync_job(
        &self,
        workspace: &WorkspaceId,
        id: &JobId,
        remove_endpoint: bool,
    ) -> Result<DeletedJob, CommandError> {
        self.check_workspace(workspace).await?;
        let job = self.store().sync_job(workspace, id).await?;
        // What is being made for it is made to the end first: it would be left where nobody knows it.
        let turn = self.parts().endpoints.turn(id).await;
        let endpoint = self.endpoint_of_deleted(&job, remove_endpoint, &turn).await?;
        let _changing = self.lock_changes().await;
        self.store().delete_sync_job(workspace, id).await?;
        self.forget_secret(SecretName::webhook(id)).await;
        self.reload().await?;
        Ok(DeletedJob::new(id.clone(), endpoint))
    }

    /// Replaces a job's secret; the old one counts for a while, so that the provider can be told in peace.
    pub async fn regenerate_secret(
        &self,
        workspace: &WorkspaceId,
        id: &JobId,
        request: RegenerateSecret,
    ) -> Result<JobAnswer, CommandError> {
        let hours = request.keep_old_for_hours.unwrap_or(24);
        validate::range("keepOldForHours", hours, 0..=168)?;
        self.check_workspace(workspace).await?;

        let _changing = self.lock_changes().await;
        let job = self.store().sync_job(workspace, id).await?;
        let provider = self.job_provider(&job).await?;
        let new = match request.secret {
            Some(secret) => {
                check_secret(provider.as_ref(), "secret", &secret)?;
                secret
            }
            None => SecretString::from(provider.generate_secret()),
        };
        let now = self.parts().clock.now();
        let old_valid_until = now.plus_millis(i64::from(hours) * 3_600_000);
        let (secrets, old_valid_until) = match self.job_secrets(id).await? {
            Some(mut secrets) => {
                secrets.rotate(new, old_valid_until, now);
                (secrets, (hours > 0).then_some(old_valid_until))
            }
            None => (WebhookSecrets::new(new), None),
        };
        self.save_secrets(id, secrets).await?;
        self.reload().await?;
        let answer = self.job_answer(job, ShowSecret::Yes, provider.info().known_types).await?;
        Ok(JobAnswer { old_secret_valid_until: old_valid_until, ..answer })
    }

    /// Refuses the id of a job that is there, or of one whose events are still being deleted.
    async fn unused(&self, id: JobId) -> Result<JobId, CommandError> {
        if self.store().job_id_is_used(&id).await? {
            let message = format!("there is a sync job with the id {id} already");
            return Err(CommandError::contradiction("id", message)
                .with_hint("Change that job, or delete it first and try again in a moment."));
        }
        Ok(id)
    }

    /// The provider of a job's source.
    pub(super) async fn job_provider(
        &self,
        job: &SyncJob,
    ) -> Result<crate::providers::SharedProvider, CommandError> {
        provider_of(&self.store().source(&job.workspace_id, &job.source_id).await?)
    }

    async fn save_secrets(&self, job: &JobId, new: WebhookSecrets) -> Result<(), CommandError> {
        let job = job.clone();
        self.with_secrets(move |secrets| new.save(secrets.as_ref(), &job)).await
    }
}

fn check_name_and_prefix(name: Option<&str>, prefix: Option<&str>) -> Result<(), CommandError> {
    name.map_or(Ok(()), |name| validate::name("name", name))?;
    prefix.map_or(Ok(()), |prefix| validate::prefix("collectionPrefix", prefix))
}

/// Refuses what cannot be the provider's secret, and says what it looks like instead.
fn check_secret(provider: &dyn Provider, field: &str, secret: &SecretString) -> Result<(), CommandError> {
    validate::signing_secret(field, "the secret", secret.expose_secret())?;
    provider.check_secret(secret.expose_secret()).map_err(|problem| CommandError {
        code: ErrorCode::InvalidRequest,
        message: problem.message,
        hint: Some(provider.info().secret_help.to_owned()),
        field: Some(field.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheduled_job_is_read_so_that_it_can_be_refused_in_plain_words() {
        let job: CreateJob =
            serde_json::from_str(r#"{"type":"scheduled","sourceId":"s","destinationId":"d"}"#)
                .expect("reads");
        assert_eq!(job.job_type, RequestedType::Scheduled);
    }

    #[test]
    fn a_list_is_no_webhook_config() {
        let read = |text| serde_json::from_str::<UpdateJob>(text);
        read(r#"{"webhookConfig":[]}"#).expect_err("is a list");
        let error = read(r#"{"webhookConfig":{"batchsize":1}}"#).expect_err("is unknown");
        assert!(error.to_string().contains("unknown field `batchsize`"), "{error}");
        assert!(read(r#"{"webhookConfig":{"batchSize":1}}"#).expect("is fine").webhook_config.is_some());
    }
}
