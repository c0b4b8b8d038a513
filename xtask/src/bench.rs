//! `cargo xtask bench`: the measurements in `tests/benches`, in release mode, of the programs as they are shipped. The measuring
//! program has features of libraries that tests need, and so have its baselines and what it calls of the engine in itself.

use std::process::Command;

use anyhow::{Result, bail};

use crate::display::VirtualScreen;
use crate::project::Project;
use crate::{process, setup, ui};

/// Measures; `arguments` go to the measuring program. Those that begin with `ui` concern the desktop app's window.
pub(crate) fn measure(project: &Project, arguments: &[String]) -> Result<()> {
    setup::to_build(project)?;
    setup::mongod(project)?;
    if arguments.first().is_some_and(|first| first == "ui") {
        return window(project, arguments);
    }
    // Express is compared with, and the UI is opened, where there is Node for them.
    if process::on_path("node").is_some() {
        setup::to_build_the_ui(project)?;
        ui::build(project)?;
    }
    let mut command = measuring(project, &[])?;
    // Alone, and last: built together with the tests, the shipped program would get the features that they want of its
    // libraries.
    process::run(project.cargo().args(["build", "--release", "--package", "hookline", "--bin", "hookline"]))?;
    command.env("HOOKLINE_TEST_PROGRAM", project.release_binary("hookline")).args(arguments);
    process::run(&mut command)
}

/// The measuring program, built with these options.
fn measuring(project: &Project, options: &[&str]) -> Result<Command> {
    let build = ["build", "--release", "--package", "hookline-tests", "--bin", "bench"];
    process::run(project.cargo().args(build).args(options))?;
    let mut command = Command::new(project.release_binary("bench"));
    command.current_dir(project.root());
    project.with_tools(&mut command)?;
    Ok(command)
}

/// On a virtual screen, which Linux alone has.
fn window(project: &Project, arguments: &[String]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("the window is measured on Linux only, where a screen can be virtual");
    }
    setup::to_build_the_ui(project)?;
    setup::to_build_the_desktop(project)?;
    setup::to_test_the_desktop(project)?;
    ui::build(project)?;
    process::run(project.cargo().args([
        "build",
        "--release",
        "--package",
        "hookline-desktop",
        "--features",
        "hookline-desktop/custom-protocol",
    ]))?;
    let mut command = measuring(project, &["--features", "desktop"])?;
    command
        .args(arguments)
        .env("HOOKLINE_TEST_DESKTOP", project.release_binary("hookline-desktop"))
        .env("HOOKLINE_TEST_TAURI_DRIVER", setup::tauri_driver(project)?);
    let screen = VirtualScreen::start()?;
    let result = process::run(&mut screen.wrap(&command));
    screen.stop()?;
    result
}
