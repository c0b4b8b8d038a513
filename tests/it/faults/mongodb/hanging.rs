//! Servers that take a command and never answer.

use hookline_tests::mongo_proxy::{Fault, MongoProxy};
use hookline_tests::mongod;
use hookline_tests::process::Hookline;
use serde_json::json;

use super::histories::{Teller, long, woven};
use super::support::{assert_each_ended_once, assert_ends, destination, look, post_all, until_delivery};

async fn proxied(database: &mongod::TestDatabase) -> MongoProxy {
    let port = database.uri.trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
    MongoProxy::start(port.expect("the connection string ends with a port")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_noticed_whatever_it_was_asked_and_what_it_did_is_not_done_again() {
    let database = mongod::shared().await.expect("there is a mongod");
    let proxy = proxied(&database).await;
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let uri = proxy.uri("&socketTimeoutMS=700");
    let config = json!({"collectionPrefix": "h_"});
    let job = hookline.job("stripe", destination(&uri, &database.name), config).await;
    let tellers: Vec<Teller> = (0..8).map(|number| long(number, 6)).collect();
    let events = woven(&tellers);
    let mut parts = events.chunks(events.len() / 4 + 1);
    for command in ["insert", "find", "update", "delete"] {
        proxy.once(Some(command), 0, Fault::Silence);
        let part = parts.next().expect("there are four");
        post_all(&job, part).await;
        proxy.reached().await;
        let state = until_delivery(&hookline, &job, "waitingForDestination").await;
        assert!(state["error"].as_str().is_some_and(|error| error.contains("no answer")), "{state}");
        hookline.settled(&job).await;
    }
    assert_each_ended_once(&hookline, &job, events.len()).await;
    assert!(!proxy.is_armed(), "each kind of command came");
    assert_ends(&look(&database.uri, &database.name).await, "h_", &tellers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_does_not_wait_for_a_server_that_hangs_and_the_next_start_goes_on() {
    let database = mongod::shared().await.expect("there is a mongod");
    let proxy = proxied(&database).await;
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let config = json!({"collectionPrefix": "z_"});
    let job = hookline.job("stripe", destination(&proxy.uri(""), &database.name), config).await;
    let tellers: Vec<Teller> = (0..4).map(|number| long(number, 3)).collect();
    let events = woven(&tellers);
    proxy.always(Some("insert"), Fault::Silence);
    post_all(&job, &events).await;
    proxy.reached().await;
    assert_eq!(
        hookline.stop().await,
        Some(0),
        "it ends in good order, long before the command's own time is up"
    );
    proxy.relent();
    let hookline = Hookline::start(folder.path()).await;
    assert_each_ended_once(&hookline, &job, events.len()).await;
    assert_ends(&look(&database.uri, &database.name).await, "z_", &tellers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_hangs_holds_up_no_other() {
    let database = mongod::shared().await.expect("there is a mongod");
    let proxy = proxied(&database).await;
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let tellers: Vec<Teller> = (0..2).map(|number| long(number, 2)).collect();
    let events = woven(&tellers);
    proxy.always(Some("find"), Fault::Silence);
    let source = hookline.post("/workspaces/default/sources", json!({"name": "s", "kind": "stripe"})).await;
    let hanging = destination(&proxy.uri(""), &database.name);
    let hanging = hookline.post("/workspaces/default/destinations", hanging).await;
    let mut jobs = Vec::new();
    // More than there are batches at once.
    for number in 0..6 {
        let body = json!({
            "name": format!("hangs {number}"), "type": "webhook", "sourceId": source["id"],
            "destinationId": hanging["id"], "enabled": true, "collectionPrefix": format!("n{number}_"),
            "webhookConfig": {"batchWaitMs": 5},
        });
        let made = hookline.post("/workspaces/default/sync-jobs", body).await;
        let text = |key: &str| made[key].as_str().expect("a text").to_owned();
        let job = hookline_tests::process::Job {
            id: text("id"),
            url: text("webhookUrl"),
            secret: text("webhookSecret"),
        };
        post_all(&job, &events).await;
        jobs.push(job);
    }
    for _ in 0..4 {
        proxy.reached().await;
    }
    let config = json!({"collectionPrefix": "well_"});
    let well = hookline.job("stripe", destination(&database.uri, &database.name), config).await;
    post_all(&well, &events).await;
    assert_each_ended_once(&hookline, &well, events.len()).await;
    assert_ends(&look(&database.uri, &database.name).await, "well_", &tellers).await;
    for job in &jobs {
        assert_eq!(hookline.by_status(job).await["failed"], 0);
    }
}
