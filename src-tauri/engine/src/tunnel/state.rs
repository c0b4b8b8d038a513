//! How the tunnel is: a small machine, and what is told of it. Pure: it is told what happened and when.
//!
//! ```text
//!   off ──▶ connecting ──▶ online ◀──▶ degraded        (any) ──▶ refused ──▶ connecting, when somebody asks for it
//!              ▲  └────────────────────────┘▲                (any) ──▶ off
//!              └──────── link lost ─────────┘
//! ```
//!
//! `online` is said only after a request went out to the public address and came back through the tunnel.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use super::settings::TunnelKind;
use crate::event::Timestamp;

/// How many changes are remembered.
pub const HISTORY: usize = 100;

/// What to do where it may be this machine that is offline.
pub(super) const CHECK_NETWORK: &str =
    "Check this machine's connection to the internet; it is tried again by itself.";

/// For how long failed proofs are put down to an address that is still being made known, in milliseconds.
const SETTLING_MS: i64 = 20_000;

/// Whether requests from outside get through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum TunnelState {
    /// No tunnel is wanted: only this machine reaches the receiver.
    #[default]
    Off,
    /// There is no link yet, or none any more: it is being made.
    Connecting,
    /// A request to the public address came back here.
    Online,
    /// There is a link, but a request to the public address does not come back.
    Degraded,
    /// The tunnel's service refuses. Nothing is tried until somebody changes something.
    Refused,
}

impl TunnelState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Off, Self::Connecting, Self::Online, Self::Degraded, Self::Refused];

    /// The name in the control API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Connecting => "connecting",
            Self::Online => "online",
            Self::Degraded => "degraded",
            Self::Refused => "refused",
        }
    }
}

/// What is wrong and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong, in a sentence without its full stop.
    pub reason: String,
    /// What the user can do.
    pub remedy: Option<String>,
}

impl Trouble {
    /// With a reason alone.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: None }
    }

    /// The same with a remedy.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// A change of the state, for the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TunnelMoment {
    /// When.
    pub at: Timestamp,
    /// The kind of the tunnel.
    pub kind: TunnelKind,
    /// The state from then on.
    pub state: TunnelState,
    /// Why, where there is more to say.
    pub reason: Option<String>,
}

/// How the tunnel is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TunnelStatus {
    /// Which one.
    pub kind: TunnelKind,
    /// Whether requests get through.
    pub state: TunnelState,
    /// Since when that is so.
    pub since: Timestamp,
    /// The public address without a path. Kept while the link is lost: it is expected to be the same.
    pub public_url: Option<Url>,
    /// How long the last request took that went out and came back, in milliseconds.
    pub round_trip_ms: Option<u64>,
    /// When a request last came back.
    pub proven_at: Option<Timestamp>,
    /// What is wrong.
    pub trouble: Option<Trouble>,
    /// When the next attempt is made.
    pub next_attempt_at: Option<Timestamp>,
    /// The last changes, oldest first, at most [`HISTORY`].
    pub history: VecDeque<TunnelMoment>,
}

/// A time that something took, in whole milliseconds.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What can happen to a tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Happening {
    /// It is being started; its address is known where it is the user's own.
    Started(TunnelKind, Option<Url>),
    /// An attempt begins.
    Attempt,
    /// The link is there.
    Up(Url),
    /// A request went out and came back, within this time.
    Proven(Duration),
    /// It did not.
    NotProven(Trouble),
    /// The link is gone, or there is none yet; the next attempt is at that time.
    Lost(Trouble, Option<Timestamp>),
    /// The tunnel's service refuses.
    Refused(Trouble),
    /// It was stopped.
    Stopped,
}

impl TunnelStatus {
    /// The status after `happening` at `now`.
    pub(super) fn apply(&mut self, happening: Happening, now: Timestamp) {
        use TunnelState::{Connecting, Degraded, Off, Online, Refused};
        match happening {
            Happening::Started(kind, known) => {
                // The same kind is expected to have the same address again.
                if self.kind != kind || known.is_some() {
                    self.public_url = known;
                }
                self.kind = kind;
                self.next_attempt_at = None;
                (self.round_trip_ms, self.proven_at) = (None, None);
                self.enter(Connecting, None, now);
            }
            Happening::Attempt => self.next_attempt_at = None,
            Happening::Up(url) => {
                self.next_attempt_at = None;
                self.public_url = Some(url);
                self.enter(Connecting, None, now);
            }
            Happening::Proven(after) => {
                (self.round_trip_ms, self.proven_at) = (Some(millis(after)), Some(now));
                self.next_attempt_at = None;
                self.enter(Online, None, now);
            }
            Happening::NotProven(trouble) => {
                let settling = self.state == Connecting
                    && now.millis().saturating_sub(self.since.millis()) < SETTLING_MS;
                self.enter(if settling { Connecting } else { Degraded }, Some(trouble), now);
            }
            Happening::Lost(trouble, next_attempt_at) => {
                self.next_attempt_at = next_attempt_at;
                self.round_trip_ms = None;
                self.enter(Connecting, Some(trouble), now);
            }
            Happening::Refused(trouble) => {
                (self.next_attempt_at, self.round_trip_ms) = (None, None);
                self.enter(Refused, Some(trouble), now);
            }
            Happening::Stopped => {
                (self.next_attempt_at, self.round_trip_ms, self.public_url) = (None, None, None);
                self.enter(Off, None, now);
            }
        }
    }

