//! Tells cargo when the embedded files of the window have changed.

use std::path::Path;

/// Where the window's files are built, from this package.
const BUILT: &str = "../../ui/dist";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Debug builds read the folder while they run, so nothing of it is in the program.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        // A folder that is missing would count as changed at each build: then the one around it is watched.
        let watched = if Path::new(BUILT).is_dir() { BUILT } else { "../../ui" };
        println!("cargo:rerun-if-changed={watched}");
    }
}
