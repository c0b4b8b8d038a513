//! Receiving: durable, verified, deduplicated, against HTTP alone and against what others do.

use std::path::Path;

use anyhow::{Context as _, Result};
use hookline_tests::mongod;
use tokio::process::Command;

use crate::Effort;
use crate::folder;
use crate::load::{Shape, Target, send_all, send_over};
use crate::program::{self, Standin, cpu};
use crate::report::{Goal, Report, Row, median};

/// What one server did in all rounds.
#[derive(Debug, Default)]
struct Measured {
    rates: Vec<f64>,
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    cpu_us: Vec<f64>,
}

impl Measured {
    /// Sends, and notes what the server did and used of the processors for each event.
    async fn round(&mut self, pid: u32, target: &Target, bodies: &[Vec<u8>]) -> Result<()> {
        let before = cpu(pid)?;
        let sent = send_all(target, bodies).await?;
        let used = cpu(pid)?.saturating_sub(before);
        self.rates.push(sent.rate);
        self.p50_ms.push(sent.percentile_ms(0.5));
        self.p99_ms.push(sent.percentile_ms(0.99));
        self.cpu_us.push(used.as_secs_f64() * 1e6 / bodies.len() as f64);
        Ok(())
    }
}

/// A median, and how it is shown.
struct Medians {
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us: f64,
}

impl From<Measured> for Medians {
    fn from(of: Measured) -> Self {
        Self {
            rate: median(of.rates),
            p50_ms: median(of.p50_ms),
            p99_ms: median(of.p99_ms),
            cpu_us: median(of.cpu_us),
        }
    }
}

pub(crate) async fn measure(report: &mut Report, effort: &Effort) -> Result<()> {
    let bodies = Shape::USUAL.bodies(0, effort.events(60_000));
    let few = &bodies[..effort.events(6_000)];
    let express = express_command();
    let (mut bare, mut durable, mut single, mut others) =
        (Measured::default(), Measured::default(), Measured::default(), Measured::default());
    for _ in 0..effort.rounds {
        let server = Standin::start(&["bare"]).await?;
        bare.round(server.pid, &server.target, &bodies).await?;
        server.end().await?;

        let folder = folder::passing()?;
        let (hookline, _, target) = program::hookline(folder.path(), program::nowhere()).await?;
        durable.round(hookline.pid(), &target, &bodies).await?;
        hookline.stop().await;

        let server = Standin::start_in_folder(&["single"]).await?;
        single.round(server.pid, &server.target, few).await?;
        server.end().await?;

        if let Some(command) = &express {
            // A database of its own: in one with the events of the round before, all were duplicates.
            let mongodb = mongod::shared().await?;
            let server = Standin::start_as(command(&format!("{}{}", mongodb.uri, mongodb.name))).await?;
            others.round(server.pid, &server.target, few).await?;
            server.end().await?;
            mongodb.connect().await?.drop().await?;
        }
    }
    let (bare, durable, single) = (Medians::from(bare), Medians::from(durable), Medians::from(single));
    report.add(
        Row::ratio(
            "ingest",
            "durable ingest, 64 connections, 3.5 KB",
            "bare axum handler",
            durable.rate / bare.rate,
        )
        .goal(Goal::AtLeast(0.30))
        .figures(format!("{:.0}/s of {:.0}/s", durable.rate, bare.rate)),
    );
    report.add(
        Row::ratio("ingest p99", "its 99th percentile", "bare axum handler", durable.p99_ms / bare.p99_ms)
            .goal(Goal::AtMost(2.0))
            .figures(format!(
                "{:.1} ms of {:.1} ms; medians {:.1} and {:.1} ms",
                durable.p99_ms, bare.p99_ms, durable.p50_ms, bare.p50_ms
            )),
    );
    report.add(
        Row::ratio(
            "ingest CPU",
            "its processor time per event",
            "bare axum handler",
            durable.cpu_us / bare.cpu_us,
        )
        .goal(Goal::AtMost(5.0))
        .figures(format!("{:.0} µs of {:.0} µs", durable.cpu_us, bare.cpu_us)),
    );
    report.add(over("ingest/single", "one INSERT per transaction", &durable, &single, 6.0));
    if express.is_none() {
        eprintln!("Express was not measured: there is no Node with its packages (`cargo xtask setup`)");
        return Ok(());
    }
    let others = Medians::from(others);
    report.add(over("ingest/Express", "Express, stripe, MongoDB with j:true", &durable, &others, 18.0));
    Ok(())
}

/// How many times as fast as another way of storing.
fn over(key: &str, baseline: &str, durable: &Medians, other: &Medians, goal: f64) -> Row {
    Row::ratio(key, "durable ingest", baseline, durable.rate / other.rate).goal(Goal::AtLeast(goal)).figures(
        format!("{:.0}/s of {:.0}/s, {:.0} µs of processor each", durable.rate, other.rate, other.cpu_us),
    )
}

/// What many would write in an afternoon, where Node and its packages are there; for a URI with a database.
fn express_command() -> Option<impl Fn(&str) -> Command> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/express");
    let root = folder.ancestors().nth(3)?;
    let installed =
        ["express", "stripe", "mongodb"].iter().all(|name| root.join("node_modules").join(name).exists());
    let node = std::process::Command::new("node").arg("--version").output().ok()?;
    (installed && node.status.success()).then_some(move |uri: &str| {
        let mut command = Command::new("node");
        command.arg(folder.join("server.mjs")).env("MONGODB_URI", uri).env("NODE_ENV", "production");
        command
    })
}

/// How many of these bodies a bare handler takes per second, over so many connections.
pub(crate) async fn bare_rate(connections: usize, bodies: &[Vec<u8>]) -> Result<f64> {
    let server = Standin::start(&["bare"]).await.context("the bare handler")?;
    let sent = send_over(connections, std::slice::from_ref(&server.target), bodies).await?;
    server.end().await?;
    Ok(sent.rate)
}
