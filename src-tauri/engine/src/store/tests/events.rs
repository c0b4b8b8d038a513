//! From receipt to outcome.

use super::*;

#[tokio::test]
async fn an_event_comes_back_to_the_byte_and_survives_a_restart() {
    let (folder, store, job) = with_job().await;
    let new = event(&job, "evt_1");
    let request = new.request.request().clone();
    let id = store.ingest(new).await.expect("stored").event_id;
    store.close().await;
    let store = open_in(folder.path());
    let detail = store.event(&job, id).await.expect("the event");
    assert_eq!(detail.request, request);
    assert_eq!(detail.row.head, head("evt_1"));
    assert_eq!(detail.row.status, EventStatus::Pending);
    assert_eq!(store.counts(&job), Counts { pending: 1, ..Counts::default() });
    let due = store.due_events(&job, None, NOON, 10, u64::MAX).await.expect("due");
    assert_eq!(due.iter().map(|event| (event.id, &event.request)).collect::<Vec<_>>(), [(id, &request)]);
}

#[tokio::test]
async fn an_outcome_is_recorded_with_its_attempts() {
    let (_folder, store, job) = with_job().await;
    let id = ingest(&store, &job, "evt_1").await;
    settle(&store, &job, id, Settled::Completed).await;
    let detail = store.event(&job, id).await.expect("the event");
    assert_eq!(detail.row.status, EventStatus::Completed);
    assert_eq!(detail.attempts.len(), 1, "the plain first success is told by the row");
    assert_eq!(detail.attempts[0].number, 1);
    assert_eq!(store.counts(&job), Counts { completed: 1, ..Counts::default() });
    assert!(store.due_events(&job, None, NOON, 10, u64::MAX).await.expect("due").is_empty());

    store.replay(&job, id).await.expect("replayed");
    settle(&store, &job, id, failed(None)).await;
    store.retry(&job, id).await.expect("retried");
    settle(&store, &job, id, failed(Some(NOON))).await;
    let answer = HttpAnswer {
        status: 200,
        headers: vec![("a".to_owned(), "b".to_owned())],
        body: "ok".to_owned(),
        body_truncated: false,
        duration_ms: 3,
    };
    let outcome = EventOutcome { event_id: id, settled: Settled::Completed, answer: Some(answer.clone()) };
    store.record_execution(&job, NOON, NOON, None, vec![outcome]).await.expect("recorded");
    let detail = store.event(&job, id).await.expect("the event");
    let history: Vec<_> = detail.attempts.iter().map(|attempt| (attempt.number, attempt.status)).collect();
    assert_eq!(
        history,
        [
            (1, EventStatus::Completed),
            (2, EventStatus::Failed),
            (3, EventStatus::Failed),
            (4, EventStatus::Completed)
        ]
    );
    assert_eq!(detail.row.attempts, 2, "attempts are counted anew after a retry");
    assert_eq!(detail.attempts[3].answer, Some(answer));
}

#[tokio::test]
async fn many_deliveries_of_one_event_are_one_event() {
    let (_folder, store, job) = with_job().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (store, job) = (store.clone(), job.clone());
        tasks.spawn(async move { store.ingest(event(&job, "evt_same")).await.expect("stored") });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| !answer.duplicate).count(), 1);
    assert!(answers.iter().all(|answer| answer.event_id == answers[0].event_id));
    let events = all(&store, &of_job(&job), 10).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].duplicates, 63);
    assert_eq!(store.counts(&job).pending, 1);
}

#[tokio::test]
async fn events_whose_hashes_collide_are_all_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let tuning = Tuning { dedupe_hash: |_| u64::MAX, ..Tuning::default() };
    let store = Store::open_tuned(folder.path(), options(), tuning).expect("opens");
    let job = add_job(&store, "one").await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(ingest(&store, &job, name).await);
    }
    for (name, id) in ["a", "b", "c"].into_iter().zip(&ids) {
        let again = store.ingest(event(&job, name)).await.expect("stored");
        assert_eq!(again, Ingested { event_id: *id, duplicate: true });
    }
    assert_eq!(all(&store, &of_job(&job), 10).await.len(), 3);
}

#[tokio::test]
async fn an_event_that_is_not_wanted_is_skipped_at_once() {
    let (_folder, store, job) = with_job().await;
    let id = store.ingest(NewEvent { wanted: false, ..event(&job, "evt_1") }).await.expect("stored").event_id;
    let detail = store.event(&job, id).await.expect("the event");
    assert_eq!((detail.row.status, detail.row.reason), (EventStatus::Skipped, Some(SkipReason::Filtered)));
    assert!(detail.attempts.is_empty());
    assert!(store.due_events(&job, None, NOON, 10, u64::MAX).await.expect("due").is_empty());
    store.replay(&job, id).await.expect("replayed");
    assert_eq!(store.due_events(&job, None, NOON, 10, u64::MAX).await.expect("due").len(), 1);
}
