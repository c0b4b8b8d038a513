//! Tunnels: how a provider's request reaches this machine. One for the whole app; jobs differ by their path.
//!
//! ```text
//!   Tunnels (start, stop) ──▶ supervisor ──▶ a link: ngrok, cloudflared, tailscale, the user's own
//!                                 │  ▲
//!                    proofs ◀─────┘  └── disturbances (sleep, network)
//!                                 ▼
//!                               Board: state, public address, timeline ──▶ receiver, commands, window
//! ```
//!
//! Invariants:
//! - What comes through a tunnel reaches the receiver's router and nothing else ([`Ingress`], or the receiver's own port).
//! - `online` is said only after a request went out to the public address and came back ([`proof`]).
//! - Whatever breaks is made again, for ever; only a refusal that waiting cannot mend ends in `refused`, with what to do.
//! - No token is in an error, a log or a process argument.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use secrecy::SecretString;
use tokio::sync::{Notify, watch};
use url::Url;

mod backoff;
mod dial;
mod disturbance;
mod link;
mod ngrok;
mod own_url;
mod program;
pub mod proof;
pub mod settings;
pub mod state;
mod supervisor;
mod tunnels;
pub mod usage;

pub use dial::{Dial, TcpDial};
pub use link::{ByteStream, Disturbance, Ingress};
pub use settings::{NgrokSettings, TunnelKind, TunnelSettings};
pub use state::{Trouble, TunnelMoment, TunnelState, TunnelStatus};
pub use tunnels::{NgrokEdge, StartTunnelError, TunnelParts, Tunnels};

use crate::event::{Clock, Timestamp};
use link::Link;
use ngrok::Ngrok;
use own_url::OwnUrl;
use program::Program;
use proof::Probes;
use state::Happening;
use usage::{Amounts, Meter};

/// Whether the program `cloudflared` is there.
pub fn has_cloudflared() -> bool {
    program::find(program::CLOUDFLARED).is_ok()
}

/// Whether the program `tailscale` is there.
pub fn has_tailscale() -> bool {
    program::find(program::TAILSCALE).is_ok()
}

/// The link that is wanted; `None` for no tunnel.
fn link_of(
    parts: &TunnelParts,
    settings: &TunnelSettings,
    authtoken: Option<SecretString>,
) -> Result<Option<Box<dyn Link>>, StartTunnelError> {
    settings.check()?;
    Ok(match settings.kind {
        TunnelKind::None => None,
        TunnelKind::OwnUrl => settings.url.clone().map(|public| Box::new(OwnUrl { public }) as Box<dyn Link>),
        TunnelKind::Ngrok => {
            let authtoken = authtoken.ok_or(StartTunnelError::NoAuthtoken)?;
            let (ingress, meter) = (Arc::clone(&parts.ingress), Arc::clone(parts.board.meter()));
            Some(Box::new(Ngrok::new(authtoken, &settings.ngrok, &parts.ngrok_edge, ingress, meter)?))
        }
        TunnelKind::Cloudflared => Some(Box::new(Program::cloudflared(&parts.receiver)?)),
        TunnelKind::Tailscale => Some(Box::new(Program::tailscale(&parts.receiver)?)),
    })
}

/// How the tunnel is, for everybody to read. Clones share it.
#[derive(Debug, Clone)]
pub struct Board {
    inner: Arc<BoardInner>,
}

#[derive(Debug)]
struct BoardInner {
    /// The receiver's own address.
    receiver: Url,
    clock: Arc<dyn Clock>,
    status: watch::Sender<Arc<TunnelStatus>>,
    /// The public address that was last proven.
    public_url: watch::Sender<Option<Url>>,
    probes: Probes,
    meter: Arc<Meter>,
    /// What is written down of a month, and its name.
    month: Mutex<(String, Amounts)>,
    /// Told when somebody found that nothing comes back.
    doubt: Notify,
}

impl Board {
    /// A board without a tunnel. `receiver` is the receiver's own address, such as `http://127.0.0.1:4400`.
    pub fn new(receiver: Url, clock: Arc<dyn Clock>) -> Self {
        let status = TunnelStatus { since: clock.now(), ..TunnelStatus::default() };
        Self {
            inner: Arc::new(BoardInner {
                receiver,
                clock,
                status: watch::Sender::new(Arc::new(status)),
                public_url: watch::Sender::new(None),
                probes: Probes::default(),
                meter: Arc::default(),
                month: Mutex::default(),
                doubt: Notify::new(),
            }),
        }
    }

