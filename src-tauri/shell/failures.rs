//! Which failures are new, and which of them are worth a notification: a list of pure decisions.
//!
//! Failures from before the app was started are no news. A notification per job and minute is enough: what fails in
//! between is added up and told with the next one.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hookline_engine::commands::status::WorkerJob;
use hookline_engine::event::JobId;
use hookline_engine::worker::DeliveryState;

/// How long a job stays silent after a notification.
const SILENCE: Duration = Duration::from_mins(1);

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
    /// So many events failed since the last notice.
    Failed(u64),
    /// Its destination refuses, for this reason.
    Blocked(String),
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
    blocked: bool,
    /// How many failed since somebody looked.
    unseen: u64,
    /// How many failed since the last notice, unless somebody looked meanwhile.
    untold: u64,
    untold_block: bool,
    last_told: Option<Instant>,
}

impl Failures {
    /// Takes note of how the jobs are. `looking`: the user has the window in front of them. Gives what to tell.
    pub(crate) fn observe(&mut self, jobs: &[WorkerJob], looking: bool, now: Instant) -> Vec<Notice> {
        let first = !std::mem::replace(&mut self.begun, true);
        self.jobs.retain(|id, _| jobs.iter().any(|job| job.job_id == *id));
        let mut notices = Vec::new();
        for job in jobs {
            let known = self.jobs.entry(job.job_id.clone()).or_default();
            let before = if first { job.failed } else { known.failed };
            let new = job.failed.saturating_sub(before);
            known.failed = job.failed;
            // What was repaired need not be looked at any more.
            known.unseen = (known.unseen + new).min(job.failed);
            known.untold = (known.untold + new).min(job.failed);
            let reason = match &job.delivery {
                DeliveryState::Blocked { error, .. } => Some(error),
                _ => None,
            };
            known.untold_block = reason.is_some() && (known.untold_block || (!known.blocked && !first));
            known.blocked = reason.is_some();
            if looking {
                known.looked();
            } else if known.may_tell(now) {
                let what = match reason {
                    Some(reason) if known.untold_block => Some(Happened::Blocked(reason.clone())),
                    _ if known.untold > 0 => Some(Happened::Failed(known.untold)),
                    _ => None,
                };
                if let Some(what) = what {
                    known.told(now);
                    notices.push(Notice { job: job.clone(), what });
                }
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
    fn looked(&mut self) {
        (self.unseen, self.untold, self.untold_block) = (0, 0, false);
    }

    fn may_tell(&self, now: Instant) -> bool {
        self.last_told.is_none_or(|told| now.saturating_duration_since(told) >= SILENCE)
    }

    fn told(&mut self, now: Instant) {
        (self.untold, self.untold_block, self.last_told) = (0, false, Some(now));
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

    fn told(notices: Vec<Notice>) -> Vec<(String, Happened)> {
        notices.into_iter().map(|notice| (notice.job.job_id.to_string(), notice.what)).collect()
    }

    fn failed(id: &str, count: u64) -> (String, Happened) {
        (id.to_owned(), Happened::Failed(count))
    }

    #[test]
    fn failures_from_before_are_no_news() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        assert!(failures.observe(&[job("a", 7), blocked("b")], false, now).is_empty());
        assert_eq!(failures.unseen(), 0);
        assert_eq!(told(failures.observe(&[job("a", 8), blocked("b")], false, now)), [failed("a", 1)]);
    }

    #[test]
    fn a_job_that_is_new_is_told_of_from_its_first_failure() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        failures.observe(&[], false, now);
        assert_eq!(told(failures.observe(&[job("a", 2)], false, now)), [failed("a", 2)]);
    }

    #[test]
    fn failures_within_a_minute_are_told_together() {
        let (mut failures, start) = (Failures::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        failures.observe(&[job("a", 0), job("b", 0)], false, at(0));
        assert_eq!(told(failures.observe(&[job("a", 1), job("b", 0)], false, at(1))), [failed("a", 1)]);
        assert_eq!(told(failures.observe(&[job("a", 5), job("b", 3)], false, at(2))), [failed("b", 3)]);
        assert!(failures.observe(&[job("a", 13), job("b", 3)], false, at(60)).is_empty());
        assert_eq!(told(failures.observe(&[job("a", 13), job("b", 3)], false, at(61))), [failed("a", 12)]);
        assert!(failures.observe(&[job("a", 13), job("b", 3)], false, at(200)).is_empty());
        assert_eq!(failures.unseen(), 16);
    }

    #[test]
    fn who_looks_needs_no_notification() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        failures.observe(&[job("a", 0)], false, now);
        assert!(failures.observe(&[job("a", 3)], true, now).is_empty());
        assert!(failures.observe(&[job("a", 3)], false, now).is_empty());
        assert_eq!(failures.unseen(), 0);
        failures.observe(&[job("a", 4)], false, now);
        assert_eq!(failures.unseen(), 1);
        failures.looked();
        assert_eq!(failures.unseen(), 0);
    }

    #[test]
    fn what_was_repaired_is_no_longer_to_be_looked_at() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        failures.observe(&[job("a", 0)], false, now);
        failures.observe(&[job("a", 3)], false, now);
        failures.observe(&[job("a", 1)], false, now);
        assert_eq!(failures.unseen(), 1);
        failures.observe(&[], false, now);
        assert_eq!(failures.unseen(), 0);
    }

    #[test]
    fn a_destination_that_begins_to_refuse_is_told_once() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        failures.observe(&[job("a", 0)], false, now);
        let told_now = told(failures.observe(&[blocked("a")], false, now));
        assert_eq!(told_now, [("a".to_owned(), Happened::Blocked("no such user".to_owned()))]);
        assert!(failures.observe(&[blocked("a")], false, now + SILENCE).is_empty());
    }
}
