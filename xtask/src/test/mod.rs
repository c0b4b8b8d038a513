//! `cargo xtask test`: every check in order, each timed, going on after a failure, with one summary at the end.
//!
//! Invariants:
//! - The very last line is `N passed, M failed`: single tests as cargo and Vitest count them, and each other check as one.
//! - The exit code is 0 only when nothing failed.
//! - A step that tests nothing has failed.

mod steps;
mod summary;
mod window;

pub(crate) use steps::Packages;
pub(crate) use window::DESKTOP_TESTS;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;

use crate::project::Project;
use steps::Step;
use summary::Outcome;

pub(crate) use summary::Counts;

/// Arguments of `cargo xtask test`.
#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Run only these steps, in the usual order.
    #[arg(long, value_enum, value_name = "STEP", value_delimiter = ',')]
    only: Vec<Step>,
    /// Leave out what takes long: the desktop app and the tests in a browser, the dependencies' licences, the documentation.
    #[arg(long, conflicts_with = "only")]
    fast: bool,
}

/// Runs the steps that `arguments` select.
pub(crate) fn test(project: &Project, arguments: &TestArguments) -> ExitCode {
    let selected: Vec<Step> = Step::IN_ORDER
        .into_iter()
        .filter(|step| {
            if arguments.fast {
                step.is_fast()
            } else {
                arguments.only.is_empty() || arguments.only.contains(step)
            }
        })
        .collect();

    let mut outcomes = Vec::new();
    let packages = Packages::of(&selected, arguments.fast);
    outcomes.push(timed("setup", || steps::set_up(project, &selected, packages)));
    for step in selected {
        println!("\n── {} ──", step.name());
        outcomes.push(timed(step.name(), || step.run(project, packages)));
    }

    println!("\n{}", summary::table(&outcomes));
    let total = summary::total(&outcomes);
    let code = if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    println!("{total}");
    code
}

/// Runs one step. An error is shown at once, where its output is, and counts as one failure.
fn timed(name: &'static str, step: impl FnOnce() -> Result<Counts>) -> Outcome {
    let start = Instant::now();
    let result = step();
    if let Err(error) = &result {
        eprintln!("{name} failed: {error:#}");
    }
    Outcome { name, counts: result.unwrap_or(Counts::ONE_FAILED), duration: start.elapsed() }
}
