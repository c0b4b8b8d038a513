//! The write protocol: read, merge, compare and swap; on a conflict read again. Once, for every destination of documents.
//!
//! Invariants:
//! - A document is written only if it still is what was read; otherwise it is read and merged again.
//! - A deletion writes its tombstone first and removes the document then. A writer looks for a tombstone, writes, and
//!   looks again. Whatever the interleaving, one of the two sees the other.
//! - What needs no write, because it is stored already, is confirmed: still there, and to stay.
//! - One write per document and batch; outcomes are told as if the events had been applied one by one in the order of receipt.
//! - Test and live mode never overwrite each other: the mode that finds a document's `_id` taken by the other uses
//!   `test/<id>` or `live/<id>`.
//!
//! Not here: what the state of a document is ([`super::state`]) and how it is stored ([`super::documents`]).

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use bson::RawDocumentBuf;
use futures_util::future::try_join_all;
use rand::RngExt as _;

use crate::event::{DeletePolicy, Version};
use crate::faults::{self, Point};
use crate::sinks::archive::Archive;
use crate::sinks::json::{InvalidObject, MAX_DOCUMENT_BYTES};
use crate::sinks::{Browse, Context, Delivery, Outcome, Sink, SinkError};

use super::documents::{
    Action, Burial, Claim, Documents, Expected, Key, Stored, Write, Written, composed_len,
};
use super::metadata;
use super::prepare::{self, Group};
use super::state::{Change, State, Verdict};

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

/// What became of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Applied {
    Done,
    Stale { winner: String },
    Retry(String),
    Reject(String),
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

/// What is left to be done for one document.
#[derive(Debug)]
struct Work {
    key: Key,
    /// Whether the key is the `test/…` or `live/…` one already.
    redirected: bool,
    /// In the order of receipt, with their places in the batch.
    changes: Vec<(usize, Change)>,
    /// How often another writer was faster.
    conflicts: u32,
}

/// What is to be written for one document.
#[derive(Debug)]
struct Plan {
    work: Work,
    applied: Vec<Applied>,
    /// The state after the changes.
    state: State,
    step: Step,
}

#[derive(Debug)]
enum Step {
    /// The document is the state already, in this revision.
    Keep { revision: String },
    /// The document becomes the state.
    Put { expected: Expected, metadata: RawDocumentBuf },
    /// The document goes, if there is one (of this revision).
    Remove { tombstone: Tombstone, revision: Option<String> },
}

/// The tombstone of a document that goes.
#[derive(Debug)]
enum Tombstone {
    /// It holds the state already, in this revision.
    There { revision: String },
    /// It has to be written before.
    Missing { expected: Expected, metadata: RawDocumentBuf },
}

type Results = Vec<(usize, Applied)>;

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
        let plans = confirm(documents, plans, &mut queue, &mut results).await?;
        let plans = bury(documents, context, plans, &mut queue, &mut results).await?;
        let plans = write(documents, plans, &mut queue, &mut results).await?;
        let plans = look_again(documents, plans, &mut queue).await?;
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

/// Reads what is stored and decides what to write.
async fn plan_all<D: Documents>(
    documents: &D,
    context: &Context,
    mut queue: Vec<Work>,
) -> Result<Vec<Plan>, SinkError> {
    let mut plans = Vec::with_capacity(queue.len());
    // A second pass is for what the first one moved to the other mode's key.
    while !queue.is_empty() {
        let keys: Vec<&Key> = queue.iter().map(|work| &work.key).collect();
        let mut stored: Vec<Found> =
            documents.read(&keys, false).await?.into_iter().map(Found::new).collect();
        let wanting: Vec<usize> =
            (0..queue.len()).filter(|&at| stored[at].wants_object(&queue[at])).collect();
        if !wanting.is_empty() {
            let keys: Vec<&Key> = wanting.iter().map(|&at| &queue[at].key).collect();
            for (at, whole) in wanting.into_iter().zip(documents.read(&keys, true).await?) {
                stored[at] = Found::new(whole);
            }
        }
        let mut moved: Vec<Work> = Vec::new();
        for (mut work, found) in queue.into_iter().zip(stored) {
            if !work.redirected {
                moved.extend(move_other_mode(&mut work, &found));
            }
            if !work.changes.is_empty() {
                plans.push(plan(context, work, found));
            }
        }
        queue = moved;
    }
    Ok(plans)
}

