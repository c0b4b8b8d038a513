//! Tunnels through somebody else's program: found on the PATH, run as a child, its address read from what it prints,
//! started again when it ends, and ended with the app.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::Instant;
use url::Url;

mod cloudflared;
mod tailscale;

use super::link::{Ended, Link, Outside, Report};
use super::state::Trouble;
use super::tunnels::StartTunnelError;

/// How long a program may take to tell its address.
const ADDRESS_WITHIN: Duration = Duration::from_secs(45);
/// How long a program gets to end when it is asked to.
const GRACE: Duration = Duration::from_secs(2);
/// How many of the last lines tell why a program ended.
const LAST_LINES: usize = 5;
/// Longer lines are no messages.
const LINE_CHARS: usize = 500;

/// See <https://learn.microsoft.com/windows/win32/procthread/process-creation-flags>.
#[cfg(windows)]
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

/// What a line of the program's means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    /// The public address.
    Address(Url),
    /// Nothing will come of it now, but later it may.
    Later(Trouble),
    /// Nothing will come of it until somebody changes something.
    Refused(Trouble),
    /// Nothing.
    Nothing,
}

/// A tunnel through a program.
#[derive(Debug)]
pub(super) struct Program {
    name: &'static str,
    path: PathBuf,
    arguments: Vec<String>,
    read: fn(&str) -> Meaning,
}

pub(super) use cloudflared::NAME as CLOUDFLARED;
pub(super) use tailscale::NAME as TAILSCALE;

/// What to do when a program is missing.
fn how_to_install(program: &str) -> &'static str {
    match program {
        CLOUDFLARED => {
            "Install it from https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/downloads/ (no account is needed), then start the tunnel again."
        }
        _ => "Install Tailscale from https://tailscale.com/download and log in, then start the tunnel again.",
    }
}

/// Where a program is.
pub(super) fn find(name: &'static str) -> Result<PathBuf, StartTunnelError> {
    let besides: &[&str] = match name {
        tailscale::NAME => &["/Applications/Tailscale.app/Contents/MacOS/Tailscale"],
        _ => &["/opt/homebrew/bin/cloudflared", "/usr/local/bin/cloudflared"],
    };
    which::which(name)
        .ok()
        .or_else(|| besides.iter().map(PathBuf::from).find(|path| path.is_file()))
        .ok_or(StartTunnelError::NoProgram { name, remedy: how_to_install(name) })
}

impl Program {
    /// A quick tunnel of Cloudflare's to `receiver`.
    pub(super) fn cloudflared(receiver: &Url) -> Result<Self, StartTunnelError> {
        Ok(Self {
            name: cloudflared::NAME,
            path: find(cloudflared::NAME)?,
            arguments: cloudflared::arguments(receiver),
            read: cloudflared::read,
        })
    }

    /// Tailscale Funnel to `receiver`.
    pub(super) fn tailscale(receiver: &Url) -> Result<Self, StartTunnelError> {
        Ok(Self {
            name: tailscale::NAME,
            path: find(tailscale::NAME)?,
            arguments: tailscale::arguments(receiver),
            read: tailscale::read,
        })
    }

    fn spawn(&self) -> std::io::Result<Child> {
        let mut command = Command::new(&self.path);
        // A desktop app has no console, and its child is to open none.
        #[cfg(windows)]
        command.creation_flags(CREATE_NO_WINDOW);
        command
            .args(&self.arguments)
            // It is told nothing that is meant for others.
            .env_remove("NGROK_AUTHTOKEN")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }
}

/// Reads lines until the end, whatever their encoding.
async fn read_lines(stream: Option<impl AsyncRead + Unpin>, lines: mpsc::Sender<String>) {
    let Some(stream) = stream else { return };
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).await.is_ok_and(|bytes| bytes > 0) {
        let text: String = String::from_utf8_lossy(&line).trim_end().chars().take(LINE_CHARS).collect();
        line.clear();
        if !text.is_empty() && lines.send(text).await.is_err() {
            return;
        }
    }
}

/// Asks the program to end, and makes it end.
async fn end(mut child: Child) {
    #[cfg(unix)]
    if let Some(pid) =
        child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw)
    {
        // That it is gone already is no error.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        if tokio::time::timeout(GRACE, child.wait()).await.is_ok() {
            return;
        }
    }
    if let Err(error) = child.kill().await {
        tracing::warn!(%error, "a tunnel's program could not be ended");
    }
}

#[async_trait]
impl Link for Program {
    async fn hold(&mut self, mut outside: Outside) -> Ended {
        let mut child = match self.spawn() {
            Ok(child) => child,
            Err(error) => {
                let trouble = Trouble::new(format!("{} cannot be run: {error}", self.path.display()));
                return match error.kind() {
                    ErrorKind::NotFound | ErrorKind::PermissionDenied => {
                        Ended::Refused(trouble.with_remedy(how_to_install(self.name)))
                    }
                    // Such as a program that is being updated, or too many processes.
                    _ => Ended::Lost(trouble.with_remedy("It is tried again by itself.")),
                };
            }
        };
        let (sender, mut lines) = mpsc::channel(64);
        let reading = futures_util::future::join(
            read_lines(child.stdout.take(), sender.clone()),
            read_lines(child.stderr.take(), sender),
        );
        tokio::spawn(reading);
        let mut last = std::collections::VecDeque::with_capacity(LAST_LINES);
        let mut address = None;
        let deadline = Instant::now() + ADDRESS_WITHIN;
        let ended = loop {
            tokio::select! {
                // What it says at its end is read before the end is noticed.
                biased;
                Some(line) = lines.recv() => {
                    tracing::debug!(program = self.name, line, "a tunnel's program says");
                    match (self.read)(&line) {
                        Meaning::Address(url) if address.as_ref() != Some(&url) => {
                            address = Some(url.clone());
                            let _ = outside.reports.send(Report::Up(url)).await;
                        }
                        Meaning::Later(trouble) => break Ended::Later(trouble),
                        Meaning::Refused(trouble) => break Ended::Refused(trouble),
                        Meaning::Address(_) | Meaning::Nothing => {}
                    }
                    if last.len() == LAST_LINES {
                        last.pop_front();
                    }
                    last.push_back(line);
                }
                status = child.wait() => {
                    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                    let said = last.make_contiguous().join(" · ");
                    let trouble = Trouble::new(format!("{} ended ({status}): {said}", self.name));
                    return Ended::Lost(trouble.with_remedy("It is started again by itself."));
                }
                () = tokio::time::sleep_until(deadline), if address.is_none() => {
                    let said = last.make_contiguous().join(" · ");
                    let reason = format!("{} told no address within {} seconds: {said}", self.name, ADDRESS_WITHIN.as_secs());
                    break Ended::Lost(Trouble::new(reason).with_remedy("It is started again by itself."));
                }
                // The program connects anew by itself; the supervisor tries the address.
                Some(_) = outside.disturbances.recv() => {}
                () = outside.stop.cancelled() => break Ended::Stopped,
            }
        };
        end(child).await;
        ended
    }
}
