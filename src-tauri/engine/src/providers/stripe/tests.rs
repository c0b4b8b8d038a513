//! Header and signature first, then the reading and mapping of events.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::providers::test_support::{self, NOW, head, operation, raw_request, refusal, request, unmapped};

const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";
const OTHER_SECRET: &str = "whsec_fedcba9876543210fedcba9876543210";
const BODY: &str = r#"{"id":"evt_1","object":"event","type":"customer.updated","created":1700000000,"data":{"object":{"id":"cus_1","object":"customer","name":"Zoë 🎣"}}}"#;
const TIME: i64 = 1_700_000_000;
// Made by `stripe.WebhookSignature._compute_signature` of Stripe's Python library 16.1.0 over TIME and BODY, with SECRET
// and OTHER_SECRET; `stripe.Webhook.construct_event` accepts them.
const SIGNATURE: &str = "378e186ac75989a3b5de7e624c5c6e20ce682b0d78df1432a17f8c0cc486f5c9";
const OTHER_SIGNATURE: &str = "2dd44b19ef4f1579b0152eb50b5c98be10bb4269bdfcdc9ec8722afcab0481a9";
const WRONG_SIGNATURE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn verify(header: &str, secrets: &[&str], now: i64) -> Result<(), SignatureError> {
    let request = raw_request(&[("stripe-signature", header)], BODY.as_bytes());
    test_support::verify_at(&Stripe, &request, secrets, now, Some(300))
}

fn event(json: &serde_json::Value) -> RawRequest {
    request(&[], json.to_string().as_bytes())
}

fn of_text(body: &str) -> RawRequest {
    request(&[], body.as_bytes())
}

fn mismatch(secrets: usize) -> Result<(), SignatureError> {
    Err(SignatureError::Mismatch { header: HEADER.to_owned(), secrets })
}

#[test]
fn a_signature_made_by_stripes_library_is_right() {
    assert_eq!(verify(&format!("t={TIME},v1={SIGNATURE}"), &[SECRET], TIME), Ok(()));
    assert_eq!(verify(&format!("t={TIME},v1={OTHER_SIGNATURE}"), &[OTHER_SECRET], TIME), Ok(()));
}

#[test]
fn our_signature_is_the_one_that_stripes_library_makes() {
    let headers = Stripe.sign("", BODY.as_bytes(), "customer.updated", SECRET, Timestamp::from_seconds(TIME));
    let expected = format!("t={TIME},v1={SIGNATURE}");
    assert!(headers.contains(&("stripe-signature".to_owned(), expected)));
    assert!(headers.iter().any(|(name, _)| name == "content-type"));
}

#[test]
fn one_right_v1_is_enough_wherever_it_stands() {
    for header in [
        format!("t={TIME},v1={WRONG_SIGNATURE},v1={SIGNATURE}"),
        format!("t={TIME},v1={SIGNATURE},v1={WRONG_SIGNATURE}"),
        format!("v1={SIGNATURE},t={TIME}"),
        format!("t={TIME},v1={SIGNATURE},v0={WRONG_SIGNATURE}"),
        format!("t={TIME},v1=,v1=zz,v1={SIGNATURE}"),
        format!(" t = {TIME} , v1 = {SIGNATURE} ,"),
        format!("t={TIME},v1={SIGNATURE},future=x=y,,nonsense"),
        format!("t={TIME},t={TIME},v1={SIGNATURE}"),
    ] {
        assert_eq!(verify(&header, &[SECRET], TIME), Ok(()), "{header}");
    }
}

#[test]
fn while_a_secret_is_rolled_either_one_counts() {
    let both = format!("t={TIME},v1={OTHER_SIGNATURE},v1={SIGNATURE}");
    for secrets in [&[SECRET][..], &[OTHER_SECRET], &[OTHER_SECRET, SECRET], &["whsec_unrelated", SECRET]] {
        assert_eq!(verify(&both, secrets, TIME), Ok(()));
    }
    let old = format!("t={TIME},v1={OTHER_SIGNATURE}");
    assert_eq!(verify(&old, &[SECRET, OTHER_SECRET], TIME), Ok(()));
    assert_eq!(verify(&old, &[SECRET, "whsec_unrelated"], TIME), mismatch(2));
}

