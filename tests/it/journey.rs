//! The whole way of a webhook: received, stored, applied, found in the destination; whatever happens in between.

use std::collections::HashMap;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use bytes::Bytes;
use hookline_tests::mongod::{self, Kind, Mongod};
use hookline_tests::process::{Hookline, PATIENCE, client, text};
use hookline_tests::webhooks::{close_headers, customer, now_seconds, post, post_stripe, stripe_event};
use mongodb::bson::{Document, doc};
use parking_lot::Mutex;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

/// Waits until `check` says yes.
async fn until(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what} takes too long"));
}

async fn local_document(hookline: &Hookline, collection: &str, id: &str) -> Value {
    let destinations = hookline.get("/workspaces/default/destinations").await;
    let list = destinations["destinations"].as_array().expect("is a list");
    let local = list.iter().find(|row| row["kind"] == "local").expect("there is a local one");
    let path = format!(
        "/workspaces/default/destinations/{}/documents/one?collection={collection}&id={id}",
        text(&local["id"])
    );
    hookline.call(Method::GET, &path, None).await.1
}

fn stripe(id: &str, event_type: &str, created: i64, name: &str) -> String {
    stripe_event(id, event_type, created, &customer("cus_1", name)).to_string()
}

#[tokio::test]
async fn the_newest_state_wins_whatever_the_order_of_arrival() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let job = hookline.job("stripe", json!({"name": "local", "kind": "local"}), json!({})).await;
    let http = client();
    let now = now_seconds();
    for (id, event_type, at, name) in [
        ("evt_3", "customer.updated", now - 10, "third"),
        ("evt_1", "customer.created", now - 30, "first"),
        ("evt_2", "customer.updated", now - 20, "second"),
    ] {
        assert_eq!(post_stripe(&http, &job, stripe(id, event_type, at, name)).await.0, StatusCode::OK);
        hookline.settled(&job).await;
    }
    let document = local_document(&hookline, "stripe_customers", "cus_1").await;
    assert_eq!(document["name"], "third", "{document}");
    assert_eq!(document["_sync_metadata"]["eventId"], "evt_3");
    let skipped = hookline.events(&job, "status=skipped").await;
    assert_eq!(skipped.len(), 2);
    assert!(skipped.iter().all(|row| row["reason"] == "stale"), "{skipped:?}");

    // A deletion, and a late event that must not bring the object back.
    let deleted = stripe("evt_5", "customer.deleted", now - 5, "third");
    assert_eq!(post_stripe(&http, &job, deleted).await.0, StatusCode::OK);
    hookline.settled(&job).await;
    let late = stripe("evt_4", "customer.updated", now - 7, "late");
    assert_eq!(post_stripe(&http, &job, late).await.0, StatusCode::OK);
    hookline.settled(&job).await;
    let gone = local_document(&hookline, "stripe_customers", "cus_1").await;
    assert_eq!(gone["error"]["code"], "not_found", "{gone}");
}

