//! `cargo xtask run`: builds the UI and the desktop app and opens its window; where there is no display, or on request,
//! starts `hookline serve` and tells the address of the same UI for a browser. Ctrl-C, SIGTERM and SIGHUP stop it in
//! order, and its exit code is passed on.
//!
//! Data lie below the target directory unless told otherwise: trying things out never touches the data directory
//! of an installed Hookline. A new data directory stays empty: the window's welcome leads on from there.

mod demo;
pub(crate) mod hookline;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use crate::project::Project;
use crate::{display, process, setup, ui};
use hookline::{Hookline, Running};

/// How long Hookline may take to stop: its worker drains within a deadline of its own.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// Arguments of `cargo xtask run`.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Serve the UI for a browser instead of opening the window, as is done where there is no display.
    #[arg(long)]
    browser: bool,
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
    let window = !arguments.browser && display::is_here();
    build(project, window)?;

    let signals = signals()?;
    let data_dir = arguments.data_dir.clone().unwrap_or_else(|| project.scratch("hookline-run"));
    let hookline = Hookline::new(project.binary("hookline"), data_dir);
    let (listen, api) = (free(arguments.listen), free(arguments.api));
    let mut running = if window {
        hookline.open(&project.binary("hookline-desktop"), listen, api)?
    } else {
        hookline.serve(listen, api)?
    };

    let shown = if arguments.demo { demo::run(&hookline) } else { Ok(()) };
    if arguments.exit || shown.is_err() {
        let status = running.stop(STOP_DEADLINE)?;
        shown?;
        return Ok(passed_on(status));
    }
    if running.ended()?.is_some() {
        println!("\nHookline was open already; its window is in front.");
        return Ok(ExitCode::SUCCESS);
    }
    greet(&hookline, &running, arguments.browser);
    let status = wait(&mut running, &signals)?;
    Ok(passed_on(status))
}

fn build(project: &Project, window: bool) -> Result<()> {
    setup::to_build(project)?;
    setup::to_build_the_ui(project)?;
    if window {
        setup::to_build_the_desktop(project)?;
    }
    ui::build(project)?;
    let mut command = project.cargo();
    command.args(["build", "--package", "hookline"]);
    if window {
        // Built together, both resolve to the same features of what they share.
        command.args(["--package", "hookline-desktop", "--features", "hookline-desktop/custom-protocol"]);
    }
    process::run(&mut command)
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

/// Waits until Hookline ends by itself or a signal comes, which is then passed on.
fn wait(running: &mut Running, signals: &Receiver<()>) -> Result<ExitStatus> {
    loop {
        if let Some(status) = running.ended()? {
            return Ok(status);
        }
        match signals.recv_timeout(Duration::from_millis(200)) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                println!("\nStopping Hookline…");
                return running.stop(STOP_DEADLINE);
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

fn greet(hookline: &Hookline, running: &Running, browser: bool) {
    let command = hookline.typed();
    let data = hookline.data_dir().display();
    match &running.ready {
        None => println!(
            "
Hookline's window is open; quit it there, or press Ctrl-C here.

  Data          {data}
"
        ),
        Some(ready) => {
            let why = if browser { "" } else { " There is no display here for its window:" };
            println!(
                "
Hookline is running; Ctrl-C stops it.{why} open in a browser

  {ui}

  Receiver      {receiver}
  Control API   {api}
  Data          {data}

Ask the control API:

  curl -H 'Authorization: Bearer {token}' {api}/api/status
",
                ui = ready.ui,
                receiver = ready.receiver,
                api = ready.api,
                token = ready.token,
            );
        }
    }
    println!(
        "Try in another terminal:

  {command} jobs create --source stripe --destination local
  {command} send stripe 'customer.*' --job JOB --count 10
  {command} events list
"
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
