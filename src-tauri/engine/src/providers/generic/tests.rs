//! The generic provider, described as well-known ones and as ones that exist nowhere.

use serde_json::{Value, json};

use super::super::test_support::{
    NOW, assert_covers_the_body, assert_never_panics, assert_signs_and_verifies, head, operation, operations,
    request, signed, verify,
};
use super::*;
use crate::event::{OperationKind, Version};

const BODY: &str = r#"{"type":"order.updated","id":"evt_1","at":1735689600,"data":{"id":42,"total":9.50}}"#;

fn generic(values: &Value) -> Generic {
    Generic::new(values).expect("a description")
}

/// A source that describes everything.
fn orders() -> Value {
    json!({
        "header": "X-Acme-Signature",
        "type": {"path": "type"},
        "id": {"path": "id"},
        "time": {"path": "at"},
        "object": "data",
        "objectId": {"path": "data.id"},
        "objectType": {"value": "order"},
        "createdTypes": ["*.created"],
        "deletedTypes": ["*.deleted"],
    })
}

fn with(mut values: Value, changes: Value) -> Value {
    let (Value::Object(values), Value::Object(changes)) = (&mut values, changes) else {
        panic!("objects");
    };
    values.extend(changes);
    Value::Object(values.clone())
}

#[test]
fn every_scheme_signs_what_it_verifies() {
    let timed = json!({"timestampHeader": "X-Ts", "signedContent": "{method} {url} {ts}\n{body}"});
    for changes in [
        json!({}),
        json!({"algorithm": "sha1", "prefix": "sha1="}),
        json!({"algorithm": "sha512", "encoding": "base64", "secretEncoding": "base64"}),
        json!({"secretEncoding": "hex", "signedContent": "{{{body}}}"}),
        timed.clone(),
        with(timed.clone(), json!({"timestampUnit": "ms", "toleranceSeconds": 5})),
        json!({"signatureField": "v1", "timestampField": "t", "signedContent": "{ts}.{body}"}),
        json!({"signatureField": "h1", "timestampField": "ts", "fieldSeparator": ";", "signedContent": "{ts}:{body}"}),
        json!({"id": {"header": "X-Acme-Id"}, "signedContent": "{id}.{body}"}),
    ] {
        let provider = generic(&with(orders(), changes));
        assert_signs_and_verifies(&provider, "X-Acme-Signature", BODY, "order.updated");
        assert_covers_the_body(&provider, BODY, "order.updated");
        assert_never_panics(&provider, &["x-acme-signature", "x-ts"], &[("x-acme-id", "1")], BODY);
    }
    let token = generic(&with(orders(), json!({"mode": "token", "prefix": "Bearer "})));
    assert_signs_and_verifies(&token, "X-Acme-Signature", BODY, "order.updated");
}

#[test]
fn described_as_other_providers_it_takes_their_signatures() {
    // GitHub's and Slack's published examples.
    let github = generic(&json!({
        "header": "X-Hub-Signature-256", "prefix": "sha256=", "type": {"header": "X-GitHub-Event"},
        "id": {"header": "X-GitHub-Delivery"},
    }));
    let value = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let hello = request(&[("X-Hub-Signature-256", value)], "Hello, World!");
    assert_eq!(verify(&github, &hello, "It's a Secret to Everybody", NOW), Ok(()));

    let slack = generic(&json!({
        "header": "X-Slack-Signature", "prefix": "v0=", "type": {"path": "event.type"},
        "signedContent": "v0:{ts}:{body}", "timestampHeader": "X-Slack-Request-Timestamp",
    }));
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let headers = [
        ("X-Slack-Request-Timestamp", "1531420618"),
        ("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
    ];
    let command = request(&headers, body);
    let then = Timestamp::from_seconds(1_531_420_618);
    assert_eq!(verify(&slack, &command, "8f742231b10e8888abcd99yyyzzz85a5", then), Ok(()));
    let late = verify(&slack, &command, "8f742231b10e8888abcd99yyyzzz85a5", NOW);
    assert!(matches!(late, Err(SignatureError::TooOld { tolerance_seconds: 300, .. })), "{late:?}");
}

#[test]
fn the_described_object_is_the_document() {
    let provider = generic(&orders());
    let request = request(&[], BODY);
    let head = head(&provider, &request);
    assert_eq!((head.provider_event_id.as_str(), head.event_type.as_str()), ("evt_1", "order.updated"));
    assert_eq!((head.object_type.as_deref(), head.object_id.as_deref()), (Some("order"), Some("42")));
    assert_eq!(head.occurred_at, Some(NOW));
    let operation = operation(&provider, &request);
    assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), ("orders", "42"));
    assert_eq!(operation.object.expect("an object").get(), r#"{"id":42,"total":9.50}"#);
    assert_eq!(operation.version, Version { at: NOW, rank: Version::UPDATED });
}

