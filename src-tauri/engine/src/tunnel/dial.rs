//! Connecting to ngrok's edge: TCP and TLS, with a deadline and without Nagle's delay, which the crate's own way lacks.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::tunnel::ByteStream;

/// How long a connection may take to be made, TLS included.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long one of a host's addresses may take to answer.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(3);

/// Connects to an edge. Another one than [`TcpDial`] is for tests.
#[async_trait]
pub trait Dial: Send + Sync + std::fmt::Debug {
    /// A connection to this host, and this machine's address on it where it has one.
    async fn dial(
        &self,
        host: &str,
        port: u16,
        tls: Arc<rustls::ClientConfig>,
    ) -> io::Result<(Box<dyn ByteStream>, Option<IpAddr>)>;
}

/// Tries one address after the other, each for a while: one that swallows everything is not to use up the time of all.
async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in tokio::net::lookup_host((host, port)).await? {
        match tokio::time::timeout(ADDRESS_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed = error,
            Err(_elapsed) => {
                failed = io::Error::new(io::ErrorKind::TimedOut, format!("{address} does not answer"));
            }
        }
    }
    Err(failed)
}

/// Over TCP and TLS.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpDial;

#[async_trait]
impl Dial for TcpDial {
    async fn dial(
        &self,
        host: &str,
        port: u16,
        tls: Arc<rustls::ClientConfig>,
    ) -> io::Result<(Box<dyn ByteStream>, Option<IpAddr>)> {
        let dialled = tokio::time::timeout(TIMEOUT, async {
            let tcp = connect(host, port).await?;
            // Small frames go back and forth: with the delay a tunnel does eleven requests a second.
            tcp.set_nodelay(true)?;
            let local = tcp.local_addr().ok().map(|address| address.ip());
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            let stream = TlsConnector::from(tls).connect(name, tcp).await?;
            Ok((Box::new(stream) as Box<dyn ByteStream>, local))
        });
        dialled.await.unwrap_or_else(|_elapsed| {
            let message = format!("no connection within {} seconds", TIMEOUT.as_secs());
            Err(io::Error::new(io::ErrorKind::TimedOut, message))
        })
    }
}
