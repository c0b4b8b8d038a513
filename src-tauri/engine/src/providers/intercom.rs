//! Intercom.
//!
//! Facts: <https://developers.intercom.com/docs/webhooks>. The notification carries the object in `data.item`; items that
//! have no id (such as a tag put on a contact) go to the log of events. Signatures are HMAC-SHA1, with no timestamp.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::change::{self, Action};
use super::payload::{self, Loose, MaybeObject};
use super::scheme::{HeaderName, Scheme};
use super::signature::{Algorithm, Encoding, SignatureError, Signing};
use super::{
    InvalidPayload, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, naming, secret_kinds,
};
use crate::event::{EventHead, Mapping, RawRequest, Timestamp};

const LABEL: &str = "Intercom";

static SCHEME: Scheme = Scheme::of_body(
    HeaderName::of("X-Hub-Signature", "x-hub-signature"),
    "sha1=",
    Algorithm::Sha1,
    Encoding::Hex,
);

static INFO: ProviderInfo = ProviderInfo {
    kind: "intercom",
    label: LABEL,
    tolerance_seconds: None,
    secret_help: "The app's Client secret, in the Developer Hub under Configure → Basic information. It is not the access \
                  token.",
    setup_steps: &[
        "Open your app in Intercom's Developer Hub and copy Basic information → Client secret; paste it here.",
        "Open Configure → Webhooks and paste the webhook URL into the endpoint URL.",
        "Select the topics and press “Save”. “Send a test request” sends a ping.",
    ],
    known_types: &[
        "admin.added_to_workspace",
        "admin.away_mode_updated",
        "admin.removed_from_workspace",
        "company.contact.attached",
        "company.contact.detached",
        "company.created",
        "company.deleted",
        "company.updated",
        "contact.archived",
        "contact.deleted",
        "contact.email.updated",
        "contact.lead.added_email",
        "contact.lead.created",
        "contact.lead.signed_up",
        "contact.lead.tag.created",
        "contact.lead.tag.deleted",
        "contact.lead.updated",
        "contact.merged",
        "contact.subscribed",
        "contact.unsubscribed",
        "contact.user.created",
        "contact.user.tag.created",
        "contact.user.tag.deleted",
        "contact.user.updated",
        "content_stat.news_item",
        "conversation.admin.assigned",
        "conversation.admin.closed",
        "conversation.admin.noted",
        "conversation.admin.opened",
        "conversation.admin.replied",
        "conversation.admin.single.created",
        "conversation.admin.snoozed",
        "conversation.admin.unsnoozed",
        "conversation.deleted",
        "conversation.priority.updated",
        "conversation.rating.added",
        "conversation.read",
        "conversation.user.created",
        "conversation.user.replied",
        "conversation_part.redacted",
        "conversation_part.tag.created",
        "event.created",
        "ping",
        "ticket.admin.assigned",
        "ticket.attribute.updated",
        "ticket.closed",
        "ticket.created",
        "ticket.state.updated",
        "ticket.team.assigned",
        "visitor.signed_up",
    ],
    key_help: None,
};

/// Intercom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Intercom;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    topic: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<Loose<'a>>,
    #[serde(borrow)]
    app_id: Option<Loose<'a>>,
    #[serde(borrow)]
    created_at: Option<Loose<'a>>,
    #[serde(borrow)]
    data: Option<MaybeObject<Data<'a>>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    item: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(rename = "type", borrow)]
    object_type: Option<Loose<'a>>,
    #[serde(borrow)]
    id: Option<Loose<'a>>,
    #[serde(borrow)]
    updated_at: Option<Loose<'a>>,
}

struct Event<'a> {
    id: String,
    topic: Cow<'a, str>,
    app: Option<Cow<'a, str>>,
    created_at: Option<Timestamp>,
    object: Option<Found<'a>>,
}

struct Found<'a> {
    object_type: Cow<'a, str>,
    id: Cow<'a, str>,
    updated_at: Option<Timestamp>,
    whole: &'a RawValue,
}

