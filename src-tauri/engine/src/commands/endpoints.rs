//! Webhooks that are set up at the provider by one click, and how they stand there.

use serde::Serialize;
use tokio::sync::OwnedMutexGuard;
use utoipa::ToSchema;

use super::{CommandError, Commands, ErrorDetail};
use crate::endpoints::{Drift, View};
use crate::event::{JobId, SourceId, Timestamp, WorkspaceId};
use crate::provider_api::{Account, Mode, Unselectable};
use crate::providers::KeyHelp;
use crate::store::{EndpointPhase, EndpointTrouble, ProviderEndpoint, SyncJob};

/// Whether Hookline has set up a job's webhook at its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EndpointState {
    /// No: it may be set up by hand.
    None,
    /// It was begun, and is not known to have ended; Hookline goes on with it.
    Creating,
    /// Yes.
    Managed,
}

/// How an endpoint stands at its provider, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ManagedStatus {
    /// It is being made.
    Creating,
    /// Events are sent to it.
    Enabled,
    /// It is turned off.
    Disabled,
    /// The provider has stopped sending after days of failure.
    Paused,
    /// It is not there any more.
    Missing,
}

/// Why the last change at the provider did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointTroubleAnswer {
    /// For programs: a code as errors have it.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Whether Hookline tries again by itself.
    pub retrying: bool,
}

/// An endpoint that Hookline has made at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedEndpoint {
    /// The provider's id of it; `null` while it is being made.
    pub provider_endpoint_id: Option<String>,
    /// Where it sends, as the provider answered last.
    pub url: String,
    /// What it sends, as the provider answered last; `*` stands for all.
    pub event_types: Vec<String>,
    /// How it stands.
    pub status: ManagedStatus,
    /// Live or test, where the provider tells them apart.
    pub mode: Option<Mode>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the provider was last asked.
    pub checked_at: Option<Timestamp>,
    /// In what it differs from what it should be, the worst first. `POST …/endpoint/mend` brings it into line.
    pub drift: Vec<Drift>,
    /// Why the last change did not succeed.
    pub trouble: Option<EndpointTroubleAnswer>,
}

/// A job's endpoint at its provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Endpoint)]
pub struct EndpointAnswer {
    /// Whether Hookline has set it up.
    pub state: EndpointState,
    /// The provider's kind.
    pub provider: String,
    /// The provider's name for people.
    pub provider_label: String,
    /// Why Hookline could not set it up now; `null` where it could.
    pub obstacle: Option<ErrorDetail>,
    /// Where the provider should send; `null` without a public address.
    pub wanted_url: Option<String>,
    /// What the provider should send, in its own words.
    pub wanted_event_types: Vec<String>,
    /// Which of the job's event types cannot be selected at the provider, and why.
    pub unselectable: Vec<Unselectable>,
    /// The endpoint that Hookline has made.
    pub managed: Option<ManagedEndpoint>,
}

impl EndpointAnswer {
    fn new(view: View) -> Self {
        let View { kind, label, obstacle, wanted_url, wanted, endpoint, drift } = view;
        let state = match endpoint.as_ref().map(|row| row.phase) {
            None => EndpointState::None,
            Some(EndpointPhase::Creating) => EndpointState::Creating,
            Some(EndpointPhase::Managed) => EndpointState::Managed,
        };
        Self {
            state,
            provider: kind,
            provider_label: label,
            obstacle: obstacle.map(|error| CommandError::from(error).into_body().error),
            wanted_url,
            wanted_event_types: wanted.types,
            unselectable: wanted.unselectable,
            managed: endpoint.map(|row| managed(row, drift)),
        }
    }
}

fn managed(row: ProviderEndpoint, drift: Vec<Drift>) -> ManagedEndpoint {
    let status = match (row.phase, &row.seen) {
        (EndpointPhase::Creating, _) => ManagedStatus::Creating,
        (EndpointPhase::Managed, Some(seen)) => match seen.status.as_str() {
            "disabled" => ManagedStatus::Disabled,
            "paused" => ManagedStatus::Paused,
            "missing" => ManagedStatus::Missing,
            _ => ManagedStatus::Enabled,
        },
        (EndpointPhase::Managed, None) => ManagedStatus::Enabled,
    };
    let (url, event_types) = match row.seen {
        Some(seen) => (seen.url, seen.event_types),
        None => (row.url, row.event_types),
    };
    let trouble = row.trouble.map(|EndpointTrouble { code, message, hint, at, retrying, .. }| {
        EndpointTroubleAnswer { code, message, hint, since: at, retrying }
    });
    ManagedEndpoint {
        provider_endpoint_id: row.endpoint_id,
        url,
        event_types,
        status,
        mode: match row.mode.as_deref() {
            Some("live") => Some(Mode::Live),
            Some("test") => Some(Mode::Test),
            _ => None,
        },
        created_at: row.created_at,
        checked_at: row.checked_at,
        drift,
        trouble,
    }
}

/// What became of the endpoint of a job that was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DeletedEndpoint {
    /// Hookline had made none.
    None,
    /// It was removed at the provider.
    Removed,
    /// It is still at the provider, which goes on sending to it and is answered 404.
    Left,
}

