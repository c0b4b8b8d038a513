//! The archive: the history of jobs in the destination, complete, each event once, whatever happens in between.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use hookline_tests::mongod::{self, Kind, Mongod, TestDatabase};
use hookline_tests::process::{Hookline, Job, PATIENCE, client, text};
use hookline_tests::webhooks::{customer, now_seconds, post, post_stripe, stripe_event, stripe_signature};
use mongodb::Database;
use mongodb::bson::{Bson, Document, doc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

mod trouble;

const EVENTS: &str = "webhook_events";
const EXECUTIONS: &str = "job_executions";
const DAY_MS: i64 = 86_400_000;

/// Waits until `check` says yes.
async fn until(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what} takes too long"));
}

async fn documents(database: &Database, collection: &str, filter: Document) -> Vec<Document> {
    let found = database.collection::<Document>(collection).find(filter).await.expect("asks");
    found.try_collect().await.expect("answers")
}

fn job_path(job: &Job) -> String {
    format!("/workspaces/default/sync-jobs/{}", job.id)
}

/// Waits until nothing of the job is still to be archived; tells its archive's state.
async fn archived(hookline: &Hookline, job: &Job) -> Value {
    let caught_up = |job: &Value| job["archive"]["waiting"] == 0;
    hookline.until_get(&job_path(job), caught_up).await["archive"].take()
}

/// A Stripe job into a database, with its history archived there.
async fn archiving_job(hookline: &Hookline, uri: &str, database: &str, config: Value) -> Job {
    let destination = json!({"name": "mongo", "kind": "mongodb", "uri": uri, "database": database});
    let mut whole = json!({"batchWaitMs": 10, "archive": {"days": 90}});
    for (key, value) in config.as_object().expect("an object") {
        whole[key] = value.clone();
    }
    hookline.job("stripe", destination, json!({"webhookConfig": whole})).await
}

fn created(id: &str) -> String {
    let object = customer(&format!("cus_{id}"), "Ada");
    stripe_event(id, "customer.created", now_seconds(), &object).to_string()
}

async fn post_created(job: &Job, ids: impl Iterator<Item = String>) {
    let http = client();
    for id in ids {
        assert_eq!(post_stripe(&http, job, created(&id)).await.0, StatusCode::OK);
    }
}

/// All ids of the archived events, each of which must be there once.
async fn provider_ids(database: &Database) -> HashSet<String> {
    let found = documents(database, EVENTS, doc! {}).await;
    let ids: HashSet<String> =
        found.iter().map(|event| event.get_str("providerEventId").expect("a text").to_owned()).collect();
    assert_eq!(ids.len(), found.len(), "an event is there twice");
    ids
}

async fn start(folder: &Path) -> (Hookline, TestDatabase, Database) {
    let server = mongod::shared().await.expect("there is a mongod");
    let database = server.connect().await.expect("connects");
    (Hookline::start(folder).await, server, database)
}

