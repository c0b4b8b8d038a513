//! Which jobs there are, with all that is needed to receive for them: in memory, because every request looks here.
//!
//! A job that cannot verify (its secrets cannot be read, its provider is unknown) stays in the directory and says so:
//! its senders are asked to come back later instead of being told that the job is gone.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use crate::event::{SourceId, WorkspaceId};
use crate::providers::{self, SharedProvider};
use crate::secrets::{self, Secrets, SharedSecrets, WebhookSecrets};
use crate::store::{Source, Store, StoreError, SyncJob};

/// The jobs that can receive. Clones share it.
#[derive(Debug, Clone)]
pub struct Directory {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    secrets: SharedSecrets,
    jobs: ArcSwap<HashMap<String, Arc<Entry>>>,
    /// Held while reloading, so that an older picture never replaces a newer one.
    reloading: Mutex<()>,
}

/// A job as the receiver sees it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) job: SyncJob,
    /// What verifies and reads; or why nothing can at present.
    pub(super) keys: Result<Keys, String>,
}

/// What verifies and reads a job's requests.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) provider: SharedProvider,
    pub(super) secrets: WebhookSecrets,
}

impl Directory {
    /// An empty directory; [`Directory::reload`] fills it.
    pub fn new(store: Store, secrets: SharedSecrets) -> Self {
        Self {
            inner: Arc::new(Inner { store, secrets, jobs: ArcSwap::default(), reloading: Mutex::new(()) }),
        }
    }

    /// Reads jobs, sources and secrets again: to be called after any of them was changed.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _turn = self.inner.reloading.lock().await;
        let mut sources: HashMap<(WorkspaceId, SourceId), Arc<Source>> = HashMap::new();
        let mut jobs = Vec::new();
        for job in self.inner.store.sync_jobs(None).await? {
            let key = (job.workspace_id.clone(), job.source_id.clone());
            let source = if let Some(source) = sources.get(&key) {
                Arc::clone(source)
            } else {
                let source = Arc::new(self.inner.store.source(&key.0, &key.1).await?);
                sources.insert(key, Arc::clone(&source));
                source
            };
            jobs.push((job, source));
        }
        // Secrets are read from the disk or the system's keychain, which may take its time.
        let read = secrets::beside(&self.inner.secrets, move |secrets| {
            jobs.into_iter()
                .map(|(job, source)| {
                    let keys = keys(&**secrets, &job, &source);
                    if let Err(reason) = &keys {
                        tracing::error!(job = %job.id, %reason, "the job cannot receive");
                    }
                    (job.id.as_str().to_owned(), Arc::new(Entry { job, keys }))
                })
                .collect()
        });
        let jobs = match read.await {
            Ok(jobs) => jobs,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        };
        self.inner.jobs.store(Arc::new(jobs));
        Ok(())
    }

    pub(super) fn find(&self, workspace: &str, job: &str) -> Option<Arc<Entry>> {
        self.inner
            .jobs
            .load()
            .get(job)
            .filter(|entry| entry.job.workspace_id.as_str() == workspace)
            .map(Arc::clone)
    }
}

fn keys(secrets: &dyn Secrets, job: &SyncJob, source: &Source) -> Result<Keys, String> {
    let provider =
        providers::find(&source.kind, source.generic.as_ref()).map_err(|error| error.to_string())?;
    let secrets = WebhookSecrets::load(secrets, &job.id)
        .map_err(|error| error.to_string())?
        .ok_or("the job's signing secret is missing")?;
    Ok(Keys { provider, secrets })
}
