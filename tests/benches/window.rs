//! How fast the desktop app's window is: its start, the event list with a million events behind it, scrolling, memory, and
//! how soon it answers a key while webhooks pour in.
//!
//! Everything is measured at the real app in its real web view. Without a graphics card, as on a virtual screen, the web
//! view paints in software: a person's machine is faster.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hookline_engine::app::{App, Config};
use hookline_engine::secrets::SecretsChoice;
use hookline_tests::desktop::{self, Desktop, until};
use hookline_tests::process::client;
use hookline_tests::screen::Screen;
use serde_json::{Value, json};

use crate::folder;
use crate::load::{Shape, Target, send_all, send_at};

/// How often a start is measured; the median counts.
const STARTS: usize = 5;

/// How many events are made at once: they take 3.5 KB each.
const AT_ONCE: usize = 20_000;

/// The flood: so many webhooks a second.
const FLOOD_RATE: usize = 2_000;

/// Measures with so many events in the store, and under a flood of this length.
pub(crate) async fn run(stored: usize, flood_for: Duration) -> Result<()> {
    let folder = folder::passing()?;
    println!("| measured | |");
    println!("|---|---|");
    let fresh = folder::passing()?;
    println!(
        "| cold start to first paint, nothing stored | {} |",
        milliseconds(median_start(fresh.path()).await?)
    );

    let started = Instant::now();
    store(folder.path(), stored).await?;
    eprintln!("{stored} events were stored within {:.0} s", started.elapsed().as_secs_f64());
    println!(
        "| cold start to first paint, {stored} stored | {} |",
        milliseconds(median_start(folder.path()).await?)
    );

    let app = Desktop::open(folder.path()).await?;
    app.find("//*[@role='gridcell']").await?;
    println!("| opening Events with {stored} stored | {} |", milliseconds(open_events(&app).await?));
    scroll(&app).await?;
    println!("| memory (PSS of all its processes), idle | {} |", megabytes(idle_memory(&app).await?));
    flood(&app, folder.path(), stored, flood_for).await?;
    println!("| memory after {} s of it | {} |", flood_for.as_secs(), megabytes(idle_memory(&app).await?));
    app.quit().await
}

/// From the program's start until its window can be seen, which it is once its page is painted.
async fn median_start(data_dir: &Path) -> Result<Duration> {
    let screen = Screen::connect()?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let mut app = tokio::process::Command::new(desktop::program()?)
            .args(desktop::arguments(data_dir))
            .env("XDG_DATA_HOME", data_dir.join("home"))
            .env("XDG_CONFIG_HOME", data_dir.join("home"))
            .env("XDG_CACHE_HOME", data_dir.join("home"))
            .kill_on_drop(true)
            .spawn()
            .context("the app does not start")?;
        let pid = app.id().context("the app ended at once")?;
        loop {
            if !screen.visible(pid, "Hookline")?.is_empty() {
                break;
            }
            ensure!(started.elapsed() < hookline_tests::process::PATIENCE, "no window came");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        times.push(started.elapsed());
        let status = tokio::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        ensure!(status.success(), "the app could not be asked to end");
        app.wait().await?;
    }
    times.sort();
    Ok(times[times.len() / 2])
}

/// Fills the store through the receiver, as fast as it takes them. The job selects another type, so that nothing is
/// delivered: the list is measured, not the destination.
async fn store(data_dir: &Path, count: usize) -> Result<()> {
    let mut config = Config::new(data_dir.to_owned());
    config.secrets = SecretsChoice::File;
    config.listen.set_port(0);
    config.api.set_port(0);
    let app = App::start(config).await?;
    let ready = app.ready().clone();
    let target =
        make_job(&ready.api, &ready.token, &ready.receiver, "Measured", &["product.created"]).await?;
    for first in (0..count).step_by(AT_ONCE) {
        send_all(&target, &Shape::USUAL.bodies(first, AT_ONCE.min(count - first))).await?;
    }
    app.shut_down().await;
    Ok(())
}

/// Makes a job from Stripe to documents on this machine.
async fn make_job(
    api: &str,
    token: &str,
    receiver: &str,
    name: &str,
    event_types: &[&str],
) -> Result<Target> {
    let http = client();
    let post = async |path: &str, body: Value| -> Result<Value> {
        let url = format!("{api}/api/workspaces/default/{path}");
        let response = http.post(url).bearer_auth(token).json(&body).send().await?;
        Ok(response.error_for_status()?.json().await?)
    };
    let source = post("sources", json!({"name": name, "kind": "stripe"})).await?;
    let destination = post("destinations", json!({"name": name, "kind": "local"})).await?;
    let job = json!({
        "name": name, "type": "webhook", "sourceId": source["id"], "destinationId": destination["id"],
        "enabled": true, "webhookConfig": {"eventTypes": event_types},
    });
    let job = post("sync-jobs", job).await?;
    Ok(Target {
        address: receiver.trim_start_matches("http://").to_owned(),
        path: format!("/api/webhooks/default/{}", job["id"].as_str().context("a job has an id")?),
        secret: job["webhookSecret"].as_str().context("a job has a secret")?.to_owned(),
    })
}

