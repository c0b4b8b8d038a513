//! The table `sync_jobs`. Signing secrets are in the secret store.

use rusqlite::{OptionalExtension as _, Row, params};

use super::sources::json_column;
use super::workspaces::require_workspace;
use super::{Change, DestinationId, JobId, SourceId, Store, StoreError, Timestamp, WorkspaceId};
use crate::event::WebhookConfig;

/// A sync job of type `webhook`.
#[derive(Debug, Clone, PartialEq)]
pub struct SyncJob {
    /// Its id, part of its public URL.
    pub id: JobId,
    /// The workspace it lies in.
    pub workspace_id: WorkspaceId,
    /// The user's name for it.
    pub name: String,
    /// Where events come from.
    pub source_id: SourceId,
    /// Where objects go.
    pub destination_id: DestinationId,
    /// Whether it receives; a job that does not answers 403.
    pub enabled: bool,
    /// How it receives and applies.
    pub webhook_config: WebhookConfig,
    /// Put before each collection's name, such as `stripe_`.
    pub collection_prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Store {
    /// All jobs of a workspace, oldest first; of all workspaces when `None`.
    pub async fn sync_jobs(&self, workspace: Option<&WorkspaceId>) -> Result<Vec<SyncJob>, StoreError> {
        let workspace = workspace.cloned();
        self.read(move |_, connection| {
            let jobs = connection
                .prepare_cached(&format!(
                    "{SELECT} WHERE deleted_at IS NULL AND (?1 IS NULL OR workspace_id = ?1) ORDER BY created_at, number"
                ))?
                .query_map([workspace.as_ref().map(WorkspaceId::as_str)], sync_job)?
                .collect::<Result<_, _>>()?;
            Ok(jobs)
        })
        .await
    }

    /// One job.
    pub async fn sync_job(&self, workspace: &WorkspaceId, id: &JobId) -> Result<SyncJob, StoreError> {
        let (workspace, id) = (workspace.clone(), id.clone());
        self.read(move |_, connection| {
            connection
                .prepare_cached(&format!(
                    "{SELECT} WHERE deleted_at IS NULL AND workspace_id = ?1 AND id = ?2"
                ))?
                .query_row([workspace.as_str(), id.as_str()], sync_job)
                .optional()?
                .ok_or_else(|| StoreError::NotFound { what: "sync job", id: id.to_string() })
        })
        .await
    }

    /// Inserts the job, or replaces the one with its id. Its source and destination must exist in its workspace.
    pub async fn put_sync_job(&self, job: SyncJob) -> Result<(), StoreError> {
        self.change(move |writing| {
            let connection = writing.connection;
            require_workspace(connection, &job.workspace_id)?;
            let workspace = job.workspace_id.as_str();
            let found = connection
                .prepare_cached("SELECT 1 FROM sources WHERE id = ?1 AND workspace_id = ?2")?
                .exists([job.source_id.as_str(), workspace])?;
            if !found {
                return Err(StoreError::NotFound { what: "source", id: job.source_id.to_string() });
            }
            let found = connection
                .prepare_cached("SELECT 1 FROM destinations WHERE id = ?1 AND workspace_id = ?2")?
                .exists([job.destination_id.as_str(), workspace])?;
            if !found {
                return Err(StoreError::NotFound { what: "destination", id: job.destination_id.to_string() });
            }
            let number = connection
                .prepare_cached(
                    "INSERT INTO sync_jobs (id, workspace_id, name, source_id, destination_id, enabled,
                       webhook_config, collection_prefix, created_at, updated_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                     ON CONFLICT (id) DO UPDATE SET name = ?3, source_id = ?4, destination_id = ?5, enabled = ?6,
                       webhook_config = ?7, collection_prefix = ?8, created_at = ?9, updated_at = ?10
                     WHERE workspace_id = ?2 AND deleted_at IS NULL
                     RETURNING number",
                )?
                .query_row(
                    params![
                        job.id.as_str(),
                        workspace,
                        job.name,
                        job.source_id.as_str(),
                        job.destination_id.as_str(),
                        job.enabled,
                        config_json(&job.webhook_config)?,
                        job.collection_prefix,
                        job.created_at.micros(),
                        job.updated_at.micros(),
                    ],
                    |row| row.get(0),
                )
                .optional()?
                .ok_or_else(|| StoreError::Conflict {
                    message: format!("the sync job {} lies in another workspace, or is being deleted", job.id),
                })?;
            connection
                .prepare_cached("INSERT OR IGNORE INTO job_counters (job) VALUES (?1)")?
                .execute([number])?;
            writing.effects.changed(Change::SyncJobs { job_id: job.id.clone() });
            writing.effects.after(move |live| live.put_job(number, &job));
            Ok(())
        })
        .await
    }

    /// Whether a job has this id, in any workspace: one that is being deleted counts too.
    pub async fn job_id_is_used(&self, id: &JobId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.read(move |_, connection| {
            Ok(connection.prepare_cached("SELECT 1 FROM sync_jobs WHERE id = ?1")?.exists([id.as_str()])?)
        })
        .await
    }

    /// Deletes the job with its events and executions, in small steps that do not stall the receiver.
    ///
    /// Answers as soon as the job is gone for everybody; the rows follow in the background, after a restart too.
    pub async fn delete_sync_job(&self, workspace: &WorkspaceId, id: &JobId) -> Result<(), StoreError> {
        let (workspace, id) = (workspace.clone(), id.clone());
        let now = self.inner.options.clock.now();
        self.change(move |writing| {
            let marked = writing
                .connection
                .prepare_cached(
                    "UPDATE sync_jobs SET deleted_at = ?3, enabled = 0, source_id = NULL, destination_id = NULL
                     WHERE id = ?1 AND workspace_id = ?2 AND deleted_at IS NULL",
                )?
                .execute(params![id.as_str(), workspace.as_str(), now.micros()])?;
            if marked == 0 {
                return Err(StoreError::NotFound { what: "sync job", id: id.to_string() });
            }
            writing.effects.changed(Change::SyncJobs { job_id: id.clone() });
            writing.effects.after(move |live| live.remove_job(&id));
            Ok(())
        })
        .await?;
        self.inner.upkeep.wake();
        Ok(())
    }
}

const SELECT: &str = "SELECT id, workspace_id, name, source_id, destination_id, enabled, webhook_config, \
     collection_prefix, created_at, updated_at FROM sync_jobs";

fn sync_job(row: &Row<'_>) -> rusqlite::Result<SyncJob> {
    Ok(SyncJob {
        id: JobId::new(row.get::<_, String>(0)?),
        workspace_id: WorkspaceId::new(row.get::<_, String>(1)?),
        name: row.get(2)?,
        source_id: SourceId::new(row.get::<_, String>(3)?),
        destination_id: DestinationId::new(row.get::<_, String>(4)?),
        enabled: row.get(5)?,
        webhook_config: json_column(6, row.get_ref(6)?.as_str()?)?,
        collection_prefix: row.get(7)?,
        created_at: Timestamp::from_micros(row.get(8)?),
        updated_at: Timestamp::from_micros(row.get(9)?),
    })
}

fn config_json(config: &WebhookConfig) -> Result<String, StoreError> {
    serde_json::to_string(config)
        .map_err(|error| StoreError::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))
}
