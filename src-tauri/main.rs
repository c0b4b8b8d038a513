//! Hookline's desktop app: the entry point, which only starts the shell.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod shell;

use std::process::ExitCode;

fn main() -> ExitCode {
    match shell::run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("Hookline could not be opened: {error:#}");
            ExitCode::FAILURE
        }
    }
}
