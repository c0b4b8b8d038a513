//! The only place that builds everything, starts and stops it.
//!
//! Started in the order in which data flows backwards (store, worker, receiver, API), stopped forwards: first nothing
//! new comes in, then what is under way ends, then the store closes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::api;
use crate::commands::tunnel::TunnelControl;
use crate::commands::{Commands, CommandsParts};
use crate::endpoints::{self, Endpoints, EndpointsParts, Pace};
use crate::event::{Clock, SystemClock};
use crate::provider_api::Apis;
use crate::provider_api::retry::Patience;
use crate::receiver::server::{Server, ServerLimits};
use crate::receiver::{Directory, Receiver};
use crate::secrets::{self, SecretError, SecretsChoice, SharedSecrets};
use crate::store::{OpenError, Store, StoreError, StoreOptions};
use crate::tunnel::proof::Prover;
use crate::tunnel::usage::Meter;
use crate::tunnel::{Board, ByteStream, Ingress, NgrokEdge, TunnelParts, Tunnels};
use crate::worker::{Worker, WorkerOptions};

mod config;
mod files;
mod held_time;
mod housekeeping;
pub mod logging;
mod ownership;
mod standalone;
mod tunnel_log;

pub use config::{Config, ConfigError, Settings, default_data_dir};
pub use ownership::{OwnershipError, Ready, ServerFile};
pub use standalone::Standalone;

/// How long requests under way get to end at a stop.
const REQUESTS_GRACE: Duration = Duration::from_secs(5);

/// How long batches under way get to end at a stop.
const BATCHES_GRACE: Duration = Duration::from_secs(15);

/// What comes through a tunnel without a port. The crate `ngrok` takes 512 streams at a time and ends the whole link beyond;
/// a connection too many is better dropped here. One that waits for its next request takes up a stream too.
const TUNNEL_LIMITS: ServerLimits =
    ServerLimits { connections: 505, head_timeout: Duration::from_secs(10), ..ServerLimits::DEFAULT };

/// After how long a tunnel that could not be started for something that may pass is tried again.
const RESUME_TUNNEL_AGAIN: Duration = Duration::from_secs(30);

/// How many events may wait for the disk; beyond that the receiver answers 503.
const STORE_QUEUE_LENGTH: usize = 1024;

/// How many rejected requests are kept per job.
const REJECTED_PER_JOB: u32 = 500;

/// How many batches are applied at once into one destination, over all jobs.
const BATCHES_IN_FLIGHT: usize = 4;

