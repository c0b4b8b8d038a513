//! Events that are done again, and their neighbours.

use super::*;

#[tokio::test]
async fn many_events_are_retried_whatever_stands_between_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open_in(folder.path());
    let jobs = [add_job(&store, "one").await, add_job(&store, "two").await];
    let mut wanted = Vec::new();
    // More than one transaction takes.
    for number in 0..600_usize {
        let job = &jobs[number % 2];
        let id = ingest(&store, job, &format!("evt_{number}")).await;
        if number % 3 > 0 {
            settle(&store, job, id, failed(None)).await;
        }
        wanted.push((job.clone(), id));
    }
    wanted.push((jobs[0].clone(), EventId(1_000_000)));
    wanted.push((JobId::new("none"), wanted[1].1));
    let outcomes = store.again(Again::Retry, wanted.clone()).await.expect("runs");
    assert_eq!(outcomes.len(), wanted.len());
    for (number, outcome) in outcomes.iter().take(600).enumerate() {
        assert_eq!(outcome.is_ok(), number % 3 > 0, "{number}: {outcome:?}");
    }
    assert_eq!(outcomes[0], Err("event 1 is pending; only failed events can be retried".to_owned()));
    assert_eq!(outcomes[600], Err("event 1000000 does not exist".to_owned()));
    assert_eq!(outcomes[601], Err("sync job none does not exist".to_owned()));
    for job in &jobs {
        assert_eq!(store.counts(job), Counts { pending: 300, ..Counts::default() });
    }
}

#[tokio::test]
async fn many_events_are_replayed_but_never_rejected_ones() {
    let (_folder, store, job) = with_job().await;
    let done = ingest(&store, &job, "evt_1").await;
    settle(&store, &job, done, Settled::Completed).await;
    store.keep_rejected(rejected(&job, "{}"));
    let waiting = ingest(&store, &job, "evt_2").await;
    let refused = EventFilter { statuses: vec![EventStatus::Rejected], ..of_job(&job) };
    let refused = all(&store, &refused, 10).await[0].id;
    let wanted = [done, refused, waiting].map(|id| (job.clone(), id)).to_vec();
    let outcomes = store.again(Again::Replay, wanted).await.expect("runs");
    assert_eq!(outcomes[0], Ok(()));
    assert!(outcomes[1].as_ref().expect_err("is refused").contains("never synced"));
    assert!(outcomes[2].as_ref().expect_err("is pending").contains("still pending"));
}

#[tokio::test]
async fn an_event_knows_those_before_and_after_it_about_the_same_object() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open_in(folder.path());
    let (job, other) = (add_job(&store, "one").await, add_job(&store, "two").await);
    let about = async |job: &JobId, id: &str, object: Option<&str>| {
        let mut new = event(job, id);
        new.head.object_id = object.map(str::to_owned);
        store.ingest(new).await.expect("stored").event_id
    };
    let first = about(&job, "a", Some("cus_1")).await;
    about(&other, "b", Some("cus_1")).await;
    about(&job, "c", Some("cus_2")).await;
    let middle = about(&job, "d", Some("cus_1")).await;
    let without = about(&job, "e", None).await;
    let last = about(&job, "f", Some("cus_1")).await;
    let neighbours = async |id: EventId| {
        let detail = store.event(&job, id).await.expect("the event");
        (detail.previous_of_object.map(|it| it.id), detail.next_of_object.map(|it| it.id))
    };
    assert_eq!(neighbours(first).await, (None, Some(middle)));
    assert_eq!(neighbours(middle).await, (Some(first), Some(last)));
    assert_eq!(neighbours(last).await, (Some(middle), None));
    assert_eq!(neighbours(without).await, (None, None));
}

#[tokio::test]
async fn why_a_request_was_rejected_is_kept() {
    let (_folder, store, job) = with_job().await;
    for rejection in [Rejection::Signature, Rejection::Unreadable] {
        store.keep_rejected(NewRejected { rejection, ..rejected(&job, "{}") });
        let after = ingest(&store, &job, &format!("{rejection:?}")).await;
        let detail = store.event(&job, EventId(after.0 - 1)).await.expect("the rejected one");
        assert_eq!((detail.row.status, detail.row.reason), (EventStatus::Rejected, None));
        assert_eq!(detail.rejection, Some(rejection));
        assert_eq!(store.event(&job, after).await.expect("the event").rejection, None);
    }
}
