//! Header and signature first, then the reading and mapping of events.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::providers::test_support::{
    self, NOW, head, operation, operations, raw_request, refusal, request, unmapped,
};

const SECRET: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
const BODY: &str = r#"{"subscription_id":"whsub_1","event":{"id":"ev_1","object_type":"lead","object_id":"lead_1","action":"updated","date_updated":"2024-05-01T09:30:00.123456","data":{"id":"lead_1","display_name":"Bäckerei"}}}"#;
const TIME: i64 = 1_700_000_000;
// Python: hmac.new(bytes.fromhex(SECRET), (str(TIME) + BODY).encode(), hashlib.sha256).hexdigest(), which is how
// Close's documentation computes it.
const SIGNATURE: &str = "2a4bfafcecae8db2380b02ab2a2f9a2783156591e9dc98834ccd31a368bbedfc";

fn sent(hash: &str, time: &str, body: &[u8]) -> RawRequest {
    raw_request(&[("close-sig-hash", hash), ("close-sig-timestamp", time)], body)
}

fn verify(request: &RawRequest, secrets: &[&str], now: i64) -> Result<(), SignatureError> {
    test_support::verify_at(&Close, request, secrets, now, Some(300))
}

fn right() -> RawRequest {
    sent(SIGNATURE, &TIME.to_string(), BODY.as_bytes())
}

/// A request with an event of these fields; what is not given is as in an update of a lead.
fn event(fields: &serde_json::Value) -> RawRequest {
    let mut event = json!({
        "id": "ev_1", "object_type": "lead", "object_id": "lead_1", "action": "updated", "lead_id": "lead_1",
        "organization_id": "orga_1", "user_id": null, "request_id": "req_1",
        "date_created": "2024-05-01T09:29:00.000000", "date_updated": "2024-05-01T09:30:00.123456",
        "changed_fields": [], "previous_data": {}, "meta": {"request_path": "/api/v1/lead/", "request_method": "PUT"},
        "data": {"id": "lead_1", "name": "Acme", "date_updated": "2024-05-01T09:30:00.123000+00:00"}
    });
    event.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    let body = json!({"subscription_id": "whsub_1", "event": event});
    request(&[], body.to_string().as_bytes())
}

fn updated_at() -> Timestamp {
    Timestamp::parse("2024-05-01T09:30:00.123456Z").expect("a time")
}

#[test]
fn a_signature_computed_as_documented_is_right() {
    assert_eq!(verify(&right(), &[SECRET], TIME), Ok(()));
    assert_eq!(verify(&right(), &[&SECRET.to_ascii_uppercase()], TIME), Ok(()));
    assert_eq!(verify(&right(), &[&"00".repeat(32), SECRET], TIME), Ok(()));
}

#[test]
fn our_signature_is_the_documented_one() {
    let headers = Close.sign("", BODY.as_bytes(), "lead.updated", SECRET, Timestamp::from_seconds(TIME));
    assert!(headers.contains(&(HASH.to_owned(), SIGNATURE.to_owned())));
    assert!(headers.contains(&(TIMESTAMP.to_owned(), TIME.to_string())));
    assert!(headers.iter().any(|(name, _)| name == "content-type"));
}

