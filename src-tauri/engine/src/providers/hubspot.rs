//! `HubSpot`: webhooks of an app, signature version 3.
//!
//! Facts: <https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests> and
//! <https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide>. One request brings up to 100 events in
//! an array. They tell what changed, not the whole object, so each becomes a document in the log of events.
//!
//! - `eventId` is not unique (`HubSpot` says so), so a document's id is `eventId-subscriptionId-objectId-occurredAt`.
//! - A retry repeats the request with a higher `attemptNumber`, so duplicates are recognised by everything but that.
//! - The signed URI has some percent-encoded characters decoded, by `HubSpot`'s documentation; its own libraries decode
//!   none. Both forms are tried.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::change;
use super::payload::{self, Loose};
use super::scheme::{HeaderName, Piece, Scheme, Shape, Stamp, Unit};
use super::signature::{Algorithm, Encoding, SecretEncoding, SignatureError, Signing};
use super::{InvalidPayload, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, secret_kinds};
use crate::event::{EventHead, Mapping, Operation, RawRequest, Timestamp};

const LABEL: &str = "HubSpot";
const CONTENT: &[Piece] = &[Piece::Method, Piece::Url, Piece::Body, Piece::Timestamp];

/// What `HubSpot` decodes in the URI before it signs, and nothing else.
const DECODED: &[(&str, char)] = &[
    ("3A", ':'),
    ("2F", '/'),
    ("3F", '?'),
    ("40", '@'),
    ("21", '!'),
    ("24", '$'),
    ("27", '\''),
    ("28", '('),
    ("29", ')'),
    ("2A", '*'),
    ("2C", ','),
    ("3B", ';'),
];

static SCHEME: Scheme = Scheme {
    header: HeaderName::of("X-HubSpot-Signature-v3", "x-hubspot-signature-v3"),
    shape: Shape::Whole { prefix: Cow::Borrowed("") },
    algorithm: Algorithm::Sha256,
    encoding: Encoding::Base64,
    secret: SecretEncoding::Text,
    content: Cow::Borrowed(CONTENT),
    timestamp: Some(Stamp::Header(
        HeaderName::of("X-HubSpot-Request-Timestamp", "x-hubspot-request-timestamp"),
        Unit::Millis,
    )),
    id: None,
};

static INFO: ProviderInfo = ProviderInfo {
    kind: "hubspot",
    label: LABEL,
    tolerance_seconds: Some(300),
    secret_help: "The app's Client secret, under the app's settings → Auth. It is not an access token (`pat-…`).",
    setup_steps: &[
        "In HubSpot open Development → Legacy apps (or Settings → Integrations → Private Apps) and open your app.",
        "Copy Auth → Client secret and paste it here.",
        "Open Webhooks, paste the webhook URL into “Target URL” and set the throttling.",
        "Press “Create subscription”, choose object types and events, then activate the subscriptions.",
    ],
    known_types: &[
        "company.associationChange",
        "company.creation",
        "company.deletion",
        "company.merge",
        "company.propertyChange",
        "company.restore",
        "contact.associationChange",
        "contact.creation",
        "contact.deletion",
        "contact.merge",
        "contact.privacyDeletion",
        "contact.propertyChange",
        "contact.restore",
        "conversation.creation",
        "conversation.deletion",
        "conversation.newMessage",
        "conversation.privacyDeletion",
        "conversation.propertyChange",
        "deal.associationChange",
        "deal.creation",
        "deal.deletion",
        "deal.merge",
        "deal.propertyChange",
        "deal.restore",
        "line_item.creation",
        "line_item.deletion",
        "line_item.propertyChange",
        "object.associationChange",
        "object.creation",
        "object.deletion",
        "object.merge",
        "object.propertyChange",
        "object.restore",
        "product.creation",
        "product.deletion",
        "product.propertyChange",
        "ticket.associationChange",
        "ticket.creation",
        "ticket.deletion",
        "ticket.merge",
        "ticket.propertyChange",
        "ticket.restore",
    ],
    key_help: None,
};

/// `HubSpot`.
#[derive(Debug, Clone, Copy)]
pub(super) struct HubSpot;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow)]
    event_id: Option<Loose<'a>>,
    #[serde(borrow)]
    subscription_id: Option<Loose<'a>>,
    #[serde(borrow)]
    subscription_type: Cow<'a, str>,
    #[serde(borrow)]
    object_id: Option<Loose<'a>>,
    #[serde(borrow)]
    occurred_at: Option<Loose<'a>>,
    #[serde(borrow)]
    portal_id: Option<Loose<'a>>,
}