/// What was found under a key.
#[derive(Debug)]
struct Found {
    /// What a write has to expect.
    expected: Expected,
    document: Option<State>,
    tombstone: Option<State>,
    tombstone_revision: Option<String>,
}

impl Found {
    fn new(stored: Stored) -> Self {
        let Stored { document, tombstone } = stored;
        let revision = |metadata: &RawDocumentBuf| metadata::revision(metadata).map(str::to_owned);
        let tombstone_revision = tombstone.as_ref().and_then(revision);
        let tombstone = tombstone.and_then(|metadata| metadata::decode(&metadata, None));
        let Some(document) = document else {
            return Self { expected: Expected::Absent, document: None, tombstone, tombstone_revision };
        };
        let expected =
            document.metadata.as_ref().and_then(revision).map_or(Expected::Unmarked, Expected::Revision);
        let object = document.object;
        let document = document.metadata.and_then(|metadata| metadata::decode(&metadata, object));
        // A tombstone of the other mode, written in the same instant, tells nothing of this document.
        let mode = |state: &State| state.head().origin.livemode;
        let tombstone = tombstone.filter(|tombstone| {
            document.as_ref().and_then(mode).zip(mode(tombstone)).is_none_or(|(ours, theirs)| ours == theirs)
        });
        Self { expected, document, tombstone, tombstone_revision }
    }

    fn states(&self) -> impl Iterator<Item = &State> {
        self.document.iter().chain(&self.tombstone)
    }

    /// Whether the document's object is needed to merge these changes.
    fn wants_object(&self, work: &Work) -> bool {
        self.document.as_ref().is_some_and(|state| {
            work.changes.iter().any(|(_, change)| state.wants_object(change.version, &change.member.key))
                || self.tombstone.as_ref().is_some_and(|tombstone| {
                    tombstone.members().any(|member| state.wants_object(tombstone.version(), &member.key))
                })
        })
    }

    /// The mode that the key belongs to.
    fn mode(&self) -> Option<bool> {
        self.states().find_map(|state| state.head().origin.livemode)
    }
}

/// Takes the changes that belong to another mode than the stored document out, as work on their own key.
fn move_other_mode(work: &mut Work, found: &Found) -> Option<Work> {
    let mode_of = |(_, change): &(usize, Change)| change.member.origin.livemode;
    let mode = found.mode().or_else(|| work.changes.iter().find_map(mode_of))?;
    let other = |change: &(usize, Change)| mode_of(change).is_some_and(|own| own != mode);
    if !work.changes.iter().any(other) {
        return None;
    }
    let (moved, stays) = std::mem::take(&mut work.changes).into_iter().partition(other);
    work.changes = stays;
    let prefix = if mode { "test" } else { "live" };
    let key = Key { collection: work.key.collection.clone(), id: format!("{prefix}/{}", work.key.id) };
    Some(Work { key, redirected: true, changes: moved, conflicts: work.conflicts })
}

fn plan(context: &Context, work: Work, found: Found) -> Plan {
    let Found { expected, document, tombstone, tombstone_revision } = found;
    let document_version = document.as_ref().map(State::version);
    let stored_revision = match &expected {
        Expected::Revision(revision) => Some(revision.clone()),
        _ => None,
    };
    let buried = tombstone.as_ref().map(State::revision);
    let mut state = match (document, tombstone) {
        (Some(document), Some(tombstone)) => Some(document.union(tombstone)),
        (state, None) | (None, state) => state,
    };
    let mut applied = Vec::with_capacity(work.changes.len());
    for (_, change) in &work.changes {
        applied.push(match &mut state {
            Some(state) => match state.absorb(change) {
                Verdict::Applied => Applied::Done,
                Verdict::Stale { winner } => Applied::Stale { winner },
            },
            none => {
                *none = Some(State::of(change.clone()));
                Applied::Done
            }
        });
    }
    let Some(state) = state else {
        unreachable!("there is at least one change, and after it there is a state");
    };
    let revision = state.revision();
    let is_document =
        stored_revision.as_ref() == Some(&revision) && document_version == Some(state.version());
    let is_buried = buried.as_ref() == Some(&revision);
    let step = if is_document && !(is_buried && state.is_deleted() && context.deletes == DeletePolicy::Hard) {
        Step::Keep { revision }
    } else if is_buried && state.is_deleted() {
        // Somebody may have been stopped between the tombstone and the removal. Where no document was seen, its removal may
        // still be undone by a change of the primary, so that too is said once more.
        Step::Remove { tombstone: Tombstone::There { revision }, revision: stored_revision }
    } else if state.is_deleted() && context.deletes == DeletePolicy::Hard {
        let metadata = metadata::encode(&state.clone().without_head_object(), context.now);
        let expected = tombstone_revision.map_or(Expected::Absent, Expected::Revision);
        Step::Remove { tombstone: Tombstone::Missing { expected, metadata }, revision: stored_revision }
    } else {
        let metadata = metadata::encode(&state, context.now);
        Step::Put { expected, metadata }
    };
    Plan { work, applied, state, step }
}