/// A job that was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeletedJob {
    /// Its id.
    pub id: JobId,
    /// What became of its endpoint at the provider.
    pub endpoint: DeletedEndpoint,
    /// What is still to be done.
    pub hint: Option<String>,
}

impl DeletedJob {
    /// `left` is the provider's id of an endpoint that stays there.
    pub(super) fn new(id: JobId, (endpoint, left): (DeletedEndpoint, Option<String>)) -> Self {
        let hint = (endpoint == DeletedEndpoint::Left).then(|| {
            let which = left.map(|id| format!(" ({id})")).unwrap_or_default();
            format!(
                "The endpoint{which} is still at the provider, which goes on sending to it in vain: delete it there. \
                 With `endpoint=remove` Hookline does that itself."
            )
        });
        Self { id, endpoint, hint }
    }
}

/// Whose an API key is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyAccount {
    /// The account's id, where the key may see it.
    pub id: Option<String>,
    /// The account's name, where the key may see it.
    pub name: Option<String>,
    /// Live or test, where the provider tells them apart.
    pub mode: Option<Mode>,
    /// Whether it is a key with chosen permissions only.
    pub restricted: bool,
}

/// What a check of an API key found.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyCheck {
    /// Whether the provider takes the key and lets it look at webhooks. Whether it may change them shows only then.
    pub ok: bool,
    /// Whose key it is; `null` when it is not taken.
    pub account: Option<KeyAccount>,
    /// What keys of this provider have to be allowed.
    pub key_help: Option<KeyHelp>,
    /// Why it is not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<ErrorDetail>,
}

impl Commands {
    /// How a job's endpoint stands; with `check` the provider is asked now.
    pub async fn endpoint(
        &self,
        workspace: &WorkspaceId,
        job: &JobId,
        check: bool,
    ) -> Result<EndpointAnswer, CommandError> {
        self.check_workspace(workspace).await?;
        let endpoints = &self.parts().endpoints;
        let view = endpoints.view(workspace, job).await?;
        let is_managed = view.endpoint.is_some();
        let view = if check && is_managed { endpoints.check(workspace, job).await? } else { view };
        Ok(EndpointAnswer::new(view))
    }

    /// Sets the job's webhook up at its provider.
    pub async fn create_endpoint(
        &self,
        workspace: &WorkspaceId,
        job: &JobId,
    ) -> Result<EndpointAnswer, CommandError> {
        self.check_workspace(workspace).await?;
        Ok(EndpointAnswer::new(self.parts().endpoints.create(workspace, job).await?))
    }

    /// Brings the job's endpoint at the provider into line.
    pub async fn mend_endpoint(
        &self,
        workspace: &WorkspaceId,
        job: &JobId,
    ) -> Result<EndpointAnswer, CommandError> {
        self.check_workspace(workspace).await?;
        Ok(EndpointAnswer::new(self.parts().endpoints.mend(workspace, job).await?))
    }

    /// Removes the endpoint that Hookline made at the provider.
    pub async fn remove_endpoint(&self, workspace: &WorkspaceId, job: &JobId) -> Result<(), CommandError> {
        self.check_workspace(workspace).await?;
        Ok(self.parts().endpoints.remove(workspace, job).await?)
    }

    /// Before a job is deleted: removes its endpoint, if that is wanted, and tells what becomes of it.
    pub(super) async fn endpoint_of_deleted(
        &self,
        job: &SyncJob,
        remove: bool,
        turn: &OwnedMutexGuard<()>,
    ) -> Result<(DeletedEndpoint, Option<String>), CommandError> {
        let Some(row) = self.store().provider_endpoint(&job.id).await? else {
            return Ok((DeletedEndpoint::None, None));
        };
        if !remove {
            return Ok((DeletedEndpoint::Left, row.endpoint_id));
        }
        match self.parts().endpoints.remove_in_turn(&job.workspace_id, &job.id, turn).await {
            Ok(()) => Ok((DeletedEndpoint::Removed, None)),
            Err(error) => {
                let error = CommandError::from(error);
                let message = format!(
                    "the job was not deleted, because its endpoint at the provider could not be removed: {}",
                    error.message
                );
                Err(CommandError { message, ..error })
            }
        }
    }

    /// Asks the provider whose the API key of a source is. That it is not taken is an answer, not an error.
    pub async fn check_api_key(
        &self,
        workspace: &WorkspaceId,
        id: &SourceId,
    ) -> Result<KeyCheck, CommandError> {
        self.check_workspace(workspace).await?;
        let source = self.store().source(workspace, id).await?;
        let key_help = super::sources::provider_of(&source)?.info().key_help.clone();
        Ok(match self.parts().endpoints.check_key(workspace, id).await {
            Ok(Account { id, name, mode, restricted }) => {
                let account = Some(KeyAccount { id, name, mode, restricted });
                KeyCheck { ok: true, account, key_help, error: None }
            }
            Err(error) => {
                let error = Some(CommandError::from(error).into_body().error);
                KeyCheck { ok: false, account: None, key_help, error }
            }
        })
    }
}
