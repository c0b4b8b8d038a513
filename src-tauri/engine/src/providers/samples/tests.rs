use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::*;

const START: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn body(sample: &Sample) -> Value {
    serde_json::from_slice(&sample.body).expect("a sample is JSON")
}

fn lives(kind: &str, count: u64) -> Vec<Vec<Sample>> {
    (0..count).map(|seed| life(kind, seed, START).expect("a life")).collect()
}

/// What the object was before: `before` written over it, as deep as the provider tells.
fn revert(object: &Value, before: &Map<String, Value>, deep: bool) -> Value {
    let mut object = object.clone();
    for (key, old) in before {
        let reverted = match (&object[key], old) {
            (current @ Value::Object(_), Value::Object(old)) if deep => revert(current, old, deep),
            _ => old.clone(),
        };
        object[key] = reverted;
    }
    object
}

/// Without nulls: an absent field and one that is null are told alike.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .collect(),
        other => other.clone(),
    }
}

#[test]
fn every_stripe_type_gives_an_event_of_that_type_with_a_whole_object() {
    let all = types("stripe");
    assert!(all.len() > 270, "{} types", all.len());
    for event_type in all {
        let made = events("stripe", event_type, 2, 7, START).expect("a sample");
        for sample in &made {
            let event = body(sample);
            assert_eq!(sample.event_type, event_type);
            assert_eq!(event["type"], event_type);
            let id = event["id"].as_str().expect("an id");
            assert!(id.starts_with("evt_1") && id.len() >= 28, "{id}");
            if event["object"] == "v2.core.event" {
                assert!(event["related_object"]["id"].as_str().is_some_and(|id| id.len() > 10), "{event}");
                let created = event["created"].as_str().and_then(Timestamp::parse);
                assert_eq!(created, Some(sample.occurred_at));
                continue;
            }
            assert_eq!(event["object"], "event");
            assert_eq!(event["created"], sample.occurred_at.seconds());
            assert_eq!(event["livemode"], false);
            let object = &event["data"]["object"];
            assert!(object["object"].is_string(), "{event_type}: {object}");
            let nameless = [
                "balance",
                "balance_settings",
                "billing.alert_triggered",
                "cash_balance",
                "entitlements.active_entitlement_summary",
                "tax.settings",
            ];
            let has_id = object["id"].as_str().is_some_and(|id| !id.is_empty());
            let expected = event_type != "invoice.upcoming"
                && !nameless.contains(&object["object"].as_str().unwrap_or_default());
            assert_eq!(has_id, expected, "{event_type}: {object}");
            assert!(!has_placeholder(object), "{event_type}: {object}");
        }
        assert_ne!(body(&made[0])["id"], body(&made[1])["id"]);
    }
}

fn has_placeholder(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('{'),
        Value::Array(items) => items.iter().any(has_placeholder),
        Value::Object(map) => map.values().any(has_placeholder),
        _ => false,
    }
}

#[test]
fn an_updated_event_of_stripe_tells_what_the_object_really_was() {
    for event_type in
        types("stripe").into_iter().filter(|name| name.ends_with(".updated") && !name.starts_with('v'))
    {
        for sample in events("stripe", event_type, 3, 11, START).expect("samples") {
            let event = body(&sample);
            let before = event["data"]["previous_attributes"].as_object().expect("former values");
            assert!(!before.is_empty(), "{event_type} changes nothing");
            assert_differs(event_type, &event["data"]["object"], before);
        }
    }
}

fn assert_differs(event_type: &str, object: &Value, before: &Map<String, Value>) {
    for (key, old) in before {
        match (&object[key], old) {
            (current @ Value::Object(_), Value::Object(old)) => assert_differs(event_type, current, old),
            (current, old) => assert_ne!(current, old, "{event_type}: `{key}` did not change"),
        }
    }
}

