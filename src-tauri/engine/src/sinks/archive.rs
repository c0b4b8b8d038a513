//! The shape of an archive: the history of jobs, kept beside the documents, for everybody who uses the destination.
//!
//! Invariants:
//! - [`Archive::put`] may be called again with the same records: the effect is the same as once.
//! - A record that is older than what is there changes nothing.
//! - What was never verified is not part of the history.

use async_trait::async_trait;

use super::SinkError;
use crate::event::{Archivable, DestinationId, JobId, SourceId, WorkspaceId};

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
pub struct Record {
    /// Grows whenever the record changes.
    pub revision: i64,
    /// What is known of it now.
    pub state: Archivable,
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
