//! The public side: plain HTTP/1.1 towards the tunnel's clients.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::shared::Shared;
use super::{Proxied, http1};

/// How much of a refused request is read: enough that its client gets to see the answer and no reset.
const DRAINED: u64 = 16 << 20;

/// Serves clients until the listener's task is ended. Each connection keeps one stream to the agent.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((tcp, peer)) = accepted else { continue };
                let shared = Arc::clone(&shared);
                // A client that leaves early is its own business.
                running.spawn(async move {
                    let _ = connection(&shared, tcp, peer).await;
                });
            }
            Some(_) = running.join_next() => {}
        }
    }
}

async fn connection(shared: &Shared, tcp: TcpStream, peer: SocketAddr) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let client = shared.behaviour().client.unwrap_or(peer);
    let (from_client, mut to_client) = tcp.into_split();
    let mut from_client = BufReader::new(from_client);

    let Some(head) = http1::read_head(&mut from_client).await? else { return Ok(()) };
    let Ok(body) = http1::body(&head) else {
        return refuse(from_client, to_client, "400 Bad Request", None).await;
    };
    let Some(tunnel) = shared.tunnel() else {
        return refuse(from_client, to_client, "404 Not Found", Some("ERR_NGROK_3200")).await;
    };
    let Ok(stream) = shared.open(&tunnel, client).await else {
        return refuse(from_client, to_client, "502 Bad Gateway", Some("ERR_NGROK_8012")).await;
    };

    let Some(answered) = exchange(stream, &mut from_client, &mut to_client, head, body, client).await? else {
        return Ok(());
    };
    if answered == 0 {
        return refuse(from_client, to_client, "502 Bad Gateway", Some("ERR_NGROK_8012")).await;
    }
    finish(from_client, to_client).await
}

/// Passes requests and answers until the agent ends the stream, and tells how many bytes it answered. `None` when
/// the client left before: it ended its side, so nobody is there for an answer, as ngrok sees it.
async fn exchange(
    stream: Proxied,
    from_client: &mut BufReader<OwnedReadHalf>,
    to_client: &mut OwnedWriteHalf,
    head: Vec<u8>,
    body: http1::Body,
    client: SocketAddr,
) -> io::Result<Option<u64>> {
    let (mut from_agent, mut to_agent) = tokio::io::split(stream);
    let requests = async {
        let passed = requests(from_client, &mut to_agent, head, body, client).await;
        if passed.is_err() {
            // Half a request must not keep the agent waiting for the rest.
            let _ = to_agent.shutdown().await;
        }
        passed
    };
    let mut answers = pin!(answers(&mut from_agent, to_client));
    let answered = tokio::select! {
        passed = requests => match passed {
            Ok(()) => return Ok(None),
            // Either side may be the cause; an answer of the agent, such as a refusal, still counts.
            Err(_) => answers.await?,
        },
        passed = &mut answers => passed?,
    };
    Ok(Some(answered))
}

async fn requests(
    from_client: &mut BufReader<OwnedReadHalf>,
    to_agent: &mut (impl AsyncWrite + Unpin),
    mut head: Vec<u8>,
    mut body: http1::Body,
    client: SocketAddr,
) -> io::Result<()> {
    loop {
        to_agent.write_all(&http1::forwarded(&head, client.ip())).await?;
        http1::pass_body(body, from_client, to_agent).await?;
        match http1::read_head(from_client).await? {
            Some(next) => head = next,
            None => return Ok(()),
        }
        body = http1::body(&head)?;
    }
}

/// Passes answers on and tells how many bytes they were.
async fn answers(
    from_agent: &mut (impl AsyncRead + Unpin),
    to_client: &mut OwnedWriteHalf,
) -> io::Result<u64> {
    let mut answered = 0;
    let mut buffer = vec![0; 16 * 1024];
    loop {
        // A reset stream is an end as any other for the client.
        let read = from_agent.read(&mut buffer).await.unwrap_or_default();
        if read == 0 {
            return Ok(answered);
        }
        answered += read as u64;
        to_client.write_all(&buffer[..read]).await?;
    }
}

async fn refuse(
    from_client: BufReader<OwnedReadHalf>,
    mut to_client: OwnedWriteHalf,
    status: &str,
    code: Option<&str>,
) -> io::Result<()> {
    let text = format!("The stand-in for ngrok's edge refuses this.\n\n{}\n", code.unwrap_or(status));
    let code = code.map(|code| format!("Ngrok-Error-Code: {code}\r\n")).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n{code}Connection: close\r\n\r\n{text}",
        text.len()
    );
    to_client.write_all(answer.as_bytes()).await?;
    finish(from_client, to_client).await
}

/// Ends the connection so that what was written arrives: closing with bytes unread would reset it.
async fn finish(from_client: BufReader<OwnedReadHalf>, mut to_client: OwnedWriteHalf) -> io::Result<()> {
    to_client.shutdown().await?;
    tokio::io::copy(&mut from_client.take(DRAINED), &mut tokio::io::sink()).await?;
    Ok(())
}
