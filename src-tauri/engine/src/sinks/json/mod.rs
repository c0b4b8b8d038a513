//! A provider's JSON text → BSON in one pass, and BSON → JSON for people.
//!
//! Invariants:
//! - A number's value is never changed: an integer of 64 bits stays an integer, a decimal becomes a double only where
//!   the double's shortest spelling is that decimal, everything else becomes a Decimal128, and what does not fit there
//!   is refused. Other databases' readers would round it without a word.
//! - The order of keys is kept; of equal keys in one object the last one counts, as for every JSON reader.
//! - No tree is built: the text is read once and the BSON's bytes are written as it goes.
//!
//! Not here: what the documents mean.

mod number;
mod read;
mod show;

pub(super) use read::{InvalidObject, MAX_DOCUMENT_BYTES, Object};
pub(super) use show::{to_text, to_value};
