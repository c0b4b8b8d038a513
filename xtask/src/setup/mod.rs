//! What building, running and testing need: looked for first, installed when missing.
//!
//! Invariants:
//! - Where everything is there, nothing is done, and nothing is asked of the network.
//! - On Debian and Ubuntu missing packages come through `apt-get` (with `sudo` when not root, without questions
//!   when nobody can answer). Elsewhere the exact thing to install is said, and nothing is installed.
//! - Beside the package manager only `.tools/` and `node_modules/` in the project's folder are written.
//!
//! Deliberately not here: the Rust toolchain. Whoever can run this has one; a missing `rustfmt` or `clippy` is
//! said with the command that adds it.

mod apt;
mod browser;
mod cargo_tools;
mod mongod;
mod node;
mod pip;
mod requirements;
mod schemathesis;

use std::process::Command;

use anyhow::{Result, bail};

use crate::process;
use crate::project::Project;
use requirements::{BUILD, DESKTOP, DESKTOP_TEST, FUZZ, KEYCHAIN_TEST, Requirement};

pub(crate) use browser::provide as browser;
pub(crate) use cargo_tools::{cargo_deny, tauri_driver};
pub(crate) use schemathesis::{command as schemathesis_command, provide as schemathesis};

/// Everything that `cargo xtask test` needs.
pub(crate) fn everything(project: &Project) -> Result<()> {
    rust_components(project)?;
    to_build(project)?;
    to_build_the_ui(project)?;
    to_build_the_desktop(project)?;
    to_test_the_desktop(project)?;
    to_test_the_keychain(project)?;
    browser()?;
    mongod(project)?;
    to_fuzz(project)?;
    schemathesis(project)?;
    cargo_deny(project)?;
    Ok(())
}

/// What the engine and the command line need to be built: a C compiler.
pub(crate) fn to_build(_project: &Project) -> Result<()> {
    provide("build Hookline", &BUILD)
}

/// What the UI needs to be built: Node and its packages.
pub(crate) fn to_build_the_ui(project: &Project) -> Result<()> {
    node::provide(project)
}

/// What the desktop package needs to be built.
pub(crate) fn to_build_the_desktop(_project: &Project) -> Result<()> {
    provide("build the desktop app", &DESKTOP)
}

/// What driving the desktop app without a screen needs. Elsewhere than on Linux it is only built.
pub(crate) fn to_test_the_desktop(project: &Project) -> Result<()> {
    provide("drive the desktop app without a screen", &DESKTOP_TEST)?;
    if cfg!(target_os = "linux") {
        tauri_driver(project)?;
    }
    Ok(())
}

/// What testing secrets in a real keychain needs. Elsewhere than on Linux the keychain would be the user's own.
pub(crate) fn to_test_the_keychain(_project: &Project) -> Result<()> {
    provide("test secrets in a keychain", &KEYCHAIN_TEST)
}

/// What the fuzz targets need to be built: libFuzzer is C++.
pub(crate) fn to_fuzz(_project: &Project) -> Result<()> {
    provide("build the fuzz targets", &FUZZ)
}

/// A real MongoDB server for the tests.
pub(crate) fn mongod(project: &Project) -> Result<()> {
    mongod::provide(project)
}

/// `rustfmt` and `clippy`, which belong to the Rust toolchain.
pub(crate) fn rust_components(project: &Project) -> Result<()> {
    for component in ["fmt", "clippy"] {
        if !process::succeeds(project.cargo().args([component, "--version"])) {
            let name = if component == "fmt" { "rustfmt" } else { component };
            bail!(
                "`cargo {component}` is not there. It belongs to the Rust toolchain: rustup component add {name}"
            );
        }
    }
    Ok(())
}

/// Installs those of `requirements` that are missing, or fails with what to install.
fn provide(purpose: &str, requirements: &[Requirement]) -> Result<()> {
    let missing: Vec<&Requirement> = requirements
        .iter()
        .filter(|requirement| requirement.concerns_this_system() && !requirement.is_met())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|requirement| requirement.name).collect();
    println!("To {purpose}, this is missing: {}.", names.join(", "));
    if apt::is_here() {
        let packages: Vec<&str> = missing.iter().map(|requirement| requirement.debian).collect();
        apt::install(&packages)?;
        let still: Vec<&str> = missing
            .iter()
            .filter(|requirement| !requirement.is_met())
            .map(|requirement| requirement.name)
            .collect();
        if !still.is_empty() {
            bail!("still missing after installing {}: {}", packages.join(" "), still.join(", "));
        }
        return Ok(());
    }
    bail!("to {purpose}, install this first:\n{}", requirements::advice(&missing));
}

/// Whether a command can be started at all, by asking for its version.
fn starts(program: impl AsRef<std::ffi::OsStr>) -> bool {
    process::succeeds(Command::new(program).arg("--version"))
}
