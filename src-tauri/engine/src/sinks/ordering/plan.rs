//! What is to be done for each document: what is stored is read and merged with the changes, and that decides the step.
//!
//! Test and live mode never overwrite each other: the mode that finds a document's `_id` taken by the other uses `test/<id>`
//! or `live/<id>`.
//!
//! Not here: how the steps are taken ([`super::steps`]).

use bson::RawDocumentBuf;

use crate::event::DeletePolicy;
use crate::sinks::{Context, SinkError};

use super::documents::{Documents, Expected, Key, Stored};
use super::metadata;
use super::state::{Change, State, Verdict};

/// What became of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Applied {
    Done,
    Stale { winner: String },
    Retry(String),
    Reject(String),
}

/// What is left to be done for one document.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) key: Key,
    /// Whether the key is the `test/…` or `live/…` one already.
    pub(super) redirected: bool,
    /// In the order of receipt, with their places in the batch.
    pub(super) changes: Vec<(usize, Change)>,
    /// How often another writer was faster.
    pub(super) conflicts: u32,
}

/// What is to be written for one document.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) work: Work,
    pub(super) applied: Vec<Applied>,
    /// The state after the changes.
    pub(super) state: State,
    pub(super) step: Step,
}

#[derive(Debug)]
pub(super) enum Step {
    /// The document is the state already, in this revision.
    Keep { revision: String },
    /// The document becomes the state.
    Put { expected: Expected, metadata: RawDocumentBuf },
    /// The document goes, if there is one (of this revision).
    Remove { tombstone: Tombstone, revision: Option<String> },
}

/// The tombstone of a document that goes.
#[derive(Debug)]
pub(super) enum Tombstone {
    /// It holds the state already, in this revision.
    There { revision: String },
    /// It has to be written before.
    Missing { expected: Expected, metadata: RawDocumentBuf },
}

pub(super) type Results = Vec<(usize, Applied)>;

/// Reads what is stored and decides what to write.
pub(super) async fn plan_all<D: Documents>(
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
