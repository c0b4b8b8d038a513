//! Endpoints are looked at and brought into line.

use std::sync::Arc;

use super::make::{check_mode, seen};
use super::{Context, EndpointError, Endpoints, View};
use crate::event::{JobId, WorkspaceId};
use crate::provider_api::{ApiErrorKind, EndpointApi, EndpointChange, EndpointStatus};
use crate::store::{EndpointPhase, EndpointTrouble, ProviderEndpoint, SeenEndpoint};

/// What became of bringing an endpoint into line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aligned {
    /// It is in line, or nothing can be done before something changes.
    Done,
    /// To be tried again later.
    Later,
}

impl Endpoints {
    /// Asks the provider how the endpoint stands.
    pub async fn check(&self, workspace: &WorkspaceId, id: &JobId) -> Result<View, EndpointError> {
        let _turn = self.turn(id).await;
        let context = self.context(workspace, id).await?;
        let row = self.store().provider_endpoint(id).await?.ok_or(EndpointError::NotThere)?;
        if row.phase == EndpointPhase::Managed {
            let api = self.api(&context).await?;
            self.look(api.as_ref(), row).await?;
        }
        self.view_of(&context).await
    }

    /// Asks the provider and writes down what it answers.
    async fn look(
        &self,
        api: &dyn EndpointApi,
        mut row: ProviderEndpoint,
    ) -> Result<ProviderEndpoint, EndpointError> {
        let Some(id) = row.endpoint_id.clone() else { return Ok(row) };
        check_mode(api, &row)?;
        let now = api.get(&id).await?;
        let now_seen = Some(match &now {
            Some(endpoint) => seen(endpoint),
            None => gone(&row),
        });
        let at = self.parts().clock.now();
        let is_new = row.seen != now_seen;
        row.seen = now_seen;
        row.checked_at = Some(at);
        if is_new {
            self.store().put_provider_endpoint(row.clone()).await?;
        } else {
            self.store().touch_provider_endpoint(&row.job_id, at).await?;
        }
        Ok(row)
    }

    /// Brings the endpoint into line with the job: URL, event types, turned on; made anew where it is gone, or where its
    /// secret is not known.
    pub async fn mend(&self, workspace: &WorkspaceId, id: &JobId) -> Result<View, EndpointError> {
        let _turn = self.turn(id).await;
        let _leaving = self.leaving();
        let context = self.context(workspace, id).await?;
        let row = self.store().provider_endpoint(id).await?.ok_or(EndpointError::NotThere)?;
        let api = self.api(&context).await?;
        if row.phase == EndpointPhase::Creating {
            self.finish(&context, &api, row).await?;
            return self.view_of(&context).await;
        }
        let row = self.look(api.as_ref(), row).await?;
        let is_there = row.seen.as_ref().is_some_and(|seen| seen.exists);
        let is_secret_known = row.secret_mark.is_some() && row.secret_mark == self.current_mark(id).await?;
        if is_there && is_secret_known {
            self.set(&context, api.as_ref(), row, true).await?;
        } else {
            let mut obsolete = row.obsolete.clone();
            obsolete.extend(row.endpoint_id.clone().filter(|_| is_there));
            let intended = self.intent(&context, api.as_ref(), obsolete).await?;
            self.make(&api, intended, Some(Some(row))).await?;
        }
        self.view_of(&context).await
    }

    /// Tells the provider the URL and the types that the job wants: what it was not told yet, or, to `mend`, all in which
    /// the endpoint differs, and to send again.
    pub(super) async fn set(
        &self,
        context: &Context,
        api: &dyn EndpointApi,
        mut row: ProviderEndpoint,
        mend: bool,
    ) -> Result<(), EndpointError> {
        let url = self.url_of(&context.job)?;
        let types = context.types()?.to_vec();
        let Some(id) = row.endpoint_id.clone() else { return Ok(()) };
        let (now_url, now_types, is_on) = match row.seen.as_ref().filter(|_| mend) {
            Some(now) => (&now.url, &now.event_types, now.status == "enabled"),
            None => (&row.url, &row.event_types, true),
        };
        let change = EndpointChange {
            url: (*now_url != url).then_some(url.as_str()),
            types: (*now_types != types).then_some(&types[..]),
            enable: !is_on,
        };
        let mut is_changed = row.url != url || row.event_types != types || row.trouble.is_some();
        if change.url.is_some() || change.types.is_some() || change.enable {
            let now = api.update(&id, change).await?;
            if now.status != EndpointStatus::Enabled && change.enable {
                tracing::warn!(job = %row.job_id, "the provider did not turn the endpoint on");
            }
            row.seen = Some(seen(&now));
            row.checked_at = Some(self.parts().clock.now());
            is_changed = true;
        }
        if is_changed {
            row.url = url;
            row.event_types = types;
            row.trouble = None;
            self.store().put_provider_endpoint(row.clone()).await?;
        }
        self.remove_obsolete(api, row).await
    }

