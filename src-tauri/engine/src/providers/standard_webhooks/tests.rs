//! Header and signature first, then the reading and mapping of events.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::providers::test_support::{self, NOW, head, operation, raw_request, refusal, request};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIME: i64 = 1_614_265_330;
const BODY: &str = r#"{"test": 2432232314}"#;
// The vector of the tests of the reference libraries; `standardwebhooks` 1.1.0 and `svix` 2.9.1 (Python) make the same.
const SIGNATURE: &str = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const WRONG_SIGNATURE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn sent(signatures: &str, body: &str) -> RawRequest {
    let headers = [
        ("webhook-id", ID.to_owned()),
        ("webhook-timestamp", TIME.to_string()),
        ("webhook-signature", signatures.to_owned()),
    ];
    raw_request(&headers, body.as_bytes())
}

fn verify(request: &RawRequest, secrets: &[&str], now: i64) -> Result<(), SignatureError> {
    test_support::verify_at(&StandardWebhooks, request, secrets, now, Some(300))
}

fn right() -> RawRequest {
    sent(&format!("v1,{SIGNATURE}"), BODY)
}

fn event(json: &serde_json::Value) -> RawRequest {
    sent("", &json.to_string())
}

#[test]
fn the_published_vector_is_right() {
    assert_eq!(verify(&right(), &[SECRET], TIME), Ok(()));
    assert_eq!(verify(&right(), &[SECRET.trim_start_matches("whsec_")], TIME), Ok(()));
}

#[test]
fn the_older_headers_of_svix_are_understood() {
    let headers = [
        ("svix-id", ID.to_owned()),
        ("svix-timestamp", TIME.to_string()),
        ("svix-signature", format!("v1,{SIGNATURE}")),
    ];
    let request = raw_request(&headers, BODY.as_bytes());
    assert_eq!(verify(&request, &[SECRET], TIME), Ok(()));
    assert_eq!(event_id(&request), Ok(ID));
}

#[test]
fn our_signature_is_right() {
    let request = test_support::signed(&StandardWebhooks, "{}", "ping", SECRET);
    assert_eq!(verify(&request, &[SECRET], NOW.seconds()), Ok(()));
    assert!(event_id(&request).expect("an id").starts_with("msg_"));
    let again = test_support::signed(&StandardWebhooks, "{}", "ping", SECRET);
    assert_ne!(event_id(&request), event_id(&again));
}

#[test]
fn one_right_signature_of_several_is_enough() {
    for signatures in [
        format!("v1,{WRONG_SIGNATURE} v1,{SIGNATURE}"),
        format!("v1,{SIGNATURE} v1,{WRONG_SIGNATURE}"),
        format!("v1a,nonsense  v1,{SIGNATURE} "),
    ] {
        assert_eq!(verify(&sent(&signatures, BODY), &[SECRET], TIME), Ok(()), "{signatures}");
    }
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(verify(&right(), &[other, SECRET], TIME), Ok(()));
    assert_eq!(
        verify(&right(), &[other], TIME),
        Err(SignatureError::Mismatch { header: "webhook-signature".to_owned(), secrets: 1 })
    );
}

#[test]
fn headers_that_are_missing_or_wrong_are_named() {
    for missing in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut request = right();
        request.headers.retain(|(name, _)| name != missing);
        assert_eq!(
            verify(&request, &[SECRET], TIME),
            Err(SignatureError::Missing { header: missing.to_owned() })
        );
    }
    for signatures in ["", "nonsense", SIGNATURE, &format!("v2,{SIGNATURE}"), &format!("v1a,{SIGNATURE}")] {
        assert!(matches!(
            verify(&sent(signatures, BODY), &[SECRET], TIME),
            Err(SignatureError::Malformed { .. })
        ));
    }
    for time in ["", "soon", "-1", "1614265330.5", "99999999999999999999"] {
        let mut request = right();
        request.headers[1].1 = time.as_bytes().to_vec();
        assert!(matches!(verify(&request, &[SECRET], TIME), Err(SignatureError::Malformed { .. })), "{time}");
    }
    assert!(matches!(
        verify(&right(), &["whsec_not base64"], TIME),
        Err(SignatureError::UnusableSecret { .. })
    ));
}

