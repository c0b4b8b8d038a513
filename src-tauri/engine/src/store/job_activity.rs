//! The table `job_activity`: what happened, minute by minute. It is written with what it tells of (`effects`).

use std::ops::Range;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::live::{LiveJob, minute_of};
use super::{Counts, Store, StoreError};
use crate::event::{JobId, Timestamp, WorkspaceId};

/// How many minutes the last hour of [`JobOverview`] has.
const HOUR: i64 = 60;

/// Which minutes are asked for, and how they are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityRange {
    /// The first minute, counted since 1970.
    pub first_minute: i64,
    /// The minute behind the last one.
    pub end_minute: i64,
    /// How many minutes one point sums up, 1 at least.
    pub point_minutes: i64,
}

impl ActivityRange {
    /// How many points there are; the last one may be shorter.
    pub fn points(self) -> usize {
        let minutes = (self.end_minute - self.first_minute).max(0);
        minutes.div_euclid(self.point_minutes) as usize
            + usize::from(minutes.rem_euclid(self.point_minutes) > 0)
    }
}

/// What happened in one stretch of time: received and rejected by the time of receipt, the others by that of the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Activity {
    /// Events received.
    pub received: u64,
    /// Events applied.
    pub completed: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Events skipped.
    pub skipped: u64,
    /// Requests rejected.
    pub rejected: u64,
    /// Of the completed ones those whose latency counts: those that nobody retried or replayed.
    pub timed: u64,
    /// Their milliseconds from receipt to outcome, summed up.
    pub latency_ms: u64,
    /// The longest of them.
    pub latency_ms_max: u64,
}

impl Activity {
    fn add(&mut self, other: Self) {
        self.received += other.received;
        self.completed += other.completed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.rejected += other.rejected;
        self.timed += other.timed;
        self.latency_ms += other.latency_ms;
        self.latency_ms_max = self.latency_ms_max.max(other.latency_ms_max);
    }
}

/// A job at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobOverview {
    /// The job.
    pub job_id: JobId,
    /// Its live counters.
    pub counts: Counts,
    /// When its newest event was received.
    pub last_received_at: Option<Timestamp>,
    /// Events received on the day that was asked for.
    pub today: u64,
    /// Events received in each of the last 60 minutes, oldest first; the last one is the minute that is passing.
    pub last_hour: Vec<u64>,
    /// Attempts that failed in these minutes.
    pub failed_last_hour: u64,
    /// Requests rejected in these minutes.
    pub rejected_last_hour: u64,
}

impl Store {
    /// What happened in each point of the range, oldest first and without gaps, summed over the jobs of a workspace, or
    /// for one of them.
    pub async fn activity(
        &self,
        workspace: &WorkspaceId,
        job: Option<&JobId>,
        range: ActivityRange,
    ) -> Result<Vec<Activity>, StoreError> {
        let jobs = self.inner.live.jobs(Some(workspace), job);
        self.read(move |_, connection| {
            let mut points = vec![Activity::default(); range.points()];
            for job in jobs {
                sum(connection, &job, range, &mut points)?;
            }
            Ok(points)
        })
        .await
    }

    /// All jobs of a workspace at a glance. `today` counts what was received on `day`, to the minute.
    pub async fn overview(
        &self,
        workspace: &WorkspaceId,
        day: Range<Timestamp>,
        now: Timestamp,
    ) -> Result<Vec<JobOverview>, StoreError> {
        let mut jobs = self.inner.live.jobs(Some(workspace), None);
        jobs.sort_unstable_by_key(|job| job.number);
        let end = minute_of(now) + 1;
        let first_after = |time: Timestamp| minute_of(time.plus_millis(59_999));
        let day = first_after(day.start)..first_after(day.end);
        self.read(move |_, connection| {
            jobs.iter().map(|job| glance(connection, job, &day, end)).collect::<Result<_, _>>()
        })
        .await
    }
}

fn sum(
    connection: &Connection,
    job: &Arc<LiveJob>,
    range: ActivityRange,
    points: &mut [Activity],
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT (minute - ?2) / ?4, sum(received), sum(completed), sum(failed), sum(skipped), sum(rejected),
           sum(timed), sum(latency_ms), max(latency_ms_max)
         FROM job_activity WHERE job = ?1 AND minute >= ?2 AND minute < ?3 GROUP BY 1",
    )?;
    let mut rows =
        statement.query([job.number, range.first_minute, range.end_minute, range.point_minutes])?;
    while let Some(row) = rows.next()? {
        let number = |column| row.get::<_, i64>(column).map(|number| number as u64);
        let found = Activity {
            received: number(1)?,
            completed: number(2)?,
            failed: number(3)?,
            skipped: number(4)?,
            rejected: number(5)?,
            timed: number(6)?,
            latency_ms: number(7)?,
            latency_ms_max: number(8)?,
        };
        if let Some(point) = points.get_mut(number(0)? as usize) {
            point.add(found);
        }
    }
    Ok(())
}

fn glance(
    connection: &Connection,
    job: &Arc<LiveJob>,
    day: &Range<i64>,
    end: i64,
) -> Result<JobOverview, StoreError> {
    let today: i64 = connection
        .prepare_cached(
            "SELECT coalesce(sum(received), 0) FROM job_activity WHERE job = ?1 AND minute >= ?2 AND minute < ?3",
        )?
        .query_row([job.number, day.start, day.end], |row| row.get(0))?;
    let mut overview = JobOverview {
        job_id: job.id.clone(),
        counts: job.counts(),
        last_received_at: job.last_received_at(),
        today: today as u64,
        last_hour: vec![0; HOUR as usize],
        failed_last_hour: 0,
        rejected_last_hour: 0,
    };
    let mut statement = connection.prepare_cached(
        "SELECT minute - ?2, received, failed, rejected FROM job_activity
         WHERE job = ?1 AND minute >= ?2 AND minute < ?3",
    )?;
    let mut rows = statement.query(params![job.number, end - HOUR, end])?;
    while let Some(row) = rows.next()? {
        let number = |column| row.get::<_, i64>(column).map(|number| number as u64);
        if let Some(minute) = overview.last_hour.get_mut(number(0)? as usize) {
            *minute = number(1)?;
        }
        overview.failed_last_hour += number(2)?;
        overview.rejected_last_hour += number(3)?;
    }
    Ok(overview)
}
