//! Where a data directory's secrets lie: a small file beside them, `secrets-place.json`, without a secret in it.
//!
//! It is what keeps a Hookline that cannot reach the keychain from believing that there are no secrets.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::SecretError;

/// The version of the file that this Hookline writes, and the newest that it reads.
const VERSION: u32 = 1;

/// A kind of place for secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Keychain,
    File,
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    version: u32,
    /// Random, so that the entries of two data directories never meet in one keychain, and that they are found again
    /// when the directory was moved.
    pub(super) store_id: String,
    /// Where secrets lie. What lies elsewhere does not count.
    #[serde(rename = "place")]
    pub(super) at: Kind,
    /// Where copies may lie that do not count: a move there was begun, or a move away from there is not tidied up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) copies: Option<Kind>,
    /// The names of the entries in the keychain, which cannot list them itself. Some may not be there.
    #[serde(default)]
    pub(super) names: BTreeSet<String>,
}

impl Place {
    /// The file's path.
    pub(super) fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("secrets-place.json")
    }

    /// A data directory that has no such file: what secrets there are lie in the file.
    pub(super) fn new() -> Self {
        Self {
            version: VERSION,
            store_id: uuid::Uuid::new_v4().simple().to_string(),
            at: Kind::File,
            copies: None,
            names: BTreeSet::new(),
        }
    }

    /// Reads the file; `None` when there is none.
    pub(super) fn read(data_dir: &Path) -> Result<Option<Self>, SecretError> {
        let path = Self::path(data_dir);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(SecretError::Read { path, source }),
        };
        // The version first: a newer file may have other kinds of places.
        let damaged = |reason| SecretError::Damaged { path: path.clone(), reason };
        let value: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if value["version"].as_u64().is_some_and(|version| version > u64::from(VERSION)) {
            return Err(damaged("it was written by a newer Hookline".to_owned()));
        }
        serde_json::from_value(value).map(Some).map_err(|error| damaged(error.to_string()))
    }

    /// Replaces the file; it is on the disk when this returns.
    pub(super) fn save(&self, data_dir: &Path) -> Result<(), SecretError> {
        let path = Self::path(data_dir);
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(data_dir)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.flush()?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            sync_folder(data_dir)
        };
        write().map_err(|source| SecretError::Write { path: path.clone(), source })
    }
}

/// Makes durable what was renamed or removed in a folder.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // Windows has no such thing, and needs none.
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Place::read(folder.path()).expect("none is fine"), None);
        let mut place = Place::new();
        place.at = Kind::Keychain;
        place.copies = Some(Kind::File);
        place.names.insert("source/a/api-key".to_owned());
        place.save(folder.path()).expect("saves");
        assert_eq!(Place::read(folder.path()).expect("reads"), Some(place));
        assert_ne!(Place::new().store_id, Place::new().store_id);
    }

    #[test]
    fn a_damaged_or_newer_file_is_an_error_and_never_means_that_there_are_no_secrets() {
        let folder = tempfile::tempdir().expect("a folder");
        for (text, reason) in [
            ("", "EOF"),
            ("{}", "missing field"),
            (r#"{"version":1,"storeId":"a","place":"vault"}"#, "vault"),
            (r#"{"version":2,"storeId":"a","place":"vault"}"#, "newer"),
        ] {
            std::fs::write(Place::path(folder.path()), text).expect("writes");
            let error = Place::read(folder.path()).expect_err("is refused").to_string();
            assert!(error.contains(reason) && error.contains("secrets-place.json"), "{text}: {error}");
        }
    }
}
