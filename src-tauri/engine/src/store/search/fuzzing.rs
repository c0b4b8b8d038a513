//! What [`crate::store::fuzzing`] needs of this module.

use std::path::Path;

use rusqlite::Connection;

pub(in crate::store) use super::words::document;

/// A new index in the file.
pub(in crate::store) fn open(path: &Path) -> rusqlite::Result<Connection> {
    super::index::open(path, "fuzzing", 0)
}
