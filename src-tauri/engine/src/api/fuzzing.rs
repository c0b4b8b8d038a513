//! What the fuzz targets (`fuzz/`) reach of this module.

use super::extract::{Query, event_id};
use crate::commands::CommandError;
use crate::event::Timestamp;

/// Reads everything that a query can hold, as the handlers do.
///
/// Answers the keys in the order in which they were read, each with its value as it was understood.
pub fn read_query(text: &str) -> Result<Vec<(&'static str, String)>, CommandError> {
    let mut query = Query::parse(text)?;
    let mut read = Vec::new();
    let mut keep = |key, value: Option<String>| read.extend(value.map(|value| (key, value)));
    keep("q", query.short("q", 500)?);
    keep("type", Some(query.list("type").join(",")).filter(|list| !list.is_empty()));
    keep("cursor", query.event_cursor()?.map(|id| id.to_string()));
    keep("after", query.event("after")?.map(|id| id.to_string()));
    keep("from", query.time("from")?.map(Timestamp::to_rfc3339));
    keep("to", query.time("to")?.map(Timestamp::to_rfc3339));
    keep("order", query.choice("order", &["newest", "oldest"])?);
    keep("days", query.number("days", 1..=90)?.map(|number| number.to_string()));
    keep("limit", Some(query.limit()?.to_string()));
    keep("flag", Some(query.flag("flag")?.to_string()));
    query.end()?;
    Ok(read)
}

/// Reads an event's id of a path.
pub fn read_event_id(text: &str) -> Result<i64, CommandError> {
    event_id(text).map(|id| id.0)
}
