//! Numbers of a job.

use std::ops::Range;

use chrono::{Local, NaiveDate, NaiveTime, TimeZone as _};
use serde::Serialize;
use utoipa::ToSchema;

use super::events::EventAnswer;
use super::{CommandError, Commands};
use crate::event::{JobId, Timestamp, WorkspaceId};
use crate::store::{Counts, EventFilter};
use crate::worker::DeliveryState;

/// How many rows `recent` has at most.
const RECENT: u32 = 10;

/// How many events are in each status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct ByStatus {
    /// Their outcome is not known.
    pub pending: u64,
    /// Being applied right now.
    pub processing: u64,
    /// Applied.
    pub completed: u64,
    /// Failed, with or without another attempt due.
    pub failed: u64,
    /// Nothing had to be done.
    pub skipped: u64,
    /// Refused: kept for debugging only.
    pub rejected: u64,
}

impl ByStatus {
    /// The store's counts, with those in flight taken out of where the store has them: pending ones, and failed ones
    /// that are being tried again.
    pub(super) fn new(counts: Counts, delivery: &DeliveryState) -> Self {
        let Counts { pending, completed, failed, skipped, rejected } = counts;
        let in_flight = match delivery {
            DeliveryState::Running { in_flight } => *in_flight,
            _ => 0,
        };
        let from_pending = in_flight.min(pending);
        let from_failed = (in_flight - from_pending).min(failed);
        Self {
            pending: pending - from_pending,
            processing: from_pending + from_failed,
            completed,
            failed: failed - from_failed,
            skipped,
            rejected,
        }
    }

    /// All but the rejected ones.
    fn received(self) -> u64 {
        self.pending + self.processing + self.completed + self.failed + self.skipped
    }

    /// completed / (completed + failed).
    pub(super) fn success_rate(self) -> Option<f64> {
        let outcomes = self.completed + self.failed;
        (outcomes > 0).then(|| self.completed as f64 / outcomes as f64)
    }
}

/// How long it took from receipt to outcome, over the newest completed events (at most 1000).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Latency {
    /// Half of the events took at most this long, in milliseconds.
    pub p50: Option<u64>,
    /// 95 of 100 events took at most this long, in milliseconds.
    pub p95: Option<u64>,
}

/// Numbers of a job.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatsAnswer {
    /// How many events are kept, all statuses but `rejected` together: rejected requests never become events.
    pub total: u64,
    /// How many of them were received since midnight, local time.
    pub today: u64,
    /// completed / (completed + failed); `null` before the first outcome.
    #[schema(minimum = 0, maximum = 1)]
    pub success_rate: Option<f64>,
    /// How many are in each status.
    pub by_status: ByStatus,
    /// When the newest was received.
    pub last_received_at: Option<Timestamp>,
    /// From receipt to outcome.
    pub latency_ms: Latency,
    /// The newest ten requests, rejected ones too.
    pub recent: Vec<EventAnswer>,
}

impl Commands {
    /// Numbers of a job.
    pub async fn stats(&self, workspace: &WorkspaceId, id: &JobId) -> Result<StatsAnswer, CommandError> {
        self.check_workspace(workspace).await?;
        self.store().sync_job(workspace, id).await?;
        let day = local_day(self.parts().clock.now());
        let filter = EventFilter {
            workspace_id: Some(workspace.clone()),
            job_id: Some(id.clone()),
            ..EventFilter::default()
        };
        let recent = self.store().events(filter, None, RECENT).await?;
        let later = self.store().received_since(id, day.end).await?;
        let today = self.store().received_since(id, day.start).await?.saturating_sub(later);
        let last_received_at = self.store().last_received_at(id).await?;
        let latencies = self.store().latencies_ms(id).await?;
        let by_status = ByStatus::new(self.store().counts(id), &self.parts().worker.state(id));
        Ok(StatsAnswer {
            total: by_status.received(),
            today,
            success_rate: by_status.success_rate(),
            by_status,
            last_received_at,
            latency_ms: latency(latencies),
            recent: recent.events.into_iter().map(|row| self.event_answer(row)).collect(),
        })
    }
}

/// The local day that `now` is in, which has 23 to 25 hours. It has an end too: what was received while the clock was
/// ahead belongs to another day.
pub(super) fn local_day(now: Timestamp) -> Range<Timestamp> {
    let day = now.to_chrono().with_timezone(&Local).date_naive();
    let begin = midnight(day).unwrap_or(now);
    let end = day.succ_opt().and_then(midnight);
    begin..end.unwrap_or_else(|| now.plus_millis(86_400_000))
}

/// When a local day begins.
fn midnight(day: NaiveDate) -> Option<Timestamp> {
    // Where summer time begins at midnight, the day begins at one o'clock.
    (0..=3)
        .filter_map(|hour| NaiveTime::from_hms_opt(hour, 0, 0))
        .find_map(|time| Local.from_local_datetime(&day.and_time(time)).earliest())
        .map(|midnight| Timestamp::from_micros(midnight.timestamp_micros()))
}

/// Percentiles by the nearest rank.
fn latency(mut millis: Vec<u64>) -> Latency {
    millis.sort_unstable();
    let percentile = |percent: usize| {
        let rank = (millis.len() * percent).div_ceil(100);
        rank.checked_sub(1).and_then(|index| millis.get(index)).copied()
    };
    Latency { p50: percentile(50), p95: percentile(95) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_in_flight_are_counted_once() {
        let counts = Counts { pending: 3, failed: 2, completed: 6, skipped: 1, rejected: 9 };
        let by_status = ByStatus::new(counts, &DeliveryState::Running { in_flight: 4 });
        assert_eq!((by_status.pending, by_status.processing, by_status.failed), (0, 4, 1));
        assert_eq!(by_status.received(), 12);
        let idle = ByStatus::new(counts, &DeliveryState::Paused);
        assert_eq!((idle.pending, idle.processing, idle.failed), (3, 0, 2));
        assert_eq!(idle.success_rate(), Some(0.75));
    }

    #[test]
    fn counts_that_are_a_moment_behind_never_wrap() {
        let by_status = ByStatus::new(Counts::default(), &DeliveryState::Running { in_flight: 500 });
        assert_eq!(by_status, ByStatus::default());
        assert_eq!(by_status.success_rate(), None);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        assert_eq!(latency(Vec::new()), Latency::default());
        assert_eq!(latency(vec![7]), Latency { p50: Some(7), p95: Some(7) });
        assert_eq!(latency((1..=100).rev().collect()), Latency { p50: Some(50), p95: Some(95) });
    }

    #[test]
    fn now_is_within_its_day_which_has_about_24_hours() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let day = local_day(now);
        assert!(day.contains(&now));
        let hours = (day.end.millis() - day.start.millis()) / 3_600_000;
        assert!((23..=25).contains(&hours), "{hours}");
    }
}
