//! Lemon Squeezy.
//!
//! Facts: <https://docs.lemonsqueezy.com/help/webhooks/signing-requests> and `/webhook-requests`. The body is a JSON:API
//! document: `data` holds the object with its type, a plural, and its id. Events have no id: the same body is the
//! same event, and every event's body names it in `meta.event_name`. Nothing is ever deleted.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::change::{self, Action};
use super::payload::{self, Loose, MaybeObject, Object};
use super::scheme::{HeaderName, Scheme};
use super::secret_text::problem;
use super::signature::{Algorithm, Encoding, SignatureError, Signing};
use super::{
    InvalidPayload, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, naming, secret_kinds,
};
use crate::event::{EventHead, Mapping, RawRequest, Timestamp};

const LABEL: &str = "Lemon Squeezy";
/// Lemon Squeezy takes secrets of 6 to 40 characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 6..=40;

static SCHEME: Scheme =
    Scheme::of_body(HeaderName::of("X-Signature", "x-signature"), "", Algorithm::Sha256, Encoding::Hex);

static INFO: ProviderInfo = ProviderInfo {
    kind: "lemon-squeezy",
    label: LABEL,
    tolerance_seconds: None,
    secret_help: "The text you type into “Signing secret” when you create the webhook, 6 to 40 characters.",
    setup_steps: &[
        "In Lemon Squeezy open Settings → Webhooks and press the plus button.",
        "Paste the webhook URL into “Callback URL” and the secret into “Signing secret”.",
        "Select the events and press “Save webhook”.",
    ],
    known_types: &[
        "affiliate_activated",
        "license_key_created",
        "license_key_updated",
        "order_created",
        "order_refunded",
        "subscription_cancelled",
        "subscription_created",
        "subscription_expired",
        "subscription_paused",
        "subscription_payment_failed",
        "subscription_payment_recovered",
        "subscription_payment_refunded",
        "subscription_payment_success",
        "subscription_plan_changed",
        "subscription_resumed",
        "subscription_unpaused",
        "subscription_updated",
    ],
    key_help: None,
};

/// Lemon Squeezy.
#[derive(Debug, Clone, Copy)]
pub(super) struct LemonSqueezy;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    meta: Object<Meta<'a>>,
    #[serde(borrow)]
    data: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow)]
    event_name: Cow<'a, str>,
    #[serde(borrow)]
    test_mode: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "type", borrow)]
    object_type: Option<Loose<'a>>,
    #[serde(borrow)]
    id: Option<Loose<'a>>,
    #[serde(borrow)]
    attributes: Option<MaybeObject<Attributes<'a>>>,
}

#[derive(Deserialize)]
struct Attributes<'a> {
    #[serde(borrow)]
    updated_at: Option<Loose<'a>>,
}

struct Event<'a> {
    name: Cow<'a, str>,
    livemode: Option<bool>,
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
        if let Some(data) = parsed.data
            && let Some(Data { object_type: Some(object_type), id: Some(id), attributes }) =
                payload::read_object(data.raw(), LABEL)?
            && let (Some(object_type), Some(id)) = (object_type.text(), id.id())
        {
            let updated_at = attributes.and_then(|attributes| attributes.0?.updated_at);
            let updated_at = updated_at.and_then(|time| time.seconds_or_rfc3339());
            object = Some(Found { object_type, id, updated_at, whole: data.raw() });
        }
        Ok(Self {
            name: payload::not_empty("meta.event_name", parsed.meta.0.event_name)?,
            livemode: parsed.meta.0.test_mode.and_then(|test| test.boolean()).map(|test| !test),
            object,
        })
    }
}