#[tokio::test]
async fn close_events_land_in_their_collections_with_dotted_keys_and_null_data_deletes() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let server = mongod::shared().await.expect("there is a mongod");
    let database = server.connect().await.expect("connects");
    let destination = json!({"name": "mongo", "kind": "mongodb", "uri": server.uri, "database": server.name});
    let job = hookline.job("close", destination, json!({})).await;
    let http = client();
    let event = |id: &str, action: &str, second: u32, data: Value| {
        json!({"subscription_id": "whsub_1", "event": {
            "id": id, "object_type": "lead", "object_id": "lead_1", "action": action,
            "lead_id": "lead_1", "organization_id": "orga_1", "user_id": null, "request_id": null,
            "date_created": format!("2026-01-01T00:00:{second:02}.000001"),
            "date_updated": format!("2026-01-01T00:00:{second:02}.000001"),
            "changed_fields": [], "previous_data": {}, "data": data, "meta": {}}})
    };
    let lead = json!({"id": "lead_1", "name": "Acme", "custom.cf_1": "a.b", "$odd": 1, "big": 9_007_199_254_740_993_i64});
    let send = async |body: Value| {
        let body = Bytes::from(body.to_string());
        let headers = close_headers(&job.secret, &body, now_seconds());
        let (status, answer) = post(&http, &job.url, &headers, body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    };
    send(event("ev_1", "created", 1, lead.clone())).await;
    hookline.settled(&job).await;
    let leads = database.collection::<Document>("close_leads");
    let found = leads.find_one(doc! {"_id": "lead_1"}).await.expect("asks").expect("is there");
    assert_eq!(found.get_str("custom.cf_1").expect("is a text"), "a.b");
    assert_eq!(found.get_i64("big").expect("is a 64-bit integer"), 9_007_199_254_740_993);

    // The same id with a later `date_updated` is an event of its own; the very same is a duplicate.
    let renamed = json!({"id": "lead_1", "name": "Acme Inc."});
    send(event("ev_1", "updated", 2, renamed.clone())).await;
    assert_eq!(send(event("ev_1", "updated", 2, renamed)).await["duplicate"], true);
    hookline.settled(&job).await;
    let found = leads.find_one(doc! {"_id": "lead_1"}).await.expect("asks").expect("is there");
    assert_eq!(found.get_str("name").expect("is a text"), "Acme Inc.");
    assert!(!found.contains_key("custom.cf_1"), "a removed field disappears");

    send(event("ev_2", "deleted", 3, Value::Null)).await;
    hookline.settled(&job).await;
    assert_eq!(leads.find_one(doc! {"_id": "lead_1"}).await.expect("asks"), None);
}

#[tokio::test]
async fn a_destination_that_is_down_changes_no_answer_and_uses_up_no_attempt() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let mut mongod = Mongod::start(Kind::Plain).await.expect("there is a mongod");
    let destination =
        json!({"name": "mongo", "kind": "mongodb", "uri": mongod.uri(None), "database": "down"});
    let job = hookline.job("stripe", destination, json!({})).await;
    let http = client();
    mongod.kill();
    for number in 0..20 {
        let body = stripe_event(
            &format!("evt_{number}"),
            "customer.created",
            now_seconds(),
            &customer(&format!("cus_{number}"), "Ada"),
        );
        assert_eq!(post_stripe(&http, &job, body.to_string()).await.0, StatusCode::OK);
    }
    let path = format!("/workspaces/default/sync-jobs/{}", job.id);
    until("noticing that the destination is down", async || {
        hookline.get(&path).await["delivery"]["state"] == "waitingForDestination"
    })
    .await;
    let counts = hookline.by_status(&job).await;
    assert_eq!((&counts["pending"], &counts["failed"]), (&json!(20), &json!(0)), "{counts}");
    mongod.restart().await.expect("starts again");
    let counts = hookline.settled(&job).await;
    assert_eq!(counts["completed"], 20, "{counts}");
    let attempts: Vec<Value> =
        hookline.events(&job, "limit=100").await.iter().map(|row| row["attempts"].clone()).collect();
    assert!(attempts.iter().all(|attempts| *attempts == 1), "{attempts:?}");
    let client = mongodb::Client::with_uri_str(mongod.uri(None)).await.expect("connects");
    let customers = client.database("down").collection::<Document>("stripe_customers");
    assert_eq!(customers.count_documents(doc! {}).await.expect("counts"), 20);
}

/// An HTTP destination that answers as told and remembers what came.
#[derive(Clone, Default)]
pub(crate) struct Target {
    /// The last is the next.
    answers: Arc<Mutex<Vec<u16>>>,
    seen: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
}

impl Target {
    /// What the next requests are answered, in this order; after that 200.
    pub(crate) fn answer_next(&self, statuses: &[u16]) {
        *self.answers.lock() = statuses.iter().rev().copied().collect();
    }