#[test]
fn a_timestamp_may_be_off_by_the_tolerance_and_no_more() {
    assert_eq!(verify(&right(), &[SECRET], TIME + 300), Ok(()));
    assert!(matches!(verify(&right(), &[SECRET], TIME + 301), Err(SignatureError::TooOld { .. })));
    assert!(matches!(verify(&right(), &[SECRET], TIME - 301), Err(SignatureError::FromTheFuture { .. })));
    assert_eq!(test_support::verify_at(&StandardWebhooks, &right(), &[SECRET], 0, None), Ok(()));
}

proptest! {
    #[test]
    fn any_changed_byte_is_refused(at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let changed = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let index = at.index(bytes.len());
            bytes[index] ^= change;
            bytes
        };
        let mut body = right();
        body.body = changed(BODY.as_bytes()).into();
        prop_assert!(verify(&body, &[SECRET], TIME).is_err());
        for header in 0..3 {
            let mut request = right();
            request.headers[header].1 = changed(&request.headers[header].1);
            prop_assert!(
                test_support::verify_at(&StandardWebhooks, &request, &[SECRET], TIME, None).is_err(),
                "{:?}", request.headers
            );
        }
    }
}

#[test]
fn whatever_comes_it_answers_and_what_it_reads_it_maps() {
    let body =
        r#"{"type":"user.created","timestamp":1,"created_at":"x","data":{"id":"1","user_id":2,"x":[]}}"#;
    for headers in HEADER_SETS {
        test_support::assert_never_panics(&StandardWebhooks, &headers, &[], body);
    }
}

#[test]
fn the_head_is_read_from_header_and_body() {
    let event = event(&json!({
        "type": "user.created", "timestamp": "2022-11-03T20:26:10.344522Z", "data": {"name": "Zoë", "id": "user_1"}
    }));
    assert_eq!(
        head(&StandardWebhooks, &event),
        EventHead {
            provider_event_id: ID.to_owned(),
            idempotency_key: None,
            event_type: "user.created".to_owned(),
            occurred_at: Timestamp::parse("2022-11-03T20:26:10.344522Z"),
            object_type: Some("user".to_owned()),
            object_id: Some("user_1".to_owned()),
        }
    );
}

#[test]
fn the_time_of_sending_counts_only_where_the_body_tells_none() {
    let cases = [
        (json!({"timestamp": 1_654_012_591_835_i64}), Timestamp::from_millis(1_654_012_591_835)),
        (json!({"created_at": 1_654_012_591}), Timestamp::from_seconds(1_654_012_591)),
        (json!({"created_at": "2022-05-31T15:56:31Z"}), Timestamp::from_seconds(1_654_012_591)),
        (json!({"timestamp": 7, "created_at": 5}), Timestamp::from_seconds(7)),
        (json!({"timestamp": "soon", "created_at": 5}), Timestamp::from_seconds(5)),
        (json!({}), Timestamp::from_seconds(TIME)),
    ];
    for (mut body, expected) in cases {
        body["type"] = json!("user.updated");
        body["data"] = json!({"id": 1});
        let event = event(&body);
        assert_eq!(head(&StandardWebhooks, &event).occurred_at, Some(expected), "{body}");
        assert_eq!(operation(&StandardWebhooks, &event).version.at, expected);
    }
}

