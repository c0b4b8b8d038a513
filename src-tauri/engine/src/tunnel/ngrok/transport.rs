//! The connection to the edge that is in use, so that it can be cut from outside, and how the crate gets a new one.
//!
//! The crate connects anew by itself when a connection breaks, and asks for the tunnel by its old id, which the edge gives
//! back at once. That much is left to it. But it waits longer and longer between attempts without a limit, tries refusals
//! again for ever, and notices neither missed heartbeats nor that its handles were dropped. So the connections it gets are
//! pumped through here: dialled with a limited backoff, cut when they are dead, and refused once they were refused.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ngrok::session::{ConnectError, Connector, IoStream};
use ngrok::tunnel::AcceptError;
use parking_lot::Mutex;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::refusal;
use crate::tunnel::ByteStream;
use crate::tunnel::backoff::Backoff;
use crate::tunnel::dial::Dial;
use crate::tunnel::link::{Ended, Report};
use crate::tunnel::state::Trouble;

/// What a pump may hold of each direction, in bytes: the crate's own windows bound what is under way beyond it.
const PUMP_BYTES: usize = 64 * 1024;

/// How long the goodbye to the edge may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// How long the answer to an order of the edge's gets to go out before the connection ends.
const ANSWER_FIRST: Duration = Duration::from_millis(200);

/// The connection in use, shared by the crate's connector, the heartbeats and whoever holds the link.
#[derive(Debug)]
pub(super) struct Transport {
    dial: Arc<dyn Dial>,
    reports: mpsc::Sender<Report>,
    token: secrecy::SecretString,
    /// Cancelled when the link is let go of: no connection is made any more, and the one in use ends orderly.
    closed: CancellationToken,
    /// Ends waiting for the next attempt.
    hurry: Notify,
    current: Mutex<Current>,
    /// Why there will be no other connection.
    ended: Mutex<Option<Ended>>,
    /// Told when a connection was made after the first one.
    dialled_anew: Notify,
}

#[derive(Debug, Default)]
struct Current {
    /// Cuts the pump without a goodbye.
    cut: CancellationToken,
    local: Option<IpAddr>,
    /// Ends when the pump has said goodbye.
    pump: Option<tokio::task::JoinHandle<()>>,
}

impl Transport {
    pub(super) fn new(
        dial: Arc<dyn Dial>,
        reports: mpsc::Sender<Report>,
        token: secrecy::SecretString,
    ) -> Arc<Self> {
        Arc::new(Self {
            dial,
            reports,
            token,
            closed: CancellationToken::new(),
            hurry: Notify::new(),
            current: Mutex::default(),
            ended: Mutex::default(),
            dialled_anew: Notify::new(),
        })
    }

    /// Cuts the connection: it is dead, and the crate is to get another one.
    pub(super) fn cut(&self) {
        self.current.lock().cut.cancel();
        self.hurry();
    }

    /// The next attempt is made at once.
    pub(super) fn hurry(&self) {
        self.hurry.notify_one();
    }

    /// Whether the connection in use goes out from this address.
    pub(super) fn is_from(&self, address: IpAddr) -> bool {
        self.current.lock().local == Some(address)
    }

    /// Ends when a connection was made after the first one.
    pub(super) async fn dialled_anew(&self) {
        self.dialled_anew.notified().await;
    }

