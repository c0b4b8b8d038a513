//! The tables `webhook_events`, `webhook_bodies` and `delivery_attempts`.

use serde::{Deserialize, Serialize};

use super::{EventId, EventStatus, JobId, Order, Timestamp, WorkspaceId};
use crate::event::{
    EventHead, EventRow, HttpAnswer, RawRequest, Rejection, SkipReason, TypePatterns, Verified,
};

mod again;
mod archivable;
mod detail;
mod due;
mod figures;
mod list;
mod receive;
mod rows;
mod types;

pub use again::Again;
pub(super) use archivable::archivable;
pub(super) use detail::pack_answer;
pub(super) use rows::{read_event, reason_code};
#[cfg(test)]
pub(super) use types::figures;
pub use types::{TypeCounts, TypeFigures};

/// A verified request that its provider has read.
#[derive(Debug)]
pub struct NewEvent {
    /// The job it came in for.
    pub job_id: JobId,
    /// The request.
    pub request: Verified,
    /// What the provider read.
    pub head: EventHead,
    /// False: the job did not select this type; the event is stored as skipped.
    pub wanted: bool,
}

/// What became of an event that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ingested {
    /// The event's id; of the first one when this is a duplicate.
    pub event_id: EventId,
    /// Whether it had been stored before.
    pub duplicate: bool,
}

/// A request that was refused.
#[derive(Debug)]
pub struct NewRejected {
    /// The job it was meant for.
    pub job_id: JobId,
    /// The request.
    pub request: RawRequest,
    /// What the provider read, where it could.
    pub head: Option<EventHead>,
    /// What was wrong with it.
    pub rejection: Rejection,
    /// Why it was refused, for users.
    pub error: String,
}

/// An event to be applied, with its request.
#[derive(Debug, Clone)]
pub struct ClaimedEvent {
    /// Its id.
    pub id: EventId,
    /// What the provider read at receipt.
    pub head: EventHead,
    /// The request.
    pub request: RawRequest,
    /// How many attempts were made before.
    pub attempts: u32,
}

/// What became of an event in a batch.
#[derive(Debug, Clone)]
pub struct EventOutcome {
    /// Which event.
    pub event_id: EventId,
    /// Its end, or the next attempt.
    pub settled: Settled,
    /// What an HTTP destination answered.
    pub answer: Option<HttpAnswer>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Applied.
    Completed,
    /// Nothing had to be done.
    Skipped {
        /// Why.
        reason: SkipReason,
        /// More, such as the event that won.
        detail: Option<String>,
    },
    /// Failed.
    Failed {
        /// What went wrong, for users.
        error: String,
        /// When it is tried again; `None` when it is not (a dead letter).
        next_attempt_at: Option<Timestamp>,
    },
}

/// One attempt to apply an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// 1 for the first since receipt. Replays count on.
    pub number: u32,
    /// When it ended.
    pub at: Timestamp,
    /// The batch it was part of.
    #[schema(value_type = Option<String>)]
    pub execution_id: Option<String>,
    /// How it ended: `completed`, `skipped` or `failed`.
    pub status: EventStatus,
    /// What went wrong, or why nothing had to be done.
    pub error: Option<String>,
    /// What an HTTP destination answered.
    pub answer: Option<HttpAnswer>,
}

/// An event with everything that is known of it.
#[derive(Debug, Clone)]
pub struct EventDetail {
    /// Its line.
    pub row: EventRow,
    /// The request as received.
    pub request: RawRequest,
    /// Only the beginning of the body was kept (rejected requests over 64 KiB).
    pub body_truncated: bool,
    /// Why it was rejected, where it was and that was written down.
    pub rejection: Option<Rejection>,
    /// All attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// The event before it among those of this job about the same object, by receipt.
    pub previous_of_object: Option<Neighbour>,
    /// The event after it among those of this job about the same object, by receipt.
    pub next_of_object: Option<Neighbour>,
}

/// Another event about the same object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its id.
    pub id: EventId,
    /// Its type.
    pub event_type: String,
    /// When it was received.
    pub received_at: Timestamp,
}

/// Which events are wanted, and in which order.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only of this workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// Only of this job.
    pub job_id: Option<JobId>,
    /// Only in one of these states; all when empty. `Processing` matches nothing.
    pub statuses: Vec<EventStatus>,
    /// Only of types that match; all when empty.
    pub types: TypePatterns,
    /// Only with these words: in the ids, the type, the error or the body's values.
    pub text: Option<String>,
    /// Only received at this time or later.
    pub from: Option<Timestamp>,
    /// Only received before this time.
    pub to: Option<Timestamp>,
    /// Only about the object with this id.
    pub object_id: Option<String>,
    /// Only received after this event.
    pub after: Option<EventId>,
    /// In which order.
    pub order: Order,
}

/// A page of events.
#[derive(Debug, Clone, Default)]
pub struct EventPage {
    /// The events, in the filter's order.
    pub events: Vec<EventRow>,
    /// Where the next page begins: behind this event. `None` on the last page.
    ///
    /// A search for words that are rare looks through a bounded number of events at a time: then a page can hold fewer
    /// events than asked for, or none, and still have a next one.
    pub next_cursor: Option<EventId>,
}
