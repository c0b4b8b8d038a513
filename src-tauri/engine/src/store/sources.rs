//! The table `sources`: accounts at providers. API keys are in the secret store.

use rusqlite::{OptionalExtension as _, Row, params};

use super::workspaces::require_workspace;
use super::{Change, SourceId, Store, StoreError, Timestamp, WorkspaceId};

/// A source.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// The workspace it lies in.
    pub workspace_id: WorkspaceId,
    /// The user's name for it.
    pub name: String,
    /// The provider's kind, such as `stripe`.
    pub kind: String,
    /// The values that describe a `generic` source, as JSON.
    pub generic: Option<serde_json::Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Store {
    /// All sources of a workspace, oldest first.
    pub async fn sources(&self, workspace: &WorkspaceId) -> Result<Vec<Source>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |_, connection| {
            let sources = connection
                .prepare_cached(&format!("{SELECT} WHERE workspace_id = ?1 ORDER BY created_at, rowid"))?
                .query_map([workspace.as_str()], source)?
                .collect::<Result<_, _>>()?;
            Ok(sources)
        })
        .await
    }

    /// One source.
    pub async fn source(&self, workspace: &WorkspaceId, id: &SourceId) -> Result<Source, StoreError> {
        let (workspace, id) = (workspace.clone(), id.clone());
        self.read(move |_, connection| {
            connection
                .prepare_cached(&format!("{SELECT} WHERE workspace_id = ?1 AND id = ?2"))?
                .query_row([workspace.as_str(), id.as_str()], source)
                .optional()?
                .ok_or_else(|| StoreError::NotFound { what: "source", id: id.to_string() })
        })
        .await
    }

    /// Inserts the source, or replaces the one with its id.
    pub async fn put_source(&self, source: Source) -> Result<(), StoreError> {
        self.change(move |writing| {
            require_workspace(writing.connection, &source.workspace_id)?;
            let put = writing
                .connection
                .prepare_cached(
                    "INSERT INTO sources (id, workspace_id, name, kind, generic, created_at, updated_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT (id) DO UPDATE SET name = ?3, kind = ?4, generic = ?5, created_at = ?6,
                       updated_at = ?7
                     WHERE workspace_id = ?2",
                )?
                .execute(params![
                    source.id.as_str(),
                    source.workspace_id.as_str(),
                    source.name,
                    source.kind,
                    source.generic.as_ref().map(ToString::to_string),
                    source.created_at.micros(),
                    source.updated_at.micros(),
                ])?;
            if put == 0 {
                let message = format!("the source {} lies in another workspace", source.id);
                return Err(StoreError::Conflict { message });
            }
            writing.effects.changed(Change::Sources);
            Ok(())
        })
        .await
    }

    /// Deletes the source; [`StoreError::Conflict`] while a job uses it.
    pub async fn delete_source(&self, workspace: &WorkspaceId, id: &SourceId) -> Result<(), StoreError> {
        let (workspace, id) = (workspace.clone(), id.clone());
        self.change(move |writing| {
            let user: Option<String> = writing
                .connection
                .prepare_cached(
                    "SELECT name FROM sync_jobs WHERE source_id = ?1 AND workspace_id = ?2 LIMIT 1",
                )?
                .query_row([id.as_str(), workspace.as_str()], |row| row.get(0))
                .optional()?;
            if let Some(user) = user {
                let message = format!("the sync job `{user}` uses this source; delete the job first");
                return Err(StoreError::Conflict { message });
            }
            let deleted = writing
                .connection
                .prepare_cached("DELETE FROM sources WHERE id = ?1 AND workspace_id = ?2")?
                .execute([id.as_str(), workspace.as_str()])?;
            if deleted == 0 {
                return Err(StoreError::NotFound { what: "source", id: id.to_string() });
            }
            writing.effects.changed(Change::Sources);
            Ok(())
        })
        .await
    }
}

const SELECT: &str = "SELECT id, workspace_id, name, kind, generic, created_at, updated_at FROM sources";

fn source(row: &Row<'_>) -> rusqlite::Result<Source> {
    Ok(Source {
        id: SourceId::new(row.get::<_, String>(0)?),
        workspace_id: WorkspaceId::new(row.get::<_, String>(1)?),
        name: row.get(2)?,
        kind: row.get(3)?,
        generic: row.get::<_, Option<String>>(4)?.map(|json| json_column(4, &json)).transpose()?,
        created_at: Timestamp::from_micros(row.get(5)?),
        updated_at: Timestamp::from_micros(row.get(6)?),
    })
}

/// Reads a column that holds JSON which Hookline wrote.
pub(super) fn json_column<T: serde::de::DeserializeOwned>(column: usize, json: &str) -> rusqlite::Result<T> {
    serde_json::from_str(json).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}
