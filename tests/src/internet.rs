//! A stand-in for the internet between a provider and a tunnel's edge: a proxy that takes `CONNECT` for any host,
//! answers TLS in that host's name, and passes the bytes on to an address on this machine.
//!
//! A Hookline started with [`Internet::environment`] sends what it sends over HTTPS through it, so that public addresses
//! such as `https://quick.trycloudflare.com` can be reached without a network.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::certificates::Authority;

/// The stand-in. It ends when it is dropped.
#[derive(Debug)]
pub struct Internet {
    address: SocketAddr,
    ca: tempfile::NamedTempFile,
    hosts: Arc<Mutex<HashMap<String, SocketAddr>>>,
    _task: JoinSet<()>,
}

impl Internet {
    /// Starts it without any host.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let authority = Arc::new(Authority::new("Stand-in for the internet"));
        let ca = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(ca.path(), &authority.pem).expect("writes");

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("is bound");
        let hosts: Arc<Mutex<HashMap<String, SocketAddr>>> = Arc::default();
        let mut task = JoinSet::new();
        let known = Arc::clone(&hosts);
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                connections.spawn(connection(stream, Arc::clone(&known), Arc::clone(&authority)));
            }
        });
        Self { address, ca, hosts, _task: task }
    }

    /// Lets the host be reached: its requests go to this address.
    pub fn route(&self, host: &str, to: SocketAddr) {
        self.hosts.lock().insert(host.to_owned(), to);
    }

    /// The host is no longer to be reached.
    pub fn forget(&self, host: &str) {
        self.hosts.lock().remove(host);
    }

    /// With what a program has to be started to reach the hosts.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let ca: &Path = self.ca.path();
        vec![
            ("HTTPS_PROXY", format!("http://{}", self.address)),
            ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
            ("SSL_CERT_FILE", ca.display().to_string()),
        ]
    }
}

/// One client: `CONNECT host:port`, TLS, then bytes. Whatever fails ends the connection, as on the internet.
async fn connection(
    mut stream: TcpStream,
    hosts: Arc<Mutex<HashMap<String, SocketAddr>>>,
    authority: Arc<Authority>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.strip_prefix("CONNECT ")?.split(' ').next()?;
    let host = target.rsplit_once(':')?.0.to_owned();
    let to = hosts.lock().get(&host).copied();
    let Some(to) = to else {
        stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await.ok()?;
        return None;
    };
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
    let mut client = authority.acceptor(&[&host]).accept(stream).await.ok()?;
    let mut server = TcpStream::connect(to).await.ok()?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.ok()?;
    None
}
