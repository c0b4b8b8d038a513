//! The one seam through which secrets pass: webhook secrets, API keys, connection strings.
//!
//! Secrets are never in SQLite, in logs, in exports or in process arguments. Today they lie in one file that only its
//! owner can read ([`mod@file`]).

use std::sync::Arc;

use secrecy::SecretString;

pub mod file;
mod webhook;

pub use webhook::{PreviousSecret, WebhookSecrets};

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

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why secrets could not be read or written. `Display` holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file could not be read.
    #[error("the secrets file {path} could not be read")]
    Read {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error("the secrets file {path} could not be written")]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("the secrets file {path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong, without the content.
        reason: String,
    },
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
    /// Where secrets lie, said to users plainly.
    fn describe(&self) -> String;
}

/// A secret store, shared.
pub type SharedSecrets = Arc<dyn Secrets>;
