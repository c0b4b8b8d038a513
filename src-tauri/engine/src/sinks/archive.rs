//! The shape of an archive: the history of jobs, kept beside the documents, for everybody who uses the destination.
//!
//! Invariants:
//! - [`Archive::put`] may be called again with the same records: the effect is the same as once.
//! - A record that is older than what is there changes nothing.
//! - What was never verified is not part of the history.

use async_trait::async_trait;

use super::SinkError;
use crate::event::{
    DestinationId, EventHead, EventId, EventStatus, ExecutionId, JobId, RawRequest, SkipReason, SourceId,
    Timestamp, WorkspaceId,
};

/// The collection of events.
pub const EVENTS: &str = "webhook_events";
/// The collection of batches.
pub const EXECUTIONS: &str = "job_executions";

/// Whether no object may be written into the collection of this name, because Hookline keeps something else in it.
pub fn is_reserved(collection: &str) -> bool {
    collection == EVENTS || collection == EXECUTIONS || collection.starts_with("_hookline_")
}

/// Whose history it is, and who writes it.
#[derive(Debug, Clone)]
pub struct ArchiveContext {
    /// Tells the writing Hookline's database from all others.
    pub installation: String,
    /// The name of the machine that it runs on.
    pub host: String,
    /// The job's workspace.
    pub workspace_id: WorkspaceId,
    /// The job.
    pub job_id: JobId,
    /// Its name.
    pub job_name: String,
    /// Its source.
    pub source_id: SourceId,
    /// The source's name.
    pub source_name: String,
    /// The source's kind, such as `stripe`.
    pub provider: String,
    /// The destination that it syncs into.
    pub destination_id: DestinationId,
    /// For how many days the history is kept.
    pub days: u32,
}

/// Something that is archived.
#[derive(Debug, Clone)]
pub enum Record {
    /// An event.
    Event(Box<ArchivedEvent>),
    /// A batch.
    Execution(ArchivedExecution),
}

/// An event with what became of it.
#[derive(Debug, Clone)]
pub struct ArchivedEvent {
    /// Its id in the Hookline that received it.
    pub id: EventId,
    /// What the provider read.
    pub head: EventHead,
    /// Where it stands.
    pub status: EventStatus,
    /// Why it was skipped.
    pub reason: Option<SkipReason>,
    /// What went wrong last, or why nothing had to be done.
    pub error: Option<String>,
    /// When it was received.
    pub received_at: Timestamp,
    /// When its outcome became known.
    pub finished_at: Option<Timestamp>,
    /// When the next attempt is due.
    pub next_attempt_at: Option<Timestamp>,
    /// How many attempts were ever made.
    pub attempts: u32,
    /// The batch of the last one.
    pub execution_id: Option<ExecutionId>,
    /// Size of the body as received, in bytes.
    pub size_bytes: u64,
    /// The request as received, without secrets; `None` when it is damaged.
    pub request: Option<RawRequest>,
}

/// A batch.
#[derive(Debug, Clone)]
pub struct ArchivedExecution {
    /// Its id in the Hookline that ran it.
    pub id: ExecutionId,
    /// Grows whenever the batch changes, which one does that tells of an outage.
    pub revision: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How many events it took.
    pub events: u64,
    /// How many were applied.
    pub completed: u64,
    /// How many needed nothing.
    pub skipped: u64,
    /// How many failed.
    pub failed: u64,
    /// Why the batch as a whole failed.
    pub error: Option<String>,
}

/// A destination that can keep a history.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Writes records and tells for each, in their order, why the archive did not take it, if it did not. What it took
    /// is durable.
    async fn put(
        &self,
        context: &ArchiveContext,
        records: &[Record],
    ) -> Result<Vec<Result<(), String>>, SinkError>;

    /// Lets everything that this Hookline has archived of the job be kept for as many days as the context says now.
    async fn keep_for(&self, context: &ArchiveContext) -> Result<(), SinkError>;
}