#[test]
fn the_key_is_decoded_and_a_secret_that_cannot_be_does_not_stop_the_others() {
    assert_eq!(verify(&right(), &["whsec_nonsense", SECRET], TIME), Ok(()));
    assert_eq!(
        verify(&right(), &["whsec_nonsense", &"00".repeat(32)], TIME),
        Err(SignatureError::Mismatch { header: HASH.to_owned(), secrets: 2 })
    );
    match verify(&right(), &["whsec_nonsense"], TIME) {
        Err(SignatureError::UnusableSecret { reason }) => assert!(!reason.contains("nonsense"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn headers_that_are_missing_or_wrong_are_named() {
    let missing = |header: &str| Err(SignatureError::Missing { header: header.to_owned() });
    let body = BODY.as_bytes();
    let capitals = sent(&SIGNATURE.to_ascii_uppercase(), &TIME.to_string(), body);
    assert_eq!(verify(&capitals, &[SECRET], TIME), Ok(()), "hexadecimal digits may be capitals");
    let none = request(&[], body);
    assert_eq!(verify(&none, &[SECRET], TIME), missing(HASH));
    assert_eq!(verify(&raw_request(&[(HASH, SIGNATURE)], body), &[SECRET], TIME), missing(TIMESTAMP));
    for time in ["", "soon", "-1", "1.5", "99999999999999999999", "253402300800"] {
        match verify(&sent(SIGNATURE, time, body), &[SECRET], TIME) {
            Err(SignatureError::Malformed { header, .. }) => assert_eq!(header, TIMESTAMP),
            other => panic!("{time}: {other:?}"),
        }
    }
    for hash in ["", "nonsense", &SIGNATURE[1..], &format!("{SIGNATURE}0")] {
        assert!(matches!(
            verify(&sent(hash, &TIME.to_string(), body), &[SECRET], TIME),
            Err(SignatureError::Mismatch { .. })
        ));
    }
}

#[test]
fn a_timestamp_may_be_off_by_the_tolerance_and_no_more() {
    assert_eq!(verify(&right(), &[SECRET], TIME + 300), Ok(()));
    assert_eq!(verify(&right(), &[SECRET], TIME - 300), Ok(()));
    assert!(matches!(verify(&right(), &[SECRET], TIME + 301), Err(SignatureError::TooOld { .. })));
    assert!(matches!(verify(&right(), &[SECRET], TIME - 301), Err(SignatureError::FromTheFuture { .. })));
    assert_eq!(test_support::verify_at(&Close, &right(), &[SECRET], 0, None), Ok(()));
    assert_eq!(Close.info().tolerance_seconds, Some(300));
}

proptest! {
    #[test]
    fn any_changed_byte_is_refused(at in 0..BODY.len(), change in 1..=255_u8) {
        let mut body = BODY.as_bytes().to_vec();
        body[at] ^= change;
        prop_assert!(verify(&sent(SIGNATURE, &TIME.to_string(), &body), &[SECRET], TIME).is_err());

        let mut hash = SIGNATURE.as_bytes().to_vec();
        let index = at % hash.len();
        hash[index] ^= change;
        // Capital digits are the same digits.
        let same = hash.eq_ignore_ascii_case(SIGNATURE.as_bytes());
        let headers = [(HASH, hash), (TIMESTAMP, TIME.to_string().into_bytes())];
        prop_assert_eq!(verify(&raw_request(&headers, BODY.as_bytes()), &[SECRET], TIME).is_ok(), same);

        let mut time = TIME.to_string().into_bytes();
        let index = at % time.len();
        time[index] ^= change;
        let headers = [(HASH, SIGNATURE.as_bytes().to_vec()), (TIMESTAMP, time)];
        let request = raw_request(&headers, BODY.as_bytes());
        prop_assert!(test_support::verify_at(&Close, &request, &[SECRET], TIME, None).is_err());
    }
}

#[test]
fn whatever_comes_it_answers_and_what_it_reads_it_maps() {
    let update = r#"{"event":{"id":"ev_1","object_type":"lead","object_id":"lead_1","action":"updated","date_updated":"2024-05-01T09:30:00","changed_fields":["a"],"previous_data":{"id":"lead_1","a":1},"data":{"id":"lead_1"},"meta":{"merge_source_lead_id":"lead_2"}}}"#;
    for action in ["updated", "deleted", "merged"] {
        let body = update.replace("updated\"", &format!("{action}\""));
        test_support::assert_never_panics(&Close, &[HASH, TIMESTAMP], &[], &body);
    }
}

#[test]
fn the_head_of_an_event_is_read() {
    assert_eq!(
        head(&Close, &right()),
        EventHead {
            provider_event_id: "ev_1".to_owned(),
            idempotency_key: Some("ev_1@2024-05-01T09:30:00.123456Z".to_owned()),
            event_type: "lead.updated".to_owned(),
            occurred_at: Some(updated_at()),
            object_type: Some("lead".to_owned()),
            object_id: Some("lead_1".to_owned()),
        }
    );
}

#[test]
fn an_event_that_was_updated_in_place_is_another_one() {
    let first = head(&Close, &event(&json!({})));
    let again = head(&Close, &event(&json!({})));
    let later = head(&Close, &event(&json!({"date_updated": "2024-05-01T09:30:00.123457"})));
    let with_offset = head(&Close, &event(&json!({"date_updated": "2024-05-01T09:30:00.123456+00:00"})));
    assert_eq!(first.dedupe_key(), again.dedupe_key());
    assert_eq!(first.dedupe_key(), with_offset.dedupe_key());
    assert_ne!(first.dedupe_key(), later.dedupe_key());
    assert_eq!(first.provider_event_id, later.provider_event_id);
}

#[test]
fn what_is_no_event_of_close_is_refused_with_the_reason() {
    let cases = [
        ("", "the body is empty"),
        ("nonsense", "not JSON"),
        ("{}", "missing field `event`"),
        (r#"{"event":[]}"#, "expected a JSON object"),
        (r#"{"event":{"object_type":"lead","action":"updated"}}"#, "missing field `id`"),
        (r#"{"event":{"id":"e","action":"updated"}}"#, "missing field `object_type`"),
        (r#"{"event":{"id":"e","object_type":"lead"}}"#, "missing field `action`"),
        (r#"{"event":{"id":"","object_type":"lead","action":"updated"}}"#, "`id` is empty"),
        (r#"{"event":{"id":"e","object_type":"","action":"updated"}}"#, "`object_type` is empty"),
        (r#"{"event":{"id":"e","object_type":"lead","action":""}}"#, "`action` is empty"),
        (r#"{"event":{"id":"e","id":"e","object_type":"lead","action":"updated"}}"#, "duplicate field `id`"),
        (
            r#"{"event":{"id":"e","object_type":"lead","action":"updated","date_updated":"soon"}}"#,
            "`date_updated`",
        ),
        (
            r#"{"event":{"id":"e","object_type":"lead","action":"updated","date_created":7}}"#,
            "`date_created`",
        ),
    ];
    for (body, expected) in cases {
        let message = refusal(&Close, &request(&[], body.as_bytes()));
        assert!(message.contains(expected), "{body}: {message}");
    }
}

#[test]
fn an_update_is_mapped_with_the_values_before() {
    let event = event(&json!({
        "changed_fields": ["name", "custom.cf_new", "addresses"],
        "previous_data": {"name": "Old", "addresses": [{"city": "Ulm"}], "unrelated": 1}
    }));
    let operation = operation(&Close, &event);
    assert_eq!(operation.kind, OperationKind::Upsert);
    assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), ("leads", "lead_1"));
    assert_eq!(operation.version, Version { at: updated_at(), rank: Version::UPDATED });
    let previous = operation.previous.expect("the state before");
    assert!(!previous.deep);
    let values: serde_json::Value = serde_json::from_str(previous.values.get()).expect("JSON");
    assert_eq!(values, json!({"name": "Old", "custom.cf_new": null, "addresses": [{"city": "Ulm"}]}));
}

#[test]
fn values_before_are_told_only_where_close_tells_them() {
    for fields in [
        json!({}),
        json!({"previous_data": null, "changed_fields": ["name"]}),
        json!({"previous_data": {"name": "Old"}, "changed_fields": ["name"], "action": "created"}),
        json!({"previous_data": {"name": "Old"}, "changed_fields": "name"}),
    ] {
        assert!(operation(&Close, &event(&fields)).previous.is_none(), "{fields}");
    }
    let without_list = event(&json!({"previous_data": {"name": "Old"}, "changed_fields": null}));
    let previous = operation(&Close, &without_list).previous.expect("the state before");
    assert_eq!(previous.values.get(), r#"{"name":"Old"}"#);
}

#[test]
fn the_object_is_passed_on_byte_for_byte() {
    let data = r#"{ "id":"lead_1", "custom.cf_1":"x","$a":1,"value":12345678901234567890123,"value":1.10 }"#;
    let body = format!(
        r#"{{"event":{{"data":{data},"id":"e","object_type":"lead","object_id":"lead_1","action":"updated","date_updated":"2024-05-01T09:30:00"}}}}"#
    );
    let operation = operation(&Close, &request(&[], body.as_bytes()));
    assert_eq!(operation.object.expect("an object").get(), data);
}

#[test]
fn a_deletion_without_data_removes_the_object_named() {
    let event = event(&json!({
        "action": "deleted", "data": null, "previous_data": {"id": "lead_1", "name": "Acme"}, "changed_fields": null
    }));
    let operation = operation(&Close, &event);
    assert_eq!(operation.kind, OperationKind::Delete);
    assert_eq!(operation.document_id, "lead_1");
    assert_eq!(operation.version.rank, Version::DELETED);
    // The last state, for destinations that mark documents instead of removing them.
    assert_eq!(operation.object.expect("the last state").get(), r#"{"id":"lead_1","name":"Acme"}"#);
    assert!(operation.previous.is_none());
}

#[test]
fn a_deletion_with_data_or_with_nothing_removes_the_object_too() {
    let with_data = operation(&Close, &event(&json!({"action": "deleted"})));
    assert_eq!((with_data.kind, with_data.object.is_some()), (OperationKind::Delete, true));
    let bare = operation(&Close, &event(&json!({"action": "deleted", "data": null, "previous_data": null})));
    assert_eq!((bare.kind, bare.object.is_some()), (OperationKind::Delete, false));
    assert_eq!(bare.document_id, "lead_1");
}

#[test]
fn every_action_has_its_rank() {
    for (action, kind, rank) in [
        ("created", OperationKind::Upsert, Version::CREATED),
        ("updated", OperationKind::Upsert, Version::UPDATED),
        ("sent", OperationKind::Upsert, Version::UPDATED),
        ("completed", OperationKind::Upsert, Version::UPDATED),
        ("answered", OperationKind::Upsert, Version::UPDATED),
        ("deactivated", OperationKind::Upsert, Version::UPDATED),
        ("deleted", OperationKind::Delete, Version::DELETED),
    ] {
        let operation = operation(&Close, &event(&json!({"action": action})));
        assert_eq!((operation.kind, operation.version.rank), (kind, rank), "{action}");
    }
}

#[test]
fn a_merge_keeps_the_destination_and_removes_the_source() {
    let event = event(&json!({
        "action": "merged", "object_id": "lead_dest", "lead_id": "lead_dest", "data": {"id": "lead_dest", "name": "Both"},
        "meta": {"merge_source_lead_id": "lead_src", "merge_destination_lead_id": "lead_dest"}
    }));
    let operations = operations(&Close, &event);
    let told: Vec<_> = operations
        .iter()
        .map(|operation| (operation.kind, operation.collection.as_str(), operation.document_id.as_str()))
        .collect();
    assert_eq!(
        told,
        [(OperationKind::Upsert, "leads", "lead_dest"), (OperationKind::Delete, "leads", "lead_src")]
    );
    assert_eq!(operations[0].version, Version { at: updated_at(), rank: Version::UPDATED });
    assert_eq!(operations[1].version, Version { at: updated_at(), rank: Version::DELETED });
}

#[test]
fn the_data_of_a_merge_tells_which_lead_it_is() {
    let event = event(&json!({
        "action": "merged", "object_id": "lead_src", "data": {"id": "lead_dest"},
        "meta": {"merge_source_lead_id": "lead_src", "merge_destination_lead_id": "lead_dest"}
    }));
    let operations = operations(&Close, &event);
    assert_eq!(operations[0].document_id, "lead_dest");
    assert_eq!((operations[1].kind, operations[1].document_id.as_str()), (OperationKind::Delete, "lead_src"));
}

#[test]
fn updates_and_deletions_of_an_object_name_the_same_document() {
    let nothing_but_the_id = operation(&Close, &event(&json!({"action": "deleted", "data": null})));
    for fields in [
        json!({"data": {"id": "another"}}),
        json!({"data": {"name": "no id"}}),
        json!({"object_id": null, "data": {"id": "lead_1"}}),
        json!({"object_id": "", "data": {"id": "lead_1"}}),
        json!({"action": "deleted", "data": null, "previous_data": {"id": "another"}}),
        json!({"action": "deleted", "object_id": null, "data": null, "previous_data": {"id": "lead_1"}}),
    ] {
        let document_id = operation(&Close, &event(&fields)).document_id;
        assert_eq!(document_id, nothing_but_the_id.document_id, "{fields}");
    }
}

#[test]
fn a_merge_never_removes_the_lead_that_it_keeps() {
    let event = event(&json!({"action": "merged", "meta": {"merge_source_lead_id": "lead_1"}}));
    let operation = operation(&Close, &event);
    assert_eq!((operation.kind, operation.document_id.as_str()), (OperationKind::Upsert, "lead_1"));
}

#[test]
fn a_merge_without_data_still_removes_the_source() {
    let event =
        event(&json!({"action": "merged", "data": null, "meta": {"merge_source_lead_id": "lead_src"}}));
    let operation = operation(&Close, &event);
    assert_eq!((operation.kind, operation.document_id.as_str()), (OperationKind::Delete, "lead_src"));
}

#[test]
fn other_events_of_a_merge_change_their_own_object_alone() {
    let meta = json!({"merge_source_lead_id": "lead_src", "merge_destination_lead_id": "lead_1"});
    let updated = operation(&Close, &event(&json!({"meta": meta.clone()})));
    assert_eq!(updated.document_id, "lead_1");
    let contact = operation(
        &Close,
        &event(
            &json!({"object_type": "contact", "object_id": "cont_1", "data": {"id": "cont_1"}, "meta": meta}),
        ),
    );
    assert_eq!((contact.collection.as_str(), contact.document_id.as_str()), ("contacts", "cont_1"));
}

#[test]
fn an_event_that_carries_or_names_nothing_is_recorded_and_not_synced() {
    let without_data = event(&json!({"data": null}));
    assert_eq!(unmapped(&Close, &without_data), "`lead.updated` carries no data");
    let without_id = event(&json!({"data": {"name": "Acme"}, "object_id": null}));
    assert_eq!(unmapped(&Close, &without_id), "`lead.updated` does not say which object it is about");
}

#[test]
fn an_event_without_a_time_counts_from_its_receipt_and_by_its_id() {
    let event = event(&json!({"date_updated": null, "date_created": null}));
    let head = head(&Close, &event);
    assert_eq!((head.occurred_at, head.dedupe_key()), (None, "ev_1"));
    assert_eq!(operation(&Close, &event).version.at, NOW);
}

#[test]
fn every_object_type_has_its_collection() {
    for (object_type, expected) in [
        ("lead", "leads"),
        ("contact", "contacts"),
        ("opportunity", "opportunities"),
        ("activity.call", "activities"),
        ("activity.sms", "activities"),
        ("activity.lead_status_change", "activities"),
        ("activity.something_new", "activities"),
        ("task.lead", "tasks"),
        ("task.something_new", "tasks"),
        ("status.lead", "lead_statuses"),
        ("status.opportunity", "opportunity_statuses"),
        ("custom_fields.lead", "lead_custom_fields"),
        ("custom_fields.custom_object", "custom_object_custom_fields"),
        ("custom_fields.shared", "shared_custom_fields"),
        ("custom_activity_type", "custom_activity_types"),
        ("custom_object", "custom_objects"),
        ("membership", "memberships"),
        ("saved_search", "saved_searches"),
        ("email_template", "email_templates"),
        ("sequence_subscription", "sequence_subscriptions"),
        ("bulk_action.edit", "bulk_action_edits"),
        ("export.lead", "export_leads"),
        ("import", "imports"),
        ("something_new", "something_news"),
    ] {
        assert_eq!(collection(object_type), expected);
        let event = event(&json!({"object_type": object_type}));
        assert_eq!(head(&Close, &event).event_type, format!("{object_type}.updated"));
    }
}

#[test]
fn a_secret_is_hexadecimal() {
    assert_eq!(Close.check_secret(SECRET), Ok(()));
    assert_eq!(Close.check_secret(&SECRET[..32]), Ok(()));
    assert_eq!(Close.check_secret(&Close.generate_secret()), Ok(()));
    assert_ne!(Close.generate_secret(), Close.generate_secret());
    let cases = [
        ("whsec_0123456789abcdef", "Stripe"),
        ("sk_live_0123456789abcdef", "Stripe API key"),
        ("api_3fG.abcdef", "Close API key"),
        ("whsub_abcdef", "Close webhook subscription"),
        (&SECRET[..30], "30 digits"),
        (&SECRET[..63], "63 digits"),
        ("not hexadecimal", "white space"),
        ("xyz", "no"),
    ];
    for (secret, expected) in cases {
        let message = Close.check_secret(secret).expect_err(secret).message;
        assert!(message.contains(expected), "{secret}: {message}");
    }
}