/// Why Hookline could not start. `Display` says what is wrong; [`StartError::hint`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory could not be made.
    #[error("the data directory {path} cannot be made")]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is nothing in the data directory.
    #[error("{path} holds no Hookline database")]
    NoData {
        /// The directory.
        path: PathBuf,
    },
    /// The data directory belongs to another process, or cannot be claimed.
    #[error(transparent)]
    Ownership(#[from] OwnershipError),
    /// The secrets could not be read, or lie where they cannot be reached.
    #[error(transparent)]
    Secrets(#[from] SecretError),
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store could not be read.
    #[error("the jobs could not be read")]
    Load(#[from] StoreError),
    /// An address could not be listened on.
    #[error("{what} cannot listen on {address}")]
    Listen {
        /// "the receiver" or "the control API".
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The system's root certificates could not be used.
    #[error("the HTTP client could not be made")]
    Http(#[source] reqwest::Error),
    /// The control API was to listen on an address that others can reach.
    #[error("the control API may only listen on loopback, not on {address}")]
    ApiNotLoopback {
        /// The address.
        address: SocketAddr,
    },
}

impl StartError {
    /// What the user can do about it, where there is something to say.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::DataDir { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                Some("make room on that disk, or choose another directory with --data-dir".to_owned())
            }
            Self::DataDir { .. } => {
                Some("choose another directory with --data-dir, or make this one writable".to_owned())
            }
            Self::NoData { .. } => Some("name the right directory with --data-dir".to_owned()),
            Self::Ownership(error) => error.hint(),
            Self::Secrets(error) => Some(error.hint()),
            Self::Open(error) => Some(error.hint()),
            Self::Load(_) => Some("run `hookline check` to look for damage".to_owned()),
            Self::Listen { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
                Some("another program uses this port; choose another one with --listen or --api (port 0 takes any free one)".to_owned())
            }
            Self::Http(_) => {
                Some("see the cause; usually the system's root certificates are missing (`ca-certificates`)".to_owned())
            }
            Self::Listen { .. } => Some("choose another address with --listen or --api".to_owned()),
            Self::ApiNotLoopback { .. } => Some(
                "use 127.0.0.1 or [::1]; over SSH, forward the port (`ssh -L 4401:127.0.0.1:4401 …`)"
                    .to_owned(),
            ),
        }
    }
}

/// A running Hookline.
#[derive(Debug)]
pub struct App {
    ready: Ready,
    commands: Commands,
    store: Store,
    worker: Worker,
    stop_receiving: CancellationToken,
    stop_serving: CancellationToken,
    receiver: JoinHandle<()>,
    api: JoinHandle<()>,
    housekeeping: JoinHandle<()>,
    tunnels: Tunnels,
    /// Serves what comes through a tunnel without a port.
    ingress: Server,
    /// Starts the tunnel, where that may take a while.
    resuming: Option<JoinHandle<()>>,
    tunnel_log: JoinHandle<()>,
    keeper: JoinHandle<()>,
    /// Released last: who holds it owns the data directory.
    ownership: ownership::Ownership,
}

impl App {
    /// Builds and starts everything; when it returns, both addresses are listened on and jobs are at work.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_with_clock(config, Arc::new(SystemClock)).await
    }

    /// [`App::start`] with another clock, for tests.
    pub async fn start_with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        if !config.api.ip().is_loopback() {
            return Err(StartError::ApiNotLoopback { address: config.api });
        }
        use_tls();
        make_private_dir(&config.data_dir).map_err(|source| data_dir_error(&config.data_dir, source))?;
        let mut ownership = ownership::Ownership::claim(&config.data_dir)?;
        let secrets = open_secrets(&config.data_dir, config.secrets).await?;
        let documents_folder = config.data_dir.join("documents");
        make_private_dir(&documents_folder).map_err(|source| data_dir_error(&documents_folder, source))?;
        let store = open_store(&config.data_dir, Arc::clone(&clock)).await?;

        let receiver_listener = listen("the receiver", config.listen).await?;
        let api_listener = listen("the control API", config.api).await?;
        let receiver_address = local_address("the receiver", config.listen, &receiver_listener)?;
        let api_address = local_address("the control API", config.api, &api_listener)?;

        let board = Board::new(http_url(receiver_address), Arc::clone(&clock));
        let remembered = tunnel_log::remember(&store, &board, &*clock).await?;
        let directory = Directory::new(store.clone(), Arc::clone(&secrets));
        let changing = Arc::new(tokio::sync::Mutex::new(()));
        let endpoints = Endpoints::new(EndpointsParts {
            store: store.clone(),
            secrets: Arc::clone(&secrets),
            apis: Apis::new(config.provider_apis.clone(), Patience::default()),
            clock: Arc::clone(&clock),
            public_url: board.public_url(),
            changing: Arc::clone(&changing),
            after_secret: reload_of(&directory),
            pace: Pace::default(),
        });
        let options = WorkerOptions { batches_in_flight: BATCHES_IN_FLIGHT, documents_folder };
        let worker = Worker::new(store.clone(), Arc::clone(&secrets), Arc::clone(&clock), options);
        directory.reload().await?;
        worker.reload().await?;

        let (stop_receiving, stop_serving) = (CancellationToken::new(), CancellationToken::new());
        let receiver = Receiver::new(
            directory.clone(),
            store.clone(),
            Arc::clone(&clock),
            board.clone(),
            config.max_body_bytes,
        )
        .router();
        let [limits, tunnel_limits] = files::within(files::connections());
        let ports = Server::new(receiver.clone(), limits, stop_receiving.clone());
        let ingress = Server::new(receiver, tunnel_limits, stop_receiving.clone());
        let tunnels = tunnels(&board, &ingress, http_url(receiver_address), &clock, config.ngrok_edge)?;

        let ready = ownership.announce(&http_url(receiver_address), &http_url(api_address))?;
        let commands = Commands::new(CommandsParts {
            store: store.clone(),
            secrets,
            worker: worker.clone(),
            directory,
            tunnel: TunnelControl {
                tunnels: tunnels.clone(),
                chosen_at_start: config.tunnel,
                authtoken: config.ngrok_authtoken,
            },
            endpoints: endpoints.clone(),
            changing,
            clock: Arc::clone(&clock),
            data_dir: config.data_dir.clone(),
            log_dir: logging::folder(&config.data_dir),
            receiver_url: http_url(receiver_address),
            max_body_bytes: config.max_body_bytes,
        });
        let access = api::Access::new(&ready.token, api_address);
        // Before the first request comes in, its address is known; but nobody waits for a keychain.
        let again = commands.tunnel_needs_a_secret().await || commands.resume_tunnel().await;
        let resuming = again.then(|| tokio::spawn(resume_tunnel(commands.clone())));
        let receiver = tokio::spawn(ports.listen(receiver_listener, REQUESTS_GRACE));
        let api = Server::new(api::router(commands.clone(), access), limits, stop_serving.clone());
        let api = tokio::spawn(api.listen(api_listener, REQUESTS_GRACE));
        let tunnel_log = tokio::spawn(tunnel_log::run(
            store.clone(),
            board,
            Arc::clone(&clock),
            remembered,
            stop_serving.clone(),
        ));
        let keeper = tokio::spawn(endpoints::keeper::run(endpoints, stop_serving.clone()));
        let housekeeping = tokio::spawn(housekeeping::run(store.clone(), clock, stop_serving.clone()));
        tracing::info!(receiver = %ready.receiver, api = %ready.api, data_dir = %config.data_dir.display(), "ready");
        Ok(Self {
            ready,
            commands,
            store,
            worker,
            stop_receiving,
            stop_serving,
            receiver,
            api,
            housekeeping,
            tunnels,
            ingress,
            resuming,
            tunnel_log,
            keeper,
            ownership,
        })
    }

    /// Where everything listens, and the API's token.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// What a person can ask for.
    pub fn commands(&self) -> &Commands {
        &self.commands
    }

    /// Stops cleanly: nothing new comes in, requests and batches under way end (within deadlines), the store closes.
    pub async fn shut_down(self) {
        tracing::info!("stopping");
        // The requests that are under way end first; then the tunnel's service sees it end.
        self.stop_receiving.cancel();
        self.ingress.finish(REQUESTS_GRACE).await;
        if let Some(resuming) = self.resuming {
            resuming.abort();
        }
        self.tunnels.stop().await;
        // The change streams of the API never end by themselves.
        self.commands.end_streams();
        self.stop_serving.cancel();
        for task in [self.receiver, self.api, self.housekeeping, self.keeper, self.tunnel_log] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task ended badly");
            }
        }
        self.worker.shut_down(BATCHES_GRACE).await;
        self.store.close().await;
        drop(self.ownership);
        tracing::info!("stopped");
    }
}