    /// How many requests came.
    pub(crate) fn seen(&self) -> usize {
        self.seen.lock().len()
    }

    /// Starts it, and tells its URL.
    pub(crate) async fn start(&self) -> String {
        let target = self.clone();
        let router = Router::new().fallback(move |headers: HeaderMap, body: Bytes| async move {
            target.seen.lock().push((headers, body));
            let status = target.answers.lock().pop().unwrap_or(200);
            (axum::http::StatusCode::from_u16(status).expect("a status"), "seen")
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/hook?key=1")
    }
}

#[tokio::test]
async fn a_secret_that_is_sent_as_it_is_is_not_kept_and_reaches_the_http_destination_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let target = Target::default();
    let url = target.start().await;
    let config = json!({"webhookConfig": {"batchWaitMs": 10, "secret": "TheTokenThatGitLabSends"}});
    let job = hookline.job("gitlab", json!({"name": "app", "kind": "http", "url": url}), config).await;
    let push = async |token: &str| {
        let headers = [("x-gitlab-token", token.to_owned()), ("x-gitlab-event", "Push Hook".to_owned())];
        let body = json!({"object_kind": "push", "ref": token.len().to_string()}).to_string();
        post(&client(), &job.url, &headers, body.into()).await
    };
    let (status, answer) = push(&job.secret).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    hookline.settled(&job).await;
    let token = |seen: usize| target.seen.lock()[seen].0["x-gitlab-token"].clone();
    assert_eq!(token(0), job.secret);
    let event = text(&answer["eventId"]);
    let detail = hookline.event(&job, &event).await;
    assert_eq!(detail["signature"]["status"], "verified", "{detail}");

    // After a rotation the destination gets the secret that counts now.
    let base = format!("/workspaces/default/sync-jobs/{}/webhook", job.id);
    let rotated = hookline.post(&format!("{base}/regenerate-secret"), json!({"keepOldForHours": 0})).await;
    hookline.post(&format!("{base}/events/{event}/replay"), json!({})).await;
    until("the replay", async || target.seen() == 2).await;
    assert_eq!(token(1), text(&rotated["webhookSecret"]));

    assert_eq!(push(&job.secret).await.0, StatusCode::UNAUTHORIZED, "it counts no longer");
    hookline.rejected(&job, 1).await;
    let row = &hookline.events(&job, "status=rejected").await[0];
    let detail = hookline.event(&job, &text(&row["id"])).await;
    assert_eq!(detail["signature"]["status"], "refused", "{detail}");
    assert_eq!(detail["signature"]["matchesNow"], Value::Null, "{detail}");
}

#[tokio::test]
async fn an_http_destination_gets_the_request_as_it_came_and_replay_and_retry_do_what_they_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let target = Target::default();
    let url = target.start().await;
    let job = hookline.job("stripe", json!({"name": "app", "kind": "http", "url": url}), json!({})).await;
    let http = client();

