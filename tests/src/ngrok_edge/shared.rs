//! What the edge's tasks share: how to behave, what is connected, what was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use muxado::{MuxadoOpen, OpenClose as _, Stream};
use parking_lot::Mutex;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;

use super::Step;
use super::records::{LinkEnd, Records};
use super::wire;

/// How the edge treats what comes next.
#[derive(Debug, Clone)]
pub(super) struct Behaviour {
    pub(super) tokens: BTreeSet<String>,
    pub(super) refuse_auth: Option<String>,
    pub(super) refuse_bind: Option<String>,
    pub(super) away: bool,
    pub(super) hang: Option<Step>,
    pub(super) latency: Duration,
    pub(super) public_url: String,
    pub(super) domain_in_url: bool,
    pub(super) client: Option<SocketAddr>,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Live,
    HalfDead,
    Cut,
}

/// One connection of an agent, from its acceptance on.
#[derive(Debug)]
struct Connection {
    fate: watch::Sender<Fate>,
    authenticated: bool,
    half_dead: bool,
}

/// A bound tunnel.
#[derive(Clone)]
pub(super) struct Tunnel {
    pub(super) id: String,
    pub(super) proto: String,
    pub(super) url: String,
    connection: u64,
    open: MuxadoOpen,
}

struct State {
    behaviour: Behaviour,
    connections: BTreeMap<u64, Connection>,
    tunnels: Vec<Tunnel>,
    last_number: u64,
}

/// The edge's state. No lock is held across an await, and the records change while the state's is held: else a link
/// could be taken out before it was counted.
pub(super) struct Shared {
    state: Mutex<State>,
    records: watch::Sender<Records>,
}

impl Shared {
    pub(super) fn new(behaviour: Behaviour) -> Self {
        Self {
            state: Mutex::new(State {
                behaviour,
                connections: BTreeMap::new(),
                tunnels: Vec::new(),
                last_number: 0,
            }),
            records: watch::Sender::new(Records::default()),
        }
    }

    pub(super) fn behaviour(&self) -> Behaviour {
        self.state.lock().behaviour.clone()
    }

    pub(super) fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.state.lock().behaviour);
    }

    pub(super) fn record(&self, change: impl FnOnce(&mut Records)) {
        self.records.send_modify(change);
    }

    pub(super) fn records(&self) -> watch::Receiver<Records> {
        self.records.subscribe()
    }

    /// A number that was not given before.
    pub(super) fn number(&self) -> u64 {
        let mut state = self.state.lock();
        state.last_number += 1;
        state.last_number
    }

    /// Takes in a new connection; `None` while the edge is away.
    pub(super) fn connected(&self) -> Option<(u64, watch::Receiver<Fate>)> {
        let number = self.number();
        let mut state = self.state.lock();
        let away = state.behaviour.away;
        self.record(|records| {
            records.connections += 1;
            records.turned_away += usize::from(away);
        });
        if away {
            return None;
        }
        let (fate, receiver) = watch::channel(Fate::Live);
        state.connections.insert(number, Connection { fate, authenticated: false, half_dead: false });
        Some((number, receiver))
    }

    pub(super) fn authenticated(&self, connection: u64) {
        let mut state = self.state.lock();
        if let Some(connection) = state.connections.get_mut(&connection)
            && !connection.authenticated
        {
            connection.authenticated = true;
            self.record(|records| records.links += 1);
        }
    }

    /// Forgets a connection and its tunnels, and counts how it ended if it was a link.
    pub(super) fn disconnected(&self, connection: u64, end: LinkEnd) {
        let mut state = self.state.lock();
        state.tunnels.retain(|tunnel| tunnel.connection != connection);
        let Some(connection) = state.connections.remove(&connection) else { return };
        if connection.authenticated {
            self.record(|records| {
                let count = if connection.half_dead { &mut records.half_dead } else { &mut records.links };
                *count -= 1;
                records.ends.push(end);
            });
        }
    }

    /// Binds a tunnel. One with the same id is replaced: its link may be dead without anyone having noticed.
    pub(super) fn bind(&self, connection: u64, open: MuxadoOpen, id: String, proto: String, url: String) {
        let mut state = self.state.lock();
        state.tunnels.retain(|tunnel| tunnel.id != id);
        if state.connections.contains_key(&connection) {
            state.tunnels.push(Tunnel { id, proto, url, connection, open });
        }
    }

    pub(super) fn unbind(&self, id: &str) {
        self.state.lock().tunnels.retain(|tunnel| tunnel.id != id);
    }

    /// The tunnel bound last: the stand-in has one public address.
    pub(super) fn tunnel(&self) -> Option<Tunnel> {
        self.state.lock().tunnels.last().cloned()
    }

    /// Ends all present connections. Their tunnels are gone at once.
    pub(super) fn cut(&self) {
        let mut state = self.state.lock();
        state.tunnels.clear();
        for connection in state.connections.values() {
            connection.fate.send_replace(Fate::Cut);
        }
    }

    /// Leaves all present connections open and dead. Their tunnels stay bound, as the edge knows nothing of it.
    pub(super) fn half_dead(&self) {
        let mut state = self.state.lock();
        for connection in state.connections.values_mut() {
            // One that is being cut stays so: it only has to leave the list yet.
            if *connection.fate.borrow() != Fate::Live {
                continue;
            }
            connection.fate.send_replace(Fate::HalfDead);
            connection.half_dead = true;
            if connection.authenticated {
                self.record(|records| {
                    records.links -= 1;
                    records.half_dead += 1;
                });
            }
        }
    }

    /// Opens a stream to the agent for a client.
    pub(super) async fn open(&self, tunnel: &Tunnel, client: SocketAddr) -> io::Result<Stream> {
        let latency = self.behaviour().latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        self.record(|records| records.streams += 1);
        tunnel.stream(&wire::proxy(&tunnel.id, &tunnel.proto, client)).await
    }
}

impl Tunnel {
    /// Opens a stream to the agent that begins with these bytes.
    pub(super) async fn stream(&self, beginning: &[u8]) -> io::Result<Stream> {
        let mut stream = self.open.clone().open().await.map_err(io::Error::other)?;
        stream.write_all(beginning).await?;
        Ok(stream)
    }
}