    /// Ends the link for this reason, as soon as the answer to whoever ordered it is on its way.
    pub(super) fn end(self: &Arc<Self>, ended: Ended) {
        *self.ended.lock() = Some(ended);
        let transport = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(ANSWER_FIRST).await;
            transport.let_go();
        });
    }

    /// Why the crate got no other connection, where that was for a refusal.
    pub(super) fn take_end(&self) -> Option<Ended> {
        self.ended.lock().take()
    }

    /// Lets go: the edge sees the connection end, and the crate gets no other one.
    pub(super) async fn close(&self) {
        self.closed.cancel();
        let pump = self.current.lock().pump.take();
        if let Some(pump) = pump {
            let _ = tokio::time::timeout(GOODBYE, pump).await;
        }
    }

    /// The same for those who cannot wait.
    pub(super) fn let_go(&self) {
        self.closed.cancel();
    }

    /// Pumps between the connection and what the crate gets.
    fn pump(&self, connection: Box<dyn ByteStream>, local: Option<IpAddr>) -> Box<dyn IoStream> {
        let (ours, theirs) = tokio::io::duplex(PUMP_BYTES);
        let cut = self.closed.child_token();
        let closed = self.closed.clone();
        let is_cut = cut.clone();
        let pump = tokio::spawn(async move {
            let (mut connection, mut ours) = (connection, ours);
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut connection, &mut ours) => {}
                () = is_cut.cancelled() => {}
            }
            if closed.is_cancelled() {
                // A dead edge does not answer; nobody waits for it.
                let _ = tokio::time::timeout(GOODBYE, connection.shutdown()).await;
            }
        });
        *self.current.lock() = Current { cut, local, pump: Some(pump) };
        Box::new(theirs)
    }

    async fn dial_once(
        &self,
        host: &str,
        port: u16,
        tls: Arc<rustls::ClientConfig>,
    ) -> Result<Box<dyn IoStream>, std::io::Error> {
        let (connection, local) = tokio::select! {
            dialled = self.dial.dial(host, port, tls) => dialled?,
            () = self.closed.cancelled() => return Err(std::io::ErrorKind::Interrupted.into()),
        };
        Ok(self.pump(connection, local))
    }

    /// Dials until it succeeds or the link is let go of.
    async fn dial_again(
        &self,
        host: &str,
        port: u16,
        tls: &Arc<rustls::ClientConfig>,
    ) -> Result<Box<dyn IoStream>, ConnectError> {
        let mut backoff = Backoff::QUICK;
        loop {
            // The first attempt follows at once: most breaks are over when they are noticed.
            let failed = match self.dial_once(host, port, Arc::clone(tls)).await {
                Ok(stream) => {
                    self.dialled_anew.notify_one();
                    return Ok(stream);
                }
                Err(_) if self.closed.is_cancelled() => return Err(ConnectError::Canceled),
                Err(error) => error,
            };
            let trouble = refusal::unreachable(&failed);
            let pause = backoff.next();
            // Nobody listens only when the link is being let go of.
            let _ = self.reports.send(Report::Lost(trouble, pause)).await;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.hurry.notified() => {}
                () = self.closed.cancelled() => return Err(ConnectError::Canceled),
            }
        }
    }
}

/// The crate's way to a connection.
pub(super) struct TransportConnector(pub(super) Arc<Transport>);

#[async_trait]
impl Connector for TransportConnector {
    async fn connect(
        &self,
        host: String,
        port: u16,
        tls_config: Arc<rustls::ClientConfig>,
        error: Option<AcceptError>,
    ) -> Result<Box<dyn IoStream>, ConnectError> {
        let transport = &*self.0;
        if transport.closed.is_cancelled() {
            return Err(ConnectError::Canceled);
        }
        match error {
            // The first connection: whoever holds the link waits for it and judges its errors.
            None => transport.dial_once(&host, port, tls_config).await.map_err(|error| {
                if refusal::is_about_trust(&error) {
                    ConnectError::Tls(error)
                } else {
                    ConnectError::Tcp(error)
                }
            }),
            Some(AcceptError::Transport(_)) => {
                let trouble = Trouble::new("the connection to ngrok broke");
                let _ = transport.reports.send(Report::Lost(trouble, Duration::ZERO)).await;
                transport.dial_again(&host, port, &tls_config).await
            }
            // It connected, but the edge did not give the tunnel back. The crate would try that for ever.
            Some(refused) => {
                *transport.ended.lock() = Some(refusal::of_accept(&refused, &transport.token));
                Err(ConnectError::Canceled)
            }
        }
    }
}
