//! `cargo xtask fuzz`: coverage-guided fuzzing of the engine with libFuzzer, in the targets of `fuzz/`.
//!
//! The program is built beside everything else, with the dependencies as they are: only the engine and the targets are built
//! once more, with coverage counters in them ([`instrument`]). `cargo fuzz` would build all of the hundreds of dependencies anew.
//!
//! What a run finds on its way lies in `target/fuzz/corpus/`, what it fails on in `target/fuzz/failures/`. `--keep` takes over
//! into `fuzz/corpus/` what reaches something that the inputs there do not. What once failed stands in `fuzz/regressions/` and
//! stays there.

mod instrument;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::files::{made, remove};
use crate::project::Project;
use crate::test::{Counts, Packages};
use crate::{process, setup};

pub(crate) use instrument::{as_rustc, is_rustc};

/// The targets, as `fuzz/src/main.rs` names them.
pub(crate) const TARGETS: [&str; 10] =
    ["api", "generic", "json", "patterns", "providers", "query", "search", "signatures", "stored", "uris"];

/// Larger inputs find nothing that these do not, and take longer.
const MAX_INPUT_BYTES: u32 = 4096;

/// How long each target runs as a step of `cargo xtask test`, beyond its kept inputs.
const SECONDS_IN_TESTS: u32 = 5;

/// Arguments of `cargo xtask fuzz`.
#[derive(Debug, Args)]
pub(crate) struct FuzzArguments {
    /// The targets; all unless named.
    #[arg(value_parser = TARGETS)]
    targets: Vec<String>,
    /// For how many seconds each target runs.
    #[arg(long, default_value_t = 300)]
    seconds: u32,
    /// Keep what was found: the inputs in `fuzz/corpus` become the fewest that reach as much.
    #[arg(long)]
    keep: bool,
}

/// Where a run reads and writes.
struct Places {
    program: PathBuf,
    kept: PathBuf,
    regressions: PathBuf,
    dictionaries: PathBuf,
    scratch: PathBuf,
}

/// Runs the targets one after another, all of them whatever fails.
pub(crate) fn run(project: &Project, arguments: &FuzzArguments) -> Result<()> {
    setup::to_build(project)?;
    setup::to_fuzz(project)?;
    let places = Places::build(project, Packages::WithoutDesktop)?;
    let chosen: Vec<&str> = match arguments.targets.as_slice() {
        [] => TARGETS.to_vec(),
        some => some.iter().map(String::as_str).collect(),
    };
    let mut failed = Vec::new();
    for target in chosen {
        let found = places.scratch.join("corpus").join(target);
        if let Err(error) = places.fuzz(target, &found, arguments.seconds, &[]) {
            eprintln!("{target}: {error:#}");
            failed.push(target);
        }
        if arguments.keep {
            places.keep(target, &found)?;
        }
    }
    if !failed.is_empty() {
        bail!("something was found in {}", failed.join(", "));
    }
    Ok(())
}

/// Runs every target over its kept inputs and a few seconds more. Elsewhere than on Unix there is nothing to run.
pub(crate) fn briefly(project: &Project, packages: Packages) -> Result<Counts> {
    if !cfg!(unix) {
        println!("Fuzzing wants libFuzzer as it is built on Unix.");
        return Ok(Counts::ONE_PASSED);
    }
    let places = Places::build(project, packages)?;
    let mut counts = Counts::default();
    for target in TARGETS {
        // Each time from the kept inputs alone: what a long run has found takes its time to read.
        let found = places.scratch.join("brief").join(target);
        remove(&found)?;
        counts += match places.fuzz(target, &found, SECONDS_IN_TESTS, &["-seed=1", "-verbosity=0"]) {
            Ok(()) => Counts::ONE_PASSED,
            Err(error) => {
                eprintln!("{target}: {error:#}");
                Counts::ONE_FAILED
            }
        };
    }
    Ok(counts)
}

