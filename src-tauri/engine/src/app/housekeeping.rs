//! What has to be done now and then: cleaning up events older than their retention.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::event::Clock;
use crate::store::Store;

/// The first time soon after the start, but not while everything else starts.
const FIRST_AFTER: Duration = Duration::from_mins(1);

/// Retention is counted in days; an hour is exact enough.
const EVERY: Duration = Duration::from_hours(1);

/// Between two steps the writer belongs to the receiver.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

/// Runs until stopped.
pub(super) async fn run(store: Store, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut pause = FIRST_AFTER;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = EVERY;
        let mut removed = 0;
        loop {
            match store.clean_up_step(clock.now()).await {
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
