//! The supervisor and the real ngrok client against an edge in memory, under paused time: hours pass at once.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::any;
use hookline_engine::event::{Clock, Timestamp};
use hookline_engine::receiver::server::{Server, ServerLimits};
use hookline_engine::tunnel::proof::{Place, Probes, Proof, Prove};
use hookline_engine::tunnel::{
    Board, ByteStream, Dial, Ingress, NgrokEdge, Trouble, TunnelKind, TunnelParts, TunnelSettings,
    TunnelState, TunnelStatus, Tunnels,
};
use hookline_tests::ngrok_edge::{Edge, Step, TOKEN};
use proptest::prelude::*;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

/// The runtime's own time, which tests let pass.
#[derive(Debug)]
struct PausedClock {
    start: Instant,
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.start.elapsed().as_micros()).expect("fits");
        Timestamp::from_micros(1_790_000_000_000_000 + passed)
    }
}

struct MemoryDial<F>(F);

impl<F> std::fmt::Debug for MemoryDial<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryDial")
    }
}

#[async_trait]
impl<F> Dial for MemoryDial<F>
where
    F: Fn() -> io::Result<tokio::io::DuplexStream> + Send + Sync + 'static,
{
    async fn dial(
        &self,
        _host: &str,
        _port: u16,
        _tls: Arc<rustls::ClientConfig>,
    ) -> io::Result<(Box<dyn ByteStream>, Option<IpAddr>)> {
        Ok((Box::new((self.0)()?), None))
    }
}

/// Sends self-tests into the edge, as a client of its front would.
#[derive(Debug)]
struct MemoryProve {
    edge: Arc<Edge>,
    probes: Probes,
}

#[async_trait]
impl Prove for MemoryProve {
    async fn prove(&self, _address: &Url, _place: Place) -> Proof {
        if self.edge.bound_url().is_none() {
            return Proof::Wrong { status: 404, another: false, trouble: Trouble::new("no tunnel is bound") };
        }
        let probe = self.probes.expect();
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            probe.path()
        );
        let edge = Arc::clone(&self.edge);
        let started = Instant::now();
        // A link may go away in the very moment: then the stand-in panics, and nothing comes back.
        let asked = tokio::spawn(async move { edge.raw_request(request.as_bytes()).await });
        match tokio::time::timeout(Duration::from_secs(10), asked).await {
            Ok(Ok(_)) if probe.was_seen() => Proof::Came(started.elapsed()),
            Ok(Ok(_)) => {
                Proof::Wrong { status: 502, another: false, trouble: Trouble::new("something else answers") }
            }
            Ok(Err(_)) | Err(_) => Proof::Nothing(Trouble::new("nothing comes back")),
        }
    }
}

#[derive(Debug)]
struct ServerIngress {
    server: Server,
    board: Board,
}

impl Ingress for ServerIngress {
    fn take(&self, connection: Box<dyn ByteStream>, client: SocketAddr) {
        self.server.take(connection, client, Arc::clone(self.board.meter()));
    }
}

/// A tunnel to an edge in memory.
struct World {
    edge: Arc<Edge>,
    tunnels: Tunnels,
}

impl World {
    async fn start() -> Self {
        hookline_engine::app::use_tls();
        let edge = Arc::new(Edge::in_memory());
        let clock: Arc<dyn Clock> = Arc::new(PausedClock { start: Instant::now() });
        let receiver = Url::parse("http://127.0.0.1:4400").expect("is a URL");
        let board = Board::new(receiver.clone(), Arc::clone(&clock));
        let seen = async |State(probes): State<Probes>, Path((_, job)): Path<(String, String)>| {
            probes.unknown_job(&job);
            http::StatusCode::NOT_FOUND
        };
        let router = Router::new()
            .route("/api/webhooks/{workspace}/{job}", any(seen))
            .with_state(board.probes().clone());
        let server = Server::new(router, ServerLimits::DEFAULT, CancellationToken::new());
        let tunnels = Tunnels::new(TunnelParts {
            ingress: Arc::new(ServerIngress { server, board: board.clone() }),
            receiver,
            prover: Arc::new(MemoryProve { edge: Arc::clone(&edge), probes: board.probes().clone() }),
            clock,
            ngrok_edge: NgrokEdge { dial: Arc::new(MemoryDial(edge.dialer())), ..NgrokEdge::default() },
            board,
        });
        let settings = TunnelSettings { kind: TunnelKind::Ngrok, on: true, ..TunnelSettings::default() };
        tunnels.start(&settings, Some(TOKEN.into())).await.expect("starts");
        Self { edge, tunnels }
    }