    // Odd spacing survives: the very bytes are forwarded, and the signature still fits them.
    let body = stripe("evt_1", "customer.created", now_seconds(), "Ada").replace("\"name\":", "\"name\" :  ");
    let (_, answer) = post_stripe(&http, &job, body.clone()).await;
    let event = text(&answer["eventId"]);
    hookline.settled(&job).await;
    {
        let seen = target.seen.lock();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].1, body);
        assert!(seen[0].0.contains_key("stripe-signature"));
    }
    let detail = hookline.event(&job, &event).await;
    assert_eq!(detail["history"][0]["answer"]["status"], 200, "{detail}");
    assert_eq!(detail["history"][0]["answer"]["body"], "seen");

    let base = format!("/workspaces/default/sync-jobs/{}/webhook", job.id);
    hookline.post(&format!("{base}/events/{event}/replay"), json!({})).await;
    until("the replay", async || target.seen() == 2).await;
    hookline.settled(&job).await;

    // A refusal for good, then a retry by hand.
    target.answer_next(&[422]);
    let (_, answer) = post_stripe(&http, &job, stripe("evt_2", "customer.updated", now_seconds(), "B")).await;
    let refused = text(&answer["eventId"]);
    hookline.settled(&job).await;
    let row = hookline.event(&job, &refused).await;
    assert_eq!((&row["status"], &row["nextAttemptAt"]), (&json!("failed"), &Value::Null), "{row}");
    let retried = hookline.post(&format!("{base}/retry-failed"), json!({})).await;
    assert_eq!(retried["retried"], 1);
    until("the retry", async || hookline.event(&job, &refused).await["status"] == "completed").await;

    // A failure that may pass is tried again by itself.
    target.answer_next(&[500]);
    let (_, answer) = post_stripe(&http, &job, stripe("evt_3", "customer.updated", now_seconds(), "C")).await;
    let failing = text(&answer["eventId"]);
    until("the second attempt", async || hookline.event(&job, &failing).await["status"] == "completed").await;
    let detail = hookline.event(&job, &failing).await;
    assert_eq!(detail["history"].as_array().expect("is a list").len(), 2, "{detail}");
    assert_eq!(detail["attempts"], 2);
    assert_eq!(target.seen(), 6);
}

#[tokio::test]
async fn a_document_that_cannot_be_stored_fails_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let server = mongod::shared().await.expect("there is a mongod");
    let database = server.connect().await.expect("connects");
    let destination = json!({"name": "mongo", "kind": "mongodb", "uri": server.uri, "database": server.name});
    // One batch holds them all.
    let config = json!({"webhookConfig": {"batchWaitMs": 500}});
    let job = hookline.job("stripe", destination, config).await;
    let http = client();
    let deep = format!("{}1{}", "[".repeat(150), "]".repeat(150));
    let objects = [
        ("good", "{\"id\":\"cus_good\",\"object\":\"customer\"}".to_owned()),
        ("nul", "{\"id\":\"cus_nul\",\"object\":\"customer\",\"a\\u0000b\":1}".to_owned()),
        ("deep", format!("{{\"id\":\"cus_deep\",\"object\":\"customer\",\"deep\":{deep}}}")),
        (
            "huge",
            "{\"id\":\"cus_huge\",\"object\":\"customer\",\"n\":123456789012345678901234567890}".to_owned(),
        ),
        (
            "twice",
            "{\"id\":\"cus_twice\",\"object\":\"customer\",\"n\":1,\"n\":2,\"a.b\":{\"$c\":3}}".to_owned(),
        ),
    ];
    let mut ids = HashMap::new();
    for (name, object) in objects {
        let body = stripe_event(&format!("evt_{name}"), "customer.created", now_seconds(), &json!("@@"))
            .to_string()
            .replace("\"@@\"", &object);
        let (status, answer) = post_stripe(&http, &job, body).await;
        assert_eq!(status, StatusCode::OK, "{name}: {answer}");
        ids.insert(name, text(&answer["eventId"]));
    }
    hookline.settled(&job).await;
    let status = async |name: &str| hookline.event(&job, &ids[name]).await["status"].take();
    assert_eq!(status("good").await, "completed");
    assert_eq!(status("twice").await, "completed");
    assert_eq!(status("huge").await, "completed");
    assert_eq!(status("nul").await, "failed");
    assert_eq!(status("deep").await, "failed");
    let error = text(&hookline.event(&job, &ids["deep"]).await["error"]);
    assert!(error.contains("100"), "{error}");
    let customers = database.collection::<Document>("stripe_customers");
    assert_eq!(customers.count_documents(doc! {}).await.expect("counts"), 3);
    let twice = customers.find_one(doc! {"_id": "cus_twice"}).await.expect("asks").expect("is there");
    assert_eq!(twice.get_i32("n").expect("is a number"), 2);
}
