//! Node and the UI's packages, as the tasks call them.

use std::env;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::project::Project;
use crate::test::Counts;

/// The package of the UI, and its folder.
pub(crate) const UI: &str = "ui";

/// The package of the tests in a browser, and its folder.
pub(crate) const BROWSER_TESTS: &str = "tests/e2e";

/// `npm`, which is a batch file on Windows.
pub(crate) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// `npm run SCRIPT` in one of the workspaces.
pub(crate) fn npm_run(project: &Project, workspace: &str, script: &str) -> Command {
    let mut command = Command::new(NPM);
    command.current_dir(project.root());
    command.args(["run", "--silent", script, "--workspace", workspace]);
    command
}

/// Runs a workspace's Vitest with these arguments and counts its tests. `prepare` sets what they need in the
/// environment.
pub(crate) fn vitest(
    project: &Project,
    workspace: &str,
    arguments: &[&str],
    prepare: impl FnOnce(&mut Command) -> Result<()>,
) -> Result<Counts> {
    let report = project.scratch(&format!("vitest-{}.json", workspace.replace('/', "-")));
    let _ = std::fs::remove_file(&report);
    let mut command = npm_run(project, workspace, "test");
    command.args(["--", "--reporter=default", "--reporter=json"]).args(arguments);
    command.arg(format!("--outputFile.json={}", report.display()));
    // Nobody is asked anything, and nothing is told to anybody.
    command.env("CI", env::var_os("CI").unwrap_or_else(|| "1".into()));
    prepare(&mut command)?;
    let result = process::run(&mut command);
    let Ok(text) = std::fs::read_to_string(&report) else {
        return result.and_then(|()| bail!("Vitest wrote no report to {}", report.display()));
    };
    let mut counts = counts(&text)?;
    if result.is_err() && counts.failed == 0 {
        // A file that could not be loaded, or an error outside every test.
        counts.failed = 1;
    }
    if counts == Counts::default() {
        bail!("no test ran");
    }
    Ok(counts)
}

/// Reads Vitest's JSON report.
fn counts(report: &str) -> Result<Counts> {
    let report: serde_json::Value = serde_json::from_str(report).context("Vitest's report is not JSON")?;
    let count =
        |name: &str| report[name].as_u64().with_context(|| format!("Vitest's report has no `{name}`"));
    Ok(Counts { passed: count("numPassedTests")?, failed: count("numFailedTests")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vitests_report_is_counted() {
        let report = r#"{"numTotalTests":9,"numPassedTests":6,"numFailedTests":2,"numPendingTests":1,"success":false}"#;
        assert_eq!(counts(report).expect("it is complete"), Counts { passed: 6, failed: 2 });
        assert!(counts("{}").is_err());
        assert!(counts("Tests  6 passed").is_err());
    }
}
