//! Changes of JSON that an input describes: most of the text stays what a reader expects, so that the reader is led deep.

use arbitrary::Arbitrary;
use serde_json::{Map, Value};

/// A JSON text made from another one.
#[derive(Debug, Arbitrary)]
pub(crate) enum Edited<'a> {
    /// Values are replaced.
    Values(Vec<Edit<'a>>),
    /// Bytes are replaced: what is no JSON any more, keys that stand there twice.
    Bytes(Vec<Splice<'a>>),
    /// Something else altogether.
    Other(&'a [u8]),
}

/// One value is changed.
#[derive(Debug, Arbitrary)]
pub(crate) struct Edit<'a> {
    /// Which one, counted from the root, round and round.
    place: u16,
    change: Change<'a>,
}

/// What becomes of the value.
#[derive(Debug, Arbitrary)]
enum Change<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Text(&'a str),
    Empty,
    Nothing,
    Wrapped,
    Keyed(&'a str),
    Removed,
}

/// Some bytes are replaced by others.
#[derive(Debug, Arbitrary)]
pub(crate) struct Splice<'a> {
    place: u16,
    removed: u8,
    inserted: &'a [u8],
}

impl Edited<'_> {
    /// The text after the changes.
    pub(crate) fn of(&self, original: &[u8]) -> Vec<u8> {
        match self {
            Self::Values(edits) => {
                let Ok(mut value) = serde_json::from_slice::<Value>(original) else {
                    return original.to_vec();
                };
                for edit in edits.iter().take(16) {
                    edit.apply(&mut value);
                }
                value.to_string().into_bytes()
            }
            Self::Bytes(splices) => {
                let mut bytes = original.to_vec();
                for splice in splices.iter().take(16) {
                    let start = usize::from(splice.place) % (bytes.len() + 1);
                    let end = bytes.len().min(start + usize::from(splice.removed));
                    bytes.splice(start..end, splice.inserted.iter().copied());
                }
                bytes
            }
            Self::Other(bytes) => bytes.to_vec(),
        }
    }
}

impl Edit<'_> {
    fn apply(&self, root: &mut Value) {
        let place = usize::from(self.place) % count(root);
        let mut left = place;
        if let Some(value) = nth(root, &mut left) {
            self.change.apply(value);
        }
    }
}

impl Change<'_> {
    fn apply(&self, value: &mut Value) {
        *value = match self {
            Self::Null => Value::Null,
            Self::Boolean(is) => (*is).into(),
            Self::Integer(number) => (*number).into(),
            Self::Double(number) => (*number).into(),
            Self::Text(text) => (*text).into(),
            Self::Empty => Value::Object(Map::new()),
            Self::Nothing => Value::Array(Vec::new()),
            Self::Wrapped => Value::Array(vec![value.take()]),
            Self::Keyed(key) => Value::Object(Map::from_iter([((*key).to_owned(), value.take())])),
            Self::Removed => {
                match value {
                    Value::Object(map) => map.clear(),
                    Value::Array(items) => drop(items.pop()),
                    _ => {}
                }
                return;
            }
        }
    }
}

/// How many values there are, the root and what lies in it.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

fn nth<'v>(value: &'v mut Value, left: &mut usize) -> Option<&'v mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(map) => map.values_mut().find_map(|item| nth(item, left)),
        _ => None,
    }
}
