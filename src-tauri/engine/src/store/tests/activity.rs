//! What happened when, and of which types.

use super::*;

const MINUTE_MS: i64 = 60_000;

fn at(minutes: i64) -> Timestamp {
    NOON.plus_millis(minutes * MINUTE_MS)
}

fn range(from: i64, to: i64, point_minutes: i64) -> ActivityRange {
    let noon = NOON.seconds() / 60;
    ActivityRange { first_minute: noon + from, end_minute: noon + to, point_minutes }
}

async fn received(store: &Store, job: &JobId, id: &str, minute: i64) -> EventId {
    store.ingest(event_at(job, id, at(minute))).await.expect("stored").event_id
}

async fn settled_at(store: &Store, job: &JobId, id: EventId, settled: Settled, at: Timestamp) {
    let outcome = EventOutcome { event_id: id, settled, answer: None };
    store.record_execution(job, at, at, None, vec![outcome]).await.expect("recorded");
}

async fn points(store: &Store, job: Option<&JobId>, range: ActivityRange) -> Vec<Activity> {
    store.activity(&WorkspaceId::default_workspace(), job, range).await.expect("read")
}

#[tokio::test]
async fn activity_has_a_point_for_every_stretch_and_sums_up_over_jobs() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open_in(folder.path());
    let (one, two) = (add_job(&store, "one").await, add_job(&store, "two").await);
    for (number, minute) in [-10, -10, -9, -4, 0].into_iter().enumerate() {
        received(&store, &one, &format!("evt_{number}"), minute).await;
    }
    received(&store, &two, "evt_x", -10).await;
    store.keep_rejected(rejected(&two, "{}"));
    // Behind the rejected one in the queue.
    received(&store, &two, "evt_y", -30).await;
    let counts = |points: &[Activity]| points.iter().map(|point| point.received).collect::<Vec<_>>();
    let ten = range(-10, 0, 4);
    assert_eq!(ten.points(), 3);
    assert_eq!(counts(&points(&store, Some(&one), ten).await), [3, 1, 0]);
    assert_eq!(counts(&points(&store, None, ten).await), [4, 1, 0]);
    let all = points(&store, None, range(-10, 1, 1)).await;
    assert_eq!(counts(&all), [3, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    assert_eq!(all[10].rejected, 1);
    let elsewhere = store.activity(&WorkspaceId::new("other"), None, ten).await.expect("read");
    assert_eq!(elsewhere, [Activity::default(); 3]);
}

#[tokio::test]
async fn latency_counts_once_for_each_event_whenever_it_was_completed() {
    let (_folder, store, job) = with_job().await;
    let first = received(&store, &job, "evt_1", 0).await;
    let second = received(&store, &job, "evt_2", 0).await;
    let third = received(&store, &job, "evt_3", 0).await;
    settled_at(&store, &job, first, Settled::Completed, NOON.plus_millis(250)).await;
    // Failed first, completed by an attempt of its own accord: that long the sender's change took.
    settled_at(&store, &job, second, failed(Some(NOON)), NOON.plus_millis(100)).await;
    settled_at(&store, &job, second, Settled::Completed, NOON.plus_millis(750)).await;
    let skipped = Settled::Skipped { reason: SkipReason::Stale, detail: None };
    settled_at(&store, &job, third, skipped, NOON.plus_millis(900)).await;
    let expected = Activity {
        received: 3,
        completed: 2,
        failed: 1,
        skipped: 1,
        timed: 2,
        latency_ms: 1000,
        latency_ms_max: 750,
        ..Activity::default()
    };
    assert_eq!(points(&store, Some(&job), range(0, 1, 1)).await, [expected]);
    // A replay says nothing about how long a webhook takes.
    store.replay(&job, first).await.expect("replayed");
    settled_at(&store, &job, first, Settled::Completed, NOON.plus_millis(50_000)).await;
    let after = points(&store, Some(&job), range(0, 1, 1)).await[0];
    assert_eq!((after.completed, after.timed, after.latency_ms_max), (3, 2, 750));
    // Nor that of an event that was filtered out and replayed when the selection had become wider.
    let late = received(&store, &job, "evt_late", 0).await;
    let filtered = Settled::Skipped { reason: SkipReason::Filtered, detail: None };
    settled_at(&store, &job, late, filtered, NOON).await;
    store.replay(&job, late).await.expect("replayed");
    settled_at(&store, &job, late, Settled::Completed, NOON.plus_millis(59_000)).await;
    let after = points(&store, Some(&job), range(0, 1, 1)).await[0];
    assert_eq!((after.completed, after.timed, after.latency_ms_max), (4, 2, 750));
    assert_eq!(store.latencies_ms(&job).await.expect("read").len(), 1);
    // A clock that was set back gives no negative time.
    let fourth = received(&store, &job, "evt_4", 5).await;
    settled_at(&store, &job, fourth, Settled::Completed, at(2)).await;
    let back = points(&store, Some(&job), range(2, 3, 1)).await[0];
    assert_eq!((back.timed, back.latency_ms), (1, 0));
}

#[tokio::test]
async fn the_overview_tells_the_last_hour_minute_by_minute() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open_in(folder.path());
    let (one, two) = (add_job(&store, "one").await, add_job(&store, "two").await);
    for (number, minute) in [-700, -60, -59, -1, 0, 0].into_iter().enumerate() {
        received(&store, &one, &format!("evt_{number}"), minute).await;
    }
    let id = received(&store, &one, "evt_failing", -1).await;
    settled_at(&store, &one, id, failed(None), NOON).await;
    store.keep_rejected(rejected(&one, "{}"));
    received(&store, &one, "evt_last", 0).await;
    let workspace = WorkspaceId::default_workspace();
    let overview = store.overview(&workspace, at(-600)..at(840), NOON).await.expect("read");
    assert_eq!(overview.iter().map(|job| &job.job_id).collect::<Vec<_>>(), [&one, &two]);
    let busy = &overview[0];
    assert_eq!(busy.last_hour.len(), 60);
    assert_eq!((busy.last_hour[0], busy.last_hour[58], busy.last_hour[59]), (1, 2, 3));
    assert_eq!(busy.last_hour.iter().sum::<u64>(), 6);
    assert_eq!((busy.today, busy.failed_last_hour, busy.rejected_last_hour), (7, 1, 1));
    assert_eq!((busy.counts.failed, busy.last_received_at), (1, Some(NOON)));
    let idle = &overview[1];
    assert_eq!((idle.today, idle.last_received_at), (0, None));
    assert_eq!(idle.last_hour, vec![0; 60]);
}

