//! The command line before anything runs: help that teaches, and errors that say what to do.

use std::process::{Command, Output};

fn hookline(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hookline")).args(arguments).output().expect("hookline runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_command_has_help_and_the_first_steps_are_in_it() {
    let whole = text(&hookline(&["--help"]).stdout);
    assert!(whole.contains("hookline jobs create --source stripe --destination local"), "{whole}");
    assert!(whole.contains("Exit codes"), "{whole}");
    for command in
        ["serve", "jobs", "events", "send", "docs", "destinations", "sources", "status", "check", "backup"]
    {
        let help = hookline(&[command, "--help"]);
        assert!(help.status.success(), "{command}");
        assert!(text(&help.stdout).contains("Usage: hookline"), "{command}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_an_absent_server_with_4_and_what_to_do() {
    assert_eq!(hookline(&["jobs", "creat"]).status.code(), Some(2));
    let folder = std::env::temp_dir().join("hookline-that-is-not-there");
    let absent = hookline(&["status", "--data-dir", folder.to_str().expect("is a text")]);
    assert_eq!(absent.status.code(), Some(4));
    assert!(text(&absent.stderr).contains("hookline serve"), "{}", text(&absent.stderr));
    let absent = hookline(&["status", "--json", "--data-dir", folder.to_str().expect("is a text")]);
    assert!(text(&absent.stderr).starts_with("{\"error\""), "{}", text(&absent.stderr));
}

#[test]
fn completions_are_made_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = hookline(&["completions", shell]);
        assert!(script.status.success() && text(&script.stdout).contains("hookline"), "{shell}");
    }
}

#[test]
fn secrets_are_never_shown_by_help_that_reads_the_environment() {
    let help = Command::new(env!("CARGO_BIN_EXE_hookline"))
        .args(["jobs", "create", "--help"])
        .env("HOOKLINE_SECRET", "whsec_from_the_environment")
        .output()
        .expect("hookline runs");
    assert!(!text(&help.stdout).contains("whsec_from_the_environment"));
}
