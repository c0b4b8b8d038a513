//! What the fuzz targets (`fuzz/`) reach of this module.

use std::path::Path;

use super::codec;
use super::search;
use crate::event::{EventHead, RawRequest, Timestamp};

/// The request as it is stored.
pub fn to_frame(request: &RawRequest) -> Vec<u8> {
    codec::compress(&codec::encode(request, usize::MAX), None)
}

/// The request of a stored frame; the error is the message for the log.
pub fn from_frame(frame: &[u8], received_at: Timestamp) -> Result<RawRequest, String> {
    let plain = codec::decompress(frame, None).map_err(|error| error.to_string())?;
    from_plain(plain, received_at)
}

/// The request of a stored frame's content.
pub fn from_plain(plain: Vec<u8>, received_at: Timestamp) -> Result<RawRequest, String> {
    codec::decode(plain, received_at).map_err(|error| error.to_string())
}

/// A search index of its own.
#[derive(Debug)]
pub struct Index(rusqlite::Connection);

/// What a search says of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Whether the index finds it. What it finds may have to be compared with the text.
    pub by_index: bool,
    /// Whether the words stand in its text.
    pub by_text: bool,
    /// Whether the index alone cannot tell.
    pub needs_text: bool,
}

impl Index {
    /// The job that the events of this index belong to.
    const JOB: i64 = 7;

    /// A new index in the file.
    pub fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        search::fuzzing::open(path).map(Self)
    }

    /// Puts the event into the index, searches for `text`, and takes it out again. `None` when nothing can be searched for.
    pub fn search(
        &mut self,
        head: &EventHead,
        request: &RawRequest,
        text: &str,
    ) -> Result<Option<Found>, rusqlite::Error> {
        let Some(query) = search::Query::new(text) else { return Ok(None) };
        let document = search::fuzzing::document(Self::JOB, head, request);
        let transaction = self.0.transaction()?;
        transaction.prepare_cached("INSERT INTO words (rowid, text) VALUES (1, ?1)")?.execute([document])?;
        let by_index = {
            let mut find = transaction.prepare_cached("SELECT count(*) FROM words WHERE words MATCH ?1")?;
            let own: i64 = find.query_row([query.to_fts(Some(&[Self::JOB]))], |row| row.get(0))?;
            let all: i64 = find.query_row([query.to_fts(None)], |row| row.get(0))?;
            let others: i64 = find.query_row([query.to_fts(Some(&[Self::JOB + 1]))], |row| row.get(0))?;
            assert_eq!((own, others), (all, 0), "an event is found for its own job");
            own == 1
        };
        transaction.rollback()?;
        let (head, body) = (search::head_text(head), search::body_text(request));
        let by_text = query.matches(&[&head, &body]);
        Ok(Some(Found { by_index, by_text, needs_text: query.needs_text() }))
    }
}
