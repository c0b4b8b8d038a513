//! A screen and a session bus of its own, for what opens a window.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::Background;

/// How long the screen may take to end.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// Whether a window can be opened here for somebody who sees it.
pub(crate) fn is_here() -> bool {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    // Over SSH a window would open on another screen, if at all.
    if set("SSH_CONNECTION") {
        return false;
    }
    cfg!(not(target_os = "linux")) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// A virtual screen; ends when dropped.
#[derive(Debug)]
pub(crate) struct VirtualScreen {
    process: Background,
    name: String,
}

impl VirtualScreen {
    /// Starts Xvfb on a free display.
    pub(crate) fn start() -> Result<Self> {
        let mut command = Command::new("Xvfb");
        // With -displayfd it looks for a free number and writes it there once it takes connections.
        command.args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"]);
        let mut process = Background::start("Xvfb", command.stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let mut number = String::new();
        BufReader::new(process.take_stdout()?)
            .read_line(&mut number)
            .context("cannot read Xvfb's display number")?;
        if number.trim().is_empty() {
            bail!("Xvfb did not start");
        }
        Ok(Self { process, name: format!(":{}", number.trim()) })
    }

    /// The same command on this screen, with a session bus of its own: what runs there neither finds an installed
    /// Hookline nor is found by one.
    pub(crate) fn wrap(&self, command: &Command) -> Command {
        let mut wrapped = Command::new("dbus-run-session");
        wrapped.arg("--").arg(command.get_program()).args(command.get_args());
        if let Some(directory) = command.get_current_dir() {
            wrapped.current_dir(directory);
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(name, value),
                None => wrapped.env_remove(name),
            };
        }
        wrapped.env("DISPLAY", &self.name).env_remove("WAYLAND_DISPLAY").env("GDK_BACKEND", "x11");
        // Without this each program looks in vain for the bus that tells screen readers about windows.
        wrapped.env("NO_AT_BRIDGE", "1");
        wrapped
    }

    /// Ends it.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.process.stop(STOP_DEADLINE)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_wrapped_command_keeps_its_arguments_directory_and_environment() {
        let process = Background::start("true", &mut Command::new("true")).expect("it starts");
        let screen = VirtualScreen { process, name: ":7".into() };
        let mut command = Command::new("cargo");
        command.args(["test", "--test", "desktop"]).env("A", "1").env_remove("B").current_dir("/");
        let wrapped = screen.wrap(&command);
        let arguments: Vec<_> = wrapped.get_args().collect();
        assert_eq!(arguments, ["--", "cargo", "test", "--test", "desktop"]);
        assert_eq!(wrapped.get_current_dir(), command.get_current_dir());
        let environment: Vec<_> = wrapped.get_envs().collect();
        assert!(environment.contains(&("A".as_ref(), Some("1".as_ref()))));
        assert!(environment.contains(&("B".as_ref(), None)));
        assert!(environment.contains(&("DISPLAY".as_ref(), Some(":7".as_ref()))));
    }
}
