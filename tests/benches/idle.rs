//! What Hookline costs while nothing happens.

use std::time::Duration;

use anyhow::Result;
use hookline_tests::process::Hookline;
use serde_json::json;

use crate::Effort;
use crate::folder;
use crate::load::{Shape, Target, send_all};
use crate::program::{cpu, megabytes, memory};
use crate::report::{Goal, Report, Row};

/// How long what was done is left to settle.
const SETTLE: Duration = Duration::from_secs(10);

/// Memory in MB, and the share of one processor in percent, over half a minute.
pub(crate) async fn cost(pid: u32, effort: &Effort) -> Result<(f64, f64)> {
    let watched = Duration::from_secs(effort.events(30) as u64);
    tokio::time::sleep(SETTLE).await;
    let before = cpu(pid)?;
    tokio::time::sleep(watched).await;
    let used = cpu(pid)?.saturating_sub(before);
    Ok((megabytes(memory(pid)?), used.as_secs_f64() / watched.as_secs_f64() * 100.0))
}

pub(crate) async fn measure(report: &mut Report, effort: &Effort) -> Result<()> {
    let folder = folder::passing()?;
    let hookline = Hookline::start(folder.path()).await;
    let (memory, cpu) = cost(hookline.pid(), effort).await?;
    report.add(Row::value("idle", "idle, fresh: memory", memory, "MB").goal(Goal::AtMost(50.0)));
    report.add(Row::value("idle CPU", "idle, fresh: processor", cpu, "%").goal(Goal::AtMost(0.05)));

    // Afterwards there are a dictionary, an open destination, warm caches.
    let job = hookline.job("stripe", json!({"name": "local", "kind": "local"}), json!({})).await;
    send_all(&Target::of(&job)?, &Shape::USUAL.bodies(0, effort.events(20_000))).await?;
    hookline.settled(&job).await;
    let (memory, cpu) = cost(hookline.pid(), effort).await?;
    report.add(Row::value("idle after", "idle after 20,000 webhooks: memory", memory, "MB"));
    report.add(
        Row::value("idle CPU after", "idle after 20,000 webhooks: processor", cpu, "%")
            .goal(Goal::AtMost(0.05)),
    );
    hookline.stop().await;
    Ok(())
}