#[tokio::test]
async fn an_archived_event_is_the_request_as_it_came_with_what_became_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, server, database) = start(folder.path()).await;
    let config = json!({"eventTypes": ["customer.*", "balance.*"]});
    let job = archiving_job(&hookline, &server.uri, &server.name, config).await;
    let http = client();
    let body = created("evt_1");
    let compressed = {
        use std::io::Write as _;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(created("evt_gzip").as_bytes()).expect("compresses");
        encoder.finish().expect("compresses")
    };
    let signature = stripe_signature(&job.secret, created("evt_gzip").as_bytes(), now_seconds());
    let headers = [("stripe-signature", signature), ("content-encoding", "gzip".to_owned())];
    assert_eq!(post(&http, &job.url, &headers, compressed.clone().into()).await.0, StatusCode::OK);
    let stripe_object = |id: &str, event_type: &str, object: Value| {
        stripe_event(id, event_type, now_seconds(), &object).to_string()
    };
    let others = [
        body.clone(),
        stripe_object("evt_filtered", "invoice.paid", json!({"id": "in_1", "object": "invoice"})),
        stripe_object("evt_unmapped", "balance.available", json!({"object": "balance"})),
    ];
    for body in others {
        assert_eq!(post_stripe(&http, &job, body).await.0, StatusCode::OK);
    }
    // What is not verified never becomes a part of the history that others see.
    let forged = Job { secret: "whsec_wrong".to_owned(), ..job.clone() };
    assert_eq!(post_stripe(&http, &forged, created("evt_forged")).await.0, StatusCode::UNAUTHORIZED);
    hookline.rejected(&job, 1).await;
    hookline.settled(&job).await;
    assert_eq!(archived(&hookline, &job).await["trouble"], Value::Null);

    let ids = provider_ids(&database).await;
    let expected = ["evt_1", "evt_filtered", "evt_gzip", "evt_unmapped"].map(str::to_owned);
    assert_eq!(ids, HashSet::from(expected));
    let one = async |id: &str| documents(&database, EVENTS, doc! {"providerEventId": id}).await.remove(0);
    let event = one("evt_1").await;
    assert_eq!(event.get_str("body").expect("a text"), body);
    assert_eq!(event.get_i64("sizeBytes").expect("a size"), body.len() as i64);
    let texts = ["status", "type", "provider", "source", "jobId", "workspaceId", "objectId"]
        .map(|field| event.get_str(field).unwrap_or_else(|error| panic!("{field}: {error}")).to_owned());
    assert_eq!(
        texts,
        ["completed", "customer.created", "stripe", "stripe", &job.id, "default", "cus_evt_1"]
            .map(str::to_owned)
    );
    assert_eq!(event.get_i64("attempts").expect("a number"), 1);
    let received = event.get_datetime("receivedAt").expect("a time").timestamp_millis();
    let expires = event.get_datetime("expiresAt").expect("a time").timestamp_millis();
    assert_eq!(expires - received, 90 * DAY_MS);
    assert!(!event.get_document("hookline").expect("who").get_str("host").expect("a name").is_empty());
    let row = &hookline.events(&job, "type=customer.created&q=evt_1").await[0];
    assert_eq!(event.get_str("eventId").expect("a text"), row["id"]);
    let header = |name: &str, value: &str| Bson::Document(doc! {"name": name, "value": value});
    let headers = event.get_array("headers").expect("a list");
    assert!(headers.contains(&header("content-type", "application/json")), "{headers:?}");

    assert_eq!(one("evt_gzip").await.get_binary_generic("body").expect("bytes"), &compressed);
    for (id, reason) in [("evt_filtered", "filtered"), ("evt_unmapped", "unmapped")] {
        let event = one(id).await;
        assert_eq!(event.get_str("status").expect("a text"), "skipped");
        assert_eq!(event.get_str("reason").expect("a text"), reason);
    }
    let batches = documents(&database, EXECUTIONS, doc! {"jobId": &job.id}).await;
    let total: i64 = batches.iter().map(|batch| batch.get_i64("events").expect("a number")).sum();
    assert_eq!(total, 3, "the filtered one is in no batch: {batches:?}");
}

#[tokio::test]
async fn two_processes_share_one_history_and_none_of_their_secrets_is_in_it() {
    const TOKEN: &str = "TheTokenThatGitLabSends";
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let (first, server, database) = start(folders[0].path()).await;
    let second = Hookline::start(folders[1].path()).await;
    let ours = archiving_job(&first, &server.uri, &server.name, json!({})).await;
    let theirs = archiving_job(&second, &server.uri, &server.name, json!({})).await;
    let destination = json!({"name": "m", "kind": "mongodb", "uri": server.uri, "database": server.name});
    let config = json!({"webhookConfig": {"secret": TOKEN, "archive": {"days": 5}}});
    let gitlab = second.job("gitlab", destination, config).await;
    post_created(&ours, (0..30).map(|number| format!("evt_ours_{number}"))).await;
    post_created(&theirs, (0..40).map(|number| format!("evt_theirs_{number}"))).await;
    let push = Bytes::from(json!({"object_kind": "push", "ref": "main"}).to_string());
    let headers = [("x-gitlab-token", TOKEN.to_owned()), ("x-gitlab-event", "Push Hook".to_owned())];
    assert_eq!(post(&client(), &gitlab.url, &headers, push).await.0, StatusCode::OK);
    for (hookline, job) in [(&first, &ours), (&second, &theirs), (&second, &gitlab)] {
        hookline.settled(job).await;
        archived(hookline, job).await;
    }
    let events = documents(&database, EVENTS, doc! {}).await;
    assert_eq!(events.len(), 71);
    let installations: HashSet<String> = events
        .iter()
        .map(|event| {
            event.get_document("hookline").expect("who").get_str("installation").expect("id").to_owned()
        })
        .collect();
    assert_eq!(installations.len(), 2);
    let batches = documents(&database, EXECUTIONS, doc! {}).await;
    let whole = format!("{events:?}{batches:?}");
    for secret in [&ours.secret, &theirs.secret, TOKEN, &first.ready.token, &second.ready.token] {
        let encoded = base64::engine::general_purpose::STANDARD.encode(secret);
        assert!(!whole.contains(secret) && !whole.contains(&encoded));
    }
    assert!(whole.contains("not kept: it is the secret itself"));
}

