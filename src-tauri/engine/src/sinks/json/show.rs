//! BSON → JSON: as text that reads back to the same BSON, and as a value for people and their programs.

use base64::Engine as _;
use bson::{RawBsonRef, RawDocument};
use serde_json::{Map, Value, json};

/// Beyond this, JavaScript and others that read numbers as doubles round integers.
const EXACT_IN_A_DOUBLE: i64 = 1 << 53;

/// Writes an object made by [`super::Object::from_json`] as JSON text from which the same object is read again.
/// `None` when it holds a type that JSON text does not make.
pub(in crate::sinks) fn to_text(object: &RawDocument) -> Option<String> {
    let mut text = String::with_capacity(object.as_bytes().len() * 5 / 4);
    write_document(&mut text, object)?;
    Some(text)
}

fn write_document(text: &mut String, document: &RawDocument) -> Option<()> {
    text.push('{');
    for (index, element) in document.into_iter().enumerate() {
        let (key, value) = element.ok()?;
        if index > 0 {
            text.push(',');
        }
        write_string(text, key.as_str())?;
        text.push(':');
        write_value(text, value)?;
    }
    text.push('}');
    Some(())
}

fn write_value(text: &mut String, value: RawBsonRef<'_>) -> Option<()> {
    use std::fmt::Write as _;

    match value {
        RawBsonRef::Null => text.push_str("null"),
        RawBsonRef::Boolean(value) => text.push_str(if value { "true" } else { "false" }),
        RawBsonRef::Int32(value) => write!(text, "{value}").ok()?,
        RawBsonRef::Int64(value) => write!(text, "{value}").ok()?,
        // `{:?}` always has a point or an exponent: it reads back as a double.
        RawBsonRef::Double(value) if value.is_finite() => write!(text, "{value:?}").ok()?,
        RawBsonRef::Decimal128(value) => write!(text, "{value}").ok()?,
        RawBsonRef::String(value) => write_string(text, value)?,
        RawBsonRef::Document(value) => write_document(text, value)?,
        RawBsonRef::Array(array) => {
            text.push('[');
            for (index, value) in array.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(text, value.ok()?)?;
            }
            text.push(']');
        }
        _ => return None,
    }
    Some(())
}

fn write_string(text: &mut String, value: &str) -> Option<()> {
    if value.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        text.push('"');
        text.push_str(value);
        text.push('"');
    } else {
        text.push_str(&serde_json::to_string(value).ok()?);
    }
    Some(())
}

/// A stored document as JSON for people: numbers that JSON readers would round, and types that JSON does not know, are
/// MongoDB's extended JSON (`{"$numberLong": "…"}`, `{"$date": "…"}`).
///
/// Bytes that are no BSON end the document where they stand.
pub(in crate::sinks) fn to_value(document: &RawDocument) -> Value {
    let mut map = Map::new();
    for (key, value) in document.into_iter().map_while(Result::ok) {
        map.insert(key.as_str().to_owned(), value_of(value));
    }
    Value::Object(map)
}

fn value_of(value: RawBsonRef<'_>) -> Value {
    match value {
        RawBsonRef::Null => Value::Null,
        RawBsonRef::Boolean(value) => value.into(),
        RawBsonRef::Int32(value) => value.into(),
        RawBsonRef::Int64(value) if (-EXACT_IN_A_DOUBLE..=EXACT_IN_A_DOUBLE).contains(&value) => value.into(),
        RawBsonRef::Int64(value) => json!({"$numberLong": value.to_string()}),
        RawBsonRef::Double(value) if value.is_finite() => value.into(),
        RawBsonRef::Double(value) if value.is_nan() => json!({"$numberDouble": "NaN"}),
        RawBsonRef::Double(value) if value > 0.0 => json!({"$numberDouble": "Infinity"}),
        RawBsonRef::Double(_) => json!({"$numberDouble": "-Infinity"}),
        RawBsonRef::Decimal128(value) => json!({"$numberDecimal": value.to_string()}),
        RawBsonRef::String(value) => value.into(),
        RawBsonRef::Document(value) => to_value(value),
        RawBsonRef::Array(array) => {
            array.into_iter().map_while(Result::ok).map(value_of).collect::<Vec<_>>().into()
        }
        RawBsonRef::DateTime(value) => match value.try_to_rfc3339_string() {
            Ok(text) => json!({"$date": text}),
            Err(_) => json!({"$date": {"$numberLong": value.timestamp_millis().to_string()}}),
        },
        RawBsonRef::ObjectId(value) => json!({"$oid": value.to_hex()}),
        RawBsonRef::Binary(value) => json!({"$binary": {
            "base64": base64::engine::general_purpose::STANDARD.encode(value.bytes),
            "subType": format!("{:02x}", u8::from(value.subtype)),
        }}),
        // What is left are types of other programs' documents; their own serialisation is extended JSON too.
        other => bson::Bson::try_from(other)
            .ok()
            .and_then(|value| serde_json::to_value(value).ok())
            .unwrap_or(Value::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Object;
    use super::*;

    #[test]
    fn text_reads_back_to_the_same_object() {
        let text = r#"{"a":[1,2147483648,-0.0,19.99,1e22,12345678901234567890,0.1234567890123456789,"q\"\\\n\u0000é",null,true,{}],"$x.y":{"":[]}}"#;
        let object = Object::from_json(text).expect("valid");
        let again = to_text(object.as_raw()).expect("only JSON's types");
        assert_eq!(Object::from_json(&again).expect("valid").as_raw(), object.as_raw(), "{again}");
    }

    #[test]
    fn numbers_that_readers_would_round_are_extended_json() {
        let object = Object::from_json(
            r#"{"small":1,"large":9007199254740993,"decimal":12345678901234567890,"double":0.5}"#,
        )
        .expect("valid");
        assert_eq!(
            to_value(object.as_raw()),
            json!({"small": 1, "large": {"$numberLong": "9007199254740993"},
                   "decimal": {"$numberDecimal": "12345678901234567890"}, "double": 0.5})
        );
    }
}
