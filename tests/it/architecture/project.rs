//! The files that the rules look at: those that git tracks or would track.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tokens::Source;

/// Where the engine's sources are, from the root.
const ENGINE: &str = "src-tauri/engine/src/";

/// The checkout.
#[derive(Debug)]
pub(super) struct Project {
    root: PathBuf,
}

/// One text file.
#[derive(Debug)]
pub(super) struct File {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

impl Project {
    pub(super) fn find() -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: package.parent().expect("the package is below the root").to_owned() }
    }

    /// Every text file that belongs to the project; files that are not UTF-8 are pictures and the like.
    pub(super) fn files(&self) -> Vec<File> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&self.root)
            .output()
            .expect("git lists the project's files");
        assert!(listed.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&listed.stderr));
        let paths = String::from_utf8(listed.stdout).expect("paths are UTF-8");
        let files: Vec<File> = paths
            .split_terminator('\0')
            // A file that was deleted and not yet committed is still listed.
            .filter_map(|path| Some((path, fs::read(self.root.join(path)).ok()?)))
            .filter_map(|(path, bytes)| {
                Some(File { path: path.to_owned(), text: String::from_utf8(bytes).ok()? })
            })
            .collect();
        assert!(files.iter().any(|file| file.path == "Cargo.toml"), "this is not the project's root");
        files
    }

    /// The engine's sources.
    pub(super) fn engine(&self) -> Vec<Source> {
        let sources: Vec<Source> = self
            .files()
            .iter()
            .filter_map(|file| Some((file.path.strip_prefix(ENGINE)?, &file.text)))
            .filter(|(path, _)| Path::new(path).extension().is_some_and(|extension| extension == "rs"))
            .map(|(path, text)| Source::read(path, text))
            .collect();
        assert!(
            sources.iter().any(|source| source.path == "lib.rs"),
            "the engine's sources are not where they were"
        );
        sources
    }
}