#[test]
fn the_header_may_come_in_several_lines() {
    let headers =
        [("stripe-signature", format!("t={TIME}")), ("stripe-signature", format!("v1={SIGNATURE}"))];
    let request = raw_request(&headers, BODY.as_bytes());
    assert_eq!(test_support::verify_at(&Stripe, &request, &[SECRET], TIME, Some(300)), Ok(()));
}

#[test]
fn other_schemes_and_other_spellings_of_the_signature_do_not_count() {
    let upper = SIGNATURE.to_ascii_uppercase();
    for header in [
        format!("t={TIME},v1={WRONG_SIGNATURE},v0={SIGNATURE}"),
        format!("t={TIME},v1={upper}"),
        format!("t={TIME},v1={SIGNATURE}00"),
        format!("t={TIME},v1="),
        format!("t=0{TIME},v1={SIGNATURE}"),
    ] {
        assert_eq!(verify(&header, &[SECRET], TIME), mismatch(1), "{header}");
    }
    assert_eq!(verify(&format!("t={TIME},v1={SIGNATURE}"), &[], TIME), mismatch(0));
}

#[test]
fn the_key_is_the_whole_text_of_the_secret() {
    let header = format!("t={TIME},v1={SIGNATURE}");
    let without_prefix = SECRET.trim_start_matches("whsec_");
    assert_eq!(verify(&header, &[without_prefix, ""], TIME), mismatch(2));
}

#[test]
fn a_header_that_cannot_be_read_says_why() {
    let cases = [
        (format!("v1={SIGNATURE}"), "no timestamp"),
        (format!("t={TIME}"), "no signature"),
        (format!("t={TIME},v0={SIGNATURE}"), "no signature"),
        (format!("t=,v1={SIGNATURE}"), "not a number"),
        (format!("t=soon,v1={SIGNATURE}"), "not a number"),
        (format!("t=-5,v1={SIGNATURE}"), "not a number"),
        (format!("t=+5,v1={SIGNATURE}"), "not a number"),
        (format!("t=1.5,v1={SIGNATURE}"), "not a number"),
        (format!("t=253402300800,v1={SIGNATURE}"), "beyond the year 9999"),
        (format!("t=99999999999999999999999,v1={SIGNATURE}"), "beyond the year 9999"),
        (format!("t=1,t=2,v1={SIGNATURE}"), "more than one timestamp"),
        (String::new(), "no timestamp"),
    ];
    for (header, expected) in cases {
        match verify(&header, &[SECRET], TIME) {
            Err(SignatureError::Malformed { reason, .. }) => assert!(reason.contains(expected), "{reason}"),
            other => panic!("{header}: {other:?}"),
        }
    }
    let missing = request(&[], BODY.as_bytes());
    assert_eq!(
        test_support::verify_at(&Stripe, &missing, &[SECRET], TIME, Some(300)),
        Err(SignatureError::Missing { header: "Stripe-Signature".to_owned() })
    );
    let not_text = raw_request(&[("stripe-signature", [0xff_u8])], BODY.as_bytes());
    assert!(matches!(
        test_support::verify_at(&Stripe, &not_text, &[SECRET], TIME, Some(300)),
        Err(SignatureError::Malformed { .. })
    ));
}

#[test]
fn a_timestamp_may_be_off_by_the_tolerance_and_no_more() {
    let header = format!("t={TIME},v1={SIGNATURE}");
    assert_eq!(verify(&header, &[SECRET], TIME + 300), Ok(()));
    assert_eq!(verify(&header, &[SECRET], TIME - 300), Ok(()));
    assert_eq!(
        verify(&header, &[SECRET], TIME + 301),
        Err(SignatureError::TooOld { age_seconds: 301, tolerance_seconds: 300 })
    );
    assert_eq!(
        verify(&header, &[SECRET], TIME - 301),
        Err(SignatureError::FromTheFuture { ahead_seconds: 301, tolerance_seconds: 300 })
    );
    let request = raw_request(&[("stripe-signature", header)], BODY.as_bytes());
    assert_eq!(test_support::verify_at(&Stripe, &request, &[SECRET], TIME * 2, None), Ok(()));
    assert_eq!(Stripe.info().tolerance_seconds, Some(300));
}

