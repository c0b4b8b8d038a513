//! What a destination of documents must be able to do, so that [`super::protocol`] keeps their order in it.

use std::fmt::Debug;

use async_trait::async_trait;
use bson::{RawDocument, RawDocumentBuf};

use crate::event::{Timestamp, Version};
use crate::sinks::archive::Archive;
use crate::sinks::json::Object;
use crate::sinks::{Browse, SinkError};

/// How long a tombstone is kept: longer than any provider repeats an event.
const TOMBSTONE_DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The collection or table of tombstones. Names that begin like it are Hookline's own and are not shown.
pub(in crate::sinks) const TOMBSTONES: &str = "_hookline_tombstones";

/// Which document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::sinks) struct Key {
    /// The collection, with the job's prefix.
    pub(in crate::sinks) collection: String,
    /// Its `_id`.
    pub(in crate::sinks) id: String,
}

impl Key {
    /// The `_id` of its tombstone.
    pub(in crate::sinks) fn tombstone_id(&self) -> String {
        format!("{}/{}", self.collection, self.id)
    }
}

/// What is stored under a key.
#[derive(Debug, Default)]
pub(in crate::sinks) struct Stored {
    /// The document.
    pub(in crate::sinks) document: Option<StoredDocument>,
    /// The state in the tombstone, as [`super::metadata::encode`] wrote it.
    pub(in crate::sinks) tombstone: Option<RawDocumentBuf>,
}

/// A stored document.
#[derive(Debug)]
pub(in crate::sinks) struct StoredDocument {
    /// Its `_sync_metadata`, if it has any.
    pub(in crate::sinks) metadata: Option<RawDocumentBuf>,
    /// Its object, if it was asked for.
    pub(in crate::sinks) object: Option<Object>,
}

/// What must be found for a write to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sinks) enum Expected {
    /// Nothing.
    Absent,
    /// A document that Hookline has not written.
    Unmarked,
    /// This revision.
    Revision(String),
}

/// A write of one document.
#[derive(Debug)]
pub(in crate::sinks) struct Write<'a> {
    /// Which one.
    pub(in crate::sinks) key: &'a Key,
    /// What.
    pub(in crate::sinks) action: Action<'a>,
}

/// What is done to one document.
#[derive(Debug)]
pub(in crate::sinks) enum Action<'a> {
    /// The document becomes this.
    Put {
        /// What must be there.
        expected: Expected,
        /// The object; `None` where a deletion came without one.
        object: Option<&'a Object>,
        /// Its `_sync_metadata`.
        metadata: &'a RawDocument,
    },
    /// The document goes, if it is older than this version, or of this revision, or not written by Hookline; a
    /// document of the other mode stays. That it is not there is no conflict.
    Remove {
        /// The version of the deletion.
        below: Version,
        /// The revision that was read.
        revision: Option<&'a str>,
        /// The mode of the deletion.
        livemode: Option<bool>,
    },
}

/// A write of one tombstone.
#[derive(Debug)]
pub(in crate::sinks) struct Burial<'a> {
    /// Whose.
    pub(in crate::sinks) key: &'a Key,
    /// What must be there; never [`Expected::Unmarked`].
    pub(in crate::sinks) expected: Expected,
    /// The state.
    pub(in crate::sinks) metadata: &'a RawDocument,
    /// When the object was deleted.
    pub(in crate::sinks) occurred_at: Timestamp,
    /// Whether the provider tells that time. Otherwise it is the time of receipt, by the clock of the machine that received.
    pub(in crate::sinks) told: bool,
    /// When the tombstone is written, by this machine's clock.
    pub(in crate::sinks) now: Timestamp,
}

impl Burial<'_> {
    /// Until when the tombstone is kept. A clock that is behind must not make it end before it is needed.
    pub(in crate::sinks) fn expires_at(&self) -> Timestamp {
        self.now.max(self.occurred_at).plus_millis(TOMBSTONE_DAYS * DAY_MS)
    }

    /// The time by which older tombstones have expired. A clock that is ahead must not end them: it has to be as late for
    /// the provider too. `None` where the provider tells no time.
    pub(in crate::sinks) fn surely_now(&self) -> Option<Timestamp> {
        self.told.then(|| self.now.min(self.occurred_at))
    }
}

