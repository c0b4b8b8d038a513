//! When two objects are the same, and what an object was before a change.
//!
//! A fingerprint is taken over a canonical form: the order of keys does not matter, `null` and absent are the same, and
//! numbers of equal value are equal. It goes over BSON in one pass, so that an object just read from JSON and the same
//! one read back from a destination agree.

use std::fmt;

use bson::{RawBsonRef, RawDocument};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// What tells objects apart: 128 bits of a hash. Not a secret and not proof against forgers, who would need the signing secret anyhow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Fingerprint(u128);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Fingerprint {
    /// The state of every object after its deletion.
    pub(super) const DELETED: Self = Self(0);

    /// Of an object as it is.
    pub(super) fn of(object: &RawDocument) -> Self {
        Self(document(object))
    }

    /// Of what `object` was before a change that tells the old values `previous`.
    ///
    /// `deep`: an object among the old values lists only what changed in it; otherwise it is the whole old value.
    pub(super) fn before(object: &RawDocument, previous: &RawDocument, deep: bool) -> Self {
        Self(restored(object, previous, deep))
    }

    /// Of an event whose object is not known: like no other object.
    pub(super) fn unknown(event: &str) -> Self {
        Self(xxh3_128(event.as_bytes()) | 1)
    }

    /// Reads what [`fmt::Display`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok()).flatten().map(Self)
    }
}

/// Kinds of values, so that `"1"`, `1` and `[1]` differ.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    Boolean = 1,
    Number,
    Decimal,
    Text,
    Object,
    Array,
    Other,
}

fn tagged(kind: Kind, bytes: &[u8]) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(&[kind as u8]);
    hasher.update(bytes);
    hasher.digest128()
}

/// `None` for what counts as absent.
fn value(value: RawBsonRef<'_>) -> Option<u128> {
    Some(match value {
        RawBsonRef::Null | RawBsonRef::Undefined => return None,
        RawBsonRef::Boolean(value) => tagged(Kind::Boolean, &[u8::from(value)]),
        RawBsonRef::Int32(value) => integer(value.into()),
        RawBsonRef::Int64(value) => integer(value),
        RawBsonRef::Double(value) => double(value),
        // JSON becomes a decimal only where neither integer nor double has the value, so no other number equals it.
        RawBsonRef::Decimal128(value) => tagged(Kind::Decimal, &value.bytes()),
        RawBsonRef::String(value) => tagged(Kind::Text, value.as_bytes()),
        RawBsonRef::Document(value) => document(value),
        RawBsonRef::Array(array) => {
            let mut hasher = Xxh3::new();
            hasher.update(&[Kind::Array as u8]);
            for element in array {
                // In an array a `null` has a place of its own.
                hasher.update(&element.ok().and_then(self::value).unwrap_or(0).to_le_bytes());
            }
            hasher.digest128()
        }
        other => tagged(Kind::Other, format!("{other:?}").as_bytes()),
    })
}

fn integer(value: i64) -> u128 {
    tagged(Kind::Number, &value.to_le_bytes())
}

#[expect(clippy::float_cmp, reason = "exactly the doubles that are integers are meant")]
fn double(value: f64) -> u128 {
    let whole = value as i64;
    if whole as f64 == value && whole != i64::MAX {
        integer(whole)
    } else {
        // Nine bytes, so that no integer's eight are the same.
        let mut bytes = [1; 9];
        bytes[..8].copy_from_slice(&value.to_le_bytes());
        tagged(Kind::Number, &bytes)
    }
}

/// The hash of an object with these fields, whatever their order.
fn fields(mut fields: Vec<(u128, u128)>) -> u128 {
    fields.sort_unstable();
    let mut hasher = Xxh3::new();
    hasher.update(&[Kind::Object as u8]);
    for (key, value) in fields {
        hasher.update(&key.to_le_bytes());
        hasher.update(&value.to_le_bytes());
    }
    hasher.digest128()
}

