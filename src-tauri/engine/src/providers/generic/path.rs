//! Paths into JSON: `data.items[0].id`, with `["a.b"]` for keys that hold dots.
//!
//! A path is followed through the text without building a tree: one pass, and what is not on the path is skipped.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::super::payload::Text;

/// Deeper paths describe no webhook, and the walk recurses once per step.
const MOST_STEPS: usize = 32;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// A path into JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonPath(Vec<Step>);

impl JsonPath {
    /// Reads a path; a `$` in front of it, as other notations want it, is allowed. The error says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.strip_prefix('$').unwrap_or(text);
        let mut steps = Vec::new();
        if rest.len() == text.len() && !rest.starts_with('[') {
            let (key, behind) = plain_key(rest)?;
            steps.push(key);
            rest = behind;
        }
        while !rest.is_empty() {
            let (step, behind) = if let Some(after) = rest.strip_prefix('.') {
                plain_key(after)?
            } else if let Some(after) = rest.strip_prefix("[\"") {
                let (key, behind) = after.split_once("\"]").ok_or("`[\"` is not closed by `\"]`")?;
                (Step::Key(key.to_owned()), behind)
            } else if let Some(after) = rest.strip_prefix('[') {
                let (digits, behind) = after.split_once(']').ok_or("`[` is not closed by `]`")?;
                let index = digits.parse().map_err(
                    |_| "between `[` and `]` stands neither a number nor a key in quotation marks",
                )?;
                (Step::Index(index), behind)
            } else {
                return Err("after `]` comes `.` or `[`".to_owned());
            };
            steps.push(step);
            rest = behind;
        }
        if steps.is_empty() {
            return Err("the path is empty".to_owned());
        }
        if steps.len() > MOST_STEPS {
            return Err(format!("the path has more than {MOST_STEPS} steps"));
        }
        Ok(Self(steps))
    }

    /// The value at the path. Of repeated keys the last one counts, as it does for most readers of JSON.
    pub(super) fn find<'a>(&self, json: &'a RawValue) -> Option<&'a RawValue> {
        let mut deserializer = serde_json::Deserializer::from_str(json.get());
        Walk(&self.0).deserialize(&mut deserializer).ok().flatten()
    }
}

/// A key up to the next `.` or `[`.
fn plain_key(text: &str) -> Result<(Step, &str), String> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (key, behind) = text.split_at(end);
    if key.is_empty() {
        return Err("a key is empty".to_owned());
    }
    if key.contains([']', '"', '*', '?', '@', '$', ' ']) {
        return Err(format!("`{key}` is no plain key; write it as `[\"…\"]`"));
    }
    Ok((Step::Key(key.to_owned()), behind))
}

/// The steps that are still to be taken.
#[derive(Clone, Copy)]
struct Walk<'p>(&'p [Step]);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            return <&RawValue>::deserialize(deserializer).map(Some);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let wanted = match self.0.split_first() {
            Some((Step::Key(key), rest)) => Some((key, rest)),
            _ => None,
        };
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if let Some((_, rest)) = wanted.filter(|(wanted, _)| key.0 == wanted.as_str()) {
                found = map.next_value_seed(Walk(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        if let Some((Step::Index(index), rest)) = self.0.split_first() {
            let mut skipped = 0;
            while skipped < *index && items.next_element::<IgnoredAny>()?.is_some() {
                skipped += 1;
            }
            found = items.next_element_seed(Walk(rest))?.flatten();
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find(path: &str, json: &str) -> Option<String> {
        let path = JsonPath::parse(path).expect("a path");
        let json: &RawValue = serde_json::from_str(json).expect("JSON");
        path.find(json).map(|value| value.get().to_owned())
    }

    #[test]
    fn a_path_leads_to_the_value_as_it_stands() {
        let json = r#" {"id":7,"data":{"items":[{"id":1.50},{"id":"b","a.b":[]}],"":{"é":null}},"id":8} "#;
        for (path, expected) in [
            ("data.items[0].id", Some("1.50")),
            ("$.data.items[1].id", Some("\"b\"")),
            ("$[\"data\"].items[1][\"a.b\"]", Some("[]")),
            ("data[\"\"].é", Some("null")),
            ("id", Some("8")),
            ("data.items[2].id", None),
            ("data.items.id", None),
            ("data[0]", None),
            ("id.x", None),
            ("missing", None),
        ] {
            assert_eq!(find(path, json).as_deref(), expected, "{path}");
        }
        assert_eq!(find("[1]", "[1, 2 ,3]").as_deref(), Some("2"));
        assert_eq!(find("$[1].a", r#"[0,{"a":true}]"#).as_deref(), Some("true"));
    }

    #[test]
    fn a_path_that_cannot_be_read_says_why() {
        for (path, expected) in [
            ("", "a key is empty"),
            ("$", "the path is empty"),
            (".a", "a key is empty"),
            ("a..b", "a key is empty"),
            ("a.", "a key is empty"),
            ("a[", "is not closed"),
            ("a[\"b", "is not closed"),
            ("a[-1]", "neither a number"),
            ("a[b]", "neither a number"),
            ("a[*]", "neither a number"),
            ("a]", "no plain key"),
            ("a[0]b", "comes `.` or `[`"),
            ("a b", "no plain key"),
        ] {
            let error = JsonPath::parse(path).expect_err(path);
            assert!(error.contains(expected), "{path}: {error}");
        }
        assert!(JsonPath::parse(&vec!["a"; 33].join(".")).is_err());
    }

    #[test]
    fn deep_nesting_beside_the_path_is_skipped() {
        let depth = 100_000;
        let json = format!(r#"{{"deep":{}{},"id":1}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(find("id", &json).as_deref(), Some("1"));
    }

    proptest! {
        #[test]
        fn no_path_and_no_json_panics(path in "[a-c.$\\[\\]\"0-9]{0,12}", json in "[a-c{}\\[\\]:,\"0-9]{0,24}") {
            if let (Ok(path), Ok(json)) = (JsonPath::parse(&path), serde_json::from_str::<&RawValue>(&json))
                && let Some(found) = path.find(json)
            {
                prop_assert!(json.get().contains(found.get()));
            }
        }
    }
}
