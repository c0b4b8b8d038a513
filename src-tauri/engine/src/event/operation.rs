//! What an event changes in a destination.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Timestamp;

/// What is done to the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OperationKind {
    /// Insert the object, or replace what is there.
    Upsert,
    /// Remove the object, or mark it as deleted.
    Delete,
}

/// How new an event's state of an object is: of two versions the greater one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// When the change happened, by the provider's clock.
    pub at: Timestamp,
    /// Within one point in time: [`Version::CREATED`] < [`Version::UPDATED`] < [`Version::DELETED`].
    pub rank: u8,
}

impl Version {
    /// Rank of the event that brings the object into being.
    pub const CREATED: u8 = 0;
    /// Rank of every other event that carries the object.
    pub const UPDATED: u8 = 1;
    /// Rank of the event after which the object is gone.
    pub const DELETED: u8 = 2;
}

/// What the object was before the event, as far as the provider tells (Stripe's `previous_attributes`, Close's `previous_data`).
#[derive(Debug, Clone)]
pub struct Previous {
    /// The old values, a JSON object. `null` means that the key was absent.
    pub values: Box<RawValue>,
    /// Whether nested objects list only what changed in them (Stripe), or are the whole old value (Close).
    pub deep: bool,
}

/// One change of one document.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Upsert or delete.
    pub kind: OperationKind,
    /// Name of the collection without the job's prefix: the plural of the object's type, `checkout_sessions`.
    pub collection: String,
    /// The document's `_id`.
    pub document_id: String,
    /// The provider's object, byte for byte as it stands in the body. A delete may have none.
    pub object: Option<Box<RawValue>>,
    /// The state before, where the provider tells it.
    pub previous: Option<Previous>,
    /// How new this state is.
    pub version: Version,
    /// Live or test mode, where the provider tells it apart.
    pub livemode: Option<bool>,
    /// The connected account, where there is one.
    pub account: Option<String>,
    /// The version of the provider's API that the object was written in.
    pub api_version: Option<String>,
}

/// What a provider makes of an event.
#[derive(Debug, Clone)]
pub enum Mapping {
    /// Changes of documents, in the order in which they stand in the event. Usually one, never none.
    Operations(Vec<Operation>),
    /// Nothing that could be synced; the event is recorded all the same.
    Unmapped(Unmapped),
}

/// Why an event changes no document. Its `Display` is shown to users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unmapped {
    /// One sentence, such as "`invoice.upcoming` describes an invoice that has no id yet".
    pub reason: String,
}
