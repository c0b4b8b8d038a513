//! Node with npm, and the packages of `package-lock.json`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::apt;
use crate::node::NPM;
use crate::process;
use crate::project::Project;

/// The oldest Node that Vite runs on.
const OLDEST: Version = Version(20, 19);

/// Major and minor version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

/// Sees to it that Node is there, and that `node_modules` holds what `package-lock.json` says.
pub(super) fn provide(project: &Project) -> Result<()> {
    provide_node()?;
    let lock = project.root().join("package-lock.json");
    let lock = fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    // npm notes there what it installed.
    let installed = fs::read_to_string(project.root().join("node_modules/.package-lock.json"));
    if installed.is_ok_and(|installed| is_installed(&lock, &installed)) {
        return Ok(());
    }
    process::run(Command::new(NPM).args(["ci"]).current_dir(project.root()))
        .context("the UI's packages could not be installed")
}

fn provide_node() -> Result<()> {
    let found = node();
    if found.is_some_and(|version| version >= OLDEST) && has_npm() {
        return Ok(());
    }
    match found {
        Some(Version(major, minor)) if !has_npm() => println!("Node {major}.{minor} is there, but no npm."),
        Some(Version(major, minor)) => println!("Node {major}.{minor} is too old."),
        None => println!("To build the UI, Node is missing."),
    }
    // Packages of older distributions are too old themselves: then nothing is installed in vain.
    if apt::is_here() && apt::candidate("nodejs").is_some_and(|text| version(&text) >= Some(OLDEST)) {
        let packages: &[&str] =
            if found.is_some_and(|version| version >= OLDEST) { &["npm"] } else { &["nodejs", "npm"] };
        apt::install(packages)?;
        if node().is_some_and(|version| version >= OLDEST) && has_npm() {
            return Ok(());
        }
    }
    bail!(
        "install Node {}.{} or newer with npm first\n  macOS:    brew install node\n  Windows:  winget install \
         OpenJS.NodeJS.LTS\n  Fedora:   sudo dnf install nodejs npm\n  Arch:     sudo pacman -S nodejs npm\n  others:   \
         https://nodejs.org/en/download, or a version manager such as nvm, fnm, mise",
        OLDEST.0,
        OLDEST.1
    )
}

fn node() -> Option<Version> {
    let output = Command::new("node").arg("--version").output().ok()?;
    version(&String::from_utf8_lossy(&output.stdout))
}

fn has_npm() -> bool {
    super::starts(NPM)
}

/// Reads `v20.19.2`, `20.19.2+dfsg-1` and the like.
fn version(text: &str) -> Option<Version> {
    let mut numbers =
        text.trim().trim_start_matches('v').split(|character: char| !character.is_ascii_digit());
    Some(Version(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Whether what npm installed is what the lock file says: every package in its version. Optional ones may be missing,
/// they belong to other systems.
fn is_installed(lock: &str, installed: &str) -> bool {
    let packages =
        |text: &str| Some(serde_json::from_str::<Value>(text).ok()?["packages"].as_object()?.clone());
    let (Some(lock), Some(installed)) = (packages(lock), packages(installed)) else { return false };
    lock.iter().filter(|(path, _)| path.starts_with("node_modules/") || path.contains("/node_modules/")).all(
        |(path, wanted)| match installed.get(path) {
            Some(found) => found["version"] == wanted["version"] && found["link"] == wanted["link"],
            None => wanted["optional"] == true || wanted["devOptional"] == true,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_and_of_packages_are_read() {
        assert_eq!(version("v20.19.2\n"), Some(Version(20, 19)));
        assert_eq!(version("18.20.4+dfsg-1~deb12u1"), Some(Version(18, 20)));
        assert_eq!(version("22.4.1-1nodesource1"), Some(Version(22, 4)));
        assert_eq!(version("(none)"), None);
        assert!(version("v20.9.0").expect("a version") < OLDEST);
        assert!(version("v22.0.0").expect("a version") > OLDEST);
    }

    #[test]
    fn packages_are_installed_when_versions_match() {
        let lock = r#"{"packages":{"":{"name":"x"},"ui":{"version":"0.1.0"},
            "node_modules/a":{"version":"1.0.0"},"node_modules/x":{"resolved":"ui","link":true},
            "node_modules/b-win32":{"version":"2.0.0","optional":true}}}"#;
        let same = r#"{"packages":{"node_modules/a":{"version":"1.0.0"},"node_modules/x":{"link":true}}}"#;
        assert!(is_installed(lock, same));
        assert!(!is_installed(lock, &same.replace("1.0.0", "1.0.1")));
        assert!(!is_installed(lock, r#"{"packages":{"node_modules/x":{"link":true}}}"#));
        assert!(!is_installed(lock, ""));
    }
}
