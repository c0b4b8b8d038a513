//! Paddle Billing. (Paddle Classic signs in another way and is not supported.)
//!
//! Facts: <https://developer.paddle.com/webhooks/about/signature-verification>. While a secret is being rolled the header
//! holds several `h1`. Every event carries its entity whole in `data`; Paddle wants events ordered by `occurred_at`.

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

const LABEL: &str = "Paddle";
const CONTENT: &[Piece] = &[Piece::Timestamp, Piece::Text(Cow::Borrowed(":")), Piece::Body];

static SCHEME: Scheme = Scheme {
    header: HeaderName::of("Paddle-Signature", "paddle-signature"),
    shape: Shape::Fields { separator: ';', signature: Cow::Borrowed("h1") },
    algorithm: Algorithm::Sha256,
    encoding: Encoding::Hex,
    secret: SecretEncoding::Text,
    content: Cow::Borrowed(CONTENT),
    timestamp: Some(Stamp::Field(Cow::Borrowed("ts"), Unit::Seconds)),
    id: None,
};

static INFO: ProviderInfo = ProviderInfo {
    kind: "paddle",
    label: LABEL,
    tolerance_seconds: Some(5),
    secret_help: "The secret key of the notification destination, `pdl_ntfset_…`: Developer Tools → Notifications → … → Edit \
                  destination.",
    setup_steps: &[
        "In Paddle open Developer Tools → Notifications and press “New destination”.",
        "Choose the type “Webhook”, paste the webhook URL and select the events.",
        "Save the destination, then open “Edit destination” and copy the secret key; paste it here.",
    ],
    known_types: &[
        "address.created",
        "address.imported",
        "address.updated",
        "adjustment.created",
        "adjustment.updated",
        "business.created",
        "business.imported",
        "business.updated",
        "customer.created",
        "customer.imported",
        "customer.updated",
        "discount.created",
        "discount.imported",
        "discount.updated",
        "discount_group.created",
        "discount_group.updated",
        "payment_method.deleted",
        "payment_method.saved",
        "payout.created",
        "payout.paid",
        "price.created",
        "price.imported",
        "price.updated",
        "product.created",
        "product.imported",
        "product.updated",
        "report.created",
        "report.updated",
        "subscription.activated",
        "subscription.canceled",
        "subscription.created",
        "subscription.imported",
        "subscription.past_due",
        "subscription.paused",
        "subscription.resumed",
        "subscription.trialing",
        "subscription.updated",
        "transaction.billed",
        "transaction.canceled",
        "transaction.completed",
        "transaction.created",
        "transaction.paid",
        "transaction.past_due",
        "transaction.payment_failed",
        "transaction.ready",
        "transaction.revised",
        "transaction.updated",
    ],
    key_help: None,
};

/// Paddle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paddle;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    occurred_at: Option<Loose<'a>>,
    #[serde(borrow)]
    data: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    id: Option<Loose<'a>>,
}

struct Event<'a> {
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    occurred_at: Option<Timestamp>,
    object: Option<(String, &'a RawValue)>,
}

impl<'a> Event<'a> {
    fn read(body: &'a [u8]) -> Result<Self, InvalidPayload> {
        let parsed: Body<'a> = payload::read(body, LABEL)?;
        let mut object = None;
        if let Some(data) = parsed.data
            && let Some(Data { id: Some(id) }) = payload::read_object(data.raw(), LABEL)?
            && let Some(id) = id.id()
        {
            object = Some((id.into_owned(), data.raw()));
        }
        Ok(Self {
            id: payload::not_empty("event_id", parsed.event_id)?,
            name: payload::not_empty("event_type", parsed.event_type)?,
            occurred_at: parsed.occurred_at.and_then(|time| time.seconds_or_rfc3339()),
            object,
        })
    }

    /// `subscription` of `subscription.canceled`.
    fn object_type(&self) -> &str {
        self.name.split_once('.').map_or(&*self.name, |(object_type, _)| object_type)
    }
}

