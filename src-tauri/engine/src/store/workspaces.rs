//! The table `workspaces`.

use rusqlite::Connection;

use super::{Store, StoreError, WorkspaceId};

impl Store {
    /// Whether the workspace exists. `default` always does.
    pub async fn workspace_exists(&self, id: &WorkspaceId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.read(move |_, connection| exists(connection, &id)).await
    }
}

fn exists(connection: &Connection, id: &WorkspaceId) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM workspaces WHERE id = ?1")?.exists([id.as_str()])?)
}

/// [`StoreError::NotFound`] where the workspace does not exist.
pub(super) fn require_workspace(connection: &Connection, id: &WorkspaceId) -> Result<(), StoreError> {
    if exists(connection, id)? {
        Ok(())
    } else {
        Err(StoreError::NotFound { what: "workspace", id: id.to_string() })
    }
}
