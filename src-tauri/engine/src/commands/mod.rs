//! What a person can ask for, whatever they ask through: typed requests and answers, error codes. Thin: a command
//! validates, calls what does the work, and shapes the answer.
//!
//! Invariants:
//! - After a change of sources, destinations or jobs the receiver and the worker know it before the answer is given.
//! - Secrets go to the secret store and nowhere else; answers show a webhook secret only where it was just made or was
//!   asked for, and API keys and connection strings never. A secret is stored before the row that needs it, and taken
//!   back when the row cannot be written.
//! - One change at a time: of two partial changes of one row none is lost.
//!
//! Deliberately not here: how requests travel ([`crate::api`]), and anything that decides what happens to an event.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::endpoints::Endpoints;
use crate::event::{Clock, Timestamp, WorkspaceId};
use crate::receiver::Directory;
use crate::secrets::{self, SecretError, SecretName, SharedSecrets};
use crate::store::Store;
use crate::tunnel::TunnelSettings;
use crate::worker::Worker;

pub mod activity;
pub mod again;
pub mod changes;
pub mod check;
pub mod destinations;
pub mod diagnosis;
pub mod diagnostics;
pub mod documents;
pub mod endpoints;
mod error;
pub mod event_detail;
pub mod event_payload;
pub mod event_signature;
pub mod events;
pub mod executions;
pub mod job_answer;
pub mod maintenance;
mod patch;
pub mod send;
pub mod sources;
pub mod stats;
pub mod status;
pub mod sync_jobs;
pub mod tunnel;
mod validate;
pub mod webhook_config;

pub use error::{CommandError, ErrorBody, ErrorCode, ErrorDetail};

/// What the commands work with.
#[derive(Debug, Clone)]
pub struct CommandsParts {
    /// The store.
    pub store: Store,
    /// The secret store.
    pub secrets: SharedSecrets,
    /// The worker.
    pub worker: Worker,
    /// What the receiver knows of jobs.
    pub directory: Directory,
    /// How the receiver is reached from outside.
    pub tunnel: tunnel::TunnelControl,
    /// The jobs' endpoints at their providers.
    pub endpoints: Endpoints,
    /// Held by every command that changes sources, destinations or jobs, and by whoever changes a job's secrets.
    pub changing: Arc<tokio::sync::Mutex<()>>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The data directory.
    pub data_dir: PathBuf,
    /// Where the log files lie.
    pub log_dir: PathBuf,
    /// The receiver's own address, such as `http://127.0.0.1:4400`.
    pub receiver_url: Url,
    /// The largest body that the receiver takes, decoded, in bytes.
    pub max_body_bytes: usize,
}

/// The commands. Clones share everything.
#[derive(Debug, Clone)]
pub struct Commands {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    parts: CommandsParts,
    /// When Hookline was started.
    started_at: Timestamp,
    /// Cancelled when the app stops.
    streams_end: CancellationToken,
    /// The tunnel that the start asked for, until somebody chooses otherwise.
    tunnel_at_start: parking_lot::Mutex<Option<TunnelSettings>>,
    /// Whether somebody chose a tunnel since the start.
    tunnel_chosen: AtomicBool,
}

impl Commands {
    /// The commands over these parts.
    pub fn new(parts: CommandsParts) -> Self {
        let started_at = parts.clock.now();
        let streams_end = CancellationToken::new();
        let tunnel_at_start = parking_lot::Mutex::new(parts.tunnel.chosen_at_start.clone());
        Self {
            inner: Arc::new(Inner {
                parts,
                started_at,
                streams_end,
                tunnel_at_start,
                tunnel_chosen: AtomicBool::new(false),
            }),
        }
    }

    /// Ends the streams of [`Commands::changes`], which never end by themselves: to be called when the app stops.
    pub fn end_streams(&self) {
        self.inner.streams_end.cancel();
    }

    fn parts(&self) -> &CommandsParts {
        &self.inner.parts
    }

    fn store(&self) -> &Store {
        &self.parts().store
    }

    async fn lock_changes(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.parts().changing.lock().await
    }

    /// Refuses workspaces that do not exist.
    async fn check_workspace(&self, workspace: &WorkspaceId) -> Result<(), CommandError> {
        if self.store().workspace_exists(workspace).await? {
            Ok(())
        } else {
            Err(CommandError::not_found("workspace", workspace.as_str()))
        }
    }

    /// Lets the receiver and the worker know of a change.
    async fn reload(&self) -> Result<(), CommandError> {
        self.parts().directory.reload().await?;
        self.parts().worker.reload().await?;
        Ok(())
    }

    /// Runs a use of the secret store, which blocks on the disk or the system's keychain, beside the async threads.
    async fn with_secrets<T, F>(&self, work: F) -> Result<T, CommandError>
    where
        T: Send + 'static,
        F: FnOnce(&SharedSecrets) -> Result<T, SecretError> + Send + 'static,
    {
        match secrets::beside(&self.parts().secrets, work).await {
            Ok(done) => Ok(done?),
            Err(panicked) => Err(CommandError::internal("the secret store", &panicked)),
        }
    }

    /// Puts a secret (or takes it away, for `None`) and gives back what was there before.
    async fn replace_secret(
        &self,
        name: SecretName,
        secret: Option<SecretString>,
    ) -> Result<Option<SecretString>, CommandError> {
        self.with_secrets(move |secrets| {
            let before = secrets.get(&name)?;
            match secret {
                Some(secret) => secrets.put(&name, secret)?,
                None => secrets.delete(&name)?,
            }
            Ok(before)
        })
        .await
    }

    /// After a row was deleted: its secret goes too. One that cannot be removed now hurts nobody, and keeps the deletion
    /// from being half done.
    async fn forget_secret(&self, name: SecretName) {
        if let Err(error) = self.replace_secret(name, None).await {
            tracing::warn!(%error, "the secret of something deleted could not be removed");
        }
    }

    /// After a row could not be written: brings the secret back to what it was, and passes the row's error on.
    async fn undo_secret(
        &self,
        name: SecretName,
        before: Option<SecretString>,
        error: CommandError,
    ) -> CommandError {
        if let Err(undo) = self.replace_secret(name, before).await {
            tracing::error!(error = %undo, "a secret could not be taken back after its row was not written");
        }
        error
    }
}
