//! Where in an event's payload its object is, and what of it changed: for those who show it.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::event::{Operation, Previous};

/// How deep an object is looked for. Providers put it two levels deep at most.
const DEPTH: usize = 5;
/// How many values are looked at for it.
const LOOKED_AT: usize = 20_000;
/// The most changes that are told.
const CHANGES: usize = 500;

/// One step of a path into JSON: the key of an object or the index in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum PathStep {
    /// The key of an object.
    Key(String),
    /// The index in a list, from 0.
    Index(u64),
}

/// A value of the object that was another one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedValue {
    /// Where it stands, from the root of the payload.
    pub path: Vec<PathStep>,
    /// What it was before; `null` also where it was not there.
    #[schema(value_type = Value)]
    pub before: Value,
}

/// Where in the body the operation's object stands: the shallowest place that reads the same, byte for byte. An empty path
/// is the whole body.
pub(super) fn object_path(body: &[u8], object: &RawValue) -> Option<Vec<PathStep>> {
    let wanted = object.get();
    let root: &RawValue = serde_json::from_slice(body).ok()?;
    let mut left = LOOKED_AT;
    let mut queue: VecDeque<(Vec<PathStep>, &RawValue)> = VecDeque::from([(Vec::new(), root)]);
    while let Some((path, value)) = queue.pop_front() {
        let text = value.get();
        if text == wanted {
            return Some(path);
        }
        left = left.checked_sub(1)?;
        if path.len() == DEPTH {
            continue;
        }
        // What is shorter than the object is neither it nor holds it.
        let may_be = |value: &&RawValue| value.get().len() >= wanted.len();
        let below = |step| path.iter().cloned().chain([step]).collect::<Vec<_>>();
        if text.starts_with('{') {
            let entries: Entries<'_> = serde_json::from_str(text).ok()?;
            let entries = entries.0.into_iter().filter(|(_, value)| may_be(value));
            queue.extend(
                entries.take(left).map(|(key, value)| (below(PathStep::Key(key.into_owned())), value)),
            );
        } else if text.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let items = (0..).zip(items).filter(|(_, value)| may_be(value));
            queue.extend(items.take(left).map(|(index, value)| (below(PathStep::Index(index)), value)));
        }
    }
    None
}

/// The entries of a JSON object in their order, a key that stands twice included.
struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> serde::de::Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<Key<'_>, &RawValue>()? {
                    entries.push((entry.0.0, entry.1));
                }
                Ok(Entries(entries))
            }
        }

        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// What of the object changed, as far as the provider tells.
