//! Pages and figures, compared with a naive model.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;
use crate::event::TypePatterns;

const TYPES: [&str; 4] = ["customer.created", "customer.deleted", "invoice.paid", "odd"];

#[derive(Debug, Clone)]
struct Step {
    job: usize,
    kind: usize,
    object: u8,
    what: u8,
    minutes: i64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // The clock jumps in both directions.
    let step = (0..2_usize, 0..4_usize, 0..3_u8, 0..8_u8, -3000..3000_i64)
        .prop_map(|(job, kind, object, what, minutes)| Step { job, kind, object, what, minutes });
    prop::collection::vec(step, 1..60)
}

fn filters() -> impl Strategy<Value = EventFilter> {
    let statuses = prop::collection::vec(prop::sample::select(EventStatus::ALL.to_vec()), 0..3);
    let patterns =
        prop::collection::vec(prop::sample::select(vec!["customer.*", "*.deleted", "odd", "none"]), 0..3);
    let time =
        || prop::option::of((-3500..3500_i64).prop_map(|minutes| NOON.plus_millis(minutes * 60_000 + 17)));
    let after = prop::option::of((0..70_i64).prop_map(EventId));
    let order = prop::sample::select(vec![Order::NewestFirst, Order::OldestFirst]);
    let object = prop::option::of(0..3_u8);
    (prop::option::of(0..2_usize), statuses, patterns, time(), time(), object, after, order).prop_map(
        |(job, statuses, patterns, from, to, object, after, order)| EventFilter {
            workspace_id: None,
            job_id: job.map(|job| JobId::new(format!("job-{}", ["one", "two"][job]))),
            statuses,
            types: TypePatterns::new(patterns),
            text: None,
            from,
            to,
            object_id: object.map(|object| format!("cus_{object}")),
            after,
            order,
        },
    )
}

async fn run(store: &Store, jobs: &[JobId; 2], steps: &[Step]) {
    for (number, step) in steps.iter().enumerate() {
        let job = &jobs[step.job];
        let received_at = NOON.plus_millis(step.minutes * 60_000);
        let head = EventHead {
            event_type: TYPES[step.kind].to_owned(),
            object_id: Some(format!("cus_{}", step.object)),
            ..head(&format!("evt_{number}"))
        };
        let raw = request("{}", received_at);
        if step.what == 0 {
            let request = NewRejected {
                job_id: job.clone(),
                request: raw,
                head: Some(head),
                rejection: Rejection::Signature,
                error: "no".to_owned(),
            };
            store.keep_rejected(request);
            continue;
        }
        let new =
            NewEvent { job_id: job.clone(), request: Verified::vouched(raw), head, wanted: step.what != 1 };
        let id = store.ingest(new).await.expect("stored").event_id;
        match step.what {
            2 => settle(store, job, id, Settled::Completed).await,
            3 => settle(store, job, id, failed(None)).await,
            4 => {
                settle(store, job, id, failed(Some(NOON))).await;
                settle(store, job, id, Settled::Skipped { reason: SkipReason::Stale, detail: None }).await;
            }
            5 => {
                settle(store, job, id, Settled::Completed).await;
                store.replay(job, id).await.expect("replayed");
            }
            6 => {
                settle(store, job, id, failed(Some(NOON.plus_millis(1000)))).await;
            }
            _ => {}
        }
    }
}

fn wanted(filter: &EventFilter, row: &EventRow) -> bool {
    filter.job_id.as_ref().is_none_or(|job| *job == row.job_id)
        && (filter.statuses.is_empty() || filter.statuses.contains(&row.status))
        && filter.types.matches(&row.head.event_type)
        && filter.from.is_none_or(|from| from <= row.received_at)
        && filter.to.is_none_or(|to| row.received_at < to)
        && filter.object_id.as_ref().is_none_or(|id| Some(id) == row.head.object_id.as_ref())
        && filter.after.is_none_or(|after| row.id > after)
}

