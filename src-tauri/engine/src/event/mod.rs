//! What a webhook is while it travels: [`RawRequest`] as received, [`Verified`] once its signature was checked,
//! [`EventHead`] once its provider has read it, [`Operation`] once it is known what it changes.
//!
//! Everything else in the engine speaks in these types; this module imports none of it.

mod address;
mod causes;
mod head;
mod history;
mod ids;
mod operation;
mod patterns;
mod request;
mod settings;
mod status;
mod time;

pub use address::is_loopback;
pub use causes::with_causes;
pub use head::EventHead;
pub use history::{Archivable, ArchivableEvent, EventRow, Execution};
pub use ids::{DestinationId, EventId, ExecutionId, JobId, ParseIdError, SourceId, WorkspaceId};
pub use operation::{Mapping, Operation, OperationKind, Previous, Unmapped, Version};
pub use patterns::TypePatterns;
pub use request::{BodyError, RawRequest, Verified};
pub use settings::{ArchiveConfig, DeletePolicy, HttpAnswer, WebhookConfig};
pub use status::{EventStatus, Rejection, SkipReason};
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
