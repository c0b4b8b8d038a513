//! Schemathesis, which makes requests from the control API's description: a Python package. `pip` puts it, with all it needs in the
//! versions of `schemathesis.txt`, into `.tools/schemathesis/`; nothing is installed into any Python.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::pip;
use crate::files;
use crate::process;
use crate::project::Project;

/// The packages and their versions.
const REQUIREMENTS: &str = include_str!("schemathesis.txt");

/// Finds Schemathesis, fetching it when it is missing or another version is wanted: the folder of its packages.
pub(crate) fn provide(project: &Project) -> Result<PathBuf> {
    let folder = project.tools().join("schemathesis");
    // Written last: it tells that everything is there.
    let list = folder.join("requirements.txt");
    if fs::read_to_string(&list).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(folder);
    }
    println!("Schemathesis is fetched into {}.", folder.display());
    pip::provide()?;
    files::remove(&folder)?;
    let wanted = files::made(&folder)?.join("wanted.txt");
    fs::write(&wanted, REQUIREMENTS).with_context(|| format!("cannot write {}", wanted.display()))?;
    let mut install = pip::pip();
    install.args(["install", "--quiet", "--no-deps", "--only-binary=:all:"]);
    install.env("PIP_ROOT_USER_ACTION", "ignore");
    install.arg("--target").arg(&folder).arg("--requirement").arg(&wanted);
    process::run(&mut install).context("Schemathesis could not be fetched")?;
    fs::rename(&wanted, &list).with_context(|| format!("cannot write {}", list.display()))?;
    Ok(folder)
}

/// Schemathesis itself.
pub(crate) fn command(folder: &std::path::Path) -> Command {
    let mut command = pip::python();
    command.args(["-m", "schemathesis.cli"]).env("PYTHONPATH", folder);
    command
}