#[test]
fn pages_counters_and_figures_agree_with_a_naive_model() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() });
    let strategy = (steps(), prop::collection::vec((filters(), 1..9_u32), 12));
    let outcome = runner.run(&strategy, |(steps, filters)| {
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let store = open_in(folder.path());
            let jobs = [add_job(&store, "one").await, add_job(&store, "two").await];
            run(&store, &jobs, &steps).await;
            // Behind the last rejected one in the queue.
            ingest(&store, &jobs[0], "last").await;
            trouble::counters_are_exact(&store).await;
            let everything = all(&store, &EventFilter::default(), 1000).await;
            assert!(everything.is_sorted_by(|a, b| a.id > b.id));
            let counts = jobs.iter().map(|job| store.counts(job));
            let counted: u64 =
                counts.map(|c| c.pending + c.completed + c.failed + c.skipped + c.rejected).sum();
            assert_eq!(everything.len() as u64, counted);
            for (filter, limit) in &filters {
                let mut expected: Vec<_> =
                    everything.iter().filter(|row| wanted(filter, row)).cloned().collect();
                if filter.order == Order::OldestFirst {
                    expected.reverse();
                }
                assert_eq!(all(&store, filter, *limit).await, expected, "{filter:?}");
            }
            for job in &jobs {
                for since in [NOON, NOON.plus_millis(-90_000), NOON.plus_millis(61_234)] {
                    let expected = everything
                        .iter()
                        .filter(|row| row.job_id == *job && row.status != EventStatus::Rejected)
                        .filter(|row| row.received_at >= since)
                        .count();
                    assert_eq!(store.received_since(job, since).await.expect("counted"), expected as u64);
                }
                let due = store.due_events(job, None, NOON, 1000, u64::MAX).await.expect("due");
                let mut expected: Vec<_> = everything
                    .iter()
                    .filter(|row| row.job_id == *job)
                    .filter(|row| {
                        row.status == EventStatus::Pending || row.next_attempt_at.is_some_and(|at| at <= NOON)
                    })
                    .map(|row| row.id)
                    .collect();
                expected.sort_unstable();
                assert_eq!(due.into_iter().map(|event| event.id).collect::<Vec<_>>(), expected);
            }
        });
        Ok(())
    });
    outcome.expect("they agree");
}

#[tokio::test]
async fn due_events_are_limited_in_number_and_bytes_but_never_to_none() {
    let (_folder, store, job) = with_job().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(ingest(&store, &job, &format!("evt_{number}")).await);
    }
    let due = async |after, limit, bytes| {
        let due = store.due_events(&job, after, NOON, limit, bytes).await.expect("due");
        due.into_iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(due(None, 2, u64::MAX).await, ids[..2]);
    assert_eq!(due(Some(ids[1]), 10, u64::MAX).await, ids[2..]);
    assert_eq!(due(None, 10, 1).await, ids[..1]);
    settle(&store, &job, ids[0], failed(Some(NOON.plus_millis(5)))).await;
    assert_eq!(store.next_attempt_at(&job).await.expect("read"), Some(NOON.plus_millis(5)));
    assert_eq!(due(None, 1, u64::MAX).await, ids[1..2]);
}

#[tokio::test]
async fn an_outage_is_one_execution() {
    let (_folder, store, job) = with_job().await;
    let down = async |minutes: i64, text: &str| {
        let at = NOON.plus_millis(minutes * 60_000);
        store.record_execution(&job, at, at, Some(text.to_owned()), Vec::new()).await.expect("recorded")
    };
    let first = down(0, "refused").await;
    assert_eq!(down(1, "timed out").await, first);
    let id = ingest(&store, &job, "evt_1").await;
    settle(&store, &job, id, Settled::Completed).await;
    let second = down(2, "refused").await;
    let executions = store.executions(executions_of(&job), None, 10).await.expect("executions");
    assert_eq!(executions.len(), 3);
    assert_eq!(executions[0].id, second);
    assert_eq!((executions[1].events, executions[1].completed), (1, 1));
    assert_eq!(executions[2].error.as_deref(), Some("timed out"));
    assert_eq!(executions[2].finished_at, NOON.plus_millis(60_000));
    let older = store.executions(executions_of(&job), Some(executions[1].id), 10).await.expect("executions");
    assert_eq!(older.iter().map(|execution| execution.id).collect::<Vec<_>>(), [first]);
}

fn executions_of(job: &JobId) -> ExecutionFilter {
    ExecutionFilter { job_id: Some(job.clone()), ..ExecutionFilter::default() }
}

