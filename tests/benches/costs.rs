//! How costs grow with the number of jobs and with the size of events.

use anyhow::Result;
use hookline_tests::process::{Hookline, Job, text};
use serde_json::json;

use crate::Effort;
use crate::folder;
use crate::idle;
use crate::ingest::bare_rate;
use crate::load::{CONNECTIONS, Shape, Target, send_over};
use crate::program;
use crate::report::{Report, Row};

/// One source and one destination, and so many jobs between them.
async fn jobs(hookline: &Hookline, count: usize) -> Result<Vec<Target>> {
    let first = hookline.job("stripe", program::nowhere(), json!({})).await;
    let made = hookline.get(&format!("/workspaces/default/sync-jobs/{}", first.id)).await;
    let mut jobs = vec![first];
    while jobs.len() < count {
        let body = json!({
            "name": format!("job {}", jobs.len()), "type": "webhook", "enabled": true,
            "sourceId": made["sourceId"], "destinationId": made["destinationId"],
        });
        let job = hookline.post("/workspaces/default/sync-jobs", body).await;
        jobs.push(Job {
            id: text(&job["id"]),
            url: text(&job["webhookUrl"]),
            secret: text(&job["webhookSecret"]),
        });
    }
    jobs.iter().map(Target::of).collect()
}

pub(crate) async fn of_jobs(report: &mut Report, effort: &Effort) -> Result<()> {
    let count = effort.events(30_000);
    let mut base: Option<(f64, f64)> = None;
    for number in [1, 10, effort.events(1_000)] {
        let folder = folder::passing()?;
        let hookline = Hookline::start(folder.path()).await;
        let targets = jobs(&hookline, number).await?;
        let (memory, cpu) = idle::cost(hookline.pid(), effort).await?;
        // All are of one source.
        program::warm_up(&targets[0]).await?;
        let rate = send_over(CONNECTIONS, &targets, &Shape::USUAL.bodies(0, count)).await?.rate;
        hookline.stop().await;
        let Some((base_rate, base_memory)) = base else {
            base = Some((rate, memory));
            continue;
        };
        report.add(
            Row::ratio(
                &format!("ingest {number} jobs"),
                &format!("durable ingest spread over {number} jobs"),
                "into one job",
                rate / base_rate,
            )
            .figures(format!("{rate:.0}/s of {base_rate:.0}/s")),
        );
        report.add(
            Row::ratio(
                &format!("idle {number} jobs"),
                &format!("idle memory with {number} jobs"),
                "with one job",
                memory / base_memory,
            )
            .figures(format!("{memory:.0} MB of {base_memory:.0} MB, {cpu:.2} % of a processor")),
        );
    }
    Ok(())
}

pub(crate) async fn of_sizes(report: &mut Report, effort: &Effort) -> Result<()> {
    for (bytes, name) in
        [(512, "0.5 KB"), (3_500, "3.5 KB"), (32_000, "32 KB"), (256_000, "256 KB"), (4_000_000, "4 MB")]
    {
        // A large body counts by its bytes: fewer of them, over as many connections as their memory allows.
        let count = effort.events((600_000_000 / bytes).clamp(100, 40_000)).max(20);
        let connections = (64_000_000 / bytes).clamp(8, CONNECTIONS);
        let bodies = Shape { bytes, ..Shape::USUAL }.bodies(0, count);
        let bare = bare_rate(connections, &bodies).await?;
        let folder = folder::passing()?;
        let (hookline, _, target) = program::hookline(folder.path(), program::nowhere()).await?;
        let rate = send_over(connections, std::slice::from_ref(&target), &bodies).await?.rate;
        hookline.stop().await;
        report.add(
            Row::ratio(
                &format!("ingest {name}"),
                &format!("durable ingest of {name} events"),
                "bare axum handler",
                rate / bare,
            )
            .figures(format!("{rate:.0}/s of {bare:.0}/s, {:.0} MB/s", rate * bytes as f64 / 1e6)),
        );
    }
    Ok(())
}