/// That a state which was read is still stored.
#[derive(Debug)]
pub(in crate::sinks) struct Claim<'a> {
    /// Whose.
    pub(in crate::sinks) key: &'a Key,
    /// Whether the tombstone holds it and not the document.
    pub(in crate::sinks) buried: bool,
    /// The state's revision.
    pub(in crate::sinks) revision: &'a str,
}

/// What became of one write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sinks) enum Written {
    /// It is durable.
    Done,
    /// Something else may have been there: read again. The write may have happened all the same.
    Conflict,
    /// The destination does not take this document.
    Refused(String),
    /// It failed this time.
    Failed(String),
}

/// A destination of documents.
#[async_trait]
pub(in crate::sinks) trait Documents: Send + Sync + Debug {
    /// What is stored under these keys, in their order; objects only if `whole`.
    async fn read(&self, keys: &[&Key], whole: bool) -> Result<Vec<Stored>, SinkError>;

    /// The tombstones' states of these keys, in their order.
    async fn tombstones(&self, keys: &[&Key]) -> Result<Vec<Option<RawDocumentBuf>>, SinkError>;

    /// Writes tombstones.
    async fn bury(&self, burials: &[Burial<'_>]) -> Result<Vec<Written>, SinkError>;

    /// Writes documents. What is [`Written::Done`] survives a crash of the destination.
    async fn write(&self, writes: &[Write<'_>]) -> Result<Vec<Written>, SinkError>;

    /// [`Written::Done`] where what was read is still stored and survives a crash of the destination; [`Written::Conflict`]
    /// where it is not: a server can lose, after it was read, what is not on enough disks yet.
    async fn confirm(&self, claims: &[Claim<'_>]) -> Result<Vec<Written>, SinkError>;

    /// Into how many parts a batch of so many documents is best divided.
    fn lanes(&self, documents: usize) -> usize;

    /// See [`crate::sinks::Sink::check`].
    async fn check(&self) -> Result<String, SinkError>;

    /// The documents, to be looked at.
    fn browse(&self) -> &dyn Browse;

    /// See [`crate::sinks::Sink::archive`].
    fn archive(&self) -> Option<&dyn Archive> {
        None
    }
}

/// Appends the whole document as BSON to `out`.
pub(in crate::sinks) fn compose(
    out: &mut Vec<u8>,
    id: &str,
    object: Option<&Object>,
    metadata: &RawDocument,
) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(b"\x02_id\0");
    out.extend_from_slice(&(id.len() as i32 + 1).to_le_bytes());
    out.extend_from_slice(id.as_bytes());
    out.push(0);
    if let Some(object) = object {
        out.extend_from_slice(object.elements());
    }
    out.extend_from_slice(b"\x03_sync_metadata\0");
    out.extend_from_slice(metadata.as_bytes());
    out.push(0);
    let length = (out.len() - start) as i32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// The size of what [`compose`] makes.
pub(in crate::sinks) fn composed_len(id: &str, object: Option<&Object>, metadata: &RawDocument) -> usize {
    id.len() + object.map_or(0, Object::len) + metadata.as_bytes().len() + 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_ends_no_tombstone_before_its_time() {
        let key = Key { collection: "customers".to_owned(), id: "cus_1".to_owned() };
        let occurred_at = Timestamp::from_seconds(1_790_000_000);
        let state = RawDocumentBuf::new();
        for wrong_by_days in [-365, 0, 365] {
            let now = occurred_at.plus_millis(wrong_by_days * DAY_MS);
            let expected = Expected::Absent;
            let mut burial = Burial { key: &key, expected, metadata: &state, occurred_at, told: true, now };
            assert!(burial.expires_at() >= occurred_at.plus_millis(TOMBSTONE_DAYS * DAY_MS));
            assert!(burial.surely_now().is_some_and(|time| time <= occurred_at));
            burial.told = false;
            assert_eq!(burial.surely_now(), None);
        }
    }
}
