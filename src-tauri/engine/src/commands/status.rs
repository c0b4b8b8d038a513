//! How Hookline itself is.

use std::time::Duration;

use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use super::tunnel::TunnelStatusAnswer;
use super::{CommandError, Commands};
use crate::event::{JobId, Timestamp, WorkspaceId, with_causes};
use crate::worker::DeliveryState;

/// How Hookline itself is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Status)]
pub struct StatusAnswer {
    /// Hookline's version.
    pub version: &'static str,
    /// When it was started.
    pub started_at: Timestamp,
    /// The data directory.
    pub data_dir: String,
    /// Where the log files lie.
    pub log_dir: String,
    /// Where secrets are kept.
    pub secrets: SecretsStatus,
    /// The receiver.
    pub receiver: ReceiverStatus,
    /// How it is reached from outside.
    pub tunnel: TunnelStatusAnswer,
    /// The worker.
    pub worker: WorkerStatus,
    /// The store.
    pub storage: StorageStatus,
}

/// Where secrets are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SecretsStatus {
    /// `file` or `keychain`.
    pub kind: &'static str,
    /// The same for people, with the place and, for a file, why it is one.
    pub description: String,
    /// What to do so that they lie in the keychain, where they do not.
    pub remedy: Option<String>,
}

/// The receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReceiverStatus {
    /// Its own address.
    pub url: String,
    /// Whether it takes requests.
    pub listening: bool,
}

/// The worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WorkerStatus {
    /// Each job's delivery.
    pub jobs: Vec<WorkerJob>,
}

/// One job's delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerJob {
    /// The job.
    pub job_id: JobId,
    /// The workspace it lies in.
    pub workspace_id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// What its delivery is doing.
    pub delivery: DeliveryState,
    /// How many events wait or are being applied.
    pub pending: u64,
    /// How many failed.
    pub failed: u64,
}

/// The store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageStatus {
    /// The database file.
    pub path: String,
    /// Its size with its WAL, in bytes.
    pub database_bytes: u64,
    /// The search index's size, in bytes.
    pub search_bytes: u64,
    /// Where secrets lie.
    pub secrets: String,
    /// Why events cannot be stored now, if so: each request is answered 503 meanwhile.
    pub problem: Option<StorageProblem>,
}

/// Why events cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StorageProblem {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Commands {
    /// How Hookline itself is.
    pub async fn status(&self) -> Result<StatusAnswer, CommandError> {
        let parts = self.parts();
        let size = self.store().size().await?;
        let jobs = self
            .store()
            .sync_jobs(None)
            .await?
            .into_iter()
            .map(|job| {
                let counts = self.store().counts(&job.id);
                WorkerJob {
                    delivery: parts.worker.state(&job.id),
                    pending: counts.pending,
                    failed: counts.failed,
                    job_id: job.id,
                    workspace_id: job.workspace_id,
                    name: job.name,
                }
            })
            .collect();
        Ok(StatusAnswer {
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.inner.started_at,
            data_dir: parts.data_dir.display().to_string(),
            log_dir: parts.log_dir.display().to_string(),
            secrets: SecretsStatus {
                kind: parts.secrets.kind(),
                description: parts.secrets.describe(),
                remedy: parts.secrets.remedy(),
            },
            receiver: ReceiverStatus {
                url: parts.receiver_url.as_str().trim_end_matches('/').to_owned(),
                listening: is_listening(&parts.receiver_url).await,
            },
            tunnel: self.tunnel_state().await?,
            worker: WorkerStatus { jobs },
            storage: StorageStatus {
                path: self.store().path().display().to_string(),
                database_bytes: size.database_bytes,
                search_bytes: size.search_bytes,
                secrets: parts.secrets.describe(),
                problem: self.store().problem().await.map(|error| StorageProblem {
                    message: with_causes(&error),
                    hint: error.hint().map(str::to_owned),
                }),
            },
        })
    }
}

/// Whether connections are taken there: asked of the socket itself, so that it is never only believed.
pub(super) async fn is_listening(url: &Url) -> bool {
    let Ok(addresses) = url.socket_addrs(|| None) else {
        return false;
    };
    let connected =
        tokio::time::timeout(Duration::from_secs(1), tokio::net::TcpStream::connect(&*addresses)).await;
    matches!(connected, Ok(Ok(_)))
}