#[test]
fn only_described_types_create_and_delete() {
    let described = generic(&orders());
    let bare = generic(&with(orders(), json!({"createdTypes": [], "deletedTypes": []})));
    for (event_type, kind, rank) in [
        ("order.created", OperationKind::Upsert, Version::CREATED),
        ("order.deleted", OperationKind::Delete, Version::DELETED),
        ("order.paid", OperationKind::Upsert, Version::UPDATED),
    ] {
        let request = request(&[], BODY.replace("order.updated", event_type));
        let one = operation(&described, &request);
        assert_eq!((one.kind, one.version.rank), (kind, rank), "{event_type}");
        let one = operation(&bare, &request);
        assert_eq!((one.kind, one.version.rank), (OperationKind::Upsert, Version::UPDATED), "{event_type}");
    }
}

#[test]
fn a_deletion_needs_no_object_and_anything_else_without_one_is_kept_in_the_log() {
    let provider = generic(&with(orders(), json!({"object": "data.order"})));
    let deleted = operation(&provider, &request(&[], BODY.replace("updated", "deleted")));
    assert_eq!((deleted.kind, deleted.document_id.as_str()), (OperationKind::Delete, "42"));
    assert!(deleted.object.is_none());
    let updated = operation(&provider, &request(&[], BODY));
    assert_eq!((updated.collection.as_str(), updated.document_id.as_str()), ("events", "evt_1"));
    assert_eq!(updated.object.expect("an object").get(), BODY);
}

