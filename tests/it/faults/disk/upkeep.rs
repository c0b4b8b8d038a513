//! What Hookline does by itself, while calls fail: cleaning up, and learning from what came in.

use hookline_engine::event::{Clock as _, JobId, SystemClock};
use hookline_engine::store::{Counts, Store};
use hookline_faulty_vfs::{Fault, Op, ffi};
use serde_json::json;

use super::errors::{MAX_CALLS, copy_of};
use super::world::{Running, assert_promises_kept, post_event, store_options, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_of_a_cleanup_may_fail_and_counters_stay_exact() {
    let template = tempfile::tempdir().expect("a folder");
    let hookline = Running::start(template.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "local"})).await;
    for number in 0..12 {
        assert!(post_event(&hookline.http, &job, &format!("evt_{number}")).await.is_taken());
    }
    hookline.settled(&job).await;
    hookline.stop().await;
    let later = SystemClock.now().plus_millis(60 * 86_400_000);
    for call in 0..=MAX_CALLS {
        assert!(call < MAX_CALLS, "the journey has no end");
        let (folder, disk) = copy_of(template.path());
        let store = Store::open(folder.path(), store_options()).expect("opens");
        disk.fail(
            Fault::new(&[Op::Write, Op::Sync], ffi::SQLITE_IOERR_FSYNC)
                .on("hookline.db-wal")
                .after(call)
                .times(1)
                .losing(),
        );
        let mut failures = 0;
        loop {
            match store.clean_up_step(later).await {
                Ok(0) => break,
                Ok(_) => {}
                // Housekeeping comes again.
                Err(_) => failures += 1,
            }
            assert!(failures < 2, "call {call}: one fault fails one step");
        }
        let counts = store.counts(&JobId::new(job.id.clone()));
        assert_eq!(counts, Counts::default(), "call {call}");
        let damage = store.check_integrity().await.expect("checks");
        assert!(damage.is_empty(), "call {call}: {damage:?}");
        let struck = disk.heal();
        store.close().await;
        assert_promises_kept(folder.path(), &job, &[]).await;
        if struck == 0 {
            return;
        }
    }
}

/// So many events a source has before its first dictionary is trained.
const BEFORE_TRAINING: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_training_that_fails_is_done_again_with_the_next_event() {
    let template = tempfile::tempdir().expect("a folder");
    let hookline = Running::start(template.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "http", "url": "http://127.0.0.1:9/"})).await;
    let mut promised = Vec::new();
    let mut posts = tokio::task::JoinSet::new();
    for number in 1..BEFORE_TRAINING {
        let (http, job, id) = (hookline.http.clone(), job.clone(), format!("evt_{number}"));
        posts.spawn(async move { (post_event(&http, &job, &id).await, id) });
    }
    while let Some(post) = posts.join_next().await {
        let (answer, id) = post.expect("no panic");
        assert!(answer.is_taken());
        promised.push(id);
    }
    hookline.stop().await;
    // The first sync is that of the event; what follows it is the dictionary's, whose pages come before its own.
    let faults =
        [(Op::Sync, 0), (Op::Sync, 1), (Op::Write, 3), (Op::Write, 14), (Op::Write, 22), (Op::Write, 30)];
    for (op, calls) in faults {
        let (folder, disk) = copy_of(template.path());
        let hookline = Running::start(folder.path()).await;
        let job = hookline.moved(&job);
        let mut promised = promised.clone();
        let fault = Fault::new(&[op], ffi::SQLITE_IOERR_FSYNC).on("hookline.db-wal");
        disk.fail(fault.after(calls).times(1).losing().short());
        let mut number = 0;
        until("training", async || {
            let id = format!("more_{number}");
            number += 1;
            if post_event(&hookline.http, &job, &id).await.is_taken() {
                promised.push(id);
            }
            let reader = rusqlite::Connection::open(folder.path().join("hookline.db")).expect("opens");
            let trained =
                reader.query_row("SELECT count(*) FROM dictionaries", [], |row| row.get::<_, i64>(0));
            trained.expect("reads") == 1
        })
        .await;
        assert_eq!(disk.heal(), 1, "{op:?} {calls}");
        // With the dictionary.
        assert!(post_event(&hookline.http, &job, "evt_after").await.is_taken());
        promised.push("evt_after".to_owned());
        hookline.stop().await;
        assert_promises_kept(folder.path(), &job, &promised).await;
    }
}