#[test]
fn each_former_value_in_a_stripe_life_is_what_the_event_before_said() {
    let mut checked = 0;
    let streamed = events("stripe", "*", 3_000, 5, START).expect("samples");
    for samples in lives("stripe", 12).into_iter().chain([streamed]) {
        let mut states: BTreeMap<String, Value> = BTreeMap::new();
        for sample in samples {
            let event = body(&sample);
            let object = event["data"]["object"].clone();
            let Some(id) = object["id"].as_str() else { continue };
            // These ids are names: every account has such an object.
            if ["capability", "reporting.report_type"]
                .contains(&object["object"].as_str().unwrap_or_default())
            {
                continue;
            }
            // A price and its plan share an id.
            let key = format!("{} {id}", object["object"].as_str().unwrap_or_default());
            if let (Some(before), Some(known)) =
                (event["data"]["previous_attributes"].as_object(), states.get(&key))
            {
                assert_eq!(
                    without_nulls(&revert(&object, before, true)),
                    without_nulls(known),
                    "{}",
                    sample.event_type
                );
                checked += 1;
            }
            // Whether a card payment may go ahead is asked before it is there.
            if sample.event_type.ends_with(".created") && sample.event_type != "issuing_authorization.created"
            {
                assert!(!states.contains_key(&key), "{} comes after other events", sample.event_type);
            }
            states.insert(key, object);
        }
    }
    assert!(checked > 300, "only {checked} updates were checked");
}

#[test]
fn a_life_tells_exactly_the_types_it_promises() {
    for (kind, catalogue) in [("stripe", stripe::catalogue()), ("close", close::catalogue())] {
        let told: BTreeSet<String> =
            lives(kind, 40).into_iter().flatten().map(|sample| sample.event_type).collect();
        let promised: BTreeSet<String> =
            catalogue.life.as_ref().expect("a life").types.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(told, promised, "{kind}");
    }
}

#[test]
fn a_stripe_life_is_one_story_with_amounts_that_add_up() {
    for samples in lives("stripe", 20) {
        let events: Vec<Value> = samples.iter().map(body).collect();
        let of = |event_type: &str| -> Vec<Value> {
            events
                .iter()
                .filter(|event| event["type"] == event_type)
                .map(|event| event["data"]["object"].clone())
                .collect()
        };
        let customer = of("customer.created")[0]["id"].clone();
        for event in &events {
            let object = &event["data"]["object"];
            if object["customer"].is_string() {
                assert_eq!(object["customer"], customer, "{}", event["type"]);
            }
            if object["object"] == "invoice" {
                assert_invoice_adds_up(object);
            }
        }
        let statuses: Vec<Value> = events
            .iter()
            .filter(|event| event["data"]["object"]["object"] == "subscription")
            .map(|event| event["data"]["object"]["status"].clone())
            .collect();
        assert_eq!(statuses.first(), Some(&"trialing".into()));
        assert!(statuses.contains(&"active".into()));
        assert_eq!(statuses.last(), Some(&"canceled".into()));

        let paid = of("invoice.paid");
        assert_eq!(paid.len(), 3, "trial, renewal, upgrade");
        for invoice in paid.iter().filter(|invoice| invoice["total"] != 0) {
            let payment = of("invoice_payment.paid")
                .into_iter()
                .find(|payment| payment["invoice"] == invoice["id"])
                .expect("its payment");
            assert_eq!(payment["amount_paid"], invoice["total"]);
            let intent = of("payment_intent.succeeded")
                .into_iter()
                .find(|intent| intent["id"] == payment["payment"]["payment_intent"])
                .expect("its payment intent");
            assert_eq!(intent["amount_received"], invoice["total"]);
            let charge = of("charge.succeeded")
                .into_iter()
                .find(|charge| charge["id"] == intent["latest_charge"])
                .expect("its charge");
            assert_eq!(charge["amount"], invoice["total"]);
        }
        let (refund, charge) = (&of("refund.created")[0], &of("charge.refunded")[0]);
        assert_eq!(refund["charge"], charge["id"]);
        assert_eq!(refund["amount"], charge["amount_refunded"]);
        assert_eq!(of("credit_note.created")[0]["total"], refund["amount"]);
        assert_eq!(
            events.iter().rfind(|event| event["data"]["object"]["id"] == customer).expect("events")["type"],
            "customer.deleted"
        );
    }
}

