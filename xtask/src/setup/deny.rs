//! `cargo-deny`, which checks the licences and sources of dependencies (`deny.toml`).
//!
//! It is built once into `.tools/`, which takes some minutes; one on the `PATH` is used as it is.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::starts;
use crate::process;
use crate::project::Project;

/// The version that `deny.toml` is written for.
const VERSION: &str = "cargo-deny@0.20.2";

/// Finds `cargo-deny`, building it when it is missing.
pub(crate) fn provide(project: &Project) -> Result<PathBuf> {
    let own = project.tools().join("bin/cargo-deny").with_extension(std::env::consts::EXE_EXTENSION);
    if let Some(found) = process::on_path("cargo-deny").or_else(|| starts(&own).then(|| own.clone())) {
        return Ok(found);
    }
    println!("cargo-deny is built into {}, once.", project.tools().display());
    let mut install = project.cargo();
    // Without the default features it uses the certificates it brings along. An unoptimised one is built in half the
    // time and still checks within seconds.
    install.args(["install", "--locked", "--debug", "--no-default-features", VERSION, "--root"]);
    install.arg(project.tools());
    process::run(&mut install).context("cargo-deny could not be built")?;
    Ok(own)
}
