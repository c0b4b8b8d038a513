//! Keeps a link alive: connects, proves that requests get through, waits and begins again, until it is stopped or refused.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::backoff::Backoff;
use super::link::{Disturbance, Ended, Link, Outside, Report};
use super::proof::{Place, Proof, Prove};
use super::state::{Happening, Trouble};
use super::{Board, TunnelKind};

/// How long a link gets to end cleanly.
const GRACE: Duration = Duration::from_secs(3);

/// After a disturbance a link may need a moment to notice by itself.
const AFTER_DISTURBANCE: Duration = Duration::from_secs(2);

/// How long an edge takes to give the tunnel back after a connection was made anew.
const AFTER_RECONNECTING: Duration = Duration::from_secs(1);

/// A link whose address was answered wrongly so many times is made anew, after the time that its kind needs at least.
const WRONG_ANSWERS: u32 = 4;

/// After so many proofs in a row that other Hooklines answered behind an address that was proven before, requests no longer count
/// as getting through. One proof of ten requests misses one of five processes in one case of nine where each request
/// goes to any of them; four proofs do in one of 7,500.
const MISSED_PROOFS: u32 = 4;

/// That time doubles with each link that never was any better, so often: a filter that only this machine is behind is no
/// reason to interrupt everybody else for ever.
const RENEWALS_COUNTED: u32 = 6;

/// How often a kind of tunnel is tried.
#[derive(Debug, Clone, Copy)]
struct Rhythm {
    /// Between proofs while all is well.
    well: Duration,
    /// Between proofs while something is wrong: at most.
    unwell: Duration,
    /// Whether real requests make a proof unnecessary: they are counted by the same limit.
    traffic_counts: bool,
    /// After how long a new link may help where the address is answered wrongly; never, for `None`.
    renew_after: Option<Duration>,
}

impl Rhythm {
    const fn of(kind: TunnelKind) -> Self {
        match kind {
            // Heartbeats find dead links; requests are limited (20,000 a month in the free plan).
            TunnelKind::Ngrok => Self {
                well: Duration::from_mins(30),
                unwell: Duration::from_mins(2),
                traffic_counts: true,
                renew_after: Some(Duration::from_secs(20)),
            },
            // The program says nothing of a link that died: only the address tells.
            TunnelKind::Cloudflared | TunnelKind::Tailscale => Self {
                well: Duration::from_mins(1),
                unwell: Duration::from_secs(20),
                traffic_counts: false,
                // It mends its own connections, also after a sleep, and would come back under another address.
                renew_after: Some(Duration::from_secs(90)),
            },
            TunnelKind::OwnUrl | TunnelKind::None => Self {
                well: Duration::from_mins(2),
                unwell: Duration::from_secs(20),
                traffic_counts: false,
                renew_after: None,
            },
        }
    }
}

/// Runs `link` until `stop`.
pub(super) async fn run(
    mut link: Box<dyn Link>,
    kind: TunnelKind,
    board: Board,
    prover: Arc<dyn Prove>,
    mut disturbances: mpsc::Receiver<Disturbance>,
    stop: CancellationToken,
) {
    let (mut quick, mut slow) = (Backoff::QUICK, Backoff::SLOW);
    let mut renewals = 0;
    loop {
        board.apply(Happening::Attempt);
        let mut attempt = Attempt::new(kind, &board, &*prover, &stop, renewals);
        let ended = attempt.run(&mut *link, &mut disturbances).await;
        if attempt.proven {
            quick.reset();
            slow.reset();
            renewals = 0;
        }
        let (trouble, pause) = match ended {
            _ if stop.is_cancelled() => break,
            Ended::Stopped => break,
            Ended::Refused(trouble) => {
                tracing::warn!(tunnel = kind.as_str(), reason = trouble.reason, "the tunnel is refused");
                board.apply(Happening::Refused(trouble));
                stop.cancelled().await;
                break;
            }
            Ended::Lost(trouble) => {
                renewals += u32::from(attempt.renewing);
                (trouble, quick.next())
            }
            Ended::Later(trouble) => (trouble, slow.next()),
        };
        tracing::info!(
            tunnel = kind.as_str(),
            reason = trouble.reason,
            ?pause,
            "the tunnel is connected again"
        );
        board.apply(Happening::Lost(trouble, Some(board.in_future(pause))));
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
            () = better_times(&mut disturbances) => {}
        }
    }
}

