//! What a program leaves behind.

use std::path::{Path, PathBuf};

/// All files below a folder.
///
/// # Panics
/// When it cannot be read.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .expect("reads")
        .flat_map(|entry| {
            let path = entry.expect("reads").path();
            if path.is_dir() { files_below(&path) } else { vec![path] }
        })
        .collect()
}
