//! What is queued for the archive, and what stays because of it.

use super::*;
use crate::event::{Archivable, ArchiveConfig};

async fn set_archive(store: &Store, name: &str, archive: Option<ArchiveConfig>) {
    let mut job = job_of(name);
    job.webhook_config.archive = archive;
    store.put_sync_job(job).await.expect("changed");
}

/// A store with one job whose history is archived.
async fn with_archive() -> (tempfile::TempDir, Store, JobId) {
    let (folder, store, job) = with_job().await;
    set_archive(&store, "one", Some(ArchiveConfig { days: 90 })).await;
    (folder, store, job)
}

async fn queue(store: &Store, job: &JobId) -> Vec<ToArchive> {
    store.to_archive(job, 0, 1000, u64::MAX).await.expect("read")
}

/// Events by their provider's ids and statuses, executions as `batch`, what is not to be archived now as `-`.
async fn queued(store: &Store, job: &JobId) -> Vec<String> {
    let told = |item: ToArchive| match item.record {
        Some(Archivable::Event(event)) => {
            format!("{} {}", event.row.head.provider_event_id, event.row.status.as_str())
        }
        Some(Archivable::Execution(_)) => "batch".to_owned(),
        None => "-".to_owned(),
    };
    queue(store, job).await.into_iter().map(told).collect()
}

async fn take_all(store: &Store, job: &JobId) {
    let seqs = queue(store, job).await.into_iter().map(|item| item.seq).collect();
    store.archived(seqs).await.expect("taken");
}

#[tokio::test]
async fn every_outcome_is_queued_and_what_was_never_verified_or_is_not_known_yet_is_not() {
    let (folder, store, job) = with_archive().await;
    ingest(&store, &job, "pending").await;
    store.keep_rejected(rejected(&job, "bad"));
    store.ingest(NewEvent { wanted: false, ..event(&job, "filtered") }).await.expect("stored");
    let done = ingest(&store, &job, "done").await;
    settle(&store, &job, done, Settled::Completed).await;
    let dead = ingest(&store, &job, "dead").await;
    settle(&store, &job, dead, failed(None)).await;
    let expected = ["filtered skipped", "done completed", "batch", "dead failed", "batch"];
    assert_eq!(queued(&store, &job).await, expected);
    store.close().await;
    let store = open_in(folder.path());
    assert_eq!(queued(&store, &job).await, expected, "a restart forgets nothing");
    assert_eq!(store.archive_waiting(&job).await.expect("counted"), 5);
    settle(&store, &job, ingest(&store, &job, "later").await, Settled::Completed).await;
    assert_eq!(queued(&store, &job).await.len(), 7, "and that the job has an archive neither");
    take_all(&store, &job).await;
    assert_eq!(store.archive_waiting(&job).await.expect("counted"), 0);
}

#[tokio::test]
async fn without_an_archive_nothing_is_queued_and_what_was_is_forgotten_when_it_is_turned_off() {
    let (_folder, store, job) = with_job().await;
    settle(&store, &job, ingest(&store, &job, "before").await, Settled::Completed).await;
    assert!(queued(&store, &job).await.is_empty());
    set_archive(&store, "one", Some(ArchiveConfig { days: 1 })).await;
    for number in 0..300 {
        settle(&store, &job, ingest(&store, &job, &format!("evt_{number}")).await, Settled::Completed).await;
    }
    assert_eq!(queued(&store, &job).await.len(), 600, "from now on, not what was there before");
    assert_eq!(clean_up(&store, NOON).await, 0);
    set_archive(&store, "one", None).await;
    assert_eq!(clean_up(&store, NOON).await, 600);
    assert!(queued(&store, &job).await.is_empty());
}

