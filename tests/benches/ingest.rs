//! How fast webhooks are taken, as ratios against baselines measured in the same run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hookline_engine::app::{App, Config};
use hookline_engine::secrets::SecretsChoice;
use hookline_tests::process::client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::load::{CONNECTIONS, bodies, send_all};

/// How many rounds are measured of each; the median counts.
const ROUNDS: usize = 3;

/// Measures with so many events a round.
pub(crate) async fn run(events: usize) -> Result<()> {
    let mut bare_rates = Vec::new();
    let mut durable_rates = Vec::new();
    let mut single_rates = Vec::new();
    let bodies = Arc::new(bodies(0, events));
    println!("{events} signed Stripe events of {} bytes, {CONNECTIONS} connections", bodies[0].len());
    for round in 1..=ROUNDS {
        let bare = bare(&bodies).await?;
        let durable = durable(&bodies).await?;
        let single = single_inserts(&bodies)?;
        println!("round {round}: bare {bare:.0}/s, durable {durable:.0}/s, one insert each {single:.0}/s");
        bare_rates.push(bare);
        durable_rates.push(durable);
        single_rates.push(single);
    }
    let (bare, durable, single) = (median(bare_rates), median(durable_rates), median(single_rates));
    println!();
    println!("| measured | rate | of the baseline |");
    println!("|---|---|---|");
    println!("| bare axum handler that reads the body | {bare:.0}/s | 1.00 |");
    println!("| durable ingest | {durable:.0}/s | {:.2} of the bare handler |", durable / bare);
    println!(
        "| one insert per transaction, no HTTP | {single:.0}/s | durable ingest is {:.1} x |",
        durable / single
    );
    Ok(())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// The ceiling: HTTP alone.
async fn bare(bodies: &Arc<Vec<Vec<u8>>>) -> Result<f64> {
    let router = axum::Router::new().route(
        "/hook",
        axum::routing::post(async |body: bytes::Bytes| format!("{{\"received\":{}}}", !body.is_empty())),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let rate = send_all(&address, "/hook", "whsec_bare", bodies).await;
    server.abort();
    rate
}

/// Hookline: verified, compressed, deduplicated, committed and synced before the answer. The job's destination cannot be
/// reached, so that the receiver alone is measured.
async fn durable(bodies: &Arc<Vec<Vec<u8>>>) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::new(folder.path().to_owned());
    config.secrets = SecretsChoice::File;
    config.listen.set_port(0);
    config.api.set_port(0);
    let app = App::start(config).await?;
    let ready = app.ready().clone();
    let http = client();
    let post = async |path: &str, body: Value| -> Result<Value> {
        let url = format!("{}/api/workspaces/default/{path}", ready.api);
        let response = http.post(url).bearer_auth(&ready.token).json(&body).send().await?;
        Ok(response.error_for_status()?.json().await?)
    };
    let source = post("sources", json!({"name": "s", "kind": "stripe"})).await?;
    let nowhere = json!({"name": "d", "kind": "http", "url": "http://127.0.0.1:9/"});
    let destination = post("destinations", nowhere).await?;
    let job = json!({
        "name": "j", "type": "webhook", "sourceId": source["id"], "destinationId": destination["id"], "enabled": true,
    });
    let job = post("sync-jobs", job).await?;
    let secret = job["webhookSecret"].as_str().context("has a secret")?;
    let path = format!("/api/webhooks/default/{}", job["id"].as_str().context("has an id")?);
    // A first few, so that caches are warm and the source's dictionary is trained as it is in real use.
    let warm: Arc<Vec<Vec<u8>>> = Arc::new(
        (0..1_500)
            .map(|number| {
                let body = String::from_utf8_lossy(&bodies[number % bodies.len()]).into_owned();
                body.replace("evt_1", "evt_warm").into_bytes()
            })
            .collect(),
    );
    let address = ready.receiver.trim_start_matches("http://");
    send_all(address, &path, secret, &warm).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let rate = send_all(address, &path, secret, bodies).await?;
    app.shut_down().await;
    Ok(rate)
}

/// What a plain receiver does: each event its own transaction.
fn single_inserts(bodies: &[Vec<u8>]) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let connection = rusqlite::Connection::open(folder.path().join("single.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE events (id INTEGER PRIMARY KEY, body BLOB)",
    )?;
    let count = bodies.len().min(5_000);
    let started = Instant::now();
    for body in &bodies[..count] {
        connection.execute("INSERT INTO events (body) VALUES (?1)", [body])?;
    }
    Ok(count as f64 / started.elapsed().as_secs_f64())
}
