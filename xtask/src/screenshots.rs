//! `cargo xtask screenshots`: every page in both themes, with sample data, into `target/screenshots`.

use anyhow::Result;
use clap::Args;

use crate::node::{self, BROWSER_TESTS};
use crate::project::Project;
use crate::{process, setup, ui};

/// Arguments of `cargo xtask screenshots`.
#[derive(Debug, Args)]
pub(crate) struct ScreenshotsArguments {
    /// Put those that the README shows into docs/screenshots too.
    #[arg(long)]
    update_readme: bool,
}

/// Takes them.
pub(crate) fn take(project: &Project, arguments: &ScreenshotsArguments) -> Result<()> {
    setup::to_build(project)?;
    setup::to_build_the_ui(project)?;
    let browser = setup::browser()?;
    ui::build(project)?;
    process::run(project.cargo().args(["build", "--package", "hookline"]))?;

    let folder = project.scratch("screenshots");
    let mut command = node::npm_run(project, BROWSER_TESTS, "screenshots");
    command
        .env("HOOKLINE_TEST_PROGRAM", project.binary("hookline"))
        .env("HOOKLINE_TEST_BROWSER", browser)
        .env("HOOKLINE_SCREENSHOTS", &folder);
    if arguments.update_readme {
        command.env("HOOKLINE_README_SCREENSHOTS", project.root().join("docs/screenshots"));
    }
    process::run(&mut command)?;
    println!("The screenshots are in {}.", folder.display());
    Ok(())
}
