//! What has to be done now and then: cleaning up events older than their retention, by a time that has held
//! ([`super::held_time`]).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::held_time::{HOLD, HeldTime};
use crate::event::{Clock, Timestamp};
use crate::faults;
use crate::store::{Store, StoreError};

/// The first time soon after the start, but not while everything else starts.
const FIRST_AFTER: Duration = Duration::from_mins(1);

/// Retention is counted in days; an hour is exact enough.
const EVERY: Duration = Duration::from_hours(1);

/// How often it is written down how long Hookline ran; at a stop too.
const NOTED_EVERY: Duration = Duration::from_mins(10);

/// Between two steps the writer belongs to the receiver.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

/// Under which name the store keeps what the clock has shown.
const HELD_TIME: &str = "held-time";

/// Runs until stopped.
pub(super) async fn run(store: Store, clock: Arc<dyn Clock>, stop: CancellationToken) {
    // Timers that do not go on while the machine sleeps, which is as it should be: nothing ran then.
    let mut last_noted = Instant::now();
    let mut next_cleanup = last_noted + faults::hasten(FIRST_AFTER);
    loop {
        let next_noting = last_noted + faults::hasten(NOTED_EVERY);
        let stopping = tokio::select! {
            () = stop.cancelled() => true,
            () = tokio::time::sleep_until(next_cleanup.min(next_noting)) => false,
        };
        let ran = last_noted.elapsed();
        last_noted += ran;
        let believed = match note(&store, ran, clock.now()).await {
            Ok(believed) => believed,
            Err(error) => {
                tracing::warn!(%error, "the time could not be noted; cleaning up is tried again later");
                None
            }
        };
        if stopping {
            return;
        }
        if last_noted < next_cleanup {
            continue;
        }
        next_cleanup = last_noted + faults::hasten(EVERY);
        let Some(believed) = believed else { continue };
        let mut removed = 0;
        loop {
            match store.clean_up_step(believed).await {
                Ok(0) => break,
                Ok(rows) => removed += rows,
                Err(error) => {
                    tracing::warn!(%error, "cleaning up failed and is tried again later");
                    break;
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(BETWEEN_STEPS) => {}
            }
        }
        if removed > 0 {
            tracing::info!(removed, "old events were cleaned up");
        }
    }
}

/// Writes down what the clock shows, and tells the time that has held. Believed is only what is written down.
async fn note(store: &Store, ran: Duration, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let mut held: HeldTime = store.app_setting(HELD_TIME).await?.unwrap_or_default();
    let believed = held.note(ran, now, faults::hasten(HOLD));
    store.put_app_setting(HELD_TIME, &held, now).await?;
    Ok(believed)
}
