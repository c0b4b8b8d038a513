//! Figures about a job's events.

use rusqlite::params;

use crate::event::{EventStatus, JobId, Timestamp};
use crate::store::live::{minute_of, status_code};
use crate::store::{Store, StoreError};

/// How many events latencies are taken from.
const LATENCIES: i64 = 1000;

impl Store {
    /// Milliseconds from receipt to outcome of the job's newest completed events (at most 1000), in no order.
    ///
    /// Those that were retried or replayed by hand are left out: their outcome says nothing about how long a webhook takes.
    pub async fn latencies_ms(&self, job: &JobId) -> Result<Vec<u64>, StoreError> {
        let job = self.inner.live.job(job)?;
        self.read(move |_, connection| {
            let latencies = connection
                .prepare_cached(
                    "SELECT finished_at - received_at FROM
                       (SELECT finished_at, received_at, done_again FROM webhook_events
                        WHERE job = ?1 AND status = ?2 ORDER BY id DESC LIMIT ?3)
                     WHERE done_again = 0 AND finished_at IS NOT NULL",
                )?
                .query_map(params![job.number, status_code(EventStatus::Completed), LATENCIES], |row| {
                    // A clock that was set back between the two gives 0.
                    Ok(u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0) / 1000)
                })?
                .collect::<Result<_, _>>()?;
            Ok(latencies)
        })
        .await
    }

    /// How many events the job received at `since` or later (rejected ones not counted).
    pub async fn received_since(&self, job: &JobId, since: Timestamp) -> Result<u64, StoreError> {
        let job = self.inner.live.job(job)?;
        self.read(move |_, connection| {
            let minute = minute_of(since);
            let begins_a_minute = since.micros().rem_euclid(60_000_000) == 0;
            let first_whole = if begins_a_minute { minute } else { minute + 1 };
            let mut received: i64 = connection
                .prepare_cached(
                    "SELECT coalesce(sum(received), 0) FROM job_activity WHERE job = ?1 AND minute >= ?2",
                )?
                .query_row([job.number, first_whole], |row| row.get(0))?;
            if !begins_a_minute {
                // The rest of the first minute, event by event.
                received += connection
                    .prepare_cached(
                        "SELECT count(*) FROM receipt_slots CROSS JOIN webhook_events
                         WHERE unit = 0 AND slot = ?2 AND id BETWEEN first_id AND last_id AND job = ?1
                           AND status <> ?3 AND received_at >= ?4 AND received_at < ?5",
                    )?
                    .query_row(
                        params![
                            job.number,
                            minute,
                            status_code(EventStatus::Rejected),
                            since.micros(),
                            (minute + 1) * 60_000_000
                        ],
                        |row| row.get::<_, i64>(0),
                    )?;
            }
            Ok(received as u64)
        })
        .await
    }

    /// When the job's newest event was received (rejected ones not counted).
    #[expect(clippy::unused_async, reason = "like its neighbours; that it is in memory today is no promise")]
    pub async fn last_received_at(&self, job: &JobId) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.inner.live.job(job)?.last_received_at())
    }
}