impl<'a> Item<'a> {
    fn read(item: &'a RawValue) -> Result<Self, InvalidPayload> {
        let read: Self = payload::read_object(item, LABEL)?
            .ok_or_else(|| InvalidPayload::new("an event in the array is no JSON object"))?;
        if read.subscription_type.trim().is_empty() {
            return Err(InvalidPayload::new("an event's `subscriptionType` is empty"));
        }
        Ok(read)
    }

    /// The id of the event's document; the same for every delivery of the event.
    fn document_id(&self, item: &RawValue) -> String {
        let parts = [&self.event_id, &self.subscription_id, &self.object_id, &self.occurred_at];
        if self.event_id.is_none() {
            return hash(&[item]);
        }
        let parts: Vec<_> = parts.into_iter().flatten().filter_map(Loose::id).collect();
        if parts.is_empty() { hash(&[item]) } else { parts.join("-") }
    }
}

/// The items of the body, which has to be an array.
fn items(body: &[u8]) -> Result<Vec<&RawValue>, InvalidPayload> {
    let text = payload::as_text(body)?;
    if !text.trim_ascii_start().starts_with('[') {
        // Only to tell what is no JSON at all from what is no array.
        change::whole(body, LABEL)?;
        return Err(InvalidPayload::new(
            "the body is no array: HubSpot's webhooks bring their events in an array (a workflow's webhook is none of them)",
        ));
    }
    let items: Vec<&RawValue> = serde_json::from_str(text)
        .map_err(|error| InvalidPayload::new(format!("the body is not JSON: {error}")))?;
    if items.is_empty() {
        return Err(InvalidPayload::new("the array in the body is empty"));
    }
    Ok(items)
}

/// A digest over items that leaves `attemptNumber` out.
fn hash(items: &[&RawValue]) -> String {
    struct Fields<'h>(&'h mut Sha256);

    impl<'de> Visitor<'de> for Fields<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some((key, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                if key != "attemptNumber" {
                    // Lengths keep one field's end from being taken for another's beginning.
                    self.0.update((key.len() as u64).to_le_bytes());
                    self.0.update(key.as_bytes());
                    self.0.update((value.get().len() as u64).to_le_bytes());
                    self.0.update(value.get().as_bytes());
                }
            }
            Ok(())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok(())
        }
    }

    let mut digest = Sha256::new();
    for item in items {
        let mut deserializer = serde_json::Deserializer::from_str(item.get());
        if deserializer.deserialize_map(Fields(&mut digest)).is_err() {
            digest.update(item.get().as_bytes());
        }
        digest.update([0xff]);
    }
    format!("sha256:{}", hex::encode(digest.finalize()))
}