fn assert_invoice_adds_up(invoice: &Value) {
    let number = |value: &Value| value.as_i64().expect("an amount");
    let sum = |items: &Value| {
        items.as_array().expect("a list").iter().map(|item| number(&item["amount"])).sum::<i64>()
    };
    assert_eq!(sum(&invoice["lines"]["data"]), number(&invoice["subtotal"]));
    let discount = sum(&invoice["total_discount_amounts"]);
    assert_eq!(number(&invoice["subtotal"]) - discount, number(&invoice["total"]));
    assert_eq!(number(&invoice["amount_due"]), number(&invoice["total"]));
    assert_eq!(
        number(&invoice["amount_paid"]) + number(&invoice["amount_remaining"]),
        number(&invoice["amount_due"])
    );
    assert_eq!(invoice["status"] == "paid", invoice["status_transitions"]["paid_at"].is_i64());
}

#[test]
fn every_close_type_gives_an_entry_of_that_type() {
    let all = types("close");
    assert!(all.len() > 150, "{} types", all.len());
    for event_type in all {
        for sample in events("close", event_type, 2, 7, START).expect("a sample") {
            let request = body(&sample);
            assert!(request["subscription_id"].as_str().is_some_and(|id| id.starts_with("whsub_")));
            let entry = &request["event"];
            let name = |field: &str| entry[field].as_str().expect("a text");
            assert_eq!(format!("{}.{}", name("object_type"), name("action")), event_type);
            assert!(name("id").starts_with("ev_") && name("id").len() == 25, "{entry}");
            assert!(!name("object_id").is_empty(), "{entry}");
            assert!(!name("date_updated").ends_with('Z') && name("date_updated").len() == 26, "{entry}");
            assert_eq!(Timestamp::parse(name("date_updated")), Some(sample.occurred_at));
            let (data, before) = (&entry["data"], &entry["previous_data"]);
            let changed: BTreeSet<&str> = entry["changed_fields"]
                .as_array()
                .expect("a list")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            match name("action") {
                "deleted" => {
                    assert!(data.is_null());
                    assert_eq!(before["id"], entry["object_id"]);
                }
                "updated" => {
                    let before = before.as_object().expect("former values");
                    assert_eq!(changed, before.keys().map(String::as_str).collect());
                    assert!(!before.is_empty(), "{event_type} changes nothing");
                    assert!(before.iter().all(|(key, old)| data[key] != *old), "{entry}");
                }
                _ => {
                    assert_eq!(data["id"], entry["object_id"]);
                    assert!(changed.is_empty());
                }
            }
            assert!(!has_placeholder(data), "{data}");
            if data["date_created"].is_string() {
                assert!(data["date_created"].as_str().expect("a date").ends_with("+00:00"));
            }
        }
    }
}

#[test]
fn each_former_value_in_a_close_life_is_what_the_entry_before_said() {
    let mut consolidated = 0;
    for samples in lives("close", 12) {
        let mut states: BTreeMap<String, Value> = BTreeMap::new();
        // What the object was before an entry, by the entry's id: the entry may come again.
        let mut before_entry: BTreeMap<String, Value> = BTreeMap::new();
        for sample in samples {
            let entry = body(&sample)["event"].take();
            let key = entry["object_id"].as_str().expect("an id").to_owned();
            let entry_id = entry["id"].as_str().expect("an id").to_owned();
            match entry["action"].as_str().expect("an action") {
                "created" => assert!(!states.contains_key(&key), "{entry}"),
                "updated" => {
                    let known = match before_entry.get(&entry_id) {
                        Some(state) => {
                            consolidated += 1;
                            assert!(entry["date_updated"].as_str() > entry["date_created"].as_str());
                            state.clone()
                        }
                        None => states[&key].clone(),
                    };
                    let before = entry["previous_data"].as_object().expect("former values");
                    assert_eq!(revert(&entry["data"], before, false), known, "{entry}");
                    before_entry.insert(entry_id, known);
                }
                "deleted" => {
                    assert_eq!(
                        entry["previous_data"],
                        states.remove(&key).expect("a known object"),
                        "{entry}"
                    );
                    continue;
                }
                _ => {}
            }
            states.insert(key, entry["data"].clone());
        }
        assert!(states.values().all(|object| object["_type"] == "LeadMerge"), "left over: {states:?}");
    }
    assert_eq!(consolidated, 12);
}

