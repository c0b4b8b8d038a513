//! Endpoints are made, and removed.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use super::{Context, EndpointError, Endpoints, View};
use crate::event::{JobId, Timestamp, WorkspaceId};
use crate::provider_api::{ApiErrorKind, Endpoint, EndpointApi, EndpointStatus, Mode, NewEndpoint};
use crate::store::{EndpointPhase, EndpointTrouble, ProviderEndpoint, SeenEndpoint};

/// An endpoint as it is written down.
pub(super) fn seen(endpoint: &Endpoint) -> SeenEndpoint {
    let status = match endpoint.status {
        EndpointStatus::Enabled => "enabled",
        EndpointStatus::Disabled => "disabled",
        EndpointStatus::Paused => "paused",
    };
    SeenEndpoint {
        exists: true,
        url: endpoint.url.clone(),
        event_types: endpoint.types.clone(),
        status: status.to_owned(),
    }
}

fn written(mode: Mode) -> String {
    if mode == Mode::Live { "live" } else { "test" }.to_owned()
}

/// Refuses a key of another mode than the endpoint: what is not there for it is not gone.
pub(super) fn check_mode(api: &dyn EndpointApi, row: &ProviderEndpoint) -> Result<(), EndpointError> {
    let endpoint = match row.mode.as_deref() {
        Some("live") => Mode::Live,
        Some("test") => Mode::Test,
        _ => return Ok(()),
    };
    match api.mode() {
        Some(key) if key != endpoint => Err(EndpointError::OtherMode { key, endpoint }),
        _ => Ok(()),
    }
}

impl Endpoints {
    /// Makes an endpoint for the job at its provider.
    pub async fn create(&self, workspace: &WorkspaceId, id: &JobId) -> Result<View, EndpointError> {
        let _turn = self.turn(id).await;
        let _leaving = self.leaving();
        let context = self.context(workspace, id).await?;
        let api = self.api(&context).await?;
        match self.store().provider_endpoint(id).await? {
            Some(row) if row.phase == EndpointPhase::Managed => return Err(EndpointError::AlreadyThere),
            Some(begun) => self.finish(&context, &api, begun).await?,
            None => {
                let row = self.intent(&context, api.as_ref(), Vec::new()).await?;
                self.make(&api, row, Some(None)).await?;
            }
        }
        self.view_of(&context).await
    }

    /// Writes down that an endpoint is going to be made.
    pub(super) async fn intent(
        &self,
        context: &Context,
        api: &dyn EndpointApi,
        obsolete: Vec<String>,
    ) -> Result<ProviderEndpoint, EndpointError> {
        let url = self.url_of(&context.job)?;
        let event_types = context.types()?.to_vec();
        // What is to be removed was made here: it is nobody else's.
        let mut others = api.others_at(&url).await?;
        others.retain(|id| !obsolete.contains(id));
        let now = self.parts().clock.now();
        let row = ProviderEndpoint {
            job_id: context.job.id.clone(),
            phase: EndpointPhase::Creating,
            endpoint_id: None,
            url,
            event_types,
            intent: uuid::Uuid::new_v4().to_string(),
            others,
            obsolete,
            secret_mark: None,
            mode: api.mode().map(written),
            seen: None,
            trouble: None,
            created_at: now,
            checked_at: Some(now),
        };
        self.store().put_provider_endpoint(row.clone()).await?;
        Ok(row)
    }

    /// Makes the endpoint that is written down as intended. `first` is what was written down before, for an intent that
    /// was never tried; `None` for one that may have been.
    #[expect(clippy::option_option, reason = "never tried and nothing before it are two things")]
    pub(super) async fn make(
        &self,
        api: &Arc<dyn EndpointApi>,
        mut row: ProviderEndpoint,
        first: Option<Option<ProviderEndpoint>>,
    ) -> Result<(), EndpointError> {
        let tried_at = last_try(&row);
        if first.is_none() {
            // Only what was made during a try can be what a try left behind.
            let now = self.parts().clock.now();
            row.checked_at = Some(now);
            self.store().touch_provider_endpoint(&row.job_id, now).await?;
        }
        let created = api.create(new_endpoint(&row, first.is_none(), tried_at)).await;
        let created = match created {
            Ok(created) => created,
            Err(error) => {
                // Nothing was made for certain: as if it had never been wanted.
                let without_effect = !matches!(
                    error.kind,
                    ApiErrorKind::Unsure | ApiErrorKind::Unreadable | ApiErrorKind::RateLimited
                );
                let error = EndpointError::from(error);
                match first {
                    Some(Some(before)) if without_effect => {
                        self.store().put_provider_endpoint(before).await?;
                    }
                    Some(None) if without_effect => {
                        self.store().delete_provider_endpoint(&row.job_id).await?;
                    }
                    _ => self.note_trouble(row, &error).await?,
                }
                return Err(error);
            }
        };
        let secret_mark = self.keep_secret(&row.job_id, created.secret).await?;
        let now = self.parts().clock.now();
        let made = ProviderEndpoint {
            phase: EndpointPhase::Managed,
            secret_mark: Some(secret_mark),
            mode: created.endpoint.mode.map(written).or(row.mode),
            seen: Some(seen(&created.endpoint)),
            endpoint_id: Some(created.endpoint.id),
            trouble: None,
            created_at: now,
            checked_at: Some(now),
            ..row
        };
        self.store().put_provider_endpoint(made.clone()).await?;
        tracing::info!(job = %made.job_id, endpoint = made.endpoint_id, "an endpoint was made at the provider");
        self.remove_obsolete(api.as_ref(), made).await
    }

