//! The store: everything Hookline remembers, in SQLite (`hookline.db`, WAL, `synchronous=FULL`).
//!
//! One thread owns the one connection that writes ([`writer`]); readers have connections of their own. The SQL of one
//! table stands in one file, beside its row types.
//!
//! Invariants:
//! - [`Store::ingest`] answers only after the event is committed and synced to disk.
//! - Nothing unsettled, pinned or still to be archived is ever cleaned up.
//! - No secret is ever in the database.
//! - No lock is held across a network call; no transaction outlives one closure.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Notify, broadcast};

use self::live::Live;
use self::readers::Readers;
use self::writer::{WriterHandle, Writing};
use crate::event::{
    Clock, DestinationId, EventId, EventStatus, ExecutionId, JobId, SourceId, Timestamp, WorkspaceId,
};

pub mod app_settings;
pub mod archive;
mod codec;
pub mod destinations;
mod effects;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod ingest;
pub mod job_activity;
pub mod job_executions;
mod live;
pub mod maintenance;
mod open;
pub mod provider_endpoints;
mod readers;
mod search;
pub mod sources;
mod streams;
pub mod sync_jobs;
#[cfg(test)]
mod tests;
pub mod tunnel_log;
mod upkeep;
pub mod webhook_events;
pub mod workspaces;
mod writer;

pub use archive::ToArchive;
pub use destinations::{Destination, DestinationKind};
pub use error::StoreError;
pub use job_activity::{Activity, ActivityRange, JobOverview};
pub use job_executions::ExecutionFilter;
pub use open::OpenError;
pub use provider_endpoints::{EndpointPhase, EndpointTrouble, ProviderEndpoint, SeenEndpoint};
pub use sources::Source;
pub use streams::Order;
pub use sync_jobs::SyncJob;
pub use webhook_events::{
    Again, Attempt, ClaimedEvent, EventDetail, EventFilter, EventOutcome, EventPage, Ingested, Neighbour,
    NewEvent, NewRejected, Settled, TypeCounts, TypeFigures,
};

/// What changed, for those who show it. Sent after the commit, at most once per commit and job.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// A source was made, changed or deleted.
    Sources,
    /// A destination was made, changed or deleted.
    Destinations,
    /// A sync job was made, changed or deleted.
    SyncJobs {
        /// Which.
        job_id: JobId,
    },
    /// What is known of a job's endpoint at its provider.
    Endpoints {
        /// Whose.
        job_id: JobId,
    },
    /// Events of a job came in, changed or were deleted.
    Events {
        /// Whose.
        job_id: JobId,
    },
    /// An execution of a job began or ended.
    Executions {
        /// Whose.
        job_id: JobId,
    },
}

/// How long somebody who asks how the store is waits for a disk that does not answer.
const PROBLEM_PATIENCE: Duration = Duration::from_secs(1);

/// How many events a job has in each status. Kept in memory, exact, written with each transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Their outcome is not known (those being applied right now included).
    pub pending: u64,
    /// Applied.
    pub completed: u64,
    /// Failed, with or without another attempt due.
    pub failed: u64,
    /// Skipped.
    pub skipped: u64,
    /// Rejected.
    pub rejected: u64,
}

/// The store. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    options: StoreOptions,
    tuning: Tuning,
    live: Arc<Live>,
    writer: Arc<WriterHandle>,
    readers: Arc<Readers>,
    search: search::Search,
    upkeep: upkeep::Upkeep,
    closed: AtomicBool,
}

/// How the store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Tells the time for everything the store dates itself.
    pub clock: Arc<dyn Clock>,
    /// How many requests to store may wait; more are refused with [`StoreError::Overloaded`].
    pub queue_length: usize,
    /// How many rejected requests are kept per job.
    pub rejected_per_job: u32,
}

/// What tests set differently.
#[derive(Debug, Clone, Copy)]
struct Tuning {
    /// How long another program's lock is waited for.
    patience: Duration,
    dedupe_hash: ingest::DedupeHash,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { patience: Duration::from_secs(2), dedupe_hash: ingest::dedupe_hash }
    }
}

