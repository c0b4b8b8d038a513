//! ngrok, without its program: the crate `ngrok` connects to the edge, and what comes in goes straight to the receiver's
//! server. No port is opened for it, and nothing else can be reached through it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use ngrok::config::TunnelBuilder as _;
use ngrok::prelude::{ConnInfo as _, EndpointInfo as _, TunnelCloser as _};
use ngrok::session::{Restart, Session, Stop};
use ngrok::tunnel::HttpTunnel;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;
use tokio_util::io::{InspectReader, InspectWriter};
use url::Url;

mod refusal;
mod transport;

use transport::{Transport, TransportConnector};

use super::dial::Dial;
use super::link::{Disturbance, Ended, Ingress, Link, Outside, Report};
use super::settings::NgrokSettings;
use super::state::Trouble;
use super::tunnels::{NgrokEdge, StartTunnelError};
use super::usage::Meter;

/// How often the edge is asked whether it is still there. ngrok's own agent asks as often.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);
/// How long its answer may take before the connection counts as dead. A shorter time cuts sound links of a busy machine.
const HEARTBEAT_WITHIN: Duration = Duration::from_secs(10);
/// How long logging in may take, and asking for the tunnel: the crate itself waits for ever.
const CALL_WITHIN: Duration = Duration::from_secs(20);
/// How long after the crate took a tunnel up again a session of its own is opened for it.
const RENEWED_AFTER: Duration = Duration::from_secs(20);
/// How long giving the tunnel back may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// What ngrok's dashboard shows as the place that is forwarded to. Without it the crate tells host name, path and process.
const FORWARDS_TO: &str = "Hookline";

/// What connects to ngrok.
#[derive(Debug)]
pub(super) struct Ngrok {
    authtoken: SecretString,
    domain: Option<String>,
    region: Option<String>,
    server: Option<String>,
    ca: Option<Bytes>,
    dial: Arc<dyn Dial>,
    ingress: Arc<dyn Ingress>,
    meter: Arc<Meter>,
    /// The host of the address that ngrok chose: asked for again, so that it stays the same.
    chosen: Option<String>,
}

impl Ngrok {
    pub(super) fn new(
        authtoken: SecretString,
        settings: &NgrokSettings,
        edge: &NgrokEdge,
        ingress: Arc<dyn Ingress>,
        meter: Arc<Meter>,
    ) -> Result<Self, StartTunnelError> {
        let ca = match &edge.ca {
            Some(path) => {
                let pem = std::fs::read(path)
                    .map_err(|source| StartTunnelError::Ca { path: path.clone(), source })?;
                Some(Bytes::from(pem))
            }
            None => None,
        };
        Ok(Self {
            authtoken,
            domain: settings.domain.clone(),
            region: settings.region.clone(),
            server: edge.server.clone(),
            ca,
            dial: Arc::clone(&edge.dial),
            ingress,
            meter,
            chosen: None,
        })
    }

    async fn session(&self, transport: &Arc<Transport>) -> Result<Session, Ended> {
        let mut builder = Session::builder();
        builder
            .authtoken(self.authtoken.expose_secret())
            .client_info("hookline", env!("CARGO_PKG_VERSION"), None::<String>)
            .connector(TransportConnector(Arc::clone(transport)))
            .handle_heartbeat({
                let transport = Arc::clone(transport);
                move |latency: Option<Duration>| {
                    // The crate only tells that an answer is missing, and goes on with the dead connection.
                    if latency.is_none() {
                        transport.cut();
                    }
                    async { Ok(()) }
                }
            })
            .handle_stop_command({
                let transport = Arc::clone(transport);
                move |_: Stop| {
                    transport.end(Ended::Refused(
                        Trouble::new("the agent was stopped in ngrok's dashboard")
                            .with_remedy("Start the tunnel again when it is to go on."),
                    ));
                    async { Ok(()) }
                }
            })
            .handle_restart_command({
                let transport = Arc::clone(transport);
                move |_: Restart| {
                    transport.end(Ended::Lost(Trouble::new("ngrok's dashboard asked to connect anew")));
                    async { Ok(()) }
                }
            });
        let server = self
            .server
            .clone()
            .or_else(|| self.region.as_ref().map(|region| format!("connect.{region}.ngrok-agent.com:443")));
        let configured = (|| -> Result<(), String> {
            builder.heartbeat_interval(HEARTBEAT_EVERY).map_err(|error| error.to_string())?;
            builder.heartbeat_tolerance(HEARTBEAT_WITHIN).map_err(|error| error.to_string())?;
            if let Some(server) = server {
                builder.server_addr(server).map_err(|error| error.to_string())?;
            }
            Ok(())
        })();
        if let Err(reason) = configured {
            return Err(Ended::Refused(
                Trouble::new(reason).with_remedy("Correct HOOKLINE_NGROK_SERVER (host:port)."),
            ));
        }
        if let Some(ca) = &self.ca {
            builder.ca_cert(ca.clone());
        }
        match tokio::time::timeout(CALL_WITHIN, builder.connect()).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) => Err(refusal::of_connect(&error, &self.authtoken)),
            Err(_elapsed) => Err(silent("log in")),
        }
    }

    async fn listen(&self, session: &Session, domain: Option<&str>) -> Result<HttpTunnel, Ended> {
        let mut endpoint = session.http_endpoint();
        endpoint.forwards_to(FORWARDS_TO);
        if let Some(domain) = domain {
            endpoint.domain(domain);
        }
        match tokio::time::timeout(CALL_WITHIN, endpoint.listen()).await {
            Ok(Ok(tunnel)) => Ok(tunnel),
            Ok(Err(error)) => Err(refusal::of_rpc(&error, &self.authtoken)),
            Err(_elapsed) => Err(silent("give the endpoint")),
        }
    }

    /// Logs in and asks for the tunnel.
    async fn open(&mut self, transport: &Arc<Transport>) -> Result<(Session, HttpTunnel), Ended> {
        let session = self.session(transport).await?;
        let wanted = self.domain.clone().or_else(|| self.chosen.clone());
        let tunnel = match self.listen(&session, wanted.as_deref()).await {
            // What ngrok chose once need not be this account's to ask for.
            Err(Ended::Refused(_)) if self.domain.is_none() && self.chosen.take().is_some() => {
                self.listen(&session, None).await?
            }
            listened => listened?,
        };
        Ok((session, tunnel))
    }

    fn take(&self, connection: ngrok::conn::EndpointConn) {
        let client: SocketAddr = connection.remote_addr();
        let (reader, writer) = (Arc::clone(&self.meter), Arc::clone(&self.meter));
        let counted = InspectWriter::new(
            InspectReader::new(connection, move |bytes: &[u8]| reader.received(bytes.len())),
            move |bytes: &[u8]| writer.answered(bytes.len()),
        );
        self.ingress.take(Box::new(counted), client);
    }
}