#[test]
fn a_merge_in_close_names_both_leads_in_all_its_entries() {
    for samples in lives("close", 3) {
        let entries: Vec<Value> = samples.iter().map(|sample| body(sample)["event"].take()).collect();
        let merged = entries.iter().find(|entry| entry["action"] == "merged").expect("a merge");
        assert_eq!(merged["lead_id"], merged["data"]["id"]);
        let meta = &merged["meta"];
        assert_eq!(meta["merge_destination_lead_id"], merged["lead_id"]);
        let of_merge: Vec<&Value> =
            entries.iter().filter(|entry| entry["request_id"] == merged["request_id"]).collect();
        assert!(of_merge.len() >= 4);
        for entry in of_merge {
            assert_eq!(entry["meta"]["merge_source_lead_id"], meta["merge_source_lead_id"], "{entry}");
        }
        let gone = entries
            .iter()
            .find(|entry| entry["object_type"] == "lead" && entry["action"] == "deleted")
            .expect("the source lead's deletion");
        assert_eq!(gone["object_id"], meta["merge_source_lead_id"]);
        assert!(merged["data"].as_object().expect("a lead").keys().any(|key| key.starts_with("custom.cf_")));
    }
}

#[test]
fn every_other_provider_has_bodies_without_a_gap() {
    for kind in KINDS.iter().filter(|kind| !["stripe", "close"].contains(kind)) {
        let all = types(kind);
        assert!(!all.is_empty(), "{kind}");
        assert_eq!(life(kind, 1, START).expect("one of each").len(), all.len(), "{kind}");
        for event_type in all {
            let made = events(kind, event_type, 2, 3, START).expect("samples");
            assert_eq!(made[0].event_type, event_type);
            let body = body(&made[0]);
            assert!(body.is_object() || *kind == "hubspot", "{kind} {event_type}: {body}");
            assert!(!has_placeholder(&body), "{kind} {event_type}: {body}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_other_ids() {
    for kind in KINDS {
        let one = events(kind, "*", 200, 1, START).expect("samples");
        assert_eq!(one, events(kind, "*", 200, 1, START).expect("samples"), "{kind}");
        let two = events(kind, "*", 200, 2, START).expect("samples");
        let bodies: HashSet<&[u8]> = one.iter().map(|sample| sample.body.as_slice()).collect();
        assert_eq!(bodies.len(), one.len(), "{kind}: no event comes twice");
        assert!(two.iter().all(|sample| !bodies.contains(sample.body.as_slice())), "{kind}");
    }
}

#[test]
fn times_never_run_backwards_and_ids_never_repeat() {
    for kind in ["stripe", "close"] {
        let mut last = START;
        let mut ids = HashSet::new();
        for sample in stream(kind, "*", 3, START).expect("samples").take(5_000) {
            assert!(sample.occurred_at >= last, "{kind}: {}", sample.event_type);
            last = sample.occurred_at;
            let event = body(&sample);
            // An entry of Close may come again, with a later `date_updated`.
            let id = match kind {
                "close" => format!("{} {}", event["event"]["id"], event["event"]["date_updated"]),
                _ => event["id"].to_string(),
            };
            assert!(ids.insert(id.clone()), "{id} comes twice");
        }
    }
}

#[test]
fn a_pattern_gives_only_types_that_match() {
    let made = events("stripe", "customer.*", 300, 1, START).expect("samples");
    assert_eq!(made.len(), 300);
    assert!(made.iter().all(|sample| sample.event_type.starts_with("customer.")));
    let made: BTreeSet<String> = made.into_iter().map(|sample| sample.event_type).collect();
    assert!(
        made.contains("customer.subscription.deleted") && made.contains("customer.source.created"),
        "{made:?}"
    );
}

#[test]
fn a_misspelt_type_is_answered_with_its_neighbours() {
    let error = events("stripe", "custmer.created", 1, 1, START).expect_err("no such type");
    let message = error.to_string();
    assert!(
        message.starts_with("no sample for `custmer.created`; did you mean `customer.created` or `"),
        "{message}"
    );
    let error = events("stripe", "custmer.*", 1, 1, START).expect_err("no such group");
    assert_eq!(error.to_string(), "no sample for `custmer.*`; did you mean `customer.*`?");
    let error = events("stripe", "zebra", 1, 1, START).expect_err("no such type");
    assert_eq!(error.to_string(), "no sample for `zebra`");
    let error = events("stripey", "*", 1, 1, START).expect_err("no such kind");
    assert!(
        error.to_string().starts_with("there are no samples for `stripey`; known are stripe, close"),
        "{error}"
    );
}
