//! The user's own reverse proxy or tunnel: there is no link to hold, only an address to be tried.

use async_trait::async_trait;
use url::Url;

use super::link::{Ended, Link, Outside, Report};

/// An address that something else forwards from.
#[derive(Debug)]
pub(super) struct OwnUrl {
    pub(super) public: Url,
}

#[async_trait]
impl Link for OwnUrl {
    async fn hold(&mut self, mut outside: Outside) -> Ended {
        // Who does not listen is about to stop.
        let _ = outside.reports.send(Report::Up(self.public.clone())).await;
        loop {
            tokio::select! {
                () = outside.stop.cancelled() => return Ended::Stopped,
                // Nothing to mend here; the supervisor tries the address anew.
                disturbance = outside.disturbances.recv() => if disturbance.is_none() {
                    outside.stop.cancelled().await;
                    return Ended::Stopped;
                },
            }
        }
    }
}
