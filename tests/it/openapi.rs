//! `ui/openapi.json`: the API's description as the window's types are made from it.

use std::path::Path;

use serde_json::{Map, Value};

/// The same with all keys in order, so that it does not matter how they were collected.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<(String, Value)> = object.into_iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

// The pattern of a path is another one on Windows.
#[cfg(unix)]
#[test]
fn the_file_that_the_window_is_built_from_is_the_description_of_the_code() {
    let description = serde_json::from_str(&hookline_engine::api::openapi_json()).expect("is JSON");
    let mut text = serde_json::to_string_pretty(&sorted(description)).expect("serializes");
    text.push('\n');
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is below the root");
    let path = root.join("ui/openapi.json");
    if std::env::var_os("HOOKLINE_WRITE_OPENAPI").is_some() {
        std::fs::write(&path, &text).expect("writes");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    // Not `assert_eq`, which would print both of them whole.
    let first = committed.lines().zip(text.lines()).position(|(committed, made)| committed != made);
    assert!(
        committed == text,
        "ui/openapi.json is not up to date (first difference in line {}): run the test with HOOKLINE_WRITE_OPENAPI=1",
        first.unwrap_or_else(|| committed.lines().count().min(text.lines().count())) + 1
    );
}
