//! Starting and stopping the tunnel.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::dial::{Dial, TcpDial};
use super::link::Ingress;
use super::proof::{Place, Proof, Prove};
use super::settings::{SettingsError, TunnelKind, TunnelSettings};
use super::state::{Happening, TunnelState};
use super::{Board, disturbance, supervisor};
use crate::event::Clock;

/// Another edge than ngrok's own, for tests and for private ones.
#[derive(Debug, Clone)]
pub struct NgrokEdge {
    /// Its host and port.
    pub server: Option<String>,
    /// A PEM file with the certificates that it is trusted by.
    pub ca: Option<PathBuf>,
    /// How it is connected to.
    pub dial: Arc<dyn Dial>,
}

impl Default for NgrokEdge {
    fn default() -> Self {
        Self { server: None, ca: None, dial: Arc::new(TcpDial) }
    }
}

/// What tunnels work with.
#[derive(Debug, Clone)]
pub struct TunnelParts {
    /// Where everybody reads how it is.
    pub board: Board,
    /// Takes what comes in without a port.
    pub ingress: Arc<dyn Ingress>,
    /// The receiver's own address, for programs that forward to it.
    pub receiver: Url,
    /// Sends self-tests.
    pub prover: Arc<dyn Prove>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Another edge of ngrok's.
    pub ngrok_edge: NgrokEdge,
}

/// Why a tunnel cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartTunnelError {
    /// Its settings cannot be right.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// ngrok wants an authtoken.
    #[error("ngrok wants an authtoken, and there is none")]
    NoAuthtoken,
    /// A program is not installed.
    #[error("the program `{name}` is not on the PATH")]
    NoProgram {
        /// Its name.
        name: &'static str,
        /// Where to get it.
        remedy: &'static str,
    },
    /// The certificates of another edge could not be read.
    #[error("{path} could not be read")]
    Ca {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl StartTunnelError {
    /// What the user can do.
    pub fn hint(&self) -> String {
        match self {
            Self::Settings(_) => "Change the tunnel's settings.".to_owned(),
            Self::NoAuthtoken => {
                "Copy it from https://dashboard.ngrok.com/get-started/your-authtoken into the tunnel's settings, or \
                 start Hookline with NGROK_AUTHTOKEN set."
                    .to_owned()
            }
            Self::NoProgram { remedy, .. } => (*remedy).to_owned(),
            Self::Ca { .. } => "Correct HOOKLINE_NGROK_CA, or unset it to trust ngrok's own edge.".to_owned(),
        }
    }
}

/// The tunnel: one at most. Clones share it.
#[derive(Debug, Clone)]
pub struct Tunnels {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    parts: TunnelParts,
    /// Held while it is started or stopped.
    running: tokio::sync::Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Tunnels {
    /// No tunnel yet.
    pub fn new(parts: TunnelParts) -> Self {
        Self { inner: Arc::new(Inner { parts, running: tokio::sync::Mutex::default() }) }
    }

    /// How it is.
    pub fn board(&self) -> &Board {
        &self.inner.parts.board
    }

    /// Starts the tunnel that is wanted in the place of the one that runs; with `settings.on` unset none at all. Returns
    /// when it is under way, not when it is online.
    ///
    /// # Errors
    /// [`StartTunnelError`] where it cannot even be tried; then the one that ran goes on.
    pub async fn start(
        &self,
        settings: &TunnelSettings,
        authtoken: Option<SecretString>,
    ) -> Result<(), StartTunnelError> {
        let link = if settings.on { super::link_of(&self.inner.parts, settings, authtoken)? } else { None };
        let mut running = self.inner.running.lock().await;
        end(running.take()).await;
        let parts = &self.inner.parts;
        let Some(link) = link else {
            parts.board.apply(Happening::Stopped);
            return Ok(());
        };
        let known = settings.url.clone().filter(|_| settings.kind == TunnelKind::OwnUrl);
        parts.board.apply(Happening::Started(settings.kind, known));
        let stop = CancellationToken::new();
        let disturbances = disturbance::watch(Arc::clone(&parts.clock), stop.clone());
        let (board, prover) = (parts.board.clone(), Arc::clone(&parts.prover));
        let task =
            tokio::spawn(supervisor::run(link, settings.kind, board, prover, disturbances, stop.clone()));
        *running = Some(Running { stop, task });
        Ok(())
    }

    /// Stops the tunnel, so that its service sees it end.
    pub async fn stop(&self) {
        let mut running = self.inner.running.lock().await;
        end(running.take()).await;
        self.board().apply(Happening::Stopped);
    }

    /// Sends a request to the receiver's own address now.
    pub async fn prove_own(&self) -> Proof {
        self.inner.parts.prover.prove(&self.inner.parts.receiver, Place::Own).await
    }

    /// Sends a request to the public address now; `None` where there is no such address. When it does not come back, the
    /// tunnel is looked after.
    pub async fn prove(&self) -> Option<Proof> {
        let board = self.board();
        let status = board.status();
        let address = status.public_url.clone()?;
        let proof = self.inner.parts.prover.prove(&address, Place::of(status.kind)).await;
        let status = board.status();
        // While it was under way the tunnel may have become another one.
        if status.public_url.as_ref() == Some(&address) {
            match (&proof, status.state) {
                (Proof::Came(after), TunnelState::Degraded) => board.apply(Happening::Proven(*after)),
                (Proof::Wrong { .. } | Proof::Nothing(_), TunnelState::Online) => board.doubt(),
                _ => {}
            }
        }
        Some(proof)
    }
}

async fn end(running: Option<Running>) {
    if let Some(Running { stop, task }) = running {
        stop.cancel();
        if let Err(error) = task.await {
            tracing::error!(%error, "the tunnel's task ended badly");
        }
    }
}
