//! Building the UI into `ui/dist`, which the engine and the desktop app embed.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::project::Project;
use crate::{licences, node, process};

/// What the built UI is made of, from the root. `Cargo.lock` decides about the licences in it.
const SOURCES: [&str; 8] = [
    "ui/src",
    "ui/public",
    "ui/index.html",
    "ui/package.json",
    "ui/vite.config.ts",
    "package-lock.json",
    "Cargo.lock",
    "icons/icon.svg",
];

/// Builds the UI where it is missing or older than what it is made of.
pub(crate) fn build(project: &Project) -> Result<()> {
    if is_current(project.root())? {
        return Ok(());
    }
    licences::write(project)?;
    process::run(&mut node::npm_run(project, node::UI, "build")).context("the UI could not be built")
}

fn is_current(root: &Path) -> Result<bool> {
    // Where nothing was built, cargo may have put a page there that says so, but no scripts.
    if !root.join("ui/dist/assets").is_dir() {
        return Ok(false);
    }
    let built = fs::metadata(root.join("ui/dist/index.html")).and_then(|page| page.modified());
    let Ok(built) = built else { return Ok(false) };
    for source in SOURCES {
        if newest(&root.join(source))?.is_some_and(|changed| changed > built) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// When something in there was last changed; a folder changes when something in it is deleted. `None` where nothing is.
fn newest(path: &Path) -> Result<Option<SystemTime>> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(None) };
    let context = || format!("cannot read {}", path.display());
    let mut newest = metadata.modified().with_context(context)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).with_context(context)? {
            let entry = entry.with_context(context)?;
            newest = newest.max(self::newest(&entry.path())?.unwrap_or(SystemTime::UNIX_EPOCH));
        }
    }
    Ok(Some(newest))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    /// A folder that is removed at the end.
    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("hookline-xtask-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            for inner in ["ui/src/app", "ui/dist"] {
                fs::create_dir_all(folder.join(inner)).expect("a folder");
            }
            Self(folder)
        }

        /// Writes a file that was changed that many seconds after some time.
        fn write(&self, path: &str, seconds: u64) {
            let file = File::create(self.0.join(path)).expect("a file");
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + seconds);
            file.set_modified(at).expect("the time is set");
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_built_ui_is_current_until_a_source_changes() {
        let folder = Folder::new("ui");
        let far = 4_000_000_000;
        folder.write("ui/src/app/App.tsx", 1);
        folder.write("ui/dist/index.html", far);
        assert!(!is_current(&folder.0).expect("it is readable"), "a page without scripts was not built");
        fs::create_dir(folder.0.join("ui/dist/assets")).expect("a folder");
        assert!(is_current(&folder.0).expect("it is readable"));
        folder.write("ui/src/app/App.tsx", far + 1);
        assert!(!is_current(&folder.0).expect("it is readable"));
    }

    #[test]
    fn a_deleted_source_counts_as_a_change() {
        let folder = Folder::new("ui-deleted");
        fs::create_dir(folder.0.join("ui/dist/assets")).expect("a folder");
        folder.write("ui/src/app/App.tsx", 1);
        folder.write("ui/dist/index.html", 2);
        // The folders were made just now, hence later than the page claims.
        assert!(!is_current(&folder.0).expect("it is readable"));
    }
}