fn silent(what: &str) -> Ended {
    let reason = format!("ngrok took longer than {} seconds to {what}", CALL_WITHIN.as_secs());
    Ended::Lost(Trouble::new(reason).with_remedy("It is tried again by itself."))
}

/// Lets go of the transport however the link ends: the crate would keep it.
struct LetGo(Arc<Transport>);

impl Drop for LetGo {
    fn drop(&mut self) {
        self.0.let_go();
    }
}

/// What became of a session.
enum Outcome {
    /// The link ended.
    Ended(Ended),
    /// The crate took the tunnel up again by itself, and all has been well since.
    TakenUp,
}

impl Ngrok {
    /// Opens a session, serves it until it ends, and lets go of it so that the edge sees it end.
    async fn serve(&mut self, outside: &mut Outside) -> Outcome {
        let transport =
            Transport::new(Arc::clone(&self.dial), outside.reports.clone(), self.authtoken.clone());
        let _let_go = LetGo(Arc::clone(&transport));
        let opened = tokio::select! {
            opened = self.open(&transport) => opened,
            () = outside.stop.cancelled() => return Outcome::Ended(Ended::Stopped),
        };
        let (_session, mut tunnel) = match opened {
            Ok(opened) => opened,
            Err(ended) => return Outcome::Ended(ended),
        };
        let address = match Url::parse(tunnel.url()) {
            Ok(address) => address,
            Err(error) => {
                let trouble = Trouble::new(format!("ngrok gave an address that is none: {error}"));
                return Outcome::Ended(Ended::Later(trouble));
            }
        };
        self.chosen = address.host_str().map(str::to_owned);
        // Who does not listen any more is about to stop.
        let _ = outside.reports.send(Report::Up(address.clone())).await;
        let mut taken_up_at: Option<Instant> = None;
        let outcome = loop {
            tokio::select! {
                // Connections are taken as fast as they come: an unread one holds up all that follow it.
                connection = tunnel.try_next() => match connection {
                    Ok(Some(connection)) => self.take(connection),
                    Ok(None) => break Outcome::Ended(Ended::Lost(Trouble::new("the connection to ngrok ended"))),
                    Err(error) => {
                        let ended = transport.take_end();
                        break Outcome::Ended(
                            ended.unwrap_or_else(|| refusal::of_accept(&error, &self.authtoken)),
                        );
                    }
                },
                () = transport.dialled_anew() => {
                    taken_up_at = Some(Instant::now());
                    let _ = outside.reports.send(Report::Up(address.clone())).await;
                }
                () = after(taken_up_at, RENEWED_AFTER) => break Outcome::TakenUp,
                Some(disturbance) = outside.disturbances.recv() => match disturbance {
                    Disturbance::Woke => transport.cut(),
                    Disturbance::AddressGone(gone) if transport.is_from(gone) => transport.cut(),
                    Disturbance::AddressGone(_) => {}
                    Disturbance::AddressNew => transport.hurry(),
                },
                () = outside.stop.cancelled() => break Outcome::Ended(Ended::Stopped),
            }
        };
        let _ = tokio::time::timeout(GOODBYE, tunnel.close()).await;
        transport.close().await;
        outcome
    }
}

async fn after(start: Option<Instant>, pause: Duration) {
    match start {
        Some(start) => tokio::time::sleep_until(start + pause).await,
        None => std::future::pending().await,
    }
}

#[async_trait]
impl Link for Ngrok {
    async fn hold(&mut self, mut outside: Outside) -> Ended {
        loop {
            match self.serve(&mut outside).await {
                Outcome::Ended(ended) => return ended,
                // A session that the crate took up again hears no order of the edge's to stop its tunnel. With the old
                // connection gone for good at the edge, too, a new session gets the same address at once.
                Outcome::TakenUp => tracing::debug!("the session with ngrok is opened anew"),
            }
        }
    }
}
