//! Which failures are new, and which of them are worth a notification: a list of pure decisions.
//!
//! Failures from before the app was started are no news, nor is what a planned attempt mends soon. Of a job that goes on
//! failing one notification is enough, until somebody looks or everything is repaired.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hookline_engine::commands::status::WorkerJob;
use hookline_engine::event::JobId;
use hookline_engine::worker::DeliveryState;

/// How long a failure has to last before it is told.
const FAILURE_PATIENCE: Duration = Duration::from_mins(1);
/// How long a destination has to be away before it is told: a restart of a database is nobody's concern.
const ABSENCE_PATIENCE: Duration = Duration::from_mins(5);

/// Something to tell the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The job.
    pub(crate) job: WorkerJob,
    /// What happened.
    pub(crate) what: Happened,
}

/// What happened to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happened {
    /// So many events failed since somebody looked.
    Failed(u64),
    /// Its destination refuses or is away, for this reason.
    CannotDeliver(String),
}

/// What is known of failures, and what of it was seen or told.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    jobs: HashMap<JobId, Job>,
    /// Whether anything is known yet.
    begun: bool,
}

#[derive(Debug, Default)]
struct Job {
    /// How many events have failed and are not repaired.
    failed: u64,
    /// How many of them failed since somebody looked.
    unseen: u64,
    /// Since when there is one of these.
    failing_since: Option<Instant>,
    failures_told: bool,
    /// Since when nothing can be delivered.
    stuck_since: Option<Instant>,
    stuck_told: bool,
}

impl Failures {
    /// Takes note of how the jobs are. `looking`: the user has the window in front of them. Gives what to tell.
    pub(crate) fn observe(&mut self, jobs: &[WorkerJob], looking: bool, now: Instant) -> Vec<Notice> {
        let first = !std::mem::replace(&mut self.begun, true);
        self.jobs.retain(|id, _| jobs.iter().any(|job| job.job_id == *id));
        let mut notices = Vec::new();
        for job in jobs {
            let known = self.jobs.entry(job.job_id.clone()).or_default();
            known.observe(job, first, now);
            if looking {
                known.looked();
            } else if let Some(what) = known.tell(job, now) {
                notices.push(Notice { job: job.clone(), what });
            }
        }
        notices
    }

    /// The user looks at the window.
    pub(crate) fn looked(&mut self) {
        self.jobs.values_mut().for_each(Job::looked);
    }

    /// How many events failed since somebody looked.
    pub(crate) fn unseen(&self) -> u64 {
        self.jobs.values().map(|job| job.unseen).sum()
    }
}

impl Job {
    fn observe(&mut self, job: &WorkerJob, first: bool, now: Instant) {
        let before = if first { job.failed } else { self.failed };
        self.failed = job.failed;
        // What was repaired need not be looked at any more.
        self.unseen = (self.unseen + job.failed.saturating_sub(before)).min(job.failed);
        if self.unseen == 0 {
            (self.failing_since, self.failures_told) = (None, false);
        } else {
            self.failing_since.get_or_insert(now);
        }
        if obstacle(job).is_none() {
            (self.stuck_since, self.stuck_told) = (None, false);
        } else {
            self.stuck_since.get_or_insert(now);
            self.stuck_told |= first;
        }
    }

    fn tell(&mut self, job: &WorkerJob, now: Instant) -> Option<Happened> {
        let lasts = |since: Option<Instant>, patience| {
            since.is_some_and(|since| now.saturating_duration_since(since) >= patience)
        };
        if let Some((reason, patience)) = obstacle(job)
            && !self.stuck_told
            && lasts(self.stuck_since, patience)
        {
            self.stuck_told = true;
            return Some(Happened::CannotDeliver(reason.to_owned()));
        }
        if !self.failures_told && lasts(self.failing_since, FAILURE_PATIENCE) {
            self.failures_told = true;
            return Some(Happened::Failed(self.unseen));
        }
        None
    }

    fn looked(&mut self) {
        (self.unseen, self.failing_since, self.failures_told) = (0, None, false);
        self.stuck_told = self.stuck_since.is_some();
    }
}

