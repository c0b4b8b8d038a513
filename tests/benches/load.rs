//! What sends webhooks as fast as they are taken, or at a steady rate.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use hookline_tests::webhooks::{now_seconds, stripe_event, stripe_signature};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How many connections send at once.
pub(crate) const CONNECTIONS: usize = 64;

/// Events of about 3.5 KB, as Stripe's are; `first` is the number of the first one, which makes ids unique.
pub(crate) fn bodies(first: usize, count: usize) -> Vec<Vec<u8>> {
    (first..first + count)
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
pub(crate) async fn send_all(
    address: &str,
    path: &str,
    secret: &str,
    bodies: &Arc<Vec<Vec<u8>>>,
) -> Result<f64> {
    let requests = Arc::new(requests(address, path, secret, bodies));
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

/// Sends all bodies at a steady rate, and tells the rate that was reached, in requests per second. Every one has to be
/// answered with 200.
#[cfg(feature = "desktop")]
pub(crate) async fn send_at(
    rate: usize,
    address: &str,
    path: &str,
    secret: &str,
    bodies: &[Vec<u8>],
) -> Result<f64> {
    const TICK: std::time::Duration = std::time::Duration::from_millis(50);
    let started = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    let each = rate * TICK.as_millis() as usize / 1000;
    for part in bodies.chunks(each) {
        ticks.tick().await;
        send_all(address, path, secret, &Arc::new(part.to_vec())).await?;
    }
    Ok(bodies.len() as f64 / started.elapsed().as_secs_f64())
}

/// The requests as they go over the wire, signed now.
fn requests(address: &str, path: &str, secret: &str, bodies: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let at = now_seconds();
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
        .collect()
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
