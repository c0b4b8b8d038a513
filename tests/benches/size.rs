//! How much room events take, against raw bodies under the same indexes.

use std::time::Duration;

use anyhow::Result;
use hookline_engine::event::{Clock as _, JobId, SystemClock, Timestamp};
use hookline_engine::providers::{self, samples};
use hookline_tests::process::Hookline;
use rusqlite::Connection;
use serde_json::json;

use crate::Effort;
use crate::folder;
use crate::program::megabytes;
use crate::report::{Goal, Report, Row};
use crate::stored;

/// Realistic events, mixed: of Stripe's lives of customers, of Close's leads, and some of GitHub's.
const MIX: [(&str, usize); 3] = [("stripe", 60_000), ("close", 30_000), ("github", 10_000)];

pub(crate) async fn measure(report: &mut Report, effort: &Effort) -> Result<()> {
    let folder = folder::passing()?;
    let mut jobs = Vec::new();
    {
        let hookline = Hookline::start(folder.path()).await;
        for (kind, count) in MIX {
            let job = hookline.job(kind, json!({"name": kind, "kind": "local"}), json!({})).await;
            jobs.push((kind, effort.events(count), JobId::new(job.id), job.secret));
        }
        hookline.stop().await;
    }
    let store = stored::open(folder.path()).await?;
    let raw = Connection::open(folder.path().join("raw.db"))?;
    raw.execute_batch("PRAGMA journal_mode = OFF; CREATE TABLE bodies (event_id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;")?;
    let start = Timestamp::parse("2026-01-01T00:00:00Z").unwrap_or_default();
    let mut bytes = 0;
    for (kind, count, job, secret) in &jobs {
        let provider = providers::find(kind, None)?;
        raw.execute_batch("BEGIN")?;
        // Those without lives have one event of each type: each seed gives others.
        let mut samples = (0_u64..).map(|seed| samples::events(kind, "*", (*count).min(2_000), seed, start));
        let mut stored_events = 0;
        while stored_events < *count {
            let Some(Ok(events)) = samples.next() else { anyhow::bail!("{kind} has no samples") };
            for sample in events.into_iter().take(count - stored_events) {
                bytes += sample.body.len() as u64;
                let (body, now) = (sample.body.clone(), SystemClock.now());
                let id =
                    stored::ingest(&store, job, &*provider, secret, body, &sample.event_type, now).await?;
                // A sample whose id came before is a duplicate and takes no room.
                raw.execute("INSERT OR REPLACE INTO bodies VALUES (?1, ?2)", (id.0, &sample.body))?;
                stored_events += 1;
                if stored_events == 1_500 {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
        raw.execute_batch("COMMIT")?;
    }
    store.close().await;
    let (search, count) = (
        std::fs::metadata(folder.path().join("search.db"))?.len(),
        raw.query_row("SELECT count(*) FROM bodies", [], |row| row.get::<_, i64>(0))?,
    );
    drop(raw);
    let database = folder.path().join("hookline.db");
    let kept = vacuumed(&database)?;
    // The same tables and indexes, the frames replaced by the bodies as they came.
    let plain = Connection::open(&database)?;
    plain.execute("ATTACH ?1 AS raw", [folder.path().join("raw.db").to_string_lossy()])?;
    plain.execute(
        "UPDATE webhook_bodies SET frame = (SELECT body FROM raw.bodies WHERE bodies.event_id = webhook_bodies.event_id)",
        [],
    )?;
    plain.execute_batch("DETACH raw")?;
    drop(plain);
    let plain = vacuumed(&database)?;
    report.add(
        Row::ratio(
            "size",
            &format!("the store with {count} realistic events, mixed"),
            "raw bodies, the same indexes",
            kept as f64 / plain as f64,
        )
        .goal(Goal::AtMost(0.333))
        .figures(format!(
            "{:.0} MB of {:.0} MB, {:.0} bytes per event of {:.0}; the search index {:.0} more",
            megabytes(kept),
            megabytes(plain),
            kept as f64 / count as f64,
            bytes as f64 / count as f64,
            search as f64 / count as f64
        )),
    );
    Ok(())
}

/// The file's size without free pages, in bytes.
fn vacuumed(path: &std::path::Path) -> Result<u64> {
    let connection = Connection::open(path)?;
    connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
    drop(connection);
    Ok(std::fs::metadata(path)?.len())
}
