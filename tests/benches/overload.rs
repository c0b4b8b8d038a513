//! Twice what the machine can take, for minutes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hookline_tests::webhooks::now_seconds;
use serde_json::json;

use crate::folder;
use crate::load::{Answer, Link, Shape, Target, request, send_all};
use crate::program;
use crate::watch::Watched;

/// More than may wait for the disk.
const CONNECTIONS: usize = 1_800;
/// How many different bodies are sent; their ids are all different.
const BODIES: usize = 2_000;
/// How long the receiver may refuse after the flood.
const RECOVERY: Duration = Duration::from_secs(1);
/// From how long before the flood's end on, and until how long after it, the receiver is probed.
const PROBED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3));
/// Open files of either side: a connection each, with room for what else is open.
const FILES: u64 = 8192;

/// Bodies whose ids are put in as they are sent.
#[derive(Debug)]
struct Bodies {
    bodies: Vec<Vec<u8>>,
    id_at: usize,
}

impl Bodies {
    fn new() -> Result<Self> {
        let bodies = Shape::USUAL.bodies(0, BODIES);
        let id = format!("evt_1{:023}", 0);
        let id_at =
            bodies[0].windows(id.len()).position(|window| window == id.as_bytes()).context("the id")?;
        Ok(Self { bodies, id_at })
    }

    fn body(&self, number: usize) -> Vec<u8> {
        let mut body = self.bodies[number % self.bodies.len()].clone();
        let id = format!("evt_2{number:023}");
        body[self.id_at..self.id_at + id.len()].copy_from_slice(id.as_bytes());
        body
    }
}

/// What was answered.
#[derive(Debug, Default)]
struct Answers {
    stored: Vec<usize>,
    /// 503 with `Retry-After`.
    put_off: u64,
    others: HashMap<String, u64>,
}

impl Answers {
    fn add(&mut self, number: usize, answer: &Result<Answer>) {
        match answer {
            Ok(Answer { status: 200, .. }) => self.stored.push(number),
            Ok(Answer { status: 503, retry_after: true }) => self.put_off += 1,
            Ok(answer) => {
                *self.others.entry(format!("{} without Retry-After", answer.status)).or_default() += 1;
            }
            Err(error) => *self.others.entry(error.to_string()).or_default() += 1,
        }
    }
}

/// Floods for so long and says what became of it. Fails when nothing was refused, so that there was no flood; when an event
/// that was answered 200 is not stored, when a refusal does not say when to come again, when memory grows, or when it is not
/// over soon after.
pub(crate) async fn run(flood_for: Duration) -> Result<()> {
    allow_many_connections()?;
    let folder = folder::passing()?;
    let local = json!({"name": "local", "kind": "local"});
    let (hookline, _, target) = program::hookline(folder.path(), local).await?;
    let capacity = send_all(&target, &Shape::USUAL.bodies(0, 60_000)).await?.rate;
    let offered = capacity * 2.0;
    eprintln!("it takes {capacity:.0}/s over 64 connections; {offered:.0}/s are offered over {CONNECTIONS}");

    let mut watched = Watched::new(hookline.pid(), folder.path());
    let done = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let flooding = tokio::spawn(flood(target.clone(), offered, begun, flood_for, Arc::clone(&done)));
    let probing = tokio::spawn(probe(target, begun + flood_for));
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let mut shown = Instant::now();
    while !flooding.is_finished() {
        ticks.tick().await;
        let moment = watched.look()?;
        if shown.elapsed() > Duration::from_secs(30) {
            shown = Instant::now();
            eprintln!(
                "  {} answered, {:.0} MB, WAL {:.0} MB, {} files",
                done.load(Ordering::Relaxed),
                moment.memory_mb,
                moment.wal_mb,
                moment.open_files
            );
        }
    }
    let answers = flooding.await??;
    let probes = probing.await??;
    hookline.stop().await;

    let seconds = flood_for.as_secs_f64();
    let stored = answers.stored.len();
    let missing = missing(folder.path(), &answers.stored)?;
    let (then, now) = watched.then_and_now(|moment| moment.memory_mb);
    println!(
        "| {:.1} minutes, offered {offered:.0}/s ({capacity:.0}/s taken without a flood) | |",
        seconds / 60.0
    );
    println!("|---|---|");
    println!("| sent | {:.0}/s |", done.load(Ordering::Relaxed) as f64 / seconds);
    println!("| answered 200 | {:.0}/s |", stored as f64 / seconds);
    println!("| answered 503 with Retry-After | {:.0}/s |", answers.put_off as f64 / seconds);
    println!("| anything else | {:?} |", answers.others);
    println!("| answered 200 and not stored | {missing} of {stored} |");
    println!("| memory, after a fifth and at the end | {then:.0} MB, {now:.0} MB |");
    println!(
        "| probes refused, from {:.0} s before the end to {:.0} s after it | {} of {} |",
        PROBED.0.as_secs_f64(),
        PROBED.1.as_secs_f64(),
        probes.refused,
        probes.sent
    );
    println!("| the last refusal after the end | {:.0} ms |", probes.last_refusal.as_secs_f64() * 1000.0);
    ensure!(answers.put_off > 0, "nothing was refused: what was sent was no more than can be taken");
    ensure!(missing == 0, "events that were answered 200 are not stored");
    ensure!(answers.others.is_empty(), "some were answered neither 200 nor 503 with Retry-After");
    ensure!(!Watched::has_grown(then, now, 10.0), "memory grows");
    ensure!(probes.last_refusal < RECOVERY, "the receiver did not recover within a second");
    Ok(())
}

