//! The steps, and what each needs and calls.

use std::io::{IsTerminal, Write};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::desktop;
use super::summary::Counts;
use crate::project::Project;
use crate::{process, setup};

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Step {
    /// Every file is formatted.
    Fmt,
    /// No warning from the compiler or clippy, in any target.
    Clippy,
    /// Unit tests, integration tests and examples in the documentation.
    Tests,
    /// The desktop package builds and opens its window.
    Desktop,
    /// Dependencies have licences and sources that `deny.toml` allows.
    Deny,
    /// The engine's documentation builds without a warning.
    Docs,
}

impl Step {
    pub(super) const IN_ORDER: [Self; 6] =
        [Self::Fmt, Self::Clippy, Self::Tests, Self::Desktop, Self::Deny, Self::Docs];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Tests => "tests",
            Self::Desktop => "desktop",
            Self::Deny => "deny",
            Self::Docs => "docs",
        }
    }

    /// Whether `--fast` runs it.
    pub(super) fn is_fast(self) -> bool {
        match self {
            Self::Fmt | Self::Clippy | Self::Tests => true,
            Self::Desktop | Self::Deny | Self::Docs => false,
        }
    }

    /// Runs it. `fast` leaves the desktop package out where a step covers several packages.
    pub(super) fn run(self, project: &Project, fast: bool) -> Result<Counts> {
        match self {
            Self::Fmt => process::run(project.cargo().args(["fmt", "--all", "--check"]))?,
            Self::Clippy => clippy(project, fast)?,
            Self::Tests => return tests(project),
            Self::Desktop => desktop::builds_and_opens(project)?,
            Self::Deny => deny(project)?,
            Self::Docs => docs(project)?,
        }
        Ok(Counts::ONE_PASSED)
    }
}

/// Installs what the selected steps need. Everything that can be installed is, before the first failure is told.
pub(super) fn set_up(project: &Project, selected: &[Step], fast: bool) -> Result<Counts> {
    let mut problems = Vec::new();
    let mut provide = |result: Result<()>| problems.extend(result.err().map(|error| format!("{error:#}")));

    let has = |step| selected.contains(&step);
    if has(Step::Fmt) || has(Step::Clippy) {
        provide(setup::rust_components(project));
    }
    if selected.iter().any(|step| !matches!(step, Step::Fmt | Step::Deny)) {
        provide(setup::to_build(project));
    }
    if has(Step::Desktop) || (has(Step::Clippy) && !fast) {
        provide(setup::to_build_the_desktop(project));
    }
    if has(Step::Desktop) {
        provide(setup::to_open_the_desktop(project));
    }
    if has(Step::Tests) {
        provide(setup::mongod(project));
    }
    if has(Step::Deny) {
        provide(setup::cargo_deny(project).map(drop));
    }
    if problems.is_empty() { Ok(Counts::ONE_PASSED) } else { bail!("{}", problems.join("\n")) }
}

fn clippy(project: &Project, fast: bool) -> Result<()> {
    let mut command = project.cargo();
    command.args(["clippy", "--workspace", "--all-targets"]);
    if fast {
        command.args(["--exclude", DESKTOP_PACKAGE]);
    }
    process::run(command.args(["--", "--deny", "warnings"]))
}

/// The one package that needs Tauri; without it the others are built and tested on any machine with a C compiler.
const DESKTOP_PACKAGE: &str = "hookline-desktop";

/// The integration tests start the command line that `cargo test` builds for the tests beside it: built on its own it
/// would resolve to other features of its dependencies, and these would all be built twice.
fn tests(project: &Project) -> Result<Counts> {
    let mut command = project.cargo();
    command.env("HOOKLINE_TEST_PROGRAM", project.binary("hookline"));
    command.args(["test", "--workspace", "--exclude", DESKTOP_PACKAGE, "--no-fail-fast"]);
    if std::io::stdout().is_terminal() {
        // Its output passes through a pipe, which would turn the colours off.
        command.args(["--", "--color", "always"]);
    }
    project.with_tools(&mut command)?;
    counted(&mut command, &mut std::io::stdout())
}

/// Runs `cargo test` and adds up what its harnesses report.
fn counted(command: &mut Command, screen: &mut impl Write) -> Result<Counts> {
    let mut counts = Counts::default();
    let status =
        process::tee(command, screen, |line| counts += Counts::from_harness(line).unwrap_or_default())?;
    if !status.success() && counts.failed == 0 {
        // A test program that did not build, or that crashed before it could report.
        counts.failed = 1;
    }
    if counts == Counts::default() {
        bail!("no test ran");
    }
    Ok(counts)
}

fn deny(project: &Project) -> Result<()> {
    let program = setup::cargo_deny(project)?;
    // Cargo tells which cargo started it; cargo-deny reads the dependency graph through it.
    let mut command = Command::new(program);
    command.current_dir(project.root());
    process::run(command.args(["--workspace", "check", "bans", "licenses", "sources"]))
        .context("deny.toml says what is allowed and why")
}

fn docs(project: &Project) -> Result<()> {
    let mut command = project.cargo();
    // Private items are documented too: the reader is somebody who changes them. So links to them lead somewhere.
    command.env("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private_intra_doc_links");
    process::run(command.args([
        "doc",
        "--no-deps",
        "--package",
        "hookline-engine",
        "--document-private-items",
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_holds_every_step_once() {
        assert_eq!(Step::IN_ORDER.as_slice(), Step::value_variants());
    }

    #[cfg(unix)]
    #[test]
    fn a_harness_that_crashes_without_a_report_is_a_failure() {
        let crashed = "echo 'test result: ok. 2 passed; 0 failed; 0 ignored'; exit 101";
        let counts = counted(Command::new("sh").args(["-c", crashed]), &mut Vec::new()).expect("sh starts");
        assert_eq!(counts, Counts { passed: 2, failed: 1 });
    }

    #[cfg(unix)]
    #[test]
    fn a_run_without_tests_is_a_failure() {
        assert!(counted(Command::new("sh").args(["-c", "exit 0"]), &mut Vec::new()).is_err());
    }
}
