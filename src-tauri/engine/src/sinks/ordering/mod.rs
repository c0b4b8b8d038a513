//! Order: the newest state wins, whatever the order of arrival, and whoever else writes into the same destination.
//!
//! - [`state`]: the state of a document as a pure function of the set of events seen for it. No I/O.
//! - [`graph`]: which of the states of one point in time is the last one.
//! - [`fingerprint`]: when two objects are the same, and what an object was before a change.
//! - [`metadata`]: a state as `_sync_metadata`, so that every process merges from the same.
//! - [`documents`]: what a destination must be able to do.
//! - [`plan`]: what is to be done for a document, from what is stored and what is to change.
//! - [`steps`]: what reads and writes on the way: confirm, bury, write, look again.
//! - [`protocol`]: read, merge, compare and swap, look again; the one [`crate::sinks::Sink`] of all destinations that hold documents.
//!
//! Not here: any particular database.

pub(super) mod documents;
mod fingerprint;
mod graph;
pub(super) mod metadata;
mod plan;
mod prepare;
pub(super) mod protocol;
mod state;
mod steps;
#[cfg(test)]
mod tests;
