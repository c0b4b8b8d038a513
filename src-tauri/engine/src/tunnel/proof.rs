//! The end-to-end self-test: a request goes out to the public address, and this very receiver sees it come in.
//!
//! It asks for a job that does not exist, so that nothing is stored and the answer tells nothing to anybody. What makes
//! it a proof is that the receiver recognises the id, which was just made up and is known to nobody else: another Hookline
//! that answers at the same address is found out. Only behind an address of the user's own several may answer in turns.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::time::Instant;
use url::Url;

use super::settings::TunnelKind;
use super::state::{CHECK_NETWORK, Trouble};
use crate::event::{JobId, with_causes};

/// How long the public address may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How often the public address is asked while other Hooklines answer there: behind a load balancer one request in several
/// comes to this one.
const TURNS: u32 = 10;

/// How much of an answer is read, in bytes.
const ANSWER_BYTES: usize = 4096;

/// The ids of self-tests that are under way.
#[derive(Debug, Clone, Default)]
pub struct Probes {
    inner: Arc<ProbesInner>,
}

#[derive(Debug, Default)]
struct ProbesInner {
    /// How many are expected: asked without the lock, because requests for unknown jobs are to cost nothing.
    expected: AtomicUsize,
    ids: Mutex<Ids>,
}

#[derive(Debug, Default)]
struct Ids {
    expected: HashSet<String>,
    seen: HashSet<String>,
}

impl Probes {
    /// To be told of every request for a job that does not exist.
    pub fn unknown_job(&self, id: &str) {
        if self.inner.expected.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut ids = self.inner.ids.lock();
        if ids.expected.contains(id) {
            ids.seen.insert(id.to_owned());
        }
    }

    /// A new id to look out for, until the probe is dropped.
    pub fn expect(&self) -> Probe {
        let id = JobId::generate().to_string();
        self.inner.ids.lock().expected.insert(id.clone());
        self.inner.expected.fetch_add(1, Ordering::AcqRel);
        Probe { probes: self.clone(), id }
    }
}

/// One self-test.
#[derive(Debug)]
pub struct Probe {
    probes: Probes,
    id: String,
}

impl Probe {
    /// The path that the request goes to, which names a job that does not exist.
    pub fn path(&self) -> String {
        format!("/api/webhooks/default/{}", self.id)
    }

    /// Whether the request came in.
    pub fn was_seen(&self) -> bool {
        self.probes.inner.ids.lock().seen.contains(&self.id)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let mut ids = self.probes.inner.ids.lock();
        ids.expected.remove(&self.id);
        ids.seen.remove(&self.id);
        self.probes.inner.expected.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whose address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The one that providers send to.
    Public,
    /// The same, where it is the user's own: a load balancer may stand there, before several Hooklines.
    Shared,
    /// The receiver's own, on this machine.
    Own,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Public | Self::Shared => "the public address",
            Self::Own => "the receiver's own address",
        })
    }
}

impl Place {
    /// The public address of this kind of tunnel.
    pub(super) fn of(kind: TunnelKind) -> Self {
        if kind == TunnelKind::OwnUrl { Self::Shared } else { Self::Public }
    }
}

/// What the self-test found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The request came back to this receiver, within this time.
    Came(Duration),
    /// Something answered, and it was not this receiver.
    Wrong {
        /// The answer's status.
        status: u16,
        /// Whether it is another Hookline.
        another: bool,
        /// What is wrong.
        trouble: Trouble,
    },
    /// Nothing answered: that may lie at the address, and at the network that this machine is in.
    Nothing(Trouble),
}

/// Sends self-tests.
#[async_trait]
pub trait Prove: Send + Sync + std::fmt::Debug {
    /// Sends a request to the receiver behind this address.
    async fn prove(&self, address: &Url, place: Place) -> Proof;
}

/// A client that sends as providers do: it follows no redirect.
pub fn like_a_provider() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("Hookline/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(TIMEOUT)
}

/// Sends self-tests over the network, as a provider would.
#[derive(Debug, Clone)]
pub struct Prover {
    public: reqwest::Client,
    /// No proxy of the environment's stands between this machine and itself.
    own: reqwest::Client,
    probes: Probes,
}

impl Prover {
    /// Looks out with these probes.
    ///
    /// # Errors
    /// When the system's root certificates cannot be used.
    pub fn new(probes: Probes) -> Result<Self, reqwest::Error> {
        // A connection that is still open proves nothing of the next one that a provider makes.
        let client = || like_a_provider().pool_max_idle_per_host(0);
        Ok(Self { public: client().build()?, own: client().no_proxy().build()?, probes })
    }
}

