//! The steps, and what each needs and calls.

use std::io::{IsTerminal, Write};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::summary::Counts;
use super::window::{self, DESKTOP_TESTS};
use crate::project::Project;
use crate::{fuzz, process, schemathesis, setup, ui};

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Step {
    /// Every Rust file is formatted.
    Fmt,
    /// The UI's format, lints, types and unit tests; it builds.
    Ui,
    /// No warning from the compiler or clippy, in any target.
    Clippy,
    /// Rust's unit tests, integration tests and examples in the documentation.
    Tests,
    /// The UI in a browser, over `hookline serve`, with real webhooks and a real MongoDB.
    Browser,
    /// The desktop app, driven from outside.
    Desktop,
    /// Every fuzz target over its kept inputs, and a few seconds more.
    Fuzz,
    /// Requests made from the control API's description, against `hookline serve`.
    Schemathesis,
    /// Dependencies have licences and sources that `deny.toml` allows.
    Deny,
    /// The engine's documentation builds without a warning.
    Docs,
}

impl Step {
    pub(super) const IN_ORDER: [Self; 10] = [
        Self::Fmt,
        Self::Ui,
        Self::Clippy,
        Self::Tests,
        Self::Browser,
        Self::Desktop,
        Self::Fuzz,
        Self::Schemathesis,
        Self::Deny,
        Self::Docs,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Ui => "ui",
            Self::Clippy => "clippy",
            Self::Tests => "tests",
            Self::Browser => "browser",
            Self::Desktop => "desktop",
            Self::Fuzz => "fuzz",
            Self::Schemathesis => "schemathesis",
            Self::Deny => "deny",
            Self::Docs => "docs",
        }
    }

    /// Whether `--fast` runs it.
    pub(super) fn is_fast(self) -> bool {
        match self {
            Self::Fmt | Self::Ui | Self::Clippy | Self::Tests => true,
            Self::Browser | Self::Desktop | Self::Fuzz | Self::Schemathesis | Self::Deny | Self::Docs => {
                false
            }
        }
    }

    /// Runs it.
    pub(super) fn run(self, project: &Project, packages: Packages) -> Result<Counts> {
        match self {
            Self::Fmt => process::run(project.cargo().args(["fmt", "--all", "--check"]))?,
            Self::Ui => return Ok(window::ui(project)),
            Self::Clippy => clippy(project, packages)?,
            Self::Tests => return tests(project, packages),
            Self::Browser => return window::in_a_browser(project, packages),
            Self::Desktop => return window::on_the_desktop(project),
            Self::Fuzz => return fuzz::briefly(project, packages),
            Self::Schemathesis => schemathesis::briefly(project, packages)?,
            Self::Deny => deny(project)?,
            Self::Docs => docs(project)?,
        }
        Ok(Counts::ONE_PASSED)
    }
}

/// Which packages the steps of one run build. Cargo chooses the features of a dependency for all packages that it builds
/// at once; with the same choice in each step, nothing is built twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packages {
    /// Every package, the desktop app as it is shipped.
    All,
    /// All but the desktop app: built and tested on any machine with a C compiler.
    WithoutDesktop,
}

/// The one package that needs Tauri.
const DESKTOP_PACKAGE: &str = "hookline-desktop";

impl Packages {
    /// What these steps need.
    pub(super) fn of(selected: &[Step], fast: bool) -> Self {
        let desktop = selected.iter().any(|step| matches!(step, Step::Clippy | Step::Tests | Step::Desktop));
        if desktop && !fast { Self::All } else { Self::WithoutDesktop }
    }

    /// The arguments by which cargo builds and tests them.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::All => &[
                "--workspace",
                "--features",
                "hookline-desktop/custom-protocol,hookline-tests/desktop,hookline-tests/faults",
            ],
            Self::WithoutDesktop => {
                &["--workspace", "--exclude", DESKTOP_PACKAGE, "--features", "hookline-tests/faults"]
            }
        }
    }
}

/// Installs what the selected steps need, and builds the UI, which the programs embed. Everything that can be installed
/// is, before the first failure is told.
pub(super) fn set_up(project: &Project, selected: &[Step], packages: Packages) -> Result<Counts> {
    let mut problems = Vec::new();
    let mut provide = |result: Result<()>| problems.extend(result.err().map(|error| format!("{error:#}")));

    let has = |step| selected.contains(&step);
    if has(Step::Fmt) || has(Step::Clippy) {
        provide(setup::rust_components(project));
    }
    let builds = selected.iter().any(|step| !matches!(step, Step::Fmt | Step::Ui | Step::Deny));
    if builds {
        provide(setup::to_build(project));
    }
    if builds && packages == Packages::All {
        provide(setup::to_build_the_desktop(project));
    }
    if has(Step::Desktop) {
        provide(setup::to_test_the_desktop(project));
    }
    if has(Step::Tests) {
        provide(setup::to_test_the_keychain(project));
    }
    if has(Step::Browser) {
        provide(setup::browser().map(drop));
    }
    if has(Step::Tests) || has(Step::Browser) {
        provide(setup::mongod(project));
    }
    if has(Step::Fuzz) || has(Step::Clippy) {
        provide(setup::to_fuzz(project));
    }
    if has(Step::Schemathesis) {
        provide(setup::schemathesis(project).map(drop));
    }
    if has(Step::Deny) {
        provide(setup::cargo_deny(project).map(drop));
    }
    if has(Step::Ui) || has(Step::Browser) || (builds && packages == Packages::All) {
        provide(setup::to_build_the_ui(project).and_then(|()| ui::build(project)));
    }
    if problems.is_empty() { Ok(Counts::ONE_PASSED) } else { bail!("{}", problems.join("\n")) }
}

fn clippy(project: &Project, packages: Packages) -> Result<()> {
    let mut command = project.cargo();
    command.arg("clippy").args(packages.arguments());
    // Otherwise there is nothing of the fuzz targets.
    command.args(["--features", "hookline-fuzz/targets"]);
    command.args(["--all-targets", "--", "--deny", "warnings"]);
    process::run(&mut command)
}

/// The integration tests start the command line that `cargo test` builds for the tests beside it: built on its own it
/// would resolve to other features of its dependencies, and these would all be built twice.
fn tests(project: &Project, packages: Packages) -> Result<Counts> {
    let mut command = project.cargo();
    command.env("HOOKLINE_TEST_PROGRAM", project.binary("hookline"));
    if std::env::var_os("RUST_TEST_THREADS").is_none() {
        // Most of the integration tests wait for other programs: more of them run at once than there are cores.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        command.env("RUST_TEST_THREADS", (2 * cores).to_string());
    }
    command.arg("test").args(packages.arguments()).args(["--no-fail-fast", "--", "--skip", DESKTOP_TESTS]);
    if std::io::stdout().is_terminal() {
        // Its output passes through a pipe, which would turn the colours off.
        command.args(["--color", "always"]);
    }
    project.with_tools(&mut command)?;
    counted(&mut command, &mut std::io::stdout())
}

/// Runs `cargo test` and adds up what its harnesses report.
pub(super) fn counted(command: &mut Command, screen: &mut impl Write) -> Result<Counts> {
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

    #[test]
    fn the_desktop_app_is_built_only_where_a_step_looks_at_it() {
        assert_eq!(Packages::of(&Step::IN_ORDER, false), Packages::All);
        assert_eq!(Packages::of(&[Step::Fmt, Step::Browser], false), Packages::WithoutDesktop);
        assert_eq!(Packages::of(&[Step::Clippy, Step::Tests], true), Packages::WithoutDesktop);
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
