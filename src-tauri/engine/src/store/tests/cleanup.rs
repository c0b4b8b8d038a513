//! What is deleted, and what never is.

use super::*;

#[tokio::test]
async fn cleanup_takes_old_settled_events_and_never_unsettled_or_pinned_ones() {
    let (_folder, store, job) = with_job().await;
    let pending = ingest(&store, &job, "pending").await;
    let waiting = ingest(&store, &job, "waiting").await;
    settle(&store, &job, waiting, failed(Some(NOON))).await;
    let dead = ingest(&store, &job, "dead").await;
    settle(&store, &job, dead, failed(None)).await;
    let pinned = ingest(&store, &job, "pinned").await;
    settle(&store, &job, pinned, Settled::Completed).await;
    store.pin(&job, pinned, true).await.expect("pinned");
    let old = ingest(&store, &job, "old").await;
    settle(&store, &job, old, Settled::Completed).await;
    store.ingest(NewEvent { wanted: false, ..event(&job, "filtered") }).await.expect("stored");
    store.keep_rejected(rejected(&job, "bad"));
    let young =
        store.ingest(event_at(&job, "young", NOON.plus_millis(5 * DAY_MS))).await.expect("stored").event_id;
    settle(&store, &job, young, Settled::Completed).await;
    assert_eq!(clean_up(&store, NOON.plus_millis(30 * DAY_MS)).await, 0, "nothing is too old yet");
    assert!(clean_up(&store, NOON.plus_millis(31 * DAY_MS)).await >= 3);
    let left: Vec<_> = all(&store, &of_job(&job), 100).await.into_iter().map(|row| row.id).collect();
    assert_eq!(left, [young, pinned, dead, waiting, pending]);
    trouble::counters_are_exact(&store).await;
    assert!(store.check_integrity().await.expect("checked").is_empty());
    assert!(store.event(&job, old).await.is_err());
}

#[tokio::test]
async fn rejected_requests_are_kept_in_a_ring() {
    let (_folder, store, job) = with_job().await;
    let body = "x".repeat(100_000);
    for number in 0..12 {
        store.keep_rejected(rejected(&job, &body));
        // Behind it in the queue: the ring's entry is stored when this is.
        ingest(&store, &job, &format!("evt_{number}")).await;
    }
    let filter = EventFilter { statuses: vec![EventStatus::Rejected], ..of_job(&job) };
    let kept = all(&store, &filter, 3).await;
    assert_eq!(kept.len(), 5);
    assert_eq!(store.counts(&job).rejected, 5);
    assert_eq!(kept[0].size_bytes, 100_000);
    let detail = store.event(&job, kept[0].id).await.expect("the event");
    assert!(detail.body_truncated);
    assert_eq!(detail.request.body.len(), 64 * 1024);
    assert!(store.replay(&job, kept[0].id).await.is_err(), "what is not verified is never synced");
    trouble::counters_are_exact(&store).await;
}

#[tokio::test]
async fn a_deleted_job_vanishes_at_once_and_its_rows_follow_after_a_restart_too() {
    let (folder, store, job) = with_job().await;
    let other = add_job(&store, "other").await;
    let kept = ingest(&store, &other, "evt_1").await;
    for number in 0..600 {
        let id = ingest(&store, &job, &format!("evt_{number}")).await;
        if number % 100 == 0 {
            settle(&store, &job, id, failed(None)).await;
        }
    }
    let workspace = WorkspaceId::default_workspace();
    store.delete_sync_job(&workspace, &job).await.expect("deleted");
    assert!(store.events(of_job(&job), None, 10).await.expect("a page").events.is_empty());
    assert!(matches!(store.ingest(event(&job, "late")).await, Err(StoreError::NotFound { .. })));
    assert!(matches!(store.sync_job(&workspace, &job).await, Err(StoreError::NotFound { .. })));
    store.delete_source(&workspace, &SourceId::new("source-one")).await.expect("it is free");
    store.close().await;
    let store = open_in(folder.path());
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let rows: i64 = store
            .read(|_, connection| {
                Ok(connection.query_row(
                    "SELECT (SELECT count(*) FROM sync_jobs) + (SELECT count(*) FROM webhook_bodies)
                       + (SELECT count(*) FROM job_executions) + (SELECT count(*) FROM delivery_attempts)",
                    [],
                    |row| row.get(0),
                )?)
            })
            .await
            .expect("counted");
        if rows == 2 {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{rows} rows are left");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(all(&store, &EventFilter::default(), 10).await.len(), 1);
    store.event(&other, kept).await.expect("others stay");
}

#[tokio::test]
async fn a_backup_is_a_whole_database_and_overwrites_nothing() {
    let (folder, store, job) = with_job().await;
    let id = ingest(&store, &job, "evt_1").await;
    let copy = folder.path().join("copy");
    std::fs::create_dir(&copy).expect("a folder");
    let target = copy.join("hookline.db");
    store.back_up(&target).await.expect("backed up");
    assert!(matches!(store.back_up(&target).await, Err(StoreError::Conflict { .. })));
    let nowhere = folder.path().join("nowhere").join("hookline.db");
    assert!(matches!(store.back_up(&nowhere).await, Err(StoreError::Conflict { .. })));
    let again = open_in(&copy);
    assert_eq!(again.event(&job, id).await.expect("the event").row.id, id);
    assert_eq!(again.counts(&job).pending, 1);
    assert!(store.size().await.expect("size").database_bytes > 4096);
}
