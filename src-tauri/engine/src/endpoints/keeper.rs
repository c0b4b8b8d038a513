//! The endpoint keeper: passes changes of jobs and of the public URL on to the providers, finishes what a crash or a cut
//! connection left half done, and looks now and then whether the endpoints are still as they should be.
//!
//! It waits until changes have settled, goes on with what somebody's request has left half done, tries again with growing pauses what can pass, and leaves alone what a provider
//! refused until something changes.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::mend::Aligned;
use super::{Endpoints, Pace};
use crate::event::JobId;
use crate::store::Change;

/// A job whose endpoint is to be tried again.
#[derive(Debug, Clone, Copy)]
struct Wait {
    failures: u32,
    due: Instant,
}

/// The pause after so many failures in a row, which are one at least.
fn pause_after(failures: u32, pace: &Pace) -> Duration {
    pace.first_retry.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(pace.longest_retry)
}

/// What a change calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// Nothing of it is the keeper's.
    Nothing,
    /// To look at all endpoints.
    Look,
    /// To try again what was refused too: a key may be another.
    Anew,
}

fn call_of(change: &Result<Change, RecvError>) -> Call {
    match change {
        // What was missed may have been anything, and mostly was events: they come by the thousand.
        Ok(Change::SyncJobs { .. }) | Err(RecvError::Lagged(_)) => Call::Look,
        Ok(Change::Sources) => Call::Anew,
        // Its own changes among them.
        Ok(_) | Err(RecvError::Closed) => Call::Nothing,
    }
}

/// What the keeper remembers between two looks.
#[derive(Debug, Default)]
struct Waiting {
    /// The jobs that are tried again later.
    waits: HashMap<JobId, Wait>,
    /// Whether what was refused is tried again too.
    anew: bool,
}

impl Waiting {
    /// Takes a change to heart: what somebody changed need not wait any longer.
    fn hear(&mut self, change: &Result<Change, RecvError>) -> Call {
        let call = call_of(change);
        if call == Call::Anew {
            self.anew = true;
            self.waits.clear();
        } else if let Ok(Change::SyncJobs { job_id }) = change {
            self.waits.remove(job_id);
        }
        call
    }
}

/// Runs until stopped. What is under way then is cut short; it is finished at the next start.
pub async fn run(endpoints: Endpoints, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = keep(&endpoints) => {}
    }
}

async fn keep(endpoints: &Endpoints) {
    let parts = endpoints.parts();
    let pace = parts.pace;
    let mut changes = parts.store.changes();
    let mut public_url = parts.public_url.clone();
    let mut is_told_of_urls = true;
    let mut waiting = Waiting::default();
    tokio::time::sleep(pace.settle).await;
    let mut next_check = Instant::now();
    loop {
        let anew = std::mem::take(&mut waiting.anew);
        align_all(endpoints, &mut waiting.waits, anew).await;
        if Instant::now() >= next_check {
            look_at_all(endpoints).await;
            next_check = Instant::now() + pace.check_every;
        }
        let due = waiting.waits.values().map(|wait| wait.due).fold(next_check, Instant::min);
        let is_due = tokio::time::sleep_until(due);
        tokio::pin!(is_due);
        loop {
            tokio::select! {
                () = &mut is_due => break,
                told = public_url.changed(), if is_told_of_urls => {
                    // Whoever told of URLs has gone: the last one stays.
                    is_told_of_urls = told.is_ok();
                    if told.is_ok() {
                        waiting.waits.clear();
                        break;
                    }
                }
                () = endpoints.left() => break,
                change = changes.recv() => match waiting.hear(&change) {
                    Call::Nothing if change.is_err() => return,
                    Call::Nothing => {}
                    Call::Look | Call::Anew => break,
                },
            }
        }
        // More of the same often follows at once: somebody edits a job, a tunnel comes and goes.
        tokio::time::sleep(pace.settle).await;
        loop {
            match changes.try_recv() {
                Ok(change) => {
                    waiting.hear(&Ok(change));
                }
                // All is looked at anyway.
                Err(TryRecvError::Lagged(_)) => {}
                Err(_) => break,
            }
        }
        if public_url.has_changed().unwrap_or(false) {
            waiting.waits.clear();
            public_url.mark_unchanged();
        }
    }
}

async fn align_all(endpoints: &Endpoints, waits: &mut HashMap<JobId, Wait>, anew: bool) {
    let rows = match endpoints.store().provider_endpoints().await {
        Ok(rows) => rows,
        Err(error) => {
            tracing::warn!(%error, "the endpoints could not be read");
            return;
        }
    };
    waits.retain(|job, _| rows.iter().any(|row| row.job_id == *job));
    for row in rows {
        let wait = waits.get(&row.job_id).copied();
        if wait.is_some_and(|wait| wait.due > Instant::now()) {
            continue;
        }
        let outcome = endpoints.align(&row.job_id, anew).await;
        if let Err(error) = &outcome {
            tracing::warn!(job = %row.job_id, %error, "an endpoint could not be looked after");
        }
        let later = match &outcome {
            Ok(aligned) => *aligned == Aligned::Later,
            Err(error) => error.is_passing(),
        };
        if later {
            let failures = wait.map_or(0, |wait| wait.failures) + 1;
            let due = Instant::now() + pause_after(failures, &endpoints.parts().pace);
            waits.insert(row.job_id, Wait { failures, due });
        } else {
            waits.remove(&row.job_id);
        }
    }
}

async fn look_at_all(endpoints: &Endpoints) {
    let rows = endpoints.store().provider_endpoints().await.unwrap_or_default();
    for row in rows {
        let job = row.job_id.clone();
        if let Err(error) = endpoints.look_at(row).await {
            tracing::warn!(%job, %error, "the provider could not be asked how the endpoint stands");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let pace = Pace {
            first_retry: Duration::from_secs(15),
            longest_retry: Duration::from_secs(100),
            ..Pace::default()
        };
        let pauses: Vec<u64> = (1..6).map(|failures| pause_after(failures, &pace).as_secs()).collect();
        assert_eq!(pauses, [15, 30, 60, 100, 100]);
        assert_eq!(pause_after(u32::MAX, &pace).as_secs(), 100);
    }

    #[test]
    fn its_own_changes_do_not_wake_it() {
        let job_id = JobId::new("j");
        assert_eq!(call_of(&Ok(Change::Endpoints { job_id: job_id.clone() })), Call::Nothing);
        assert_eq!(call_of(&Ok(Change::Events { job_id: job_id.clone() })), Call::Nothing);
        assert_eq!(call_of(&Ok(Change::SyncJobs { job_id })), Call::Look);
        assert_eq!(call_of(&Ok(Change::Sources)), Call::Anew);
    }

    #[test]
    fn only_what_somebody_changed_ends_a_wait() {
        let (edited, other) = (JobId::new("edited"), JobId::new("other"));
        let wait = Wait { failures: 3, due: Instant::now() };
        let mut waiting = Waiting::default();
        waiting.waits.extend([(edited.clone(), wait), (other.clone(), wait)]);
        assert_eq!(waiting.hear(&Err(RecvError::Lagged(3))), Call::Look);
        assert_eq!((waiting.waits.len(), waiting.anew), (2, false), "a busy hour is no reason to hurry");
        assert_eq!(waiting.hear(&Ok(Change::SyncJobs { job_id: edited })), Call::Look);
        assert_eq!(waiting.waits.keys().collect::<Vec<_>>(), [&other]);
        assert!(!waiting.anew);
        assert_eq!(waiting.hear(&Ok(Change::Sources)), Call::Anew);
        assert!(waiting.waits.is_empty() && waiting.anew);
    }
}
