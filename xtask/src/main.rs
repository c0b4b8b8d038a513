//! The project's own commands, `cargo xtask …`, so that everything works the same on every system and no shell
//! script is needed.
//!
//! - [`setup`]: installs what is missing, or says what to install.
//! - [`run`]: builds and opens Hookline, for trying it out.
//! - [`test`]: every check, in order, with one summary. Continuous integration calls exactly this.
//! - [`fuzz`], [`schemathesis`]: two of these checks that may go on for as long as one likes: inputs that a fuzzer makes, and
//!   requests made from the control API's description.
//! - [`bench`]: the speed measurements of the `hookline-tests` package.
//! - [`screenshots`], [`types`], [`licences`]: what is made from the code and shown or checked elsewhere.
//!
//! Invariant: nothing outside the project's folder and the system's package manager is touched.
//!
//! Deliberately not here: tests and measurements themselves (`tests/`), and packaging of releases.

mod bench;
mod display;
mod files;
mod fuzz;
mod licences;
mod node;
mod process;
mod project;
mod run;
mod schemathesis;
mod screenshots;
mod setup;
mod test;
mod types;
mod ui;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use project::Project;

/// Hookline's development commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Install what building and testing need, or say what to install.
    Setup,
    /// Build Hookline and open its window; Ctrl-C stops it.
    Run(run::RunArguments),
    /// Run every check and end with a summary.
    Test(test::TestArguments),
    /// Look for inputs that break the engine, for as long as wanted.
    Fuzz(fuzz::FuzzArguments),
    /// Hold the control API to its description, for as long as wanted.
    Schemathesis(schemathesis::SchemathesisArguments),
    /// Measure speed, in release mode. ARGS go to the measuring program.
    Bench {
        /// Arguments of the measuring program.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
        arguments: Vec<String>,
    },
    /// Take screenshots of every page, with sample data.
    Screenshots(screenshots::ScreenshotsArguments),
    /// Write the control API's description, and the UI's types made from it and from the shell.
    Types,
    /// Write the list of what the app is made of, with its licences.
    Licences,
}

fn main() -> ExitCode {
    if fuzz::is_rustc() {
        return exit_code(fuzz::as_rustc());
    }
    let arguments = Arguments::parse_from(without_separator(std::env::args().collect()));
    exit_code(execute(arguments.command))
}

fn exit_code(result: Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(task: Task) -> Result<ExitCode> {
    let project = Project::find()?;
    match task {
        Task::Setup => {
            setup::everything(&project)?;
            println!("Everything that building and testing need is there.");
            Ok(ExitCode::SUCCESS)
        }
        Task::Run(arguments) => run::run(&project, &arguments),
        Task::Test(arguments) => Ok(test::test(&project, &arguments)),
        Task::Fuzz(arguments) => done(fuzz::run(&project, &arguments)),
        Task::Schemathesis(arguments) => done(schemathesis::run(&project, &arguments)),
        Task::Bench { arguments } => done(bench::measure(&project, &arguments)),
        Task::Screenshots(arguments) => done(screenshots::take(&project, &arguments)),
        Task::Types => done(
            setup::to_build_the_ui(&project)
                .and_then(|()| setup::to_build_the_desktop(&project))
                .and_then(|()| types::write(&project)),
        ),
        Task::Licences => done(setup::to_build_the_ui(&project).and_then(|()| licences::write(&project))),
    }
}

fn done(result: Result<()>) -> Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}

/// `cargo xtask run -- --demo` and `cargo xtask run --demo` mean the same: the first `--` after the task's name
/// is dropped.
fn without_separator(mut arguments: Vec<String>) -> Vec<String> {
    if arguments.get(2).is_some_and(|argument| argument == "--") {
        arguments.remove(2);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &[&str]) -> Task {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Arguments::try_parse_from(without_separator(arguments)).expect("the arguments parse").command
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_are_understood_with_and_without_a_separator() {
        for arguments in [&["xtask", "run", "--demo"][..], &["xtask", "run", "--", "--demo"]] {
            let Task::Run(run) = parse(arguments) else { panic!("not the run task") };
            assert!(run.demo);
        }
    }

    #[test]
    fn bench_passes_every_argument_on() {
        let Task::Bench { arguments } = parse(&["xtask", "bench", "--", "ingest", "--seconds", "5"]) else {
            panic!("not the bench task")
        };
        assert_eq!(arguments, ["ingest", "--seconds", "5"]);
    }
}
