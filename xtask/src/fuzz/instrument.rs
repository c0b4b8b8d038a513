//! Coverage counters in the engine and the fuzz targets, and in nothing else.
//!
//! Flags for all of a build (`RUSTFLAGS`) would have every dependency built anew. Cargo calls a program of our choice in
//! place of the compiler, for the workspace's own packages alone (`RUSTC_WORKSPACE_WRAPPER`), and keeps what that builds apart
//! from the rest. That program is this one: it calls the compiler, with more flags for two of the packages.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::project::Project;

/// Set where this program stands in for the compiler.
const VARIABLE: &str = "HOOKLINE_XTASK_AS_RUSTC";

/// The crates that get counters.
const CRATES: [&str; 2] = ["hookline_engine", "hookline_fuzz"];

/// What `cargo fuzz` gives the compiler where no sanitizer is wanted, all of it stable; optimised a little, for speed, with
/// the checks of a debug build.
const FLAGS: [&str; 9] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Copt-level=1",
    "-Cdebug-assertions=on",
    "-Coverflow-checks=on",
];

/// Lets cargo build through this program, by its name: the file that runs now was replaced if the tests have built it anew.
pub(super) fn by_this_program<'a>(project: &Project, cargo: &'a mut Command) -> &'a mut Command {
    cargo.env("RUSTC_WORKSPACE_WRAPPER", project.binary("xtask")).env(VARIABLE, "1")
}

/// Whether this program was called in place of the compiler.
pub(crate) fn is_rustc() -> bool {
    env::var_os(VARIABLE).is_some()
}

/// Calls the compiler, which the first argument names, and ends as it does.
pub(crate) fn as_rustc() -> Result<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    let rustc = arguments.next().context("no compiler is named")?;
    let arguments: Vec<OsString> = arguments.collect();
    let mut command = Command::new(&rustc);
    command.args(&arguments);
    if gets_counters(&arguments) {
        command.args(FLAGS);
    }
    let status = command.status().with_context(|| format!("cannot start {}", rustc.display()))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

fn gets_counters(arguments: &[OsString]) -> bool {
    let name = arguments.iter().skip_while(|argument| *argument != "--crate-name").nth(1);
    name.is_some_and(|name| CRATES.iter().any(|known| name == known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_engine_and_the_targets_get_counters() {
        let of = |text: &str| gets_counters(&text.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(of("--crate-name hookline_engine --edition=2024 src/lib.rs"));
        assert!(of("--crate-name hookline_fuzz src/main.rs"));
        assert!(!of("--crate-name build_script_build build.rs"));
        assert!(!of("--crate-name xtask src/main.rs --extern hookline_engine"));
        assert!(!of("-vV"));
    }
}