/// Makes sure of what was read and is not going to be written.
async fn confirm<D: Documents>(
    documents: &D,
    plans: Vec<Plan>,
    queue: &mut Vec<Work>,
    results: &mut Results,
) -> Result<Vec<Plan>, SinkError> {
    let claims = plans.iter().map(|plan| {
        let (buried, revision) = match &plan.step {
            Step::Keep { revision } => (false, revision),
            Step::Remove { tombstone: Tombstone::There { revision }, .. } => (true, revision),
            Step::Remove { .. } | Step::Put { .. } => return None,
        };
        Some(Claim { key: &plan.work.key, buried, revision })
    });
    let claims: Vec<Option<Claim<'_>>> = claims.collect();
    let wanted: Vec<bool> = claims.iter().map(Option::is_some).collect();
    let claims: Vec<Claim<'_>> = claims.into_iter().flatten().collect();
    if claims.is_empty() {
        return Ok(plans);
    }
    let written = spread(&wanted, documents.confirm(&claims).await?);
    Ok(sort_out(plans, written, queue, results))
}

/// For each plan what became of its write, [`Written::Done`] for those that wanted none.
fn spread(wanted: &[bool], written: Vec<Written>) -> Vec<Written> {
    let mut written = written.into_iter();
    wanted.iter().map(|wanted| if *wanted { written.next() } else { None }.unwrap_or(Written::Done)).collect()
}

/// Writes the tombstones that have to be there before their documents go.
async fn bury<D: Documents>(
    documents: &D,
    context: &Context,
    plans: Vec<Plan>,
    queue: &mut Vec<Work>,
    results: &mut Results,
) -> Result<Vec<Plan>, SinkError> {
    let burials: Vec<Option<Burial<'_>>> = plans
        .iter()
        .map(|plan| match &plan.step {
            Step::Remove { tombstone: Tombstone::Missing { expected, metadata }, .. } => Some(Burial {
                key: &plan.work.key,
                expected: expected.clone(),
                metadata,
                occurred_at: plan.state.version().at,
                now: context.now,
            }),
            _ => None,
        })
        .collect();
    let wanted: Vec<bool> = burials.iter().map(Option::is_some).collect();
    let burials: Vec<Burial<'_>> = burials.into_iter().flatten().collect();
    if burials.is_empty() {
        return Ok(plans);
    }
    let written = spread(&wanted, documents.bury(&burials).await?);
    faults::pass(Point::AfterBurial);
    Ok(sort_out(plans, written, queue, results))
}