#[tokio::test]
async fn what_changes_while_it_is_being_archived_is_archived_again() {
    let (_folder, store, job) = with_archive().await;
    let id = ingest(&store, &job, "evt").await;
    settle(&store, &job, id, failed(None)).await;
    let first = queue(&store, &job).await;
    store.retry(&job, id).await.expect("retried");
    assert_eq!(queued(&store, &job).await, ["-", "batch"], "its outcome is not known again");
    settle(&store, &job, id, Settled::Completed).await;
    store.archived(first.iter().map(|item| item.seq).collect()).await.expect("taken");
    let left = queue(&store, &job).await;
    let Some(Archivable::Event(event)) = &left[0].record else { panic!("{left:?}") };
    assert_eq!((event.row.status, event.attempts_ever, event.row.attempts), (EventStatus::Completed, 2, 1));
    assert!(left[0].seq > first[1].seq, "a place in the queue is never used twice");
    assert_eq!(event.request.as_ref().expect("is there").body, request_of("evt"));
}

fn request_of(id: &str) -> Bytes {
    event(&JobId::new("any"), id).request.into_request().body
}

#[tokio::test]
async fn what_is_not_archived_yet_is_not_cleaned_up() {
    let (_folder, store, job) = with_archive().await;
    let old = ingest(&store, &job, "old").await;
    settle(&store, &job, old, Settled::Completed).await;
    let batches = async || {
        let filter = ExecutionFilter { job_id: Some(job.clone()), ..ExecutionFilter::default() };
        store.executions(filter, None, 10).await.expect("read").len()
    };
    // Recorded at noon, hence as old as its event.
    let later = NOON.plus_millis(40 * DAY_MS);
    clean_up(&store, later).await;
    store.event(&job, old).await.expect("is there");
    assert_eq!(batches().await, 1);
    take_all(&store, &job).await;
    assert!(clean_up(&store, later).await >= 2);
    assert!(store.event(&job, old).await.is_err());
    assert_eq!(batches().await, 0);
    trouble::counters_are_exact(&store).await;
}

#[tokio::test]
async fn a_step_is_bounded_by_number_and_by_bytes_but_takes_one_event_at_least() {
    let (_folder, store, job) = with_archive().await;
    for number in 0..5 {
        store
            .ingest(NewEvent { wanted: false, ..event(&job, &format!("evt_{number}")) })
            .await
            .expect("stored");
    }
    let step = async |after, limit, bytes| store.to_archive(&job, after, limit, bytes).await.expect("read");
    assert_eq!(step(0, 3, u64::MAX).await.len(), 3);
    let one = step(0, 3, 1).await;
    assert_eq!(one.len(), 1);
    assert_eq!(step(one[0].seq, 10, u64::MAX).await.len(), 4);
}

#[tokio::test]
async fn an_outage_that_goes_on_is_one_batch_that_is_archived_again() {
    let (_folder, store, job) = with_archive().await;
    let outage = async |at| {
        store.record_execution(&job, NOON, at, Some("down".to_owned()), Vec::new()).await.expect("recorded")
    };
    let first = outage(NOON).await;
    take_all(&store, &job).await;
    assert_eq!(outage(NOON.plus_millis(1000)).await, first);
    let queue = queue(&store, &job).await;
    let [ToArchive { record: Some(Archivable::Execution(batch)), .. }] = &queue[..] else {
        panic!("{queue:?}")
    };
    assert_eq!(batch.finished_at, NOON.plus_millis(1000));
}

#[tokio::test]
async fn a_deleted_job_leaves_nothing_in_the_queue() {
    let (_folder, store, job) = with_archive().await;
    settle(&store, &job, ingest(&store, &job, "evt").await, Settled::Completed).await;
    store.put_archive_days(&job, 90).await.expect("remembered");
    assert_eq!(store.archive_days(&job).await.expect("read"), Some(90));
    store.delete_sync_job(&WorkspaceId::default_workspace(), &job).await.expect("deleted");
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let rows: i64 = store
            .read(|_, connection| {
                Ok(connection.query_row(
                    "SELECT (SELECT count(*) FROM archive_queue) + (SELECT count(*) FROM archive_days)
                       + (SELECT count(*) FROM sync_jobs)",
                    [],
                    |row| row.get(0),
                )?)
            })
            .await
            .expect("counted");
        if rows == 0 {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{rows} rows are left");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
