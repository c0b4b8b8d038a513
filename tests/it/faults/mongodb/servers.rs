//! Servers that stop, are killed, freeze, and hand over to others, in the middle of batches.

use hookline_tests::mongod::{Kind, Mongod};
use hookline_tests::process::{Hookline, Job};
use hookline_tests::replica_set::ReplicaSet;
use mongodb::bson::{Document, doc};
use mongodb::options::{ClientOptions, ReadPreference, SelectionCriteria};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::histories::{Change, Teller, long, woven};
use super::support::{
    assert_each_ended_once, assert_ends, delivery, destination, done, look, post_all, until, until_delivery,
};

/// Small batches, so that whatever happens, happens in the middle of one.
fn config() -> Value {
    json!({"collectionPrefix": "s_", "webhookConfig": {"batchWaitMs": 5, "batchSize": 5}})
}

/// Posts the events beside the test.
fn posting(job: &Job, events: &[Value]) -> JoinHandle<()> {
    let (job, events) = (job.clone(), events.to_vec());
    tokio::spawn(async move { post_all(&job, &events).await })
}

/// Waits until some more events have their outcome.
async fn until_some_more(hookline: &Hookline, job: &Job) {
    let before = done(hookline, job).await;
    until("some more outcomes", async || done(hookline, job).await >= before + 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_and_killed_in_the_middle_of_batches_loses_and_doubles_nothing() {
    let mut server = Mongod::start(Kind::Plain).await.expect("there is a mongod");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let job = hookline.job("stripe", destination(&server.uri(None), "stops"), config()).await;
    let tellers: Vec<Teller> = (0..16).map(|number| long(number, 10)).collect();
    let events = woven(&tellers);
    for (round, part) in events.chunks(events.len() / 2 + 1).enumerate() {
        let posted = posting(&job, part);
        until_some_more(&hookline, &job).await;
        if round % 2 == 0 {
            server.kill();
        } else {
            server.stop().expect("stops");
        }
        posted.await.expect("all of them are answered");
        // The last part may be through before the server is gone.
        if done(&hookline, &job).await < hookline.events(&job, "limit=1000").await.len() as u64 {
            let state = until_delivery(&hookline, &job, "waitingForDestination").await;
            assert!(state["error"].as_str().is_some_and(|error| error.contains("127.0.0.1")), "{state}");
        }
        server.restart().await.expect("starts again");
    }
    assert_each_ended_once(&hookline, &job, events.len()).await;
    assert_eq!(delivery(&hookline, &job).await["state"], "running");
    assert_ends(&look(&server.uri(None), "stops").await, "s_", &tellers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_freezes_in_the_middle_of_batches_is_waited_for() {
    let server = Mongod::start(Kind::Plain).await.expect("there is a mongod");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let uri = format!("{}?socketTimeoutMS=1000", server.uri(None));
    let job = hookline.job("stripe", destination(&uri, "freezes"), config()).await;
    let tellers: Vec<Teller> = (0..10).map(|number| long(number, 8)).collect();
    let events = woven(&tellers);
    let posted = posting(&job, &events);
    until_some_more(&hookline, &job).await;
    server.freeze().expect("freezes");
    posted.await.expect("all of them are answered");
    until_delivery(&hookline, &job, "waitingForDestination").await;
    server.thaw().expect("goes on");
    assert_each_ended_once(&hookline, &job, events.len()).await;
    assert_ends(&look(&server.uri(None), "freezes").await, "s_", &tellers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_set_that_changes_its_primary_in_the_middle_of_batches_loses_and_doubles_nothing() {
    let mut set = ReplicaSet::start().await.expect("starts");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let job = hookline.job("stripe", destination(&set.uri(), "moves"), config()).await;
    let tellers: Vec<Teller> = (0..16).map(|number| long(number, 10)).collect();
    let events = woven(&tellers);
    let (first, rest) = events.split_at(events.len() / 2);

    let posted = posting(&job, first);
    until_some_more(&hookline, &job).await;
    set.step_down().await.expect("steps down");
    posted.await.expect("all of them are answered");
    until_some_more(&hookline, &job).await;

    let posted = posting(&job, rest);
    until_some_more(&hookline, &job).await;
    let killed = set.kill_primary().await.expect("is killed");
    posted.await.expect("all of them are answered");
    assert_each_ended_once(&hookline, &job, events.len()).await;
    // Two of three servers hold all of it, and the third one takes it over.
    let database = look(&set.uri(), "moves").await;
    assert_ends(&database, "s_", &tellers).await;
    set.restart(killed).await.expect("starts again");
    set.wait_for_members(3).await.expect("all take part");
    assert_ends(&database, "s_", &tellers).await;
}

/// What one member holds, whether it is the primary or not.
async fn held_by(port: u16, name: &str) -> Option<Document> {
    let uri = format!("mongodb://127.0.0.1:{port}/?directConnection=true");
    let mut options = ClientOptions::parse(uri).await.expect("is valid");
    let nearest = ReadPreference::Nearest { options: None };
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(nearest));
    let client = mongodb::Client::with_options(options).expect("is valid");
    let customers = client.database("rolls").collection::<Document>("s_customers");
    customers.find_one(doc! {"name": name}).await.ok().flatten()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_lost_primary_had_is_not_done_and_is_written_again_by_the_next_one() {
    let mut set = ReplicaSet::start().await.expect("starts");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let job = hookline.job("stripe", destination(&set.uri(), "rolls"), config()).await;
    let mut teller = Teller::new("customer", "cus_1", 1);
    teller.created(0).updated(1, Change::Name(1));
    post_all(&job, &teller.events).await;
    hookline.settled(&job).await;

    // A primary that is alone steps down after a second. What is meant has been reached when it got a write before that.
    let mut only = None;
    for round in 2..12 {
        let primary = set.primary().await.expect("there is one");
        set.wait_for_members(3).await.expect("all take part");
        for other in set.others(primary) {
            other.freeze().expect("freezes");
        }
        teller.updated(1, Change::Name(round));
        let counted = done(&hookline, &job).await;
        post_all(&job, &teller.events[teller.events.len() - 1..]).await;
        let port = set.member(primary).port();
        let name = format!("name {round}");
        let written = async {
            while held_by(port, &name).await.is_none() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let written = tokio::time::timeout(std::time::Duration::from_secs(3), written).await.is_ok();
        if written {
            assert_eq!(done(&hookline, &job).await, counted, "one member alone is no majority");
            only = Some(primary);
            break;
        }
        for other in set.others(primary) {
            other.thaw().expect("goes on");
        }
        hookline.settled(&job).await;
    }
    let lost = only.expect("some primary got a write before it stepped down");
    set.member(lost).kill();
    for other in set.others(lost) {
        other.thaw().expect("goes on");
    }
    assert_each_ended_once(&hookline, &job, teller.events.len()).await;
    let database = look(&set.uri(), "rolls").await;
    assert_ends(&database, "s_", std::slice::from_ref(&teller)).await;
    // The lost one comes back and takes back what it alone had.
    set.restart(lost).await.expect("starts again");
    set.wait_for_members(3).await.expect("all take part");
    let name = teller.object().expect("is there")["name"].as_str().expect("a text").to_owned();
    for place in 0..3 {
        let port = set.member(place).port();
        until("all members hold it", async || held_by(port, &name).await.is_some()).await;
    }
    assert_ends(&database, "s_", &[teller]).await;
}