#[tokio::test]
async fn types_are_counted_with_what_became_of_them() {
    let (_folder, store, job) = with_job().await;
    let with_type = async |id: &str, event_type: &str, minute: i64, wanted: bool| {
        let mut new = event_at(&job, id, at(minute));
        event_type.clone_into(&mut new.head.event_type);
        store.ingest(NewEvent { wanted, ..new }).await.expect("stored").event_id
    };
    with_type("a", "invoice.paid", -100, true).await;
    let completed = with_type("b", "customer.updated", -5, true).await;
    let failing = with_type("c", "customer.updated", -4, true).await;
    with_type("d", "customer.updated", -3, true).await;
    with_type("e", "customer.created", -2, false).await;
    settle(&store, &job, completed, Settled::Completed).await;
    settle(&store, &job, failing, failed(None)).await;
    store.keep_rejected(rejected(&job, "{}"));
    with_type("f", "invoice.paid", -1, true).await;
    let all = store.types(&job, None, None).await.expect("counted");
    assert!(!all.sampled);
    let counts = |received, completed, failed, skipped| TypeCounts { received, completed, failed, skipped };
    assert_eq!(
        all.types,
        [
            ("customer.updated".to_owned(), counts(3, 1, 1, 0)),
            ("invoice.paid".to_owned(), counts(2, 0, 0, 0)),
            ("customer.created".to_owned(), counts(1, 0, 0, 1)),
        ]
    );
    let later = store.types(&job, Some(at(-4)), Some(at(-1))).await.expect("counted");
    assert_eq!(
        later.types,
        [
            ("customer.updated".to_owned(), counts(2, 0, 1, 0)),
            ("customer.created".to_owned(), counts(1, 0, 0, 1)),
        ]
    );
    let before = store.types(&job, None, Some(at(-1000))).await.expect("counted");
    assert_eq!(before, TypeFigures::default());
}

#[tokio::test]
async fn where_there_are_too_many_events_the_newest_are_counted() {
    let (_folder, store, job) = with_job().await;
    for number in 0..20 {
        ingest(&store, &job, &format!("evt_{number}")).await;
    }
    let counted = async |bound: i64| {
        let job = store.inner.live.job(&job).expect("the job");
        store
            .read(move |inner, connection| {
                Ok(webhook_events::figures(&inner.live, connection, &job, None, None, bound)?)
            })
            .await
            .expect("counted")
    };
    let some = counted(7).await;
    assert_eq!((some.sampled, some.types[0].1.received), (true, 7));
    let all = counted(20).await;
    assert_eq!((all.sampled, all.types[0].1.received), (false, 20));
}

#[tokio::test]
async fn types_without_a_number_are_counted_by_their_names() {
    let (_folder, store, job) = with_job().await;
    for number in 0..3 {
        ingest(&store, &job, &format!("evt_{number}")).await;
    }
    let unnumbered = "UPDATE webhook_events SET type_id = NULL, type_text = 'odd' WHERE id > 1";
    store.change(move |writing| Ok(writing.connection.execute(unnumbered, [])?)).await.expect("changed");
    let figures = store.types(&job, None, None).await.expect("counted");
    let counts: Vec<_> =
        figures.types.iter().map(|(name, counts)| (name.as_str(), counts.received)).collect();
    assert_eq!(counts, [("odd", 2), ("customer.updated", 1)]);
}