/// Ends when this machine woke up or got an address: then waiting any longer is pointless.
async fn better_times(disturbances: &mut mpsc::Receiver<Disturbance>) {
    loop {
        match disturbances.recv().await {
            Some(Disturbance::Woke | Disturbance::AddressNew) => return,
            Some(Disturbance::AddressGone(_)) => {}
            None => return std::future::pending().await,
        }
    }
}

/// One life of a link.
struct Attempt<'a> {
    place: Place,
    rhythm: Rhythm,
    board: &'a Board,
    prover: &'a dyn Prove,
    stop: &'a CancellationToken,
    /// The public address, while the link is there.
    address: Option<Url>,
    /// Whether a proof came back at any time.
    proven: bool,
    /// How many proofs in a row were answered by something else.
    wrong_answers: u32,
    /// Since when the link is there, or this machine awake again.
    up_since: Instant,
    /// How many links before this one were given up without ever having been proven.
    renewals: u32,
    /// Whether this one is given up for wrong answers.
    renewing: bool,
    pauses: Backoff,
    /// When the next proof is to be made.
    due: Option<Instant>,
    /// How many requests had come through the tunnel at the last proof.
    requests: u64,
}

impl<'a> Attempt<'a> {
    fn new(
        kind: TunnelKind,
        board: &'a Board,
        prover: &'a dyn Prove,
        stop: &'a CancellationToken,
        renewals: u32,
    ) -> Self {
        let rhythm = Rhythm::of(kind);
        Self {
            place: Place::of(kind),
            rhythm,
            board,
            prover,
            stop,
            address: None,
            proven: false,
            wrong_answers: 0,
            up_since: Instant::now(),
            renewals,
            renewing: false,
            pauses: Backoff::new(Duration::from_secs(1), rhythm.unwell),
            due: None,
            requests: board.meter().total(),
        }
    }
}

impl Attempt<'_> {
    async fn run(&mut self, link: &mut dyn Link, disturbances: &mut mpsc::Receiver<Disturbance>) -> Ended {
        let link_stop = self.stop.child_token();
        let (report, mut reports) = mpsc::channel(16);
        let (disturb, disturbed) = mpsc::channel(16);
        let outside = Outside { reports: report, disturbances: disturbed, stop: link_stop.clone() };
        let mut holding = link.hold(outside);
        let prover = self.prover;
        let mut proving: Option<Pin<Box<dyn Future<Output = Proof> + Send + '_>>> = None;
        loop {
            if proving.is_none()
                && let (Some(address), Some(due)) = (&self.address, self.due)
                && due <= Instant::now()
            {
                if self.traffic_proves() {
                    self.requests = self.board.meter().total();
                    self.due = Some(Instant::now() + self.rhythm.well);
                } else {
                    let address = address.clone();
                    let place = self.place;
                    proving = Some(Box::pin(async move { prover.prove(&address, place).await }));
                }
            }
            tokio::select! {
                ended = &mut holding => return ended,
                Some(report) = reports.recv() => {
                    proving = None;
                    self.hear(report);
                }
                proof = or_never(&mut proving), if proving.is_some() => {
                    proving = None;
                    if let Some(trouble) = self.judge(proof) {
                        link_stop.cancel();
                        let _ = tokio::time::timeout(GRACE, &mut holding).await;
                        return Ended::Lost(trouble);
                    }
                }
                () = sleep_until(self.due), if proving.is_none() => {}
                Some(disturbance) = disturbances.recv() => {
                    // A link that does not take it in time is about to end.
                    let _ = disturb.try_send(disturbance);
                    if self.address.is_some() {
                        self.due = Some(Instant::now() + AFTER_DISTURBANCE);
                        // What came in before says nothing of the time after.
                        self.requests = u64::MAX;
                        self.up_since = Instant::now();
                    }
                }
                () = self.board.doubted() => if self.address.is_some() {
                    self.requests = u64::MAX;
                    self.due = Some(Instant::now());
                },
                () = self.stop.cancelled() => {
                    return tokio::time::timeout(GRACE, &mut holding).await.unwrap_or(Ended::Stopped);
                }
            }
        }
    }

    fn traffic_proves(&self) -> bool {
        self.proven && self.rhythm.traffic_counts && self.board.meter().total() > self.requests
    }

    fn hear(&mut self, report: Report) {
        match report {
            Report::Up(address) => {
                self.board.apply(Happening::Up(address.clone()));
                self.address = Some(address);
                self.wrong_answers = 0;
                self.up_since = Instant::now();
                self.pauses.reset();
                self.requests = u64::MAX;
                // What is there again is bound a moment later; a request in between would go into the old link.
                let wait = if self.proven { AFTER_RECONNECTING } else { Duration::ZERO };
                self.due = Some(Instant::now() + wait);
            }
            Report::Lost(trouble, pause) => {
                self.board.apply(Happening::Lost(trouble, Some(self.board.in_future(pause))));
                (self.address, self.due) = (None, None);
            }
        }
    }

    /// Whether a load balancer may have passed every request of the last proofs to another Hookline by chance.
    fn may_be_chance(&self) -> bool {
        self.place == Place::Shared && self.proven && self.wrong_answers < MISSED_PROOFS
    }

    /// Takes a proof in; tells the trouble for which the link is to be made anew.
    fn judge(&mut self, proof: Proof) -> Option<Trouble> {
        self.requests = self.board.meter().total();
        match proof {
            Proof::Came(after) => {
                self.proven = true;
                self.wrong_answers = 0;
                self.pauses.reset();
                self.due = Some(Instant::now() + self.rhythm.well);
                self.board.apply(Happening::Proven(after));
                None
            }
            Proof::Wrong { another, trouble, .. } => {
                self.wrong_answers += 1;
                if another && self.may_be_chance() {
                    self.due = Some(Instant::now() + self.pauses.next());
                    return None;
                }
                self.board.apply(Happening::NotProven(trouble.clone()));
                self.due = Some(Instant::now() + self.pauses.next());
                self.renewing = self.wrong_answers >= WRONG_ANSWERS
                    && self.rhythm.renew_after.is_some_and(|least| {
                        let least = least.saturating_mul(2u32.pow(self.renewals.min(RENEWALS_COUNTED)));
                        self.up_since.elapsed() >= least
                    });
                self.renewing.then_some(trouble)
            }
            // The link may be sound and only this machine be unable to see it from outside: it is not given up.
            Proof::Nothing(trouble) => {
                self.board.apply(Happening::NotProven(trouble));
                self.due = Some(Instant::now() + self.pauses.next());
                None
            }
        }
    }
}

