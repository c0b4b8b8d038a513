//! `cargo xtask bench`: how near Hookline runs to the machine's limit, as ratios against baselines measured in the same
//! run. Absolute rates drift with the machine; ratios of rounds in turn hardly do.
//!
//! The load generator runs beside the server on the same cores, as it would on a laptop.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hookline_engine::app::{App, Config};
use hookline_tests::process::client;
use hookline_tests::webhooks::{now_seconds, stripe_event, stripe_signature};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How many connections send at once.
const CONNECTIONS: usize = 64;

/// How many rounds are measured of each; the median counts.
const ROUNDS: usize = 3;

fn main() -> Result<()> {
    let events = std::env::args().nth(1).map_or(Ok(20_000), |events| events.parse())?;
    tokio::runtime::Runtime::new()?.block_on(run(events))
}

async fn run(events: usize) -> Result<()> {
    let mut bare_rates = Vec::new();
    let mut durable_rates = Vec::new();
    let mut single_rates = Vec::new();
    let bodies = Arc::new(bodies(events));
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

/// Events of about 3.5 KB, as Stripe's are.
fn bodies(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|number| {
            let metadata: serde_json::Map<String, Value> =
                (0..40).map(|key| (format!("key_{key}"), json!(format!("value {} of {number}", key * 7)))).collect();
            let object = json!({
                "id": format!("cus_{:014}", number % 5_000),
                "object": "customer",
                "name": format!("Customer {number}"),
                "email": format!("customer{number}@example.com"),
                "address": {"city": "Berlin", "country": "DE", "line1": "Main street 1", "postal_code": "10115"},
                "balance": number,
                "invoice_settings": {"custom_fields": null, "default_payment_method": null, "footer": null},
                "metadata": metadata,
                "description": "A customer whose record is about as long as real ones are. ".repeat(24),
            });
            let id = format!("evt_1{number:023}");
            stripe_event(&id, "customer.updated", 1_700_000_000 + number as i64, &object).to_string().into_bytes()
        })
        .collect()
}

/// Sends all bodies over [`CONNECTIONS`] connections and tells the rate, in requests per second.
async fn send_all(address: &str, path: &str, secret: &str, bodies: &Arc<Vec<Vec<u8>>>) -> Result<f64> {
    let at = now_seconds();
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(
        bodies
            .iter()
            .map(|body| {
                let mut head = String::new();
                let signature = stripe_signature(secret, body, at);
                let _ = write!(
                    head,
                    "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nuser-agent: Stripe/1.0\r\nstripe-signature: {signature}\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                let mut request = head.into_bytes();
                request.extend_from_slice(body);
                request
            })
            .collect(),
    );
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (requests, next, address) = (Arc::clone(&requests), Arc::clone(&next), address.to_owned());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(&address).await?;
                stream.set_nodelay(true)?;
                let mut answer = Vec::with_capacity(1024);
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    stream.write_all(request).await?;
                    read_answer(&mut stream, &mut answer).await?;
                    ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
                }
                Ok(())
            })
        })
        .collect();
    for sender in senders {
        sender.await??;
    }
    Ok(bodies.len() as f64 / started.elapsed().as_secs_f64())
}

async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<()> {
    answer.clear();
    loop {
        ensure!(stream.read_buf(answer).await? > 0, "the connection was closed");
        let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&answer[..head])?;
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .context("the answer has a length")?
            .parse()?;
        if answer.len() >= head + 4 + length {
            return Ok(());
        }
    }
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
