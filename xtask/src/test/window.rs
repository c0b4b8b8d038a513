//! The steps that concern what a person sees: the UI by itself, in a browser, and in the desktop app's window.

use std::process::Command;

use anyhow::Result;

use super::steps::{self, Packages};
use super::summary::Counts;
use crate::display::VirtualScreen;
use crate::node::{self, BROWSER_TESTS, NPM, UI};
use crate::project::Project;
use crate::{process, setup, types, ui};

/// What the names of the tests begin with that need a screen.
pub(crate) const DESKTOP_TESTS: &str = "on_the_desktop::";

/// Format, lints, types and unit tests, all of them whatever fails.
pub(super) fn ui(project: &Project) -> Counts {
    let mut counts = Counts::default();
    let mut lint = Command::new(NPM);
    lint.current_dir(project.root()).args(["run", "--silent", "lint"]);
    counts += one("lint", process::run(&mut lint));
    for workspace in [UI, BROWSER_TESTS] {
        counts += one("types", process::run(&mut node::npm_run(project, workspace, "types")));
    }
    counts += one("types of the control API", types::check(project));
    counts += match node::vitest(project, UI, &[], |_| Ok(())) {
        Ok(counts) => counts,
        Err(error) => one("unit tests", Err(error)),
    };
    counts += one("build", ui::build(project));
    counts
}

/// Counts a check, and shows at once why it failed.
fn one(what: &str, result: Result<()>) -> Counts {
    match result {
        Ok(()) => Counts::ONE_PASSED,
        Err(error) => {
            eprintln!("{what}: {error:#}");
            Counts::ONE_FAILED
        }
    }
}

/// The UI over `hookline serve`.
pub(super) fn in_a_browser(project: &Project, packages: Packages) -> Result<Counts> {
    ui::build(project)?;
    // The same targets as in the tests, of which the tests' share is there already.
    process::run(project.cargo().arg("build").args(packages.arguments()).args(["--bins", "--tests"]))?;
    node::vitest(project, BROWSER_TESTS, &[], |command| {
        command
            .env("HOOKLINE_TEST_PROGRAM", project.binary("hookline"))
            .env("HOOKLINE_TEST_BROWSER", setup::browser()?);
        project.with_tools(command)
    })
}

/// The desktop app's window, on a virtual screen. Elsewhere than on Linux it is only built.
pub(super) fn on_the_desktop(project: &Project) -> Result<Counts> {
    ui::build(project)?;
    let all = Packages::All.arguments();
    process::run(project.cargo().arg("build").args(all).args(["--bins", "--tests"]))?;
    if !cfg!(target_os = "linux") {
        println!("The window is driven on Linux only, where a screen can be virtual.");
        return Ok(Counts::ONE_PASSED);
    }
    let mut command = project.cargo();
    // All tests are named to cargo: for these alone it would choose other features for what they depend on, and build it
    // once more.
    command
        .arg("test")
        .args(all)
        .args(["--bins", "--tests", "--", DESKTOP_TESTS])
        .env("HOOKLINE_TEST_PROGRAM", project.binary("hookline"))
        .env("HOOKLINE_TEST_DESKTOP", project.binary("hookline-desktop"))
        .env("HOOKLINE_TEST_TAURI_DRIVER", setup::tauri_driver(project)?);
    let screen = VirtualScreen::start()?;
    let counts = steps::counted(&mut screen.wrap(&command), &mut std::io::stdout());
    screen.stop()?;
    counts
}
