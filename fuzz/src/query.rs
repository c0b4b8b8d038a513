//! Queries and cursors of the control API.

use hookline_engine::api::fuzzing::{read_event_id, read_query};
use hookline_engine::event::Timestamp;

/// One input.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(id) = read_event_id(text) {
        assert!(id > 0);
        assert_eq!(id.to_string(), text, "an id is written in one way");
    }
    let read = read_query(text);
    assert_eq!(read, read_query(text), "the same query is read the same");
    match read {
        Ok(values) => {
            for (key, value) in &values {
                match *key {
                    "limit" => assert!((1..=1000).contains(&value.parse::<u32>().expect("a number"))),
                    "days" => assert!((1..=90).contains(&value.parse::<u32>().expect("a number"))),
                    "q" => assert!(!value.is_empty() && value.chars().count() <= 500),
                    "cursor" | "after" => assert!(value.parse::<i64>().expect("a number") >= 0),
                    "from" | "to" => {
                        let time = Timestamp::parse(value).unwrap_or_else(|| panic!("no time: {value}"));
                        assert_eq!(time.to_rfc3339(), *value);
                    }
                    _ => {}
                }
            }
        }
        Err(error) => assert!(!error.message.is_empty()),
    }
}
