//! Write commands as raw BSON: many statements in one, each document's bytes copied once.

use bson::{RawDocument, RawDocumentBuf};

/// A command stays below this, so that it fits the server's limit of 16 MiB with room for what the driver adds. One document alone may be larger.
const MAX_COMMAND_BYTES: usize = 8 * 1024 * 1024;
/// The most statements in one command.
const MAX_STATEMENTS: usize = 1000;

/// The kinds of write commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Insert,
    Update,
    Delete,
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    fn list(self) -> &'static str {
        match self {
            Self::Insert => "documents",
            Self::Update => "updates",
            Self::Delete => "deletes",
        }
    }
}

/// A command that is being put together.
#[derive(Debug)]
pub(super) struct Batch {
    verb: Verb,
    collection: String,
    out: Vec<u8>,
    list: usize,
    /// What the statements are for: places in the caller's list.
    places: Vec<usize>,
}

impl Batch {
    /// An empty command. Its statements are independent of each other: one that fails stops none.
    pub(super) fn new(verb: Verb, collection: &str, write_concern: &RawDocument) -> Self {
        let mut out = vec![0; 4];
        element(&mut out, 0x02, verb.name());
        out.extend_from_slice(&(collection.len() as i32 + 1).to_le_bytes());
        out.extend_from_slice(collection.as_bytes());
        out.push(0);
        element(&mut out, 0x08, "ordered");
        out.push(0);
        element(&mut out, 0x03, "writeConcern");
        out.extend_from_slice(write_concern.as_bytes());
        element(&mut out, 0x04, verb.list());
        let list = out.len();
        out.extend_from_slice(&[0; 4]);
        Self { verb, collection: collection.to_owned(), out, list, places: Vec::new() }
    }

    /// Whether a statement of about so many bytes has to go into another command.
    pub(super) fn is_full(&self, bytes: usize) -> bool {
        self.places.len() >= MAX_STATEMENTS
            || (!self.places.is_empty() && self.out.len() + bytes > MAX_COMMAND_BYTES)
    }

    /// Adds a statement, whose BSON `write` appends.
    pub(super) fn push(&mut self, place: usize, write: impl FnOnce(&mut Vec<u8>)) {
        element(&mut self.out, 0x03, &self.places.len().to_string());
        write(&mut self.out);
        self.places.push(place);
    }

    pub(super) fn verb(&self) -> Verb {
        self.verb
    }

    pub(super) fn collection(&self) -> &str {
        &self.collection
    }

    /// The finished command, and what its statements are for.
    pub(super) fn finish(mut self) -> Result<(RawDocumentBuf, Vec<usize>), bson::error::Error> {
        close(&mut self.out, self.list);
        close(&mut self.out, 0);
        Ok((RawDocumentBuf::from_bytes(self.out)?, self.places))
    }
}

fn element(out: &mut Vec<u8>, kind: u8, key: &str) {
    out.push(kind);
    out.extend_from_slice(key.as_bytes());
    out.push(0);
}

fn close(out: &mut Vec<u8>, start: usize) {
    out.push(0);
    let length = (out.len() - start) as i32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Appends `{q: filter, u: document}`, where `document` appends the replacement.
///
/// `literal`: the replacement has a key with `$` at its top level, which the plain form takes for an operator.
pub(super) fn replacement(
    out: &mut Vec<u8>,
    filter: &RawDocument,
    literal: bool,
    document: impl FnOnce(&mut Vec<u8>),
) {
    statement(out, filter, |out| {
        if literal {
            element(out, 0x04, "u");
            let pipeline = open(out);
            element(out, 0x03, "0");
            let stage = open(out);
            element(out, 0x03, "$replaceWith");
            let expression = open(out);
            element(out, 0x03, "$literal");
            document(out);
            for start in [expression, stage, pipeline] {
                close(out, start);
            }
        } else {
            element(out, 0x03, "u");
            document(out);
        }
    });
}

/// Appends `{q: filter, u: document, upsert: true}`. The document has no key with `$` at its top level.
pub(super) fn upsert(out: &mut Vec<u8>, filter: &RawDocument, document: impl FnOnce(&mut Vec<u8>)) {
    statement(out, filter, |out| {
        element(out, 0x03, "u");
        document(out);
        element(out, 0x08, "upsert");
        out.push(1);
    });
}

/// Appends `{q: filter, limit: 1}`.
pub(super) fn deletion(out: &mut Vec<u8>, filter: &RawDocument) {
    statement(out, filter, |out| {
        element(out, 0x10, "limit");
        out.extend_from_slice(&1_i32.to_le_bytes());
    });
}

/// Appends `{q: filter, …}`, where `rest` appends what follows.
fn statement(out: &mut Vec<u8>, filter: &RawDocument, rest: impl FnOnce(&mut Vec<u8>)) {
    let start = open(out);
    element(out, 0x03, "q");
    out.extend_from_slice(filter.as_bytes());
    rest(out);
    close(out, start);
}

fn open(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    start
}

#[cfg(test)]
mod tests {
    use bson::{Document, doc, rawdoc};

    use super::*;

    #[test]
    fn a_command_is_the_bson_that_the_server_documents() {
        let concern = rawdoc! {"w": 1, "j": true};
        let mut batch = Batch::new(Verb::Update, "c", &concern);
        let document = rawdoc! {"_id": "x", "$a": 1};
        for literal in [false, true] {
            batch.push(7, |out| {
                replacement(out, &rawdoc! {"_id": "x"}, literal, |out| {
                    out.extend_from_slice(document.as_bytes());
                });
            });
        }
        let (command, places) = batch.finish().expect("valid BSON");
        assert_eq!(places, [7, 7]);
        assert_eq!(
            Document::try_from(command).expect("valid BSON"),
            doc! {"update": "c", "ordered": false, "writeConcern": {"w": 1, "j": true}, "updates": [
                {"q": {"_id": "x"}, "u": {"_id": "x", "$a": 1}},
                {"q": {"_id": "x"}, "u": [{"$replaceWith": {"$literal": {"_id": "x", "$a": 1}}}]},
            ]}
        );
        let mut batch = Batch::new(Verb::Update, "c", &concern);
        batch.push(0, |out| {
            upsert(out, &rawdoc! {"_id": "x"}, |out| out.extend_from_slice(rawdoc! {"a": 1}.as_bytes()));
        });
        assert_eq!(
            Document::try_from(batch.finish().expect("valid BSON").0).expect("valid BSON"),
            doc! {"update": "c", "ordered": false, "writeConcern": {"w": 1, "j": true},
            "updates": [{"q": {"_id": "x"}, "u": {"a": 1}, "upsert": true}]}
        );
        let mut batch = Batch::new(Verb::Delete, "c", &concern);
        batch.push(0, |out| deletion(out, &rawdoc! {"_id": "x"}));
        assert_eq!(
            Document::try_from(batch.finish().expect("valid BSON").0).expect("valid BSON"),
            doc! {"delete": "c", "ordered": false, "writeConcern": {"w": 1, "j": true},
            "deletes": [{"q": {"_id": "x"}, "limit": 1}]}
        );
    }

    #[test]
    fn a_command_ends_before_it_is_too_large() {
        let mut batch = Batch::new(Verb::Insert, "c", &rawdoc! {"w": 1});
        assert!(!batch.is_full(20 * 1024 * 1024), "one document alone always fits");
        batch.push(0, |out| out.extend_from_slice(rawdoc! {"a": "x".repeat(1024)}.as_bytes()));
        assert!(batch.is_full(MAX_COMMAND_BYTES));
        assert!(!batch.is_full(1024));
    }
}