/// Lets the receiver's server take what comes through a tunnel.
#[derive(Debug)]
struct TunnelIngress {
    server: Server,
    meter: Arc<Meter>,
}

impl Ingress for TunnelIngress {
    fn take(&self, connection: Box<dyn ByteStream>, client: SocketAddr) {
        self.server.take(connection, client, Arc::clone(&self.meter));
    }
}

/// The tunnel, not started: what comes in through it is served by `ingress`.
fn tunnels(
    board: &Board,
    ingress: &Server,
    receiver: Url,
    clock: &Arc<dyn Clock>,
    ngrok_edge: NgrokEdge,
) -> Result<Tunnels, StartError> {
    Ok(Tunnels::new(TunnelParts {
        ingress: Arc::new(TunnelIngress { server: ingress.clone(), meter: Arc::clone(board.meter()) }),
        receiver,
        prover: Arc::new(Prover::new(board.probes().clone()).map_err(StartError::Http)?),
        clock: Arc::clone(clock),
        ngrok_edge,
        board: board.clone(),
    }))
}

/// What lets the receiver know of a secret that was captured at a provider.
fn reload_of(directory: &Directory) -> endpoints::AfterSecret {
    let directory = directory.clone();
    Arc::new(move || {
        let directory = directory.clone();
        Box::pin(async move { directory.reload().await })
    })
}

/// Starts the tunnel that is wanted, however long that takes: a keychain may be locked.
async fn resume_tunnel(commands: Commands) {
    while commands.resume_tunnel().await {
        tokio::time::sleep(RESUME_TUNNEL_AGAIN).await;
    }
}

/// Chooses the process's TLS library: `ring`. To be called before HTTP clients are made; more calls do nothing.
pub fn use_tls() {
    // The error says that a choice was made before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Makes a directory, and those above it, that only its owner may look into. One that is there stays as it is.
pub fn make_private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn data_dir_error(path: &Path, source: std::io::Error) -> StartError {
    StartError::DataDir { path: path.to_owned(), source }
}

/// May wait for the system's keychain, for a while.
async fn open_secrets(folder: &Path, choice: SecretsChoice) -> Result<SharedSecrets, StartError> {
    let folder = folder.to_owned();
    match tokio::task::spawn_blocking(move || secrets::open(&folder, choice)).await {
        Ok(secrets) => Ok(secrets?),
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

async fn open_store(folder: &Path, clock: Arc<dyn Clock>) -> Result<Store, StartError> {
    let options =
        StoreOptions { clock, queue_length: STORE_QUEUE_LENGTH, rejected_per_job: REJECTED_PER_JOB };
    let folder = folder.to_owned();
    let opened = tokio::task::spawn_blocking(move || Store::open(&folder, options)).await;
    match opened {
        Ok(store) => Ok(store?),
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

async fn listen(what: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { what, address, source })
}

/// The address with the port that the system chose, if it was left to it.
fn local_address(
    what: &'static str,
    asked: SocketAddr,
    listener: &TcpListener,
) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Listen { what, address: asked, source })
}

/// The URL under which this machine reaches the address.
fn http_url(mut address: SocketAddr) -> Url {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    #[expect(clippy::expect_used, reason = "every socket address is a valid authority")]
    Url::parse(&format!("http://{address}")).expect("is a URL")
}
