//! Calls of the file system that fail: each one of a journey, one after the other.

use std::path::Path;

use hookline_engine::store::{OpenError, Store};
use hookline_faulty_vfs::{Disk, Fault, Op, ffi};
use hookline_tests::process::Job;
use serde_json::json;

use super::world::{Running, assert_promises_kept, folder_with_disk, post_event, store_options, until};

/// More failing calls than any journey makes: a loop that gets here never ends.
pub(super) const MAX_CALLS: u64 = 400;

/// Lets the n-th call fail for every n, while events are received and applied by one Hookline that is never restarted.
async fn every_call_of_the_journey(name: &str, fault: impl Fn() -> Fault) {
    let (folder, disk) = folder_with_disk();
    let hookline = Running::start(folder.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "local"})).await;
    let mut promised = Vec::new();
    let mut refused = 0;
    for call in 0..=MAX_CALLS {
        assert!(call < MAX_CALLS, "{name}: the journey has no end");
        disk.fail(fault().after(call).times(1));
        for number in 0..2 {
            let id = format!("{name}_{call}_{number}");
            let answer = post_event(&hookline.http, &job, &id).await;
            if answer.is_taken() {
                promised.push(id);
            } else {
                refused += 1;
                // As the provider does it.
                let answer = post_event(&hookline.http, &job, &id).await;
                assert!(answer.is_taken(), "{name}, call {call}: the fault was over, yet {answer:?}");
                promised.push(id);
            }
        }
        hookline.settled(&job).await;
        if disk.heal() == 0 {
            // Each of the two events is written and synced by itself, the outcomes perhaps together.
            assert!(call >= 2, "{name}: the fault struck {call} times");
            break;
        }
    }
    let counts = hookline.settled(&job).await;
    assert_eq!(counts["completed"], promised.len(), "{name}: {counts}");
    let status = hookline.get("/status").await;
    assert_eq!(status["storage"]["problem"], json!(null), "{name}: {status}");
    let check = hookline.call(reqwest::Method::POST, "/maintenance/check", Some(json!({}))).await.1;
    assert_eq!(check["ok"], true, "{name}: {check}");
    let documents = hookline.get("/workspaces/default/destinations").await;
    let id = documents["destinations"][0]["id"].as_str().expect("has an id").to_owned();
    let collections = hookline.get(&format!("/workspaces/default/destinations/{id}/collections")).await;
    assert_eq!(collections["collections"][0]["documents"], promised.len(), "{name}: {collections}");
    hookline.stop().await;
    assert_promises_kept(folder.path(), &job, &promised).await;
    // Faults of other files may never be noticed at receipt; those of the log have to be.
    if name.starts_with("log_") {
        assert!(refused > 0, "{name}: nobody was refused");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_to_the_log_may_fail_halfway_for_want_of_room() {
    let fault = || Fault::new(&[Op::Write], ffi::SQLITE_FULL).on("hookline.db-wal").short();
    every_call_of_the_journey("log_full", fault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sync_of_the_log_may_fail_and_lose_what_it_was_to_bring_to_the_disk() {
    let fault = || Fault::new(&[Op::Sync], ffi::SQLITE_IOERR_FSYNC).on("hookline.db-wal").losing();
    every_call_of_the_journey("log_sync", fault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_and_sync_of_the_documents_may_fail() {
    let fault = || {
        Fault::new(&[Op::Write, Op::Sync, Op::Truncate], ffi::SQLITE_IOERR_WRITE).on("/documents/").losing()
    };
    every_call_of_the_journey("documents", fault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lock_and_mapping_of_shared_memory_may_fail() {
    let fault = || Fault::new(&[Op::ShmLock, Op::ShmMap], ffi::SQLITE_IOERR_SHMLOCK).on("hookline.db");
    every_call_of_the_journey("shared", fault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_for_the_search_index_may_fail_and_neither_senders_nor_searches_notice() {
    let (folder, disk) = folder_with_disk();
    let hookline = Running::start(folder.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "local"})).await;
    let mut promised = Vec::new();
    let faults = [(Op::Write, "search.db-wal"), (Op::Open, "search.db")];
    for (round, (op, file)) in faults.into_iter().enumerate() {
        disk.fail(Fault::new(&[op], ffi::SQLITE_IOERR).on(file));
        for number in 0..3 {
            let id = format!("evt_{round}_{number}");
            assert!(post_event(&hookline.http, &job, &id).await.is_taken());
            promised.push(id);
        }
        if op == Op::Write {
            until("indexing", async || disk.struck() > 0).await;
        }
        for healed in [false, true] {
            if healed {
                disk.heal();
            }
            for id in &promised {
                let path = format!("/workspaces/default/sync-jobs/{}/webhook/events?q={id}", job.id);
                let found = hookline.get(&path).await;
                assert_eq!(found["events"].as_array().map(Vec::len), Some(1), "{op:?} {id}: {found}");
            }
        }
    }
    hookline.settled(&job).await;
    hookline.stop().await;
    assert_promises_kept(folder.path(), &job, &promised).await;
}

/// Lets the n-th change of any file fail, and all after it, for every n, while the store is opened, migrated and closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_of_a_start_a_migration_and_a_stop_may_fail() {
    let template = tempfile::tempdir().expect("a folder");
    let hookline = Running::start(template.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "local"})).await;
    assert!(post_event(&hookline.http, &job, "before").await.is_taken());
    hookline.settled(&job).await;
    hookline.stop().await;
    // As an older version left it, so that there is something to migrate.
    let older = rusqlite::Connection::open(template.path().join("hookline.db")).expect("opens");
    older
        .execute_batch(
            "ALTER TABLE webhook_bodies DROP COLUMN checksum; DROP TABLE archive_queue; DROP TABLE archive_days;
             PRAGMA user_version = 4",
        )
        .expect("is an older schema");
    older.close().expect("closes");
    let ops = [Op::Write, Op::Sync, Op::Truncate, Op::Delete];
    for code in [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_FULL] {
        let mut refused = 0;
        for call in 0..=MAX_CALLS {
            assert!(call < MAX_CALLS, "the journey has no end");
            let (folder, disk) = copy_of(template.path());
            disk.fail(Fault::new(&ops, code).after(call).losing());
            match Store::open(folder.path(), store_options()) {
                Ok(store) => store.close().await,
                Err(error) => {
                    refused += 1;
                    assert!(!error.hint().is_empty(), "{error:?}");
                    assert!(code != ffi::SQLITE_FULL || matches!(error, OpenError::Full { .. }), "{error:?}");
                }
            }
            let struck = disk.heal();
            assert_promises_kept(folder.path(), &job, &["before".to_owned()]).await;
            if struck == 0 {
                break;
            }
        }
        assert!(refused > 0, "a migration without any change notices no fault");
    }
}

pub(super) fn copy_of(template: &Path) -> (tempfile::TempDir, Disk) {
    let (folder, disk) = folder_with_disk();
    for entry in std::fs::read_dir(template).expect("lists").flatten() {
        if entry.file_type().expect("has a type").is_file() {
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copies");
        }
    }
    (folder, disk)
}

/// The log is written back while the disk fails at it, again and again; then it works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_checkpoint_loses_nothing_though_the_disk_forgets_what_it_wrote() {
    let (folder, disk) = folder_with_disk();
    let hookline = Running::start(folder.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "http", "url": "http://127.0.0.1:9/"})).await;
    let mut promised = Vec::new();
    let mut send = async |round: &str| {
        let mut posts = tokio::task::JoinSet::new();
        for number in 0..250 {
            let id = format!("{round}_{number}");
            let (http, job) = (hookline.http.clone(), job.clone());
            posts.spawn(async move { (post_event(&http, &job, &id).await, id) });
        }
        while let Some(post) = posts.join_next().await {
            let (answer, id) = post.expect("no panic");
            assert!(answer.is_taken(), "the log has room, whatever becomes of the database: {answer:?}");
            promised.push(id);
        }
    };
    // The database's own file; the log ends in `-wal`.
    disk.fail(Fault::new(&[Op::Sync], ffi::SQLITE_IOERR_FSYNC).on("hookline.db").losing());
    let mut round = 0;
    while disk.struck() < 3 {
        send(&format!("failing_{round}")).await;
        round += 1;
        assert!(round < 60, "the log was never written back");
        // Those who read are in the way of no checkpoint, and none makes half of one.
        hookline.counts(&job).await;
    }
    disk.heal();
    let wal = folder.path().join("hookline.db-wal");
    let grown = std::fs::metadata(&wal).expect("is there").len();
    send("working").await;
    until("writing the log back", async || {
        send_one(&hookline, &job).await;
        std::fs::metadata(folder.path().join("hookline.db")).expect("is there").len() > grown / 20
    })
    .await;
    hookline.stop().await;
    assert_promises_kept(folder.path(), &job, &promised).await;
}

async fn send_one(hookline: &Running, job: &hookline_tests::process::Job) {
    assert!(post_event(&hookline.http, job, &uuid::Uuid::new_v4().to_string()).await.is_taken());
}

/// Posts events until the log was written back in part, because another program was reading, which then ends. From here on the
/// next sync of the database fails and loses what was not synced. Tells the promised events.
async fn cut_a_checkpoint_short(hookline: &Running, folder: &Path, disk: &Disk, job: &Job) -> Vec<String> {
    let mut promised = Vec::new();
    let log = folder.join("hookline.db-wal");
    let pages = || std::fs::metadata(&log).map_or(0, |log| log.len() / 4120);
    let other = rusqlite::Connection::open(folder.join("hookline.db")).expect("opens");
    // A checkpoint is tried from a thousand pages on.
    while pages() <= 1100 {
        if promised.len() == 20 {
            other.execute_batch("BEGIN; SELECT count(*) FROM webhook_events").expect("reads");
        }
        let id = format!("evt_{}", promised.len());
        assert!(post_event(&hookline.http, job, &id).await.is_taken(), "{id}");
        promised.push(id);
    }
    other.execute_batch("COMMIT").expect("ends");
    other.close().expect("closes");
    disk.fail(Fault::new(&[Op::Sync], ffi::SQLITE_IOERR_FSYNC).on("hookline.db").losing().times(1));
    promised
}

/// SQLite would take the pages that it had not synced for written, and let go of the log that has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_that_another_program_cut_short_is_never_trusted_after_a_failed_sync() {
    let (folder, disk) = folder_with_disk();
    let hookline = Running::start(folder.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "http", "url": "http://127.0.0.1:9/"})).await;
    let mut promised = cut_a_checkpoint_short(&hookline, folder.path(), &disk, &job).await;
    let refused = async {
        for number in promised.len()..2000 {
            let id = format!("evt_{number}");
            if !post_event(&hookline.http, &job, &id).await.is_taken() {
                return true;
            }
            promised.push(id);
        }
        false
    };
    assert!(refused.await, "all was well to the end");
    assert_eq!(disk.heal(), 1);
    // Nothing is read either: it may not be what was written.
    let (status, answer) = hookline.call(reqwest::Method::GET, "/status", None).await;
    assert_eq!(status, reqwest::StatusCode::INTERNAL_SERVER_ERROR, "{answer}");
    let hint = answer["error"]["hint"].as_str().unwrap_or_default();
    assert!(hint.contains("start Hookline again"), "{answer}");
    // What the next process finds.
    let (next, _next_disk) = copy_of(folder.path());
    std::fs::remove_file(next.path().join("hookline.db-shm")).expect("no process shares memory any more");
    assert_promises_kept(next.path(), &job, &promised).await;
    hookline.stop().await;
}

/// The same while it stops: closing writes the log back once more, and would then remove it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_that_was_cut_short_and_fails_while_stopping_leaves_the_log() {
    let (folder, disk) = folder_with_disk();
    let hookline = Running::start(folder.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "http", "url": "http://127.0.0.1:9/"})).await;
    let promised = cut_a_checkpoint_short(&hookline, folder.path(), &disk, &job).await;
    hookline.stop().await;
    assert_eq!(disk.heal(), 1);
    let (next, _next_disk) = copy_of(folder.path());
    std::fs::remove_file(next.path().join("hookline.db-shm")).expect("no process shares memory any more");
    assert_promises_kept(next.path(), &job, &promised).await;
}