#[test]
fn a_wrong_signature_is_told_before_an_old_one() {
    assert_eq!(verify(&format!("t={TIME},v1={WRONG_SIGNATURE}"), &[SECRET], TIME + 9_999), mismatch(1));
}

proptest! {
    #[test]
    fn any_changed_byte_of_the_body_is_refused(at in 0..BODY.len(), change in 1..=255_u8) {
        let mut body = BODY.as_bytes().to_vec();
        body[at] ^= change;
        let request = raw_request(&[("stripe-signature", format!("t={TIME},v1={SIGNATURE}"))], &body);
        prop_assert_eq!(test_support::verify_at(&Stripe, &request, &[SECRET], TIME, Some(300)), mismatch(1));
    }

    #[test]
    fn any_changed_byte_of_the_header_is_refused(at in 0..80_usize, change in 1..=255_u8) {
        let mut header = format!("t={TIME},v1={SIGNATURE}").into_bytes();
        prop_assert_eq!(header.len(), 80);
        header[at] ^= change;
        let request = raw_request(&[("stripe-signature", header)], BODY.as_bytes());
        prop_assert!(test_support::verify_at(&Stripe, &request, &[SECRET], TIME, None).is_err());
    }
}

#[test]
fn whatever_comes_it_answers_and_what_it_reads_it_maps() {
    let update = r#"{"id":"evt_1","object":"event","type":"customer.updated","created":17,"livemode":true,"account":"acct_1","api_version":"x","data":{"object":{"id":"cus_1","object":"customer"},"previous_attributes":{"a":1}}}"#;
    let thin = r#"{"id":"evt_1","object":"v2.core.event","type":"v1.customer.updated","created":"2024-05-01T09:30:00Z","related_object":{"id":"cus_1","type":"customer"}}"#;
    for body in [update, thin] {
        test_support::assert_never_panics(&Stripe, &["stripe-signature"], &[], body);
    }
}

#[test]
fn the_head_of_a_snapshot_event_is_read() {
    assert_eq!(
        head(&Stripe, &of_text(BODY)),
        EventHead {
            provider_event_id: "evt_1".to_owned(),
            idempotency_key: None,
            event_type: "customer.updated".to_owned(),
            occurred_at: Some(Timestamp::from_seconds(TIME)),
            object_type: Some("customer".to_owned()),
            object_id: Some("cus_1".to_owned()),
        }
    );
}

