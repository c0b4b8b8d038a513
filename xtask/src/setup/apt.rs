//! Installing Debian and Ubuntu packages.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// Whether this system gets its packages through `apt-get`.
pub(super) fn is_here() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    is_debian_like(&release) && process::on_path("apt-get").is_some()
}

/// Reads `os-release(5)`: Debian, Ubuntu and what calls itself like them.
fn is_debian_like(release: &str) -> bool {
    release
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| matches!(*key, "ID" | "ID_LIKE"))
        .flat_map(|(_, value)| value.trim_matches('"').split_whitespace())
        .any(|name| matches!(name, "debian" | "ubuntu"))
}

/// The version of a package that would be installed; `None` where there is none. On a fresh machine or container, which
/// has no package lists, they are fetched first.
pub(super) fn candidate(package: &str) -> Option<String> {
    known_candidate(package).or_else(|| {
        process::run(&mut apt_get(&["update"]).ok()?).ok()?;
        known_candidate(package)
    })
}

fn known_candidate(package: &str) -> Option<String> {
    let output = Command::new("apt-cache").args(["policy", package]).env("LC_ALL", "C").output().ok()?;
    read_candidate(&String::from_utf8_lossy(&output.stdout))
}

/// Reads the output of `apt-cache policy`.
fn read_candidate(policy: &str) -> Option<String> {
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"))?.trim();
    (candidate != "(none)").then(|| candidate.to_owned())
}

/// Installs `packages`. Asks (for sudo's password, and whether to go on) only where somebody can answer.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    let install = ["install", "--no-install-recommends"];
    let by_hand = format!("apt-get update && apt-get install {}", packages.join(" "));
    // A fresh machine or container has no package lists.
    process::run(&mut apt_get(&["update"])?)
        .with_context(|| format!("apt-get could not read its package lists; by hand, as root: {by_hand}"))?;
    process::run(apt_get(&install)?.args(packages))
        .with_context(|| format!("apt-get could not install; by hand, as root: {by_hand}"))
}

fn apt_get(arguments: &[&str]) -> Result<Command> {
    let interactive = process::is_interactive();
    let mut command = if is_root()? {
        Command::new("env")
    } else if process::on_path("sudo").is_some() {
        let mut sudo = Command::new("sudo");
        if !interactive {
            // Fails at once instead of waiting for a password that nobody types.
            sudo.arg("-n");
        }
        sudo.arg("env");
        sudo
    } else {
        bail!("packages are missing, this is not root, and there is no sudo: run `apt-get` as root");
    };
    if !interactive {
        command.arg("DEBIAN_FRONTEND=noninteractive");
    }
    command.arg("apt-get");
    if !interactive {
        command.arg("-y");
    }
    command.args(arguments);
    Ok(command)
}

fn is_root() -> Result<bool> {
    let id = process::output(Command::new("id").arg("-u"))?;
    Ok(id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_its_relatives_are_recognised_and_others_are_not() {
        assert!(is_debian_like("NAME=\"Debian GNU/Linux\"\nID=debian\n"));
        assert!(is_debian_like("ID=ubuntu\nID_LIKE=debian\n"));
        assert!(is_debian_like("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian_like("ID=fedora\nVARIANT_ID=debian\n"));
        assert!(!is_debian_like(""));
    }

    #[test]
    fn the_candidate_of_a_package_is_read() {
        let policy = "nodejs:\n  Installed: (none)\n  Candidate: 20.19.2+dfsg-1\n  Version table:\n";
        assert_eq!(read_candidate(policy).as_deref(), Some("20.19.2+dfsg-1"));
        assert_eq!(read_candidate("nodejs:\n  Installed: (none)\n  Candidate: (none)\n"), None);
        assert_eq!(read_candidate(""), None);
    }
}