#[tokio::test]
async fn it_begins_when_it_is_turned_on_and_ends_when_it_is_turned_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, server, database) = start(folder.path()).await;
    let job = archiving_job(&hookline, &server.uri, &server.name, json!({"archive": null})).await;
    let set = async |archive: Value| {
        let body = json!({"webhookConfig": {"archive": archive}});
        let (status, answer) = hookline.call(Method::PATCH, &job_path(&job), Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    };
    post_created(&job, ["evt_before".to_owned()].into_iter()).await;
    hookline.settled(&job).await;
    assert_eq!(hookline.get(&job_path(&job)).await["archive"], Value::Null);
    assert_eq!(set(json!({"days": 7})).await["webhookConfig"]["archive"]["days"], 7);
    post_created(&job, ["evt_while".to_owned()].into_iter()).await;
    hookline.settled(&job).await;
    archived(&hookline, &job).await;
    assert_eq!(provider_ids(&database).await, HashSet::from(["evt_while".to_owned()]));
    assert_eq!(set(Value::Null).await["archive"], Value::Null);
    post_created(&job, ["evt_after".to_owned()].into_iter()).await;
    hookline.settled(&job).await;
    // It is on again only now: what it would have archived meanwhile would be there before this one.
    set(json!({"days": 7})).await;
    post_created(&job, ["evt_again".to_owned()].into_iter()).await;
    hookline.settled(&job).await;
    archived(&hookline, &job).await;
    let expected = HashSet::from(["evt_while".to_owned(), "evt_again".to_owned()]);
    assert_eq!(provider_ids(&database).await, expected);
}

#[tokio::test]
async fn only_a_mongodb_keeps_an_archive_and_the_refusal_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, server, _) = start(folder.path()).await;
    let local = hookline.job("stripe", json!({"name": "local", "kind": "local"}), json!({})).await;
    let refused = async |job: &Job, body: Value| {
        let (status, answer) = hookline.call(Method::PATCH, &job_path(job), Some(body)).await;
        assert_eq!(status, StatusCode::CONFLICT, "{answer}");
        assert!(text(&answer["error"]["hint"]).contains("mongodb"), "{answer}");
        text(&answer["error"]["field"])
    };
    let on = json!({"webhookConfig": {"archive": {"days": 90}}});
    assert_eq!(refused(&local, on).await, "webhookConfig.archive");
    let job = archiving_job(&hookline, &server.uri, &server.name, json!({})).await;
    let local_id = hookline.get(&job_path(&local)).await["destinationId"].clone();
    assert_eq!(refused(&job, json!({"destinationId": local_id})).await, "destinationId");
    let both = json!({"destinationId": local_id, "webhookConfig": {"archive": null}});
    let (status, answer) = hookline.call(Method::PATCH, &job_path(&job), Some(both)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let source = hookline.get(&job_path(&local)).await["sourceId"].clone();
    let body = json!({"sourceId": source, "destinationId": local_id,
        "webhookConfig": {"archive": {"days": 90}}});
    let (status, answer) = hookline.call(Method::POST, "/workspaces/default/sync-jobs", Some(body)).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
}

#[tokio::test]
async fn a_replayed_event_stays_one_document_that_tells_its_newest_outcome() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, server, database) = start(folder.path()).await;
    // The destination refuses the document, not the archive.
    let validator = doc! {"name": {"$ne": "Ada"}};
    database.create_collection("stripe_customers").validator(validator).await.expect("is made");
    let job = archiving_job(&hookline, &server.uri, &server.name, json!({})).await;
    post_created(&job, ["evt_1".to_owned()].into_iter()).await;
    hookline.settled(&job).await;
    archived(&hookline, &job).await;
    let event = documents(&database, EVENTS, doc! {}).await.remove(0);
    assert_eq!(event.get_str("status").expect("a text"), "failed");
    assert!(event.get_str("error").expect("a text").contains("validation"), "{event}");
    database
        .run_command(doc! {"collMod": "stripe_customers", "validator": {}})
        .await
        .expect("the validator goes");
    let id = event.get_str("eventId").expect("a text");
    let path = format!("{}/webhook/events/{id}/replay", job_path(&job));
    hookline.post(&path, json!({})).await;
    until("the new outcome", async || {
        let events = documents(&database, EVENTS, doc! {}).await;
        assert_eq!(events.len(), 1);
        events[0].get_str("status").is_ok_and(|status| status == "completed")
    })
    .await;
    let replayed = documents(&database, EVENTS, doc! {}).await.remove(0);
    assert_eq!(replayed.get("_id"), event.get("_id"));
    assert_eq!(replayed.get_i64("attempts").expect("a number"), 2);
    assert_eq!(replayed.get("error"), Some(&Bson::Null));
}