#[test]
fn what_is_no_event_is_refused_with_the_reason() {
    let cases = [
        ("", "the body is empty"),
        ("[]", "expected a JSON object"),
        (BODY, "missing field `type`"),
        (r#"{"type":""}"#, "`type` is empty"),
        (r#"{"type":7}"#, "expected a string"),
        (r#"{"type":"a","type":"b"}"#, "duplicate field `type`"),
        (r#"{"type":"a.b","data":{"id":1,"id":2}}"#, "duplicate field `id`"),
    ];
    for (body, expected) in cases {
        let message = refusal(&StandardWebhooks, &sent("", body));
        assert!(message.contains(expected), "{body}: {message}");
    }
    let without_id = request(&[], br#"{"type":"a.b"}"#);
    assert!(refusal(&StandardWebhooks, &without_id).contains("`webhook-id`"));
}

#[test]
fn data_with_an_id_becomes_a_document() {
    let cases = [
        ("user.created", json!({"id": "user_1"}), "users", "user_1", OperationKind::Upsert, Version::CREATED),
        ("user.updated", json!({"id": 17}), "users", "17", OperationKind::Upsert, Version::UPDATED),
        ("user.deleted", json!({"id": "user_1"}), "users", "user_1", OperationKind::Delete, Version::DELETED),
        (
            "organizationMembership.created",
            json!({"id": "orgmem_1"}),
            "organization_memberships",
            "orgmem_1",
            OperationKind::Upsert,
            Version::CREATED,
        ),
        (
            "email.delivered",
            json!({"broadcast_id": "b_1", "email_id": "e_1"}),
            "emails",
            "e_1",
            OperationKind::Upsert,
            Version::UPDATED,
        ),
        (
            "fine_tuning.job.succeeded",
            json!({"id": "ftjob_1"}),
            "fine_tuning_jobs",
            "ftjob_1",
            OperationKind::Upsert,
            Version::UPDATED,
        ),
    ];
    for (event_type, data, collection, id, kind, rank) in cases {
        let event = event(&json!({"type": event_type, "data": data}));
        let operation = operation(&StandardWebhooks, &event);
        assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), (collection, id));
        assert_eq!((operation.kind, operation.version.rank), (kind, rank), "{event_type}");
        assert_eq!(operation.object.expect("an object").get(), data.to_string());
        assert_eq!(head(&StandardWebhooks, &event).object_id.as_deref(), Some(id));
    }
}

#[test]
fn all_else_is_kept_whole_in_a_log() {
    for body in [
        r#"{"type":"ping","data":{"id":"x"}}"#,
        r#"{"type":"user.created"}"#,
        r#"{"type":"user.created","data":null}"#,
        r#"{"type":"user.created","data":[{"id":"x"}]}"#,
        r#"{"type":"user.created","data":{"id":null,"account_id":"x"}}"#,
        r#"{"type":"user.deleted","data":{"id":1.5}}"#,
        r#"{"type":".created","data":{"id":"x"}}"#,
    ] {
        let event = sent("", &format!("\n {body} "));
        let operation = operation(&StandardWebhooks, &event);
        assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), ("events", ID));
        assert_eq!((operation.kind, operation.version.rank), (OperationKind::Upsert, Version::CREATED));
        assert_eq!(operation.object.expect("the body").get(), body);
        assert_eq!(head(&StandardWebhooks, &event).object_id, None);
    }
}

#[test]
fn a_secret_is_base64_of_24_to_64_bytes() {
    let long = |bytes: usize| format!("whsec_{}", Encoding::Base64.write(&vec![7; bytes]));
    assert_eq!(StandardWebhooks.check_secret(SECRET), Ok(()));
    assert_eq!(StandardWebhooks.check_secret(&SECRET[6..]), Ok(()));
    assert_eq!(StandardWebhooks.check_secret(&long(24)), Ok(()));
    assert_eq!(StandardWebhooks.check_secret(&long(64)), Ok(()));
    assert_eq!(StandardWebhooks.check_secret(&StandardWebhooks.generate_secret()), Ok(()));
    let cases = [
        (long(23), "23 bytes"),
        (long(65), "65 bytes"),
        ("whsec_not-base64".to_owned(), "not base64"),
        ("sk_live_abcdef".to_owned(), "Stripe API key"),
        ("whsk_abcdef".to_owned(), "asymmetric"),
        ("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8".to_owned(), "Close"),
    ];
    for (secret, expected) in cases {
        let message = StandardWebhooks.check_secret(&secret).expect_err(&secret).message;
        assert!(message.contains(expected), "{secret}: {message}");
    }
}