/// The URI with those characters decoded that `HubSpot` decodes.
fn decoded_url(url: &str) -> Cow<'_, str> {
    if !url.contains('%') {
        return Cow::Borrowed(url);
    }
    let mut decoded = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let known = DECODED
            .iter()
            .find(|(code, _)| after.get(..2).is_some_and(|digits| digits.eq_ignore_ascii_case(code)));
        if let Some((_, letter)) = known {
            decoded.push(*letter);
            rest = &after[2..];
        } else {
            decoded.push('%');
            rest = after;
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

impl Provider for HubSpot {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        secret_kinds::check_issued(
            secret,
            &[],
            "HubSpot signs with the app's Client secret, under the app's settings → Auth",
        )
    }

    fn generate_secret(&self) -> String {
        uuid::Uuid::new_v4().to_string()
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
        let as_sent = SCHEME.verify(request, &request.url, body, secrets, now, tolerance_seconds);
        match decoded_url(&request.url) {
            Cow::Owned(decoded) if matches!(as_sent, Err(SignatureError::Mismatch { .. })) => {
                SCHEME.verify(request, &decoded, body, secrets, now, tolerance_seconds)
            }
            _ => as_sent,
        }
    }

    fn read(&self, _request: &RawRequest, body: &[u8]) -> Result<Reading, InvalidPayload> {
        let items = items(body)?;
        let mut parsed = Vec::with_capacity(items.len());
        for item in &items {
            parsed.push(Item::read(item)?);
        }
        let single = if let [item] = parsed.as_slice() { Some(item) } else { None };
        let provider_event_id = single
            .and_then(|item| item.event_id.as_ref()?.id())
            .map_or_else(|| change::body_id(body), Cow::into_owned);
        let earliest = parsed.iter().filter_map(|item| item.occurred_at.as_ref()?.time_of_any_unit()).min();
        let event_type = parsed.first().map(|item| item.subscription_type.clone().into_owned());
        Ok(Reading::Event(EventHead {
            provider_event_id,
            idempotency_key: Some(hash(&items)),
            // `items` is never empty; several types in one request go by the first one's name.
            event_type: event_type.unwrap_or_default(),
            occurred_at: earliest,
            object_type: single
                .and_then(|item| item.subscription_type.split_once('.'))
                .map(|(object_type, _)| object_type.to_owned()),
            object_id: single.and_then(|item| item.object_id.as_ref()?.id()).map(Cow::into_owned),
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let mut operations: Vec<Operation> = Vec::new();
        for raw in items(body)? {
            let item = Item::read(raw)?;
            if !wanted(&item.subscription_type) {
                continue;
            }
            let at = item.occurred_at.as_ref().and_then(Loose::time_of_any_unit);
            let mut entry = change::log_entry(raw, item.document_id(raw), at.unwrap_or(request.received_at));
            entry.account = item.portal_id.and_then(|portal| portal.id()).map(Cow::into_owned);
            operations.push(entry);
        }
        if operations.is_empty() {
            return Ok(change::unmapped("the job selects none of the types of the events in this request"));
        }
        Ok(Mapping::Operations(operations))
    }

    fn is_wanted(&self, _head: &EventHead, body: &[u8], wanted: &dyn Fn(&str) -> bool) -> bool {
        let types = |raw| Item::read(raw).is_ok_and(|item| wanted(&item.subscription_type));
        items(body).is_ok_and(|items| items.into_iter().any(types))
    }

    fn sign(&self, url: &str, body: &[u8], _event_type: &str, secret: &str, now: Timestamp) -> SignedHeaders {
        SCHEME.sign(&decoded_url(url), body, "", secret, now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{
        NOW, URL, assert_covers_the_body, assert_never_panics, assert_signs_and_verifies, head, operation,
        operations, request, verify,
    };
    use super::*;

    #[test]
    fn a_request_is_wanted_when_any_of_its_events_is() {
        let Reading::Event(head) = HubSpot.read(&request(&[], TWO), TWO.as_bytes()).expect("reads") else {
            panic!("is an event");
        };
        assert!(HubSpot.is_wanted(&head, TWO.as_bytes(), &|event_type| event_type == "contact.deletion"));
        assert!(!HubSpot.is_wanted(&head, TWO.as_bytes(), &|event_type| event_type == "contact.merge"));
    }

    const SECRET: &str = "11111111-2222-3333-4444-555555555555";
    const BODY: &str = r#"[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1735689600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]"#;
    const TWO: &str = r#"[{"eventId":1,"subscriptionType":"contact.creation","occurredAt":1735689600001,"objectId":1,"attemptNumber":0}, {"eventId":1,"subscriptionType":"contact.deletion","occurredAt":1735689600000,"objectId":1,"attemptNumber":0}]"#;

    #[test]
    fn its_own_signatures_are_right_and_others_are_not() {
        assert_signs_and_verifies(&HubSpot, "X-HubSpot-Signature-v3", BODY, "contact.creation");
        assert_covers_the_body(&HubSpot, BODY, "contact.creation");
        assert_never_panics(&HubSpot, &["x-hubspot-signature-v3", "x-hubspot-request-timestamp"], &[], BODY);
        assert_never_panics(&HubSpot, &["x-hubspot-signature-v3", "x-hubspot-request-timestamp"], &[], TWO);
    }

    #[test]
    fn signatures_of_the_official_library_are_right() {
        // @hubspot/api-client: Signature.getSignature("POST", "v3", { clientSecret: SECRET, requestBody: '[{"eventId":1}]',
        // url, timestamp: 1735689600000 })
        for (url, signature) in [
            (URL, "QJwdnErGksoW5+oyD8Q8SnLLFQenJAxqjdB3hG4LAlE="),
            (
                "https://hooks.example.com/hook?to=a%40b.c&next=%2Fx%3Fy&plus=%2B&space=%20",
                "UlH/08uSRGKb+iF0RSyNefhOxMCOgSXP/xFmx4zgrMU=",
            ),
        ] {
            let headers =
                [("X-HubSpot-Signature-v3", signature), ("X-HubSpot-Request-Timestamp", "1735689600000")];
            let mut request = request(&headers, r#"[{"eventId":1}]"#);
            url.clone_into(&mut request.url);
            assert_eq!(verify(&HubSpot, &request, SECRET, NOW), Ok(()), "{url}");
            request.method = "PUT".to_owned();
            assert!(verify(&HubSpot, &request, SECRET, NOW).is_err(), "the method is signed");
        }
    }

    #[test]
    fn the_url_counts_as_hubspot_decodes_it() {
        // Python: base64 of hmac-sha256 over "POST" + "https://hooks.example.com/hook?to=a@b.c&next=/x?y&plus=%2B&space=%20"
        // + body + timestamp
        let headers = [
            ("X-HubSpot-Signature-v3", "rLnY/tOF3XzEjteDhB5Tjw1i6FCh5DzxXKIl3iZNcyc="),
            ("X-HubSpot-Request-Timestamp", "1735689600000"),
        ];
        let mut request = request(&headers, r#"[{"eventId":1}]"#);
        "https://hooks.example.com/hook?to=a%40b.c&next=%2fx%3Fy&plus=%2B&space=%20"
            .clone_into(&mut request.url);
        assert_eq!(verify(&HubSpot, &request, SECRET, NOW), Ok(()));
        assert_eq!(decoded_url("/a%3a%2F%3f%40%21%24%27%28%29%2a%2C%3B%20%2B%"), "/a:/?@!$'()*,;%20%2B%");
        assert_eq!(decoded_url("%é"), "%é");
    }

    #[test]
    fn a_single_event_has_its_own_id_and_several_have_the_bodys() {
        let single = head(&HubSpot, &request(&[], BODY));
        assert_eq!(
            (single.provider_event_id.as_str(), single.event_type.as_str()),
            ("1", "contact.creation")
        );
        assert_eq!(
            (single.object_type.as_deref(), single.object_id.as_deref()),
            (Some("contact"), Some("123"))
        );
        assert_eq!(single.occurred_at, Some(NOW));
        let two = head(&HubSpot, &request(&[], TWO));
        assert_eq!(two.provider_event_id, change::body_id(TWO.as_bytes()));
        assert_eq!(two.event_type, "contact.creation");
        assert_eq!(two.object_id, None);
    }

    #[test]
    fn a_retry_is_recognised_whatever_its_attempt_number() {
        for body in [BODY, TWO] {
            let first = head(&HubSpot, &request(&[], body));
            let retry =
                head(&HubSpot, &request(&[], body.replace("\"attemptNumber\":0", "\"attemptNumber\":3")));
            assert_eq!(first.dedupe_key(), retry.dedupe_key());
            let other = head(&HubSpot, &request(&[], body.replace("\"eventId\":1", "\"eventId\":2")));
            assert_ne!(first.dedupe_key(), other.dedupe_key());
        }
    }

    #[test]
    fn every_event_of_a_request_is_a_document_of_its_own() {
        let all = operations(&HubSpot, &request(&[], TWO));
        let ids: Vec<_> = all.iter().map(|operation| operation.document_id.as_str()).collect();
        assert_eq!(ids, ["1-1-1735689600001", "1-1-1735689600000"]);
        assert!(all.iter().all(|operation| operation.collection == "events"));
        let one = operation(&HubSpot, &request(&[], BODY));
        assert_eq!(one.document_id, "1-12345-123-1735689600000");
        assert_eq!(one.account.as_deref(), Some("62515"));
        assert_eq!(one.object.expect("an object").get(), &BODY[1..BODY.len() - 1]);
    }

    #[test]
    fn only_wanted_events_of_a_request_are_mapped() {
        let request = request(&[], TWO);
        let map =
            |wanted: &dyn Fn(&str) -> bool| HubSpot.map(&request, &request.body, wanted).expect("mapped");
        let Mapping::Operations(operations) = map(&|event_type| event_type == "contact.deletion") else {
            panic!("one is wanted");
        };
        assert_eq!(operations.len(), 1);
        assert_eq!(operations[0].version.at, NOW);
        assert!(matches!(map(&|_| false), Mapping::Unmapped(_)));
    }

    #[test]
    fn other_bodies_are_refused_with_a_reason() {
        for (body, expected) in [
            ("[]", "is empty"),
            ("{}", "no array"),
            ("nonsense", "no JSON"),
            ("[1]", "no JSON object"),
            ("[{}]", "missing field `subscriptionType`"),
            (r#"[{"subscriptionType":" "}]"#, "is empty"),
            ("[{]", "not JSON"),
        ] {
            let request = request(&[], body);
            let error = HubSpot.read(&request, &request.body).expect_err(body);
            assert!(error.message.contains(expected), "{error}");
        }
    }

    #[test]
    fn an_access_token_is_no_client_secret() {
        assert_eq!(HubSpot.check_secret(SECRET), Ok(()));
        let problem = HubSpot.check_secret("pat-na1-11111111-2222").expect_err("a token");
        assert!(problem.message.contains("access token"), "{problem}");
    }
}
