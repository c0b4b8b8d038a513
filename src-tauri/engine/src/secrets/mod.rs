//! The one seam through which secrets pass: webhook secrets, API keys, connection strings, tunnel tokens.
//!
//! Secrets are never in SQLite, in logs, in exports or in process arguments. They lie in the system's keychain
//! ([`keychain`]); where there is none, or where that was chosen, in one file that only its owner can read
//! ([`mod@file`]). [`open()`] decides, and moves them from the one to the other.
//!
//! Every use may block, on the disk or on the keychain: async code goes through [`beside`].

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

pub mod file;
pub mod keychain;
mod moving;
mod open;
mod place;
#[cfg(test)]
mod tests;
mod webhook;

pub use open::open;
pub use webhook::{PreviousSecret, WebhookSecrets};

/// Where secrets are to lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretsChoice {
    /// In the system's keychain where one answers, else in a file.
    #[default]
    Auto,
    /// In the system's keychain, or Hookline does not start.
    Keychain,
    /// In a file that only its owner can read.
    File,
}

impl SecretsChoice {
    /// How the choices are written.
    pub const NAMES: [&str; 3] = ["auto", "keychain", "file"];
}

impl FromStr for SecretsChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "keychain" => Ok(Self::Keychain),
            "file" => Ok(Self::File),
            _ => Err(format!("`{text}` is none of {}", Self::NAMES.join(", "))),
        }
    }
}

/// What a secret belongs to. Its text is the key in the secret store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretName(String);

impl SecretName {
    /// The signing secrets of a job.
    pub fn webhook(job: &crate::event::JobId) -> Self {
        Self(format!("sync-job/{job}/webhook"))
    }

    /// The API key of a source.
    pub fn api_key(source: &crate::event::SourceId) -> Self {
        Self(format!("source/{source}/api-key"))
    }

    /// The connection string or URL of a destination.
    pub fn connection(destination: &crate::event::DestinationId) -> Self {
        Self(format!("destination/{destination}/connection"))
    }

    /// The token of a tunnel of this kind, such as `ngrok`.
    pub fn tunnel(kind: &str) -> Self {
        Self(format!("tunnel/{kind}/token"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How secrets leave a keychain.
const INTO_FILE: &str = "To do without it from then on, start Hookline once where the keychain is unlocked, with \
     `--secrets file`: they move into the file.";

/// Why secrets could not be read or written. `Display` says what is wrong, without a secret; [`SecretError::hint`] what
/// to do.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// A file could not be read.
    #[error("{path}, which belongs to the secrets, could not be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("{path}, which belongs to the secrets, could not be written")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file holds something else.
    #[error("{path}, which belongs to the secrets, is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, without the content.
        reason: String,
    },
    /// A secret is not what Hookline stored.
    #[error("the secret {name} is damaged: {reason}")]
    DamagedSecret {
        /// The secret's name.
        name: String,
        /// What is wrong, without the content.
        reason: String,
    },
    /// A secret is longer than any that is used.
    #[error("the secret {name} is too long: {bytes} bytes, and {most} at most can be kept")]
    TooLong {
        /// The secret's name.
        name: String,
        /// Its length.
        bytes: usize,
        /// The most that is kept.
        most: usize,
    },
    /// The keychain refuses or fails.
    #[error("{keychain} cannot be used: {reason}")]
    Keychain {
        /// The keychain's name.
        keychain: &'static str,
        /// Why.
        reason: String,
    },
    /// The keychain does not answer.
    #[error("{keychain} did not answer within {} s; it may be waiting to be unlocked", within.as_secs())]
    Silent {
        /// The keychain's name.
        keychain: &'static str,
        /// How long it was waited for.
        within: Duration,
    },
    /// The keychain is still busy with something that was given up.
    #[error("{keychain} has not answered since an earlier request; it may be waiting to be unlocked")]
    Busy {
        /// The keychain's name.
        keychain: &'static str,
    },
    /// The secrets lie in a keychain that is out of reach.
    #[error("the secrets of this data directory lie in {keychain}, which cannot be reached: {reason}")]
    OutOfReach {
        /// The keychain's name.
        keychain: &'static str,
        /// Why.
        reason: String,
        /// The file that says where secrets lie.
        place: PathBuf,
    },
    /// The keychain was chosen and cannot be used, and the secrets still lie in the file.
    #[error(transparent)]
    StillInFile(Box<SecretError>),
    /// The secrets lie in another keychain than the one that answers.
    #[error(
        "the secrets of this data directory lie in a keychain, and {keychain} that answers here does not hold them"
    )]
    Elsewhere {
        /// The keychain's name.
        keychain: &'static str,
        /// The file that says where secrets lie.
        place: PathBuf,
    },
    /// What arrived at the other place is not what was sent there.
    #[error("{name} could not be moved: what was read back is not what was written")]
    NotMoved {
        /// The secret's name.
        name: String,
    },
}

impl SecretError {
    /// What the user can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Write { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                "Make room on the disk of the data directory.".to_owned()
            }
            Self::Read { .. } | Self::Write { .. } => {
                "Make the file and its folder readable and writable for your user.".to_owned()
            }
            Self::Damaged { .. } => {
                "Restore the file from a copy, or move it away and enter the secrets again.".to_owned()
            }
            Self::DamagedSecret { .. } | Self::TooLong { .. } => "Enter it again.".to_owned(),
            Self::StillInFile(_) => {
                "Start or unlock the keychain and try again; or start Hookline with `--secrets file`: nothing was moved, and the \
                 file still counts."
                    .to_owned()
            }
            Self::Keychain { .. } | Self::Silent { .. } | Self::Busy { .. } | Self::NotMoved { .. } => {
                format!("Start or unlock the keychain, in which the secrets lie, and try again. {INTO_FILE}")
            }
            Self::OutOfReach { place, .. } => format!(
                "Start or unlock the keychain, then start Hookline again in the same session. {INTO_FILE} To give those \
                 secrets up and enter them again, remove {} and start Hookline with `--secrets file`.",
                place.display()
            ),
            Self::Elsewhere { place, .. } => format!(
                "Start Hookline as the user, and on the machine, that entered them. To give them up and enter them again, \
                 remove {}.",
                place.display()
            ),
        }
    }
}

/// Keeps secrets by name.
pub trait Secrets: Send + Sync + std::fmt::Debug {
    /// The secret, if there is one.
    fn get(&self, name: &SecretName) -> Result<Option<SecretString>, SecretError>;
    /// Stores the secret durably, in the place of an older one.
    fn put(&self, name: &SecretName, secret: SecretString) -> Result<(), SecretError>;
    /// Forgets the secret; one that is not there is no error.
    fn delete(&self, name: &SecretName) -> Result<(), SecretError>;
    /// What kind of place secrets lie in, for programs: `file` or `keychain`.
    fn kind(&self) -> &'static str;
    /// Where secrets lie and, for a file, why they lie there: said to users plainly.
    fn describe(&self) -> String;
    /// What to do so that secrets lie in the keychain, where they do not.
    fn remedy(&self) -> Option<String>;
}

/// A secret store, shared.
pub type SharedSecrets = Arc<dyn Secrets>;

/// Runs a use of the secret store, which blocks on the disk or the system's keychain, beside the async threads.
///
/// # Errors
/// When `work` panicked.
pub async fn beside<T, F>(secrets: &SharedSecrets, work: F) -> Result<T, tokio::task::JoinError>
where
    T: Send + 'static,
    F: FnOnce(&SharedSecrets) -> T + Send + 'static,
{
    let secrets = Arc::clone(secrets);
    tokio::task::spawn_blocking(move || work(&secrets)).await
}
