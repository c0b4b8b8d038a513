//! Checks of destinations: those that are there, and those that are still being thought of.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::destinations::CreateDestination;
use super::{CommandError, Commands, ErrorCode, ErrorDetail};
use crate::event::{DestinationId, WorkspaceId};
use crate::sinks::{self, Sink};
use crate::store::DestinationKind;

/// How long a check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(30);

/// What a check of a destination found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckAnswer {
    /// Whether it can be written to.
    pub ok: bool,
    /// What was found, such as "MongoDB 8.0, replica set rs0".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message: Option<String>,
    /// Why it cannot be written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<ErrorDetail>,
}

impl Commands {
    /// Connects to a destination and checks that it can be written to. That it cannot is an answer, not an error.
    pub async fn check_destination(
        &self,
        workspace: &WorkspaceId,
        id: &DestinationId,
    ) -> Result<CheckAnswer, CommandError> {
        self.check_workspace(workspace).await?;
        self.store().destination(workspace, id).await?;
        Ok(match self.parts().worker.sink(id).await {
            Ok(sink) => check(&sink).await,
            Err(error) => failed(error.into()),
        })
    }

    /// The same for a destination that is not made yet: it is tried, and nothing of it is kept. A value that cannot be
    /// right is an error, as it is when the destination is made.
    pub async fn check_new_destination(
        &self,
        workspace: &WorkspaceId,
        request: CreateDestination,
    ) -> Result<CheckAnswer, CommandError> {
        let (kind, connection) = self.connection_of(request)?;
        self.check_workspace(workspace).await?;
        let field = match kind {
            DestinationKind::Mongodb => "uri",
            DestinationKind::Http => "url",
            // Its file will lie in the data directory, which is in use already; a check would make the file.
            DestinationKind::Local => {
                let message = Some("documents in an SQLite file in the data directory".to_owned());
                return Ok(CheckAnswer { ok: true, message, error: None });
            }
        };
        let sink =
            sinks::open(connection).await.map_err(|error| CommandError::invalid(field, error.message))?;
        Ok(check(&sink).await)
    }
}

async fn check(sink: &Arc<dyn Sink>) -> CheckAnswer {
    match tokio::time::timeout(CHECK_TIMEOUT, sink.check()).await {
        Ok(Ok(message)) => CheckAnswer { ok: true, message: Some(message), error: None },
        Ok(Err(error)) => failed(error.into()),
        Err(_elapsed) => failed(CommandError::new(
            ErrorCode::DestinationUnreachable,
            format!("it did not answer within {} seconds", CHECK_TIMEOUT.as_secs()),
        )),
    }
}

fn failed(error: CommandError) -> CheckAnswer {
    CheckAnswer { ok: false, message: None, error: Some(error.into_body().error) }
}