impl Provider for Paddle {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        const WANTED: &str =
            "Paddle wants the notification destination's secret key, which starts with `pdl_ntfset_`";
        // Made-up secrets serve in tests, so the form is not insisted on.
        secret_kinds::check_issued(secret, &["pdl_ntfset_"], WANTED)
    }

    fn generate_secret(&self) -> String {
        // An id of 26 characters, then the key itself.
        format!("pdl_ntfset_01{}_{}", secret_kinds::random_hex(12), secret_kinds::random_hex(16))
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
        let object_type = event.object.is_some().then(|| event.object_type().to_owned());
        Ok(Reading::Event(EventHead {
            provider_event_id: event.id.into_owned(),
            idempotency_key: None,
            event_type: event.name.into_owned(),
            occurred_at: event.occurred_at,
            object_type,
            object_id: event.object.map(|(id, _)| id),
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        _wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let event = Event::read(body)?;
        let at = event.occurred_at.unwrap_or(request.received_at);
        let collection = naming::collection(event.object_type());
        let Some((id, object)) = event.object else {
            return Ok(change::one(change::log_entry(
                change::whole(body, LABEL)?,
                event.id.into_owned(),
                at,
            )));
        };
        // A canceled subscription still exists; what is deleted says so.
        let action = match event.name.rsplit_once('.') {
            Some((_, "created" | "imported")) => Action::Created,
            Some((_, "deleted")) => Action::Deleted,
            _ => Action::Updated,
        };
        Ok(change::one(change::operation(action, collection, id, object, at)))
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

    const SECRET: &str = "pdl_ntfset_01gkdqwy9n3zk0nvbg85y1f7ec_dDyPK7RaYQjYd4eLuRjkMFGLPaJaxZNb";
    const BODY: &str = r#"{"event_id":"evt_01","event_type":"subscription.updated","occurred_at":"2025-01-01T00:00:00.000001Z","notification_id":"ntf_01","data":{"id":"sub_01","status":"active"}}"#;

    #[test]
    fn its_own_signatures_are_right_and_others_are_not() {
        assert_signs_and_verifies(&Paddle, "Paddle-Signature", BODY, "subscription.updated");
        assert_covers_the_body(&Paddle, BODY, "subscription.updated");
        assert_never_panics(&Paddle, &["paddle-signature"], &[], BODY);
    }

    #[test]
    fn a_signature_computed_elsewhere_is_right_beside_others() {
        // Node: createHmac("sha256", SECRET).update("1735689600:" + BODY).digest("hex"), taken by
        // `Webhooks.isSignatureValid` of @paddle/paddle-node-sdk.
        let h1 = "359eea45c256bcfaf3737b9965cd76c2de21a932f9f991544fae24b969feb15c";
        let other = "00".repeat(32);
        for value in [
            format!("ts=1735689600;h1={h1}"),
            format!("ts=1735689600;h1={}", h1.to_uppercase()),
            format!("ts=1735689600;h1={other};h1={h1}"),
            format!("ts=1735689600; h1={h1}; h1={other}; h2=zz"),
        ] {
            let request = request(&[("Paddle-Signature", &value)], BODY);
            assert_eq!(verify(&Paddle, &request, SECRET, NOW), Ok(()), "{value}");
        }
        let moved = request(&[("Paddle-Signature", &format!("ts=1735689601;h1={h1}"))], BODY);
        let outcome = verify(&Paddle, &moved, SECRET, NOW);
        assert!(matches!(outcome, Err(SignatureError::Mismatch { .. })), "{outcome:?}");
    }

    #[test]
    fn a_damaged_header_is_said_to_be_so() {
        for (value, reason) in [
            ("", "it is empty"),
            ("h1=00", "it has no field `ts=`"),
            ("ts=1735689600", "it has no field `h1=`"),
            ("ts=soon;h1=00", "its timestamp is not a number of seconds since 1970"),
            ("ts=1735689600;h1=xyz", "its signature is not hexadecimal"),
        ] {
            let error = verify(&Paddle, &request(&[("Paddle-Signature", value)], BODY), SECRET, NOW);
            let expected = SignatureError::Malformed {
                header: "Paddle-Signature".to_owned(),
                reason: reason.to_owned(),
            };
            assert_eq!(error, Err(expected), "{value}");
        }
    }

    #[test]
    fn the_job_may_allow_more_than_five_seconds() {
        let request = super::super::test_support::signed(&Paddle, BODY, "", SECRET);
        let later = NOW.plus_millis(60_000);
        assert!(matches!(
            verify(&Paddle, &request, SECRET, later),
            Err(SignatureError::TooOld { age_seconds: 60, .. })
        ));
        assert_eq!(Paddle.verify(&request, &request.body, &[SECRET], later, Some(300)), Ok(()));
    }

    #[test]
    fn the_entity_is_the_document() {
        let request = request(&[], BODY);
        let head = head(&Paddle, &request);
        let at = Timestamp::from_micros(NOW.micros() + 1);
        assert_eq!(
            (head.provider_event_id.as_str(), head.event_type.as_str()),
            ("evt_01", "subscription.updated")
        );
        assert_eq!(
            (head.object_type.as_deref(), head.object_id.as_deref()),
            (Some("subscription"), Some("sub_01"))
        );
        assert_eq!(head.occurred_at, Some(at));
        let operation = operation(&Paddle, &request);
        assert_eq!(
            (operation.collection.as_str(), operation.document_id.as_str()),
            ("subscriptions", "sub_01")
        );
        assert_eq!(operation.object.expect("an object").get(), r#"{"id":"sub_01","status":"active"}"#);
        assert_eq!(operation.version, Version { at, rank: Version::UPDATED });
    }

    #[test]
    fn what_happened_decides_on_kind_and_rank() {
        for (event_type, collection, kind, rank) in [
            ("customer.created", "customers", OperationKind::Upsert, Version::CREATED),
            ("subscription.canceled", "subscriptions", OperationKind::Upsert, Version::UPDATED),
            ("payment_method.deleted", "payment_methods", OperationKind::Delete, Version::DELETED),
            ("discount_group.updated", "discount_groups", OperationKind::Upsert, Version::UPDATED),
        ] {
            let body = BODY.replace("subscription.updated", event_type);
            let operation = operation(&Paddle, &request(&[], body));
            assert_eq!((operation.collection.as_str(), operation.kind), (collection, kind));
            assert_eq!(operation.version.rank, rank);
        }
    }

    #[test]
    fn an_event_without_an_entity_is_kept_in_the_log() {
        let body = r#"{"event_id":"evt_02","event_type":"new.thing","data":null}"#;
        let operation = operation(&Paddle, &request(&[], body));
        assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), ("events", "evt_02"));
        assert_eq!(operation.version.at, NOW);
    }

    #[test]
    fn an_api_key_is_no_secret_key() {
        assert_eq!(Paddle.check_secret(SECRET), Ok(()));
        for (secret, expected) in [
            ("pdl_live_apikey_01gtgztp8f4kek3yd4g1wrksa3", "a Paddle API key"),
            ("ntfset_01gkdqwy9n3zk0nvbg85y1f7ec", "the id of a Paddle notification destination"),
            ("whsec_abc", "of Stripe"),
        ] {
            let problem = Paddle.check_secret(secret).expect_err(secret);
            assert!(problem.message.contains(expected), "{problem}");
        }
    }
}
