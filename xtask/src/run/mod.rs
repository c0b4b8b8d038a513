//! `cargo xtask run`: builds the command line, starts `hookline serve` with a first job on the local destination
//! and says what to try next. Ctrl-C, SIGTERM and SIGHUP stop it in order, and its exit code is passed on.
//!
//! Data lie below the target directory unless told otherwise: trying things out never touches the data directory
//! of an installed Hookline.

mod demo;
mod hookline;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use crate::project::Project;
use crate::{process, setup};
use hookline::{Hookline, Server};

/// How long `hookline serve` may take to stop: its worker drains within a deadline of its own.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// Arguments of `cargo xtask run`.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Send sample events through the receiver and show the documents that come of them.
    #[arg(long)]
    pub(crate) demo: bool,
    /// End after the demo instead of staying.
    #[arg(long, requires = "demo")]
    exit: bool,
    /// Where Hookline keeps its data [default: hookline-run in the target directory].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where webhooks are received; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:4400", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where the control API listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:4401", value_name = "ADDRESS")]
    api: SocketAddr,
}

/// Runs it.
pub(crate) fn run(project: &Project, arguments: &RunArguments) -> Result<ExitCode> {
    setup::to_build(project)?;
    process::run(project.cargo().args(["build", "--package", "hookline"]))?;

    let signals = signals()?;
    let data_dir = arguments.data_dir.clone().unwrap_or_else(|| project.scratch("hookline-run"));
    let hookline = Hookline::new(project.binary("hookline"), data_dir);
    let mut server = hookline.serve(free(arguments.listen), free(arguments.api))?;

    let job = hookline.first_job()?;
    let shown = if arguments.demo { demo::run(&hookline, &job) } else { Ok(()) };
    if arguments.exit || shown.is_err() {
        let status = server.stop(STOP_DEADLINE)?;
        shown?;
        return Ok(passed_on(status));
    }
    greet(&hookline, &server, &job);
    let status = wait(&mut server, &signals)?;
    Ok(passed_on(status))
}

/// Tells of Ctrl-C and of requests to end. A second one changes nothing: the deadline holds.
fn signals() -> Result<Receiver<()>> {
    let (sender, receiver) = mpsc::channel();
    ctrlc::set_handler(move || {
        // The receiver is gone only when the program is about to end anyway.
        let _ = sender.send(());
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(receiver)
}

/// The address, or one with a free port where something else already listens there: an installed Hookline may be
/// running.
fn free(address: SocketAddr) -> SocketAddr {
    if TcpListener::bind(address).is_ok() {
        return address;
    }
    println!("{address} is in use; taking a free port instead.");
    SocketAddr::new(address.ip(), 0)
}

/// Waits until the server ends by itself or a signal comes, which is then passed on.
fn wait(server: &mut Server, signals: &Receiver<()>) -> Result<ExitStatus> {
    loop {
        if let Some(status) = server.ended()? {
            return Ok(status);
        }
        match signals.recv_timeout(Duration::from_millis(200)) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                println!("\nStopping Hookline…");
                return server.stop(STOP_DEADLINE);
            }
        }
    }
}

fn passed_on(status: ExitStatus) -> ExitCode {
    match status.code() {
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::FAILURE,
    }
}

fn greet(hookline: &Hookline, server: &Server, job: &hookline::Job) {
    let command = hookline.typed();
    println!(
        "
Hookline is running; Ctrl-C stops it.

  Webhook URL   {url}
  Secret        {secret}
  Receiver      {receiver}
  Control API   {api}
  Data          {data}

Try in another terminal:

  {command} send stripe 'customer.*' --job {job} --count 10
  {command} events list
  {command} docs list

or ask the control API:

  curl -H 'Authorization: Bearer {token}' {api}/api/status
",
        url = job.webhook_url,
        secret = job.secret,
        receiver = server.ready.receiver,
        api = server.ready.api,
        token = server.ready.token,
        data = hookline.data_dir().display(),
        job = job.id,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_left_alone() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = taken.local_addr().expect("it has an address");
        assert_eq!(free(address), SocketAddr::new(address.ip(), 0));
        drop(taken);
        assert_eq!(free(address), address);
    }
}