    /// What the keeper does: finishes what was begun, and passes on changes of the job and of the public URL. What somebody
    /// changed at the provider stays until it is mended. `anew` tries again what was refused.
    pub(super) async fn align(&self, id: &JobId, anew: bool) -> Result<Aligned, EndpointError> {
        let _turn = self.turn(id).await;
        let Some(mut row) = self.store().provider_endpoint(id).await? else { return Ok(Aligned::Done) };
        let all = self.store().sync_jobs(None).await?;
        let Some(job) = all.into_iter().find(|job| job.id == *id) else { return Ok(Aligned::Done) };
        let context = self.context_of(job).await?;
        let wanted = self.url_of(&context.job).and_then(|url| Ok((url, context.types()?.to_vec())));
        let Ok((url, types)) = wanted else {
            // Without a public address there is nothing to be told; it may come back.
            return Ok(Aligned::Done);
        };
        let refused = row.trouble.clone().filter(|trouble| !trouble.retrying && !anew);
        if row.phase == EndpointPhase::Creating {
            if refused.is_some() {
                return Ok(Aligned::Done);
            }
            let api = match self.fitting_api(&context, &row).await {
                Ok(api) => api,
                Err(error) => return self.failed(row, error).await,
            };
            match self.make(&api, row, None).await {
                Ok(()) => {}
                Err(error) if error.is_passing() => return Ok(Aligned::Later),
                Err(_noted) => return Ok(Aligned::Done),
            }
            // The job and the address may be others by now than when it was begun.
            let Some(made) = self.store().provider_endpoint(id).await? else { return Ok(Aligned::Done) };
            row = made;
        }
        let is_told = row.url == url && row.event_types == types;
        if is_told && row.obsolete.is_empty() {
            return Ok(Aligned::Done);
        }
        if refused.is_some_and(|trouble| trouble.url == url && trouble.event_types == types) {
            return Ok(Aligned::Done);
        }
        let api = match self.fitting_api(&context, &row).await {
            Ok(api) => api,
            Err(error) => return self.failed_to(row, &error, url, types).await,
        };
        if is_told {
            self.remove_obsolete(api.as_ref(), row).await?;
            let left = self.store().provider_endpoint(id).await?.is_some_and(|row| !row.obsolete.is_empty());
            return Ok(if left { Aligned::Later } else { Aligned::Done });
        }
        match self.set(&context, api.as_ref(), row.clone(), false).await {
            Ok(()) => {
                tracing::info!(job = %id, "the endpoint at the provider was brought into line");
                Ok(Aligned::Done)
            }
            Err(error) => {
                if matches!(&error, EndpointError::Api(api) if api.kind == ApiErrorKind::NotFound) {
                    row.seen = Some(gone(&row));
                }
                tracing::warn!(job = %id, %error, "the endpoint at the provider could not be brought into line");
                self.failed_to(row, &error, url, types).await
            }
        }
    }

    /// The provider's API with the key of the job's source, which has to be of the endpoint's mode.
    async fn fitting_api(
        &self,
        context: &Context,
        row: &ProviderEndpoint,
    ) -> Result<Arc<dyn EndpointApi>, EndpointError> {
        let api = self.api(context).await?;
        check_mode(api.as_ref(), row)?;
        Ok(api)
    }

    async fn failed(&self, row: ProviderEndpoint, error: EndpointError) -> Result<Aligned, EndpointError> {
        let (url, types) = (row.url.clone(), row.event_types.clone());
        self.failed_to(row, &error, url, types).await
    }

    /// Writes down why the endpoint could not be told this URL and these types.
    async fn failed_to(
        &self,
        row: ProviderEndpoint,
        error: &EndpointError,
        url: String,
        event_types: Vec<String>,
    ) -> Result<Aligned, EndpointError> {
        let again = error.is_passing();
        let since = row.trouble.as_ref().filter(|trouble| trouble.url == url).map(|trouble| trouble.at);
        let trouble = EndpointTrouble {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint().map(str::to_owned),
            at: since.unwrap_or_else(|| self.parts().clock.now()),
            retrying: again,
            url,
            event_types,
        };
        self.note(row, trouble).await?;
        Ok(if again { Aligned::Later } else { Aligned::Done })
    }

    /// What the keeper does now and then: asks how the endpoint stands, where there is a key.
    pub(super) async fn look_at(&self, row: ProviderEndpoint) -> Result<(), EndpointError> {
        let _turn = self.turn(&row.job_id).await;
        let Some(row) = self.store().provider_endpoint(&row.job_id).await? else { return Ok(()) };
        let all = self.store().sync_jobs(None).await?;
        let Some(job) = all.into_iter().find(|job| job.id == row.job_id) else { return Ok(()) };
        let context = self.context_of(job).await?;
        if row.phase != EndpointPhase::Managed || self.api_key(&context.source.id).await?.is_none() {
            return Ok(());
        }
        let api = self.api(&context).await?;
        self.look(api.as_ref(), row).await?;
        Ok(())
    }
}

/// It is not at the provider any more.
fn gone(row: &ProviderEndpoint) -> SeenEndpoint {
    SeenEndpoint {
        exists: false,
        url: row.url.clone(),
        event_types: row.event_types.clone(),
        status: "missing".to_owned(),
    }
}
