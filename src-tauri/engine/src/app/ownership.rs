//! One process owns a data directory: a lock that the system releases when the process ends however it ends, and a file
//! that tells the other commands where the owner listens.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use url::Url;

/// Where a running Hookline listens. Printed by `serve --ready-json`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// The receiver's address, such as `http://127.0.0.1:4400`.
    pub receiver: String,
    /// The control API's address.
    pub api: String,
    /// The control API's bearer token.
    pub token: String,
    /// The UI, token included.
    pub ui: String,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ready")
            .field("receiver", &self.receiver)
            .field("api", &self.api)
            .finish_non_exhaustive()
    }
}

/// What `server.json` in the data directory holds while a process owns it. Only its owner can read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFile {
    /// The process.
    pub pid: u32,
    /// Where it listens.
    #[serde(flatten)]
    pub ready: Ready,
}

impl ServerFile {
    /// The file's path.
    pub fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("server.json")
    }

    /// Reads the file; `None` when no process has announced itself there. It may be left from a process that was killed.
    pub fn read(data_dir: &Path) -> std::io::Result<Option<Self>> {
        match std::fs::read(Self::path(data_dir)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Why the data directory could not be claimed.
#[derive(Debug, thiserror::Error)]
pub enum OwnershipError {
    /// Another process owns it.
    #[error("another Hookline (process {pid}) already uses {path}")]
    Taken {
        /// The data directory.
        path: PathBuf,
        /// Its process id, as far as it is known.
        pid: String,
    },
    /// A file in it could not be written.
    #[error("{path} cannot be written")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl OwnershipError {
    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Taken { .. } => {
                "use that one, stop it first, or choose another directory with --data-dir".to_owned()
            }
            Self::Write { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                "make room on the disk of the data directory, or choose another one with --data-dir"
                    .to_owned()
            }
            Self::Write { .. } => {
                "make the data directory writable, or choose another one with --data-dir".to_owned()
            }
        })
    }
}

/// The data directory is this process's.
#[derive(Debug)]
pub(super) struct Ownership {
    data_dir: PathBuf,
    /// Closing it releases the lock.
    _lock: File,
}

impl Ownership {
    /// Claims the directory.
    pub(super) fn claim(data_dir: &Path) -> Result<Self, OwnershipError> {
        let path = data_dir.join("hookline.lock");
        let write_error = |source| OwnershipError::Write { path: path.clone(), source };
        let mut lock = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(write_error)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // Only to name it; on Windows a locked file cannot be read.
                let _ = lock.read_to_string(&mut pid);
                let pid = if pid.trim().is_empty() { "unknown".to_owned() } else { pid.trim().to_owned() };
                return Err(OwnershipError::Taken { path: data_dir.to_owned(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(write_error(source)),
        }
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(write_error)?;
        Ok(Self { data_dir: data_dir.to_owned(), _lock: lock })
    }

    /// Makes a new token and tells the other commands where this process listens.
    pub(super) fn announce(&mut self, receiver: &Url, api: &Url) -> Result<Ready, OwnershipError> {
        let token = hex::encode(rand::rng().random::<[u8; 32]>());
        let text = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
        let ready = Ready {
            receiver: text(receiver),
            api: text(api),
            ui: format!("{}/#token={token}", text(api)),
            token,
        };
        let path = ServerFile::path(&self.data_dir);
        let file = ServerFile { pid: std::process::id(), ready: ready.clone() };
        let write = || -> std::io::Result<()> {
            // Made with mode 0600 on Unix, and renamed: nobody reads half of it.
            let mut temporary = tempfile::NamedTempFile::new_in(&self.data_dir)?;
            serde_json::to_writer_pretty(&mut temporary, &file)?;
            temporary.persist(&path)?;
            Ok(())
        };
        write().map_err(|source| OwnershipError::Write { path: path.clone(), source })?;
        Ok(ready)
    }
}

impl Drop for Ownership {
    fn drop(&mut self) {
        let path = ServerFile::path(&self.data_dir);
        if let Err(error) = std::fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "the server file could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner_until_it_lets_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut owner = Ownership::claim(folder.path()).expect("is free");
        let url = |port: u16| Url::parse(&format!("http://127.0.0.1:{port}")).expect("is a URL");
        let ready = owner.announce(&url(1), &url(2)).expect("announces");
        assert_eq!(ready.ui, format!("http://127.0.0.1:2/#token={}", ready.token));
        let error = Ownership::claim(folder.path()).expect_err("is taken");
        assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
        let read = ServerFile::read(folder.path()).expect("reads").expect("is there");
        assert_eq!(read.ready, ready);
        drop(owner);
        assert_eq!(ServerFile::read(folder.path()).expect("reads"), None);
        Ownership::claim(folder.path()).expect("is free again");
    }
}
