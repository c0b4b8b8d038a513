//! Jobs' webhook endpoints at their providers: made, checked, mended and removed with the API key of the job's source, and
//! kept in line when the job's event types or the public URL change ([`keeper`]).
//!
//! Invariants:
//! - Only endpoints that Hookline made, and wrote down as made, are ever changed or removed.
//! - An intent to make an endpoint is written down before the provider is asked: a crash in its middle leaves neither two
//!   endpoints nor one that nobody knows.
//! - The secret that comes with an endpoint is stored before the endpoint counts as made; the one before it counts for a
//!   day longer.
//! - One thing at a time is done about the endpoint of one job.
//! - What a provider refuses is not tried again until something has changed.
//!
//! Deliberately not here: the providers' APIs ([`crate::provider_api`]), and how people ask ([`crate::commands`]).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::SecretString;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, watch};
use url::Url;

use crate::event::{Clock, JobId, SourceId, WorkspaceId, is_loopback};
use crate::provider_api::{Account, Apis, EndpointApi, Selection};
use crate::providers::{self, SharedProvider};
use crate::secrets::{self, SecretError, SecretName, SharedSecrets, WebhookSecrets};
use crate::store::{EndpointPhase, ProviderEndpoint, Source, Store, StoreError, SyncJob};

mod drift;
mod error;
pub mod keeper;
mod make;
mod mend;
mod secret;

pub use drift::{Drift, DriftKind};
pub use error::EndpointError;

/// Lets the receiver know of a new secret.
pub type AfterSecret = Arc<dyn Fn() -> BoxFuture<'static, Result<(), StoreError>> + Send + Sync>;

/// What is worked with.
#[derive(Clone)]
pub struct EndpointsParts {
    /// The store.
    pub store: Store,
    /// The secret store.
    pub secrets: SharedSecrets,
    /// The providers' APIs.
    pub apis: Apis,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The public address that webhook URLs begin with; `None` while there is none.
    pub public_url: watch::Receiver<Option<Url>>,
    /// Held by whoever changes a job's secrets.
    pub changing: Arc<Mutex<()>>,
    /// Called after a secret was stored.
    pub after_secret: AfterSecret,
    /// How fast the keeper is.
    pub pace: Pace,
}

impl std::fmt::Debug for EndpointsParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointsParts")
            .field("apis", &self.apis)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

/// How fast the keeper is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long is waited for more changes before something is done about one.
    pub settle: Duration,
    /// How often providers are asked how their endpoints stand.
    pub check_every: Duration,
    /// The pause after the first failure; it doubles with every further one.
    pub first_retry: Duration,
    /// The longest pause.
    pub longest_retry: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(2),
            check_every: Duration::from_hours(6),
            first_retry: Duration::from_secs(15),
            longest_retry: Duration::from_mins(15),
        }
    }
}

/// The endpoints of all jobs. Clones share everything.
#[derive(Debug, Clone)]
pub struct Endpoints {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    parts: EndpointsParts,
    /// By job: held while something is done about its endpoint.
    turns: parking_lot::Mutex<HashMap<JobId, Arc<Mutex<()>>>>,
    /// Tells the keeper that something may have been left to be done.
    left: Notify,
}

/// Tells the keeper to look when it goes, also when whoever asked has gone in the middle.
struct Leaving<'a>(&'a Notify);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// How a job's endpoint stands, as far as is known here.
#[derive(Debug)]
pub struct View {
    /// The provider's kind.
    pub kind: String,
    /// The provider's name for people.
    pub label: String,
    /// Why no endpoint can be made for the job at present; `None` where one can.
    pub obstacle: Option<EndpointError>,
    /// The URL that events should be sent to, where there is a public one.
    pub wanted_url: Option<String>,
    /// The types that should be sent.
    pub wanted: Selection,
    /// The endpoint that Hookline made or is making.
    pub endpoint: Option<ProviderEndpoint>,
    /// In what it differs from what it should be.
    pub drift: Vec<Drift>,
}

/// A job, with what its endpoint should be.
struct Context {
    job: SyncJob,
    source: Source,
    provider: SharedProvider,
    /// `None` where the provider has no API for endpoints.
    selection: Option<Selection>,
}

impl Context {
    fn label(&self) -> &'static str {
        self.provider.info().label
    }

    /// The types that can be selected, if any can.
    fn types(&self) -> Result<&[String], EndpointError> {
        let selection =
            self.selection.as_ref().ok_or_else(|| EndpointError::NoApi { label: self.label().to_owned() })?;
        if selection.types.is_empty() {
            return Err(EndpointError::NothingToSelect { unselectable: selection.unselectable.clone() });
        }
        Ok(&selection.types)
    }
}

impl Endpoints {
    /// Over these parts.
    pub fn new(parts: EndpointsParts) -> Self {
        let (turns, left) = (parking_lot::Mutex::default(), Notify::new());
        Self { inner: Arc::new(Inner { parts, turns, left }) }
    }

    fn parts(&self) -> &EndpointsParts {
        &self.inner.parts
    }

    fn store(&self) -> &Store {
        &self.parts().store
    }

