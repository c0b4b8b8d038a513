//! What a clock that jumps does to what is stored.

use super::*;

const HOUR_MS: i64 = 3_600_000;

fn days(days: i64) -> Timestamp {
    NOON.plus_millis(days * DAY_MS)
}

/// An event without a time of its provider's, received and completed at `at`.
async fn completed_at(store: &Store, job: &JobId, id: &str, at: Timestamp) -> EventId {
    let head = EventHead { occurred_at: None, ..head(id) };
    let id = store.ingest(NewEvent { head, ..event_at(job, id, at) }).await.expect("stored").event_id;
    settle_at(store, job, id, Settled::Completed, at).await;
    id
}

async fn settle_at(store: &Store, job: &JobId, id: EventId, settled: Settled, at: Timestamp) {
    let outcome = EventOutcome { event_id: id, settled, answer: None };
    store.record_execution(job, at, at, None, vec![outcome]).await.expect("recorded");
}

async fn left_after(store: &Store, now: Timestamp) -> Vec<EventId> {
    clean_up(store, now).await;
    all(store, &EventFilter::default(), 100).await.into_iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn ids_grow_in_the_order_of_receipt_and_duplicates_stay_duplicates_whatever_the_clock_does() {
    let (_folder, store, job) = with_job().await;
    let mut ids = Vec::new();
    for (number, day) in [0, 365, -1, -10_000, 1, 0, 3_000].into_iter().enumerate() {
        let id = format!("evt_{number}");
        let stored = store.ingest(event_at(&job, &id, days(day))).await.expect("stored");
        assert!(!stored.duplicate);
        let again = store.ingest(event_at(&job, &id, days(-day - 1))).await.expect("stored");
        assert!(again.duplicate && again.event_id == stored.event_id);
        ids.insert(0, stored.event_id);
    }
    assert!(ids.is_sorted_by(|newer, older| newer > older));
    let listed: Vec<_> = all(&store, &of_job(&job), 2).await.into_iter().map(|row| row.id).collect();
    assert_eq!(listed, ids);
    trouble::counters_are_exact(&store).await;
}

#[tokio::test]
async fn what_came_in_while_the_clock_was_behind_is_as_young_as_what_came_before_it() {
    let (_folder, store, job) = with_job().await;
    let old = completed_at(&store, &job, "old", days(-40)).await;
    let young = completed_at(&store, &job, "young", days(-2)).await;
    let behind = completed_at(&store, &job, "behind", days(-365)).await;
    assert_eq!(left_after(&store, NOON).await, [behind, young], "of three {old} is the only old one");
    assert_eq!(left_after(&store, days(27)).await, [behind, young]);
    assert_eq!(left_after(&store, days(40)).await, []);
    trouble::counters_are_exact(&store).await;
}

#[tokio::test]
async fn a_time_of_the_providers_proves_that_the_clock_was_behind() {
    let (_folder, store, job) = with_job().await;
    // The head says that it happened at noon; a time that is still to come proves nothing.
    let behind = store.ingest(event_at(&job, "behind", days(-365))).await.expect("stored").event_id;
    settle(&store, &job, behind, Settled::Completed).await;
    let odd = EventHead { occurred_at: Some(days(9_000)), ..head("odd") };
    let odd = store.ingest(NewEvent { head: odd, ..event_at(&job, "odd", days(-365)) }).await;
    settle(&store, &job, odd.expect("stored").event_id, Settled::Completed).await;
    assert_eq!(left_after(&store, days(1)).await, [behind]);
    assert_eq!(left_after(&store, days(32)).await, []);
}

#[tokio::test]
async fn what_came_in_while_the_clock_was_ahead_stays_and_keeps_nothing_else() {
    let (_folder, store, job) = with_job().await;
    completed_at(&store, &job, "before", NOON).await;
    let mut ahead = Vec::new();
    for number in 0..300 {
        ahead.insert(0, completed_at(&store, &job, &format!("ahead_{number}"), days(365)).await);
    }
    completed_at(&store, &job, "after", days(1)).await;
    assert_eq!(left_after(&store, days(40)).await, ahead);
    let executions = store.executions(ExecutionFilter::default(), None, 1000).await.expect("listed");
    assert_eq!(executions.len(), 300, "those that were too old are gone, whatever stood before them");
    assert_eq!(left_after(&store, days(400)).await, []);
    trouble::counters_are_exact(&store).await;
}

#[tokio::test]
async fn a_retry_waits_an_hour_longer_at_most_when_the_clock_is_set_back() {
    let (_folder, store, job) = with_job().await;
    let due = async |now: Timestamp| {
        let events = store.due_events(&job, None, now, 10, u64::MAX).await.expect("read");
        events.into_iter().map(|event| event.id).collect::<Vec<_>>()
    };
    let soon = ingest(&store, &job, "soon").await;
    settle_at(&store, &job, soon, failed(Some(NOON.plus_millis(2_000))), NOON).await;
    let asked = ingest(&store, &job, "asked").await;
    settle_at(&store, &job, asked, failed(Some(NOON.plus_millis(20 * HOUR_MS))), NOON).await;
    assert_eq!(due(NOON).await, []);
    assert_eq!(due(NOON.plus_millis(2_000)).await, [soon]);
    assert_eq!(due(days(-365)).await, [soon, asked], "both were written by a clock that was ahead");
    assert_eq!(due(NOON.plus_millis(-2 * HOUR_MS)).await, [soon, asked]);
    assert_eq!(due(days(7)).await, [soon, asked], "after a week asleep");
}

#[tokio::test]
async fn what_was_received_while_the_clock_was_ahead_is_not_of_today() {
    let (_folder, store, job) = with_job().await;
    for (number, at) in [days(365), NOON, days(1), days(-1), NOON].into_iter().enumerate() {
        store.ingest(event_at(&job, &format!("evt_{number}"), at)).await.expect("stored");
    }
    let workspace = WorkspaceId::default_workspace();
    let midnight = NOON.plus_millis(-12 * HOUR_MS);
    let day = midnight..midnight.plus_millis(DAY_MS);
    let overview = store.overview(&workspace, day, NOON).await.expect("read");
    assert_eq!((overview[0].today, overview[0].last_hour[59]), (2, 2));
}
