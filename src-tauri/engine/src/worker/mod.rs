//! The worker: takes due events from the store, applies them in batches, records what became of them.
//!
//! One task per enabled job ([`job`]), woken by the store, never by a poll; one batch per job at a time, a set number
//! of batches per destination. When to try again is decided by pure functions ([`retry`]); what is going on right now
//! is told by [`state`].
//!
//! Invariants:
//! - An event's outcome is recorded only after the sink has told it; until then the event is pending in the store, so
//!   a crash at any point leads to a repeat and never to a loss.
//! - That an event is being applied is known in memory alone.
//! - A destination that is down or refuses uses up no attempts, and one that hangs holds up no other.
//! - No event fails because of another one in its batch.
//! - What is archived follows what was recorded, in a task of its own ([`archive`]): it never holds up or fails an event.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::event::{Clock, DestinationId, EventId, JobId, WorkspaceId};
use crate::providers;
use crate::secrets::{self, SecretError, SecretName, SharedSecrets};
use crate::sinks::{self, Connection, Sink};
use crate::store::{Destination, DestinationKind, Source, Store, StoreError, SyncJob};

mod archive;
mod job;
pub mod retry;
mod state;

pub use state::{ArchiveTrouble, DeliveryState};

use archive::ArchiveRun;
use job::{Ends, JobRun};
use state::Live;

/// How the worker works.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// How many batches are applied at once into one destination, over all jobs.
    pub batches_in_flight: usize,
    /// The folder for the files of local destinations.
    pub documents_folder: PathBuf,
}

/// The worker. Clones share it.
#[derive(Debug, Clone)]
pub struct Worker {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    documents_folder: PathBuf,
    batches_in_flight: usize,
    /// Held while reloading, so that an older picture never replaces a newer one.
    reloading: tokio::sync::Mutex<()>,
    runs: Mutex<HashMap<JobId, Run>>,
    /// Tasks of jobs that were paused or deleted, which may still be finishing a batch.
    retired: Mutex<HashMap<JobId, JoinHandle<()>>>,
    sinks: tokio::sync::Mutex<HashMap<DestinationId, OpenSink>>,
}

/// A job was cancelled: what is under way for it ends.
struct Cancelled;

/// What all jobs' tasks use.
#[derive(Debug)]
struct Shared {
    store: Store,
    secrets: SharedSecrets,
    clock: Arc<dyn Clock>,
    /// Cuts batches that did not end by the deadline of a shutdown.
    abort: CancellationToken,
}

#[derive(Debug)]
struct OpenSink {
    destination: Destination,
    sink: Option<Arc<dyn Sink>>,
    /// One for each batch that may be applied at once.
    slots: Arc<Semaphore>,
}

/// A job with all that its task was started with: when any of it changes, so does the task.
#[derive(Debug, Clone, PartialEq)]
struct Spec {
    job: SyncJob,
    source: Source,
    destination: Destination,
}

