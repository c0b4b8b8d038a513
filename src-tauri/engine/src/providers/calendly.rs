//! Calendly.
//!
//! Facts: <https://developer.calendly.com/api-docs/> (“Webhook signatures”, “Webhook payload”). Events have no id: the same
//! body is the same event. `payload` is the resource; its `uri` is the resource's id in all of Calendly's API and what other
//! resources refer to it by, so the whole URI is the document's id.
//!
//! A state is as new as the later of the resource's `updated_at` and the event's `created_at`: marking an invitee as a no-show
//! sends the invitee without touching its `updated_at`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::change::{self, Action};
use super::payload::{self, Loose};
use super::scheme::{HeaderName, Piece, Scheme, Shape, Stamp, Unit};
use super::signature::{Algorithm, Encoding, SecretEncoding, SignatureError, Signing};
use super::{
    InvalidPayload, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, naming, secret_kinds,
};
use crate::event::{EventHead, Mapping, RawRequest, Timestamp};

const LABEL: &str = "Calendly";
const CONTENT: &[Piece] = &[Piece::Timestamp, Piece::Text(Cow::Borrowed(".")), Piece::Body];

static SCHEME: Scheme = Scheme {
    header: HeaderName::of("Calendly-Webhook-Signature", "calendly-webhook-signature"),
    shape: Shape::Fields { separator: ',', signature: Cow::Borrowed("v1") },
    algorithm: Algorithm::Sha256,
    encoding: Encoding::Hex,
    secret: SecretEncoding::Text,
    content: Cow::Borrowed(CONTENT),
    timestamp: Some(Stamp::Field(Cow::Borrowed("t"), Unit::Seconds)),
    id: None,
};

static INFO: ProviderInfo = ProviderInfo {
    kind: "calendly",
    label: LABEL,
    tolerance_seconds: Some(180),
    secret_help: "The `signing_key` with which the webhook subscription was created, or the webhook signing key of your OAuth \
                  app.",
    setup_steps: &[
        "Create a personal access token in Calendly under Integrations & apps → API & webhooks (a paid plan is needed).",
        "Create the subscription with POST https://api.calendly.com/webhook_subscriptions: the webhook URL as `url`, the secret \
         as `signing_key`, with `events`, `organization` and `scope`.",
    ],
    known_types: &[
        "event_type.created",
        "event_type.deleted",
        "event_type.updated",
        "invitee.canceled",
        "invitee.created",
        "invitee_no_show.created",
        "invitee_no_show.deleted",
        "routing_form_submission.created",
    ],
    key_help: None,
};

/// Calendly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendly;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    created_at: Option<Loose<'a>>,
    #[serde(borrow)]
    payload: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow)]
    uri: Option<Loose<'a>>,
    #[serde(borrow)]
    updated_at: Option<Loose<'a>>,
}

struct Event<'a> {
    name: Cow<'a, str>,
    created_at: Option<Timestamp>,
    object: Option<Found<'a>>,
}

struct Found<'a> {
    uri: Cow<'a, str>,
    updated_at: Option<Timestamp>,
    whole: &'a RawValue,
}

impl Found<'_> {
    /// `invitees` of `https://api.calendly.com/scheduled_events/AAA/invitees/BBB`: Calendly's own plural.
    fn plural(&self) -> Option<&str> {
        let (_, path) = self.uri.split_once("://")?;
        let mut segments = path.split('/').rev();
        segments.next().filter(|id| !id.is_empty())?;
        let plural = segments.next()?;
        // What stands before the first slash is the host.
        segments.next()?;
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        (!plural.is_empty() && plural.bytes().all(is_name)).then_some(plural)
    }
}

impl<'a> Event<'a> {
    fn read(body: &'a [u8]) -> Result<Self, InvalidPayload> {
        let parsed: Body<'a> = payload::read(body, LABEL)?;
        let mut object = None;
        if let Some(resource) = parsed.payload
            && let Some(Resource { uri: Some(uri), updated_at }) =
                payload::read_object(resource.raw(), LABEL)?
            && let Some(uri) = uri.text()
        {
            let updated_at = updated_at.and_then(|time| time.seconds_or_rfc3339());
            let found = Found { uri, updated_at, whole: resource.raw() };
            object = found.plural().is_some().then_some(found);
        }
        Ok(Self {
            name: payload::not_empty("event", parsed.event)?,
            created_at: parsed.created_at.and_then(|time| time.seconds_or_rfc3339()),
            object,
        })
    }

    fn at(&self) -> Option<Timestamp> {
        self.created_at.max(self.object.as_ref().and_then(|object| object.updated_at))
    }

    /// What happened to the resource: `invitee_no_show.deleted` sends the invitee, which stays.
    fn action(&self, plural: &str) -> Action {
        match self.name.rsplit_once('.') {
            Some((object_type, "created")) if naming::collection(object_type) == plural => Action::Created,
            Some((object_type, "deleted")) if naming::collection(object_type) == plural => Action::Deleted,
            _ => Action::Updated,
        }
    }
}

