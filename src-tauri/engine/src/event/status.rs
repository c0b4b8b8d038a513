//! Where an event stands.

use serde::{Deserialize, Serialize};

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EventStatus {
    /// Stored, its outcome not known yet.
    Pending,
    /// In a batch that is being applied right now. Never stored: after a crash the event is pending again.
    Processing,
    /// Its effect is in the destination.
    Completed,
    /// An attempt failed; another is due, or none is left.
    Failed,
    /// Nothing had to be done.
    Skipped,
    /// Bad signature or unreadable body: kept for debugging in a bounded ring, never synced.
    Rejected,
}

impl EventStatus {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Processing, Self::Completed, Self::Failed, Self::Skipped, Self::Rejected];

    /// The name used in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Rejected => "rejected",
        }
    }
}

/// Why an event was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SkipReason {
    /// The job does not want events of this type.
    Filtered,
    /// The event carries no object that could be synced.
    Unmapped,
    /// The destination already held a newer state.
    Stale,
}

impl SkipReason {
    /// The name used in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filtered => "filtered",
            Self::Unmapped => "unmapped",
            Self::Stale => "stale",
        }
    }
}

/// Why a request was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// Its signature is missing, wrong or too old.
    Signature,
    /// Its signature was right, but its provider cannot read the body.
    Unreadable,
}
