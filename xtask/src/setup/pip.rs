//! Python and its `pip`, by which some programs for the tests are fetched.

use std::process::Command;

use anyhow::{Result, bail};

use super::apt;
use crate::process;

/// Sees to it that there is `pip`.
pub(super) fn provide() -> Result<()> {
    if process::succeeds(python().args(["-m", "pip", "--version"])) {
        return Ok(());
    }
    println!("To fetch it, Python 3 with pip is missing.");
    if !apt::is_here() {
        bail!(
            "install Python 3 with pip\n  Fedora:  sudo dnf install python3-pip\n  Arch:    sudo pacman -S python-pip"
        );
    }
    apt::install(&["python3", "python3-pip"])
}

/// `pip`, in a way that works where a Python installation is marked as the system's own; the variable lifts a user's rule that
/// pip only works in a virtual environment.
pub(super) fn pip() -> Command {
    let mut pip = python();
    pip.env("PIP_REQUIRE_VIRTUALENV", "false");
    pip.args(["-m", "pip", "--disable-pip-version-check"]);
    pip
}

/// Python.
pub(super) fn python() -> Command {
    Command::new("python3")
}