impl Places {
    /// Builds the program.
    fn build(project: &Project, packages: Packages) -> Result<Self> {
        let mut build = project.cargo();
        build.arg("build").args(packages.arguments());
        build.args(["--features", "hookline-fuzz/targets", "--bin", "hookline-fuzz"]);
        process::run(instrument::by_this_program(project, &mut build))?;
        let scratch = project.scratch("fuzz");
        Ok(Self {
            program: project.binary("hookline-fuzz"),
            kept: project.root().join("fuzz/corpus"),
            regressions: project.root().join("fuzz/regressions"),
            dictionaries: project.root().join("fuzz/dictionaries"),
            scratch,
        })
    }

    /// Runs one target: first over what is known, then on from there.
    fn fuzz(&self, target: &str, found: &Path, seconds: u32, options: &[&str]) -> Result<()> {
        let failures = self.scratch.join("failures").join(target);
        let mut command = self.command(target)?;
        command.arg(format!("-max_total_time={seconds}")).args(options);
        command.arg(format!("-artifact_prefix={}{}", made(&failures)?.display(), std::path::MAIN_SEPARATOR));
        let dictionary = self.dictionaries.join(format!("{target}.dict"));
        if dictionary.is_file() {
            command.arg(format!("-dict={}", dictionary.display()));
        }
        // What is new is written into the first of them.
        command.arg(made(found)?).arg(made(&self.kept.join(target))?);
        let regressions = self.regressions.join(target);
        if regressions.is_dir() {
            command.arg(regressions);
        }
        process::run(&mut command).with_context(|| {
            format!(
                "the input is kept in {}; put it into fuzz/regressions/{target} and mend what it breaks. Once more: HOOKLINE_FUZZ_TARGET={target} {} FILE",
                failures.display(),
                self.program.display()
            )
        })
    }

    /// Replaces the kept inputs by the fewest of all that reach as much, the small ones first.
    fn keep(&self, target: &str, found: &Path) -> Result<()> {
        let (merged, kept) = (self.scratch.join("merged").join(target), self.kept.join(target));
        remove(&merged)?;
        let mut merge = self.command(target)?;
        merge.args(["-set_cover_merge=1", "-verbosity=0"]).arg(made(&merged)?).arg(&kept).arg(found);
        process::run(&mut merge)?;
        remove(&kept)?;
        made(&kept)?;
        for entry in fs::read_dir(&merged).with_context(|| format!("cannot read {}", merged.display()))? {
            let entry = entry?;
            fs::copy(entry.path(), kept.join(entry.file_name()))
                .with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
        Ok(())
    }

    fn command(&self, target: &str) -> Result<Command> {
        // The engine of the target `api` keeps its data there; libFuzzer ends without cleaning up.
        let temporary = self.scratch.join("tmp");
        remove(&temporary)?;
        let mut command = Command::new(&self.program);
        command
            .env("HOOKLINE_FUZZ_TARGET", target)
            .env("TMPDIR", made(&temporary)?)
            // The lengths of inputs are free from the start: short ones describe nothing here.
            .args(["-timeout=60", "-rss_limit_mb=4096", "-len_control=0"])
            .arg(format!("-max_len={MAX_INPUT_BYTES}"));
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_are_those_of_the_program_and_each_has_inputs() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies below the root");
        let main = fs::read_to_string(root.join("fuzz/src/main.rs")).expect("the program is there");
        let named: Vec<&str> = main
            .lines()
            .filter_map(|line| line.trim().strip_prefix("(\"")?.split_once("\", ")?.1.strip_suffix("::run),"))
            .collect();
        assert_eq!(named, TARGETS);
        for target in TARGETS {
            let inputs = fs::read_dir(root.join("fuzz/corpus").join(target)).map_or(0, Iterator::count);
            assert!(inputs > 0, "{target} has no inputs");
        }
    }
}
