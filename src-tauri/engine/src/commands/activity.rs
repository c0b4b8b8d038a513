//! What happened when: jobs at a glance, activity over time, types of events.

use serde::Serialize;
use utoipa::ToSchema;

use super::stats::{ByStatus, local_day};
use super::{CommandError, Commands, validate};
use crate::event::{JobId, Timestamp, WorkspaceId};
use crate::store::{Activity, ActivityRange, JobOverview, TypeFigures};
use crate::worker::DeliveryState;

/// The most points of an activity.
const MAX_POINTS: u32 = 500;
/// The most types that are listed.
const MAX_TYPES: usize = 200;
/// Seconds of a minute.
const MINUTE: i64 = 60;
/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

/// A job at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobOverview)]
pub struct JobOverviewAnswer {
    /// The job.
    pub job_id: JobId,
    /// How many events were received since midnight, local time.
    pub today: u64,
    /// completed / (completed + failed) of the events that are kept; `null` before the first outcome.
    #[schema(minimum = 0, maximum = 1)]
    pub success_rate: Option<f64>,
    /// When the newest event was received.
    pub last_received_at: Option<Timestamp>,
    /// Events received in each of the last 60 minutes, oldest first; the last one is the minute that is passing.
    #[schema(min_items = 60, max_items = 60)]
    pub last_hour: Vec<u64>,
    /// Attempts that failed in these minutes.
    pub failed_last_hour: u64,
    /// Requests rejected in these minutes.
    pub rejected_last_hour: u64,
}

/// All jobs of a workspace at a glance, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Overview {
    /// The jobs.
    pub jobs: Vec<JobOverviewAnswer>,
}

/// What happened in one stretch of time: `received` and `rejected` by the time of receipt, the others by that of the
/// outcome.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivityPoint {
    /// When the stretch begins.
    pub at: Timestamp,
    /// Events received, rejected requests not counted.
    pub received: u64,
    /// Events applied.
    pub completed: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Events skipped.
    pub skipped: u64,
    /// Requests rejected.
    pub rejected: u64,
    /// From receipt to outcome, in milliseconds, on average over the completed events that were never replayed; `null`
    /// where there are none.
    pub latency_ms_average: Option<f64>,
    /// The longest of them.
    pub latency_ms_max: Option<u64>,
}

/// Activity over time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Activity)]
pub struct ActivityAnswer {
    /// Where the first point begins: the minute of the time that was asked for.
    pub from: Timestamp,
    /// Where the last point ends, which may make it shorter than the others.
    pub to: Timestamp,
    /// How long a point lasts: whole minutes.
    pub bucket_seconds: u64,
    /// The points without gaps, oldest first.
    pub points: Vec<ActivityPoint>,
}

/// The stretch of time that is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct ActivityQuery {
    /// Where it begins; an hour before its end unless given.
    pub from: Option<Timestamp>,
    /// Where it ends; now unless given.
    pub to: Option<Timestamp>,
    /// How many points it is divided into at most, 1 to 500; 60 unless given.
    pub buckets: Option<u32>,
}

/// How many events of one type there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TypeCount {
    /// The type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// All of them, rejected requests not counted.
    pub received: u64,
    /// Applied.
    pub completed: u64,
    /// Failed.
    pub failed: u64,
    /// Skipped.
    pub skipped: u64,
}

/// The types of a job's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TypeList {
    /// The types, the most frequent first, 200 at most.
    pub types: Vec<TypeCount>,
    /// Whether only the newest events of the stretch were counted, because there are too many of them.
    pub sampled: bool,
}

impl Commands {
    /// All jobs of a workspace at a glance.
    pub async fn overview(&self, workspace: &WorkspaceId) -> Result<Overview, CommandError> {
        self.check_workspace(workspace).await?;
        let now = self.parts().clock.now();
        let jobs = self.store().overview(workspace, local_day(now), now).await?;
        let answer = |job: JobOverview| JobOverviewAnswer {
            // Which of the events are in flight makes no difference to completed and failed ones together.
            success_rate: ByStatus::new(job.counts, &DeliveryState::Paused).success_rate(),
            job_id: job.job_id,
            today: job.today,
            last_received_at: job.last_received_at,
            last_hour: job.last_hour,
            failed_last_hour: job.failed_last_hour,
            rejected_last_hour: job.rejected_last_hour,
        };
        Ok(Overview { jobs: jobs.into_iter().map(answer).collect() })
    }

    /// Activity of a job, or of all jobs of the workspace together.
    pub async fn activity(
        &self,
        workspace: &WorkspaceId,
        job: Option<&JobId>,
        query: ActivityQuery,
    ) -> Result<ActivityAnswer, CommandError> {
        let range = range(query, self.parts().clock.now())?;
        match job {
            Some(job) => self.check_job(workspace, job).await?,
            None => self.check_workspace(workspace).await?,
        }
        let points = self.store().activity(workspace, job, range).await?;
        Ok(answer(range, points))
    }

