//! What sends webhooks as fast as they are taken, or at a steady rate.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hookline_tests::process::Job;
use hookline_tests::webhooks::{now_seconds, stripe_event, stripe_signature};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How many connections send at once.
pub(crate) const CONNECTIONS: usize = 64;

/// Where webhooks go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Host and port.
    pub(crate) address: String,
    pub(crate) path: String,
    pub(crate) secret: String,
}

impl Target {
    pub(crate) fn of(job: &Job) -> Result<Self> {
        let rest = job.url.strip_prefix("http://").context("a job's URL on this machine")?;
        let (address, path) = rest.split_once('/').context("a path")?;
        Ok(Self { address: address.to_owned(), path: format!("/{path}"), secret: job.secret.clone() })
    }
}

/// Stripe events as they are made up for measurements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// About how many bytes a body has; 512 at least.
    pub(crate) bytes: usize,
    /// How many different customers they are about.
    pub(crate) objects: usize,
}

impl Shape {
    /// As long as Stripe's events usually are.
    pub(crate) const USUAL: Self = Self { bytes: 3_500, objects: 5_000 };

    /// Bodies of events; `first` is the number of the first one, which makes ids unique.
    pub(crate) fn bodies(self, first: usize, count: usize) -> Vec<Vec<u8>> {
        (first..first + count).map(|number| self.body(number)).collect()
    }

    fn body(self, number: usize) -> Vec<u8> {
        let mut object = json!({
            "id": format!("cus_{:014}", number % self.objects),
            "object": "customer",
            "name": format!("Customer {number}"),
            "email": format!("customer{number}@example.com"),
            "balance": number,
        });
        let id = format!("evt_1{number:023}");
        let at = 1_700_000_000 + number as i64;
        let size = |object: &Value| stripe_event(&id, "customer.updated", at, object).to_string().len();
        let room = self.bytes.saturating_sub(size(&object));
        // Half of it fields of their own, the rest running text.
        let fields = (room / 60).min(40);
        let metadata: serde_json::Map<String, Value> = (0..fields)
            .map(|key| (format!("key_{key}"), json!(format!("value {} of {number}", key * 7))))
            .collect();
        object["metadata"] = metadata.into();
        let room = self.bytes.saturating_sub(size(&object) + 17);
        object["description"] = WORDS.chars().cycle().skip(number % 50).take(room).collect::<String>().into();
        stripe_event(&id, "customer.updated", at, &object).to_string().into_bytes()
    }
}

const WORDS: &str = "A customer whose record is about as long as real ones are. ";

/// What became of a round.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Requests per second.
    pub(crate) rate: f64,
    /// From the request's first byte to the answer's last, sorted.
    latencies: Vec<Duration>,
}

impl Sent {
    /// The latency that this share of requests did not exceed, in milliseconds.
    pub(crate) fn percentile_ms(&self, share: f64) -> f64 {
        let place = ((self.latencies.len() - 1) as f64 * share) as usize;
        self.latencies[place].as_secs_f64() * 1000.0
    }
}

/// Sends all bodies over [`CONNECTIONS`] connections. Every one has to be answered with 200.
pub(crate) async fn send_all(target: &Target, bodies: &[Vec<u8>]) -> Result<Sent> {
    send_over(CONNECTIONS, std::slice::from_ref(target), bodies).await
}

/// Sends all bodies over so many connections, in turn to the targets.
pub(crate) async fn send_over(connections: usize, targets: &[Target], bodies: &[Vec<u8>]) -> Result<Sent> {
    let mut addresses: Vec<String> = targets.iter().map(|target| target.address.clone()).collect();
    addresses.dedup();
    let requests = Arc::new(requests(targets, &addresses, bodies));
    let addresses = Arc::new(addresses);
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let senders: Vec<_> = (0..connections)
        .map(|_| {
            let (requests, addresses, next) =
                (Arc::clone(&requests), Arc::clone(&addresses), Arc::clone(&next));
            tokio::spawn(async move {
                let mut links: Vec<Option<Link>> = addresses.iter().map(|_| None).collect();
                let mut latencies = Vec::with_capacity(requests.len() / connections * 2);
                while let Some((address, request)) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let link = match &mut links[*address] {
                        Some(link) => link,
                        none => none.insert(Link::open(&addresses[*address]).await?),
                    };
                    let begun = Instant::now();
                    let answer = link.send(request).await?;
                    latencies.push(begun.elapsed());
                    ensure!(answer.status == 200, "answered {}", answer.status);
                }
                Ok(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::with_capacity(bodies.len());
    for sender in senders {
        latencies.extend(sender.await??);
    }
    let rate = bodies.len() as f64 / started.elapsed().as_secs_f64();
    latencies.sort_unstable();
    Ok(Sent { rate, latencies })
}

/// Sends all bodies at a steady rate, and tells the rate that was reached, in requests per second. Every one has to be
/// answered with 200.
pub(crate) async fn send_at(rate: usize, target: &Target, bodies: &[Vec<u8>]) -> Result<f64> {
    const TICK: Duration = Duration::from_millis(50);
    let started = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    let each = (rate * TICK.as_millis() as usize / 1000).max(1);
    for part in bodies.chunks(each) {
        ticks.tick().await;
        send_all(target, part).await?;
    }
    Ok(bodies.len() as f64 / started.elapsed().as_secs_f64())
}

/// The requests as they go over the wire, signed now, in turn to the targets, each with the place of its address.
fn requests(targets: &[Target], addresses: &[String], bodies: &[Vec<u8>]) -> Vec<(usize, Vec<u8>)> {
    let at = now_seconds();
    let place =
        |target: &Target| addresses.iter().position(|address| *address == target.address).unwrap_or_default();
    let targets: Vec<(usize, &Target)> = targets.iter().map(|target| (place(target), target)).collect();
    bodies
        .iter()
        .zip(targets.iter().cycle())
        .map(|(body, (place, target))| (*place, request(target, body, at)))
        .collect()
}

/// One request as it goes over the wire, signed at `at` (seconds since 1970).
pub(crate) fn request(target: &Target, body: &[u8], at: i64) -> Vec<u8> {
    let Target { address, path, secret } = target;
    let mut head = String::with_capacity(400 + body.len());
    let signature = stripe_signature(secret, body, at);
    let _ = write!(
        head,
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nuser-agent: Stripe/1.0\r\nstripe-signature: {signature}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut request = head.into_bytes();
    request.extend_from_slice(body);
    request
}

/// An answer's head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether it says when to come again.
    pub(crate) retry_after: bool,
}

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Link {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Link {
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("{address} does not answer"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(1024) })
    }

    /// Sends a request and reads its answer to the end.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the connection was closed");
            let Some(head) = self.answer.windows(4).position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let text = std::str::from_utf8(&self.answer[..head])?;
            let mut fields = text.lines().filter_map(|line| line.split_once(": "));
            let length = fields.clone().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length: usize = length.map_or(Ok(0), |(_, length)| length.trim().parse())?;
            if self.answer.len() < head + 4 + length {
                continue;
            }
            let status = text.get(9..12).context("an answer begins with its status")?.parse()?;
            let retry_after = fields.any(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
            return Ok(Answer { status, retry_after });
        }
    }
}
