//! Where measurements keep their files: below the target directory, which lies on a disk. The system's folder for temporary
//! files may lie in memory, where a sync costs nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// What is kept for the next run, too.
pub(crate) fn kept() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the tests lie in the workspace")?;
    let folder = root.join("target/bench");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    Ok(folder)
}

/// A new folder, removed when dropped. The measuring program itself has to own it: what is killed removes nothing.
pub(crate) fn passing() -> Result<TempDir> {
    Ok(tempfile::Builder::new().prefix("passing-").tempdir_in(kept()?)?)
}
