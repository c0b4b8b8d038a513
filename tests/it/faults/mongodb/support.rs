//! What these tests share: jobs into some MongoDB, streams of events, and the check at the end.

use std::collections::HashMap;
use std::time::Duration;

use hookline_tests::process::{Hookline, Job, PATIENCE, client};
use hookline_tests::webhooks::post_stripe;
use mongodb::Database;
use mongodb::bson::{Document, doc};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::histories::Teller;

/// A database as a destination.
pub(crate) fn destination(uri: &str, database: &str) -> Value {
    json!({"name": "mongo", "kind": "mongodb", "uri": uri, "database": database})
}

/// The database that a test looks into.
pub(crate) async fn look(uri: &str, database: &str) -> Database {
    mongodb::Client::with_uri_str(uri).await.expect("connects").database(database)
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "{what} takes too long");
}

/// Posts events one by one.
pub(crate) async fn post_all(job: &Job, events: &[Value]) {
    let http = client();
    for event in events {
        let (status, answer) = post_stripe(&http, job, event.to_string()).await;
        assert_eq!(status, StatusCode::OK, "whatever the destination does: {answer}");
    }
}

/// What the job's delivery is doing.
pub(crate) async fn delivery(hookline: &Hookline, job: &Job) -> Value {
    hookline.get(&format!("/workspaces/default/sync-jobs/{}", job.id)).await["delivery"].take()
}

/// Waits until the delivery is in this state, and tells it.
pub(crate) async fn until_delivery(hookline: &Hookline, job: &Job, state: &str) -> Value {
    let path = format!("/workspaces/default/sync-jobs/{}", job.id);
    hookline.until_get(&path, |job| job["delivery"]["state"] == state).await["delivery"].take()
}

/// How many events have their outcome.
pub(crate) async fn done(hookline: &Hookline, job: &Job) -> u64 {
    let counts = hookline.by_status(job).await;
    counts["completed"].as_u64().expect("a count") + counts["skipped"].as_u64().expect("a count")
}

/// Waits until every event has its outcome, and checks that each has exactly one, that it is no failure, and that no attempt
/// was used up on the way.
pub(crate) async fn assert_each_ended_once(hookline: &Hookline, job: &Job, events: usize) {
    let counts = hookline.settled(job).await;
    assert_eq!(counts["failed"], 0, "{counts} {:?}", hookline.events(job, "status=failed&limit=5").await);
    let rows = hookline.events(job, "limit=1000").await;
    assert_eq!(rows.len(), events, "{counts}");
    for row in &rows {
        assert!(row["status"] == "completed" || row["reason"] == "stale", "{row}");
        assert_eq!(row["attempts"], 1, "{row}");
    }
    // The history of each is one entry long; a few of them are looked at, the newest and the oldest.
    for row in rows.iter().take(3).chain(rows.iter().rev().take(3)) {
        let detail = hookline.event(job, row["id"].as_str().expect("a text")).await;
        assert_eq!(detail["history"].as_array().map(Vec::len), Some(1), "{detail}");
    }
}

/// The documents of a collection, by id.
pub(crate) async fn documents(database: &Database, collection: &str) -> HashMap<String, Document> {
    let mut cursor = database.collection::<Document>(collection).find(doc! {}).await.expect("asks");
    let mut found = HashMap::new();
    while cursor.advance().await.expect("reads") {
        let document: Document = cursor.deserialize_current().expect("is a document");
        found.insert(document.get_str("_id").expect("a text").to_owned(), document);
    }
    found
}

/// Checks that the collection holds the last states of these objects and nothing else (with hard deletions).
pub(crate) async fn assert_ends(database: &Database, prefix: &str, tellers: &[Teller]) {
    let mut kinds: Vec<&str> = tellers.iter().map(Teller::kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let collection = format!("{prefix}{kind}s");
        let mut found = documents(database, &collection).await;
        for teller in tellers.iter().filter(|teller| teller.kind() == kind) {
            let id = &teller.id;
            let document = found.remove(id);
            let metadata = document
                .as_ref()
                .map(|found| found.get_document("_sync_metadata").expect("is there").clone());
            let object = document.map(object_of);
            assert_eq!(object.as_ref(), teller.object(), "{collection}/{id}: {metadata:?}");
            let ambiguous = metadata.is_some_and(|metadata| metadata.contains_key("ambiguous"));
            assert!(!ambiguous, "{collection}/{id}");
        }
        assert!(found.is_empty(), "{collection} holds what is not there: {found:?}");
    }
}

/// The provider's object in a document.
pub(crate) fn object_of(mut document: Document) -> Value {
    document.remove("_id");
    document.remove("_sync_metadata");
    serde_json::to_value(&document).expect("holds nothing that JSON does not have")
}
