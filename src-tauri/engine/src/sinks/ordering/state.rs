//! The state of a document as a pure function of the set of events seen for it.
//!
//! Invariants:
//! - Of two versions the higher one is the state; the events of the lower one are forgotten.
//! - Events of one version are all remembered, and the last of their states is the document's ([`super::graph`]). Where
//!   they do not tell which one is the last, the smallest event id among the candidates decides and the state is `ambiguous`.
//! - Hence any order, any repetition and any division among writers ends in the same state. The one exception is
//!   named at [`MAX_TIE_MEMBERS`].
//!
//! Not here: where the state is kept, and how it gets there.

use std::collections::BTreeMap;

use crate::event::{OperationKind, Timestamp, Version};
use crate::sinks::json::Object;

use super::fingerprint::Fingerprint;
use super::graph;

/// Up to so many events of one version the objects of all are kept, so that a late one can still make any of them the
/// last. Beyond it, only the objects of those that can be the last are kept; a trail that closes after that may end in
/// another of its states than with another order of arrival.
pub(super) const MAX_TIE_MEMBERS: usize = 64;
/// The same for the bytes of these objects.
pub(super) const MAX_TIE_BYTES: usize = 1024 * 1024;

/// What is told of an event beside what it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// The event's type.
    pub(super) event_type: String,
    /// The job through which it came.
    pub(super) job_id: String,
    /// The source's kind.
    pub(super) source: String,
    /// When it was received.
    pub(super) received_at: Timestamp,
    /// Live or test mode.
    pub(super) livemode: Option<bool>,
    /// The connected account.
    pub(super) account: Option<String>,
    /// The version of the provider's API.
    pub(super) api_version: Option<String>,
}

/// One event of the state's version.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    /// The provider's id of the event; `#1` and so on where it changes one document several times.
    pub(super) key: String,
    /// What is told of it.
    pub(super) origin: Origin,
    /// Upsert or delete.
    pub(super) kind: OperationKind,
    /// The state before it, where it tells it.
    pub(super) before: Option<Fingerprint>,
    /// Its own state: computed when a second event of the version appears.
    pub(super) after: Option<Fingerprint>,
    /// Its object: `None` where it has none, and where it is not needed or not at hand.
    pub(super) object: Option<Object>,
}

impl Member {
    fn settle_after(&mut self) -> Fingerprint {
        let after = self.after.unwrap_or_else(|| match (self.kind, &self.object) {
            (OperationKind::Delete, _) => Fingerprint::DELETED,
            (OperationKind::Upsert, Some(object)) => Fingerprint::of(object.as_raw()),
            (OperationKind::Upsert, None) => Fingerprint::unknown(&self.key),
        });
        self.after = Some(after);
        after
    }

    /// Whether the document can be written from it.
    fn is_complete(&self) -> bool {
        self.kind == OperationKind::Delete || self.object.is_some()
    }
}

/// One event's change of one document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    /// How new it is.
    pub(super) version: Version,
    /// The event.
    pub(super) member: Member,
}

/// What became of a change at its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is part of the state now, or was already.
    Applied,
    /// The state was newer.
    Stale {
        /// The event whose state it is.
        winner: String,
    },
}

/// The state of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    version: Version,
    members: BTreeMap<String, Member>,
    head: String,
    ambiguous: bool,
}

impl State {
    /// The state after this change alone.
    pub(super) fn of(change: Change) -> Self {
        let Change { version, member } = change;
        let head = member.key.clone();
        Self { version, members: BTreeMap::from([(head.clone(), member)]), head, ambiguous: false }
    }

    /// A state as it was stored. `None` when `head` is not among the members.
    pub(super) fn restore(
        version: Version,
        members: impl IntoIterator<Item = Member>,
        head: String,
        ambiguous: bool,
    ) -> Option<Self> {
        let members: BTreeMap<_, _> =
            members.into_iter().map(|member| (member.key.clone(), member)).collect();
        members.contains_key(&head).then_some(Self { version, members, head, ambiguous })
    }

