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

/// Between two steps the writer belongs to the receiver.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

/// Under which name the store keeps what the clock has shown.
const HELD_TIME: &str = "held-time";

/// Runs until stopped.
pub(super) async fn run(store: Store, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut pause = FIRST_AFTER;
    // A timer that does not go on while the machine sleeps, which is as it should be: nothing ran then.
    let mut noted_at = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(faults::hasten(pause)) => {}
        }
        pause = EVERY;
        let ran = noted_at.elapsed();
        noted_at += ran;
        let believed = match note(&store, ran, clock.now()).await {
            Ok(Some(believed)) => believed,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(%error, "the time could not be noted; cleaning up is tried again later");
                continue;
            }
        };
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
