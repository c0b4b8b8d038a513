//! What an event changes, for providers whose events carry either a whole object or nothing but the news of it.
//!
//! An event that carries no object with an id becomes a document of its own in [`LOG`], so that nothing of it is lost
//! to the destination.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{InvalidPayload, payload};
use crate::event::{Mapping, Operation, OperationKind, Timestamp, Unmapped, Version};

/// The collection of events that carry no object.
pub(super) const LOG: &str = "events";

/// What happened to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// It came into being.
    Created,
    /// It changed, or the event carries it for another reason.
    Updated,
    /// It is gone.
    Deleted,
}

/// The id of an event to which its provider gives none: the same body is the same event.
pub(super) fn body_id(body: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(body)))
}

/// One change of one document. `at` is when the object took this state.
pub(super) fn operation(
    action: Action,
    collection: String,
    document_id: String,
    object: &RawValue,
    at: Timestamp,
) -> Operation {
    let (kind, rank) = match action {
        Action::Created => (OperationKind::Upsert, Version::CREATED),
        Action::Updated => (OperationKind::Upsert, Version::UPDATED),
        Action::Deleted => (OperationKind::Delete, Version::DELETED),
    };
    Operation {
        kind,
        collection,
        document_id,
        object: Some(object.to_owned()),
        previous: None,
        version: Version { at, rank },
        livemode: None,
        account: None,
        api_version: None,
    }
}

/// The change that keeps a whole payload, an object, as a document of the log.
pub(super) fn log_entry(payload: &RawValue, event_id: String, at: Timestamp) -> Operation {
    operation(Action::Created, LOG.to_owned(), event_id, payload, at)
}

/// The body as it stands, without white space around it.
pub(super) fn whole<'a>(body: &'a [u8], label: &str) -> Result<&'a RawValue, InvalidPayload> {
    serde_json::from_str(payload::as_text(body)?)
        .map_err(|_| InvalidPayload::new(format!("the body is no JSON, hence no event of {label}")))
}

/// A mapping of this one change.
pub(super) fn one(operation: Operation) -> Mapping {
    Mapping::Operations(vec![operation])
}

/// A mapping of nothing, with the reason as a sentence.
pub(super) fn unmapped(reason: impl Into<String>) -> Mapping {
    Mapping::Unmapped(Unmapped { reason: reason.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_body_has_the_same_id() {
        // Python: hashlib.sha256(b"{}").hexdigest()
        assert_eq!(body_id(b"{}"), "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }

    #[test]
    fn deletions_rank_above_updates_and_these_above_creations() {
        let object: &RawValue = serde_json::from_str("{}").expect("JSON");
        let of =
            |action| operation(action, "things".to_owned(), "1".to_owned(), object, Timestamp::default());
        assert!(of(Action::Created).version < of(Action::Updated).version);
        assert!(of(Action::Updated).version < of(Action::Deleted).version);
        assert_eq!(of(Action::Created).kind, OperationKind::Upsert);
        assert_eq!(of(Action::Updated).kind, OperationKind::Upsert);
        assert_eq!(of(Action::Deleted).kind, OperationKind::Delete);
    }

    #[test]
    fn what_is_no_json_is_refused_without_repeating_it() {
        let error = whole(b"hush", "Acme").expect_err("no JSON");
        assert_eq!(error.message, "the body is no JSON, hence no event of Acme");
        assert_eq!(whole(b" {\"a\": 1}\n", "Acme").expect("JSON").get(), "{\"a\": 1}");
    }
}
