//! JSON into BSON, compared with another reader of JSON and with BSON's own library.

use arbitrary::{Arbitrary, Unstructured};
use bson::{Bson, Document, RawDocument};
use hookline_engine::sinks::fuzzing::{bson_to_text, bson_to_value, json_to_bson};
use serde_json::Value;

use crate::edits::Edited;

const BASE: &[u8] = br#"{"id":"ch_1","_id":"x","amount":2000,"big":9007199254740993,"huge":12345678901234567890123,"rate":0.1,"exact":0.12345678901234567890,"tiny":1e-400,"$set":{"a.b":[1,-0.0,null,true,"\u00e9\ud83d\ude00\n"]},"nested":{"":[{}],"_id":1},"_sync_metadata":{}}"#;

/// One input.
pub(crate) fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(edited) = Edited::arbitrary(&mut input) else { return };
    let text = edited.of(BASE);
    let Ok(text) = std::str::from_utf8(&text) else { return };
    let Ok(bytes) = json_to_bson(text) else {
        return;
    };
    let raw = RawDocument::from_bytes(&bytes).expect("the length is right");
    let document = Document::try_from(raw).expect("all of it is BSON");

    let written = bson_to_text(raw).expect("only JSON's types are made from JSON");
    assert_eq!(json_to_bson(&written).as_ref(), Ok(&bytes), "what is written is read the same: {written}");
    let shown = bson_to_value(raw);
    assert_eq!(shown.as_object().map(serde_json::Map::len), Some(document.len()));

    // Depth and the range of doubles are bounded there, and a lone surrogate is not taken.
    let tree = match serde_json::from_str::<Value>(text) {
        Ok(tree) => tree,
        Err(error) => {
            let message = error.to_string();
            assert!(
                message.contains("number out of range") || message.contains("recursion limit"),
                "JSON to one reader only ({message}): {text}"
            );
            return;
        }
    };
    let mut tree = tree.as_object().expect("only an object is taken").clone();
    for own in ["_id", "_sync_metadata"] {
        // Removed so that the others keep their order.
        if let Some(value) = tree.shift_remove(own) {
            let renamed = format!("_original{own}");
            // Of the two the one that stands last counts; which one that is the tree does not tell any more.
            if tree.insert(renamed, value).is_some() {
                return;
            }
        }
    }
    same_object(&tree, &document);
}

fn same_object(tree: &serde_json::Map<String, Value>, document: &Document) {
    assert_eq!(tree.len(), document.len(), "{tree:?} {document:?}");
    for (key, value) in tree {
        same(value, document.get(key).unwrap_or_else(|| panic!("{key:?} is missing")));
    }
}

fn same(value: &Value, bson: &Bson) {
    match (value, bson) {
        (Value::Null, Bson::Null) => {}
        (Value::Bool(a), Bson::Boolean(b)) => assert_eq!(a, b),
        (Value::String(a), Bson::String(b)) => assert_eq!(a, b),
        (Value::Array(a), Bson::Array(b)) => {
            assert_eq!(a.len(), b.len());
            a.iter().zip(b).for_each(|(a, b)| same(a, b));
        }
        (Value::Object(a), Bson::Document(b)) => same_object(a, b),
        (Value::Number(a), Bson::Int32(b)) => assert_eq!(a.as_i64(), Some(i64::from(*b))),
        (Value::Number(a), Bson::Int64(b)) => assert_eq!(a.as_i64(), Some(*b)),
        (Value::Number(a), Bson::Double(b)) => {
            assert!(a.is_f64(), "an integer has become a double: {a}");
            // The tree's reader may be off by the last bit; the engine's is the standard library's.
            let a = a.as_f64().expect("is a number");
            assert!((a - b).abs() <= b.abs().mul_add(1e-15, f64::MIN_POSITIVE), "{a} {b}");
        }
        // The tree has rounded it.
        (Value::Number(a), Bson::Decimal128(b)) => {
            assert!(a.as_i64().is_none(), "an integer has become a decimal: {a}");
            let (a, b) =
                (a.as_f64().expect("is a number"), b.to_string().parse::<f64>().expect("is a number"));
            assert!((a - b).abs() <= a.abs().mul_add(1e-15, f64::MIN_POSITIVE), "{a} {b}");
        }
        (value, bson) => panic!("{value} has become {bson}"),
    }
}
