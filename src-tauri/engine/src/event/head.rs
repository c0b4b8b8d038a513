//! What has to be known of an event at its receipt.

use super::Timestamp;

/// The few facts that a provider reads from a request at its receipt, without building a tree of its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHead {
    /// The provider's id of the event; where a provider sends none, `sha256:` and the hex digest of the body.
    pub provider_event_id: String,
    /// What two deliveries of one change have in common, where that is more than `provider_event_id`
    /// (Close: id and `date_updated`).
    pub idempotency_key: Option<String>,
    /// The provider's name of the event's type, such as `customer.updated`.
    pub event_type: String,
    /// When the change happened, by the provider's clock.
    pub occurred_at: Option<Timestamp>,
    /// The type of the object that changed, such as `checkout.session`.
    pub object_type: Option<String>,
    /// The id of the object that changed.
    pub object_id: Option<String>,
}

impl EventHead {
    /// The key by which duplicates are recognised within a job.
    pub fn dedupe_key(&self) -> &str {
        self.idempotency_key.as_deref().unwrap_or(&self.provider_event_id)
    }
}