impl<'a> Event<'a> {
    fn read(body: &'a [u8]) -> Result<Self, InvalidPayload> {
        let parsed: Body<'a> = payload::read(body, LABEL)?;
        let mut object = None;
        if let Some(item) = parsed.data.and_then(|data| data.0?.item)
            && let Some(Item { object_type: Some(object_type), id: Some(id), updated_at }) =
                payload::read_object(item.raw(), LABEL)?
            && let (Some(object_type), Some(id)) = (object_type.text(), id.id())
        {
            let updated_at = updated_at.and_then(|time| time.seconds_or_rfc3339());
            object = Some(Found { object_type, id, updated_at, whole: item.raw() });
        }
        Ok(Self {
            // A ping has `"id": null`.
            id: parsed.id.and_then(|id| id.id()).map_or_else(|| change::body_id(body), Cow::into_owned),
            topic: payload::not_empty("topic", parsed.topic)?,
            app: parsed.app_id.and_then(|app| app.text()),
            created_at: parsed.created_at.and_then(|time| time.seconds_or_rfc3339()),
            object,
        })
    }

    /// `contact.deleted` deletes a contact; `contact.user.tag.deleted` only takes a tag off one.
    fn action(&self) -> Action {
        match self.topic.split('.').collect::<Vec<_>>().as_slice() {
            [_, "deleted"] => Action::Deleted,
            [_, "created"] | [_, "user" | "lead" | "admin", "created"] => Action::Created,
            _ => Action::Updated,
        }
    }
}

