//! Data directories with long histories. They take long to make, so they are kept in `target/bench` and used again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use futures_util::StreamExt as _;
use hookline_engine::event::{Clock as _, EventId, JobId, RawRequest, SkipReason, SystemClock, Timestamp};
use hookline_engine::providers::{self, Provider, Reading, samples};
use hookline_engine::store::{EventOutcome, NewEvent, Settled, Store, StoreOptions};
use hookline_tests::process::Hookline;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::folder;

/// Raised whenever what is stored changes, so that older ones are not used any more.
const FORMAT: u32 = 1;
/// How many different bodies there are; ids are put in anew.
const BODIES: usize = 20_000;
/// How many requests wait to be stored at once.
const AT_ONCE: usize = 512;
/// After how many events their outcomes are recorded.
const BATCH: usize = 2_000;
const URL: &str = "https://hooks.example.com/api/webhooks/default/job";

/// Over how long the events were received.
const SPREAD_MS: i64 = 25 * 24 * 60 * 60 * 1000;

/// A data directory, and its one job.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) folder: PathBuf,
    pub(crate) job: JobId,
    /// When the first event was received. The directory may have been made weeks ago, so that nothing is to be counted back
    /// from now.
    pub(crate) begin: Timestamp,
}

/// Written into the directory last of all.
#[derive(Debug, Serialize, Deserialize)]
struct Finished {
    job: String,
    begin: String,
}

impl Finished {
    /// `None` where there is none, or one of an older form.
    fn read(path: &Path) -> Option<(JobId, Timestamp)> {
        let Self { job, begin } = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        Some((JobId::new(job), Timestamp::parse(&begin)?))
    }
}

/// The directory with so many events: of all types of Stripe's, received over the 25 days before it was made, most of them
/// completed.
pub(crate) async fn with(count: usize) -> Result<Stored> {
    let folder = folder::kept()?.join(format!("stored-{FORMAT}-{count}"));
    let finished = folder.join("finished");
    if let Some((job, begin)) = Finished::read(&finished) {
        return Ok(Stored { folder, job, begin });
    }
    eprintln!("storing {count} events in {}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let (job, secret) = {
        let hookline = Hookline::start(&folder).await;
        let config = json!({"webhookConfig": {"retentionDays": 36_500, "eventTypes": ["customer.*", "invoice.*", "charge.*"]}});
        let job = hookline.job("stripe", json!({"name": "local", "kind": "local"}), config).await;
        hookline.stop().await;
        (JobId::new(job.id), job.secret)
    };
    let store = open(&folder).await?;
    let begin = SystemClock.now().plus_millis(-SPREAD_MS);
    fill(&store, &job, &secret, count, begin).await?;
    until_indexed(&folder, count).await?;
    store.close().await;
    let written = Finished { job: job.as_str().to_owned(), begin: begin.to_rfc3339() };
    std::fs::write(&finished, serde_json::to_vec(&written)?)?;
    Ok(Stored { folder, job, begin })
}

/// Opens a directory's store.
pub(crate) async fn open(folder: &Path) -> Result<Store> {
    let folder = folder.to_owned();
    let options = StoreOptions { clock: Arc::new(SystemClock), queue_length: 1024, rejected_per_job: 500 };
    Ok(tokio::task::spawn_blocking(move || Store::open(&folder, options)).await??)
}

/// Verified, read and stored as the receiver does it.
pub(crate) async fn ingest(
    store: &Store,
    job: &JobId,
    provider: &dyn Provider,
    secret: &str,
    body: Vec<u8>,
    event_type: &str,
    received_at: Timestamp,
) -> Result<EventId> {
    let headers = provider.sign(URL, &body, event_type, secret, received_at);
    let request = RawRequest {
        method: "POST".to_owned(),
        url: URL.to_owned(),
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.into_bytes()))
            .collect(),
        body: Bytes::from(body),
        received_at,
    };
    let request = providers::verify(provider, request, None, &[secret], received_at, None)
        .map_err(|refused| anyhow::anyhow!("a sample was refused: {}", refused.1))?;
    let Reading::Event(head) = provider.read(request.request(), &request.request().body)? else {
        anyhow::bail!("a sample is no event")
    };
    let event = NewEvent { job_id: job.clone(), request, head, wanted: true };
    Ok(store.ingest(event).await?.event_id)
}