    /// Makes the endpoint whose making was begun earlier, and tells the provider what has changed since.
    pub(super) async fn finish(
        &self,
        context: &Context,
        api: &Arc<dyn EndpointApi>,
        begun: ProviderEndpoint,
    ) -> Result<(), EndpointError> {
        check_mode(api.as_ref(), &begun)?;
        // Without an address that providers can send to, an endpoint would send into the void.
        self.url_of(&context.job)?;
        context.types()?;
        let id = begun.job_id.clone();
        self.make(api, begun, None).await?;
        match self.store().provider_endpoint(&id).await? {
            Some(made) => self.set(context, api.as_ref(), made, false).await,
            None => Ok(()),
        }
    }

    /// Removes endpoints that others took the place of. One that cannot be removed now is tried again by the keeper.
    pub(super) async fn remove_obsolete(
        &self,
        api: &dyn EndpointApi,
        mut row: ProviderEndpoint,
    ) -> Result<(), EndpointError> {
        if row.obsolete.is_empty() {
            return Ok(());
        }
        let mut left = Vec::new();
        for id in std::mem::take(&mut row.obsolete) {
            if let Err(error) = api.delete(&id).await {
                tracing::warn!(job = %row.job_id, endpoint = id, %error, "a replaced endpoint could not be removed");
                left.push(id);
            }
        }
        row.obsolete = left;
        Ok(self.store().put_provider_endpoint(row).await?)
    }

    /// Writes down why something did not succeed, if that is not written down already.
    pub(super) async fn note_trouble(
        &self,
        row: ProviderEndpoint,
        error: &EndpointError,
    ) -> Result<(), EndpointError> {
        let trouble = EndpointTrouble {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint().map(str::to_owned),
            at: row.trouble.as_ref().map_or_else(|| self.parts().clock.now(), |trouble| trouble.at),
            retrying: error.is_passing(),
            url: row.url.clone(),
            event_types: row.event_types.clone(),
        };
        self.note(row, trouble).await
    }

    pub(super) async fn note(
        &self,
        row: ProviderEndpoint,
        trouble: EndpointTrouble,
    ) -> Result<(), EndpointError> {
        if row.trouble.as_ref() == Some(&trouble) {
            return Ok(());
        }
        let row = ProviderEndpoint { trouble: Some(trouble), ..row };
        Ok(self.store().put_provider_endpoint(row).await?)
    }

    /// Removes the endpoint of the job at its provider.
    pub async fn remove(&self, workspace: &WorkspaceId, id: &JobId) -> Result<(), EndpointError> {
        let turn = self.turn(id).await;
        self.remove_in_turn(workspace, id, &turn).await
    }

    /// The same by whoever has the job's turn already.
    pub async fn remove_in_turn(
        &self,
        workspace: &WorkspaceId,
        id: &JobId,
        _turn: &OwnedMutexGuard<()>,
    ) -> Result<(), EndpointError> {
        let context = self.context(workspace, id).await?;
        let row = self.store().provider_endpoint(id).await?.ok_or(EndpointError::NotThere)?;
        let api = self.api(&context).await?;
        check_mode(api.as_ref(), &row)?;
        match &row.endpoint_id {
            Some(endpoint) => api.delete(endpoint).await?,
            None => api.abandon(new_endpoint(&row, true, last_try(&row))).await?,
        }
        for obsolete in &row.obsolete {
            api.delete(obsolete).await?;
        }
        self.store().delete_provider_endpoint(id).await?;
        tracing::info!(job = %id, endpoint = row.endpoint_id, "an endpoint was removed at the provider");
        Ok(())
    }
}

/// When it was last tried to make the endpoint.
fn last_try(row: &ProviderEndpoint) -> Timestamp {
    row.checked_at.unwrap_or(row.created_at)
}

fn new_endpoint(row: &ProviderEndpoint, again: bool, tried_at: Timestamp) -> NewEndpoint<'_> {
    NewEndpoint {
        url: &row.url,
        types: &row.event_types,
        job: row.job_id.as_str(),
        intent: &row.intent,
        again,
        intended_at: row.created_at,
        tried_at,
        others: &row.others,
    }
}
