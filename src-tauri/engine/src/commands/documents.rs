//! Documents of a destination, to be looked at.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::{CommandError, Commands, ErrorCode, validate};
use crate::event::{DestinationId, WorkspaceId};
use crate::sinks::{Browse, CollectionInfo, DocumentPage, Sink, SinkError};

/// How long a destination may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest name of a collection, document id or cursor, in characters.
const MAX_KEY: usize = 1000;

/// The collections of a destination, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CollectionList {
    /// The collections, without Hookline's own.
    pub collections: Vec<CollectionInfo>,
}

impl Commands {
    /// The collections of a destination.
    pub async fn collections(
        &self,
        workspace: &WorkspaceId,
        destination: &DestinationId,
    ) -> Result<CollectionList, CommandError> {
        let sink = self.open_sink(workspace, destination).await?;
        let collections = in_time(browse(&sink)?.collections()).await?;
        Ok(CollectionList { collections })
    }

    /// Documents of a collection in the order of `_id`.
    pub async fn documents(
        &self,
        workspace: &WorkspaceId,
        destination: &DestinationId,
        collection: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<DocumentPage, CommandError> {
        validate::range("limit", limit, 1..=1000)?;
        check_key("collection", collection)?;
        cursor.map_or(Ok(()), |cursor| check_key("cursor", cursor))?;
        let sink = self.open_sink(workspace, destination).await?;
        in_time(browse(&sink)?.documents(collection, cursor, limit as usize)).await
    }

    /// One document.
    pub async fn document(
        &self,
        workspace: &WorkspaceId,
        destination: &DestinationId,
        collection: &str,
        id: &str,
    ) -> Result<serde_json::Value, CommandError> {
        check_key("collection", collection)?;
        check_key("id", id)?;
        let sink = self.open_sink(workspace, destination).await?;
        in_time(browse(&sink)?.document(collection, id))
            .await?
            .ok_or_else(|| CommandError::not_found("document", id))
    }

    async fn open_sink(
        &self,
        workspace: &WorkspaceId,
        destination: &DestinationId,
    ) -> Result<Arc<dyn Sink>, CommandError> {
        self.check_workspace(workspace).await?;
        self.store().destination(workspace, destination).await?;
        Ok(self.parts().worker.sink(destination).await?)
    }
}

fn browse(sink: &Arc<dyn Sink>) -> Result<&dyn Browse, CommandError> {
    sink.browse().ok_or_else(|| {
        CommandError::new(ErrorCode::Conflict, "this destination keeps no documents: requests are forwarded")
    })
}

/// Collections and documents are named by destinations; here is only what no destination can have.
fn check_key(field: &str, key: &str) -> Result<(), CommandError> {
    if key.is_empty() || key.chars().count() > MAX_KEY || key.contains('\0') {
        return Err(CommandError::invalid(
            field,
            format!("`{field}` has 1 to {MAX_KEY} characters and no NUL character"),
        ));
    }
    Ok(())
}

async fn in_time<T>(work: impl Future<Output = Result<T, SinkError>>) -> Result<T, CommandError> {
    match tokio::time::timeout(ANSWER_TIMEOUT, work).await {
        Ok(done) => Ok(done?),
        Err(_elapsed) => Err(CommandError::new(
            ErrorCode::DestinationUnreachable,
            format!("the destination did not answer within {} seconds", ANSWER_TIMEOUT.as_secs()),
        )),
    }
}
