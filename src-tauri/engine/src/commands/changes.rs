//! What changed, for those who show it: coalesced, so that a burst of events is a few messages.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use serde::Serialize;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::Commands;
use crate::event::JobId;
use crate::store::Change;
use crate::tunnel::TunnelStatus;

/// How long changes are collected for one message: five messages a second at most.
const COLLECT: Duration = Duration::from_millis(200);

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChangedThing {
    /// Anything: everything shown is to be read again. Sent first, and after a reader that lagged missed changes.
    Refresh,
    /// Sources.
    Sources,
    /// Destinations.
    Destinations,
    /// The job `jobId`.
    SyncJobs,
    /// What is known of the endpoint at the provider of the job `jobId`.
    Endpoints,
    /// Events of the job `jobId`.
    Events,
    /// Executions of the job `jobId`.
    Executions,
    /// The tunnel: its state, its address, or what is told of it.
    Tunnel,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Change)]
pub struct ChangeAnswer {
    /// What changed.
    pub what: ChangedThing,
    /// Which job, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job_id: Option<JobId>,
}

impl From<Change> for ChangeAnswer {
    fn from(change: Change) -> Self {
        let (what, job_id) = match change {
            Change::Sources => (ChangedThing::Sources, None),
            Change::Destinations => (ChangedThing::Destinations, None),
            Change::SyncJobs { job_id } => (ChangedThing::SyncJobs, Some(job_id)),
            Change::Endpoints { job_id } => (ChangedThing::Endpoints, Some(job_id)),
            Change::Events { job_id } => (ChangedThing::Events, Some(job_id)),
            Change::Executions { job_id } => (ChangedThing::Executions, Some(job_id)),
        };
        Self { what, job_id }
    }
}

impl Commands {
    /// What changes from now on, as lists. The first list says `refresh`: what was read before may be old. Ends when
    /// the app stops.
    pub fn changes(&self) -> impl Stream<Item = Vec<ChangeAnswer>> + Send + use<> {
        let tunnel = self.parts().tunnel.tunnels.board().watch();
        coalesced(Changes { store: self.store().changes(), tunnel }, self.inner.streams_end.clone())
    }
}

/// Where changes come from.
struct Changes {
    store: broadcast::Receiver<Change>,
    tunnel: watch::Receiver<Arc<TunnelStatus>>,
}

impl Changes {
    /// The next one; the error says that some were missed, or that there will be no more.
    async fn next(&mut self) -> Result<ChangeAnswer, RecvError> {
        tokio::select! {
            change = self.store.recv() => change.map(ChangeAnswer::from),
            changed = self.tunnel.changed() => match changed {
                Ok(()) => Ok(ChangeAnswer { what: ChangedThing::Tunnel, job_id: None }),
                Err(_) => Err(RecvError::Closed),
            },
        }
    }
}

struct Coalescing {
    changes: Changes,
    stop: CancellationToken,
    first: bool,
}

fn coalesced(
    changes: Changes,
    stop: CancellationToken,
) -> impl Stream<Item = Vec<ChangeAnswer>> + Send + 'static {
    futures_util::stream::unfold(Coalescing { changes, stop, first: true }, |mut state| async move {
        if state.first {
            state.first = false;
            return Some((refresh(), state));
        }
        let stop = state.stop.clone();
        let list = tokio::select! {
            () = stop.cancelled() => None,
            list = next_list(&mut state.changes) => list,
        }?;
        Some((list, state))
    })
}

fn refresh() -> Vec<ChangeAnswer> {
    vec![ChangeAnswer { what: ChangedThing::Refresh, job_id: None }]
}

/// Waits for a change and collects what follows it within [`COLLECT`], each once, in the order of first appearance.
async fn next_list(changes: &mut Changes) -> Option<Vec<ChangeAnswer>> {
    let mut list = Vec::new();
    let mut seen = HashSet::new();
    let mut lagged = false;
    match changes.next().await {
        Ok(change) => {
            seen.insert(change.clone());
            list.push(change);
        }
        Err(RecvError::Lagged(_)) => lagged = true,
        Err(RecvError::Closed) => return None,
    }
    let end = tokio::time::sleep(COLLECT);
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => break,
            change = changes.next() => match change {
                Ok(change) => {
                    if seen.insert(change.clone()) {
                        list.push(change);
                    }
                }
                Err(RecvError::Lagged(_)) => lagged = true,
                Err(RecvError::Closed) => break,
            },
        }
    }
    Some(if lagged { refresh() } else { list })
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    fn from(store: broadcast::Receiver<Change>) -> (watch::Sender<Arc<TunnelStatus>>, Changes) {
        let (sender, tunnel) = watch::channel(Arc::default());
        (sender, Changes { store, tunnel })
    }

    fn events(job: &str) -> Change {
        Change::Events { job_id: JobId::new(job) }
    }

    #[tokio::test]
    async fn a_burst_is_one_list_in_which_each_change_stands_once() {
        let (sender, receiver) = broadcast::channel(16);
        let (tunnel, changes) = from(receiver);
        let stream = coalesced(changes, CancellationToken::new());
        tokio::pin!(stream);
        assert_eq!(stream.next().await, Some(refresh()));
        for change in [events("a"), Change::Sources, events("a"), events("b")] {
            sender.send(change).expect("is heard");
        }
        tunnel.send(Arc::default()).expect("is heard");
        let list = stream.next().await.expect("a list");
        let (others, tunnels): (Vec<_>, Vec<_>) =
            list.into_iter().partition(|change| change.what != ChangedThing::Tunnel);
        assert_eq!(tunnels.len(), 1);
        assert_eq!(
            serde_json::to_value(others).expect("JSON"),
            serde_json::json!([
                {"what": "events", "jobId": "a"},
                {"what": "sources"},
                {"what": "events", "jobId": "b"},
            ])
        );
    }

    #[tokio::test]
    async fn a_reader_that_missed_changes_is_told_to_refresh() {
        let (sender, receiver) = broadcast::channel(2);
        let (_tunnel, changes) = from(receiver);
        let stream = coalesced(changes, CancellationToken::new());
        tokio::pin!(stream);
        assert_eq!(stream.next().await, Some(refresh()));
        for _ in 0..10 {
            sender.send(events("a")).expect("is heard");
        }
        assert_eq!(stream.next().await, Some(refresh()));
    }

    #[tokio::test]
    async fn the_stream_ends_when_the_app_stops() {
        let (_sender, receiver) = broadcast::channel::<Change>(2);
        let stop = CancellationToken::new();
        let (_tunnel, changes) = from(receiver);
        let stream = coalesced(changes, stop.clone());
        tokio::pin!(stream);
        assert_eq!(stream.next().await, Some(refresh()));
        stop.cancel();
        assert_eq!(stream.next().await, None);
    }
}
