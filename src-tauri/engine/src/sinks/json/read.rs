//! JSON text → BSON bytes.

use bson::RawDocument;
use bson::RawDocumentBuf;
use bson::spec::ElementType;
use jiter::{Jiter, JiterError, Peek};
use xxhash_rust::xxh3::xxh3_64;

use super::number::{self, Number};

/// The largest document a MongoDB server takes.
pub(in crate::sinks) const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;
/// As deep as a MongoDB server lets documents nest.
const MAX_DEPTH: usize = 100;
/// Up to so many keys a scan finds a repeated one faster than a table does.
const SCANNED_KEYS: usize = 64;

/// Keys of the provider that would get in the way of Hookline's own at the top level, and what they are called in the document.
const RENAMED: [(&str, &str); 2] = [("_id", "_original_id"), ("_sync_metadata", "_original_sync_metadata")];

/// Why a provider's object cannot become a document. `Display` is shown to users and holds no value of the object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::sinks) enum InvalidObject {
    /// The text is no JSON.
    #[error("the object is not valid JSON: {0}")]
    Json(String),
    /// The text is JSON, but no object.
    #[error("the event's object is not a JSON object but {0}")]
    NoObject(&'static str),
    /// A number fits no type.
    #[error(
        "the number at `{path}` fits neither 64 bits nor a decimal of 34 digits; it is not stored, because it would be rounded"
    )]
    Number {
        /// Where it stands.
        path: String,
    },
    /// A key holds U+0000.
    #[error("a key inside `{path}` holds a NUL character, which no BSON document can have")]
    NulInKey {
        /// The object with the key.
        path: String,
    },
    /// Too deep.
    #[error("`{path}` is nested deeper than {MAX_DEPTH} levels, which MongoDB does not take")]
    TooDeep {
        /// The first value that is too deep, shortened.
        path: String,
    },
    /// Too large.
    #[error("the document would have {bytes} bytes; MongoDB takes at most {MAX_DOCUMENT_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

/// A provider's object as BSON, without `_id` and `_sync_metadata`.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sinks) struct Object(RawDocumentBuf);

impl Object {
    /// Converts a provider's JSON text.
    ///
    /// A key `_id` or `_sync_metadata` of the provider's own at the top level becomes `_original_id` or `_original_sync_metadata`.
    pub(in crate::sinks) fn from_json(text: &str) -> Result<Self, InvalidObject> {
        let mut reader =
            Reader { jiter: Jiter::new(text.as_bytes()), out: Vec::with_capacity(text.len() + 64) };
        match reader.jiter.peek().map_err(|error| reader.syntax(&error))? {
            Peek::Object => {}
            Peek::Array => return Err(InvalidObject::NoObject("an array")),
            Peek::String => return Err(InvalidObject::NoObject("a string")),
            Peek::Null => return Err(InvalidObject::NoObject("null")),
            Peek::True | Peek::False => return Err(InvalidObject::NoObject("a boolean")),
            _ => return Err(InvalidObject::NoObject("a number")),
        }
        reader.object(0).map_err(Failure::describe)?;
        reader.jiter.finish().map_err(|error| reader.syntax(&error))?;
        if reader.out.len() > MAX_DOCUMENT_BYTES {
            return Err(InvalidObject::TooLarge { bytes: reader.out.len() });
        }
        RawDocumentBuf::from_bytes(reader.out)
            .map(Self)
            .map_err(|error| InvalidObject::Json(error.to_string()))
    }

    /// The object inside a stored document: all of it but `_id` and `_sync_metadata`. `None` when the bytes are damaged.
    pub(in crate::sinks) fn from_document(document: &RawDocument) -> Option<Self> {
        let mut object = RawDocumentBuf::new();
        for element in document {
            let (key, value) = element.ok()?;
            if key.as_str() != "_id" && key.as_str() != "_sync_metadata" {
                object.append(key, value);
            }
        }
        Some(Self(object))
    }

    /// The object as a tie keeps it.
    pub(in crate::sinks) fn from_raw(object: &RawDocument) -> Self {
        Self(object.to_owned())
    }

    /// The bytes as BSON.
    pub(in crate::sinks) fn as_raw(&self) -> &RawDocument {
        &self.0
    }

    /// The elements alone, without the document's length and end.
    pub(in crate::sinks) fn elements(&self) -> &[u8] {
        let bytes = self.0.as_bytes();
        &bytes[4..bytes.len() - 1]
    }

    /// Whether a key at the top level begins with `$`: MongoDB takes it, but not in a plain replacement.
    pub(in crate::sinks) fn has_dollar_key(&self) -> bool {
        self.0
            .iter_elements()
            .any(|element| element.is_ok_and(|element| element.key().as_str().starts_with('$')))
    }

    /// How many bytes it has.
    pub(in crate::sinks) fn len(&self) -> usize {
        self.0.as_bytes().len()
    }
}

/// What went wrong, with the path collected on the way out, innermost key first: the way in stays free of it.
struct Failure {
    kind: FailureKind,
    path: Vec<String>,
}

enum FailureKind {
    Json(String),
    Number,
    NulInKey,
    TooDeep,
}