#[test]
fn without_an_id_the_body_is_the_id() {
    let provider = generic(&json!({"header": "X-Sig", "type": {"value": "ping"}}));
    let request = request(&[], r#"{"a":1}"#);
    let head = head(&provider, &request);
    assert_eq!(head.event_type, "ping");
    assert_eq!(head.provider_event_id, change::body_id(br#"{"a":1}"#));
    assert_eq!(operation(&provider, &request).document_id, head.provider_event_id);
}

#[test]
fn headers_tell_type_id_and_time_too() {
    let provider = generic(&json!({
        "header": "X-Sig", "type": {"header": "X-Type"}, "id": {"header": "X-Id"}, "time": {"header": "X-At"},
    }));
    for at in ["1735689600", "1735689600000", "2025-01-01T00:00:00Z", "2025-01-01T01:00:00+01:00"] {
        let head = head(&provider, &request(&[("X-Type", "a.b"), ("X-Id", "7"), ("X-At", at)], "{}"));
        assert_eq!((head.event_type.as_str(), head.provider_event_id.as_str()), ("a.b", "7"));
        assert_eq!(head.occurred_at, Some(NOW), "{at}");
    }
    let made = signed(&provider, "{}", "a.b", "secret");
    assert_eq!(head(&provider, &made).event_type, "a.b");
    assert_eq!(head(&provider, &made).occurred_at, Some(NOW));
}

#[test]
fn every_event_of_an_array_is_mapped_by_itself() {
    let provider = generic(&with(orders(), json!({"bodyIsArray": true})));
    let other = BODY.replace("order.updated", "order.deleted").replace("42", "43").replace("evt_1", "evt_2");
    let body = format!("[{BODY}, {other}]");
    let both = request(&[], &body);
    let head = head(&provider, &both);
    assert_eq!(head.provider_event_id, change::body_id(body.as_bytes()));
    assert_eq!((head.event_type.as_str(), head.object_id.as_deref()), ("order.updated", None));
    let ids: Vec<_> =
        operations(&provider, &both).into_iter().map(|operation| operation.document_id).collect();
    assert_eq!(ids, ["42", "43"]);
    let mapping =
        provider.map(&both, &both.body, &|event_type| event_type == "order.deleted").expect("mapped");
    assert!(matches!(mapping, Mapping::Operations(operations) if operations.len() == 1));
    let mapping = provider.map(&both, &both.body, &|_| false).expect("mapped");
    assert!(matches!(mapping, Mapping::Unmapped(_)));
    assert!(provider.is_wanted(&head, &both.body, &|event_type| event_type == "order.deleted"));
    assert!(!provider.is_wanted(&head, &both.body, &|event_type| event_type == "order.paid"));
    let alone = request(&[], format!("[{BODY}]"));
    assert_eq!(super::super::test_support::head(&provider, &alone).provider_event_id, "evt_1");
    assert_never_panics(&provider, &["x-acme-signature"], &[], &body);
}

#[test]
fn events_of_one_request_never_share_a_document_of_the_log() {
    let provider = generic(&json!({
        "header": "X-Sig", "type": {"path": "t"}, "id": {"header": "X-Id"}, "bodyIsArray": true,
    }));
    let request = request(&[("X-Id", "7")], r#"[{"t":"a"},{"t":"b"}]"#);
    assert_eq!(head(&provider, &request).provider_event_id, "7");
    let ids: Vec<_> =
        operations(&provider, &request).into_iter().map(|operation| operation.document_id).collect();
    assert_eq!(ids, ["7-0", "7-1"]);
}

#[test]
fn other_bodies_are_refused_with_a_reason() {
    let single = generic(&orders());
    let array = generic(&with(orders(), json!({"bodyIsArray": true})));
    let header = generic(&with(orders(), json!({"type": {"header": "X-Type"}})));
    for (provider, body, expected) in [
        (&single, "", "is empty"),
        (&single, "hush", "not JSON"),
        (&single, "[]", "`bodyIsArray: false`"),
        (&single, "7", "no JSON object"),
        (&single, "{}", "no event type at `type`"),
        (&single, r#"{"type":{}}"#, "no event type at `type`"),
        (&array, "{}", "`bodyIsArray: true`"),
        (&array, "[]", "is empty"),
        (&array, "[[]]", "no JSON object"),
        (&header, "{}", "the header `X-Type` with the event's type is missing"),
    ] {
        let request = request(&[], body);
        let error = provider.read(&request, &request.body).expect_err(body);
        assert!(error.message.contains(expected) && !error.message.contains("hush"), "{error}");
        assert_eq!(provider.map(&request, &request.body, &|_| true).expect_err(body), error);
    }
}

#[test]
fn a_secret_has_to_fit_its_encoding() {
    let of = |encoding: &str| generic(&with(orders(), json!({"secretEncoding": encoding})));
    for (provider, secret, expected) in [
        (of("hex"), "xyz", "not hexadecimal"),
        (of("base64"), "?", "not base64"),
        (of("text"), "", "empty"),
        (of("text"), " a", "white space"),
    ] {
        let problem = provider.check_secret(secret).expect_err(secret);
        assert!(problem.message.contains(expected), "{problem}");
    }
    assert_eq!(of("text").check_secret("whsec_any text"), Ok(()));
    // A secret that turned out to be unusable later is told as such.
    let request = signed(&of("text"), BODY, "", "secret");
    let outcome = verify(&of("hex"), &request, "xyz", NOW);
    assert!(matches!(outcome, Err(SignatureError::UnusableSecret { .. })), "{outcome:?}");
}

#[test]
fn an_empty_secret_lets_nobody_in() {
    for changes in [json!({}), json!({"mode": "token", "prefix": "Bearer"})] {
        let provider = generic(&with(orders(), changes));
        let request = signed(&provider, BODY, "", "");
        let outcome = verify(&provider, &request, "", NOW);
        assert_eq!(outcome, Err(SignatureError::UnusableSecret { reason: "it is empty".to_owned() }));
    }
}

#[test]
fn a_request_of_one_event_is_wanted_by_its_type() {
    for (event_type, body_is_array) in
        [(json!({"path": "type"}), false), (json!({"value": "order.updated"}), true)]
    {
        let provider = generic(&with(orders(), json!({"type": event_type, "bodyIsArray": body_is_array})));
        let request = request(&[], if body_is_array { format!("[{BODY}]") } else { BODY.to_owned() });
        let head = head(&provider, &request);
        assert!(provider.is_wanted(&head, &request.body, &|event_type| event_type == "order.updated"));
        assert!(!provider.is_wanted(&head, &request.body, &|event_type| event_type == "order.paid"));
    }
}