    /// The types of the events that a job received.
    pub async fn event_types(
        &self,
        workspace: &WorkspaceId,
        job: &JobId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<TypeList, CommandError> {
        self.check_job(workspace, job).await?;
        let TypeFigures { types, sampled } = self.store().types(job, from, to).await?;
        let types = types
            .into_iter()
            .take(MAX_TYPES)
            .map(|(event_type, counts)| TypeCount {
                event_type,
                received: counts.received,
                completed: counts.completed,
                failed: counts.failed,
                skipped: counts.skipped,
            })
            .collect();
        Ok(TypeList { types, sampled })
    }
}

/// The whole minutes that the stretch touches, in as few minutes a point as give no more points than asked for.
fn range(query: ActivityQuery, now: Timestamp) -> Result<ActivityRange, CommandError> {
    let buckets = query.buckets.unwrap_or(60);
    validate::range("buckets", buckets, 1..=MAX_POINTS)?;
    let to = query.to.unwrap_or(now);
    let from = query.from.unwrap_or(to.plus_millis(-HOUR_MS));
    if from >= to {
        return Err(CommandError::invalid("from", "`from` has to lie before `to`"));
    }
    // The minute of the last moment before `to` is the last one.
    let end_minute = minute_of(Timestamp::from_micros(to.micros().saturating_sub(1))) + 1;
    let mut first_minute = minute_of(from);
    if query.from.is_none() {
        // Sixty minutes and the one that is passing would be a point too many.
        first_minute = first_minute.max(end_minute - 60);
    }
    let minutes = end_minute - first_minute;
    let buckets = i64::from(buckets);
    let point_minutes = (minutes / buckets + i64::from(minutes % buckets > 0)).max(1);
    Ok(ActivityRange { first_minute, end_minute, point_minutes })
}

/// Minutes since 1970.
const fn minute_of(time: Timestamp) -> i64 {
    time.seconds().div_euclid(MINUTE)
}

fn answer(range: ActivityRange, points: Vec<Activity>) -> ActivityAnswer {
    let time = |minute: i64| Timestamp::from_seconds(minute.saturating_mul(MINUTE));
    let point = |(index, activity): (usize, Activity)| ActivityPoint {
        at: time(range.first_minute + index as i64 * range.point_minutes),
        received: activity.received,
        completed: activity.completed,
        failed: activity.failed,
        skipped: activity.skipped,
        rejected: activity.rejected,
        latency_ms_average: (activity.timed > 0).then(|| activity.latency_ms as f64 / activity.timed as f64),
        latency_ms_max: (activity.timed > 0).then_some(activity.latency_ms_max),
    };
    ActivityAnswer {
        from: time(range.first_minute),
        to: time(range.end_minute),
        bucket_seconds: (range.point_minutes * MINUTE) as u64,
        points: points.into_iter().enumerate().map(point).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 seconds past a whole minute.
    const NOW: Timestamp = Timestamp::from_seconds(1_735_689_620);

    fn asked(
        from: Option<i64>,
        to: Option<i64>,
        buckets: Option<u32>,
    ) -> Result<ActivityRange, CommandError> {
        let time = |minutes: i64| NOW.plus_millis(minutes * 60_000);
        range(ActivityQuery { from: from.map(time), to: to.map(time), buckets }, NOW)
    }

    #[test]
    fn the_last_hour_is_sixty_minutes_and_ends_with_the_one_that_is_passing() {
        let hour = asked(None, None, None).expect("a range");
        assert_eq!((hour.points(), hour.point_minutes), (60, 1));
        let answer = answer(hour, vec![Activity::default(); 60]);
        assert!(answer.from <= NOW.plus_millis(-59 * 60_000) && answer.to >= NOW);
        assert_eq!(answer.points[59].at, Timestamp::from_seconds(1_735_689_600));
        assert_eq!(answer.points[59].latency_ms_average, None);
    }

    #[test]
    fn there_are_never_more_points_than_asked_for_and_they_cover_the_stretch() {
        for (from, to, buckets) in [
            (-1, 0, 60),
            (-60, 0, 60),
            (-61, 0, 60),
            (-1440, 0, 100),
            (-43_200, 5, 500),
            (-7, 0, 1),
            (-7, 0, 2),
        ] {
            let range = asked(Some(from), Some(to), Some(buckets)).expect("a range");
            assert!((1..=buckets as usize).contains(&range.points()), "{from} {to} {buckets}: {range:?}");
            let answer = answer(range, vec![Activity::default(); range.points()]);
            assert!(answer.from <= NOW.plus_millis(from * 60_000), "{answer:?}");
            assert!(answer.to >= NOW.plus_millis(to * 60_000), "{answer:?}");
            let last = answer.points.last().expect("a point").at;
            assert!(last < answer.to && last.plus_millis(answer.bucket_seconds as i64 * 1000) >= answer.to);
        }
    }

    #[test]
    fn a_stretch_that_ends_before_it_begins_is_refused() {
        assert_eq!(asked(Some(5), Some(5), None).expect_err("is empty").field.as_deref(), Some("from"));
        assert_eq!(asked(None, None, Some(501)).expect_err("too many").field.as_deref(), Some("buckets"));
        assert_eq!(asked(None, None, Some(0)).expect_err("none").field.as_deref(), Some("buckets"));
        let endless = ActivityQuery {
            from: Some(Timestamp::from_micros(i64::MIN)),
            to: Some(Timestamp::from_micros(i64::MAX)),
            buckets: Some(7),
        };
        assert!(range(endless, NOW).expect("a range").points() <= 7);
    }

    #[test]
    fn an_average_is_over_the_events_whose_latency_counts() {
        let range = ActivityRange { first_minute: 0, end_minute: 1, point_minutes: 1 };
        let activity =
            Activity { completed: 5, timed: 2, latency_ms: 30, latency_ms_max: 20, ..Activity::default() };
        let answer = answer(range, vec![activity]);
        assert_eq!(answer.points[0].latency_ms_average, Some(15.0));
        assert_eq!(answer.points[0].latency_ms_max, Some(20));
    }
}
