//! What the stand-in saw of its agents.

use std::io;
use std::time::Duration;

/// Everything that was seen since the start.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// Connections that agents opened, the refused ones included.
    pub connections: usize,
    /// Connections that were closed at once because the edge was away.
    pub turned_away: usize,
    /// Requests to authenticate, in order.
    pub auths: Vec<AuthSeen>,
    /// Requests to bind a tunnel, in order.
    pub binds: Vec<BindSeen>,
    /// Ids of the tunnels that agents took back, in order.
    pub unbinds: Vec<String>,
    /// Authenticated links at present, without the half-dead ones.
    pub links: usize,
    /// Links that were left half dead and not cut yet.
    pub half_dead: usize,
    /// How authenticated links ended, in order.
    pub ends: Vec<LinkEnd>,
    /// Heartbeats answered, over all links.
    pub heartbeats: u64,
    /// Proxied streams opened towards agents.
    pub streams: usize,
}

/// One request to authenticate.
#[derive(Debug, Clone)]
pub struct AuthSeen {
    /// The authtoken as sent.
    pub token: String,
    /// The session to resume; empty for a new one.
    pub client_id: String,
    /// The agent's `UserAgent`.
    pub user_agent: String,
    /// How often the agent says that it sends heartbeats.
    pub heartbeat_interval: Duration,
    /// How long the agent says that it waits for an answer.
    pub heartbeat_tolerance: Duration,
    /// The error text of the answer; `None` when it was accepted.
    pub refused: Option<String>,
}

/// One request to bind a tunnel.
#[derive(Debug, Clone)]
pub struct BindSeen {
    /// The tunnel to take up again; empty for a new one.
    pub requested_id: String,
    /// The id that was answered; empty when refused.
    pub id: String,
    /// `https` or `http`.
    pub proto: String,
    /// The domain asked for; empty for none.
    pub domain: String,
    /// Where the agent says that requests go: shown in ngrok's dashboard.
    pub forwards_to: String,
    /// The tunnel's metadata.
    pub metadata: String,
    /// The secret of an earlier bind of the same tunnel; empty for a new one.
    pub token: String,
    /// The public URL that was answered; empty when refused.
    pub url: String,
    /// The error text of the answer; `None` when it was accepted.
    pub refused: Option<String>,
}

/// How a link ended, as the edge saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkEnd {
    /// The agent closed the connection in order: over TLS with a `close_notify`. In memory every drop looks like this.
    Orderly,
    /// The agent said goodbye on the multiplexer's level (GOAWAY) before the connection ended.
    GoneAway,
    /// The connection ended without an orderly end of TLS: a drop, a crash, a reset.
    Broken(io::ErrorKind),
    /// The edge cut it: `cut` or `go_away`.
    Cut,
}
