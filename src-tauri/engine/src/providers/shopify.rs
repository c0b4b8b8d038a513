//! Shopify: webhooks of a shop or of an app.
//!
//! Facts: <https://shopify.dev/docs/apps/build/webhooks>. The body is the object itself; what happened stands in the
//! header `X-Shopify-Topic` as `orders/create`. Duplicates are told by `X-Shopify-Webhook-Id`, which every retry of a
//! delivery repeats. `X-Shopify-Event-Id` names what the merchant did: one such event can trigger webhooks of several
//! topics, so it must not be used to drop any.
//!
//! Topics whose body holds no object of that kind (`app/uninstalled`, `customers/redact`…) go to the log of events.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::change::{self, Action};
use super::payload::{self, Loose};
use super::scheme::{HeaderName, Scheme};
use super::signature::{Algorithm, Encoding, SignatureError, Signing};
use super::{
    InvalidPayload, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, naming, secret_kinds,
};
use crate::event::{EventHead, Mapping, RawRequest, Timestamp};

const LABEL: &str = "Shopify";
const TOPIC: HeaderName = HeaderName::of("X-Shopify-Topic", "x-shopify-topic");
const WEBHOOK_ID: HeaderName = HeaderName::of("X-Shopify-Webhook-Id", "x-shopify-webhook-id");
const TRIGGERED_AT: HeaderName = HeaderName::of("X-Shopify-Triggered-At", "x-shopify-triggered-at");
const SHOP: HeaderName = HeaderName::of("X-Shopify-Shop-Domain", "x-shopify-shop-domain");
const API_VERSION: HeaderName = HeaderName::of("X-Shopify-API-Version", "x-shopify-api-version");

/// Topics whose body has an id that is not one of the topic's own object: `app/uninstalled` carries the shop, the
/// others what a merchant has to delete elsewhere.
const WITHOUT_OBJECT: &[&str] =
    &["app/uninstalled", "app/scopes_update", "customers/data_request", "customers/redact", "shop/redact"];

static SCHEME: Scheme = Scheme::of_body(
    HeaderName::of("X-Shopify-Hmac-SHA256", "x-shopify-hmac-sha256"),
    "",
    Algorithm::Sha256,
    Encoding::Base64,
);

static INFO: ProviderInfo = ProviderInfo {
    kind: "shopify",
    label: LABEL,
    tolerance_seconds: None,
    secret_help: "For webhooks made in the Shopify admin: the key shown below the list under Settings → Notifications → \
                  Webhooks (64 hexadecimal digits). For an app's webhooks: the app's client secret (`shpss_…`).",
    setup_steps: &[
        "In the Shopify admin open Settings → Notifications → Webhooks.",
        "Press “Create webhook”, choose the event and the format JSON.",
        "Paste the webhook URL and save.",
        "Copy the key from “Your webhooks will be signed with …” and paste it here as the secret.",
    ],
    known_types: &[
        "app/uninstalled",
        "carts/create",
        "carts/update",
        "checkouts/create",
        "checkouts/delete",
        "checkouts/update",
        "collections/create",
        "collections/delete",
        "collections/update",
        "customers/create",
        "customers/data_request",
        "customers/delete",
        "customers/disable",
        "customers/enable",
        "customers/redact",
        "customers/update",
        "disputes/create",
        "disputes/update",
        "draft_orders/create",
        "draft_orders/delete",
        "draft_orders/update",
        "fulfillments/create",
        "fulfillments/update",
        "inventory_items/create",
        "inventory_items/delete",
        "inventory_items/update",
        "inventory_levels/connect",
        "inventory_levels/disconnect",
        "inventory_levels/update",
        "locations/create",
        "locations/delete",
        "locations/update",
        "order_transactions/create",
        "orders/cancelled",
        "orders/create",
        "orders/delete",
        "orders/edited",
        "orders/fulfilled",
        "orders/paid",
        "orders/partially_fulfilled",
        "orders/updated",
        "product_listings/add",
        "product_listings/remove",
        "product_listings/update",
        "products/create",
        "products/delete",
        "products/update",
        "refunds/create",
        "shop/redact",
        "shop/update",
        "tender_transactions/create",
        "themes/create",
        "themes/delete",
        "themes/publish",
        "themes/update",
    ],
    key_help: None,
};

/// Shopify.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shopify;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    id: Option<Loose<'a>>,
    #[serde(borrow)]
    updated_at: Option<Loose<'a>>,
}

struct Event<'a> {
    id: String,
    topic: &'a str,
    /// The type and the id of the object, if the body is one.
    object: Option<(&'a str, String)>,
    at: Option<Timestamp>,
}