impl Provider for Intercom {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        secret_kinds::check_issued(
            secret,
            &[],
            "Intercom signs with the app's Client secret, in the Developer Hub under Basic information",
        )
    }

    fn generate_secret(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    fn signing(&self) -> Signing {
        SCHEME.signing()
    }

    fn verify(
        &self,
        request: &RawRequest,
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
        tolerance_seconds: Option<u32>,
    ) -> Result<(), SignatureError> {
        SCHEME.verify(request, &request.url, body, secrets, now, tolerance_seconds)
    }

    fn read(&self, _request: &RawRequest, body: &[u8]) -> Result<Reading, InvalidPayload> {
        let event = Event::read(body)?;
        let object = event.object.as_ref();
        Ok(Reading::Event(EventHead {
            provider_event_id: event.id,
            idempotency_key: None,
            event_type: event.topic.into_owned(),
            occurred_at: event.created_at.or_else(|| object?.updated_at),
            object_type: object.map(|object| object.object_type.clone().into_owned()),
            object_id: object.map(|object| object.id.clone().into_owned()),
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        _wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let event = Event::read(body)?;
        if event.topic == "ping" {
            return Ok(change::unmapped("`ping` only says that Intercom reaches the webhook's URL"));
        }
        let action = event.action();
        let created_at = event.created_at.unwrap_or(request.received_at);
        let mut operation = match event.object {
            None => change::log_entry(change::whole(body, LABEL)?, event.id, created_at),
            Some(object) => change::operation(
                action,
                naming::collection(&object.object_type),
                object.id.into_owned(),
                object.whole,
                object.updated_at.unwrap_or(created_at),
            ),
        };
        operation.account = event.app.map(Cow::into_owned);
        Ok(change::one(operation))
    }

    fn sign(&self, url: &str, body: &[u8], _event_type: &str, secret: &str, now: Timestamp) -> SignedHeaders {
        SCHEME.sign(url, body, "", secret, now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{
        NOW, assert_covers_the_body, assert_never_panics, assert_signs_and_verifies, head, operation,
        request, unmapped, verify,
    };
    use super::*;
    use crate::event::{OperationKind, Version};

    const BODY: &str = r#"{"type":"notification_event","app_id":"abc123","data":{"type":"notification_event_data","item":{"type":"conversation","id":"101","updated_at":1735689600}},"links":{},"id":"notif_1","topic":"conversation.user.replied","delivery_status":"pending","delivery_attempts":1,"created_at":1735689601}"#;

    #[test]
    fn its_own_signatures_are_right_and_others_are_not() {
        assert_signs_and_verifies(&Intercom, "X-Hub-Signature", BODY, "conversation.user.replied");
        assert_covers_the_body(&Intercom, BODY, "conversation.user.replied");
        assert_never_panics(&Intercom, &["x-hub-signature"], &[], BODY);
    }

    #[test]
    fn a_signature_computed_elsewhere_is_right() {
        // Python: hmac.new(b"11111111-2222-3333-4444-555555555555", BODY, "sha1").hexdigest()
        let signature = "sha1=6f49afe85b62cd695995667592eb48801b54fd28";
        let request = request(&[("X-Hub-Signature", signature)], BODY);
        assert_eq!(verify(&Intercom, &request, "11111111-2222-3333-4444-555555555555", NOW), Ok(()));
    }

    #[test]
    fn another_algorithm_is_not_taken() {
        let request = request(&[("X-Hub-Signature", "sha256=00")], BODY);
        let error = verify(&Intercom, &request, "secret", NOW).expect_err("malformed");
        assert!(error.to_string().ends_with("it does not begin with `sha1=`"), "{error}");
    }

    #[test]
    fn the_item_is_the_document() {
        let request = request(&[], BODY);
        let head = head(&Intercom, &request);
        assert_eq!(
            (head.provider_event_id.as_str(), head.event_type.as_str()),
            ("notif_1", "conversation.user.replied")
        );
        assert_eq!(
            (head.object_type.as_deref(), head.object_id.as_deref()),
            (Some("conversation"), Some("101"))
        );
        assert_eq!(head.occurred_at, Some(NOW.plus_millis(1_000)));
        let operation = operation(&Intercom, &request);
        assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), ("conversations", "101"));
        assert_eq!(operation.version, Version { at: NOW, rank: Version::UPDATED });
        assert_eq!(operation.account.as_deref(), Some("abc123"));
        assert_eq!(
            operation.object.expect("an object").get(),
            r#"{"type":"conversation","id":"101","updated_at":1735689600}"#
        );
    }

    #[test]
    fn only_the_deletion_of_the_object_itself_deletes_it() {
        for (topic, kind, rank) in [
            ("contact.deleted", OperationKind::Delete, Version::DELETED),
            ("contact.user.tag.deleted", OperationKind::Upsert, Version::UPDATED),
            ("contact.user.created", OperationKind::Upsert, Version::CREATED),
            ("company.created", OperationKind::Upsert, Version::CREATED),
            ("contact.archived", OperationKind::Upsert, Version::UPDATED),
        ] {
            let operation =
                operation(&Intercom, &request(&[], BODY.replace("conversation.user.replied", topic)));
            assert_eq!((operation.kind, operation.version.rank), (kind, rank), "{topic}");
        }
    }

    #[test]
    fn an_item_without_an_id_is_kept_in_the_log() {
        let body = r#"{"topic":"contact.user.tag.created","id":"notif_2","created_at":1735689600,"data":{"item":{"type":"contact_tag","contact":{"id":"1"},"tag":{"id":"2"}}}}"#;
        let operation = operation(&Intercom, &request(&[], body));
        assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), ("events", "notif_2"));
        assert_eq!(operation.version.at, NOW);
    }

    #[test]
    fn a_ping_changes_nothing() {
        let body = r#"{"type":"notification_event","topic":"ping","id":null,"data":{"item":{"type":"ping","message":"something something interzen"}}}"#;
        let request = request(&[], body);
        assert!(head(&Intercom, &request).provider_event_id.starts_with("sha256:"));
        assert!(unmapped(&Intercom, &request).contains("ping"));
    }

    #[test]
    fn an_access_token_is_no_client_secret() {
        let problem = Intercom.check_secret("dG9rOjEyMzQ1Njc4OTA=").expect_err("a token");
        assert!(problem.message.contains("an Intercom access token"), "{problem}");
    }
}
