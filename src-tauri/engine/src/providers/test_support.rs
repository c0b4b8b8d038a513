//! What the tests of all providers share.

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Provider, Reading, SignatureError};
use crate::event::{EventHead, Mapping, Operation, OperationKind, RawRequest, Timestamp};

/// The URL under which senders see the receiver in these tests.
pub(super) const URL: &str = "https://hooks.example.com/api/webhooks/default/0123?a=b";

/// 2025-01-01T00:00:00Z.
pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_735_689_600);

/// A request of these headers, received at [`NOW`].
pub(super) fn request(headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> RawRequest {
    RawRequest {
        method: "POST".to_owned(),
        url: URL.to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes().to_vec()))
            .collect(),
        body: Bytes::copy_from_slice(body.as_ref()),
        received_at: NOW,
    }
}

/// The same for headers that are no text, or not known before the test runs.
pub(super) fn raw_request<N: AsRef<str>, V: AsRef<[u8]>>(
    headers: &[(N, V)],
    body: impl AsRef<[u8]>,
) -> RawRequest {
    let headers = headers.iter().map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().to_vec()));
    RawRequest { headers: headers.collect(), ..request(&[], body) }
}

/// The request that the provider itself would send.
pub(super) fn signed(
    provider: &dyn Provider,
    body: impl AsRef<[u8]>,
    event_type: &str,
    secret: &str,
) -> RawRequest {
    let headers = provider.sign(URL, body.as_ref(), event_type, secret, NOW);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    request(&headers, body)
}

/// Verifies at `now` with the provider's own tolerance.
pub(super) fn verify(
    provider: &dyn Provider,
    request: &RawRequest,
    secret: &str,
    now: Timestamp,
) -> Result<(), SignatureError> {
    provider.verify(request, &request.body, &[secret], now, provider.info().tolerance_seconds)
}

/// Verifies at a time in seconds, with all that can be chosen.
pub(super) fn verify_at(
    provider: &dyn Provider,
    request: &RawRequest,
    secrets: &[&str],
    now_seconds: i64,
    tolerance_seconds: Option<u32>,
) -> Result<(), SignatureError> {
    provider.verify(request, &request.body, secrets, Timestamp::from_seconds(now_seconds), tolerance_seconds)
}

/// The message with which the body is refused, or the test fails.
pub(super) fn refusal(provider: &dyn Provider, request: &RawRequest) -> String {
    provider.read(request, &request.body).expect_err("to be refused").message
}

/// The event's head, or the test fails.
pub(super) fn head(provider: &dyn Provider, request: &RawRequest) -> EventHead {
    match provider.read(request, &request.body) {
        Ok(Reading::Event(head)) => head,
        other => panic!("no event but {other:?}"),
    }
}

/// All the changes of the event, or the test fails.
pub(super) fn operations(provider: &dyn Provider, request: &RawRequest) -> Vec<Operation> {
    match provider.map(request, &request.body, &|_| true) {
        Ok(Mapping::Operations(operations)) => operations,
        other => panic!("no operations but {other:?}"),
    }
}

/// The one change of the event, or the test fails.
pub(super) fn operation(provider: &dyn Provider, request: &RawRequest) -> Operation {
    let mut operations = operations(provider, request);
    assert_eq!(operations.len(), 1);
    operations.remove(0)
}

/// The reason why the event changes nothing, or the test fails.
pub(super) fn unmapped(provider: &dyn Provider, request: &RawRequest) -> String {
    match provider.map(request, &request.body, &|_| true) {
        Ok(Mapping::Unmapped(unmapped)) => unmapped.reason,
        other => panic!("mapped: {other:?}"),
    }
}