    /// For what may leave something behind that is to be gone on with: an intent, a replaced endpoint.
    fn leaving(&self) -> Leaving<'_> {
        Leaving(&self.inner.left)
    }

    /// Waits until the keeper has something to look at.
    async fn left(&self) {
        self.inner.left.notified().await;
    }

    /// Waits until nothing else is done about the endpoint of this job, and keeps others from doing anything as long as
    /// what comes back lives.
    pub async fn turn(&self, job: &JobId) -> OwnedMutexGuard<()> {
        let mutex = {
            let mut turns = self.inner.turns.lock();
            // Those that nobody holds or waits for any more.
            turns.retain(|_, mutex| Arc::strong_count(mutex) > 1);
            Arc::clone(turns.entry(job.clone()).or_default())
        };
        mutex.lock_owned().await
    }

    async fn context(&self, workspace: &WorkspaceId, id: &JobId) -> Result<Context, EndpointError> {
        let job = self.store().sync_job(workspace, id).await?;
        self.context_of(job).await
    }

    async fn context_of(&self, job: SyncJob) -> Result<Context, EndpointError> {
        let source = self.store().source(&job.workspace_id, &job.source_id).await?;
        let provider = providers::find(&source.kind, source.generic.as_ref())
            .map_err(|error| EndpointError::Provider { message: error.to_string() })?;
        let known = provider.info().known_types;
        let selection = Apis::select(&source.kind, &job.webhook_config.event_types, known);
        Ok(Context { job, source, provider, selection })
    }

    /// The address of a job behind the public one, if providers can be told of it.
    fn url_of(&self, job: &SyncJob) -> Result<String, EndpointError> {
        let public = self.parts().public_url.borrow().clone();
        let base = public.ok_or(EndpointError::NoPublicUrl)?;
        // Providers send to https alone, but a stand-in on this machine may be sent to without.
        if base.scheme() != "https" && !is_loopback(&base) {
            return Err(EndpointError::NotHttps { url: base.to_string() });
        }
        Ok(format!("{}/api/webhooks/{}/{}", base.as_str().trim_end_matches('/'), job.workspace_id, job.id))
    }

    async fn api_key(&self, source: &SourceId) -> Result<Option<SecretString>, EndpointError> {
        let name = SecretName::api_key(source);
        self.with_secrets(move |secrets| secrets.get(&name)).await
    }

    /// The provider's API with the key of the job's source.
    async fn api(&self, context: &Context) -> Result<Arc<dyn EndpointApi>, EndpointError> {
        self.api_of(&context.source, context.label()).await
    }

    async fn api_of(&self, source: &Source, label: &str) -> Result<Arc<dyn EndpointApi>, EndpointError> {
        let no_api = || EndpointError::NoApi { label: label.to_owned() };
        if !Apis::has(&source.kind) {
            return Err(no_api());
        }
        let key = self.api_key(&source.id).await?;
        let key = key.ok_or_else(|| EndpointError::NoKey { label: label.to_owned() })?;
        self.parts().apis.open(&source.kind, key)?.ok_or_else(no_api)
    }

    /// Runs a use of the secret store beside the async threads.
    async fn with_secrets<T, F>(&self, work: F) -> Result<T, EndpointError>
    where
        T: Send + 'static,
        F: FnOnce(&SharedSecrets) -> Result<T, SecretError> + Send + 'static,
    {
        match secrets::beside(&self.parts().secrets, work).await {
            Ok(done) => Ok(done?),
            Err(_panicked) => Err(EndpointError::Internal { what: "the secret store" }),
        }
    }

    /// Whose the API key of a source is.
    pub async fn check_key(
        &self,
        workspace: &WorkspaceId,
        source: &SourceId,
    ) -> Result<Account, EndpointError> {
        let source = self.store().source(workspace, source).await?;
        let provider = providers::find(&source.kind, source.generic.as_ref())
            .map_err(|error| EndpointError::Provider { message: error.to_string() })?;
        let api = self.api_of(&source, provider.info().label).await?;
        Ok(api.check_key().await?)
    }

    /// How the endpoint of a job stands, as far as is known here: nobody is asked.
    pub async fn view(&self, workspace: &WorkspaceId, id: &JobId) -> Result<View, EndpointError> {
        let context = self.context(workspace, id).await?;
        self.view_of(&context).await
    }

    async fn view_of(&self, context: &Context) -> Result<View, EndpointError> {
        let endpoint = self.store().provider_endpoint(&context.job.id).await?;
        let url = self.url_of(&context.job);
        let label = context.label().to_owned();
        let obstacle = if context.selection.is_none() {
            Some(EndpointError::NoApi { label: label.clone() })
        } else if self.api_key(&context.source.id).await?.is_none() {
            Some(EndpointError::NoKey { label: label.clone() })
        } else {
            match (&url, context.types()) {
                (Err(error), _) => Some(error.clone()),
                (Ok(_), Err(error)) => Some(error),
                (Ok(_), Ok(_)) => None,
            }
        };
        let wanted = context.selection.clone().unwrap_or_default();
        let drift = match &endpoint {
            Some(row) if row.phase == EndpointPhase::Managed => {
                let mark = self.current_mark(&context.job.id).await?;
                drift::drift(row, url.as_deref().ok(), &wanted.types, mark.as_deref())
            }
            _ => Vec::new(),
        };
        let kind = context.source.kind.clone();
        Ok(View { kind, label, obstacle, wanted_url: url.ok(), wanted, endpoint, drift })
    }

    /// Tells the mark of the secret that the job uses now.
    async fn current_mark(&self, job: &JobId) -> Result<Option<String>, EndpointError> {
        let id = job.clone();
        let secrets = self.with_secrets(move |secrets| WebhookSecrets::load(secrets.as_ref(), &id)).await?;
        Ok(secrets.map(|secrets| secret::mark(job, &secrets.current)))
    }
}
