//! Settings and facts that several modules pass on: they belong to no one of them.

use serde::{Deserialize, Serialize};

use super::TypePatterns;

/// How deletions are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DeletePolicy {
    /// The document is removed; a tombstone keeps late events from bringing it back.
    #[default]
    Hard,
    /// The document stays, marked with `_sync_metadata.deleted`.
    Soft,
}

/// How a job receives and applies webhooks. The signing secrets are not here, but in the secret store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookConfig {
    /// Which event types are synced: exact names, `*`, `customer.*`, `*.deleted`. Empty means all.
    pub event_types: TypePatterns,
    /// The most events applied in one batch, 1 to 2000.
    pub batch_size: u32,
    /// How long a batch that is not full waits for more events, in milliseconds, 0 to 60 000.
    pub batch_wait_ms: u32,
    /// How deletions are applied.
    pub deletes: DeletePolicy,
    /// How far a signature's timestamp may be off, in seconds. 0 leaves timestamps unchecked. `null` means the provider's own tolerance.
    pub signature_tolerance_seconds: Option<u32>,
    /// How long settled events are kept, in days, 1 to 36 500.
    pub retention_days: u32,
    /// Whether the job's history is kept at its destination too, and for how long. `null`: it is not.
    pub archive: Option<ArchiveConfig>,
}

/// How a job's history is kept at its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArchiveConfig {
    /// For how many days after the receipt of an event or the end of a batch, 1 to 3650.
    pub days: u32,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            event_types: TypePatterns::default(),
            batch_size: 500,
            batch_wait_ms: 200,
            deletes: DeletePolicy::Hard,
            signature_tolerance_seconds: None,
            retention_days: 30,
            archive: None,
        }
    }
}

/// The answer of an HTTP destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body's beginning (at most 64 KiB) as text; bytes that are no UTF-8 are replaced.
    pub body: String,
    /// Whether the body was longer.
    pub body_truncated: bool,
    /// How long the answer took, in milliseconds.
    pub duration_ms: u64,
}