/// What every provider has to do: its own signatures are right, and nothing that differs from them is. `header` is
/// the name of the signature's header as the provider writes it.
pub(super) fn assert_signs_and_verifies(provider: &dyn Provider, header: &str, body: &str, event_type: &str) {
    let secret = provider.generate_secret();
    let another = provider.generate_secret();
    assert_ne!(secret, another);
    assert_eq!(provider.check_secret(&secret), Ok(()));

    let request = signed(provider, body, event_type, &secret);
    assert_eq!(verify(provider, &request, &secret, NOW), Ok(()));
    let both = [another.as_str(), secret.as_str()];
    assert_eq!(provider.verify(&request, &request.body, &both, NOW, None), Ok(()));
    let mismatch = |secrets| Err(SignatureError::Mismatch { header: header.to_owned(), secrets });
    assert_eq!(verify(provider, &request, &another, NOW), mismatch(1));
    assert_eq!(provider.verify(&request, &request.body, &[], NOW, None), mismatch(0));

    let lower = header.to_ascii_lowercase();
    let mut without = request.clone();
    without.headers.retain(|(name, _)| *name != lower);
    let missing = SignatureError::Missing { header: header.to_owned() };
    assert_eq!(verify(provider, &without, &secret, NOW), Err(missing));

    if let Some(tolerance) = provider.info().tolerance_seconds {
        let edge = i64::from(tolerance) * 1_000;
        for within in [-edge, edge] {
            assert_eq!(verify(provider, &request, &secret, NOW.plus_millis(within)), Ok(()));
        }
        let late = verify(provider, &request, &secret, NOW.plus_millis(edge + 1_000));
        assert!(matches!(late, Err(SignatureError::TooOld { .. })), "{late:?}");
        let early = verify(provider, &request, &secret, NOW.plus_millis(-edge - 1_000));
        assert!(matches!(early, Err(SignatureError::FromTheFuture { .. })), "{early:?}");
        // Without a tolerance a stored request still verifies years later.
        let years = NOW.plus_millis(i64::from(u32::MAX) * 1_000);
        assert_eq!(provider.verify(&request, &request.body, &[&secret], years, None), Ok(()));
    }
}

/// What every provider that signs the body has to do: a body that differs in one byte is refused.
pub(super) fn assert_covers_the_body(provider: &dyn Provider, body: &str, event_type: &str) {
    let secret = provider.generate_secret();
    let request = signed(provider, body, event_type, &secret);
    for place in 0..body.len() {
        let mut tampered = body.as_bytes().to_vec();
        tampered[place] ^= 1;
        let outcome = provider.verify(&request, &tampered, &[&secret], NOW, None);
        assert!(matches!(outcome, Err(SignatureError::Mismatch { .. })), "{place}: {outcome:?}");
    }
}

/// Whatever comes, the provider answers: with random bodies, with random bytes put into a right body, and with random
/// values in the headers that it looks at, beside `fixed` ones.
pub(super) fn assert_never_panics(
    provider: &dyn Provider,
    headers: &[&str],
    fixed: &[(&str, &str)],
    body: &str,
) {
    let length = body.len();
    let strategy = (
        proptest::collection::vec(
            prop_oneof![
                "\\PC{0,40}",
                "(t|ts|v1|h1|v0|sha256|sha1)=[0-9a-f]{0,70}([,;](v1|h1)=[0-9a-zA-Z+/=]{0,70}){0,3}",
                "-?[0-9]{0,22}",
            ],
            headers.len(),
        ),
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..80),
            (0..=length, 0..=length, proptest::collection::vec(any::<u8>(), 0..4)).prop_map({
                let body = body.as_bytes().to_vec();
                move |(from, to, bytes)| {
                    let (from, to) = (from.min(to), from.max(to));
                    [&body[..from], &bytes, &body[to..]].concat()
                }
            }),
            (0..length, "(null|true|0|-1|1e400|\"\"|\\[\\]|\\{\\}|\"\\\\u0000\")").prop_map({
                let body = body.to_owned();
                // Another value in the place of one of the body's.
                move |(place, value)| match body.get(place..).and_then(|rest| rest.find(':')) {
                    Some(found) => {
                        let start = place + found + 1;
                        let end = body[start..].find([',', '}', ']']).map_or(body.len(), |end| start + end);
                        format!("{}{value}{}", &body[..start], &body[end..]).into_bytes()
                    }
                    None => body.clone().into_bytes(),
                }
            }),
        ],
    );
    let outcome = TestRunner::default().run(&strategy, |(values, body)| {
        let random = headers.iter().copied().zip(values.iter().map(String::as_str));
        let headers: Vec<_> = fixed.iter().copied().chain(random).collect();
        let request = request(&headers, &body);
        let verified = provider.verify(&request, &body, &["secret"], NOW, Some(300));
        prop_assert!(verified.is_err());
        let read = provider.read(&request, &body);
        let mapped = provider.map(&request, &body, &|_| true);
        if let Ok(Reading::Event(head)) = &read {
            prop_assert!(!head.provider_event_id.is_empty() && !head.event_type.is_empty());
            prop_assert!(mapped.is_ok(), "read, but not mapped: {mapped:?}");
        }
        if let Ok(Mapping::Operations(operations)) = &mapped {
            prop_assert!(!operations.is_empty());
            for operation in operations {
                prop_assert!(!operation.document_id.is_empty() && !operation.collection.is_empty());
                let object = operation.object.as_ref().map(|object| object.get());
                let nothing_to_keep = operation.kind == OperationKind::Delete && object.is_none();
                let document = object.is_some_and(|object| object.starts_with('{'));
                prop_assert!(document || nothing_to_keep, "no document: {object:?}");
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