#[tokio::test]
async fn another_number_of_days_counts_for_what_is_archived_already() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, server, database) = start(folder.path()).await;
    let job = archiving_job(&hookline, &server.uri, &server.name, json!({})).await;
    let other = archiving_job(&hookline, &server.uri, &server.name, json!({})).await;
    for job in [&job, &other] {
        post_created(job, (0..5).map(|number| format!("evt_{}_{number}", job.id))).await;
        hookline.settled(job).await;
        archived(&hookline, job).await;
    }
    for collection in [EVENTS, EXECUTIONS] {
        let answer = database.run_command(doc! {"listIndexes": collection}).await.expect("has indexes");
        let indexes =
            answer.get_document("cursor").expect("a cursor").get_array("firstBatch").expect("a list");
        let expiring = indexes
            .iter()
            .filter_map(Bson::as_document)
            .find(|index| index.get_document("key").expect("a key") == &doc! {"expiresAt": 1});
        let after = expiring.expect("there is one").get("expireAfterSeconds").expect("is set").clone();
        assert!(matches!(after, Bson::Int32(0) | Bson::Int64(0)), "{after}");
    }
    let body = json!({"webhookConfig": {"archive": {"days": 3}}});
    hookline.call(Method::PATCH, &job_path(&job), Some(body)).await;
    let days_of = async |job: &Job, collection: &str, from: &str| {
        documents(&database, collection, doc! {"jobId": &job.id})
            .await
            .iter()
            .map(|found| {
                let time = |name| found.get_datetime(name).expect("a time").timestamp_millis();
                (time("expiresAt") - time(from)) / DAY_MS
            })
            .collect::<HashSet<i64>>()
    };
    until("the other days", async || {
        days_of(&job, EVENTS, "receivedAt").await == HashSet::from([3])
            && days_of(&job, EXECUTIONS, "finishedAt").await == HashSet::from([3])
    })
    .await;
    assert_eq!(
        days_of(&other, EVENTS, "receivedAt").await,
        HashSet::from([90]),
        "another job's days are its own"
    );
    post_created(&job, ["evt_later".to_owned()].into_iter()).await;
    hookline.settled(&job).await;
    archived(&hookline, &job).await;
    assert_eq!(days_of(&job, EVENTS, "receivedAt").await, HashSet::from([3]));
}

#[tokio::test]
async fn objects_are_never_written_among_the_history() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, server, database) = start(folder.path()).await;
    let destination = json!({"name": "m", "kind": "mongodb", "uri": server.uri, "database": server.name});
    let config = json!({"collectionPrefix": ""});
    let job = hookline.job("stripe", destination, config).await;
    let object = json!({"id": "we_1", "object": "webhook_event"});
    let body = stripe_event("evt_1", "webhook_event.created", now_seconds(), &object).to_string();
    assert_eq!(post_stripe(&client(), &job, body).await.0, StatusCode::OK);
    hookline.settled(&job).await;
    let failed = hookline.events(&job, "status=failed").await;
    assert!(text(&failed[0]["error"]).contains("collection prefix"), "{failed:?}");
    assert!(documents(&database, EVENTS, doc! {}).await.is_empty());
    let with_prefix = json!({"collectionPrefix": "stripe_"});
    hookline.call(Method::PATCH, &job_path(&job), Some(with_prefix)).await;
    hookline.post(&format!("{}/webhook/retry-failed", job_path(&job)), json!({})).await;
    hookline.settled(&job).await;
    assert_eq!(documents(&database, "stripe_webhook_events", doc! {"_id": "we_1"}).await.len(), 1);
}

#[tokio::test]
async fn the_command_line_turns_it_on_and_off_and_shows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_hookline, server, _) = start(folder.path()).await;
    let destination = format!("{}{}", server.uri, server.name);
    let run = async |arguments: &[&str]| {
        let output = tokio::process::Command::new(hookline_tests::process::program())
            .args(arguments)
            .arg("--data-dir")
            .arg(folder.path())
            .output()
            .await
            .expect("hookline runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("is text")
    };
    let create = ["jobs", "create", "--source", "stripe", "--destination", &destination];
    run(&[&create[..], &["--name", "kept", "--archive-days", "90"]].concat()).await;
    let shown = run(&["jobs", "show", "kept"]).await;
    assert!(shown.lines().any(|line| line.starts_with("Archive") && line.ends_with("90 days")), "{shown}");
    assert!(run(&["jobs", "archive", "kept", "--days", "7"]).await.contains("7 days"));
    assert!(run(&["jobs", "archive", "kept", "--off"]).await.contains("not archived any more"));
    assert!(!run(&["jobs", "show", "kept"]).await.contains("Archive"));
}
