//! The write protocol: read, merge, compare and swap; on a conflict read again. Once, for every destination of documents.
//!
//! Invariants:
//! - A document is written only if it still is what was read; otherwise it is read and merged again.
//! - A deletion writes its tombstone first and removes the document then. A writer looks for a tombstone, writes, and
//!   looks again. Whatever the interleaving, one of the two sees the other.
//! - What needs no write, because it is stored already, is confirmed: still there, and to stay.
//! - One write per document and batch; outcomes are told as if the events had been applied one by one in the order of receipt.
//!
//! Not here: what the state of a document is ([`super::state`]), what is to be done for it ([`super::plan`]), the single steps
//! ([`super::steps`]) and how it is stored ([`super::documents`]).

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use rand::RngExt as _;

use crate::sinks::archive::Archive;
use crate::sinks::{Browse, Context, Delivery, Outcome, Sink, SinkError};

use super::documents::Documents;
use super::plan::{Applied, Results, Work, plan_all};
use super::prepare::{self, Group};
use super::steps;

/// So often a document is read again because another writer was faster, before its events wait for their next attempt.
const MAX_ROUNDS: u32 = 12;

/// A sink that keeps the order in a destination of documents.
#[derive(Debug)]
pub(in crate::sinks) struct Synced<D>(pub(in crate::sinks) D);

#[async_trait]
impl<D: Documents> Sink for Synced<D> {
    fn wants_operations(&self) -> bool {
        true
    }

    async fn apply(&self, context: &Context, deliveries: &[Delivery]) -> Result<Vec<Outcome>, SinkError> {
        let groups = prepare::group(deliveries);
        let lanes = self.0.lanes(groups.len()).max(1);
        let per_lane = groups.len().div_ceil(lanes).max(1);
        let mut lanes = Vec::with_capacity(lanes);
        let mut groups = groups.into_iter();
        loop {
            let lane: Vec<Group<'_>> = groups.by_ref().take(per_lane).collect();
            if lane.is_empty() {
                break;
            }
            lanes.push(apply_groups(&self.0, context, lane));
        }
        let mut results: Vec<Option<Applied>> = Vec::new();
        results.resize(deliveries.iter().map(|delivery| delivery.operations.len()).sum(), None);
        for (slot, result) in try_join_all(lanes).await?.into_iter().flatten() {
            results[slot] = Some(result);
        }
        let mut results = results.into_iter();
        Ok(deliveries
            .iter()
            .map(|delivery| {
                let untold = || Applied::Retry("the destination told nothing of this change".to_owned());
                let results = results.by_ref().take(delivery.operations.len());
                outcome(results.map(|result| result.unwrap_or_else(untold)))
            })
            .collect())
    }

    async fn check(&self) -> Result<String, SinkError> {
        self.0.check().await
    }

    fn browse(&self) -> Option<&dyn Browse> {
        Some(self.0.browse())
    }

    fn archive(&self) -> Option<&dyn Archive> {
        self.0.archive()
    }
}

/// The outcome of a delivery with these operations: the one that wants most attention.
fn outcome(operations: impl Iterator<Item = Applied>) -> Outcome {
    let mut stale = None;
    let mut done = false;
    let mut retry = None;
    for operation in operations {
        match operation {
            Applied::Reject(error) => return Outcome::Reject { error, answer: None },
            Applied::Retry(error) => retry = Some(error),
            Applied::Done => done = true,
            Applied::Stale { winner } => stale = Some(winner),
        }
    }
    match (retry, done, stale) {
        (Some(error), ..) => Outcome::Retry { error, after_ms: None, answer: None },
        (None, false, Some(winner)) => Outcome::Stale { winner },
        _ => Outcome::Completed { answer: None },
    }
}

async fn apply_groups<D: Documents>(
    documents: &D,
    context: &Context,
    groups: Vec<Group<'_>>,
) -> Result<Results, SinkError> {
    let mut results = Results::new();
    let mut queue = read_objects(context, groups, &mut results).await;
    while !queue.is_empty() {
        let conflicts = queue.iter().map(|work| work.conflicts).max().unwrap_or_default();
        if conflicts > 0 {
            let longest = 5_u64 << conflicts.min(6);
            let pause = rand::rng().random_range(0..=longest);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        let plans = plan_all(documents, context, std::mem::take(&mut queue)).await?;
        let plans = steps::confirm(documents, plans, &mut queue, &mut results).await?;
        let plans = steps::bury(documents, context, plans, &mut queue, &mut results).await?;
        let plans = steps::write(documents, plans, &mut queue, &mut results).await?;
        let plans = steps::look_again(documents, plans, &mut queue).await?;
        for plan in plans {
            results.extend(plan.work.changes.into_iter().map(|(slot, _)| slot).zip(plan.applied));
        }
        for work in queue.extract_if(.., |work| work.conflicts >= MAX_ROUNDS) {
            let error = format!("other writers kept changing the document `{}`", work.key.tombstone_id());
            results.extend(work.changes.into_iter().map(|(slot, _)| (slot, Applied::Retry(error.clone()))));
        }
    }
    Ok(results)
}

/// Reads the objects of all operations; what cannot be read is rejected and the rest goes on.
async fn read_objects(context: &Context, groups: Vec<Group<'_>>, results: &mut Results) -> Vec<Work> {
    /// After so many operations other tasks get their turn: reading takes some 10 µs each.
    const STRIDE: usize = 32;

    let mut queue = Vec::with_capacity(groups.len());
    let mut read = 0;
    for group in groups {
        let mut changes = Vec::with_capacity(group.operations.len());
        let refused = prepare::refuse_name(&group.key);
        for pending in &group.operations {
            let change = match &refused {
                Some(reason) => Err(reason.clone()),
                None => prepare::change(context, pending).map_err(|error| error.to_string()),
            };
            match change {
                Ok(change) => changes.push((pending.slot, change)),
                Err(reason) => results.push((pending.slot, Applied::Reject(reason))),
            }
            read += 1;
            if read % STRIDE == 0 {
                tokio::task::yield_now().await;
            }
        }
        if !changes.is_empty() {
            queue.push(Work { key: group.key, redirected: false, changes, conflicts: 0 });
        }
    }
    queue
}
