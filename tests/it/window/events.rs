//! Lists in both orders and live, one event whole, many events at once, payloads sent again.

use bytes::Bytes;
use hookline_tests::process::{client, text};
use hookline_tests::webhooks::{now_seconds, post, stripe_signature};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{body, ids, path_of, send, with_job};

#[tokio::test]
async fn events_are_listed_in_both_orders_and_what_is_new_can_be_asked_for() {
    let (_folder, hookline, job) = with_job().await;
    let mut sent = Vec::new();
    for number in 0..7 {
        sent.push(send(&job, body(&format!("evt_{number}"), "customer.updated", "Ada")).await);
    }
    let newest_first: Vec<String> = sent.iter().rev().cloned().collect();
    for list in [format!("{}/webhook/events", path_of(&job)), "/workspaces/default/events".to_owned()] {
        for (order, expected) in [("asc", &sent), ("desc", &newest_first)] {
            let mut found = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = hookline.get(&format!("{list}?order={order}&limit=3{cursor}")).await;
                found.extend(ids(&page));
                match page["nextCursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(&found, expected, "{list} {order}");
        }
        let new = hookline.get(&format!("{list}?after={}", sent[4])).await;
        assert_eq!((ids(&new), &new["nextCursor"]), (newest_first[..2].to_vec(), &Value::Null));
        let none = hookline.get(&format!("{list}?after={}&q=evt_6&type=customer.*", sent[6])).await;
        assert_eq!(ids(&none), [""; 0]);
        let one = hookline.get(&format!("{list}?after={}&q=evt_6&order=asc", sent[5])).await;
        assert_eq!(ids(&one), [sent[6].clone()]);
        for wrong in ["order=up", "after=x", "after=", "after=-1"] {
            let (status, _) = hookline.call(Method::GET, &format!("{list}?{wrong}"), None).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        }
    }
}

#[tokio::test]
async fn one_event_tells_its_object_its_changes_its_neighbours_and_its_signature() {
    let (_folder, hookline, job) = with_job().await;
    let first = send(&job, body("evt_1", "customer.created", "Ada")).await;
    let mut changed: Value =
        serde_json::from_str(&body("evt_2", "customer.updated", "Ada L.")).expect("JSON");
    changed["data"]["previous_attributes"] = json!({"name": "Ada", "metadata": {"plan": null}});
    let second = send(&job, changed.to_string()).await;
    let event = hookline.event(&job, &second).await;
    assert_eq!((&event["jobName"], &event["workspaceId"]), (&json!("job"), &json!("default")));
    assert_eq!((&event["providerKind"], &event["providerLabel"]), (&json!("stripe"), &json!("Stripe")));
    assert_eq!(event["objectPath"], json!(["data", "object"]));
    assert_eq!(
        event["changed"],
        json!([
            {"path": ["data", "object", "name"], "before": "Ada"},
            {"path": ["data", "object", "metadata", "plan"], "before": null},
        ])
    );
    assert_eq!((&event["previousOfObject"]["id"], &event["nextOfObject"]), (&json!(first), &Value::Null));
    assert_eq!(event["previousOfObject"]["type"], "customer.created");
    assert_eq!(hookline.event(&job, &first).await["nextOfObject"]["id"], json!(second));
    let signature = &event["signature"];
    assert_eq!((&signature["status"], &signature["matchesNow"]), (&json!("verified"), &json!(true)));
    assert_eq!(
        (&signature["header"], &signature["toleranceSeconds"]),
        (&json!("stripe-signature"), &json!(300))
    );
    assert!(text(&signature["scheme"]).starts_with("HMAC-SHA256 over `{timestamp}.{body}`"), "{signature}");
    assert!(signature["timestamp"].is_string() && signature["ageSeconds"].is_i64(), "{signature}");

    let rotate = format!("{}/webhook/regenerate-secret", path_of(&job));
    hookline.post(&rotate, json!({"keepOldForHours": 0})).await;
    let event = hookline.event(&job, &second).await;
    assert_eq!(event["signature"]["matchesNow"], json!(false), "{}", event["signature"]);
    assert!(text(&event["signature"]["explanation"]).contains("was replaced since"));
}

#[tokio::test]
async fn a_rejected_request_tells_what_was_wrong_with_it_and_never_becomes_an_event() {
    let (_folder, hookline, job) = with_job().await;
    let http = client();
    let right = body("evt_1", "customer.created", "Ada").into_bytes();
    let old = stripe_signature(&job.secret, &right, now_seconds() - 1000);
    let wrong = stripe_signature("whsec_other", &right, now_seconds());
    let unreadable = stripe_signature(&job.secret, b"no event", now_seconds());
    let mut refused = 0;
    for (signature, body, status, matches) in [
        (old, right.clone(), "refused", true),
        (wrong, right, "refused", false),
        (unreadable, b"no event".to_vec(), "unreadable", true),
    ] {
        let (answer, _) = post(&http, &job.url, &[("stripe-signature", signature)], Bytes::from(body)).await;
        assert!(answer.is_client_error());
        refused += 1;
        hookline.rejected(&job, refused).await;
        let newest = hookline.events(&job, "status=rejected&limit=1").await;
        let event = hookline.event(&job, &text(&newest[0]["id"])).await;
        let signature = &event["signature"];
        assert_eq!(
            (&signature["status"], &signature["matchesNow"]),
            (&json!(status), &json!(matches)),
            "{signature}"
        );
        assert_eq!((&event["status"], &event["operation"]), (&json!("rejected"), &Value::Null));
        assert_eq!((&event["objectPath"], &event["changed"]), (&Value::Null, &json!([])));
        assert!(!text(&event["signature"]["explanation"]).is_empty());
        let replay = json!({"events": [{"jobId": job.id, "eventId": event["id"]}]});
        let answer = hookline.post("/workspaces/default/events/replay", replay).await;
        assert_eq!(answer["done"], 0, "what is not verified is never synced: {answer}");
    }
}

#[tokio::test]
async fn many_events_are_replayed_at_once_and_those_that_cannot_be_are_named() {
    let (_folder, hookline, job) = with_job().await;
    let other = hookline.job("stripe", json!({"name": "other", "kind": "local"}), json!({})).await;
    let mut events = Vec::new();
    for number in 0..3 {
        let id = send(&job, body(&format!("evt_{number}"), "customer.updated", "Ada")).await;
        events.push(json!({"jobId": job.id, "eventId": id}));
    }
    let id = send(&other, body("evt_1", "customer.updated", "Ada")).await;
    events.push(json!({"jobId": other.id, "eventId": id}));
    hookline.settled(&job).await;
    hookline.settled(&other).await;
    let twice = events[0].clone();
    events.push(twice);
    events.push(json!({"jobId": job.id, "eventId": "99999"}));
    events.push(json!({"jobId": "nowhere", "eventId": "1"}));
    events.push(json!({"jobId": job.id, "eventId": "no id"}));
    let answer = hookline.post("/workspaces/default/events/replay", json!({"events": events})).await;
    assert_eq!(answer["done"], 4, "{answer}");
    let failed = answer["failed"].as_array().expect("a list");
    assert_eq!(failed.len(), 3, "{answer}");
    assert!(failed.iter().all(|it| text(&it["message"]).contains("does not exist")), "{answer}");
    hookline.settled(&job).await;
    let event = hookline.event(&job, &text(&events[0]["eventId"])).await;
    assert_eq!(event["history"].as_array().map(Vec::len), Some(2));
    // None of them failed, so none can be tried again.
    let answer = hookline.post("/workspaces/default/events/retry", json!({"events": events[..2]})).await;
    assert_eq!((&answer["done"], answer["failed"].as_array().map(Vec::len)), (&json!(0), Some(2)));
    for wrong in [json!({"events": []}), json!({"events": vec![&events[0]; 1001]}), json!({})] {
        let (status, _) = hookline.call(Method::POST, "/workspaces/default/events/retry", Some(wrong)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn a_payload_that_was_edited_is_sent_again_exactly_as_it_is() {
    let (_folder, hookline, job) = with_job().await;
    let test = format!("/webhooks/default/{}/test", job.id);
    let edited = body("evt_edited", "customer.updated", "edited").replace("{\"", "{ \"");
    let sent = hookline.post(&test, json!({"body": edited})).await;
    assert_eq!((&sent["ok"], &sent["duplicate"]), (&json!(true), &json!(false)), "{sent}");
    assert_eq!(sent["eventType"], "customer.updated");
    let event = hookline.event(&job, &text(&sent["eventId"])).await;
    assert_eq!(event["rawBody"], json!(edited));
    let again = hookline.post(&test, json!({"body": edited})).await;
    assert_eq!((&again["duplicate"], &again["eventId"]), (&json!(true), &sent["eventId"]));
    let refused = hookline.post(&test, json!({"body": "no event"})).await;
    assert_eq!((&refused["ok"], &refused["status"]), (&json!(false), &json!(400)));
    assert_eq!((&refused["eventId"], &refused["duplicate"]), (&Value::Null, &json!(false)));
    let large = "x".repeat(5 * 1024 * 1024 + 1);
    let (status, answer) = hookline.call(Method::POST, &test, Some(json!({"body": large}))).await;
    assert_eq!((status, &answer["error"]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("body")));
    let sample = hookline.post(&test, json!({"eventType": "invoice.*"})).await;
    assert!(sample["eventId"].is_string() && text(&sample["eventType"]).starts_with("invoice."), "{sample}");

    // GitHub names the type in a header, and gives each delivery an id there.
    let github = hookline.job("github", json!({"name": "gh", "kind": "local"}), json!({})).await;
    let test = format!("/webhooks/default/{}/test", github.id);
    let push = json!({"eventType": "push", "body": "{\"ref\":\"refs/heads/main\"}"});
    let sent = hookline.post(&test, push.clone()).await;
    assert_eq!((&sent["ok"], &sent["eventType"]), (&json!(true), &json!("push")), "{sent}");
    assert_eq!(hookline.post(&test, push).await["duplicate"], json!(false));
}
