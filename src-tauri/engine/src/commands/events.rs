//! Lists of events, and what can be done with an event: retry, replay, pin. Many at once: `again`.

use serde::Serialize;
use utoipa::ToSchema;

use super::{CommandError, Commands};
use crate::event::{
    EventHead, EventId, EventRow, EventStatus, JobId, SkipReason, Timestamp, TypePatterns, WorkspaceId,
};
use crate::store::{EventFilter, EventPage, Order};
use crate::worker::DeliveryState;

/// How many rows are read at most to fill a page of those in flight: the state is the worker's, not a column.
const SCANNED_ROWS: u32 = 20_000;

/// One line of an event list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
pub struct EventAnswer {
    /// Its id.
    pub id: String,
    /// Its job.
    pub job_id: JobId,
    /// The provider's id of it; empty for a rejected request that could not be read.
    pub provider_event_id: String,
    /// The provider's name of its type; empty for a rejected request that could not be read.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The type of the object that changed.
    pub object_type: Option<String>,
    /// The id of the object that changed.
    pub object_id: Option<String>,
    /// Where it stands.
    pub status: EventStatus,
    /// Why it was skipped.
    pub reason: Option<SkipReason>,
    /// When it was received.
    pub received_at: Timestamp,
    /// When the change happened, by the provider's clock.
    pub occurred_at: Option<Timestamp>,
    /// When its outcome became known.
    pub finished_at: Option<Timestamp>,
    /// How many attempts were made.
    pub attempts: u32,
    /// When the next attempt is due.
    pub next_attempt_at: Option<Timestamp>,
    /// What went wrong last, why it was rejected, or why it was skipped.
    pub error: Option<String>,
    /// Size of the body as received, in bytes.
    pub size_bytes: u64,
    /// How many more times it was delivered.
    pub duplicates: u32,
    /// Kept whatever its age.
    pub pinned: bool,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventList {
    /// The events.
    pub events: Vec<EventAnswer>,
    /// To be sent as `cursor` for the next page; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// Which events are asked for.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Only of this job.
    pub job_id: Option<JobId>,
    /// Only in one of these states; all when empty.
    pub statuses: Vec<EventStatus>,
    /// Only of types that match; all when empty.
    pub types: Vec<String>,
    /// Only with these words.
    pub text: Option<String>,
    /// Only received at this time or later.
    pub from: Option<Timestamp>,
    /// Only received before this time.
    pub to: Option<Timestamp>,
    /// Only about the object with this id.
    pub object_id: Option<String>,
    /// Only received after this event.
    pub after: Option<EventId>,
    /// In which order.
    pub order: Order,
    /// Only behind this event, in that order.
    pub cursor: Option<EventId>,
    /// How many at most, 1 to 1000.
    pub limit: u32,
}

/// How many events are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Retried {
    /// How many.
    pub retried: u64,
}

impl Commands {
    /// Events of a workspace, or of one job in it.
    pub async fn events(
        &self,
        workspace: &WorkspaceId,
        query: EventQuery,
    ) -> Result<EventList, CommandError> {
        let EventQuery { job_id, statuses, types, text, from, to, object_id, after, order, cursor, limit } =
            query;
        super::validate::range("limit", limit, 1..=1000)?;
        self.check_workspace(workspace).await?;
        if let Some(job) = &job_id {
            self.store().sync_job(workspace, job).await?;
        }
        let filter = EventFilter {
            workspace_id: Some(workspace.clone()),
            job_id: job_id.clone(),
            statuses: stored_statuses(&statuses),
            types: TypePatterns::new(types),
            text,
            from,
            to,
            object_id,
            after,
            order,
        };
        let enough = self.in_flight(&statuses, job_id.as_ref());
        let mut events = Vec::new();
        let mut cursor = cursor;
        let mut scanned = 0;
        loop {
            let wanted = if enough.is_some() { 1000 } else { limit - events.len() as u32 };
            let EventPage { events: rows, next_cursor } =
                self.store().events(filter.clone(), cursor, wanted).await?;
            scanned += rows.len() as u32;
            let mut more = next_cursor;
            let count = rows.len();
            for (index, row) in rows.into_iter().enumerate() {
                let id = row.id;
                let answer = self.event_answer(row);
                if statuses.is_empty() || statuses.contains(&answer.status) {
                    events.push(answer);
                }
                if events.len() as u32 >= limit {
                    // The page may end in the middle of what the store gave.
                    if index + 1 < count {
                        more = Some(id);
                    }
                    break;
                }
            }
            cursor = more;
            let found_all = enough.is_some_and(|enough| events.len() as u64 >= enough);
            if found_all {
                cursor = None;
            }
            if cursor.is_none() || events.len() as u32 >= limit || scanned >= SCANNED_ROWS {
                break;
            }
        }
        Ok(EventList { events, next_cursor: cursor.map(|id| id.to_string()) })
    }

