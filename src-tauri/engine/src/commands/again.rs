//! Retry and replay of many events at once.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CommandError, Commands};
use crate::event::{EventId, JobId, WorkspaceId};
use crate::store::Again;

/// The most events of one request.
const MOST: usize = 1000;

/// An event of a job.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventOfJob {
    /// The job.
    pub job_id: JobId,
    /// The event. Like one that is not there, what is no id is told as not done.
    pub event_id: String,
}

/// Many events, of one job or of several.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManyEvents {
    /// The events. One that is named twice counts once.
    #[schema(min_items = 1, max_items = 1000)]
    pub events: Vec<EventOfJob>,
}

/// An event with which nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotDone {
    /// The event.
    pub event_id: String,
    /// Why.
    pub message: String,
}

/// What was done with many events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ManyDone {
    /// How many are due again now.
    pub done: u64,
    /// The others.
    pub failed: Vec<NotDone>,
}

impl Commands {
    /// Tries many failed events again now, or applies many events again. One that cannot be helped keeps none of the
    /// others.
    pub async fn again(
        &self,
        workspace: &WorkspaceId,
        what: Again,
        request: ManyEvents,
    ) -> Result<ManyDone, CommandError> {
        if !(1..=MOST).contains(&request.events.len()) {
            let message = format!("`events` holds {}; it must be 1 to {MOST}", request.events.len());
            return Err(CommandError::invalid("events", message));
        }
        self.check_workspace(workspace).await?;
        let here: HashSet<JobId> =
            self.store().sync_jobs(Some(workspace)).await?.into_iter().map(|job| job.id).collect();
        let mut answer = ManyDone { done: 0, failed: Vec::new() };
        let mut seen = HashSet::new();
        let mut wanted = Vec::with_capacity(request.events.len());
        for EventOfJob { job_id, event_id } in request.events {
            let found = if here.contains(&job_id) {
                event_id.parse::<EventId>().map_err(|_| CommandError::not_found("event", &event_id))
            } else {
                Err(CommandError::not_found("sync job", job_id.as_str()))
            };
            match found {
                Ok(id) if seen.insert((job_id.clone(), id)) => wanted.push((job_id, id)),
                Ok(_named_before) => {}
                Err(error) => answer.failed.push(NotDone { event_id, message: error.message }),
            }
        }
        let outcomes = self.store().again(what, wanted.clone()).await?;
        let mut jobs = HashSet::new();
        for ((job, id), outcome) in wanted.into_iter().zip(outcomes) {
            match outcome {
                Ok(()) => {
                    answer.done += 1;
                    jobs.insert(job);
                }
                Err(message) => answer.failed.push(NotDone { event_id: id.to_string(), message }),
            }
        }
        if what == Again::Retry {
            // Whoever retries does not want to wait for the next look at a destination that was down.
            for job in &jobs {
                self.parts().worker.resume(job);
            }
        }
        Ok(answer)
    }
}
