//! Sources that are described by values: any description either says what is wrong with it, or works.

use arbitrary::{Arbitrary, Unstructured};
use hookline_engine::event::Timestamp;
use hookline_engine::providers::Provider as _;
use hookline_engine::providers::generic::{Generic, GenericSpec};
use serde_json::Value;

use crate::edits::Edited;
use crate::senders::{self, Header};

/// A body in which the paths of the descriptions lead somewhere.
const BODY: &[u8] = br#"{"event":"order.updated","type":"order.created","id":"e-1","kind":"order","at":1700000000,"items":[{"a.b":7}],"data":{"object":{"id":"o-1","n":1.50}}}"#;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    base: u8,
    spec: Edited<'a>,
    /// More values of the description, as JSON.
    more: Vec<(Field, Edited<'a>)>,
    array: bool,
    body: Edited<'a>,
    headers: Vec<Header<'a>>,
}

/// Fields of the description whose values are little languages.
#[derive(Debug, Arbitrary)]
enum Field {
    SignedContent,
    Object,
    Separator,
    Type,
    Id,
    Time,
    ObjectId,
    ObjectType,
}

impl Field {
    fn name(&self) -> &'static str {
        match self {
            Self::SignedContent => "signedContent",
            Self::Object => "object",
            Self::Separator => "fieldSeparator",
            Self::Type => "type",
            Self::Id => "id",
            Self::Time => "time",
            Self::ObjectId => "objectId",
            Self::ObjectType => "objectType",
        }
    }
}

/// One input.
pub(crate) fn run(data: &[u8]) {
    let Ok(input) = Unstructured::new(data).arbitrary::<Input<'_>>() else { return };
    let specs = senders::generic_specs();
    let base = specs[usize::from(input.base) % specs.len()].to_string();
    let Ok(mut values) = serde_json::from_slice::<Value>(&input.spec.of(base.as_bytes())) else { return };
    if let Value::Object(values) = &mut values {
        for (field, text) in input.more.iter().take(4) {
            let text = text.of(br#"{"path":"data.object"}"#);
            let value = serde_json::from_slice(&text)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&text).into_owned()));
            values.insert(field.name().to_owned(), value);
        }
    }
    let generic = match Generic::new(&values) {
        Ok(generic) => generic,
        Err(reason) => {
            assert!(!reason.is_empty());
            return;
        }
    };
    check_description(&values, &generic);

    let now = Timestamp::from_seconds(1_700_000_000);
    let mut body = input.body.of(BODY);
    if input.array {
        body = [b"[".as_slice(), &body, b",", BODY, b"]"].concat();
    }
    let secret = generic.generate_secret();
    assert_eq!(generic.check_secret(&secret), Ok(()), "a secret that was made is one that is taken");
    let provider: hookline_engine::providers::SharedProvider = std::sync::Arc::new(generic);
    let mut request = senders::request(0, Vec::new(), body, now);
    request.headers = senders::signed(&provider, &request, "order.updated", &secret, now);
    let judged = provider.verify(&request, &request.body, &[&secret], now, provider.info().tolerance_seconds);
    assert_eq!(judged, Ok(()), "what the source signs it accepts: {values}");
    let other = provider.generate_secret();
    assert!(
        provider.verify(&request, &request.body, &[&other, ""], now, None).is_err(),
        "another secret fits too: {values}"
    );
    request.headers.extend(input.headers.iter().map(Header::owned));
    crate::providers::check(&*provider, &request);
    request.headers = input.headers.iter().map(Header::owned).collect();
    crate::providers::check(&*provider, &request);
}

/// The description is kept as JSON: read from there it has to be the same.
fn check_description(values: &Value, generic: &Generic) {
    let spec: GenericSpec = serde_json::from_value(values.clone()).expect("it was read before");
    let kept = serde_json::to_value(&spec).expect("it is JSON");
    let again = Generic::new(&kept).expect("a description that is kept is still right");
    assert_eq!(generic.signing(), again.signing());
    assert_eq!(generic.info().tolerance_seconds, again.info().tolerance_seconds);
    assert!(!generic.signing().header.is_empty());
}