    /// Waits for the state, and tells how long it took.
    async fn until(&self, wanted: impl Fn(&TunnelStatus) -> bool, within: Duration) -> Duration {
        let started = Instant::now();
        let mut status = self.tunnels.board().watch();
        let waiting = status.wait_for(|status| wanted(status));
        let arrived = tokio::time::timeout(within, waiting).await.is_ok();
        assert!(
            arrived,
            "not within {within:?}: {:#?}\n{:#?}",
            self.tunnels.board().status(),
            self.edge.records()
        );
        started.elapsed()
    }

    async fn online(&self, within: Duration) -> Duration {
        self.until(|status| status.state == TunnelState::Online, within).await
    }

    /// Whether requests get through now, whatever the board believes; it is not told.
    async fn receives(&self) -> bool {
        let prove =
            MemoryProve { edge: Arc::clone(&self.edge), probes: self.tunnels.board().probes().clone() };
        let address = Url::parse("https://stand-in.ngrok-free.dev").expect("is a URL");
        matches!(prove.prove(&address, Place::Public).await, Proof::Came(_))
    }

    /// A request of somebody else's.
    async fn request(&self) {
        let request = b"POST /api/webhooks/default/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        self.edge.raw_request(request).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_half_dead_link_is_found_by_its_heartbeats_and_made_anew() {
    let world = World::start().await;
    world.online(Duration::from_secs(30)).await;
    world.edge.go_half_dead();
    let lost = world.until(|status| status.state != TunnelState::Online, Duration::from_secs(21)).await;
    assert!(lost >= Duration::from_secs(1), "{lost:?}");
    let back = world.online(Duration::from_secs(5)).await;
    assert!(back < Duration::from_secs(3), "{back:?}");
    // The edge gave the same tunnel back.
    let records = world.edge.records();
    assert_eq!(records.binds.last().map(|bind| &bind.requested_id), Some(&records.binds[0].id));
    world.tunnels.stop().await;
}

#[tokio::test(start_paused = true)]
async fn after_hours_without_an_edge_it_is_back_within_a_minute_and_did_not_knock_like_mad() {
    let world = World::start().await;
    world.online(Duration::from_secs(30)).await;
    let before = world.edge.records().connections;
    world.edge.go_away(true);
    tokio::time::sleep(Duration::from_hours(6)).await;
    let attempts = world.edge.records().connections - before;
    // Every 15 s at most, every 11 s at least.
    assert!((1_300..2_200).contains(&attempts), "{attempts}");
    world.edge.go_away(false);
    world.online(Duration::from_mins(1)).await;
    world.tunnels.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_edge_that_keeps_the_link_but_never_gives_the_tunnel_back_is_given_up() {
    for step in [Step::Connect, Step::Auth, Step::Bind] {
        let world = World::start().await;
        world.online(Duration::from_secs(30)).await;
        world.edge.hang_at(Some(step));
        world.edge.cut();
        tokio::time::sleep(Duration::from_mins(10)).await;
        assert!(!world.receives().await);
        world.edge.hang_at(None);
        let back = world.online(Duration::from_mins(1)).await;
        assert!(world.receives().await, "{step:?} after {back:?}");
        world.tunnels.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_waited_out_and_told() {
    let world = World::start().await;
    world.online(Duration::from_secs(30)).await;
    // After a sleep the edge may believe the old link alive for a while.
    world.edge.refuse_bind("ERR_NGROK_334", "The endpoint is already online.");
    world.edge.cut();
    let told = |status: &TunnelStatus| {
        status.trouble.as_ref().is_some_and(|trouble| trouble.reason.contains("ERR_NGROK_334"))
    };
    world.until(told, Duration::from_secs(10)).await;
    tokio::time::sleep(Duration::from_mins(30)).await;
    let status = world.tunnels.board().status();
    assert_eq!(status.state, TunnelState::Connecting, "{status:#?}");
    assert!(status.next_attempt_at.is_some());
    world.edge.refuse_nothing();
    world.online(Duration::from_mins(1)).await;
    world.tunnels.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_attempts_until_a_start_by_hand() {
    let world = World::start().await;
    world.online(Duration::from_secs(30)).await;
    world.edge.refuse_auth("ERR_NGROK_107", "The authtoken is invalid.");
    world.edge.cut();
    world.until(|status| status.state == TunnelState::Refused, Duration::from_secs(10)).await;
    let attempts = world.edge.records().auths.len();
    tokio::time::sleep(Duration::from_hours(24)).await;
    assert_eq!(world.edge.records().auths.len(), attempts);
    world.edge.refuse_nothing();
    let settings = TunnelSettings { kind: TunnelKind::Ngrok, on: true, ..TunnelSettings::default() };
    world.tunnels.start(&settings, Some(TOKEN.into())).await.expect("starts");
    world.online(Duration::from_secs(30)).await;
    world.tunnels.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_day_online_costs_little_of_the_plan() {
    let world = World::start().await;
    world.online(Duration::from_secs(30)).await;
    tokio::time::sleep(Duration::from_hours(24)).await;
    let streams = world.edge.records().streams;
    // The free plan has 20,000 a month, 645 a day.
    assert!((40..60).contains(&streams), "{streams}");
    assert_eq!(world.tunnels.board().status().state, TunnelState::Online);
    world.tunnels.stop().await;
}

#[tokio::test(start_paused = true)]
async fn requests_count_as_proofs_only_as_long_as_they_come() {
    let world = World::start().await;
    world.online(Duration::from_secs(30)).await;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_mins(20)).await;
        world.request().await;
    }
    assert_eq!(world.edge.records().streams, 1 + 4, "no proof was needed");
    // The edge no longer gives the tunnel any request, and heartbeats go on as if nothing was.
    world.edge.set_public_url("https://stand-in.ngrok-free.dev");
    world.edge.delay_streams(Duration::from_hours(10));
    world.until(|status| status.state != TunnelState::Online, Duration::from_mins(61)).await;
    world.tunnels.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_stopped_after_a_reconnect_stays_stopped_too() {
    let world = World::start().await;
    world.online(Duration::from_secs(30)).await;
    world.edge.cut();
    world.until(|status| status.state != TunnelState::Online, Duration::from_secs(5)).await;
    world.online(Duration::from_secs(10)).await;
    // The crate hears the order only in a session that it did not take up again.
    world.edge.wait_for(|records| records.auths.len() == 3).await;
    world.online(Duration::from_secs(10)).await;
    world.edge.bound().await;
    world.edge.stop_tunnel("The endpoint was deleted.", None).await;
    world.until(|status| status.state == TunnelState::Refused, Duration::from_secs(10)).await;
}

/// What an edge and the network can do.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Cut,
    HalfDead,
    Away,
    HangAt(Step),
    BindRefused,
    LimitReached,
    Slow,
    Restart,
}

fn fault() -> impl Strategy<Value = (Fault, Duration)> {
    let fault = prop_oneof![
        Just(Fault::Cut),
        Just(Fault::HalfDead),
        Just(Fault::Away),
        Just(Fault::HangAt(Step::Connect)),
        Just(Fault::HangAt(Step::Auth)),
        Just(Fault::HangAt(Step::Bind)),
        Just(Fault::BindRefused),
        Just(Fault::LimitReached),
        Just(Fault::Slow),
        Just(Fault::Restart),
    ];
    (fault, (0u64..200_000).prop_map(Duration::from_millis))
}

async fn do_it(edge: &Edge, fault: Fault) {
    match fault {
        Fault::Cut => edge.cut(),
        Fault::HalfDead => edge.go_half_dead(),
        Fault::Away => edge.go_away(true),
        Fault::HangAt(step) => {
            edge.hang_at(Some(step));
            edge.cut();
        }
        Fault::BindRefused => {
            edge.refuse_bind("ERR_NGROK_334", "The endpoint is already online.");
            edge.cut();
        }
        Fault::LimitReached => {
            edge.refuse_auth("ERR_NGROK_108", "Your account is limited to 1 agent session.");
            edge.cut();
        }
        Fault::Slow => edge.delay_streams(Duration::from_secs(9)),
        Fault::Restart => {
            if edge.bound_url().is_some() {
                // A link that dies meanwhile answers nothing.
                let _ = tokio::time::timeout(Duration::from_secs(1), edge.restart()).await;
            }
        }
    }
}

fn be_healthy(edge: &Edge) {
    edge.go_away(false);
    edge.hang_at(None);
    edge.refuse_nothing();
    edge.delay_streams(Duration::ZERO);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_edge_did_within_a_minute_of_its_health_requests_get_through(
        faults in proptest::collection::vec(fault(), 1..8)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let world = World::start().await;
            for (fault, then) in faults {
                do_it(&world.edge, fault).await;
                tokio::time::sleep(then).await;
            }
            be_healthy(&world.edge);
            let healthy = Instant::now();
            while !world.receives().await {
                assert!(
                    healthy.elapsed() <= Duration::from_mins(1),
                    "{:#?}\n{:#?}",
                    world.tunnels.board().status(),
                    world.edge.records()
                );
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            // The window says so soon after.
            world.online(Duration::from_mins(3)).await;
            world.tunnels.stop().await;
        });
    }
}