    fn enter(&mut self, state: TunnelState, trouble: Option<Trouble>, now: Timestamp) {
        let reason = trouble.as_ref().map(|trouble| trouble.reason.clone());
        let changed = self.state != state;
        let is_news = changed || (reason.is_some() && self.trouble != trouble);
        self.trouble = trouble;
        if changed {
            (self.state, self.since) = (state, now);
        }
        if is_news {
            if self.history.len() == HISTORY {
                self.history.pop_front();
            }
            self.history.push_back(TunnelMoment { at: now, kind: self.kind, state, reason });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        Url::parse("https://me.ngrok-free.dev").expect("is a URL")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn started(kind: TunnelKind) -> Happening {
        Happening::Started(kind, None)
    }

    fn after(happenings: &[(i64, Happening)]) -> TunnelStatus {
        let mut status = TunnelStatus::default();
        for (seconds, happening) in happenings {
            status.apply(happening.clone(), at(*seconds));
        }
        status
    }

    #[test]
    fn a_link_alone_is_not_online() {
        let mut steps = vec![(1, started(TunnelKind::Ngrok)), (2, Happening::Up(url()))];
        let status = after(&steps);
        assert_eq!((status.state, status.public_url), (TunnelState::Connecting, Some(url())));
        steps.push((3, Happening::Proven(Duration::from_millis(40))));
        let status = after(&steps);
        assert_eq!((status.state, status.since, status.proven_at), (TunnelState::Online, at(3), Some(at(3))));
        assert_eq!(status.round_trip_ms, Some(40));
    }

    #[test]
    fn an_address_gets_a_while_to_become_known_before_it_counts_as_degraded() {
        let trouble = || Happening::NotProven(Trouble::new("no such host"));
        let mut steps =
            vec![(0, started(TunnelKind::Cloudflared)), (1, Happening::Up(url())), (3, trouble())];
        assert_eq!(after(&steps).state, TunnelState::Connecting);
        steps.push((40, trouble()));
        assert_eq!(after(&steps).state, TunnelState::Degraded);
        steps.push((41, Happening::Proven(Duration::from_millis(9))));
        steps.push((42, trouble()));
        assert_eq!(after(&steps).state, TunnelState::Degraded, "what was online needs no time to settle");
    }

    #[test]
    fn the_address_outlives_a_lost_link_but_not_a_stop() {
        let mut steps = vec![
            (0, started(TunnelKind::Ngrok)),
            (1, Happening::Up(url())),
            (2, Happening::Proven(Duration::from_millis(9))),
            (3, Happening::Lost(Trouble::new("the connection broke"), Some(at(4)))),
        ];
        let status = after(&steps);
        assert_eq!((status.state, status.public_url.clone()), (TunnelState::Connecting, Some(url())));
        assert_eq!(status.next_attempt_at, Some(at(4)));
        steps.push((5, Happening::Stopped));
        let status = after(&steps);
        assert_eq!((status.state, status.public_url), (TunnelState::Off, None));
    }

    #[test]
    fn the_timeline_holds_each_change_once_and_is_bounded() {
        let lost = || Happening::Lost(Trouble::new("no route"), None);
        let status = after(&[(0, started(TunnelKind::Ngrok)), (1, lost()), (2, lost()), (3, lost())]);
        let reasons: Vec<_> = status.history.iter().map(|moment| moment.reason.as_deref()).collect();
        assert_eq!(reasons, [None, Some("no route")]);
        let mut status = TunnelStatus::default();
        for second in 0..500 {
            status.apply(Happening::Refused(Trouble::new(second.to_string())), at(second));
        }
        assert_eq!(status.history.len(), HISTORY);
        assert_eq!(status.history.back().map(|moment| moment.at), Some(at(499)));
    }
}
