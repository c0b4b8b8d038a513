//! Two sinks, as of two processes, write the same histories into one destination at once.

use std::sync::Arc;

use anyhow::Context as _;
use hookline_engine::event::DeletePolicy;
use hookline_engine::sinks::{Outcome, Sink};
use hookline_tests::mongod::{Kind, Mongod, TestDatabase};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::support::{Event, Place, apply, document, object};

const DOCUMENTS: usize = 30;

/// What is left of a document in the end: its object, or nothing.
type End = Option<Value>;

/// The events of one object, and its end. Some seconds hold a chain of changes, and some histories end in a deletion.
fn history(random: &mut StdRng, id: &str) -> (Vec<Event>, End) {
    let text = |n: u32| format!(r#"{{"id":"{id}","n":{n}}}"#);
    let mut n = 0;
    let mut second = 1000;
    let mut events = vec![Event::created(&format!("evt_{id}_created"), id, second, &text(0))];
    for step in 0..random.random_range(1..8) {
        second += i64::from(random.random_bool(0.4));
        n += 1;
        // The ids grow neither with time nor with anything else.
        let event = format!("evt_{:04x}_{id}_{step}", random.random::<u16>());
        events.push(Event::updated(&event, id, second, &text(n)).before(&format!(r#"{{"n":{}}}"#, n - 1)));
    }
    if random.random_bool(0.4) {
        events.push(Event::deleted(&format!("evt_{id}_deleted"), id, second, None));
        if random.random_bool(0.7) {
            return (events, None);
        }
        n += 1;
        events.push(Event::created(&format!("evt_{id}_again"), id, second + 1, &text(n)));
    }
    (events, Some(json!({"id": id, "n": n})))
}

async fn write_all(
    sink: Arc<dyn Sink>,
    start: Arc<Barrier>,
    deletes: DeletePolicy,
    seed: u64,
    mut events: Vec<Event>,
) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    // Every event at least once, a third of them again.
    let again: Vec<Event> = events.iter().filter(|_| random.random_bool(0.33)).cloned().collect();
    events.extend(again);
    events.shuffle(&mut random);
    start.wait().await;
    let mut rest = events.as_slice();
    while !rest.is_empty() {
        let (mut batch, behind) = {
            let (batch, behind) = rest.split_at(random.random_range(1..=12).min(rest.len()));
            (batch.to_vec(), behind)
        };
        rest = behind;
        while !batch.is_empty() {
            let outcomes = apply(&*sink, deletes, &batch).await?;
            let mut retried = Vec::new();
            for (event, outcome) in batch.into_iter().zip(outcomes) {
                match outcome {
                    Outcome::Completed { .. } | Outcome::Stale { .. } => {}
                    Outcome::Retry { .. } => retried.push(event),
                    rejected @ Outcome::Reject { .. } => anyhow::bail!("{rejected:?}"),
                }
            }
            batch = retried;
        }
    }
    Ok(())
}

async fn race(place: &Place, deletes: DeletePolicy, seed: u64) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut events = Vec::new();
    let mut ends = Vec::new();
    for number in 0..DOCUMENTS {
        let id = format!("doc{number}");
        let (told, end) = history(&mut random, &id);
        events.extend(told);
        ends.push((id, end));
    }
    let start = Arc::new(Barrier::new(2));
    let writers = futures_util::future::try_join_all([1, 2].map(|writer| {
        let (start, events) = (Arc::clone(&start), events.clone());
        async move {
            let sink = place.open().await?;
            let task = write_all(sink, start, deletes, seed * 10 + writer, events);
            tokio::spawn(task).await.context("the writer stopped")?
        }
    }));
    writers.await?;

    let sink = place.open().await?;
    for (id, end) in ends {
        let found = document(&*sink, &id).await?;
        let is_deleted = found.as_ref().is_none_or(|found| found["_sync_metadata"]["deleted"] == true);
        assert_eq!(is_deleted, end.is_none(), "seed {seed}, {id}: {found:?}");
        if let Some(end) = end {
            assert_eq!(object(&*sink, &id).await?, Some(end), "seed {seed}, {id}: {found:?}");
            assert_eq!(found.context("it is there")?["_sync_metadata"].get("ambiguous"), None);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_into_one_file_end_in_the_newest_states() -> anyhow::Result<()> {
    for (seed, deletes) in [(1, DeletePolicy::Hard), (2, DeletePolicy::Soft)] {
        race(&Place::local()?, deletes, seed).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_of_one_mongodb_end_in_the_newest_states() -> anyhow::Result<()> {
    for seed in 1..=4 {
        race(&Place::mongodb().await?, DeletePolicy::Hard, seed).await?;
    }
    race(&Place::mongodb().await?, DeletePolicy::Soft, 5).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_of_one_replica_set_end_in_the_newest_states() -> anyhow::Result<()> {
    let server = Mongod::start(Kind::ReplicaSet).await?;
    for (seed, deletes) in [(6, DeletePolicy::Hard), (7, DeletePolicy::Soft)] {
        let place = Place::Mongodb(TestDatabase { uri: server.uri(None), name: format!("race{seed}") });
        assert!(place.open().await?.check().await?.contains("replica set rs0"));
        race(&place, deletes, seed).await?;
    }
    Ok(())
}

/// A writer of one thousand documents at once, into several collections, with two connections.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_batch_is_written_whole_and_only_once() -> anyhow::Result<()> {
    for place in [Place::local()?, Place::mongodb().await?] {
        let sink = place.open().await?;
        let events: Vec<Event> = (0..1500)
            .map(|n| {
                let id = format!("doc{n:04}");
                Event::created(&format!("evt_{n}"), &id, 1, &format!(r#"{{"id":"{id}","n":{n}}}"#))
            })
            .collect();
        for _ in 0..2 {
            let outcomes = apply(&*sink, DeletePolicy::Hard, &events).await?;
            assert!(outcomes.iter().all(|outcome| *outcome == super::support::completed()));
        }
        let browse = sink.browse().context("the destination holds documents")?;
        assert_eq!(browse.collections().await?[0].documents, 1500);
        assert_eq!(object(&*sink, "doc1499").await?, Some(json!({"id": "doc1499", "n": 1499})));
    }
    Ok(())
}