#[async_trait]
impl Prove for Prover {
    async fn prove(&self, address: &Url, place: Place) -> Proof {
        let turns = if place == Place::Shared { TURNS } else { 1 };
        let mut proof = self.ask(address, place).await;
        for _ in 1..turns {
            if !matches!(proof, Proof::Wrong { another: true, .. }) {
                break;
            }
            proof = self.ask(address, place).await;
        }
        proof
    }
}

impl Prover {
    /// Sends one request.
    async fn ask(&self, address: &Url, place: Place) -> Proof {
        let probe = self.probes.expect();
        let base = address.as_str().trim_end_matches('/');
        let url = format!("{base}{}", probe.path());
        let started = Instant::now();
        let http = match place {
            Place::Public | Place::Shared => &self.public,
            Place::Own => &self.own,
        };
        let asked = async {
            let mut response = http.post(url).send().await.map_err(reqwest::Error::without_url)?;
            let status = response.status().as_u16();
            let ngrok_code = response
                .headers()
                .get("ngrok-error-code")
                .and_then(|code| code.to_str().ok().map(str::to_owned));
            let mut body = Vec::new();
            while body.len() < ANSWER_BYTES {
                let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? else { break };
                body.extend_from_slice(&chunk);
            }
            Ok::<_, reqwest::Error>((status, ngrok_code, body))
        };
        let (status, ngrok_code, body) = match tokio::time::timeout(TIMEOUT, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Proof::Nothing(unreachable(place, &error)),
            Err(_elapsed) => {
                let reason = format!("{place} does not answer within {} seconds", TIMEOUT.as_secs());
                return Proof::Nothing(Trouble::new(reason).with_remedy(CHECK_NETWORK));
            }
        };
        if probe.was_seen() {
            return Proof::Came(started.elapsed());
        }
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let another = is_another(&answer);
        Proof::Wrong { status, another, trouble: wrong(place, status, ngrok_code.as_deref(), &answer) }
    }
}

fn unreachable(place: Place, error: &reqwest::Error) -> Trouble {
    let reason = format!("{place} cannot be reached from here: {}", with_causes(error));
    Trouble::new(reason).with_remedy(CHECK_NETWORK)
}

/// Whether a Hookline answers, and it is not this one.
fn is_another(answer: &serde_json::Value) -> bool {
    answer["error"]["code"] == "job_not_found"
}

fn wrong(place: Place, status: u16, ngrok_code: Option<&str>, answer: &serde_json::Value) -> Trouble {
    if is_another(answer) {
        let remedy = match place {
            Place::Shared => {
                "If a load balancer is there, check that it passes requests to this Hookline too. Otherwise stop the other \
                 one, or give this one an address of its own: webhooks go to only one of them."
            }
            Place::Public | Place::Own => {
                "Stop the other one, or give this one an address of its own: webhooks go to only one of them."
            }
        };
        return Trouble::new(format!("another Hookline answers at {place}")).with_remedy(remedy);
    }
    match ngrok_code {
        Some(code) => Trouble::new(format!("ngrok answers in Hookline's place: status {status}, {code}"))
            .with_remedy("It is tried again by itself; if it stays so, stop and start the tunnel."),
        None => Trouble::new(format!("something else answers at {place}: status {status}"))
            .with_remedy("Check that it forwards to the receiver, paths included."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_that_is_looked_out_for_counts_and_only_while_it_is() {
        let probes = Probes::default();
        let probe = probes.expect();
        probes.unknown_job("another");
        assert!(!probe.was_seen());
        probes.unknown_job(&probe.id);
        assert!(probe.was_seen());
        drop(probe);
        assert_eq!(probes.inner.expected.load(Ordering::Acquire), 0);
        let ids = probes.inner.ids.lock();
        assert!(ids.expected.is_empty() && ids.seen.is_empty());
    }

    #[test]
    fn an_answer_of_another_hookline_and_of_ngrok_is_told_apart() {
        let reason = |code, body| wrong(Place::Public, 404, code, &body).reason;
        let other = serde_json::json!({"error": {"code": "job_not_found"}});
        assert!(reason(None, other.clone()).contains("another Hookline"));
        let shared = wrong(Place::Shared, 404, None, &other).remedy;
        assert!(shared.is_some_and(|remedy| remedy.contains("load balancer")));
        assert!(reason(Some("ERR_NGROK_3200"), serde_json::Value::Null).contains("ERR_NGROK_3200"));
        assert!(reason(None, serde_json::Value::Null).contains("status 404"));
    }
}
