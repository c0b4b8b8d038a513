//! Where the project's things are, and how its cargo is called.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The checkout that this xtask was started in.
#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
    binaries: PathBuf,
}

impl Project {
    /// Finds the checkout: cargo tells `cargo run` where the package is.
    pub(crate) fn find() -> Result<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package.parent().context("xtask's package has no parent directory")?.to_owned();
        let binaries = env::current_exe()
            .context("cannot tell where xtask itself is")?
            .parent()
            .context("xtask's executable has no directory")?
            .to_owned();
        Ok(Self { root, binaries })
    }

    /// The directory of the root `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where `cargo xtask` keeps what it installs: ignored by git, safe to delete.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// The executable of a package that was built in the profile of xtask itself (`dev`). It stands beside
    /// xtask's own, wherever the target directory is.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name).with_extension(env::consts::EXE_EXTENSION)
    }

    /// The executable of a package that was built in release mode.
    pub(crate) fn release_binary(&self, name: &str) -> PathBuf {
        self.scratch("release").join(name).with_extension(env::consts::EXE_EXTENSION)
    }

    /// A place below the target directory, for what a task writes; not made yet.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.binaries.parent().unwrap_or(&self.binaries).join(name)
    }

    /// The same cargo that runs this xtask, started in the root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root);
        if env::var_os("CI").is_some() {
            // Incremental state costs time and disk and is never used again there.
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    }

    /// Puts the project's own tools behind those of the system, so that tests find `mongod` on the `PATH`.
    pub(crate) fn with_tools(&self, command: &mut Command) -> Result<()> {
        command.env("PATH", self.path_with_tools()?);
        Ok(())
    }

    fn path_with_tools(&self) -> Result<OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        let tools = [self.tools().join("mongod/bin"), self.tools().join("bin")];
        env::join_paths(env::split_paths(&path).chain(tools)).context("cannot extend PATH")
    }
}
