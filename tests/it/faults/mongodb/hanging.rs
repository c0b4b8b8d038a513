//! Servers that take a command and never answer.

use hookline_tests::mongo_proxy::{Fault, MongoProxy};
use hookline_tests::mongod;
use hookline_tests::process::{Hookline, Job, text};
use serde_json::{Value, json};

use super::histories::{Teller, long, woven};
use super::support::{assert_each_ended_once, assert_ends, destination, look, post_all};

async fn proxied(database: &mongod::TestDatabase) -> MongoProxy {
    let port = database.uri.trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
    MongoProxy::start(port.expect("the connection string ends with a port")).await
}

/// Several jobs that sync into one destination, each into collections of its own.
async fn sharing(hookline: &Hookline, destination: &Value, config: &Value, jobs: usize) -> Vec<Job> {
    let source = hookline.post("/workspaces/default/sources", json!({"name": "s", "kind": "stripe"})).await;
    let shared = hookline.post("/workspaces/default/destinations", destination.clone()).await;
    let mut made = Vec::with_capacity(jobs);
    for number in 0..jobs {
        let mut body = json!({
            "name": format!("job {number}"), "type": "webhook", "sourceId": source["id"],
            "destinationId": shared["id"], "enabled": true, "collectionPrefix": format!("n{number}_"),
            "webhookConfig": {"batchWaitMs": 5},
        });
        for (key, value) in config.as_object().into_iter().flatten() {
            body["webhookConfig"][key] = value.clone();
        }
        let job = hookline.post("/workspaces/default/sync-jobs", body).await;
        let text = |key: &str| text(&job[key]);
        made.push(Job { id: text("id"), url: text("webhookUrl"), secret: text("webhookSecret") });
    }
    made
}

/// What went wrong with the job's batches as a whole.
async fn batch_errors(hookline: &Hookline, job: &Job) -> Vec<String> {
    let path = format!("/workspaces/default/sync-jobs/{}/executions?limit=100", job.id);
    let page = hookline.get(&path).await;
    let rows = page["executions"].as_array().expect("a list");
    rows.iter().filter_map(|row| row["error"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_noticed_whatever_it_was_asked_and_what_it_did_is_not_done_again() {
    let database = mongod::shared().await.expect("there is a mongod");
    let proxy = proxied(&database).await;
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let uri = proxy.uri("&socketTimeoutMS=1000");
    let config = json!({"collectionPrefix": "h_"});
    let job = hookline.job("stripe", destination(&uri, &database.name), config).await;
    let tellers: Vec<Teller> = (0..8).map(|number| long(number, 6)).collect();
    let events = woven(&tellers);
    let mut parts = events.chunks(events.len() / 4 + 1);
    for (round, command) in ["insert", "find", "update", "delete"].into_iter().enumerate() {
        proxy.once(Some(command), 0, Fault::Silence);
        let part = parts.next().expect("there are four");
        post_all(&job, part).await;
        proxy.reached().await;
        hookline.settled(&job).await;
        // What the job waits for is gone again after a moment; the batch that failed is told for good.
        let errors = batch_errors(&hookline, &job).await;
        let unanswered = errors.iter().filter(|error| error.contains("no answer")).count();
        assert!(unanswered > round, "{command}: {errors:?}");
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
    let jobs = sharing(&hookline, &destination(&proxy.uri(""), &database.name), &json!({}), 6).await;
    // More than there are batches at once.
    for job in &jobs {
        post_all(job, &events).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn archives_that_hang_hold_up_no_sync_into_the_same_server() {
    let database = mongod::shared().await.expect("there is a mongod");
    let proxy = proxied(&database).await;
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    // The index that lets what is archived expire: on a large collection it takes long.
    proxy.always(Some("createIndexes"), Fault::Silence);
    let archiving = json!({"archive": {"days": 90}});
    let jobs = sharing(&hookline, &destination(&proxy.uri(""), &database.name), &archiving, 6).await;
    for round in 0..2 {
        for job in &jobs {
            let mut teller = Teller::new("customer", &format!("cus_{round}"), 1);
            post_all(job, &teller.created(1).events).await;
        }
        for job in &jobs {
            assert_each_ended_once(&hookline, job, round + 1).await;
        }
        // Not before a minute is over would they give up and free what they hold.
        for job in &jobs {
            let state = hookline.get(&format!("/workspaces/default/sync-jobs/{}", job.id)).await;
            assert_eq!(state["archive"]["trouble"], Value::Null, "{state}");
            assert_ne!(state["archive"]["waiting"], 0, "{state}");
        }
        if round == 0 {
            proxy.reached().await;
            proxy.reached().await;
        }
    }
}