    /// How many events there can be at most, where only those in flight of one job are asked for.
    fn in_flight(&self, statuses: &[EventStatus], job: Option<&JobId>) -> Option<u64> {
        match (statuses, job) {
            ([EventStatus::Processing], Some(job)) => match self.parts().worker.state(job) {
                DeliveryState::Running { in_flight } => Some(in_flight),
                _ => Some(0),
            },
            _ => None,
        }
    }

    /// Tries a failed event again now.
    pub async fn retry_event(
        &self,
        workspace: &WorkspaceId,
        job: &JobId,
        id: EventId,
    ) -> Result<EventAnswer, CommandError> {
        self.check_job(workspace, job).await?;
        self.store().retry(job, id).await?;
        self.event_row(job, id).await
    }

    /// Applies an event again, whatever became of it.
    pub async fn replay_event(
        &self,
        workspace: &WorkspaceId,
        job: &JobId,
        id: EventId,
    ) -> Result<EventAnswer, CommandError> {
        self.check_job(workspace, job).await?;
        self.store().replay(job, id).await?;
        self.event_row(job, id).await
    }

    /// Tries all failed events of a job again now.
    pub async fn retry_failed(&self, workspace: &WorkspaceId, job: &JobId) -> Result<Retried, CommandError> {
        self.check_job(workspace, job).await?;
        let retried = self.store().retry_failed(job).await?;
        self.parts().worker.resume(job);
        Ok(Retried { retried })
    }

    /// Keeps an event whatever its age, or no longer.
    pub async fn pin_event(
        &self,
        workspace: &WorkspaceId,
        job: &JobId,
        id: EventId,
        pinned: bool,
    ) -> Result<(), CommandError> {
        self.check_job(workspace, job).await?;
        Ok(self.store().pin(job, id, pinned).await?)
    }

    /// Tries a job whose destination is down or refuses again now.
    pub async fn resume_job(&self, workspace: &WorkspaceId, job: &JobId) -> Result<(), CommandError> {
        self.check_job(workspace, job).await?;
        self.parts().worker.resume(job);
        Ok(())
    }

    pub(super) async fn check_job(&self, workspace: &WorkspaceId, job: &JobId) -> Result<(), CommandError> {
        self.check_workspace(workspace).await?;
        self.store().sync_job(workspace, job).await?;
        Ok(())
    }

    async fn event_row(&self, job: &JobId, id: EventId) -> Result<EventAnswer, CommandError> {
        Ok(self.event_answer(self.store().event(job, id).await?.row))
    }

    pub(super) fn event_answer(&self, row: EventRow) -> EventAnswer {
        let in_flight = matches!(row.status, EventStatus::Pending | EventStatus::Failed)
            && self.parts().worker.is_processing(&row.job_id, row.id);
        let EventRow {
            id,
            job_id,
            head,
            status,
            reason,
            received_at,
            finished_at,
            attempts,
            next_attempt_at,
            error,
            size_bytes,
            pinned,
            duplicates,
        } = row;
        let EventHead { provider_event_id, event_type, occurred_at, object_type, object_id, .. } = head;
        EventAnswer {
            id: id.to_string(),
            job_id,
            provider_event_id,
            event_type,
            object_type,
            object_id,
            status: if in_flight { EventStatus::Processing } else { status },
            reason,
            received_at,
            occurred_at,
            finished_at,
            attempts,
            next_attempt_at,
            error,
            size_bytes,
            duplicates,
            pinned,
        }
    }
}

/// What the store has for the states asked for: those in flight are pending there, or failed and being tried again.
fn stored_statuses(asked: &[EventStatus]) -> Vec<EventStatus> {
    let mut stored: Vec<EventStatus> =
        asked.iter().copied().filter(|status| *status != EventStatus::Processing).collect();
    if asked.contains(&EventStatus::Processing) {
        for status in [EventStatus::Pending, EventStatus::Failed] {
            if !stored.contains(&status) {
                stored.push(status);
            }
        }
    }
    stored
}

#[cfg(test)]
mod tests {
    use super::*;
    use EventStatus::{Completed, Failed, Pending, Processing};

    #[test]
    fn those_in_flight_are_looked_for_where_the_store_has_them() {
        assert_eq!(stored_statuses(&[]), []);
        assert_eq!(stored_statuses(&[Completed]), [Completed]);
        assert_eq!(stored_statuses(&[Processing]), [Pending, Failed]);
        assert_eq!(stored_statuses(&[Failed, Processing]), [Failed, Pending]);
    }
}
