//! A stand-in for ngrok's edge: the real `ngrok` client connects to it, and requests to its front arrive at the
//! client's listener.
//!
//! It speaks the agent protocol of the `ngrok` crate 0.19 (muxado streams with JSON). Everything that an edge and
//! the network before it can do to an agent is done on demand: refusing a token or a bind, cutting links, leaving
//! them half dead, being away, never answering, stopping a tunnel. What agents did stands in [`Records`].
//!
//! There are two kinds of it. [`Edge::start`] listens with TLS on 127.0.0.1 and has a public front, for whole
//! programs. [`Edge::in_memory`] has no socket at all, for a client with a connector of its own under paused time.
//!
//! Streams to agents are not limited here. The crate takes 512 at a time, its heartbeat's included, and ends its
//! link at the next.
//!
//! What it does not do: more than one public address (the tunnel bound last gets all requests), TCP, TLS and
//! labelled tunnels, limits, and refusing a domain that another link holds (`refuse_bind` plays that).

mod front;
mod http1;
mod link;
mod records;
mod shared;
mod wire;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Authority;

pub use records::{AuthSeen, BindSeen, LinkEnd, Records};

use shared::{Behaviour, Fate, Shared, Tunnel};

/// The authtoken that an edge accepts unless told otherwise.
pub const TOKEN: &str = "2abcdefghijklmnopqrstuvwxyz_0123456789ABCDEFGHIJK";

/// Where clients come from in memory, unless told otherwise: an address kept for documentation.
pub const CLIENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)), 40_000);

/// How long a test waits for what must happen: long, because the machine may be busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// The same in memory: paused time leaps over any client's backoff.
const PAUSED_PATIENCE: Duration = Duration::from_hours(24 * 30);

/// A step at which the edge can fall silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The connection is accepted and nothing follows, not even TLS.
    Connect,
    /// The link is up and answers heartbeats, but no authentication.
    Auth,
    /// The link is authenticated, but no bind is answered.
    Bind,
}

/// How long an agent gets to take all of a request.
const WRITTEN_WITHIN: Duration = Duration::from_secs(3);

/// A stream to the agent, as it carries one client's connection.
pub type Proxied = muxado::Stream;

/// The stand-in. Everything of it ends when it is dropped.
pub struct Edge {
    shared: Arc<Shared>,
    listening: Option<Listening>,
    tasks: JoinSet<()>,
    patience: Duration,
}

#[derive(Debug)]
struct Listening {
    agents: u16,
    front: SocketAddr,
    ca: String,
}

impl fmt::Debug for Edge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Edge").field("listening", &self.listening).finish_non_exhaustive()
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        // Connections hold the state themselves and would outlive the listeners.
        self.shared.cut();
    }
}