/// Writes and removes the documents.
async fn write<D: Documents>(
    documents: &D,
    plans: Vec<Plan>,
    queue: &mut Vec<Work>,
    results: &mut Results,
) -> Result<Vec<Plan>, SinkError> {
    let mut outcomes: HashMap<usize, Written> = HashMap::new();
    let mut places = Vec::with_capacity(plans.len());
    let mut writes = Vec::with_capacity(plans.len());
    for (place, plan) in plans.iter().enumerate() {
        let key = &plan.work.key;
        let action = match &plan.step {
            Step::Keep { .. } => continue,
            Step::Remove { revision, .. } => Action::Remove {
                below: plan.state.version(),
                revision: revision.as_deref(),
                livemode: plan.state.head().origin.livemode,
            },
            Step::Put { expected, metadata } => {
                let object = plan.state.head().object.as_ref();
                let bytes = composed_len(&key.id, object, metadata);
                if bytes > MAX_DOCUMENT_BYTES {
                    outcomes.insert(place, Written::Refused(InvalidObject::TooLarge { bytes }.to_string()));
                    continue;
                }
                Action::Put { expected: expected.clone(), object, metadata }
            }
        };
        places.push(place);
        writes.push(Write { key, action });
    }
    if !writes.is_empty() {
        outcomes.extend(places.into_iter().zip(documents.write(&writes).await?));
        faults::pass(Point::WithinWrites);
    }
    drop(writes);
    let written = (0..plans.len()).map(|place| outcomes.remove(&place).unwrap_or(Written::Done)).collect();
    Ok(sort_out(plans, written, queue, results))
}

/// Keeps the plans that were carried out. Those with a conflict are queued again; of a document that was refused, the
/// event whose object it was is rejected and the others are queued again.
fn sort_out(
    plans: Vec<Plan>,
    written: Vec<Written>,
    queue: &mut Vec<Work>,
    results: &mut Results,
) -> Vec<Plan> {
    let mut kept = Vec::with_capacity(plans.len());
    for (plan, written) in plans.into_iter().zip(written) {
        match written {
            Written::Done => kept.push(plan),
            Written::Conflict => queue.push(outrun(plan.work)),
            Written::Failed(error) => {
                let slots = plan.work.changes.into_iter().map(|(slot, _)| slot);
                results.extend(slots.map(|slot| (slot, Applied::Retry(error.clone()))));
            }
            Written::Refused(error) => {
                let refused = refused_slot(&plan);
                results.extend(refused.map(|slot| (slot, Applied::Reject(error))));
                let mut work = plan.work;
                work.changes.retain(|(slot, _)| Some(*slot) != refused);
                if !work.changes.is_empty() {
                    queue.push(work);
                }
            }
        }
    }
    kept
}

/// The work once more, after another writer was faster.
fn outrun(mut work: Work) -> Work {
    work.conflicts += 1;
    work
}

/// Which operation made the document what was refused.
fn refused_slot(plan: &Plan) -> Option<usize> {
    let head = &plan.state.head().key;
    plan.work
        .changes
        .iter()
        .find(|(_, change)| change.member.key == *head && change.version == plan.state.version())
        .or(plan.work.changes.last())
        .map(|(slot, _)| *slot)
}

/// Looks for tombstones that appeared while documents were written, and queues those documents again.
async fn look_again<D: Documents>(
    documents: &D,
    plans: Vec<Plan>,
    queue: &mut Vec<Work>,
) -> Result<Vec<Plan>, SinkError> {
    let is_put = |plan: &Plan| matches!(plan.step, Step::Put { .. }) && !plan.state.is_deleted();
    let keys: Vec<&Key> = plans.iter().filter(|plan| is_put(plan)).map(|plan| &plan.work.key).collect();
    if keys.is_empty() {
        return Ok(plans);
    }
    let mut tombstones = documents.tombstones(&keys).await?.into_iter();
    let mut kept = Vec::with_capacity(plans.len());
    for plan in plans {
        let tombstone = if is_put(&plan) { tombstones.next().flatten() } else { None };
        if tombstone.is_some_and(|tombstone| is_news(&plan.state, &tombstone)) {
            queue.push(outrun(plan.work));
        } else {
            kept.push(plan);
        }
    }
    Ok(kept)
}

/// Whether the tombstone tells something that this state does not know and that would change it.
fn is_news(state: &State, tombstone: &RawDocumentBuf) -> bool {
    let Some(summary) = metadata::summary(tombstone) else { return false };
    let version: Version = summary.version;
    let same_mode = match (summary.livemode, state.head().origin.livemode) {
        (Some(theirs), Some(ours)) => theirs == ours,
        _ => true,
    };
    let known = version == state.version() && state.members().any(|member| member.key == summary.event_id);
    same_mode && version >= state.version() && !known
}
