//! Printing: tables for people, JSON for programs.

use std::io::{self, Write as _};

use chrono::{DateTime, Local, Utc};
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use crate::client::text;
use crate::error::CliError;

/// One line on standard output.
pub(crate) fn line(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Bytes on standard output, as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// JSON, readable.
pub(crate) fn json(value: &Value) -> Result<(), CliError> {
    line(&format!("{value:#}"))
}

/// A table; a sentence when there is nothing to show.
pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>, nothing: &str) -> Result<(), CliError> {
    if rows.is_empty() {
        return line(nothing);
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(head);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    line(&table.trim_fmt())
}

/// Names and values, one pair a line, values in one column.
pub(crate) fn pairs(pairs: &[(&str, String)]) -> Result<(), CliError> {
    let width = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        line(&format!("{name:width$}  {value}"))?;
    }
    Ok(())
}

/// A time of the API in this machine's time zone.
pub(crate) fn time(value: &Value) -> String {
    value.as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok()).map_or_else(
        || text(value),
        |time| time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// A number of bytes, for people.
pub(crate) fn size(value: &Value) -> String {
    indicatif::HumanBytes(value.as_u64().unwrap_or_default()).to_string()
}
