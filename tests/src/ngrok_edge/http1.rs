//! As much of HTTP/1.1 as an edge needs: where a request ends, and what is added to its head.

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// No head and no line of a chunked body may be longer.
const LONGEST: usize = 64 * 1024;

/// What follows a request's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Length(u64),
    Chunked,
    /// The connection becomes something else, such as a WebSocket.
    Upgrade,
}

/// Reads a head with its blank line. `None` when the connection ends before one begins.
pub(super) async fn read_head(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    loop {
        let start = head.len();
        read_line(from, &mut head).await?;
        let line = &head[start..];
        if line.is_empty() {
            return if start == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        if matches!(line, b"\r\n" | b"\n") {
            if start > 0 {
                return Ok(Some(head));
            }
            // A blank line between requests is allowed and means nothing.
            head.clear();
        }
    }
}

async fn read_line(from: &mut (impl AsyncBufRead + Unpin), into: &mut Vec<u8>) -> io::Result<()> {
    let left = (LONGEST - into.len().min(LONGEST)) as u64;
    let read = (&mut *from).take(left).read_until(b'\n', into).await?;
    if read as u64 == left && into.last() != Some(&b'\n') {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a head or line is too long"));
    }
    Ok(())
}

fn headers(head: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    head.split(|byte| *byte == b'\n').skip(1).filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some((&line[..colon], line[colon + 1..].trim_ascii()))
    })
}

/// How the request's body ends. An edge takes none that could be read in two ways.
pub(super) fn body(head: &[u8]) -> io::Result<Body> {
    let mut length = None;
    let mut chunked = false;
    let mut upgrade = false;
    for (name, value) in headers(head) {
        let unclear = || io::Error::new(io::ErrorKind::InvalidData, "the body's length is not clear");
        if name.eq_ignore_ascii_case(b"content-length") {
            let value =
                std::str::from_utf8(value).ok().and_then(|value| value.parse().ok()).ok_or_else(unclear)?;
            if length.is_some_and(|length| length != value) {
                return Err(unclear());
            }
            length = Some(value);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if !value.eq_ignore_ascii_case(b"chunked") || chunked {
                return Err(unclear());
            }
            chunked = true;
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            upgrade = true;
        }
        if chunked && length.is_some() {
            return Err(unclear());
        }
    }
    Ok(match length {
        _ if upgrade => Body::Upgrade,
        _ if chunked => Body::Chunked,
        length => Body::Length(length.unwrap_or_default()),
    })
}

/// The head as ngrok passes it on. All else stays as it came, byte for byte.
pub(super) fn forwarded(head: &[u8], client: IpAddr) -> Vec<u8> {
    let mut clients = String::new();
    let mut host = String::new();
    for (name, value) in headers(head) {
        let value = String::from_utf8_lossy(value);
        if name.eq_ignore_ascii_case(b"x-forwarded-for") {
            clients = clients + &*value + ", ";
        } else if name.eq_ignore_ascii_case(b"host") && host.is_empty() {
            host = value.into_owned();
        }
    }
    let mut passed = Vec::with_capacity(head.len() + 128);
    for (index, line) in head.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let replaced = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];
        if index > 0 && replaced.iter().any(|replaced| name.eq_ignore_ascii_case(replaced.as_bytes())) {
            continue;
        }
        if matches!(line, b"\r\n" | b"\n") {
            let added = format!(
                "X-Forwarded-For: {clients}{client}\r\nX-Forwarded-Host: {host}\r\nX-Forwarded-Proto: https\r\n"
            );
            passed.extend_from_slice(added.as_bytes());
        }
        passed.extend_from_slice(line);
    }
    passed
}

/// Passes a body on, in the form in which it came.
pub(super) async fn pass_body(
    body: Body,
    from: &mut (impl AsyncBufRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    match body {
        Body::Length(length) => pass(length, from, to).await?,
        Body::Chunked => loop {
            let mut line = Vec::new();
            read_line(from, &mut line).await?;
            let size = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
            let size = std::str::from_utf8(size).ok().and_then(|size| u64::from_str_radix(size, 16).ok());
            let size = size.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no chunk size"))?;
            to.write_all(&line).await?;
            if size == 0 {
                pass_trailers(from, to).await?;
                break;
            }
            // With the line's end behind the chunk.
            pass(size.saturating_add(2), from, to).await?;
        },
        Body::Upgrade => {
            tokio::io::copy_buf(from, to).await?;
        }
    }
    to.flush().await
}

async fn pass_trailers(
    from: &mut (impl AsyncBufRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        read_line(from, &mut line).await?;
        to.write_all(&line).await?;
        match line.as_slice() {
            b"" => return Err(io::ErrorKind::UnexpectedEof.into()),
            b"\r\n" | b"\n" => return Ok(()),
            _ => {}
        }
    }
}

async fn pass(
    length: u64,
    from: &mut (impl AsyncBufRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    let passed = tokio::io::copy_buf(&mut from.take(length), to).await?;
    if passed == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
