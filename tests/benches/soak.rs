//! An hour of everything at once: webhooks into three kinds of destination, wrong signatures, jobs that come and go with their
//! events, searches, change streams, an open UI. Nothing may grow.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::StreamExt as _;
use hookline_tests::mongod;
use hookline_tests::process::{Hookline, Job, client};
use serde_json::json;
use tokio::process::{Child, Command};

use crate::folder;
use crate::load::{Link, Shape, Target, request, send_all, send_at};
use crate::watch::{Moment, Watched};

/// Webhooks per second, into each of the jobs that stay.
const RATE: usize = 60;
/// One round of everything.
const ROUND: Duration = Duration::from_secs(10);
const STREAMS: usize = 5;

/// Runs for so long, and fails when memory, files, threads or write-ahead logs grow.
pub(crate) async fn run(for_so_long: Duration) -> Result<()> {
    let folder = folder::passing()?;
    let server = mongod::shared().await?;
    let hookline = Hookline::start(folder.path()).await;
    let mongo = json!({"name": "mongo", "kind": "mongodb", "uri": server.uri, "database": server.name});
    let destinations = [mongo, json!({"name": "local", "kind": "local"}), forwarding().await?];
    let mut jobs = Vec::new();
    for destination in destinations {
        jobs.push(hookline.job("stripe", destination, json!({})).await);
    }
    let targets: Vec<Target> = jobs.iter().map(Target::of).collect::<Result<_>>()?;
    let streams: Vec<_> = (0..STREAMS).map(|_| tokio::spawn(listen(hookline.ready.clone()))).collect();
    let browser = open_ui(&hookline.ready.ui, folder.path())?;
    if browser.is_none() {
        eprintln!("no browser was found: the UI is not open");
    }

    let mut watched = Watched::new(hookline.pid(), folder.path());
    let (begun, mut round) = (Instant::now(), 0);
    while begun.elapsed() < for_so_long {
        let each = RATE * ROUND.as_secs() as usize;
        let bodies = Shape { objects: 20_000, ..Shape::USUAL }.bodies(round * each, each);
        let sending = targets.iter().map(|target| send_at(RATE, target, &bodies));
        let (sent, others) = tokio::join!(
            futures_util::future::try_join_all(sending),
            everything_else(&hookline, &jobs, round)
        );
        sent?;
        others?;
        let moment = watched.look()?;
        if round % 6 == 0 {
            show(begun.elapsed(), &moment);
        }
        round += 1;
    }
    for job in &jobs {
        let counts = hookline.settled(job).await;
        ensure!(counts["failed"] == 0, "events failed: {counts}");
    }
    ensure!(streams.iter().all(|stream| !stream.is_finished()), "a change stream ended");
    drop(browser);
    hookline.stop().await;
    judge(&watched)
}

fn show(after: Duration, moment: &Moment) {
    eprintln!(
        "  {:>3.0} min: {:.0} MB, {} files, {} threads, WAL {:.1} MB, {:.0} s of processor",
        after.as_secs_f64() / 60.0,
        moment.memory_mb,
        moment.open_files,
        moment.threads,
        moment.wal_mb,
        moment.cpu_seconds
    );
}

fn judge(watched: &Watched) -> Result<()> {
    println!("| | after a fifth | at the end |");
    println!("|---|---|---|");
    let mut grown = Vec::new();
    let mut row = |name: &str, of: fn(&Moment) -> f64, slack: f64| {
        let (then, now) = watched.then_and_now(of);
        println!("| {name} | {then:.0} | {now:.0} |");
        if Watched::has_grown(then, now, slack) {
            grown.push(name.to_owned());
        }
    };
    row("memory, MB", |moment| moment.memory_mb, 10.0);
    row("open files", |moment| moment.open_files as f64, 10.0);
    row("threads", |moment| moment.threads as f64, 4.0);
    row("write-ahead logs, MB", |moment| moment.wal_mb, 64.0);
    ensure!(grown.is_empty(), "these grew: {}", grown.join(", "));
    Ok(())
}

/// Wrong signatures; a job that is made, used and deleted with its events, its source and its destination; pages, searches,
/// replays.
async fn everything_else(hookline: &Hookline, jobs: &[Job], round: usize) -> Result<()> {
    let wrong = Target { secret: "whsec_wrong".to_owned(), ..Target::of(&jobs[0])? };
    let mut link = Link::open(&wrong.address).await?;
    for body in Shape::USUAL.bodies(600_000_000 + round * 100, 100) {
        let answer = link.send(&request(&wrong, &body, hookline_tests::webhooks::now_seconds())).await?;
        ensure!(answer.status == 401, "a wrong signature was answered {}", answer.status);
    }
    let passing =
        hookline.job("stripe", json!({"name": "passing", "kind": "local"}), json!({"name": "passing"})).await;
    send_all(&Target::of(&passing)?, &Shape::USUAL.bodies(0, 300)).await?;
    hookline.settled(&passing).await;
    let made = hookline.get(&format!("/workspaces/default/sync-jobs/{}", passing.id)).await;
    // The job first, which uses the others; an open sink belongs to the destination.
    for (what, id) in
        [("sync-jobs", &made["id"]), ("destinations", &made["destinationId"]), ("sources", &made["sourceId"])]
    {
        let path = format!("/workspaces/default/{what}/{}", id.as_str().context("an id")?);
        let (status, answer) = hookline.call(reqwest::Method::DELETE, &path, None).await;
        ensure!(status.is_success(), "DELETE {path}: {status} {answer}");
    }
    for job in jobs {
        hookline.events(job, "limit=100").await;
        hookline.events(job, "status=completed&type=customer.*&limit=100").await;
        hookline.events(job, "q=Customer&limit=100").await;
        hookline.get(&format!("/workspaces/default/sync-jobs/{}/webhook/stats", job.id)).await;
        if let Some(event) = hookline.events(job, "status=completed&limit=1").await.first() {
            let path = format!("/workspaces/default/sync-jobs/{}/webhook/events", job.id);
            let id = event["id"].as_str().context("an id")?;
            hookline.get(&format!("{path}/{id}")).await;
            hookline.post(&format!("{path}/{id}/replay"), json!({})).await;
        }
    }
    Ok(())
}

/// A server to which webhooks are forwarded.
async fn forwarding() -> Result<serde_json::Value> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/hook", listener.local_addr()?);
    let router = axum::Router::new()
        .route("/hook", axum::routing::post(async |body: bytes::Bytes| body.len().to_string()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(json!({"name": "app", "kind": "http", "url": url}))
}

/// Reads the changes as a UI does, for ever.
async fn listen(ready: hookline_tests::process::Ready) -> Result<()> {
    hookline_engine::app::use_tls();
    // Without the limit of time that the tests' other requests have.
    let http = reqwest::Client::builder().no_proxy().build().unwrap_or_else(|_| client());
    let answer = http.get(format!("{}/api/changes", ready.api)).bearer_auth(&ready.token).send().await?;
    let mut changes = answer.error_for_status()?.bytes_stream();
    while let Some(part) = changes.next().await {
        part?;
    }
    Ok(())
}

/// The UI in a browser without a window, where one is installed.
fn open_ui(url: &str, folder: &Path) -> Result<Option<Child>> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file());
    let Some(program) = found else { return Ok(None) };
    let profile = folder.join("browser");
    let child = Command::new(program)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .args(["--disable-component-update", "--disable-sync", "--remote-debugging-port=0"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(url.replace("/#", "/events#"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    Ok(Some(child))
}
