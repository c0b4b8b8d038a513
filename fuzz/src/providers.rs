//! Every provider's reading of bodies: at receipt ([`Provider::read`](hookline_engine::providers::Provider::read)) and when
//! an event is applied ([`Provider::map`](hookline_engine::providers::Provider::map)), of samples that were changed and of any bytes.

use std::collections::HashMap;
use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use hookline_engine::event::{EventHead, Mapping, Operation, OperationKind, RawRequest, Timestamp};
use hookline_engine::providers::samples::{self, Sample};
use hookline_engine::providers::{InvalidPayload, Provider, Reading};
use serde_json::Value;

use crate::edits::Edited;
use crate::senders::{self, Header, Sender, Which};

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    which: Which,
    sample: u8,
    edited: Edited<'a>,
    headers: Vec<Header<'a>>,
    /// Whether the headers are there that the provider sends.
    own_headers: bool,
    received_seconds: u32,
}

/// Samples of each kind, one of each type.
static SAMPLES: LazyLock<HashMap<&'static str, Vec<Sample>>> = LazyLock::new(|| {
    let start = Timestamp::from_seconds(1_700_000_000);
    samples::KINDS
        .iter()
        .map(|kind| {
            let of_type =
                |name| samples::events(kind, name, 1, 1, start).expect("there is a sample of each type");
            (*kind, samples::types(kind).into_iter().flat_map(of_type).collect())
        })
        .collect()
});

/// One input.
pub(crate) fn run(data: &[u8]) {
    let Ok(input) = Unstructured::new(data).arbitrary::<Input<'_>>() else { return };
    let Sender { provider, secret, .. } = input.which.sender();
    let samples = &SAMPLES[provider.info().kind];
    let sample = &samples[usize::from(input.sample) % samples.len()];
    let body = input.edited.of(&sample.body);
    let received_at = Timestamp::from_seconds(i64::from(input.received_seconds));
    let mut request = senders::request(0, Vec::new(), body, received_at);
    // The first header of a name counts.
    request.headers = input.headers.iter().map(Header::owned).collect();
    if input.own_headers {
        request.headers.extend(senders::signed(provider, &request, &sample.event_type, secret, received_at));
    }
    check(&**provider, &request);
}

/// Reads and maps the request, and looks at what comes out.
pub(crate) fn check(provider: &dyn Provider, request: &RawRequest) {
    let body = &*request.body;
    let read = provider.read(request, body);
    assert_eq!(read, provider.read(request, body), "the same request is read the same");
    let mapped = provider.map(request, body, &|_| true);
    assert_eq!(
        format!("{mapped:?}"),
        format!("{:?}", provider.map(request, body, &|_| true)),
        "the same event is mapped the same"
    );
    // The job may select none of the types: nothing is said then, but that there is no operation.
    let _ = provider.map(request, body, &|_| false);
    match &read {
        Ok(Reading::Event(head)) => {
            check_head(head);
            check_against_tree(provider.info().kind, head, body);
            assert!(provider.is_wanted(head, body, &|_| true), "a job that wants everything wants this");
            assert!(
                !provider.is_wanted(head, body, &|_| false),
                "a job that wants nothing does not want this"
            );
            match &mapped {
                Ok(Mapping::Operations(operations)) => {
                    assert!(!operations.is_empty(), "operations are never none");
                    for operation in operations {
                        check_operation(operation, body);
                    }
                }
                Ok(Mapping::Unmapped(unmapped)) => assert!(!unmapped.reason.is_empty()),
                Err(error) => panic!("taken at receipt, but not to be applied: {error}"),
            }
        }
        Ok(Reading::Challenge { content_type, .. }) => assert!(!content_type.is_empty()),
        Err(InvalidPayload { message }) => assert!(!message.is_empty()),
    }
}

fn check_head(head: &EventHead) {
    assert!(!head.provider_event_id.trim().is_empty(), "an event without an id: {head:?}");
    assert!(!head.event_type.trim().is_empty(), "an event without a type: {head:?}");
    assert!(!head.dedupe_key().is_empty());
}

fn check_operation(operation: &Operation, body: &[u8]) {
    assert!(!operation.collection.is_empty(), "an operation without a collection: {operation:?}");
    assert!(!operation.document_id.is_empty(), "an operation without an id: {operation:?}");
    let text = std::str::from_utf8(body).expect("what was read is text");
    if let Some(object) = &operation.object {
        assert!(object.get().starts_with('{'), "an object that is none: {operation:?}");
        assert!(text.contains(object.get()), "an object is taken from the body byte for byte");
    } else {
        assert_eq!(operation.kind, OperationKind::Delete, "only a deletion comes without an object");
    }
}

/// Where id and type stand in the body, of those providers with whom they do.
fn places(kind: &str) -> (Option<&'static str>, Option<&'static str>) {
    match kind {
        "stripe" => (Some("/id"), Some("/type")),
        "close" => (Some("/event/id"), None),
        "standard-webhooks" => (None, Some("/type")),
        "paddle" | "typeform" => (Some("/event_id"), Some("/event_type")),
        "slack" => (Some("/event_id"), None),
        "intercom" => (Some("/id"), Some("/topic")),
        "calendly" => (None, Some("/event")),
        _ => (None, None),
    }
}

/// The same again from a tree of the whole body.
fn check_against_tree(kind: &str, head: &EventHead, body: &[u8]) {
    // The tree is read with a bound on its depth and on numbers, the head is not.
    let Ok(tree) = serde_json::from_slice::<Value>(body) else { return };
    let at = |place: &str| tree.pointer(place).and_then(Value::as_str);
    let (id, event_type) = places(kind);
    // A number may be an id or not; digits beyond 64 bits the tree has rounded anyway.
    if let Some(place) = id.filter(|place| !tree.pointer(place).is_some_and(Value::is_number)) {
        // An event without an id is told by its body's digest.
        let expected = at(place).filter(|id| !id.trim().is_empty());
        let is_digest = head.provider_event_id.starts_with("sha256:");
        assert!(
            expected.map_or(is_digest, |id| id == head.provider_event_id),
            "{kind}: the event's id: {expected:?} {head:?}"
        );
    }
    if let Some(place) = event_type {
        assert_eq!(at(place), Some(head.event_type.as_str()), "{kind}: the event's type");
    }
}
