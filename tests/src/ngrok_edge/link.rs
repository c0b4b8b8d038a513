//! One agent's connection: bytes between its transport and the multiplexer, and the requests that come over it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use muxado::{Accept as _, MuxadoAccept, MuxadoOpen, Session as _, Stream};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Step;
use super::records::{AuthSeen, BindSeen, LinkEnd};
use super::shared::{Fate, Shared};
use super::wire;

/// How much may wait between the transport and the multiplexer, each way.
const BUFFER: usize = 256 * 1024;

/// Serves a connection until it ends, and forgets it then.
pub(super) async fn serve(
    shared: Arc<Shared>,
    number: u64,
    mut fate: watch::Receiver<Fate>,
    io: impl AsyncRead + AsyncWrite + Unpin,
) {
    // A multiplexer over the transport itself could be neither cut nor frozen from outside, and would not tell
    // how the transport ended. So the two are joined by hand.
    let (near, far) = tokio::io::duplex(BUFFER);
    let (open, accept) = muxado::SessionBuilder::new(near).server().stream_limit(100_000).start().split();
    let end = tokio::select! {
        // The transport's end brings the multiplexer's: it is to be named after its cause.
        biased;
        end = pump(io, far, &mut fate) => end,
        () = requests(&shared, number, open, accept) => LinkEnd::GoneAway,
    };
    shared.disconnected(number, end);
}

/// Waits until the connection is cut.
pub(super) async fn until_cut(fate: &mut watch::Receiver<Fate>) {
    // An error means that the edge itself is gone.
    let _ = fate.wait_for(|fate| *fate == Fate::Cut).await;
}

async fn pump(
    io: impl AsyncRead + AsyncWrite + Unpin,
    far: DuplexStream,
    fate: &mut watch::Receiver<Fate>,
) -> LinkEnd {
    let (mut from_agent, mut to_agent) = tokio::io::split(io);
    let (mut from_mux, mut to_mux) = tokio::io::split(far);
    let inwards = tokio::io::copy(&mut from_agent, &mut to_mux);
    let outwards = tokio::io::copy(&mut from_mux, &mut to_agent);
    let end = tokio::select! {
        // A cut is named as such, though it ends the transport as well.
        biased;
        _ = fate.wait_for(|fate| *fate != Fate::Live) => None,
        end = inwards => Some(end.map(|_| LinkEnd::Orderly)),
        // Without an error it was the multiplexer that ended, and it does so after the agent's goodbye alone.
        end = outwards => Some(end.map(|_| LinkEnd::GoneAway)),
    };
    match end {
        None => {
            // A half-dead transport stays open, unread and unanswered.
            until_cut(fate).await;
            LinkEnd::Cut
        }
        Some(Ok(end)) => {
            let _ = to_agent.shutdown().await;
            end
        }
        Some(Err(error)) => LinkEnd::Broken(error.kind()),
    }
}

/// Serves what the agent asks for until it says goodbye. Requests still under way end with it.
async fn requests(shared: &Arc<Shared>, number: u64, open: MuxadoOpen, mut accept: MuxadoAccept) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            stream = accept.accept() => {
                let Some(stream) = stream else { return };
                let (shared, open) = (Arc::clone(shared), open.clone());
                // An agent that leaves in the middle of a request is seen by how its link ends.
                running.spawn(async move {
                    let _ = request(&shared, number, open, stream).await;
                });
            }
            Some(_) = running.join_next() => {}
        }
    }
}

async fn request(shared: &Shared, connection: u64, open: MuxadoOpen, mut stream: Stream) -> io::Result<()> {
    match stream.read_u32().await? {
        wire::AUTH => {
            let request = wire::read_json(&mut stream).await?;
            hang(shared, Step::Auth).await;
            let reply = auth(shared, connection, &request);
            wire::answer(&mut stream, &reply).await
        }
        wire::BIND => {
            let request = wire::read_json(&mut stream).await?;
            hang(shared, Step::Bind).await;
            let reply = bind(shared, connection, open, &request);
            wire::answer(&mut stream, &reply).await
        }
        wire::UNBIND => {
            let request = wire::read_json(&mut stream).await?;
            let id = wire::text(&request["Id"]);
            shared.unbind(&id);
            shared.record(|records| records.unbinds.push(id));
            wire::answer(&mut stream, &json!({"Error": "", "Extra": {}})).await
        }
        wire::HEARTBEAT => loop {
            let mut beat = [0; 4];
            stream.read_exact(&mut beat).await?;
            stream.write_all(&beat).await?;
            shared.record(|records| records.heartbeats += 1);
        },
        wire::BIND_LABELED => {
            wire::read_json(&mut stream).await?;
            wire::answer(&mut stream, &json!({"Id": "", "Error": "labelled tunnels are not supported here"}))
                .await
        }
        kind => {
            wire::read_json(&mut stream).await?;
            wire::answer(&mut stream, &json!({"Error": format!("unknown request {kind}")})).await
        }
    }
}

