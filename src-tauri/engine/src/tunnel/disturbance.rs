//! Notices that this machine was asleep, and that its addresses changed. Links that died that way are quiet about it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use if_watch::{IfEvent, tokio::IfWatcher};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::link::Disturbance;
use crate::event::{Clock, Timestamp};

/// How often the clock is looked at: a sleep is noticed at most so much after its end.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The clock goes on while a machine sleeps, the runtime's timers do not. A clock that was set looks the same; an
/// unneeded look at the link is all that comes of it.
const JUMP_MS: i64 = 10_000;

/// The watcher begins with the addresses that are there already: these are no news.
const FIRST_LIST: Duration = Duration::from_secs(2);

/// Watches until `stop`, for whoever receives.
pub(super) fn watch(clock: Arc<dyn Clock>, stop: CancellationToken) -> mpsc::Receiver<Disturbance> {
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = look_at_the_clock(&*clock, &sender) => {}
            () = look_at_addresses(&sender) => {}
        }
    });
    receiver
}

async fn look_at_the_clock(clock: &dyn Clock, sender: &mpsc::Sender<Disturbance>) {
    let mut before = clock.now();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = clock.now();
        if was_asleep(before, now) && sender.send(Disturbance::Woke).await.is_err() {
            return;
        }
        before = now;
    }
}

/// Whether more time went by than the runtime's timers know of.
fn was_asleep(before: Timestamp, now: Timestamp) -> bool {
    let expected_ms = i64::try_from(LOOK_EVERY.as_millis()).unwrap_or(i64::MAX);
    now.millis().saturating_sub(before.millis()) > expected_ms.saturating_add(JUMP_MS)
}

/// Ends only when nobody listens any more; where addresses cannot be watched, the clock and the heartbeats remain.
async fn look_at_addresses(sender: &mpsc::Sender<Disturbance>) {
    let mut watcher = match IfWatcher::new() {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::info!(%error, "changes of the network cannot be watched here");
            return std::future::pending().await;
        }
    };
    let started = Instant::now();
    loop {
        let disturbance = match watcher.next().await {
            Some(Ok(IfEvent::Up(net))) => {
                if net.addr().is_loopback() || started.elapsed() < FIRST_LIST {
                    continue;
                }
                Disturbance::AddressNew
            }
            Some(Ok(IfEvent::Down(net))) => Disturbance::AddressGone(net.addr()),
            Some(Err(error)) => {
                tracing::info!(%error, "changes of the network are watched no longer");
                return std::future::pending().await;
            }
            None => return std::future::pending().await,
        };
        if sender.send(disturbance).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_is_told_from_a_late_timer_and_from_a_clock_set_back() {
        let at = Timestamp::from_seconds;
        assert!(!was_asleep(at(100), at(105)));
        assert!(!was_asleep(at(100), at(112)), "a busy machine");
        assert!(!was_asleep(at(100), at(40)));
        assert!(was_asleep(at(100), at(160)));
    }
}