impl Provider for LemonSqueezy {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        secret_kinds::check_chosen(
            secret,
            "Lemon Squeezy wants the text from the webhook's field “Signing secret”",
        )?;
        if !LENGTHS.contains(&secret.chars().count()) {
            return Err(problem("a signing secret of Lemon Squeezy has 6 to 40 characters"));
        }
        Ok(())
    }

    fn generate_secret(&self) -> String {
        secret_kinds::random_hex(20)
    }

    fn has_modes(&self) -> bool {
        true
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
            provider_event_id: change::body_id(body),
            idempotency_key: None,
            event_type: event.name.clone().into_owned(),
            occurred_at: object.and_then(|object| object.updated_at),
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
        let mut operation = match event.object {
            None => {
                change::log_entry(change::whole(body, LABEL)?, change::body_id(body), request.received_at)
            }
            Some(object) => {
                let action = if event.name.ends_with("_created") { Action::Created } else { Action::Updated };
                let at = object.updated_at.unwrap_or(request.received_at);
                let collection = naming::collection(&object.object_type);
                change::operation(action, collection, object.id.into_owned(), object.whole, at)
            }
        };
        operation.livemode = event.livemode;
        Ok(change::one(operation))
    }

    fn sign(&self, url: &str, body: &[u8], event_type: &str, secret: &str, now: Timestamp) -> SignedHeaders {
        let mut headers = SCHEME.sign(url, body, "", secret, now);
        headers.push(("X-Event-Name".to_owned(), event_type.to_owned()));
        headers
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

    const BODY: &str = r#"{"meta":{"test_mode":true,"event_name":"subscription_payment_success","webhook_id":"w"},"data":{"type":"subscription-invoices","id":"17","attributes":{"updated_at":"2025-01-01T00:00:00.000000Z","total":999}}}"#;

    #[test]
    fn its_own_signatures_are_right_and_others_are_not() {
        assert_signs_and_verifies(&LemonSqueezy, "X-Signature", BODY, "subscription_payment_success");
        assert_covers_the_body(&LemonSqueezy, BODY, "subscription_payment_success");
        assert_never_panics(&LemonSqueezy, &["x-signature"], &[], BODY);
    }

    #[test]
    fn a_signature_computed_elsewhere_is_right_in_either_case() {
        // Python: hmac.new(b"squeezy secret", BODY, "sha256").hexdigest()
        let signature = "5320f85840887fe00f1196804eb3f9dddc5e3496241720d2ddd5aece97002afa";
        for value in [signature.to_owned(), signature.to_uppercase()] {
            let request = request(&[("X-Signature", &value)], BODY);
            assert_eq!(verify(&LemonSqueezy, &request, "squeezy secret", NOW), Ok(()));
        }
    }

    #[test]
    fn the_same_body_is_the_same_event() {
        let first = head(&LemonSqueezy, &request(&[], BODY));
        let again = head(&LemonSqueezy, &request(&[("X-Other", "1")], BODY));
        let other = head(&LemonSqueezy, &request(&[], BODY.replace("999", "998")));
        assert_eq!(first.provider_event_id, again.provider_event_id);
        assert_ne!(first.provider_event_id, other.provider_event_id);
        // Python: hashlib.sha256(BODY).hexdigest()
        assert_eq!(
            first.provider_event_id,
            "sha256:9abceb21f482c3f5f15741ee11870d2b97ddb154917f74f2f7e7e8ece99413d0"
        );
        assert_eq!(first.event_type, "subscription_payment_success");
        assert_eq!(first.object_type.as_deref(), Some("subscription-invoices"));
    }

    #[test]
    fn the_json_api_object_is_the_document() {
        let operation = operation(&LemonSqueezy, &request(&[], BODY));
        assert_eq!(
            (operation.collection.as_str(), operation.document_id.as_str()),
            ("subscription_invoices", "17")
        );
        assert_eq!(operation.kind, OperationKind::Upsert);
        assert_eq!(operation.version, Version { at: NOW, rank: Version::UPDATED });
        assert_eq!(operation.livemode, Some(false));
        let object = operation.object.expect("an object");
        assert!(
            object.get().starts_with(r#"{"type":"subscription-invoices","#) && BODY.contains(object.get())
        );
    }

    #[test]
    fn a_creation_ranks_below_an_update_of_the_same_second() {
        let body = BODY.replace("subscription_payment_success", "order_created");
        assert_eq!(operation(&LemonSqueezy, &request(&[], body)).version.rank, Version::CREATED);
    }

    #[test]
    fn a_body_without_an_object_is_kept_in_the_log() {
        let body = r#"{"meta":{"event_name":"order_created"},"data":[]}"#;
        let operation = operation(&LemonSqueezy, &request(&[], body));
        assert_eq!(operation.collection, "events");
        assert_eq!(operation.document_id, change::body_id(body.as_bytes()));
        let request = request(&[], r#"{"data":{}}"#);
        let error = LemonSqueezy.read(&request, &request.body).expect_err("no meta");
        assert!(error.message.contains("missing field `meta`"), "{error}");
    }

    #[test]
    fn a_secret_has_six_to_forty_characters() {
        assert_eq!(LemonSqueezy.check_secret("my secret"), Ok(()));
        assert_eq!(LemonSqueezy.generate_secret().len(), 40);
        for wrong in ["short", &"x".repeat(41)] {
            let problem = LemonSqueezy.check_secret(wrong).expect_err(wrong);
            assert!(problem.message.contains("6 to 40"), "{problem}");
        }
        let problem = LemonSqueezy.check_secret("eyJ0eXAiOiJKV1QiLCJhbGciOi").expect_err("a token");
        assert!(problem.message.contains("an API token"), "{problem}");
    }
}