/// Each end of a connection is an open file: of this process, and of the program, which inherits the limit.
fn allow_many_connections() -> Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < FILES) {
        let most = limit.maximum.map_or(FILES, |most| most.min(FILES));
        ensure!(
            most >= CONNECTIONS as u64 + 200,
            "{CONNECTIONS} connections are needed, and only {most} files may be open: raise the hard limit (ulimit -Hn)"
        );
        limit.current = Some(most);
        setrlimit(Resource::Nofile, limit)?;
    }
    Ok(())
}

/// Requests at the offered rate, as far as connections are free for them.
async fn flood(
    target: Target,
    offered: f64,
    begun: Instant,
    flood_for: Duration,
    done: Arc<AtomicU64>,
) -> Result<Answers> {
    let bodies = Arc::new(Bodies::new()?);
    let next = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (target, bodies, next, done) =
                (target.clone(), Arc::clone(&bodies), Arc::clone(&next), Arc::clone(&done));
            tokio::spawn(async move {
                let mut answers = Answers::default();
                let mut link = Link::open(&target.address).await?;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let due = Duration::from_secs_f64(number as f64 / offered);
                    tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
                    if begun.elapsed() >= flood_for {
                        return anyhow::Ok(answers);
                    }
                    let answer = link.send(&request(&target, &bodies.body(number), now_seconds())).await;
                    answers.add(number, &answer);
                    done.fetch_add(1, Ordering::Relaxed);
                    if answer.is_err() {
                        link = Link::open(&target.address).await?;
                    }
                }
            })
        })
        .collect();
    let mut all = Answers::default();
    for sender in senders {
        let answers = sender.await??;
        all.stored.extend(answers.stored);
        all.put_off += answers.put_off;
        for (what, count) in answers.others {
            *all.others.entry(what).or_default() += count;
        }
    }
    Ok(all)
}

/// What a single sender saw of the flood's end.
#[derive(Debug, Default)]
struct Probes {
    sent: usize,
    refused: usize,
    /// How long after the end of the flood the last refusal came; zero when none came.
    last_refusal: Duration,
}

/// Probes across the end of the flood, over a connection of its own: the senders' own last answers do not tell when others
/// are taken again.
async fn probe(target: Target, end: Instant) -> Result<Probes> {
    let (before, after) = PROBED;
    tokio::time::sleep(end.saturating_duration_since(Instant::now()).saturating_sub(before)).await;
    let mut probes = Probes::default();
    let mut link = Link::open(&target.address).await?;
    while end.elapsed() < after {
        let bodies = Shape::USUAL.bodies(700_000_000 + probes.sent, 1);
        let answer = link.send(&request(&target, &bodies[0], now_seconds())).await.context("a probe")?;
        probes.sent += 1;
        if answer.status != 200 {
            probes.refused += 1;
            // Zero before the end.
            probes.last_refusal = end.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(probes)
}

/// How many of these are not in the database.
fn missing(data_dir: &std::path::Path, answered: &[usize]) -> Result<usize> {
    let database = rusqlite::Connection::open(data_dir.join("hookline.db"))?;
    let mut statement = database.prepare("SELECT provider_event_id FROM webhook_events")?;
    let mut rows = statement.query([])?;
    let mut found = vec![false; answered.iter().max().map_or(0, |most| most + 1)];
    while let Some(row) = rows.next()? {
        let number =
            row.get_ref(0)?.as_str()?.strip_prefix("evt_2").and_then(|number| number.parse::<usize>().ok());
        if let Some(place) = number.and_then(|number| found.get_mut(number)) {
            *place = true;
        }
    }
    Ok(answered.iter().filter(|number| !found[**number]).count())
}
