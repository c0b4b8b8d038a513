//! A full disk, a full queue, changes that fail.

use super::*;

/// Lets the database grow by no more than `pages` from now on.
async fn limit_pages(store: &Store, pages: Option<i64>) {
    store
        .change(move |writing| {
            let count: i64 = writing.connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            let limit = pages.map_or(i64::from(u32::MAX) - 1, |pages| count + pages);
            writing.connection.query_row(&format!("PRAGMA max_page_count = {limit}"), [], |_| Ok(()))?;
            Ok(())
        })
        .await
        .expect("limited");
}

fn large(job: &JobId, number: usize) -> NewEvent {
    // Does not compress.
    let body: String = (0..2000).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect();
    NewEvent {
        job_id: job.clone(),
        request: Verified::vouched(request(&body, NOON)),
        head: head(&format!("evt_{number}")),
        wanted: true,
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_overcome() {
    let (_folder, store, job) = with_job().await;
    ingest(&store, &job, "evt_before").await;
    limit_pages(&store, Some(30)).await;
    let mut stored = 1;
    let mut refused = 0;
    for number in 0..20 {
        match store.ingest(large(&job, number)).await {
            Ok(_) => stored += 1,
            Err(StoreError::Full) => refused += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!(refused > 0, "the disk was full");
    assert_eq!(store.counts(&job).pending, stored, "counters follow only what was committed");
    limit_pages(&store, None).await;
    for number in 0..20 {
        stored += u64::from(!store.ingest(large(&job, number)).await.expect("stored").duplicate);
    }
    assert_eq!(stored, 21, "what was refused was not stored");
    assert_eq!(store.counts(&job).pending, stored);
    counters_are_exact(&store).await;
    assert!(store.check_integrity().await.expect("checked").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_at_once_and_drops_rejected_ones_earlier() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), StoreOptions { queue_length: 4, ..options() }).expect("opens");
    let job = add_job(&store, "one").await;
    // The writer is held until told.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (started, is_held) = tokio::sync::oneshot::channel();
    let blocker = {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .change(move |_| {
                    let _ = started.send(());
                    let _ = held.recv();
                    Ok(())
                })
                .await
        })
    };
    is_held.await.expect("the writer is held");
    store.keep_rejected(rejected(&job, "first"));
    let mut waiting = Vec::new();
    for number in 0..3 {
        let (store, job) = (store.clone(), job.clone());
        waiting.push(tokio::spawn(async move { store.ingest(event(&job, &format!("evt_{number}"))).await }));
    }
    while store.inner.writer.waiting() < 4 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(store.ingest(event(&job, "one too many")).await, Err(StoreError::Overloaded)));
    store.keep_rejected(rejected(&job, "second"));
    release.send(()).expect("released");
    blocker.await.expect("runs").expect("changed");
    for task in waiting {
        task.await.expect("runs").expect("stored");
    }
    assert_eq!(store.counts(&job), Counts { pending: 3, rejected: 1, ..Counts::default() });
}

#[tokio::test]
async fn a_change_that_fails_or_panics_hurts_no_other() {
    let (_folder, store, job) = with_job().await;
    let id = ingest(&store, &job, "evt_1").await;
    let panics = store.change(|_| -> Result<(), StoreError> { panic!("on purpose") });
    let fails = store.change(|writing| {
        writing.connection.execute("DELETE FROM webhook_bodies", [])?;
        Err::<(), _>(StoreError::Conflict { message: "no".to_owned() })
    });
    let (panicked, conflict, pinned) = tokio::join!(panics, fails, store.pin(&job, id, true));
    assert!(panicked.is_err());
    assert!(matches!(conflict, Err(StoreError::Conflict { .. })));
    pinned.expect("pinned");
    let detail = store.event(&job, id).await.expect("the event with its body");
    assert!(detail.row.pinned);
}

#[tokio::test]
async fn nothing_works_after_closing_and_nothing_hangs() {
    let (_folder, store, job) = with_job().await;
    store.close().await;
    store.close().await;
    assert!(matches!(store.ingest(event(&job, "evt_1")).await, Err(StoreError::Closed)));
    assert!(matches!(store.events(of_job(&job), None, 1).await, Err(StoreError::Closed)));
    assert!(matches!(store.retry_failed(&job).await, Err(StoreError::Closed)));
    assert!(matches!(store.check_integrity().await, Err(StoreError::Closed)));
}

#[tokio::test]
async fn an_event_whose_type_is_missing_is_told_as_damage_and_holds_up_no_other() {
    let (folder, store, job) = with_job().await;
    let broken = ingest(&store, &job, "evt_1").await;
    let whole = ingest(&store, &job, "evt_2").await;
    store.close().await;
    let connection = Connection::open(folder.path().join("hookline.db")).expect("opens");
    connection.execute_batch("PRAGMA foreign_keys = OFF").expect("set");
    connection.execute("UPDATE webhook_events SET type_id = 99 WHERE id = ?1", [broken.0]).expect("changed");
    connection.close().expect("closes");

    let store = open_in(folder.path());
    let due = store.due_events(&job, None, NOON, 10, u64::MAX).await.expect("due");
    assert_eq!(due.iter().map(|event| event.id).collect::<Vec<_>>(), [whole]);
    let found = store.check_integrity().await.expect("checked");
    assert!(found.iter().any(|line| line.contains("the event type 99 is missing")), "{found:?}");
}

/// The live counters and those in the table, compared with the events.
pub(super) async fn counters_are_exact(store: &Store) {
    let jobs = store.inner.live.jobs(None, None);
    for job in jobs {
        let number = job.number;
        let (counted, written) = store
            .read(move |_, connection| {
                let mut counted = [0_u64; 5];
                let mut statement = connection
                    .prepare("SELECT status, count(*) FROM webhook_events WHERE job = ?1 GROUP BY status")?;
                let mut rows = statement.query([number])?;
                while let Some(row) = rows.next()? {
                    counted[row.get::<_, i64>(0)? as usize] = row.get::<_, i64>(1)? as u64;
                }
                let written = connection.query_row(
                    "SELECT pending, completed, failed, skipped, rejected FROM job_counters WHERE job = ?1",
                    [number],
                    |row| {
                        let mut written = [0_u64; 5];
                        for (at, count) in written.iter_mut().enumerate() {
                            *count = row.get::<_, i64>(at)? as u64;
                        }
                        Ok(written)
                    },
                )?;
                Ok((counted, written))
            })
            .await
            .expect("counted");
        let Counts { pending, completed, failed, skipped, rejected } = job.counts();
        assert_eq!([pending, completed, failed, skipped, rejected], counted, "in memory");
        assert_eq!(written, counted, "in the table");
    }
}
