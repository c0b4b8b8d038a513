//! A Chromium for the tests in a browser; Playwright's own download is not used.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::apt;
use crate::process;

/// Names the browser to be used.
const VARIABLE: &str = "HOOKLINE_TEST_BROWSER";

/// Names under which Chromium and what is made of it is found on a `PATH`.
const PROGRAMS: [&str; 6] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"];

/// Where systems put it that have no `PATH` for applications.
const PLACES: [&str; 5] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
];

/// Finds it, installing Debian's where it is missing.
pub(crate) fn provide() -> Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from) {
        if named.is_file() {
            return Ok(named);
        }
        bail!("{VARIABLE} names {}, which is not there", named.display());
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    println!("To test the UI in a browser, Chromium is missing.");
    // Ubuntu has it as a snap only, which does not start in containers.
    if apt::is_here() && apt::candidate("chromium").is_some() {
        apt::install(&["chromium"])?;
        if let Some(found) = find() {
            return Ok(found);
        }
    }
    bail!(
        "install Chromium or Chrome, or name one in {VARIABLE}\n  Debian:   sudo apt-get install chromium\n  Ubuntu:   \
         sudo snap install chromium\n  Fedora:   sudo dnf install chromium\n  Arch:     sudo pacman -S chromium\n  macOS:    \
         brew install --cask google-chrome\n  Windows:  winget install Google.Chrome"
    )
}

fn find() -> Option<PathBuf> {
    PROGRAMS
        .into_iter()
        .find_map(process::on_path)
        .or_else(|| PLACES.into_iter().map(PathBuf::from).find(|place| place.is_file()))
}