#[test]
fn what_is_no_event_of_stripe_is_refused_with_the_reason() {
    let cases = [
        ("", "the body is empty"),
        ("id=evt_1&type=customer.updated", "not JSON: expected value at line 1 column 1"),
        (&BODY[..BODY.len() - 1], "not JSON: EOF while parsing"),
        ("{}", "missing field `id`"),
        ("[]", "expected a JSON object"),
        (r#"["evt_1","customer.updated"]"#, "expected a JSON object"),
        (r#"{"id":"evt_1"}"#, "missing field `type`"),
        (r#"{"id":7,"type":"a.b","data":{"object":{}}}"#, "expected a string at line 1 column 7"),
        (r#"{"id":"","type":"a.b","data":{"object":{}}}"#, "`id` is empty"),
        (r#"{"id":"e","type":" ","data":{"object":{}}}"#, "`type` is empty"),
        (
            r#"{"id":"e","id":"f","type":"a.b","data":{"object":{}}}"#,
            "duplicate field `id` at line 1 column 14",
        ),
        (r#"{"id":"e","type":"a.b","data":{"object":{"id":"x","id":"y"}}}"#, "duplicate field `id`"),
        (
            r#"{"id":"e","type":"a.b","livemode":true,"livemode":false,"data":{"object":{}}}"#,
            "duplicate field `livemode`",
        ),
        (r#"{"id":"e","type":"a.b"}"#, "no `data.object`"),
        (r#"{"id":"e","type":"a.b","data":[{"id":"x"}]}"#, "no `data.object`"),
        (r#"{"id":"e","type":"a.b","data":{"object":"x"}}"#, "no `data.object`"),
        (r#"{"id":"cus_1","object":"customer","type":"a.b","data":{"object":{}}}"#, "neither `event` nor"),
        (r#"{"id":"e","type":"a.b","created":"soon","data":{"object":{}}}"#, "`created` is neither"),
        (
            r#"{"id":"e","type":"a.b","created":99999999999999999999,"data":{"object":{}}}"#,
            "`created` is neither",
        ),
        (r#"{"id":"e","type":"a.b","created":-1,"data":{"object":{}}}"#, "`created` is neither"),
    ];
    for (body, expected) in cases {
        let message = refusal(&Stripe, &of_text(body));
        assert!(message.contains(expected), "{body}: {message}");
    }
    let invalid = request(&[], b"{\"id\":\"evt_\xff\"}");
    assert!(refusal(&Stripe, &invalid).contains("not valid UTF-8 from byte 11"));
}

#[test]
fn an_object_nested_beyond_every_measure_is_taken() {
    let depth = 100_000;
    let body = format!(
        r#"{{"id":"e","object":"event","type":"customer.updated","data":{{"object":{{"id":"cus_1","object":"customer","deep":{}{}}}}}}}"#,
        "[".repeat(depth),
        "]".repeat(depth)
    );
    let request = of_text(&body);
    assert_eq!(head(&Stripe, &request).object_id.as_deref(), Some("cus_1"));
    assert_eq!(operation(&Stripe, &request).document_id, "cus_1");
}

#[test]
fn the_object_is_passed_on_byte_for_byte() {
    let object = "{ \"id\" : \"cus_1\",\"object\":\"customer\",\n\"big\":12345678901234567890123, \"f\":1.10,\"a.b\":1,\
                  \"$x\":\"\\u0000\\ud800\",\"twice\":1,\"twice\":2 }";
    let body =
        format!(r#"{{"data":{{"object":{object}}},"id":"e","object":"event","type":"customer.updated"}}"#);
    let operation = operation(&Stripe, &of_text(&body));
    assert_eq!(operation.object.expect("an object").get(), object);
}

#[test]
fn an_update_is_mapped_with_all_that_is_known() {
    let event = event(&json!({
        "id": "evt_1", "object": "event", "type": "customer.subscription.updated", "created": TIME,
        "livemode": false, "api_version": "2026-10-28.endive", "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null},
        "data": {
            "object": {"id": "sub_1", "object": "subscription", "status": "active"},
            "previous_attributes": {"status": "incomplete", "items": {"data": []}}
        }
    }));
    let operation = operation(&Stripe, &event);
    assert_eq!(operation.kind, OperationKind::Upsert);
    assert_eq!(operation.collection, "subscriptions");
    assert_eq!(operation.document_id, "sub_1");
    assert_eq!(operation.version, Version { at: Timestamp::from_seconds(TIME), rank: Version::UPDATED });
    assert_eq!(operation.livemode, Some(false));
    assert_eq!(operation.account, None);
    assert_eq!(operation.api_version.as_deref(), Some("2026-10-28.endive"));
    let previous = operation.previous.expect("the state before");
    assert!(previous.deep);
    let values: serde_json::Value = serde_json::from_str(previous.values.get()).expect("JSON");
    assert_eq!(values, json!({"status": "incomplete", "items": {"data": []}}));
}

#[test]
fn documents_of_connected_accounts_are_kept_apart() {
    let event = event(&json!({
        "id": "evt_1", "object": "event", "type": "capability.updated", "created": TIME, "account": "acct_1",
        "livemode": true, "data": {"object": {"id": "card_payments", "object": "capability"}}
    }));
    let operation = operation(&Stripe, &event);
    assert_eq!(operation.document_id, "acct_1/card_payments");
    assert_eq!(operation.account.as_deref(), Some("acct_1"));
    assert_eq!(operation.livemode, Some(true));
    // The head keeps the provider's own id, by which people search.
    assert_eq!(head(&Stripe, &event).object_id.as_deref(), Some("card_payments"));
}

#[test]
fn an_old_event_of_before_2017_is_mapped() {
    let event = event(&json!({
        "id": "evt_00000000000000", "object": "event", "type": "charge.succeeded", "created": 1_326_853_478,
        "livemode": false, "request": "req_1", "api_version": null, "account": null,
        "data": {"object": {"id": "ch_1", "object": "charge"}, "previous_attributes": {}}
    }));
    let operation = operation(&Stripe, &event);
    assert_eq!((operation.account, operation.api_version), (None, None));
    assert!(operation.previous.is_none());
}

#[test]
fn an_event_without_a_time_counts_from_its_receipt() {
    let request =
        of_text(r#"{"id":"e","type":"customer.updated","data":{"object":{"id":"c","object":"customer"}}}"#);
    assert_eq!(head(&Stripe, &request).occurred_at, None);
    assert_eq!(operation(&Stripe, &request).version.at, NOW);
}

fn changed(event_type: &str, object_type: &str) -> Operation {
    operation(
        &Stripe,
        &event(&json!({
            "id": "evt_1", "object": "event", "type": event_type, "created": TIME,
            "data": {"object": {"id": "x_1", "object": object_type}}
        })),
    )
}

#[test]
fn within_a_second_created_comes_first_and_deleted_last() {
    let created = changed("customer.created", "customer");
    let updated = changed("customer.updated", "customer");
    let deleted = changed("customer.deleted", "customer");
    assert!(created.version < updated.version && updated.version < deleted.version);
    assert_eq!(created.kind, OperationKind::Upsert);
    assert_eq!(deleted.kind, OperationKind::Delete);
    // A soft delete keeps the object.
    assert!(deleted.object.is_some());
}

#[test]
fn a_cancelled_subscription_is_kept_and_wins_over_updates_of_its_second() {
    let cancelled = changed("customer.subscription.deleted", "subscription");
    assert_eq!(cancelled.kind, OperationKind::Upsert);
    assert!(cancelled.version > changed("customer.subscription.updated", "subscription").version);
}

#[test]
fn of_all_known_types_exactly_these_remove_a_document() {
    let deleting: Vec<&str> = types::KNOWN_TYPES
        .iter()
        .copied()
        .filter(|known| !known.starts_with("v1.") && !known.starts_with("v2."))
        .filter(|known| change(known).0 == OperationKind::Delete)
        .collect();
    assert_eq!(
        deleting,
        [
            "account.external_account.deleted",
            "apps.install.deleted",
            "coupon.deleted",
            "customer.deleted",
            "customer.discount.deleted",
            "customer.source.deleted",
            "customer.tax_id.deleted",
            "invoice.deleted",
            "invoiceitem.deleted",
            "person.deleted",
            "plan.deleted",
            "price.deleted",
            "product.deleted",
            "test_helpers.test_clock.deleted",
        ]
    );
}

#[test]
fn every_resource_lands_in_its_collection_under_its_id() {
    let cases = include_str!("resources.txt");
    let mut count = 0;
    for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let &[event_type, object_type, id, collection] = fields.as_slice() else {
            panic!("{line}");
        };
        assert!(types::KNOWN_TYPES.contains(&event_type), "{event_type}");
        let event = event(&json!({
            "id": "evt_1", "object": "event", "type": event_type, "created": TIME, "livemode": false,
            "data": {"object": {"id": id, "object": object_type, "metadata": {"id": "not_this"}}}
        }));
        let operation = operation(&Stripe, &event);
        assert_eq!(
            (operation.collection.as_str(), operation.document_id.as_str()),
            (collection, id),
            "{line}"
        );
        let head = head(&Stripe, &event);
        assert_eq!(head.object_type.as_deref(), Some(object_type));
        assert_eq!(head.object_id.as_deref(), Some(id));
        count += 1;
    }
    assert!(count > 70);
}

#[test]
fn a_preview_of_an_invoice_is_recorded_and_not_synced_even_if_it_has_an_id() {
    let event = event(&json!({
        "id": "evt_1", "object": "event", "type": "invoice.upcoming", "created": TIME,
        "data": {"object": {"id": "upcoming_in_1", "object": "invoice"}},
    }));
    assert!(unmapped(&Stripe, &event).contains("does not exist yet"));
}

#[test]
fn an_object_without_an_id_is_recorded_and_not_synced() {
    for (event_type, object_type) in [
        ("balance.available", "balance"),
        ("balance_settings.updated", "balance_settings"),
        ("billing.alert.triggered", "billing.alert_triggered"),
        ("cash_balance.funds_available", "cash_balance"),
        ("entitlements.active_entitlement_summary.updated", "entitlements.active_entitlement_summary"),
        ("tax.settings.updated", "tax.settings"),
    ] {
        for object in [
            json!({"object": object_type}),
            json!({"object": object_type, "id": null}),
            json!({"object": object_type, "id": ""}),
            json!({"object": object_type, "id": {"a": 1}}),
        ] {
            let event = event(&json!({
                "id": "evt_1", "object": "event", "type": event_type, "created": TIME, "data": {"object": object}
            }));
            assert_eq!(
                unmapped(&Stripe, &event),
                format!("`{event_type}` carries an object of type `{object_type}` that has no id")
            );
            assert_eq!(head(&Stripe, &event).object_id, None);
        }
    }
}

#[test]
fn an_object_of_no_type_is_recorded_and_not_synced() {
    let event = event(&json!({"id": "e", "object": "event", "type": "a.b", "data": {"object": {"id": "x"}}}));
    assert!(unmapped(&Stripe, &event).contains("does not say of which type"));
}

fn thin(extra: &serde_json::Value) -> RawRequest {
    let mut json = json!({
        "id": "evt_test_65", "object": "v2.core.event", "type": "v1.customer.created", "livemode": false,
        "created": "2023-11-14T22:13:20.123Z",
        "related_object": {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"}
    });
    let fields = extra.as_object().expect("an object");
    json.as_object_mut().expect("an object").extend(fields.clone());
    event(&json)
}

#[test]
fn a_thin_event_is_recorded_with_the_object_that_it_names() {
    let event = thin(&json!({}));
    assert_eq!(
        head(&Stripe, &event),
        EventHead {
            provider_event_id: "evt_test_65".to_owned(),
            idempotency_key: None,
            event_type: "v1.customer.created".to_owned(),
            occurred_at: Some(Timestamp::from_millis(1_700_000_000_123)),
            object_type: Some("customer".to_owned()),
            object_id: Some("cus_1".to_owned()),
        }
    );
    assert!(unmapped(&Stripe, &event).contains("`v1.customer.created` is a thin event"));
}

#[test]
fn a_thin_event_may_have_data_of_any_kind_and_no_object() {
    for extra in [
        json!({"related_object": null}),
        json!({"data": {"object": "text", "reason": {}}}),
        json!({"data": null}),
        json!({"data": [1, "two", null, true, 0.5, -1]}),
    ] {
        let event = thin(&extra);
        assert_eq!(head(&Stripe, &event).event_type, "v1.customer.created");
        assert!(unmapped(&Stripe, &event).contains("thin event"));
    }
}

#[test]
fn a_thin_event_never_takes_the_place_of_the_snapshot_that_carries_the_object() {
    let thin = head(&Stripe, &thin(&json!({"snapshot_event": "evt_1"})));
    assert_ne!(thin.dedupe_key(), head(&Stripe, &of_text(BODY)).dedupe_key());
}

#[test]
fn a_secret_starts_with_whsec() {
    assert_eq!(Stripe.check_secret(SECRET), Ok(()));
    assert_eq!(Stripe.check_secret("whsec_test"), Ok(()));
    assert_eq!(Stripe.check_secret(&Stripe.generate_secret()), Ok(()));
    assert_ne!(Stripe.generate_secret(), Stripe.generate_secret());
    let cases = [
        ("whsec_", "too short"),
        ("whsec_abc", "too short"),
        ("sk_test_abcdef", "Stripe API key"),
        ("api_abc.def", "Close API key"),
        ("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8", "Close's signature key"),
        ("secret", "starts with `whsec_`"),
        ("WHSEC_abcdefgh", "starts with `whsec_`"),
        ("whsec_abc def", "white space"),
    ];
    for (secret, expected) in cases {
        let message = Stripe.check_secret(secret).expect_err(secret).message;
        assert!(message.contains(expected), "{secret}: {message}");
    }
}