impl Failure {
    fn new(kind: FailureKind) -> Self {
        Self { kind, path: Vec::new() }
    }

    fn describe(mut self) -> InvalidObject {
        const SHOWN: usize = 12;
        self.path.reverse();
        let shortened = self.path.len() > SHOWN;
        self.path.truncate(SHOWN);
        let mut path = if self.path.is_empty() { "the object".to_owned() } else { self.path.join(".") };
        if shortened {
            path.push_str(".…");
        }
        match self.kind {
            FailureKind::Json(message) => InvalidObject::Json(message),
            FailureKind::Number => InvalidObject::Number { path },
            FailureKind::NulInKey => InvalidObject::NulInKey { path },
            FailureKind::TooDeep => InvalidObject::TooDeep { path },
        }
    }
}

struct Reader<'j> {
    jiter: Jiter<'j>,
    out: Vec<u8>,
}

/// A key of the object being read: its hash, and where its element begins in the output.
struct Seen {
    hash: u64,
    start: usize,
}

impl Reader<'_> {
    fn syntax(&self, error: &JiterError) -> InvalidObject {
        InvalidObject::Json(error.description(&self.jiter))
    }

    fn failed(&self, error: &JiterError) -> Failure {
        Failure::new(FailureKind::Json(error.description(&self.jiter)))
    }

    /// Writes the object that comes next; `depth` is how many objects and arrays it lies in.
    fn object(&mut self, depth: usize) -> Result<(), Failure> {
        let start = self.open(depth)?;
        let mut seen: Vec<Seen> = Vec::with_capacity(16);
        let mut table = std::collections::HashMap::new();
        let mut first = true;
        loop {
            let element = self.out.len();
            let key = if first { self.jiter.known_object() } else { self.jiter.next_key() };
            first = false;
            let key = match key {
                Ok(Some(key)) => key,
                Ok(None) => break,
                Err(error) => return Err(self.failed(&error)),
            };
            if key.as_bytes().contains(&0) {
                return Err(Failure::new(FailureKind::NulInKey));
            }
            let key = if depth == 0 {
                RENAMED.iter().find(|(own, _)| *own == key).map_or(key, |(_, renamed)| *renamed)
            } else {
                key
            };
            let hash = xxh3_64(key.as_bytes());
            // The type is written when the value is known.
            self.out.push(0);
            self.out.extend_from_slice(key.as_bytes());
            self.out.push(0);
            let key_end = self.out.len() - 1;
            let repeated = if seen.len() < SCANNED_KEYS {
                seen.iter().position(|candidate| candidate.hash == hash)
            } else {
                if table.is_empty() {
                    table.extend(seen.iter().enumerate().map(|(index, seen)| (seen.hash, index)));
                }
                table.get(&hash).copied()
            };
            self.value(element, depth).map_err(|mut failure| {
                failure.path.push(String::from_utf8_lossy(&self.out[element + 1..key_end]).into_owned());
                failure
            })?;
            if let Some(index) = repeated
                && self.same_key(seen[index].start, element)
            {
                self.drop_earlier(&mut seen, index, element);
                table.clear();
            } else {
                if !table.is_empty() {
                    table.insert(hash, seen.len());
                }
                seen.push(Seen { hash, start: element });
            }
        }
        self.close(start);
        Ok(())
    }

    fn same_key(&self, a: usize, b: usize) -> bool {
        let key = |start: usize| self.out[start + 1..].split(|byte| *byte == 0).next();
        key(a) == key(b)
    }

    /// Takes the element `index` out again: the one that begins at `element` has the same key and counts.
    fn drop_earlier(&mut self, seen: &mut Vec<Seen>, index: usize, element: usize) {
        let hash = seen[index].hash;
        let start = seen[index].start;
        let end = seen.get(index + 1).map_or(element, |next| next.start);
        self.out.drain(start..end);
        seen.remove(index);
        for later in &mut seen[index..] {
            later.start -= end - start;
        }
        seen.push(Seen { hash, start: element - (end - start) });
    }

    fn array(&mut self, depth: usize) -> Result<(), Failure> {
        use std::io::Write as _;

        let start = self.open(depth)?;
        let mut next = self.jiter.known_array().map_err(|error| self.failed(&error))?;
        let mut index = 0_usize;
        while next.is_some() {
            let element = self.out.len();
            self.out.push(0);
            // Writing into a `Vec` cannot fail.
            let _ = write!(self.out, "{index}");
            self.out.push(0);
            self.value(element, depth).map_err(|mut failure| {
                failure.path.push(index.to_string());
                failure
            })?;
            index += 1;
            next = self.jiter.array_step().map_err(|error| self.failed(&error))?;
        }
        self.close(start);
        Ok(())
    }

    fn open(&mut self, depth: usize) -> Result<usize, Failure> {
        if depth >= MAX_DEPTH {
            return Err(Failure::new(FailureKind::TooDeep));
        }
        let start = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        Ok(start)
    }

    fn close(&mut self, start: usize) {
        self.out.push(0);
        let length = (self.out.len() - start) as i32;
        self.out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }

    /// Writes the value that comes next, and its type at `element`.
    fn value(&mut self, element: usize, depth: usize) -> Result<(), Failure> {
        let peek = self.jiter.peek().map_err(|error| self.failed(&error))?;
        let kind = match peek {
            Peek::Null => {
                self.jiter.known_null().map_err(|error| self.failed(&error))?;
                ElementType::Null
            }
            Peek::True | Peek::False => {
                let value = self.jiter.known_bool(peek).map_err(|error| self.failed(&error))?;
                self.out.push(u8::from(value));
                ElementType::Boolean
            }
            Peek::String => {
                match self.jiter.known_str() {
                    Ok(text) => {
                        self.out.extend_from_slice(&(text.len() as i32 + 1).to_le_bytes());
                        self.out.extend_from_slice(text.as_bytes());
                        self.out.push(0);
                    }
                    Err(error) => return Err(self.failed(&error)),
                }
                ElementType::String
            }
            Peek::Object => {
                self.object(depth + 1)?;
                ElementType::EmbeddedDocument
            }
            Peek::Array => {
                self.array(depth + 1)?;
                ElementType::Array
            }
            _ => self.number(peek)?,
        };
        self.out[element] = kind as u8;
        Ok(())
    }

    fn number(&mut self, peek: Peek) -> Result<ElementType, Failure> {
        let number = match self.jiter.known_number_bytes(peek) {
            Ok(bytes) => std::str::from_utf8(bytes).ok().and_then(number::parse),
            Err(error) => return Err(self.failed(&error)),
        };
        match number {
            Some(Number::Int32(value)) => {
                self.out.extend_from_slice(&value.to_le_bytes());
                Ok(ElementType::Int32)
            }
            Some(Number::Int64(value)) => {
                self.out.extend_from_slice(&value.to_le_bytes());
                Ok(ElementType::Int64)
            }
            Some(Number::Double(value)) => {
                self.out.extend_from_slice(&value.to_le_bytes());
                Ok(ElementType::Double)
            }
            Some(Number::Decimal(value)) => {
                self.out.extend_from_slice(&value.bytes());
                Ok(ElementType::Decimal128)
            }
            None => Err(Failure::new(FailureKind::Number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use bson::{Bson, Document, doc};

    use super::*;

    fn read(text: &str) -> Document {
        let object = Object::from_json(text).expect("a valid object");
        Document::try_from(object.as_raw()).expect("valid BSON")
    }

    #[test]
    fn an_object_keeps_its_keys_their_order_and_its_values() {
        let text = r#"{"b":1,"a":{"x":[1,"two",null,true,{"deep":-1.5}],"":{}},"dotted.key":"é\u0000\n","$set":9007199254740993}"#;
        assert_eq!(
            read(text),
            doc! {"b": 1, "a": {"x": [1, "two", Bson::Null, true, {"deep": -1.5}], "": {}},
            "dotted.key": "é\u{0}\n", "$set": 9_007_199_254_740_993_i64}
        );
        assert!(Object::from_json(text).expect("valid").has_dollar_key());
    }

    #[test]
    fn of_equal_keys_the_last_one_counts() {
        assert_eq!(
            read(r#"{"a":1,"b":2,"a":[3],"c":{"x":1,"x":2},"b":4}"#),
            doc! {"a": [3], "c": {"x": 2}, "b": 4}
        );
        let many: Vec<String> = (0..200).map(|index| format!("\"k{index}\":{index}")).collect();
        let many = many.join(",");
        let document = read(&format!("{{{many},\"k7\":\"again\",\"k199\":\"again\",\"k7\":\"last\"}}"));
        assert_eq!(document.len(), 200);
        assert_eq!(document.get_str("k7").ok(), Some("last"));
        assert_eq!(document.get_str("k199").ok(), Some("again"));
        assert_eq!(document.get_i32("k8").ok(), Some(8));
    }

    #[test]
    fn the_providers_own_id_is_kept_under_another_name() {
        assert_eq!(
            read(r#"{"_id":5,"_sync_metadata":{},"nested":{"_id":6}}"#),
            doc! {"_original_id": 5, "_original_sync_metadata": {}, "nested": {"_id": 6}}
        );
    }

    #[test]
    fn what_cannot_be_stored_is_refused_and_named() {
        let error = |text: &str| Object::from_json(text).expect_err("refused");
        assert_eq!(
            error(r#"{"a":{"list":[0,12345678901234567890123456789012345678]}}"#),
            InvalidObject::Number { path: "a.list.1".to_owned() }
        );
        assert_eq!(error(r#"{"a":{"b\u0000":1}}"#), InvalidObject::NulInKey { path: "a".to_owned() });
        assert_eq!(error("[1]"), InvalidObject::NoObject("an array"));
        assert_eq!(error("12"), InvalidObject::NoObject("a number"));
        assert!(matches!(error(r#"{"a":"\ud800"}"#), InvalidObject::Json(_)));
        let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        assert!(matches!(error(&nested(101)), InvalidObject::TooDeep { .. }));
        assert!(Object::from_json(&nested(100)).is_ok());
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_DOCUMENT_BYTES));
        assert!(matches!(error(&large), InvalidObject::TooLarge { .. }));
    }
}
