//! `hookline tunnel …`.

use std::time::Duration;

use futures_util::StreamExt as _;
use hookline_engine::tunnel::{TunnelKind, TunnelSettings};
use reqwest::Method;
use serde_json::{Value, json};

use crate::arguments::Tunnel;
use crate::client::{Client, text};
use crate::error::CliError;
use crate::{jobs, output};

pub(crate) async fn run(client: &Client, command: Tunnel, json: bool) -> Result<(), CliError> {
    match command {
        Tunnel::Status { check } => {
            let checked = if check {
                Some(client.answer(client.request(Method::POST, "/tunnel/check")).await)
            } else {
                None
            };
            let mut tunnel = client.answer(client.request(Method::GET, "/tunnel")).await?;
            if let Some(Ok(found)) = &checked {
                tunnel["check"] = found.clone();
            }
            if json {
                output::json(&tunnel)?;
            } else {
                show(&tunnel)?;
            }
            match checked {
                Some(Ok(found)) if found["ok"] == false => Err(CliError::from_answer(424, &found)),
                Some(Err(error)) => Err(error),
                Some(Ok(_)) | None => Ok(()),
            }
        }
        Tunnel::Start { tunnel, domain, region, authtoken_file, wait } => {
            let mut body = serde_json::Map::new();
            if let Some(tunnel) = &tunnel {
                let mut wanted = TunnelSettings::default();
                wanted.choose(tunnel).map_err(|error| CliError::usage(error.to_string()))?;
                body.insert("kind".to_owned(), json!(wanted.kind));
                if let Some(url) = wanted.url {
                    body.insert("url".to_owned(), json!(url));
                }
            } else if domain.is_some() || region.is_some() || authtoken_file.is_some() {
                // Only ngrok has these.
                body.insert("kind".to_owned(), json!(TunnelKind::Ngrok));
            }
            let or_null = |text: String| if text.is_empty() { Value::Null } else { Value::String(text) };
            if let Some(domain) = domain {
                body.insert("ngrokDomain".to_owned(), or_null(domain));
            }
            if let Some(region) = region {
                body.insert("ngrokRegion".to_owned(), or_null(region));
            }
            if let Some(file) = authtoken_file {
                body.insert("ngrokAuthtoken".to_owned(), json!(jobs::read_text(&file)?));
            }
            if body.is_empty() {
                client.answer(client.request(Method::POST, "/tunnel/start")).await?;
            } else {
                body.insert("on".to_owned(), json!(true));
                client.answer(client.request(Method::PATCH, "/tunnel").json(&body)).await?;
            }
            let tunnel = settled(client, Duration::from_secs(wait)).await?;
            if json {
                output::json(&tunnel)?;
            } else {
                show(&tunnel)?;
            }
            outcome(&tunnel, wait)
        }
        Tunnel::Stop => {
            let tunnel = client.answer(client.request(Method::POST, "/tunnel/stop")).await?;
            if json { output::json(&tunnel) } else { output::line("The tunnel is stopped.") }
        }
    }
}

/// The tunnel as soon as it is online or refused, or as it is when the time is up.
async fn settled(client: &Client, wait: Duration) -> Result<Value, CliError> {
    let read = async || client.answer(client.request(Method::GET, "/tunnel")).await;
    let is_settled =
        |tunnel: &Value| matches!(tunnel["status"]["state"].as_str(), Some("online" | "refused" | "off"));
    let waiting = async {
        let response = client.request(Method::GET, "/changes").send().await;
        let mut changes = response.map_err(|error| client.unreachable(&error))?.bytes_stream();
        loop {
            let tunnel = read().await?;
            if is_settled(&tunnel) {
                return Ok(tunnel);
            }
            // Any news will do: what changed is read above.
            if changes.next().await.is_none() {
                return read().await;
            }
        }
    };
    match tokio::time::timeout(wait, waiting).await {
        Ok(settled) => settled,
        Err(_elapsed) => read().await,
    }
}

/// That it was refused, or is not online in time, is a failure to whoever waited for it.
fn outcome(tunnel: &Value, wait: u64) -> Result<(), CliError> {
    let status = &tunnel["status"];
    let reason = || status["reason"].as_str().unwrap_or("it has not said why").to_owned();
    let failed = match status["state"].as_str() {
        Some("refused") => CliError::failed(format!("the tunnel is refused: {}", reason())),
        Some("off") => CliError::failed("no tunnel is chosen").hint(
            "name one: `hookline tunnel start ngrok`, `cloudflared`, `tailscale`, or your own https address",
        ),
        Some("connecting" | "degraded") if wait > 0 => {
            CliError::failed(format!("the tunnel is not online after {wait} seconds: {}", reason()))
        }
        _ => return Ok(()),
    };
    Err(match status["remedy"].as_str() {
        Some(remedy) => failed.hint(remedy),
        None => failed,
    })
}

fn show(tunnel: &Value) -> Result<(), CliError> {
    let status = &tunnel["status"];
    output::pairs(&[
        ("Tunnel", sentence(status)),
        ("Public URL", text(&status["publicUrl"])),
        ("Forwards to", text(&tunnel["forwardTo"])),
        ("Since", output::time(&status["since"])),
        ("Round trip", status["roundTripMs"].as_u64().map(|ms| format!("{ms} ms")).unwrap_or_default()),
        (
            "Tried again",
            status["nextAttemptAt"]
                .as_str()
                .map(|_| output::time(&status["nextAttemptAt"]))
                .unwrap_or_default(),
        ),
        ("What to do", text(&status["remedy"])),
        ("This month", usage(&status["usage"])),
    ])?;
    let rows: Vec<_> = tunnel["history"]
        .as_array()
        .into_iter()
        .flatten()
        .take(10)
        .map(|moment| {
            vec![
                output::time(&moment["at"]),
                text(&moment["kind"]),
                text(&moment["state"]),
                text(&moment["reason"]),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    output::line("")?;
    output::table(&["WHEN", "TUNNEL", "STATE", "WHY"], rows, "")
}

/// How the tunnel is, in one line.
pub(crate) fn sentence(status: &Value) -> String {
    let (kind, state) = (text(&status["kind"]), text(&status["state"]));
    let base = if kind == "none" { state } else { format!("{kind}, {state}") };
    match status["reason"].as_str() {
        Some(reason) => format!("{base}: {reason}"),
        None => base,
    }
}

fn usage(usage: &Value) -> String {
    if usage.is_null() {
        return String::new();
    }
    let counted = format!(
        "{} of {} requests, {} of {} answered",
        text(&usage["requests"]),
        text(&usage["monthlyRequests"]),
        output::size(&usage["bytesOut"]),
        output::size(&usage["monthlyBytes"]),
    );
    match usage["warning"].as_str() {
        Some(warning) => format!("{counted}. {warning}"),
        None => counted,
    }
}
