//! What a job's delivery is doing right now: in memory only, shared between its task and those who ask.

use std::collections::HashSet;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Notify;

use crate::event::{EventId, Timestamp};

/// What a job's delivery is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum DeliveryState {
    /// Nothing to do, or at work.
    #[serde(rename_all = "camelCase")]
    Running {
        /// How many events are being applied right now.
        in_flight: u64,
    },
    /// The destination cannot be reached; it is tried again without using up attempts.
    #[serde(rename_all = "camelCase")]
    WaitingForDestination {
        /// Since when.
        since: Timestamp,
        /// What went wrong.
        error: String,
        /// When it is tried again.
        next_try_at: Timestamp,
    },
    /// The destination refuses: somebody has to change something. Tried again now and then all the same.
    #[serde(rename_all = "camelCase")]
    Blocked {
        /// Since when.
        since: Timestamp,
        /// What went wrong.
        error: String,
        /// What to do about it.
        hint: String,
        /// When it is tried again; `null` when only a change can help.
        next_try_at: Option<Timestamp>,
    },
    /// The job is paused.
    Paused,
}

/// Why a job's archive takes nothing, or not everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArchiveTrouble {
    /// Since when.
    pub since: Timestamp,
    /// What went wrong.
    pub error: String,
    /// What to do about it; `null` where it passes by itself.
    pub hint: Option<String>,
    /// When it is tried again.
    pub next_try_at: Timestamp,
}

/// A job's live state.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// Why delivery stands still, if it does.
    halt: Mutex<Option<DeliveryState>>,
    in_flight: Mutex<HashSet<EventId>>,
    /// What is wrong with the archive, if anything is.
    archive: Mutex<Option<ArchiveTrouble>>,
    /// Somebody wants a halted job to be tried again now.
    pub(super) resume: Notify,
    /// The same for its archive.
    pub(super) resume_archive: Notify,
}

impl Live {
    pub(super) fn state(&self) -> DeliveryState {
        self.halt
            .lock()
            .clone()
            .unwrap_or_else(|| DeliveryState::Running { in_flight: self.in_flight.lock().len() as u64 })
    }

    pub(super) fn is_processing(&self, event: EventId) -> bool {
        self.in_flight.lock().contains(&event)
    }

    /// Since when delivery has stood still, if it does.
    pub(super) fn halted_since(&self) -> Option<Timestamp> {
        match &*self.halt.lock() {
            Some(
                DeliveryState::WaitingForDestination { since, .. } | DeliveryState::Blocked { since, .. },
            ) => Some(*since),
            Some(DeliveryState::Running { .. } | DeliveryState::Paused) | None => None,
        }
    }

    pub(super) fn halt(&self, state: DeliveryState) {
        *self.halt.lock() = Some(state);
    }

    pub(super) fn go_on(&self) {
        *self.halt.lock() = None;
    }

    pub(super) fn archive_trouble(&self) -> Option<ArchiveTrouble> {
        self.archive.lock().clone()
    }

    /// Sets what is wrong with the archive, and tells whether something was wrong before.
    pub(super) fn set_archive_trouble(&self, trouble: Option<ArchiveTrouble>) -> bool {
        std::mem::replace(&mut *self.archive.lock(), trouble).is_some()
    }

    /// Marks events as being applied until the guard is dropped, by whatever way.
    pub(super) fn begin(&self, events: impl Iterator<Item = EventId>) -> InFlight<'_> {
        let mut in_flight = self.in_flight.lock();
        in_flight.clear();
        in_flight.extend(events);
        InFlight(self)
    }
}

/// Events are being applied.
pub(super) struct InFlight<'a>(&'a Live);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.lock().clear();
    }
}