impl Edge {
    /// Starts an edge that listens for agents with TLS, and for their clients without, both on 127.0.0.1.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let agents = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let front = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let authority = Authority::new("Stand-in for ngrok's edge");
        let acceptor = authority.acceptor(&["localhost", "127.0.0.1", "::1"]);
        let listening = Listening {
            agents: agents.local_addr().expect("is bound").port(),
            front: front.local_addr().expect("is bound"),
            ca: authority.pem,
        };
        let mut edge = Self::with(format!("http://{}", listening.front), PATIENCE);
        edge.listening = Some(listening);
        edge.tasks.spawn(accept(Arc::clone(&edge.shared), agents, acceptor));
        edge.tasks.spawn(front::serve(Arc::clone(&edge.shared), front));
        edge
    }

    /// An edge without sockets, to be reached by [`Edge::connect`] and [`Edge::open`] alone. It is made for paused
    /// time: what it waits for may take 30 days.
    pub fn in_memory() -> Self {
        Self::with("https://stand-in.ngrok-free.dev".to_owned(), PAUSED_PATIENCE)
    }

    fn with(public_url: String, patience: Duration) -> Self {
        let behaviour = Behaviour {
            tokens: BTreeSet::from([TOKEN.to_owned()]),
            refuse_auth: None,
            refuse_bind: None,
            away: false,
            hang: None,
            latency: Duration::ZERO,
            public_url,
            domain_in_url: false,
            client: None,
        };
        let shared = Arc::new(Shared::new(behaviour));
        Self { shared, listening: None, tasks: JoinSet::new(), patience }
    }

    fn listening(&self) -> &Listening {
        self.listening.as_ref().expect("an edge in memory has no address")
    }

    /// Where agents connect, as `localhost:PORT`.
    ///
    /// # Panics
    /// When the edge is in memory.
    pub fn address(&self) -> String {
        format!("localhost:{}", self.listening().agents)
    }

    /// The certificate, as PEM, of the authority that vouches for `localhost` and `127.0.0.1`.
    ///
    /// # Panics
    /// When the edge is in memory.
    pub fn ca_pem(&self) -> &str {
        &self.listening().ca
    }

    /// Where the tunnel's clients connect, with plain HTTP/1.1. Requests may follow each other on a connection;
    /// all of them share one stream to the agent. A request whose length can be read in two ways is refused here:
    /// [`Edge::raw_request`] brings it to the agent.
    ///
    /// # Panics
    /// When the edge is in memory.
    pub fn front(&self) -> SocketAddr {
        self.listening().front
    }

    /// Connects an agent without TLS: the agent's end of a pipe.
    ///
    /// # Errors
    /// `ConnectionRefused` while the edge is away.
    pub fn connect(&self) -> io::Result<DuplexStream> {
        connect(&self.shared)
    }

    /// What connects agents without TLS, to be moved into a client's connector.
    pub fn dialer(&self) -> impl Fn() -> io::Result<DuplexStream> + Clone + Send + Sync + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        move || connect(&shared)
    }

    /// Sets which authtokens are accepted from now on. Any other is refused with `ERR_NGROK_107`.
    pub fn accept_tokens<T: Into<String>>(&self, tokens: impl IntoIterator<Item = T>) {
        let tokens = tokens.into_iter().map(Into::into).collect();
        self.shared.behave(|behaviour| behaviour.tokens = tokens);
    }

    /// Refuses every authentication from now on. `code` is such as `ERR_NGROK_105`; empty for a text without one.
    pub fn refuse_auth(&self, code: &str, text: &str) {
        let error = wire::error_text(code, text);
        self.shared.behave(|behaviour| behaviour.refuse_auth = Some(error));
    }

    /// Refuses every bind from now on. `code` is such as `ERR_NGROK_334`; empty for a text without one.
    pub fn refuse_bind(&self, code: &str, text: &str) {
        let error = wire::error_text(code, text);
        self.shared.behave(|behaviour| behaviour.refuse_bind = Some(error));
    }

    /// Takes back what [`Edge::refuse_auth`] and [`Edge::refuse_bind`] set.
    pub fn refuse_nothing(&self) {
        self.shared.behave(|behaviour| {
            behaviour.refuse_auth = None;
            behaviour.refuse_bind = None;
        });
    }

    /// Drops all present connections of agents without a word.
    pub fn cut(&self) {
        self.shared.cut();
    }

    /// Leaves all present connections open without ever reading or answering anything on them again, as after a
    /// sleep or a change of network. New connections are fine. Only [`Edge::cut`] ends them.
    pub fn go_half_dead(&self) {
        self.shared.half_dead();
    }

    /// While away the edge drops all connections, present and new ones.
    pub fn go_away(&self, away: bool) {
        self.shared.behave(|behaviour| behaviour.away = away);
        if away {
            self.shared.cut();
        }
    }

    /// While hanging the edge accepts connections and then says nothing. They stay silent for good.
    pub fn hang_new(&self, hang: bool) {
        self.hang_at(hang.then_some(Step::Connect));
    }

    /// Falls silent at this step of each new connection, or at none.
    pub fn hang_at(&self, step: Option<Step>) {
        self.shared.behave(|behaviour| behaviour.hang = step);
    }

    /// Waits so long before each proxied stream is opened.
    pub fn delay_streams(&self, latency: Duration) {
        self.shared.behave(|behaviour| behaviour.latency = latency);
    }

    /// The URL that binds are answered with: the front's, or what was set.
    pub fn public_url(&self) -> String {
        self.shared.behaviour().public_url
    }

    /// Answers binds with this URL from now on.
    pub fn set_public_url(&self, url: &str) {
        self.shared.behave(|behaviour| url.clone_into(&mut behaviour.public_url));
    }

    /// Whether a bind that asks for a domain is answered with `https://<domain>`, as ngrok does, though nobody can
    /// reach that here.
    pub fn answer_with_domain(&self, domain: bool) {
        self.shared.behave(|behaviour| behaviour.domain_in_url = domain);
    }

    /// Says that the front's clients come from this address; `None` for their real one.
    pub fn set_client(&self, client: Option<SocketAddr>) {
        self.shared.behave(|behaviour| behaviour.client = client);
    }

    /// Stops the tunnel bound last, as ngrok does when its endpoint is deleted in the dashboard.
    ///
    /// # Panics
    /// When no tunnel is bound or its link cannot be written to.
    pub async fn stop_tunnel(&self, message: &str, code: Option<&str>) {
        let tunnel = self.tunnel();
        self.shared.unbind(&tunnel.id);
        let order = json!({"Id": tunnel.id, "Message": message, "ErrorCode": code});
        // No answer is due, and ending the stream early would make the agent spin: it reads until the JSON is whole.
        tunnel.stream(&wire::command(wire::STOP_TUNNEL, &order)).await.expect("the agent's link takes it");
    }

    /// Tells the agent to stop, as the dashboard can. Tells the agent's error; `None` when it agreed.
    ///
    /// # Panics
    /// When no agent is there or it does not answer.
    pub async fn stop(&self) -> Option<String> {
        self.command(wire::STOP).await
    }

    /// Tells the agent to restart, as the dashboard can. Tells the agent's error; `None` when it agreed.
    ///
    /// # Panics
    /// When no agent is there or it does not answer.
    pub async fn restart(&self) -> Option<String> {
        self.command(wire::RESTART).await
    }

    async fn command(&self, kind: u32) -> Option<String> {
        let command = wire::command(kind, &json!({}));
        let mut stream = self.tunnel().stream(&command).await.expect("the agent's link takes it");
        let answer = tokio::time::timeout(self.patience, wire::read_json(&mut stream)).await;
        let answer = answer.expect("the agent answers in time").expect("the agent answers");
        answer.get("Error").and_then(Value::as_str).map(str::to_owned)
    }

    fn tunnel(&self) -> Tunnel {
        self.shared.tunnel().expect("a tunnel is bound")
    }

    /// The public URL of the tunnel that gets the requests; `None` when none is bound.
    pub fn bound_url(&self) -> Option<String> {
        self.shared.tunnel().map(|tunnel| tunnel.url)
    }

    /// Opens a stream to the agent as for a client at this address. What is written arrives as it is, without
    /// anything that the front adds.
    ///
    /// # Panics
    /// When no tunnel is bound or its link is gone.
    pub async fn open(&self, client: SocketAddr) -> Proxied {
        self.shared.open(&self.tunnel(), client).await.expect("the agent's link takes it")
    }

    /// Sends these bytes on a stream of its own, from [`CLIENT`] or the address that was set, and tells everything
    /// that came back until the agent ended the stream. The agent decides when that is: a request that it
    /// understands should say `Connection: close`.
    ///
    /// # Panics
    /// When no tunnel is bound, or the agent does not end the stream.
    pub async fn raw_request(&self, bytes: &[u8]) -> Vec<u8> {
        let client = self.shared.behaviour().client.unwrap_or(CLIENT);
        let mut stream = self.open(client).await;
        // A refusal may come before the last byte went out: then nobody takes the rest, and the answer is there already.
        // It is not read meanwhile, because a muxado stream that is waited for in two ways wakes for one of them only.
        let _ = tokio::time::timeout(WRITTEN_WITHIN, stream.write_all(bytes)).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(self.patience, stream.read_to_end(&mut answer)).await;
        // A reset ends the stream as well; what came before it is the answer.
        let _ = read.expect("the agent ends the stream in time");
        answer
    }

    /// What was seen so far.
    pub fn records(&self) -> Records {
        self.shared.records().borrow().clone()
    }

    /// Waits until what was seen satisfies this, and tells it.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn wait_for(&self, mut satisfied: impl FnMut(&Records) -> bool) -> Records {
        let mut records = self.shared.records();
        let wait = async {
            loop {
                // A copy, so that no lock is held while the caller looks: it may ask the edge for more.
                let seen = records.borrow_and_update().clone();
                if satisfied(&seen) {
                    return seen;
                }
                records.changed().await.expect("the edge holds the sender");
            }
        };
        let waited = tokio::time::timeout(self.patience, wait).await;
        waited.unwrap_or_else(|_| panic!("not seen in time; seen: {:#?}", self.records()))
    }

    /// Waits until an agent is connected and has its tunnel bound, and tells the tunnel's public URL.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn bound(&self) -> String {
        let mut url = None;
        // Each change of the tunnels comes with a record.
        self.wait_for(|_| {
            url = self.bound_url();
            url.is_some()
        })
        .await;
        url.expect("was waited for")
    }
}

