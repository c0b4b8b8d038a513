//! The agent protocol's messages, as the `ngrok` crate 0.19 speaks it: typed multiplexed streams with one JSON value each way.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

pub(super) const AUTH: u32 = 0;
pub(super) const BIND: u32 = 1;
pub(super) const UNBIND: u32 = 2;
pub(super) const PROXY: u32 = 3;
pub(super) const RESTART: u32 = 4;
pub(super) const STOP: u32 = 5;
pub(super) const BIND_LABELED: u32 = 7;
pub(super) const STOP_TUNNEL: u32 = 9;
pub(super) const HEARTBEAT: u32 = 0xFFFF_FFFF;

/// Longer than any message of the protocol.
const LONGEST: usize = 1 << 20;

/// Reads until one JSON value is complete: an agent does not end its side behind a request.
pub(super) async fn read_json(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Value> {
    let mut text = Vec::new();
    loop {
        if stream.read_buf(&mut text).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match serde_json::from_slice(&text) {
            Ok(value) => return Ok(value),
            Err(error) if error.is_eof() && text.len() < LONGEST => {}
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }
}

/// Answers a request and ends the stream: the agent reads to its end.
pub(super) async fn answer(stream: &mut (impl AsyncWrite + Unpin), value: &Value) -> io::Result<()> {
    stream.write_all(value.to_string().as_bytes()).await?;
    stream.shutdown().await
}

/// What opens a stream that holds a command for the agent.
pub(super) fn command(kind: u32, value: &Value) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend_from_slice(value.to_string().as_bytes());
    bytes
}

/// What opens a stream that carries a client's connection.
pub(super) fn proxy(tunnel: &str, proto: &str, client: SocketAddr) -> Vec<u8> {
    // The kind of edge is a number, and the crate refuses it as such: it reads a text.
    let header = json!({
        "Id": tunnel,
        "ClientAddr": client.to_string(),
        "Proto": proto,
        "EdgeType": "0",
        "PassthroughTLS": false,
    });
    let header = header.to_string();
    let mut bytes = PROXY.to_be_bytes().to_vec();
    // The only little-endian number of the protocol.
    bytes.extend_from_slice(&(header.len() as i64).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes
}

/// An error's text as ngrok writes it: the code on a line of its own, which the agent takes out again.
pub(super) fn error_text(code: &str, text: &str) -> String {
    if code.is_empty() { text.to_owned() } else { format!("{text}\r\n\r\n{code}\r\n") }
}

/// A text member; empty when it is not there.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
