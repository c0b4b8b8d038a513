//! A disk that is slow, or does not answer at all for a while.

use std::time::Duration;

use serde_json::json;

use super::world::{Running, assert_promises_kept, folder_with_disk, post_event, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_disk_makes_answers_late_and_loses_nothing() {
    let (folder, disk) = folder_with_disk();
    let hookline = Running::start(folder.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "local"})).await;
    disk.delay_syncs(Duration::from_millis(150));
    let mut posts = tokio::task::JoinSet::new();
    for number in 0..120 {
        let (http, job, id) = (hookline.http.clone(), job.clone(), format!("evt_{number}"));
        posts.spawn(async move { (post_event(&http, &job, &id).await, id) });
    }
    until("reaching the sync", async || disk.syncs_waiting("hookline.db-wal") > 0).await;
    let status = hookline.get("/status").await;
    assert_eq!(status["storage"]["problem"], json!(null), "slow is no problem: {status}");
    let mut promised = Vec::new();
    while let Some(post) = posts.join_next().await {
        let (answer, id) = post.expect("no panic");
        if answer.is_taken() {
            promised.push(id);
        }
    }
    disk.delay_syncs(Duration::ZERO);
    assert_eq!(hookline.settled(&job).await["completed"], promised.len());
    hookline.stop().await;
    assert_promises_kept(folder.path(), &job, &promised).await;
}

/// More than the queue holds, while nothing is written: those beyond are refused at once, those in it are stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_hangs_fills_the_queue_up_to_its_bound_and_no_further() {
    allow_many_connections();
    let (folder, disk) = folder_with_disk();
    let hookline = Running::start(folder.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "http", "url": "http://127.0.0.1:9/"})).await;
    disk.hold_syncs(true);
    let mut posts = tokio::task::JoinSet::new();
    let mut post = |number: u32| {
        let (http, job, id) = (hookline.http.clone(), job.clone(), format!("evt_{number}"));
        posts.spawn(async move { (post_event(&http, &job, &id).await, id) });
    };
    post(0);
    until("reaching the sync", async || disk.syncs_waiting("hookline.db-wal") > 0).await;
    // The first one's group is being written: the queue behind it holds 1024.
    for number in 1..1100 {
        post(number);
    }
    let mut promised = Vec::new();
    let mut refused = 0;
    while let Some(post) = posts.join_next().await {
        let (answer, id) = post.expect("no panic");
        if answer.is_taken() {
            promised.push(id);
        } else {
            // The first to be answered is refused: the others wait for the disk.
            if refused == 0 {
                assert!(promised.is_empty());
                assert_eq!(hookline.get("/status").await["receiver"]["listening"], true);
                disk.hold_syncs(false);
            }
            refused += 1;
        }
    }
    assert_eq!(promised.len() + refused, 1100);
    assert!(promised.len() >= 1024, "{} of those in the queue were stored", promised.len());
    assert!(post_event(&hookline.http, &job, "evt_after").await.is_taken());
    hookline.stop().await;
    assert_promises_kept(folder.path(), &job, &promised).await;
}

/// Each end of a connection is an open file of this process.
fn allow_many_connections() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < 8192) {
        limit.current = Some(limit.maximum.map_or(8192, |most| most.min(8192)));
        setrlimit(Resource::Nofile, limit).expect("up to the hard limit is allowed");
    }
}