fn connect(shared: &Arc<Shared>) -> io::Result<DuplexStream> {
    let Some((number, fate)) = shared.connected() else {
        return Err(io::ErrorKind::ConnectionRefused.into());
    };
    let (agent, edge) = tokio::io::duplex(64 * 1024);
    let shared = Arc::clone(shared);
    let mut watched = fate.clone();
    tokio::spawn(async move {
        if shared.behaviour().hang == Some(Step::Connect) {
            return hold(&shared, number, &mut watched, edge).await;
        }
        link::serve(shared, number, fate, edge).await;
    });
    Ok(agent)
}

/// Takes in agents until the task is ended.
async fn accept(shared: Arc<Shared>, listener: TcpListener, acceptor: TlsAcceptor) {
    loop {
        let Ok((tcp, _)) = listener.accept().await else { continue };
        let Some((number, fate)) = shared.connected() else { continue };
        tokio::spawn(agent(Arc::clone(&shared), number, fate, tcp, acceptor.clone()));
    }
}

async fn agent(
    shared: Arc<Shared>,
    number: u64,
    mut fate: watch::Receiver<Fate>,
    tcp: TcpStream,
    acceptor: TlsAcceptor,
) {
    // Without it every answer waits for the acknowledgement of the one before.
    tcp.set_nodelay(true).expect("is a TCP connection");
    if shared.behaviour().hang == Some(Step::Connect) {
        return hold(&shared, number, &mut fate, tcp).await;
    }
    let accepted = tokio::select! {
        () = link::until_cut(&mut fate) => None,
        accepted = acceptor.accept(tcp) => accepted.ok(),
    };
    match accepted {
        Some(tls) => link::serve(shared, number, fate, tls).await,
        None => shared.disconnected(number, LinkEnd::Cut),
    }
}

/// Keeps a connection open and silent until it is cut.
async fn hold<T>(shared: &Shared, number: u64, fate: &mut watch::Receiver<Fate>, io: T) {
    link::until_cut(fate).await;
    drop(io);
    shared.disconnected(number, LinkEnd::Cut);
}
