//! What every kind of tunnel is: something that connects, holds, and ends for a reason.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::state::Trouble;

/// A connection's bytes.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> ByteStream for T {}

/// Takes the connections that come in through a tunnel without a port of this machine's: the receiver's server.
pub trait Ingress: Send + Sync + std::fmt::Debug {
    /// Serves the connection in the background. `client` is who connected to the tunnel's edge.
    fn take(&self, connection: Box<dyn ByteStream>, client: SocketAddr);
}

/// A tunnel of some kind.
#[async_trait]
pub(super) trait Link: Send + std::fmt::Debug {
    /// Connects once and holds the link until it ends. May be dropped at any time; then it lets go of everything.
    async fn hold(&mut self, outside: Outside) -> Ended;
}

/// What a link has to do with while it is held.
#[derive(Debug)]
pub(super) struct Outside {
    /// Where it tells how it is.
    pub(super) reports: mpsc::Sender<Report>,
    /// What happens to this machine.
    pub(super) disturbances: mpsc::Receiver<Disturbance>,
    /// Cancelled when it is to end cleanly.
    pub(super) stop: CancellationToken,
}

/// How a link is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Report {
    /// It is there, or there again, under this address.
    Up(Url),
    /// It is lost and is being made again by itself, the next time after this pause.
    Lost(Trouble, Duration),
}

/// Why a link ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was asked to.
    Stopped,
    /// It broke, or could not be made: to be tried again soon.
    Lost(Trouble),
    /// It was refused for a reason that may pass: to be tried again, but not at once.
    Later(Trouble),
    /// It was refused: nothing helps until somebody changes something.
    Refused(Trouble),
}

/// What happens to this machine that links may not survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// It was asleep.
    Woke,
    /// It lost this address.
    AddressGone(IpAddr),
    /// It got an address.
    AddressNew,
}