#[tokio::test]
async fn executions_of_all_jobs_are_one_list_of_which_the_failed_ones_can_be_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open_in(folder.path());
    let jobs = [add_job(&store, "one").await, add_job(&store, "two").await, add_job(&store, "three").await];
    let mut written = Vec::new();
    for number in 0..30_usize {
        let job = &jobs[number % 3];
        let event_id = ingest(&store, job, &format!("evt_{number}")).await;
        let fails = number % 4 == 0;
        let settled = if fails { failed(None) } else { Settled::Completed };
        let outcome = EventOutcome { event_id, settled, answer: None };
        let id = store.record_execution(job, NOON, NOON, None, vec![outcome]).await.expect("recorded");
        written.push((id, job.clone(), fails));
    }
    written.reverse();
    store.delete_sync_job(&WorkspaceId::default_workspace(), &jobs[2]).await.expect("deleted");
    let workspace_id = Some(WorkspaceId::default_workspace());
    for job_id in [None, Some(jobs[1].clone())] {
        for failed_only in [false, true] {
            let filter =
                ExecutionFilter { workspace_id: workspace_id.clone(), job_id: job_id.clone(), failed_only };
            let mut found = Vec::new();
            let mut cursor = None;
            loop {
                let page = store.executions(filter.clone(), cursor, 4).await.expect("a page");
                cursor = page.last().map(|last| last.id);
                found.extend(page.into_iter().map(|execution| (execution.id, execution.job_id)));
                if cursor.is_none() {
                    break;
                }
            }
            let expected: Vec<_> = written
                .iter()
                .filter(|(_, job, fails)| *job != jobs[2] && (*fails || !failed_only))
                .filter(|(_, job, _)| job_id.as_ref().is_none_or(|wanted| wanted == job))
                .map(|(id, job, _)| (*id, job.clone()))
                .collect();
            assert_eq!(found, expected, "{filter:?}");
        }
    }
    let elsewhere =
        ExecutionFilter { workspace_id: Some(WorkspaceId::new("other")), ..ExecutionFilter::default() };
    assert!(store.executions(elsewhere, None, 10).await.expect("a page").is_empty());
}

#[tokio::test]
async fn retry_failed_takes_all_failed_events_and_wakes_the_worker() {
    let (_folder, store, job) = with_job().await;
    let mut outcomes = Vec::new();
    for number in 0..1100 {
        let event_id = ingest(&store, &job, &format!("evt_{number}")).await;
        outcomes.push(EventOutcome { event_id, settled: failed(None), answer: None });
    }
    store.record_execution(&job, NOON, NOON, None, outcomes).await.expect("recorded");
    let arrivals = store.arrivals(&job);
    let arrived = arrivals.notified();
    arrived.await;
    let mut changes = store.changes();
    assert_eq!(store.retry_failed(&job).await.expect("retried"), 1100);
    arrivals.notified().await;
    assert_eq!(changes.recv().await.expect("a change"), Change::Events { job_id: job.clone() });
    assert_eq!(store.counts(&job), Counts { pending: 1100, ..Counts::default() });
}

#[tokio::test]
async fn requests_compressed_with_a_dictionary_come_back_after_a_restart() {
    let (folder, store, job) = with_job().await;
    let mut last = EventId(0);
    for number in 0..600 {
        last = ingest(&store, &job, &format!("evt_{number}")).await;
    }
    let source = store.inner.live.job(&job).expect("the job").source.load_full();
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while source.dictionary.load().is_none() {
        assert!(std::time::Instant::now() < deadline, "a dictionary is trained");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let id = ingest(&store, &job, "evt_with").await;
    let size = async |id: EventId| {
        let sql = "SELECT length(frame), dictionary_id FROM webhook_bodies WHERE event_id = ?1";
        store
            .read(move |_, connection| {
                let read =
                    |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?));
                Ok(connection.query_row(sql, [id.0], read)?)
            })
            .await
            .expect("read")
    };
    let ((with, used), (without, _)) = (size(id).await, size(EventId(1)).await);
    assert!(used.is_some() && with < without, "{with} bytes with it, {without} without");
    store.close().await;
    let store = open_in(folder.path());
    for id in [id, last, EventId(1)] {
        let detail = store.event(&job, id).await.expect("the event");
        let expected = event(&job, &detail.row.head.provider_event_id).request.into_request();
        assert_eq!(detail.request, expected);
    }
}