/// Why nothing can be delivered, and how long that has to last before it is told.
fn obstacle(job: &WorkerJob) -> Option<(&str, Duration)> {
    match &job.delivery {
        // Nothing but a person mends that.
        DeliveryState::Blocked { error, .. } => Some((error, Duration::ZERO)),
        DeliveryState::WaitingForDestination { error, .. } => Some((error, ABSENCE_PATIENCE)),
        DeliveryState::Running { .. } | DeliveryState::Paused => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use hookline_engine::event::{Timestamp, WorkspaceId};

    use super::*;

    /// A job with this many failed events, at work.
    pub(crate) fn job(id: &str, failed: u64) -> WorkerJob {
        WorkerJob {
            job_id: JobId::new(id),
            workspace_id: WorkspaceId::default_workspace(),
            name: format!("Job {id}"),
            delivery: DeliveryState::Running { in_flight: 0 },
            pending: 0,
            failed,
        }
    }

    /// A job whose destination refuses.
    pub(crate) fn blocked(id: &str) -> WorkerJob {
        let delivery = DeliveryState::Blocked {
            since: Timestamp::from_seconds(0),
            error: "no such user".to_owned(),
            hint: String::new(),
            next_try_at: None,
        };
        WorkerJob { delivery, ..job(id, 0) }
    }

    fn waiting(id: &str) -> WorkerJob {
        let delivery = DeliveryState::WaitingForDestination {
            since: Timestamp::from_seconds(0),
            error: "connection refused".to_owned(),
            next_try_at: Timestamp::from_seconds(1),
        };
        WorkerJob { delivery, ..job(id, 0) }
    }

    /// What is told when the jobs are so, this many seconds after the start.
    struct Told {
        failures: Failures,
        start: Instant,
    }

    impl Told {
        fn begin(jobs: &[WorkerJob]) -> Self {
            let mut told = Self { failures: Failures::default(), start: Instant::now() };
            assert_eq!(told.at(0, jobs), []);
            told
        }

        fn at(&mut self, seconds: u64, jobs: &[WorkerJob]) -> Vec<(String, Happened)> {
            let now = self.start + Duration::from_secs(seconds);
            let notices = self.failures.observe(jobs, false, now);
            notices.into_iter().map(|notice| (notice.job.job_id.to_string(), notice.what)).collect()
        }

        fn seen(&mut self, seconds: u64, jobs: &[WorkerJob]) {
            let now = self.start + Duration::from_secs(seconds);
            assert!(self.failures.observe(jobs, true, now).is_empty());
        }
    }

    fn failed(id: &str, count: u64) -> (String, Happened) {
        (id.to_owned(), Happened::Failed(count))
    }

    fn cannot_deliver(id: &str, reason: &str) -> (String, Happened) {
        (id.to_owned(), Happened::CannotDeliver(reason.to_owned()))
    }

    #[test]
    fn failures_from_before_are_no_news() {
        let mut told = Told::begin(&[job("a", 7), blocked("b")]);
        assert_eq!(told.at(600, &[job("a", 7), blocked("b")]), []);
        assert_eq!(told.failures.unseen(), 0);
        assert_eq!(told.at(601, &[job("a", 8), blocked("b")]), []);
        assert_eq!(told.at(661, &[job("a", 8), blocked("b")]), [failed("a", 1)]);
    }

    #[test]
    fn a_job_that_is_new_is_told_of_from_its_first_failure() {
        let mut told = Told::begin(&[]);
        assert_eq!(told.at(1, &[job("a", 2)]), []);
        assert_eq!(told.at(61, &[job("a", 2)]), [failed("a", 2)]);
    }

    #[test]
    fn what_is_repaired_within_a_minute_is_not_told() {
        let mut told = Told::begin(&[job("a", 0)]);
        assert_eq!(told.at(1, &[job("a", 3)]), []);
        assert_eq!(told.failures.unseen(), 3);
        assert_eq!(told.at(30, &[job("a", 0)]), []);
        assert_eq!(told.failures.unseen(), 0);
        assert_eq!(told.at(40, &[job("a", 1)]), []);
        assert_eq!(told.at(70, &[job("a", 1)]), [], "its own minute is not over");
        assert_eq!(told.at(100, &[job("a", 1)]), [failed("a", 1)]);
    }

    #[test]
    fn a_job_that_goes_on_failing_is_told_once_until_somebody_looks() {
        let mut told = Told::begin(&[job("a", 0), job("b", 0)]);
        told.at(1, &[job("a", 1), job("b", 0)]);
        assert_eq!(told.at(61, &[job("a", 5), job("b", 1)]), [failed("a", 5)]);
        assert_eq!(told.at(121, &[job("a", 50), job("b", 1)]), [failed("b", 1)]);
        assert_eq!(told.at(3600, &[job("a", 500), job("b", 1)]), []);
        told.seen(3601, &[job("a", 500), job("b", 1)]);
        assert_eq!(told.failures.unseen(), 0);
        assert_eq!(told.at(3602, &[job("a", 501), job("b", 1)]), []);
        assert_eq!(told.at(3662, &[job("a", 501), job("b", 1)]), [failed("a", 1)]);
    }

    #[test]
    fn a_job_that_is_gone_fails_no_more() {
        let mut told = Told::begin(&[job("a", 0)]);
        told.at(1, &[job("a", 1)]);
        told.at(2, &[]);
        assert_eq!(told.failures.unseen(), 0);
    }

    #[test]
    fn a_destination_that_refuses_is_told_at_once_and_once() {
        let mut told = Told::begin(&[job("a", 0)]);
        assert_eq!(told.at(1, &[blocked("a")]), [cannot_deliver("a", "no such user")]);
        assert_eq!(told.at(600, &[blocked("a")]), []);
        told.seen(601, &[blocked("a")]);
        assert_eq!(told.at(602, &[blocked("a")]), []);
        told.at(603, &[job("a", 0)]);
        assert_eq!(told.at(604, &[blocked("a")]), [cannot_deliver("a", "no such user")]);
    }

    #[test]
    fn a_destination_that_is_away_is_told_when_it_stays_away() {
        let mut told = Told::begin(&[job("a", 0)]);
        assert_eq!(told.at(1, &[waiting("a")]), []);
        assert_eq!(told.at(200, &[job("a", 0)]), []);
        assert_eq!(told.at(201, &[waiting("a")]), []);
        assert_eq!(told.at(500, &[waiting("a")]), []);
        assert_eq!(told.at(501, &[waiting("a")]), [cannot_deliver("a", "connection refused")]);
        assert_eq!(told.at(9000, &[waiting("a")]), []);
    }
}