impl<'a> Event<'a> {
    fn read(request: &'a RawRequest, body: &'a [u8]) -> Result<Self, InvalidPayload> {
        let Some(topic) = TOPIC.find(request) else {
            return Err(InvalidPayload::new(
                "the header `X-Shopify-Topic` is missing: this is no webhook of Shopify",
            ));
        };
        if body.starts_with(b"<?xml") {
            return Err(InvalidPayload::new(
                "the body is XML; choose the format JSON in the webhook's settings at Shopify",
            ));
        }
        let parsed: Body<'a> = payload::read(body, LABEL)?;
        let object = match (topic.split_once('/'), parsed.id.and_then(|id| id.id())) {
            (Some((object_type, _)), Some(id))
                if !object_type.is_empty() && !WITHOUT_OBJECT.contains(&topic) =>
            {
                Some((object_type, id.into_owned()))
            }
            _ => None,
        };
        let updated_at = object.as_ref().and(parsed.updated_at).and_then(|time| time.seconds_or_rfc3339());
        Ok(Self {
            id: WEBHOOK_ID.find(request).map_or_else(|| change::body_id(body), ToOwned::to_owned),
            topic,
            object,
            at: updated_at.or_else(|| Timestamp::parse(TRIGGERED_AT.find(request)?)),
        })
    }
}

