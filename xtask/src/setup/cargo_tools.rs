//! Programs that cargo builds once into `.tools/`: some minutes each. One on the `PATH` is used as it is.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::process;
use crate::project::Project;

/// `cargo-deny`, which checks the licences and sources of dependencies, in the version that `deny.toml` is written for.
///
/// Without the default features it uses the certificates it brings along.
const CARGO_DENY: Tool =
    Tool { name: "cargo-deny", version: "0.20.2", arguments: &["--no-default-features"] };

/// `tauri-driver`, through which tests drive the desktop app's window.
const TAURI_DRIVER: Tool = Tool { name: "tauri-driver", version: "2.1.0", arguments: &[] };

struct Tool {
    name: &'static str,
    version: &'static str,
    arguments: &'static [&'static str],
}

/// Finds `cargo-deny`, building it when it is missing.
pub(crate) fn cargo_deny(project: &Project) -> Result<PathBuf> {
    CARGO_DENY.provide(project)
}

/// Finds `tauri-driver`, building it when it is missing.
pub(crate) fn tauri_driver(project: &Project) -> Result<PathBuf> {
    TAURI_DRIVER.provide(project)
}

impl Tool {
    fn provide(&self, project: &Project) -> Result<PathBuf> {
        let Self { name, version, arguments } = self;
        let own = project.tools().join("bin").join(name).with_extension(std::env::consts::EXE_EXTENSION);
        // Cargo puts it there when it is whole.
        if let Some(found) = process::on_path(name).or_else(|| own.is_file().then(|| own.clone())) {
            return Ok(found);
        }
        println!("{name} is built into {}, once.", project.tools().display());
        let mut install = project.cargo();
        // An unoptimised one is built in half the time, and fast enough.
        install.args(["install", "--locked", "--debug", &format!("{name}@{version}")]).args(*arguments);
        install.arg("--root").arg(project.tools());
        process::run(&mut install).with_context(|| format!("{name} could not be built"))?;
        Ok(own)
    }
}
