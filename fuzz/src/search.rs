//! What people search for, in what providers send: the index and the text tell the same.

use std::cell::RefCell;

use arbitrary::{Arbitrary, Unstructured};
use hookline_engine::event::{EventHead, Timestamp};
use hookline_engine::store::fuzzing::Index;

use crate::edits::Edited;
use crate::senders;

const BODY: &[u8] =
    br#"{"email":"Jane.Doe@example.com","name":"Ren\u00e9 Stra\u00dfe","id":"cus_NffrFe","n":[12345,1.5e10,true,null],"x":"a-b c_d"}"#;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    query: &'a str,
    /// Searched for too: a piece of the body.
    piece: (u16, u8),
    id: &'a str,
    event_type: &'a str,
    object_id: Option<&'a str>,
    body: Edited<'a>,
}

thread_local! {
    static INDEX: RefCell<(tempfile::TempDir, Index)> = RefCell::new({
        let folder = tempfile::tempdir().expect("a folder");
        let index = Index::open(&folder.path().join("search.db")).expect("an index");
        (folder, index)
    });
}

/// One input.
pub(crate) fn run(data: &[u8]) {
    let Ok(input) = Unstructured::new(data).arbitrary::<Input<'_>>() else { return };
    let body = input.body.of(BODY);
    let text = String::from_utf8_lossy(&body).into_owned();
    let start = text.floor_char_boundary(usize::from(input.piece.0));
    let end = text.floor_char_boundary(start + usize::from(input.piece.1));
    let request = senders::request(0, Vec::new(), body, Timestamp::from_micros(7));
    let head = EventHead {
        provider_event_id: input.id.to_owned(),
        idempotency_key: None,
        event_type: input.event_type.to_owned(),
        occurred_at: None,
        object_type: None,
        object_id: input.object_id.map(ToOwned::to_owned),
    };
    for query in [input.query, &text[start..end]] {
        INDEX.with_borrow_mut(|(_, index)| {
            let found = index.search(&head, &request, query).expect("the index understands every search");
            let Some(found) = found else { return };
            assert!(
                found.by_index || !found.by_text,
                "in the text, but not found by the index: {query:?} in {text:?}"
            );
            assert!(
                found.needs_text || found.by_text || !found.by_index,
                "found, but not in the text: {query:?} in {text:?}"
            );
        });
    }
}