async fn hang(shared: &Shared, step: Step) {
    if shared.behaviour().hang == Some(step) {
        std::future::pending::<()>().await;
    }
}

fn auth(shared: &Shared, connection: u64, request: &Value) -> Value {
    let extra = &request["Extra"];
    let token = wire::text(&extra["AuthToken"]);
    let behaviour = shared.behaviour();
    let refused =
        behaviour.refuse_auth.or_else(|| (!behaviour.tokens.contains(&token)).then(|| unknown_token(&token)));
    let client_id = wire::text(&request["ClientId"]);
    let seen = AuthSeen {
        client_id: client_id.clone(),
        user_agent: wire::text(&extra["UserAgent"]),
        heartbeat_interval: nanoseconds(&extra["HeartbeatInterval"]),
        heartbeat_tolerance: nanoseconds(&extra["HeartbeatTolerance"]),
        token,
        refused: refused.clone(),
    };
    // Recorded before it is answered: whoever has seen the answer finds the record.
    if refused.is_none() {
        shared.authenticated(connection);
    }
    shared.record(|records| records.auths.push(seen));
    if let Some(error) = refused {
        return json!({"Version": "", "ClientId": "", "Error": error, "Extra": {}});
    }
    let client_id = if client_id.is_empty() { format!("session_{}", shared.number()) } else { client_id };
    json!({
        "Version": "2",
        "ClientId": client_id,
        "Error": "",
        "Extra": {
            "Version": "prod",
            "Region": "eu",
            "Cookie": format!("cookie of {client_id}"),
            "AccountName": "Stand-in",
            "SessionDuration": 0,
            "PlanName": "Free",
            "Banner": "",
        },
    })
}

fn bind(shared: &Shared, connection: u64, open: MuxadoOpen, request: &Value) -> Value {
    let behaviour = shared.behaviour();
    let requested_id = wire::text(&request["Id"]);
    let proto = wire::text(&request["Proto"]);
    let domain = wire::text(&request["Opts"]["Domain"]);
    let mut seen = BindSeen {
        requested_id: requested_id.clone(),
        id: String::new(),
        proto: proto.clone(),
        domain: domain.clone(),
        forwards_to: wire::text(&request["ForwardsTo"]),
        metadata: wire::text(&request["Extra"]["Metadata"]),
        token: wire::text(&request["Extra"]["Token"]),
        url: String::new(),
        refused: behaviour.refuse_bind,
    };
    if let Some(error) = seen.refused.clone() {
        shared.record(|records| records.binds.push(seen));
        return json!({"Id": "", "URL": "", "Proto": "", "Opts": null, "Extra": {"Token": ""}, "Error": error});
    }
    let id = if requested_id.is_empty() { format!("tunnel_{}", shared.number()) } else { requested_id };
    let url = if behaviour.domain_in_url && !domain.is_empty() {
        format!("{proto}://{domain}")
    } else {
        behaviour.public_url
    };
    let token = if seen.token.is_empty() { format!("token of {id}") } else { seen.token.clone() };
    seen.id.clone_from(&id);
    seen.url.clone_from(&url);
    let mut options = request["Opts"].clone();
    options["Hostname"] = url.split("://").last().unwrap_or_default().into();
    shared.bind(connection, open, id.clone(), proto.clone(), url.clone());
    shared.record(|records| records.binds.push(seen));
    json!({"Id": id, "URL": url, "Proto": proto, "Opts": options, "Extra": {"Token": token}, "Error": ""})
}

/// What ngrok says about a token that it does not know. It repeats the token, so whoever shows the text must redact it.
fn unknown_token(token: &str) -> String {
    if token.is_empty() {
        return wire::error_text(
            "ERR_NGROK_4018",
            "authentication failed: Usage of ngrok requires a verified account and authtoken.",
        );
    }
    wire::error_text(
        "ERR_NGROK_107",
        &format!(
            "authentication failed: The authtoken you specified is properly formed, but it is invalid.\r\n\
             Your authtoken: {token}"
        ),
    )
}

fn nanoseconds(value: &Value) -> Duration {
    Duration::from_nanos(value.as_u64().unwrap_or_default())
}