fn document(document: &RawDocument) -> u128 {
    fields(
        document
            .into_iter()
            .map_while(Result::ok)
            .filter_map(|(key, element)| Some((xxh3_128(key.as_str().as_bytes()), value(element)?)))
            .collect(),
    )
}

/// The hash of `object` with `previous` put back.
fn restored(object: &RawDocument, previous: &RawDocument, deep: bool) -> u128 {
    let old: Vec<(&str, RawBsonRef<'_>)> =
        previous.into_iter().map_while(Result::ok).map(|(key, value)| (key.as_str(), value)).collect();
    let mut used = vec![false; old.len()];
    let mut all = Vec::new();
    for (key, current) in object.into_iter().map_while(Result::ok) {
        let key = key.as_str();
        let hash = match old.iter().position(|(candidate, _)| *candidate == key) {
            None => value(current),
            Some(index) => {
                used[index] = true;
                match (current, old[index].1) {
                    (RawBsonRef::Document(current), RawBsonRef::Document(old)) if deep => {
                        Some(restored(current, old, true))
                    }
                    (_, old) => value(old),
                }
            }
        };
        all.extend(hash.map(|hash| (xxh3_128(key.as_bytes()), hash)));
    }
    for ((key, old), used) in old.into_iter().zip(used) {
        if !used {
            all.extend(value(old).map(|hash| (xxh3_128(key.as_bytes()), hash)));
        }
    }
    fields(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::json::Object;

    fn of(text: &str) -> Fingerprint {
        Fingerprint::of(Object::from_json(text).expect("valid").as_raw())
    }

    fn before(text: &str, previous: &str, deep: bool) -> Fingerprint {
        let object = Object::from_json(text).expect("valid");
        let previous = Object::from_json(previous).expect("valid");
        Fingerprint::before(object.as_raw(), previous.as_raw(), deep)
    }

    #[test]
    fn order_of_keys_nulls_and_spelling_of_numbers_do_not_matter() {
        assert_eq!(of(r#"{"a":1,"b":{"x":null,"y":2.0}}"#), of(r#"{"b":{"y":2},"c":null,"a":1e0}"#));
        let same =
            [r#"{"a":1}"#, r#"{"a":"1"}"#, r#"{"a":[1]}"#, r#"{"a":true}"#, r#"{"b":1}"#, r#"{"a":1.5}"#];
        for (index, one) in same.iter().enumerate() {
            for other in &same[index + 1..] {
                assert_ne!(of(one), of(other), "{one} {other}");
            }
        }
        assert_ne!(of(r#"{"a":[1,2]}"#), of(r#"{"a":[2,1]}"#));
        assert_ne!(of(r#"{"a":[null,2]}"#), of(r#"{"a":[2]}"#));
    }

    #[test]
    fn old_values_put_back_give_the_object_before() {
        let after = r#"{"id":"x","name":"new","metadata":{"kept":"1","added":"2"},"list":[1,2],"gone":null}"#;
        let was = r#"{"id":"x","name":"old","metadata":{"kept":"1"},"list":[1],"gone":5}"#;
        let previous = r#"{"name":"old","metadata":{"added":null},"list":[1],"gone":5}"#;
        assert_eq!(before(after, previous, true), of(was));
        assert_eq!(before(r#"{"a":{"x":1,"y":2}}"#, r#"{"a":{"x":0}}"#, false), of(r#"{"a":{"x":0}}"#));
        assert_eq!(before(r#"{"a":{"x":1,"y":2}}"#, r#"{"a":{"x":0}}"#, true), of(r#"{"a":{"x":0,"y":2}}"#));
        assert_eq!(before(r#"{"a":{"x":1}}"#, r#"{"a":null,"b":{"c":1}}"#, true), of(r#"{"b":{"c":1}}"#));
    }

    #[test]
    fn a_fingerprint_survives_its_text() {
        let fingerprint = of(r#"{"a":1}"#);
        assert_eq!(Fingerprint::parse(&fingerprint.to_string()), Some(fingerprint));
        assert_eq!(Fingerprint::parse("12"), None);
    }
}
