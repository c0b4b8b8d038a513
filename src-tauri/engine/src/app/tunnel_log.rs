//! Writes down what becomes of the tunnel: its timeline, and what went through it this month.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::commands::tunnel::month_of;
use crate::event::Clock;
use crate::store::tunnel_log::{TunnelChange, TunnelUsage};
use crate::store::{Store, StoreError};
use crate::tunnel::usage::Amounts;
use crate::tunnel::{Board, TunnelKind, TunnelMoment, TunnelState};

/// How long counted requests may wait to be written down: a crash loses the count of so long, and of nothing else.
const COUNT_EVERY: Duration = Duration::from_secs(30);

/// How many changes of an earlier run are shown.
const REMEMBERED: u32 = 50;

/// Only ngrok's plans have limits, and only its requests can be told from those of this machine.
const COUNTED: TunnelKind = TunnelKind::Ngrok;

/// What was written down by earlier runs, put back on the board. Gives the newest moment of it.
pub(super) async fn remember(
    store: &Store,
    board: &Board,
    clock: &dyn Clock,
) -> Result<Option<TunnelMoment>, StoreError> {
    let changes = store.tunnel_changes(REMEMBERED).await?;
    board.remember(changes.into_iter().filter_map(moment).collect());
    let month = month_of(clock.now());
    let usage = store.tunnel_usage(month.clone(), COUNTED.as_str()).await?;
    board.set_month(month, amounts(usage));
    Ok(board.status().history.back().cloned())
}

/// Writes until stopped, and then once more. `written` is the newest moment that is written down already.
pub(super) async fn run(
    store: Store,
    board: Board,
    clock: Arc<dyn Clock>,
    mut written: Option<TunnelMoment>,
    stop: CancellationToken,
) {
    let mut status = board.watch();
    status.mark_changed();
    let count = async {
        loop {
            board.meter().changed().await;
            tokio::time::sleep(COUNT_EVERY).await;
            write_usage(&store, &board, &*clock).await;
        }
    };
    tokio::pin!(count);
    loop {
        let stopping = tokio::select! {
            () = stop.cancelled() => true,
            () = &mut count => false,
            changed = status.changed() => changed.is_err(),
        };
        let history = status.borrow_and_update().history.clone();
        write_history(&store, &history, &mut written).await;
        if stopping {
            write_usage(&store, &board, &*clock).await;
            return;
        }
    }
}

async fn write_usage(store: &Store, board: &Board, clock: &dyn Clock) {
    let more = board.meter().take();
    if !more.any() {
        return;
    }
    let usage = TunnelUsage { requests: more.requests, bytes_in: more.bytes_in, bytes_out: more.bytes_out };
    let month = month_of(clock.now());
    match store.add_tunnel_usage(month.clone(), COUNTED.as_str(), usage).await {
        Ok(sum) => board.set_month(month, amounts(sum)),
        Err(error) => {
            board.meter().give_back(more);
            tracing::debug!(%error, "what went through the tunnel could not be written down");
        }
    }
}

async fn write_history(
    store: &Store,
    history: &std::collections::VecDeque<TunnelMoment>,
    written: &mut Option<TunnelMoment>,
) {
    let new: Vec<_> =
        history.iter().rev().take_while(|moment| Some(*moment) != written.as_ref()).cloned().collect();
    let Some(newest) = new.first().cloned() else { return };
    let changes = new
        .into_iter()
        .rev()
        .map(|moment| TunnelChange {
            at: moment.at,
            kind: moment.kind.as_str().to_owned(),
            state: moment.state.as_str().to_owned(),
            reason: moment.reason,
        })
        .collect();
    match store.add_tunnel_changes(changes).await {
        Ok(()) => *written = Some(newest),
        Err(error) => tracing::debug!(%error, "a change of the tunnel could not be written down"),
    }
}

fn amounts(usage: TunnelUsage) -> Amounts {
    Amounts { requests: usage.requests, bytes_in: usage.bytes_in, bytes_out: usage.bytes_out }
}

/// `None` for what another version wrote.
fn moment(change: TunnelChange) -> Option<TunnelMoment> {
    let kind = TunnelKind::ALL.into_iter().find(|kind| kind.as_str() == change.kind)?;
    let state = TunnelState::ALL.into_iter().find(|state| state.as_str() == change.state)?;
    Some(TunnelMoment { at: change.at, kind, state, reason: change.reason })
}