    /// The URL of a path, which begins with a slash: at the public address where there is one.
    pub fn url_of(&self, path: &str) -> String {
        let status = self.inner.status.borrow();
        let base = status.public_url.as_ref().unwrap_or(&self.inner.receiver);
        format!("{}{path}", base.as_str().trim_end_matches('/'))
    }

    /// How the tunnel is.
    pub fn status(&self) -> Arc<TunnelStatus> {
        Arc::clone(&self.inner.status.borrow())
    }

    /// The same, with every change.
    pub fn watch(&self) -> watch::Receiver<Arc<TunnelStatus>> {
        self.inner.status.subscribe()
    }

    /// The public address as soon as it is proven to lead here, with every change of it; `None` while no tunnel is wanted.
    /// For those who tell it to others: an address that nobody has tried may be somebody else's.
    pub fn public_url(&self) -> watch::Receiver<Option<Url>> {
        self.inner.public_url.subscribe()
    }

    /// The self-tests that are under way, for the receiver.
    pub fn probes(&self) -> &Probes {
        &self.inner.probes
    }

    /// Counts what goes through the tunnel.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.inner.meter
    }

    /// What went through the tunnel in this month, such as `2026-11`: a new one begins with nothing.
    pub fn month(&self, name: &str) -> Amounts {
        let month = self.inner.month.lock();
        let written = if month.0 == name { month.1 } else { Amounts::default() };
        written.plus(self.inner.meter.peek())
    }

    /// To be told what is written down of a month, without what [`Board::meter`] has not given away yet.
    pub fn set_month(&self, name: String, written: Amounts) {
        *self.inner.month.lock() = (name, written);
        // Those who show it look again.
        self.inner.status.send_modify(|_| {});
    }

    /// Takes over the timeline of an earlier run, oldest first.
    pub fn remember(&self, earlier: Vec<TunnelMoment>) {
        self.inner.status.send_modify(|status| {
            let mut changed = TunnelStatus::clone(status);
            for moment in earlier.into_iter().rev() {
                if changed.history.len() < state::HISTORY {
                    changed.history.push_front(moment);
                }
            }
            *status = Arc::new(changed);
        });
    }

    /// A tunnel that is wanted cannot even be tried.
    pub fn cannot_start(&self, kind: TunnelKind, trouble: Trouble) {
        self.apply(Happening::Started(kind, None));
        self.apply(Happening::Refused(trouble));
    }

    /// Somebody found that nothing comes back: whoever keeps the tunnel alive is to look for itself.
    fn doubt(&self) {
        self.inner.doubt.notify_one();
    }

    /// Ends when somebody found that nothing comes back.
    async fn doubted(&self) {
        self.inner.doubt.notified().await;
    }

    fn apply(&self, happening: Happening) {
        let now = self.inner.clock.now();
        self.inner.status.send_if_modified(|status| {
            let mut changed = TunnelStatus::clone(status);
            changed.apply(happening, now);
            let is_news = changed != **status;
            if changed.state != status.state {
                tracing::info!(
                    tunnel = changed.kind.as_str(),
                    state = changed.state.as_str(),
                    public_url = changed.public_url.as_ref().map(Url::as_str),
                    reason = changed.trouble.as_ref().map(|trouble| trouble.reason.as_str()),
                    "the tunnel's state"
                );
            }
            // Within the same change, so that the two never tell different stories.
            self.inner.public_url.send_if_modified(|before| {
                let told = match changed.state {
                    TunnelState::Online => changed.public_url.clone(),
                    TunnelState::Off => None,
                    TunnelState::Connecting | TunnelState::Degraded | TunnelState::Refused => return false,
                };
                let is_another = *before != told;
                *before = told;
                is_another
            });
            *status = Arc::new(changed);
            is_news
        });
    }

    fn in_future(&self, pause: Duration) -> Timestamp {
        self.inner.clock.now().plus_millis(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX))
    }
}
