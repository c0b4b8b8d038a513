//! The table `destinations`. Connection strings are in the secret store; here is only what may be shown.

use rusqlite::{OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::workspaces::require_workspace;
use super::{Change, DestinationId, Store, StoreError, Timestamp, WorkspaceId};

/// What kind of place a destination is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DestinationKind {
    /// A MongoDB database.
    Mongodb,
    /// The SQLite file that Hookline brings along.
    Local,
    /// A server to which requests are forwarded.
    Http,
}

/// A destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its id.
    pub id: DestinationId,
    /// The workspace it lies in.
    pub workspace_id: WorkspaceId,
    /// The user's name for it.
    pub name: String,
    /// What kind of place it is.
    pub kind: DestinationKind,
    /// MongoDB: the database's name.
    pub database: Option<String>,
    /// The URI or URL without user, password and query values: for people to recognise it by.
    pub display_url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl DestinationKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Mongodb => "mongodb",
            Self::Local => "local",
            Self::Http => "http",
        }
    }
}

impl Store {
    /// All destinations of a workspace, oldest first.
    pub async fn destinations(&self, workspace: &WorkspaceId) -> Result<Vec<Destination>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |_, connection| {
            let destinations = connection
                .prepare_cached(&format!("{SELECT} WHERE workspace_id = ?1 ORDER BY created_at, rowid"))?
                .query_map([workspace.as_str()], destination)?
                .collect::<Result<_, _>>()?;
            Ok(destinations)
        })
        .await
    }

    /// One destination.
    pub async fn destination(
        &self,
        workspace: &WorkspaceId,
        id: &DestinationId,
    ) -> Result<Destination, StoreError> {
        let (workspace, id) = (workspace.clone(), id.clone());
        self.read(move |_, connection| {
            connection
                .prepare_cached(&format!("{SELECT} WHERE workspace_id = ?1 AND id = ?2"))?
                .query_row([workspace.as_str(), id.as_str()], destination)
                .optional()?
                .ok_or_else(|| StoreError::NotFound { what: "destination", id: id.to_string() })
        })
        .await
    }

    /// Inserts the destination, or replaces the one with its id.
    pub async fn put_destination(&self, destination: Destination) -> Result<(), StoreError> {
        self.change(move |writing| {
            require_workspace(writing.connection, &destination.workspace_id)?;
            let put = writing
                .connection
                .prepare_cached(
                    "INSERT INTO destinations
                       (id, workspace_id, name, kind, database, display_url, created_at, updated_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                     ON CONFLICT (id) DO UPDATE SET name = ?3, kind = ?4, database = ?5, display_url = ?6,
                       created_at = ?7, updated_at = ?8
                     WHERE workspace_id = ?2",
                )?
                .execute(params![
                    destination.id.as_str(),
                    destination.workspace_id.as_str(),
                    destination.name,
                    destination.kind.as_str(),
                    destination.database,
                    destination.display_url,
                    destination.created_at.micros(),
                    destination.updated_at.micros(),
                ])?;
            if put == 0 {
                let message = format!("the destination {} lies in another workspace", destination.id);
                return Err(StoreError::Conflict { message });
            }
            writing.effects.changed(Change::Destinations);
            Ok(())
        })
        .await
    }

    /// Deletes the destination; [`StoreError::Conflict`] while a job uses it.
    pub async fn delete_destination(
        &self,
        workspace: &WorkspaceId,
        id: &DestinationId,
    ) -> Result<(), StoreError> {
        let (workspace, id) = (workspace.clone(), id.clone());
        self.change(move |writing| {
            let user: Option<String> = writing
                .connection
                .prepare_cached(
                    "SELECT name FROM sync_jobs WHERE destination_id = ?1 AND workspace_id = ?2 LIMIT 1",
                )?
                .query_row([id.as_str(), workspace.as_str()], |row| row.get(0))
                .optional()?;
            if let Some(user) = user {
                let message = format!("the sync job `{user}` uses this destination; delete the job first");
                return Err(StoreError::Conflict { message });
            }
            let deleted = writing
                .connection
                .prepare_cached("DELETE FROM destinations WHERE id = ?1 AND workspace_id = ?2")?
                .execute([id.as_str(), workspace.as_str()])?;
            if deleted == 0 {
                return Err(StoreError::NotFound { what: "destination", id: id.to_string() });
            }
            writing.effects.changed(Change::Destinations);
            Ok(())
        })
        .await
    }
}

const SELECT: &str = "SELECT id, workspace_id, name, kind, database, display_url, created_at, updated_at \
     FROM destinations";

fn destination(row: &Row<'_>) -> rusqlite::Result<Destination> {
    Ok(Destination {
        id: DestinationId::new(row.get::<_, String>(0)?),
        workspace_id: WorkspaceId::new(row.get::<_, String>(1)?),
        name: row.get(2)?,
        // The table's CHECK allows no fourth.
        kind: match row.get_ref(3)?.as_str()? {
            "mongodb" => DestinationKind::Mongodb,
            "local" => DestinationKind::Local,
            _ => DestinationKind::Http,
        },
        database: row.get(4)?,
        display_url: row.get(5)?,
        created_at: Timestamp::from_micros(row.get(6)?),
        updated_at: Timestamp::from_micros(row.get(7)?),
    })
}
