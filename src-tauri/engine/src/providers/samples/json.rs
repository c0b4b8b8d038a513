//! The little JSON surgery that samples need: change an object and learn what it was, and print it as providers do.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// How deep the former values of a changed object are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Nested objects list only what changed in them (Stripe's `previous_attributes`).
    Nested,
    /// The whole old value of each changed top-level key (Close's `previous_data`).
    Top,
}

/// Writes `patch` over `object` and returns the former values of what really changed; a key that was absent is
/// told as `null`.
///
/// Objects are merged key by key, everything else is replaced. Unlike in RFC 7396 a `null` is a value: fields of
/// these APIs become null, they do not vanish.
pub(super) fn apply(
    object: &mut Map<String, Value>,
    patch: Map<String, Value>,
    depth: Depth,
) -> Map<String, Value> {
    let mut before = Map::new();
    for (key, new) in patch {
        match (object.get_mut(&key), new) {
            (Some(Value::Object(old)), Value::Object(new)) if !new.is_empty() => {
                let whole = (depth == Depth::Top).then(|| old.clone());
                let changed = apply(old, new, Depth::Nested);
                if !changed.is_empty() {
                    before.insert(key, Value::Object(whole.unwrap_or(changed)));
                }
            }
            (Some(old), new) => {
                if *old != new {
                    before.insert(key, std::mem::replace(old, new));
                }
            }
            (None, new) => {
                object.insert(key.clone(), new);
                before.insert(key, Value::Null);
            }
        }
    }
    before
}

/// Adds `earlier` former values to `later` ones: where both tell of a field, the earlier one is what it was before both changes.
pub(super) fn merge_before(later: &mut Map<String, Value>, earlier: Map<String, Value>) {
    for (key, old) in earlier {
        match (later.get_mut(&key), old) {
            (Some(Value::Object(later)), Value::Object(old)) => merge_before(later, old),
            (_, old) => {
                later.insert(key, old);
            }
        }
    }
}

/// Appends `value` as compact JSON; in every object `id` and `object` come first, as in Stripe's own bodies.
pub(super) fn write(out: &mut String, value: &Value) {
    match value {
        Value::Object(map) => {
            out.push('{');
            let first = ["id", "object"].into_iter().filter_map(|key| map.get_key_value(key));
            let others = map.iter().filter(|(key, _)| !matches!(key.as_str(), "id" | "object"));
            for (index, (key, value)) in first.chain(others).enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(out, key);
                out.push(':');
                write(out, value);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            // Writing into a `String` cannot fail.
            let _ = write!(out, "{number}");
        }
        Value::String(text) => write_text(out, text),
    }
}

fn write_text(out: &mut String, text: &str) {
    let plain = text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if plain {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        let _ = write!(out, "{}", Value::from(text));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("not an object: {value}") };
        map
    }

    #[test]
    fn a_change_tells_only_what_differs_and_what_it_was() {
        let mut state = object(json!({"a": 1, "same": 2, "deep": {"x": 1, "y": 2}, "list": [1]}));
        let patch = json!({"a": 5, "same": 2, "deep": {"x": 9, "y": 2}, "list": [1, 2], "new": true});
        let before = apply(&mut state, object(patch), Depth::Nested);
        assert_eq!(
            Value::Object(state),
            json!({"a": 5, "same": 2, "deep": {"x": 9, "y": 2}, "list": [1, 2], "new": true})
        );
        assert_eq!(Value::Object(before), json!({"a": 1, "deep": {"x": 1}, "list": [1], "new": null}));
    }

    #[test]
    fn at_the_top_depth_the_whole_old_value_is_told() {
        let mut state = object(json!({"deep": {"x": 1, "y": 2}}));
        let before = apply(&mut state, object(json!({"deep": {"x": 9}})), Depth::Top);
        assert_eq!(Value::Object(before), json!({"deep": {"x": 1, "y": 2}}));
    }

    #[test]
    fn of_two_changes_the_value_before_both_is_told() {
        let mut later = object(json!({"status": "open", "deep": {"x": 2}}));
        merge_before(&mut later, object(json!({"status": "draft", "deep": {"y": 1}})));
        assert_eq!(Value::Object(later), json!({"status": "draft", "deep": {"x": 2, "y": 1}}));
    }

    #[test]
    fn what_is_printed_reads_back_as_it_was() {
        let value = json!({"z": "a\"b\\\n\u{1}é", "id": 1, "object": "x", "l": [null, true, 1.5, {"id": 2, "a": []}]});
        let mut text = String::new();
        write(&mut text, &value);
        assert!(text.starts_with(r#"{"id":1,"object":"x","#), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), value);
    }
}
