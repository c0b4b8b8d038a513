//! The handlers, one file per area. Each reads a request, calls one command and passes its answer on.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::event::{DestinationId, JobId, SourceId, WorkspaceId};

pub(super) mod activity;
pub(super) mod destinations;
pub(super) mod endpoints;
pub(super) mod events;
pub(super) mod sources;
pub(super) mod sync_jobs;
pub(super) mod system;
pub(super) mod tunnel;

/// A workspace of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct WorkspacePath {
    /// The workspace; `default` always exists.
    #[param(value_type = String, example = "default")]
    workspace_id: WorkspaceId,
}

/// A source of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct SourcePath {
    /// The workspace; `default` always exists.
    #[param(value_type = String, example = "default")]
    workspace_id: WorkspaceId,
    /// The source.
    #[param(value_type = String)]
    source_id: SourceId,
}

/// A destination of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct DestinationPath {
    /// The workspace; `default` always exists.
    #[param(value_type = String, example = "default")]
    workspace_id: WorkspaceId,
    /// The destination.
    #[param(value_type = String)]
    destination_id: DestinationId,
}

/// A job of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct JobPath {
    /// The workspace; `default` always exists.
    #[param(value_type = String, example = "default")]
    workspace_id: WorkspaceId,
    /// The sync job.
    #[param(value_type = String)]
    job_id: JobId,
}

/// An event of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
#[expect(clippy::struct_field_names, reason = "they are the names in the path")]
struct EventPath {
    /// The workspace; `default` always exists.
    #[param(value_type = String, example = "default")]
    workspace_id: WorkspaceId,
    /// The sync job.
    #[param(value_type = String)]
    job_id: JobId,
    /// The event.
    event_id: String,
}
