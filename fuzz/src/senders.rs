//! What an input may choose from: providers with a secret each, and requests.

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use hookline_engine::event::{RawRequest, Timestamp};
use hookline_engine::providers::{self, SharedProvider};
use serde_json::{Value, json};

/// Generic sources of each shape.
pub(crate) fn generic_specs() -> [Value; 4] {
    [
        json!({"header": "X-Acme-Signature", "prefix": "sha256=", "type": {"path": "event"}, "id": {"header": "X-Acme-Delivery"}}),
        json!({"header": "X-Fields", "algorithm": "sha512", "encoding": "base64", "secretEncoding": "hex", "signedContent":
            "{method}{{{url}}}{id}.{ts}.{body}", "signatureField": "v1", "fieldSeparator": ";", "timestampField": "t",
            "timestampUnit": "ms", "toleranceSeconds": 60, "type": {"header": "X-Type"}, "id": {"header": "X-Id"}, "time":
            {"path": "at"}, "object": "data.object", "objectId": {"path": "data.object.id"}, "objectType": {"value": "order"},
            "createdTypes": ["*.created"], "deletedTypes": ["*.deleted"]}),
        json!({"mode": "token", "header": "Authorization", "prefix": "Bearer ", "type": {"value": "thing.changed"}, "id": {"path":
            "id"}, "bodyIsArray": true, "time": {"header": "X-Time"}, "objectId": {"path": "items[0][\"a.b\"]"}, "objectType": {"path": "kind"}}),
        json!({"header": "X-Sig", "algorithm": "sha1", "secretEncoding": "base64", "signedContent": "{ts}{body}", "timestampHeader":
            "X-Stamp", "type": {"path": "type"}}),
    ]
}

/// A provider, and a secret that it takes.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) provider: SharedProvider,
    pub(crate) secret: &'static str,
    /// Which of [`generic_specs`] describes it.
    pub(crate) generic: Option<usize>,
}

/// All providers, and a generic one of each shape.
pub(crate) static SENDERS: LazyLock<Vec<Sender>> = LazyLock::new(|| {
    let known = providers::all().iter().map(|provider| Sender {
        provider: provider.clone(),
        secret: match provider.info().kind {
            "stripe" => "whsec_0123456789abcdef",
            "close" => HEX,
            "standard-webhooks" => "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            _ => "0123456789abcdef0123456789abcdef",
        },
        generic: None,
    });
    let described = generic_specs().into_iter().enumerate().map(|(index, spec)| Sender {
        provider: providers::find(providers::generic::KIND, Some(&spec)).expect("the description is right"),
        secret: if index == 3 { "MDEyMzQ1Njc4OWFiY2RlZg==" } else { HEX },
        generic: Some(index),
    });
    known.chain(described).collect()
});

const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The URLs under which requests come in. `HubSpot` signs some of their letters decoded.
const URLS: [&str; 3] = [
    "http://127.0.0.1:4400/api/webhooks/default/4f6f2c0e1d1b4c0e8f6f2c0e1d1b4c0e",
    "https://hooks.example.com/api/webhooks/default/4f6f?a=%3A%2f&b=%20%zz%4",
    "",
];

/// Which of all senders.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) struct Which(u8);

impl Which {
    pub(crate) fn sender(self) -> &'static Sender {
        &SENDERS[usize::from(self.0) % SENDERS.len()]
    }
}

/// A header, of those that mean something or of any name.
#[derive(Debug, Arbitrary)]
pub(crate) struct Header<'a> {
    name: Name<'a>,
    value: &'a [u8],
}

#[derive(Debug, Arbitrary)]
enum Name<'a> {
    Known(u8),
    Other(&'a str),
}

const NAMES: [&str; 36] = [
    "authorization",
    "calendly-webhook-signature",
    "close-sig-hash",
    "close-sig-timestamp",
    "content-encoding",
    "idempotency-key",
    "paddle-signature",
    "stripe-signature",
    "svix-id",
    "svix-signature",
    "svix-timestamp",
    "typeform-signature",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "x-acme-delivery",
    "x-acme-signature",
    "x-event-name",
    "x-fields",
    "x-github-delivery",
    "x-github-event",
    "x-gitlab-event",
    "x-gitlab-event-uuid",
    "x-gitlab-token",
    "x-hub-signature",
    "x-hub-signature-256",
    "x-hubspot-request-timestamp",
    "x-hubspot-signature-v3",
    "x-shopify-hmac-sha256",
    "x-shopify-topic",
    "x-shopify-triggered-at",
    "x-signature",
    "x-slack-request-timestamp",
    "x-slack-signature",
    "x-stamp",
    "x-type",
];

impl Header<'_> {
    pub(crate) fn owned(&self) -> (String, Vec<u8>) {
        let name = match self.name {
            Name::Known(index) => NAMES[usize::from(index) % NAMES.len()].to_owned(),
            Name::Other(name) => name.to_ascii_lowercase(),
        };
        (name, self.value.to_vec())
    }
}

/// A request with this body.
pub(crate) fn request(
    url: u8,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    received_at: Timestamp,
) -> RawRequest {
    RawRequest {
        method: "POST".to_owned(),
        url: URLS[usize::from(url) % URLS.len()].to_owned(),
        headers,
        body: body.into(),
        received_at,
    }
}

/// The headers of a provider's own signature, as they arrive.
pub(crate) fn signed(
    provider: &SharedProvider,
    request: &RawRequest,
    event_type: &str,
    secret: &str,
    now: Timestamp,
) -> Vec<(String, Vec<u8>)> {
    let headers = provider.sign(&request.url, &request.body, event_type, secret, now);
    headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value.into_bytes())).collect()
}
