//! Nothing can be written: at the start, and from some moment on.

use hookline_engine::app::StartError;
use hookline_engine::store::OpenError;
use hookline_faulty_vfs::{Fault, Op, ffi};
use serde_json::json;

use super::errors::copy_of;
use super::world::{Running, assert_promises_kept, folder_with_disk, post_event};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_can_only_be_read_is_refused_at_the_start_with_what_to_do() {
    let template = tempfile::tempdir().expect("a folder");
    let hookline = Running::start(template.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "local"})).await;
    assert!(post_event(&hookline.http, &job, "evt_1").await.is_taken());
    hookline.settled(&job).await;
    hookline.stop().await;
    let (folder, disk) = copy_of(template.path());
    disk.set_read_only(true);
    let Err(error) = Running::try_start(folder.path()).await else { panic!("it started") };
    assert!(matches!(error, StartError::Open(OpenError::ReadOnly { .. })), "{error:?}");
    assert!(error.hint().is_some_and(|hint| hint.contains("writable")), "{error:?}");
    disk.set_read_only(false);
    let hookline = Running::start(folder.path()).await;
    assert!(post_event(&hookline.http, &hookline.moved(&job), "evt_2").await.is_taken());
    hookline.stop().await;
    assert_promises_kept(folder.path(), &job, &["evt_1".to_owned(), "evt_2".to_owned()]).await;
}

/// As a disk turns that the system mounts read-only after an error: writes fail, reads go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_turns_read_only_is_told_and_overcome() {
    let (folder, disk) = folder_with_disk();
    let hookline = Running::start(folder.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "local"})).await;
    assert!(post_event(&hookline.http, &job, "evt_1").await.is_taken());
    hookline.settled(&job).await;
    for (code, word, hint) in [
        (ffi::SQLITE_READONLY, "cannot be written", "read-only"),
        (ffi::SQLITE_IOERR_WRITE, "the disk failed", "Check the disk"),
    ] {
        disk.fail(Fault::new(&[Op::Write, Op::Truncate, Op::Sync], code));
        for _ in 0..3 {
            assert!(!post_event(&hookline.http, &job, "evt_2").await.is_taken());
        }
        // The window goes on, and says what is wrong.
        let problem = hookline.get("/status").await["storage"]["problem"].take();
        assert!(problem["message"].as_str().is_some_and(|message| message.contains(word)), "{problem}");
        assert!(problem["hint"].as_str().is_some_and(|text| text.contains(hint)), "{problem}");
        let diagnosis =
            hookline.get(&format!("/workspaces/default/sync-jobs/{}/webhook/diagnosis", job.id)).await;
        let storage =
            diagnosis["findings"].as_array().into_iter().flatten().find(|it| it["check"] == "storage");
        let storage = storage.unwrap_or_else(|| panic!("{diagnosis}"));
        assert_eq!(storage["state"], "problem", "{storage}");
        assert!(storage["message"].as_str().is_some_and(|message| message.contains(word)), "{storage}");
        assert!(storage["hint"].as_str().is_some_and(|text| text.contains(hint)), "{storage}");
        disk.heal();
        // Asked again, the disk says that it works: without a webhook.
        assert_eq!(hookline.get("/status").await["storage"]["problem"], json!(null));
    }
    assert!(post_event(&hookline.http, &job, "evt_2").await.is_taken());
    assert_eq!(hookline.settled(&job).await["completed"], 2);
    hookline.stop().await;
    assert_promises_kept(folder.path(), &job, &["evt_1".to_owned(), "evt_2".to_owned()]).await;
}