/// From the press on the link until rows are on the screen, in a page that has not read events before.
async fn open_events(app: &Desktop) -> Result<Duration> {
    const OPEN: &str = "
        const done = arguments[arguments.length - 1];
        const start = performance.now();
        document.querySelector('a[href=\"/events\"]').click();
        const look = () => {
            const grid = document.querySelector('[role=grid]');
            if (grid && grid.getAttribute('aria-busy') !== 'true' && grid.querySelector('[data-index]'))
                requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
            else requestAnimationFrame(look);
        };
        look();";
    app.script("location.assign('/transfers')", vec![]).await?;
    app.says("Measured").await?;
    let taken = app.script_async(OPEN, vec![]).await?;
    Ok(Duration::from_secs_f64(taken.as_f64().context("a number of milliseconds")? / 1000.0))
}

/// Scrolls through the list as fast as frames come, and tells how long these took.
async fn scroll(app: &Desktop) -> Result<()> {
    const SCROLL: &str = "
        const [frames, step, done] = arguments;
        const grid = document.querySelector('[role=grid]');
        const deltas = [];
        let before;
        const next = (now) => {
            if (before !== undefined) deltas.push(now - before);
            before = now;
            grid.scrollTop += step;
            if (deltas.length < frames) requestAnimationFrame(next);
            else done(deltas);
        };
        requestAnimationFrame(next);";
    let deltas = app.script_async(SCROLL, vec![json!(600), json!(400)]).await?;
    let mut deltas: Vec<f64> =
        deltas.as_array().context("a list of times")?.iter().filter_map(Value::as_f64).collect();
    deltas.sort_by(f64::total_cmp);
    let at = |share: f64| deltas[((deltas.len() - 1) as f64 * share) as usize];
    let late = deltas.iter().filter(|delta| **delta > 34.0).count();
    println!(
        "| frames while scrolling: half, 95 %, longest | {:.0} ms, {:.0} ms, {:.0} ms; {late} of {} took two frames or more |",
        at(0.5),
        at(0.95),
        at(1.0),
        deltas.len()
    );
    Ok(())
}

/// Memory once it does not shrink any more.
async fn idle_memory(app: &Desktop) -> Result<u64> {
    let least = std::cell::Cell::new(u64::MAX);
    until("memory has settled", async || {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let now = app.memory()?;
        let settled = now + now / 100 >= least.get();
        least.set(now.min(least.get()));
        Ok(settled.then_some(least.get()))
    })
    .await
}

/// Sends at a steady rate, to a job that applies everything, while keys are pressed in the list, and counts what arrived.
async fn flood(app: &Desktop, data_dir: &Path, stored: usize, flood_for: Duration) -> Result<()> {
    const KEYS: &str = "
        const [presses, pause, done] = arguments;
        const grid = document.querySelector('[role=grid]');
        grid.scrollTop = 0;
        grid.focus();
        const taken = [];
        const press = () => {
            const before = grid.getAttribute('aria-activedescendant');
            const start = performance.now();
            const key = taken.length % 20 < 10 ? 'j' : 'k';
            grid.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
            const look = () => {
                if (grid.getAttribute('aria-activedescendant') === before && performance.now() - start < 5000)
                    return requestAnimationFrame(look);
                requestAnimationFrame(() => setTimeout(() => {
                    taken.push(performance.now() - start);
                    if (taken.length < presses) setTimeout(press, pause);
                    else done(taken);
                }));
            };
            look();
        };
        press();";
    let ready: Value = serde_json::from_slice(&std::fs::read(data_dir.join("server.json"))?)?;
    let text = |name: &str| ready[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
    let (api, token, receiver) = (text("api")?, text("token")?, text("receiver")?);
    let target = make_job(&api, &token, &receiver, "Flooded", &[]).await?;

    let pause = Duration::from_millis(100);
    // About as long as a batch of webhooks takes to send.
    let presses = AT_ONCE / FLOOD_RATE * 5;
    let (mut sent, mut times, mut rates) = (0, Vec::new(), Vec::new());
    let count = FLOOD_RATE * flood_for.as_secs() as usize;
    while sent < count {
        let part = Shape::USUAL.bodies(stored + sent, AT_ONCE.min(count - sent));
        let (rate, painted) = tokio::join!(
            send_at(FLOOD_RATE, &target, &part),
            app.script_async(KEYS, vec![json!(presses), json!(pause.as_millis() as u64)]),
        );
        sent += part.len();
        rates.push(rate?);
        let painted = painted?;
        times.extend(painted.as_array().context("a list of times")?.iter().filter_map(Value::as_f64));
    }
    let rate = rates.iter().sum::<f64>() / rates.len() as f64;
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "| key to paint while {rate:.0} webhooks/s arrive and are applied: half, 95 %, longest | {:.0} ms, {:.0} ms, {:.0} ms |",
        at(0.5),
        at(0.95),
        at(1.0)
    );

    let stats = get(&api, &token, &format!("{}/webhook/stats", job_path(&target))).await?;
    let total = stats["total"].as_u64().context("a total")?;
    let lost = count as u64 - total;
    println!("| of these {count} webhooks lost | {lost} |");
    ensure!(lost == 0, "webhooks that were answered with 200 are not stored");
    Ok(())
}

fn job_path(target: &Target) -> String {
    format!("/sync-jobs/{}", target.path.rsplit('/').next().unwrap_or_default())
}

async fn get(api: &str, token: &str, path: &str) -> Result<Value> {
    let url = format!("{api}/api/workspaces/default{path}");
    Ok(client().get(url).bearer_auth(token).send().await?.error_for_status()?.json().await?)
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.0} ms", duration.as_secs_f64() * 1000.0)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1_000_000.0)
}