/// A sample in two parts: what stands before its id's number and what behind it.
struct Template {
    event_type: String,
    before: Vec<u8>,
    behind: Vec<u8>,
}

fn templates() -> Result<Vec<Template>> {
    let start = Timestamp::parse("2026-01-01T00:00:00Z").context("a time")?;
    samples::events("stripe", "*", BODIES, 1, start)?
        .into_iter()
        .map(|sample| {
            let event: serde_json::Value = serde_json::from_slice(&sample.body)?;
            let id = event["id"].as_str().context("an event has an id")?;
            let at =
                sample.body.windows(id.len()).position(|window| window == id.as_bytes()).context("its id")?;
            Ok(Template {
                event_type: sample.event_type,
                before: sample.body[..at].to_vec(),
                behind: sample.body[at + id.len()..].to_vec(),
            })
        })
        .collect()
}

async fn fill(store: &Store, job: &JobId, secret: &str, count: usize, begin: Timestamp) -> Result<()> {
    let provider = providers::find("stripe", None)?;
    let templates = templates()?;
    let mut stored = Vec::with_capacity(BATCH);
    for first in (0..count).step_by(BATCH) {
        let numbers = first..count.min(first + BATCH);
        let ingests = numbers.map(|number| {
            let template = &templates[number % templates.len()];
            let id = format!("evt_1{number:023}");
            let body = [&template.before, id.as_bytes(), &template.behind].concat();
            let at = begin.plus_millis((SPREAD_MS as f64 * number as f64 / count as f64) as i64);
            ingest(store, job, &*provider, secret, body, &template.event_type, at)
        });
        let mut ingests = futures_util::stream::iter(ingests).buffer_unordered(AT_ONCE);
        while let Some(id) = ingests.next().await {
            stored.push(id?);
        }
        record(store, job, &stored, begin).await?;
        stored.clear();
        if first % 500_000 == 0 && first > 0 {
            eprintln!("  {first} events are stored");
        }
        if first == 0 {
            // The source's dictionary is trained from the first ones, as it is in real use.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    Ok(())
}

/// One in a hundred fails, one in ten is stale, a few stay pending at the very end.
async fn record(store: &Store, job: &JobId, stored: &[EventId], at: Timestamp) -> Result<()> {
    let outcome = |id: &EventId| EventOutcome {
        event_id: *id,
        settled: match id.0 % 100 {
            0 => Settled::Failed {
                error: "the destination refused the document".to_owned(),
                next_attempt_at: None,
            },
            1..=10 => Settled::Skipped { reason: SkipReason::Stale, detail: Some("evt_newer".to_owned()) },
            _ => Settled::Completed,
        },
        answer: None,
    };
    let outcomes = stored.iter().filter(|id| id.0 % 1_000 != 11).map(outcome).collect();
    store.record_execution(job, at, at, None, outcomes).await?;
    Ok(())
}

async fn until_indexed(folder: &Path, count: usize) -> Result<()> {
    let index = rusqlite::Connection::open(folder.join("search.db"))?;
    index.busy_timeout(Duration::from_secs(5))?;
    let begun = std::time::Instant::now();
    let mut told = 0;
    loop {
        let upto: i64 = index.query_row("SELECT indexed_upto FROM progress", [], |row| row.get(0))?;
        if upto >= count as i64 {
            return Ok(());
        }
        if upto / 500_000 > told {
            told = upto / 500_000;
            eprintln!("  {upto} events are indexed");
        }
        ensure!(begun.elapsed() < Duration::from_hours(4), "the search index does not come to an end");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