impl Provider for Calendly {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        secret_kinds::check_chosen(
            secret,
            "Calendly signs with the `signing_key` of the webhook subscription",
        )
    }

    fn generate_secret(&self) -> String {
        secret_kinds::random_hex(32)
    }

    fn signing(&self) -> Signing {
        SCHEME.signing()
    }

    fn signed_at(&self, request: &RawRequest) -> Option<Timestamp> {
        SCHEME.signed_at(request)
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
            provider_event_id: change::body_id(body),
            idempotency_key: None,
            event_type: event.name.clone().into_owned(),
            occurred_at: event.at(),
            object_type: object.and_then(Found::plural).map(ToOwned::to_owned),
            object_id: object.map(|object| object.uri.clone().into_owned()),
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        _wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let event = Event::read(body)?;
        let at = event.at().unwrap_or(request.received_at);
        let found = event.object.as_ref().and_then(|object| Some((object, object.plural()?)));
        Ok(change::one(match found {
            None => change::log_entry(change::whole(body, LABEL)?, change::body_id(body), at),
            Some((object, plural)) => change::operation(
                event.action(plural),
                plural.to_owned(),
                object.uri.clone().into_owned(),
                object.whole,
                at,
            ),
        }))
    }

    fn sign(&self, url: &str, body: &[u8], _event_type: &str, secret: &str, now: Timestamp) -> SignedHeaders {
        SCHEME.sign(url, body, "", secret, now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{
        NOW, assert_covers_the_body, assert_never_panics, assert_signs_and_verifies, head, operation,
        request, verify,
    };
    use super::*;
    use crate::event::{OperationKind, Version};

    const URI: &str = "https://api.calendly.com/scheduled_events/AAAA/invitees/BBBB";
    const BODY: &str = r#"{"event":"invitee.created","created_at":"2025-01-01T00:00:00.000000Z","created_by":"https://api.calendly.com/users/U","payload":{"uri":"https://api.calendly.com/scheduled_events/AAAA/invitees/BBBB","updated_at":"2024-12-31T23:59:59.000000Z","status":"active"}}"#;

    #[test]
    fn its_own_signatures_are_right_and_others_are_not() {
        assert_signs_and_verifies(&Calendly, "Calendly-Webhook-Signature", BODY, "invitee.created");
        assert_covers_the_body(&Calendly, BODY, "invitee.created");
        assert_never_panics(&Calendly, &["calendly-webhook-signature"], &[], BODY);
    }

    #[test]
    fn a_signature_computed_elsewhere_is_right_beside_others() {
        // Python: hmac.new(b"calendly-signing-key", b"1735689600." + BODY, "sha256").hexdigest()
        let v1 = "096935ef9ec59dea1c195096aecd2730fd15a554ac5f26378ec9bb553a992ce1";
        for value in [
            format!("t=1735689600,v1={v1}"),
            format!("t=1735689600,v1={},v1={v1}", "00".repeat(32)),
            format!("t=1735689600, v1={}", v1.to_uppercase()),
        ] {
            let request = request(&[("Calendly-Webhook-Signature", &value)], BODY);
            assert_eq!(verify(&Calendly, &request, "calendly-signing-key", NOW), Ok(()), "{value}");
        }
    }

    #[test]
    fn the_resource_is_the_document_and_its_uri_the_id() {
        let request = request(&[], BODY);
        let head = head(&Calendly, &request);
        assert_eq!(head.provider_event_id, change::body_id(BODY.as_bytes()));
        assert_eq!(head.event_type, "invitee.created");
        assert_eq!((head.object_type.as_deref(), head.object_id.as_deref()), (Some("invitees"), Some(URI)));
        assert_eq!(head.occurred_at, Some(NOW));
        let operation = operation(&Calendly, &request);
        assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), ("invitees", URI));
        assert_eq!(operation.version, Version { at: NOW, rank: Version::CREATED });
    }

    #[test]
    fn only_the_deletion_of_the_resource_itself_deletes_it() {
        let no_show =
            operation(&Calendly, &request(&[], BODY.replace("invitee.created", "invitee_no_show.deleted")));
        assert_eq!((no_show.collection.as_str(), no_show.kind), ("invitees", OperationKind::Upsert));
        assert_eq!(no_show.version.rank, Version::UPDATED);
        let body = BODY
            .replace("invitee.created", "event_type.deleted")
            .replace("scheduled_events/AAAA/invitees", "event_types");
        let deleted = operation(&Calendly, &request(&[], body));
        assert_eq!((deleted.collection.as_str(), deleted.kind), ("event_types", OperationKind::Delete));
        assert_eq!(deleted.document_id, "https://api.calendly.com/event_types/BBBB");
    }

    #[test]
    fn what_has_no_uri_is_kept_in_the_log() {
        for wrong in ["", "x", "https://api.calendly.com/", "https://api.calendly.com/x", "https://a.b/$c/d"]
        {
            let operation = operation(&Calendly, &request(&[], BODY.replace(URI, wrong)));
            assert_eq!(operation.collection, "events", "{wrong}");
            assert!(operation.document_id.starts_with("sha256:"));
        }
    }

    #[test]
    fn a_personal_access_token_is_no_signing_key() {
        let problem = Calendly.check_secret("eyJraWQiOiIxY2UxZTEz").expect_err("a token");
        assert!(problem.message.contains("an API token"), "{problem}");
    }
}