impl Store {
    /// Opens `hookline.db` in `folder`, makes or migrates it, and starts the writer's thread.
    ///
    /// Blocks on the disk; call it from a blocking context.
    pub fn open(folder: &Path, options: StoreOptions) -> Result<Self, OpenError> {
        Self::open_tuned(folder, options, Tuning::default())
    }

    fn open_tuned(folder: &Path, options: StoreOptions, tuning: Tuning) -> Result<Self, OpenError> {
        let path = folder.join("hookline.db");
        let connection = open::open_writer(&path, tuning.patience)?;
        let live = Arc::new(Live::load(&connection).map_err(|error| OpenError::classify(&path, error))?);
        let other = |error: std::io::Error| OpenError::Other { path: path.clone(), source: Box::new(error) };
        let (followers, to_train, to_index) = writer::Followers::new();
        let wake_search = followers.index.clone();
        let readers = Arc::new(Readers::new(path.clone()));
        let writer = WriterHandle::start(
            connection,
            Arc::clone(&live),
            Arc::clone(readers.gate()),
            followers,
            options.queue_length,
            options.rejected_per_job,
        )
        .map_err(other)?;
        let writer = Arc::new(writer);
        let search = search::Search::start(
            folder.join("search.db"),
            Arc::clone(&readers),
            Arc::clone(&live),
            Arc::clone(&writer),
            to_index,
            wake_search,
        )
        .map_err(other)?;
        let upkeep = upkeep::Upkeep::start(
            Arc::clone(&readers),
            Arc::clone(&live),
            Arc::clone(&writer),
            Arc::clone(&options.clock),
            to_train,
        )
        .map_err(other)?;
        let closed = AtomicBool::new(false);
        let inner = Inner { path, options, tuning, live, writer, readers, search, upkeep, closed };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Stops the writer after what is queued, checkpoints the WAL and closes the file. Later calls answer [`StoreError::Closed`].
    pub async fn close(&self) {
        let inner = Arc::clone(&self.inner);
        if tokio::task::spawn_blocking(move || inner.close()).await.is_err() {
            tracing::error!("closing the store panicked");
        }
    }

    /// Tells what changes from now on. A receiver that lags misses changes and has to refresh everything.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.inner.live.subscribe()
    }

    /// Tells of a change that is not written down: of what is going on with a job right now.
    pub fn tell(&self, change: Change) {
        self.inner.live.tell(change);
    }

    /// Woken after each commit that gave this job events to apply, with a permit kept for one who is not waiting yet.
    pub fn arrivals(&self, job: &JobId) -> Arc<Notify> {
        self.inner.live.arrivals(job)
    }

    /// The job's live counters.
    pub fn counts(&self, job: &JobId) -> Counts {
        self.inner.live.job(job).map(|job| job.counts()).unwrap_or_default()
    }

    /// Why nothing can be stored: what the last transaction failed of, if the one after it would too. Asks the disk again,
    /// but waits for it no longer than a moment.
    pub async fn problem(&self) -> Option<StoreError> {
        let noted = self.inner.live.problem()?;
        match tokio::time::timeout(PROBLEM_PATIENCE, self.check_writable()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(_) => Some(noted),
        }
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Stops the building of the search index, or lets it go on. Searches stay complete meanwhile, but get slower.
    pub fn pause_indexing(&self, paused: bool) {
        self.inner.search.pause(paused);
    }

    /// Runs a read on a blocking thread.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Inner, &Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.inner.readers.turn().await?;
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            inner.readers.read(|connection| read(&inner, connection))
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }

    /// Runs a change in the writer and waits for its commit.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        self.inner.writer.change(change)?.await.map_err(|_| StoreError::Closed)?
    }
}

impl Inner {
    fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        self.search.close();
        self.upkeep.close();
        self.readers.close();
        self.writer.close();
        self.writer.join();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}
