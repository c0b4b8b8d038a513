//! The desktop package builds, and its window opens on a virtual screen.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{self, Background};
use crate::project::Project;

/// How long the window may take: a cold start takes about a second, on a busy machine several.
const WINDOW_DEADLINE: Duration = Duration::from_mins(1);

/// How long the app and the screen may take to end.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// The title by which the window is found.
const TITLE: &str = "\"Hookline\"";

/// Builds it and, on Linux, opens it.
pub(super) fn builds_and_opens(project: &Project) -> Result<()> {
    process::run(project.cargo().args(["build", "--package", "hookline-desktop"]))?;
    if cfg!(target_os = "linux") {
        opens(project)
    } else {
        println!("The window is opened on Linux only, where a screen can be virtual.");
        Ok(())
    }
}

fn opens(project: &Project) -> Result<()> {
    let (mut screen, display) = virtual_screen()?;
    let scratch = project.scratch("desktop-test");
    let mut app = start(&project.binary("hookline-desktop"), &scratch, &display)?;

    let start = Instant::now();
    while !window_is_open(&display)? {
        if let Some(status) = app.ended()? {
            bail!("the desktop app ended before its window opened ({status})");
        }
        if start.elapsed() > WINDOW_DEADLINE {
            bail!("no window titled {TITLE} within {} s", WINDOW_DEADLINE.as_secs());
        }
        process::pause(Duration::from_millis(100));
    }
    println!("The window opened after {:.1} s.", start.elapsed().as_secs_f64());

    app.stop(STOP_DEADLINE)?;
    screen.stop(STOP_DEADLINE)?;
    Ok(())
}

/// Starts Xvfb on a free display and tells its name, such as `:7`.
fn virtual_screen() -> Result<(Background, String)> {
    let mut command = Command::new("Xvfb");
    // With -displayfd it looks for a free number and writes it there once it takes connections.
    command.args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"]);
    let mut screen = Background::start("Xvfb", command.stdout(Stdio::piped()).stderr(Stdio::null()))?;
    let mut number = String::new();
    BufReader::new(screen.take_stdout()?)
        .read_line(&mut number)
        .context("cannot read Xvfb's display number")?;
    if number.trim().is_empty() {
        bail!("Xvfb did not start");
    }
    Ok((screen, format!(":{}", number.trim())))
}

/// Starts the app so that whatever it and its web view keep stays below the target directory.
fn start(executable: &Path, scratch: &Path, display: &str) -> Result<Background> {
    fs::create_dir_all(scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
    let mut command = Command::new(executable);
    command.env("DISPLAY", display).env_remove("WAYLAND_DISPLAY").env("GDK_BACKEND", "x11");
    for (variable, directory) in [
        ("XDG_DATA_HOME", "data"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_STATE_HOME", "state"),
    ] {
        command.env(variable, scratch.join(directory));
    }
    Background::start("the desktop app", &mut command)
}

fn window_is_open(display: &str) -> Result<bool> {
    let windows = process::output(Command::new("xwininfo").args(["-display", display, "-root", "-tree"]))?;
    Ok(windows.lines().any(|line| line.contains(TITLE)))
}