    /// Takes the change in.
    pub(super) fn absorb(&mut self, change: &Change) -> Verdict {
        if change.version < self.version {
            return Verdict::Stale { winner: self.head.clone() };
        }
        if change.version > self.version {
            *self = Self::of(change.clone());
        } else if !self.members.contains_key(&change.member.key) {
            self.members.insert(change.member.key.clone(), change.member.clone());
            self.resolve();
        }
        Verdict::Applied
    }

    /// The state after the events of both.
    pub(super) fn union(mut self, other: Self) -> Self {
        if self.version != other.version {
            return if self.version > other.version { self } else { other };
        }
        let known = self.members.len();
        for (key, member) in other.members {
            self.members.entry(key).or_insert(member);
        }
        if self.members.len() > known {
            self.resolve();
        }
        self
    }

    /// Whether taking in an event of this version and key wants the head's object, which was not read.
    pub(super) fn wants_object(&self, version: Version, key: &str) -> bool {
        version == self.version && !self.members.contains_key(key) && !self.head().is_complete()
    }

    /// Finds the last of the members' states.
    fn resolve(&mut self) {
        let heads =
            graph::heads(self.members.values_mut().map(|member| (member.before, member.settle_after())));
        self.ambiguous = heads.ambiguous;
        let is_candidate =
            |member: &Member| member.after.is_some_and(|after| heads.candidates.contains(&after));
        // Members are ordered by key: the first one has the smallest.
        if let Some(head) = self.members.values().find(|member| is_candidate(member) && member.is_complete())
        {
            self.head = head.key.clone();
        }
        if self.is_too_large() {
            for member in self.members.values_mut().filter(|member| member.key != self.head) {
                if !is_candidate(member) {
                    member.object = None;
                }
            }
        }
        if self.is_too_large() {
            for member in self.members.values_mut().filter(|member| member.key != self.head) {
                member.object = None;
            }
        }
    }

    fn is_too_large(&self) -> bool {
        let objects = || self.members.values().filter_map(|member| member.object.as_ref());
        objects().count() > MAX_TIE_MEMBERS || objects().map(Object::len).sum::<usize>() > MAX_TIE_BYTES
    }

    /// How new it is.
    pub(super) fn version(&self) -> Version {
        self.version
    }

    /// Whether the version's time may be the provider's own. Where a provider tells none, it is the time of receipt; a stored
    /// state has that in milliseconds.
    pub(super) fn is_time_told(&self) -> bool {
        let at = self.version.at.millis();
        self.members.values().all(|member| member.origin.received_at.millis() != at)
    }

    /// The event whose state it is.
    pub(super) fn head(&self) -> &Member {
        &self.members[&self.head]
    }

    /// All events of its version, by key.
    pub(super) fn members(&self) -> impl ExactSizeIterator<Item = &Member> {
        self.members.values()
    }

    /// Whether the events do not tell which of their states is the last one.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }

    /// Whether the object is gone.
    pub(super) fn is_deleted(&self) -> bool {
        self.head().kind == OperationKind::Delete
    }

    /// The same without any object: what a tombstone keeps. The objects of other candidates stay, for one of them may still turn out to be the last state.
    pub(super) fn without_head_object(mut self) -> Self {
        if let Some(head) = self.members.get_mut(&self.head) {
            head.object = None;
        }
        self
    }

    /// A text that is the same for the same events and differs for others: what compare-and-swap compares.
    pub(super) fn revision(&self) -> String {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        for member in self.members.values() {
            hasher.update(member.key.as_bytes());
            hasher.update(&[0]);
            if let Some(before) = member.before {
                hasher.update(before.to_string().as_bytes());
            }
            hasher.update(&[0]);
        }
        hasher.update(self.head.as_bytes());
        format!("{}.{}.{:016x}", self.version.at.micros(), self.version.rank, hasher.digest())
    }
}