/// What the future gives, if there is one.
async fn or_never(future: &mut Option<Pin<Box<dyn Future<Output = Proof> + Send + '_>>>) -> Proof {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::event::{ManualClock, Timestamp};
    use crate::tunnel::TunnelState;

    #[derive(Debug)]
    struct Never;

    #[async_trait]
    impl Prove for Never {
        async fn prove(&self, _address: &Url, _place: Place) -> Proof {
            std::future::pending().await
        }
    }

    fn answered_by(another: bool) -> Proof {
        Proof::Wrong { status: 404, another, trouble: Trouble::new("not this one") }
    }

    /// The states after these proofs of a new link.
    fn states(kind: TunnelKind, proofs: Vec<Proof>) -> Vec<TunnelState> {
        let url = Url::parse("https://hooks.example.com").expect("is a URL");
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_000)));
        let board = Board::new(url.clone(), clock);
        let stop = CancellationToken::new();
        let mut attempt = Attempt::new(kind, &board, &Never, &stop, 0);
        board.apply(Happening::Started(kind, None));
        attempt.hear(Report::Up(url));
        proofs
            .into_iter()
            .map(|proof| {
                attempt.judge(proof);
                board.status().state
            })
            .collect()
    }

    #[tokio::test]
    async fn behind_a_load_balancer_only_several_missed_proofs_in_a_row_mean_that_nothing_gets_through() {
        use TunnelState::{Connecting, Degraded, Online};
        let came = || Proof::Came(Duration::from_millis(5));
        let missed = || answered_by(true);
        assert_eq!(
            states(
                TunnelKind::OwnUrl,
                vec![came(), missed(), missed(), missed(), came(), missed(), missed(), missed(), missed()]
            ),
            [Online, Online, Online, Online, Online, Online, Online, Online, Degraded]
        );
        assert_eq!(
            states(TunnelKind::OwnUrl, vec![missed(), missed()]),
            [Connecting, Connecting],
            "never proven"
        );
        assert_eq!(states(TunnelKind::OwnUrl, vec![came(), answered_by(false)]), [Online, Degraded]);
        assert_eq!(
            states(TunnelKind::Ngrok, vec![came(), missed()]),
            [Online, Degraded],
            "no load balancer is there"
        );
    }
}