pub(super) fn changed(object_path: &[PathStep], operation: &Operation) -> Vec<ChangedValue> {
    let Some(Previous { values, deep }) = &operation.previous else {
        return Vec::new();
    };
    let Ok(values) = serde_json::from_str::<Value>(values.get()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    collect(object_path, values, *deep, &mut found);
    found
}

/// Lists the values of an object; those of objects inside it too, where they tell only what changed in them (`deep`).
fn collect(path: &[PathStep], values: Value, deep: bool, found: &mut Vec<ChangedValue>) {
    let Value::Object(values) = values else {
        return;
    };
    for (key, before) in values {
        if found.len() == CHANGES {
            return;
        }
        let path: Vec<PathStep> = path.iter().cloned().chain([PathStep::Key(key)]).collect();
        if deep && before.as_object().is_some_and(|inside| !inside.is_empty()) {
            collect(&path, before, deep, found);
        } else {
            found.push(ChangedValue { path, before });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::{Mapping, RawRequest, Timestamp};
    use crate::providers::{self, samples};

    const NOW: Timestamp = Timestamp::from_seconds(1_735_689_600);

    fn operations(kind: &str, body: &[u8], event_type: &str) -> Vec<Operation> {
        let provider = providers::find(kind, None).expect("is known");
        let url = "http://127.0.0.1/";
        let headers = provider.sign(url, body, event_type, &provider.generate_secret(), NOW);
        let request = RawRequest {
            method: "POST".to_owned(),
            url: url.to_owned(),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.into_bytes()))
                .collect(),
            body: body.to_vec().into(),
            received_at: NOW,
        };
        match provider.map(&request, body, &|_| true).expect("is an event") {
            Mapping::Operations(operations) => operations,
            Mapping::Unmapped(_) => Vec::new(),
        }
    }

    fn at(body: &[u8], path: &[PathStep]) -> Value {
        let mut value: Value = serde_json::from_slice(body).expect("JSON");
        for step in path {
            value = match step {
                PathStep::Key(key) => value[key.as_str()].take(),
                PathStep::Index(index) => value[*index as usize].take(),
            };
        }
        value
    }

    #[test]
    fn the_object_of_every_providers_events_is_found_where_it_stands() {
        for provider in providers::all() {
            let kind = provider.info().kind;
            for sample in samples::events(kind, "*", 40, 7, NOW).expect("samples") {
                for operation in operations(kind, &sample.body, &sample.event_type) {
                    let Some(object) = &operation.object else { continue };
                    let path = object_path(&sample.body, object).unwrap_or_else(|| {
                        panic!("{kind} {}: no place for {}", sample.event_type, object.get())
                    });
                    let object: Value = serde_json::from_str(object.get()).expect("JSON");
                    assert_eq!(at(&sample.body, &path), object, "{kind} {}", sample.event_type);
                    if kind == "stripe" {
                        assert_eq!(json!(path), json!(["data", "object"]));
                    }
                }
            }
        }
    }

    #[test]
    fn stripes_changes_are_told_to_the_innermost_value() {
        let body = br#"{"id":"evt_1","type":"customer.updated","created":1735689600,"data":{
            "object":{"id":"cus_1","object":"customer","email":"new","address":{"city":"Rome","line1":"x"},"metadata":{},"tags":["b"]},
            "previous_attributes":{"email":"old","address":{"city":"Oslo"},"metadata":{},"tags":["a"],"phone":null}}}"#;
        let operation = operations("stripe", body, "customer.updated").remove(0);
        let path = object_path(body, operation.object.as_ref().expect("an object")).expect("a place");
        assert_eq!(
            json!(changed(&path, &operation)),
            json!([
                {"path": ["data", "object", "email"], "before": "old"},
                {"path": ["data", "object", "address", "city"], "before": "Oslo"},
                {"path": ["data", "object", "metadata"], "before": {}},
                {"path": ["data", "object", "tags"], "before": ["a"]},
                {"path": ["data", "object", "phone"], "before": null},
            ])
        );
    }

    #[test]
    fn closes_changes_are_whole_fields() {
        let body = br#"{"event":{"id":"ev_1","object_type":"lead","action":"updated","object_id":"lead_1",
            "date_updated":"2025-01-01T00:00:00.000001","changed_fields":["name","address"],
            "previous_data":{"address":{"city":"Oslo"}},"data":{"id":"lead_1","name":"A","address":{"city":"Rome"}}}}"#;
        let operation = operations("close", body, "lead.updated").remove(0);
        let path = object_path(body, operation.object.as_ref().expect("an object")).expect("a place");
        assert_eq!(
            json!(changed(&path, &operation)),
            json!([
                {"path": ["event", "data", "address"], "before": {"city": "Oslo"}},
                {"path": ["event", "data", "name"], "before": null},
            ])
        );
    }

    #[test]
    fn an_object_in_a_list_has_an_index_and_a_whole_body_no_step() {
        let object: Box<RawValue> = serde_json::from_str(r#"{"id": 2}"#).expect("JSON");
        let path = object_path(br#"[{"id": 1}, {"id": 2}]"#, &object);
        assert_eq!(json!(path), json!([1]));
        assert_eq!(object_path(br#" {"id": 2} "#, &object), Some(Vec::new()));
        assert_eq!(object_path(br#"{"id": 3}"#, &object), None);
        assert_eq!(object_path(b"no JSON", &object), None);
        let quoted = br#"{"a\"b": {"id": 2}}"#;
        assert_eq!(json!(object_path(quoted, &object)), json!(["a\"b"]));
    }
}