#[derive(Debug)]
struct Run {
    spec: Spec,
    live: Arc<Live>,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    /// A worker that does nothing until [`Worker::reload`].
    pub fn new(store: Store, secrets: SharedSecrets, clock: Arc<dyn Clock>, options: WorkerOptions) -> Self {
        let shared = Shared { store, secrets, clock, abort: CancellationToken::new() };
        Self {
            inner: Arc::new(Inner {
                shared: Arc::new(shared),
                documents_folder: options.documents_folder,
                batches_in_flight: options.batches_in_flight,
                reloading: tokio::sync::Mutex::default(),
                runs: Mutex::default(),
                retired: Mutex::default(),
                sinks: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// Reads jobs, sources and destinations again: to be called after any of them was changed. Jobs that did not
    /// change go on undisturbed; a job that did finishes its batch first.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _turn = self.inner.reloading.lock().await;
        let specs = self.load().await?;
        {
            let mut runs = self.inner.runs.lock();
            let mut retired = self.inner.retired.lock();
            retired.retain(|_, task| !task.is_finished());
            let changed = |run: &mut Run| !specs.contains(&run.spec);
            for (id, run) in runs.extract_if(|_, run| changed(run)) {
                run.cancel.cancel();
                retired.insert(id, run.task);
            }
        }
        for spec in specs {
            if self.inner.runs.lock().contains_key(&spec.job.id) {
                continue;
            }
            let former = self.inner.retired.lock().remove(&spec.job.id);
            let run = self.start(spec, former).await;
            self.inner.runs.lock().insert(run.spec.job.id.clone(), run);
        }
        Ok(())
    }

    /// The enabled jobs; forgets sinks of destinations that were changed or deleted.
    async fn load(&self) -> Result<Vec<Spec>, StoreError> {
        let store = &self.inner.shared.store;
        let jobs = store.sync_jobs(None).await?;
        let workspaces: HashSet<WorkspaceId> = jobs
            .iter()
            .map(|job| job.workspace_id.clone())
            .chain([WorkspaceId::default_workspace()])
            .collect();
        let mut sources = HashMap::new();
        let mut destinations = HashMap::new();
        for workspace in &workspaces {
            sources.extend(store.sources(workspace).await?.into_iter().map(|row| (row.id.clone(), row)));
            destinations
                .extend(store.destinations(workspace).await?.into_iter().map(|row| (row.id.clone(), row)));
        }
        {
            let mut sinks = self.inner.sinks.lock().await;
            sinks.retain(|id, open| destinations.get(id) == Some(&open.destination));
            for (id, destination) in &destinations {
                sinks.entry(id.clone()).or_insert_with(|| OpenSink {
                    destination: destination.clone(),
                    sink: None,
                    slots: Arc::new(Semaphore::new(self.inner.batches_in_flight)),
                });
            }
        }
        // A job that was made between two of the reads is found by the reload that its maker calls.
        Ok(jobs
            .into_iter()
            .filter(|job| job.enabled)
            .filter_map(|job| {
                let source = sources.get(&job.source_id)?.clone();
                let destination = destinations.get(&job.destination_id)?.clone();
                Some(Spec { job, source, destination })
            })
            .collect())
    }

    async fn start(&self, spec: Spec, former: Option<JoinHandle<()>>) -> Run {
        let live = Arc::new(Live::default());
        let cancel = CancellationToken::new();
        let ends = self.ends(&spec).await;
        let run = JobRun {
            job: spec.job.clone(),
            source_kind: spec.source.kind.clone(),
            live: Arc::clone(&live),
            shared: Arc::clone(&self.inner.shared),
            cancel: cancel.clone(),
        };
        let archive = spec.job.webhook_config.archive.map(|config| ArchiveRun {
            job: spec.job.clone(),
            source: spec.source.clone(),
            days: config.days,
            live: Arc::clone(&live),
            shared: Arc::clone(&self.inner.shared),
            cancel: cancel.clone(),
        });
        let task = tokio::spawn(async move {
            if let Some(former) = former {
                // Its panics were logged; here it only matters that it is over.
                let _ = former.await;
            }
            match ends {
                Ok(ends) => {
                    let archiving = archive.map(|archive| {
                        let sink = Arc::clone(&ends.sink);
                        tokio::spawn(async move {
                            keep_running(&archive.job.id, &archive.cancel, || archive.run(&*sink)).await;
                        })
                    });
                    keep_running(&run.job.id, &run.cancel, || run.run(&ends)).await;
                    // The next task of this job must not archive beside this one.
                    if let Some(archiving) = archiving {
                        let _ = archiving.await;
                    }
                }
                Err(error) => run.cannot_start(error).await,
            }
        });
        Run { spec, live, cancel, task }
    }

    /// Both ends of a job, or why there are none.
    async fn ends(&self, spec: &Spec) -> Result<Ends, String> {
        let provider = providers::find(&spec.source.kind, spec.source.generic.as_ref())
            .map_err(|error| error.to_string())?;
        let (sink, slots) = self.open(&spec.destination.id).await.map_err(|error| error.to_string())?;
        Ok(Ends { provider, sink, slots })
    }

    /// What the job's delivery is doing. Unknown jobs are paused.
    pub fn state(&self, job: &JobId) -> DeliveryState {
        self.inner.runs.lock().get(job).map_or(DeliveryState::Paused, |run| run.live.state())
    }

    /// What is wrong with the job's archive, if anything is.
    pub fn archive_trouble(&self, job: &JobId) -> Option<ArchiveTrouble> {
        self.inner.runs.lock().get(job).and_then(|run| run.live.archive_trouble())
    }

    /// Whether this event is being applied right now.
    pub fn is_processing(&self, job: &JobId, event: EventId) -> bool {
        self.inner.runs.lock().get(job).is_some_and(|run| run.live.is_processing(event))
    }

    /// Tries a waiting or blocked job, and its archive, again now.
    pub fn resume(&self, job: &JobId) {
        if let Some(run) = self.inner.runs.lock().get(job) {
            run.live.resume.notify_one();
            run.live.resume_archive.notify_one();
        }
    }

    /// The destination's sink, opened once and shared. Known are the destinations of the last [`Worker::reload`].
    pub async fn sink(&self, destination: &DestinationId) -> Result<Arc<dyn Sink>, OpenSinkError> {
        Ok(self.open(destination).await?.0)
    }

    async fn open(
        &self,
        destination: &DestinationId,
    ) -> Result<(Arc<dyn Sink>, Arc<Semaphore>), OpenSinkError> {
        let mut sinks = self.inner.sinks.lock().await;
        let open = sinks
            .get_mut(destination)
            .ok_or_else(|| StoreError::NotFound { what: "destination", id: destination.to_string() })?;
        if let Some(sink) = &open.sink {
            return Ok((Arc::clone(sink), Arc::clone(&open.slots)));
        }
        let connection = self.connection(&open.destination).await?;
        let sink = sinks::open(connection)
            .await
            .map_err(|error| OpenSinkError::Invalid { message: error.to_string() })?;
        open.sink = Some(Arc::clone(&sink));
        Ok((sink, Arc::clone(&open.slots)))
    }

    async fn connection(&self, destination: &Destination) -> Result<Connection, OpenSinkError> {
        Ok(match destination.kind {
            DestinationKind::Mongodb => Connection::Mongodb {
                uri: self.secret(destination).await?,
                database: destination.database.clone().unwrap_or_default(),
            },
            DestinationKind::Http => Connection::Http { url: self.secret(destination).await? },
            DestinationKind::Local => {
                Connection::Local { path: self.inner.documents_folder.join(format!("{}.db", destination.id)) }
            }
        })
    }

    /// The destination's connection string, read beside the async threads: that may wait for the system's keychain.
    async fn secret(&self, destination: &Destination) -> Result<SecretString, OpenSinkError> {
        let name = SecretName::connection(&destination.id);
        let read = secrets::beside(&self.inner.shared.secrets, move |secrets| secrets.get(&name)).await;
        let secret = match read {
            Ok(secret) => secret?,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        };
        secret.ok_or_else(|| OpenSinkError::Invalid {
            message: format!("the connection string of `{}` is missing; enter it again", destination.name),
        })
    }

    /// Ends all jobs' tasks. Batches under way get until `deadline` to end; then they are cut, and their events are
    /// applied again after the next start.
    pub async fn shut_down(&self, deadline: Duration) {
        let _turn = self.inner.reloading.lock().await;
        let runs: Vec<Run> = self.inner.runs.lock().drain().map(|(_, run)| run).collect();
        for run in &runs {
            run.cancel.cancel();
        }
        let retired: Vec<JoinHandle<()>> = self.inner.retired.lock().drain().map(|(_, task)| task).collect();
        let mut tasks: Vec<JoinHandle<()>> = runs.into_iter().map(|run| run.task).chain(retired).collect();
        let all = futures_util::future::join_all(tasks.iter_mut());
        if tokio::time::timeout(deadline, all).await.is_err() {
            tracing::warn!("batches did not end in time and are cut; their events are applied again later");
            self.inner.shared.abort.cancel();
            futures_util::future::join_all(tasks.iter_mut().filter(|task| !task.is_finished())).await;
        }
    }
}

/// Runs a part of a job until it is cancelled; a panic is logged and the part started again.
async fn keep_running<F: Future<Output = ()>>(job: &JobId, cancel: &CancellationToken, part: impl Fn() -> F) {
    const PAUSE_AFTER_PANIC: Duration = Duration::from_secs(5);
    while AssertUnwindSafe(part()).catch_unwind().await.is_err() {
        tracing::error!(%job, "the job's task panicked and is started again");
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(PAUSE_AFTER_PANIC) => {}
        }
    }
}

/// Why a destination could not be opened. `Display` is shown to users.
#[derive(Debug, thiserror::Error)]
pub enum OpenSinkError {
    /// Reading it from the store failed.
    #[error("the destination could not be read")]
    Store(#[from] StoreError),
    /// Its connection string could not be read.
    #[error("the destination's connection string could not be read")]
    Secrets(#[from] SecretError),
    /// Its connection string is missing or does not parse.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
    },
}