impl Provider for Shopify {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        secret_kinds::check_issued(
            secret,
            &["shpss_"],
            "Shopify signs with the key shown below the list of webhooks in the admin, or with the app's client secret",
        )
    }

    fn generate_secret(&self) -> String {
        secret_kinds::random_hex(32)
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

    fn read(&self, request: &RawRequest, body: &[u8]) -> Result<Reading, InvalidPayload> {
        let event = Event::read(request, body)?;
        let (object_type, object_id) = event.object.unzip();
        Ok(Reading::Event(EventHead {
            provider_event_id: event.id,
            idempotency_key: None,
            event_type: event.topic.to_owned(),
            occurred_at: event.at,
            object_type: object_type.map(ToOwned::to_owned),
            object_id,
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        _wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let event = Event::read(request, body)?;
        let whole: &RawValue = change::whole(body, LABEL)?;
        let at = event.at.unwrap_or(request.received_at);
        let mut operation = match event.object {
            None => change::log_entry(whole, event.id, at),
            Some((object_type, id)) => {
                let action = match event.topic.rsplit_once('/') {
                    Some((_, "create")) => Action::Created,
                    Some((_, "delete")) => Action::Deleted,
                    _ => Action::Updated,
                };
                change::operation(action, naming::collection(object_type), id, whole, at)
            }
        };
        operation.account = SHOP.find(request).map(ToOwned::to_owned);
        operation.api_version = API_VERSION.find(request).map(ToOwned::to_owned);
        Ok(change::one(operation))
    }

    fn sign(&self, url: &str, body: &[u8], event_type: &str, secret: &str, now: Timestamp) -> SignedHeaders {
        let mut headers = SCHEME.sign(url, body, "", secret, now);
        headers.extend([
            ("X-Shopify-Topic".to_owned(), event_type.to_owned()),
            ("X-Shopify-Webhook-Id".to_owned(), uuid::Uuid::new_v4().to_string()),
            ("X-Shopify-Triggered-At".to_owned(), now.to_rfc3339()),
        ]);
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

    const BODY: &str = r#"{"id":820982911946154508,"updated_at":"2024-12-31T19:00:00-05:00","total":"9.50"}"#;

    fn delivery(topic: &str, body: &str) -> RawRequest {
        let headers = [
            ("X-Shopify-Topic", topic),
            ("X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
            ("X-Shopify-Triggered-At", "2025-01-01T00:00:03.877041743Z"),
            ("X-Shopify-Shop-Domain", "acme.myshopify.com"),
            ("X-Shopify-API-Version", "2025-01"),
        ];
        request(&headers, body)
    }

    #[test]
    fn its_own_signatures_are_right_and_others_are_not() {
        assert_signs_and_verifies(&Shopify, "X-Shopify-Hmac-SHA256", BODY, "orders/create");
        assert_covers_the_body(&Shopify, BODY, "orders/create");
        assert_never_panics(
            &Shopify,
            &["x-shopify-hmac-sha256"],
            &[("x-shopify-topic", "orders/updated")],
            BODY,
        );
    }

    #[test]
    fn a_signature_computed_elsewhere_is_right() {
        // Python: base64.b64encode(hmac.new(b"shpss_0123456789abcdef0123456789abcdef", BODY, "sha256").digest())
        let signature = "NAJmdV6DcUfWvFnPCiSpg92A4VqlLdIuFqHl9nlHCMw=";
        let request = request(&[("X-Shopify-Hmac-SHA256", signature)], BODY);
        assert_eq!(verify(&Shopify, &request, "shpss_0123456789abcdef0123456789abcdef", NOW), Ok(()));
    }

    #[test]
    fn a_signature_that_is_not_base64_is_malformed() {
        let request = request(&[("X-Shopify-Hmac-SHA256", "!")], BODY);
        let error = verify(&Shopify, &request, "secret", NOW).expect_err("malformed");
        assert_eq!(
            error.to_string(),
            "the header `X-Shopify-Hmac-SHA256` cannot be read: its signature is not base64"
        );
    }

    #[test]
    fn the_topic_is_the_type_and_the_webhook_id_is_the_id() {
        let head = head(&Shopify, &delivery("orders/updated", BODY));
        assert_eq!(head.event_type, "orders/updated");
        assert_eq!(head.provider_event_id, "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043");
        assert_eq!(head.dedupe_key(), head.provider_event_id);
        assert_eq!(head.occurred_at, Some(NOW));
        assert_eq!(head.object_type.as_deref(), Some("orders"));
        assert_eq!(head.object_id.as_deref(), Some("820982911946154508"));
    }

    #[test]
    fn without_a_topic_it_is_no_webhook_of_shopify() {
        let request = request(&[], BODY);
        let error = Shopify.read(&request, &request.body).expect_err("no topic");
        assert!(error.message.contains("`X-Shopify-Topic` is missing"));
        let request = delivery("orders/create", "<?xml version=\"1.0\"?><order/>");
        let error = Shopify.read(&request, &request.body).expect_err("XML");
        assert!(error.message.contains("format JSON"));
    }

    #[test]
    fn the_body_is_the_document_byte_for_byte() {
        let spaced = format!("\n {BODY} ");
        let operation = operation(&Shopify, &delivery("orders/create", &spaced));
        assert_eq!(operation.kind, OperationKind::Upsert);
        assert_eq!(operation.collection, "orders");
        assert_eq!(operation.document_id, "820982911946154508");
        assert_eq!(operation.object.expect("an object").get(), BODY);
        assert_eq!(operation.version, Version { at: NOW, rank: Version::CREATED });
        assert_eq!(operation.account.as_deref(), Some("acme.myshopify.com"));
        assert_eq!(operation.api_version.as_deref(), Some("2025-01"));
    }

    #[test]
    fn a_deletion_is_as_new_as_the_moment_that_triggered_it() {
        let operation = operation(&Shopify, &delivery("products/delete", r#"{"id":788032119674292922}"#));
        assert_eq!(operation.kind, OperationKind::Delete);
        assert_eq!(operation.collection, "products");
        assert_eq!(operation.document_id, "788032119674292922");
        let triggered_at = Timestamp::from_micros(NOW.micros() + 3_877_041);
        assert_eq!(operation.version, Version { at: triggered_at, rank: Version::DELETED });
    }

    #[test]
    fn the_collection_is_the_topics_first_part_in_the_plural() {
        for (topic, collection) in [
            ("shop/update", "shops"),
            ("draft_orders/update", "draft_orders"),
            ("orders/paid", "orders"),
            ("app/uninstalled", "events"),
            ("customers/redact", "events"),
            ("no-slash", "events"),
        ] {
            assert_eq!(operation(&Shopify, &delivery(topic, BODY)).collection, collection, "{topic}");
        }
    }

    #[test]
    fn a_body_without_an_id_is_kept_in_the_log() {
        let body = r#"{"inventory_item_id":271878346596884015,"location_id":24826418,"available":null}"#;
        let operation = operation(&Shopify, &delivery("inventory_levels/update", body));
        assert_eq!(operation.collection, "events");
        assert_eq!(operation.document_id, "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043");
        assert_eq!(operation.object.expect("an object").get(), body);
    }

    #[test]
    fn a_cart_has_a_text_as_its_id() {
        let operation = operation(&Shopify, &delivery("carts/update", r#"{"id":"eeafa272cebfd4b2"}"#));
        assert_eq!(
            (operation.collection.as_str(), operation.document_id.as_str()),
            ("carts", "eeafa272cebfd4b2")
        );
    }

    #[test]
    fn a_token_is_no_secret() {
        assert_eq!(Shopify.check_secret("shpss_0123456789abcdef0123456789abcdef"), Ok(()));
        let problem = Shopify.check_secret("shpat_0123456789abcdef").expect_err("a token");
        assert!(problem.message.contains("a Shopify access token (`shpat_…`)"), "{problem}");
    }
}
