//! What is remembered of events and batches, and shown, archived and told of.

use super::{EventHead, EventId, EventStatus, ExecutionId, JobId, RawRequest, SkipReason, Timestamp};

/// One line of an event list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its id.
    pub id: EventId,
    /// Its job.
    pub job_id: JobId,
    /// What the provider read; for rejected requests as far as it could (empty texts where it could not).
    pub head: EventHead,
    /// Where it stands. Never [`EventStatus::Processing`]: the worker alone knows that.
    pub status: EventStatus,
    /// Why it was skipped.
    pub reason: Option<SkipReason>,
    /// When it was received.
    pub received_at: Timestamp,
    /// When its outcome became known.
    pub finished_at: Option<Timestamp>,
    /// How many attempts were made.
    pub attempts: u32,
    /// When the next attempt is due.
    pub next_attempt_at: Option<Timestamp>,
    /// What went wrong last, why it was rejected, or why it was skipped.
    pub error: Option<String>,
    /// Size of the body as received, in bytes.
    pub size_bytes: u64,
    /// Kept whatever its age.
    pub pinned: bool,
    /// How many more times it was delivered.
    pub duplicates: u32,
}

/// One batch run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Its id.
    pub id: ExecutionId,
    /// Its job.
    pub job_id: JobId,
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
    /// Why the batch as a whole failed (the destination was down), for users.
    pub error: Option<String>,
}

/// What is archived.
#[derive(Debug, Clone)]
pub enum Archivable {
    /// An event with what became of it.
    Event(Box<ArchivableEvent>),
    /// A batch.
    Execution(Execution),
}

/// An event whose outcome is known, for the archive.
#[derive(Debug, Clone)]
pub struct ArchivableEvent {
    /// Its line.
    pub row: EventRow,
    /// How many attempts were ever made: this never becomes less, unlike [`EventRow::attempts`].
    pub attempts_ever: u32,
    /// The batch of its last attempt.
    pub execution_id: Option<ExecutionId>,
    /// The request as received; `None` when it is damaged.
    pub request: Option<RawRequest>,
}
