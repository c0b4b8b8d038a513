//! The steps that read and write in a destination, each for all documents of a batch: confirm, bury, write, look again.
//!
//! Each gives back the plans that it carried out, queues again what another writer changed meanwhile, and tells the result of
//! what ended.
//!
//! Not here: what is to be done ([`super::plan`]) and in which order ([`super::protocol`]).

use bson::RawDocumentBuf;

use crate::event::Version;
use crate::faults::{self, Point};
use crate::sinks::json::{InvalidObject, MAX_DOCUMENT_BYTES};
use crate::sinks::{Context, SinkError};

use super::documents::{Action, Burial, Claim, Documents, Key, Write, Written, composed_len};
use super::metadata;
use super::plan::{Applied, Plan, Results, Step, Tombstone, Work};
use super::state::State;

/// Makes sure of what was read and is not going to be written.
pub(super) async fn confirm<D: Documents>(
    documents: &D,
    plans: Vec<Plan>,
    queue: &mut Vec<Work>,
    results: &mut Results,
) -> Result<Vec<Plan>, SinkError> {
    let (places, claims): (Vec<usize>, Vec<Claim<'_>>) = plans
        .iter()
        .enumerate()
        .filter_map(|(place, plan)| {
            let (buried, revision) = match &plan.step {
                Step::Keep { revision } => (false, revision),
                Step::Remove { tombstone: Tombstone::There { revision }, .. } => (true, revision),
                Step::Remove { .. } | Step::Put { .. } => return None,
            };
            Some((place, Claim { key: &plan.work.key, buried, revision }))
        })
        .unzip();
    if claims.is_empty() {
        return Ok(plans);
    }
    let written = spread(plans.len(), &places, documents.confirm(&claims).await?);
    Ok(sort_out(plans, written, queue, results))
}

/// For each of `count` plans what became of its write, [`Written::Done`] for those without a place among the written.
fn spread(count: usize, places: &[usize], written: Vec<Written>) -> Vec<Written> {
    let mut all = vec![Written::Done; count];
    for (place, written) in places.iter().zip(written) {
        all[*place] = written;
    }
    all
}

/// Writes the tombstones that have to be there before their documents go.
pub(super) async fn bury<D: Documents>(
    documents: &D,
    context: &Context,
    plans: Vec<Plan>,
    queue: &mut Vec<Work>,
    results: &mut Results,
) -> Result<Vec<Plan>, SinkError> {
    let (places, burials): (Vec<usize>, Vec<Burial<'_>>) = plans
        .iter()
        .enumerate()
        .filter_map(|(place, plan)| match &plan.step {
            Step::Remove { tombstone: Tombstone::Missing { expected, metadata }, .. } => {
                let burial = Burial {
                    key: &plan.work.key,
                    expected: expected.clone(),
                    metadata,
                    occurred_at: plan.state.version().at,
                    told: plan.state.is_time_told(),
                    now: context.now,
                };
                Some((place, burial))
            }
            _ => None,
        })
        .unzip();
    if burials.is_empty() {
        return Ok(plans);
    }
    let written = spread(plans.len(), &places, documents.bury(&burials).await?);
    faults::pass(Point::AfterBurial);
    Ok(sort_out(plans, written, queue, results))
}

/// Writes and removes the documents.
pub(super) async fn write<D: Documents>(
    documents: &D,
    plans: Vec<Plan>,
    queue: &mut Vec<Work>,
    results: &mut Results,
) -> Result<Vec<Plan>, SinkError> {
    let mut too_large = Vec::new();
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
                    too_large.push((place, Written::Refused(InvalidObject::TooLarge { bytes }.to_string())));
                    continue;
                }
                Action::Put { expected: expected.clone(), object, metadata }
            }
        };
        places.push(place);
        writes.push(Write { key, action });
    }
    let mut written = vec![Written::Done; plans.len()];
    if !writes.is_empty() {
        written = spread(plans.len(), &places, documents.write(&writes).await?);
        faults::pass(Point::WithinWrites);
    }
    for (place, refused) in too_large {
        written[place] = refused;
    }
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
pub(super) async fn look_again<D: Documents>(
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
