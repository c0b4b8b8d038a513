//! Rules for the values of requests. Each is also in the API's description, as a length, range or pattern.

use std::ops::RangeInclusive;

use super::CommandError;
use crate::event::{JobId, TypePatterns};

/// The most patterns of event types in one job.
pub(super) const MAX_PATTERNS: usize = 500;
/// The longest name, in characters.
const MAX_NAME: usize = 200;
/// The longest secret or key, in characters.
const MAX_SECRET: usize = 4096;

/// A name: 1 to 200 characters, no control characters, no space at its beginning.
pub(super) fn name(field: &str, name: &str) -> Result<(), CommandError> {
    let length = name.chars().count();
    if !(1..=MAX_NAME).contains(&length) {
        return Err(CommandError::invalid(
            field,
            format!("a name has 1 to {MAX_NAME} characters, this one {length}"),
        ));
    }
    if name.starts_with(' ') {
        return Err(CommandError::invalid(field, "a name does not begin with a space"));
    }
    if name.chars().any(|letter| letter.is_ascii_control()) {
        return Err(CommandError::invalid(field, "a name has no control characters, such as line breaks"));
    }
    Ok(())
}

/// A name made from others, cut to what [`name`] allows.
pub(super) fn derived_name(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_ascii_control()).take(MAX_NAME).collect()
}

/// A number within its range.
pub(super) fn range(field: &str, number: u32, range: RangeInclusive<u32>) -> Result<(), CommandError> {
    if range.contains(&number) {
        Ok(())
    } else {
        Err(CommandError::invalid(
            field,
            format!("`{field}` is {number}; it must be {} to {}", range.start(), range.end()),
        ))
    }
}

/// The id of a job as Hookline makes them: 32 hexadecimal digits in lower case. Shorter ones could be guessed.
pub(super) fn job_id(field: &str, id: String) -> Result<JobId, CommandError> {
    let allowed = |letter: u8| letter.is_ascii_digit() || (b'a'..=b'f').contains(&letter);
    if id.len() == 32 && id.bytes().all(allowed) {
        return Ok(JobId::new(id));
    }
    Err(CommandError::invalid(field, "a job's id has 32 characters from `0` to `9` and `a` to `f`")
        .with_hint(
            "Take the id from the job's URL in the other Hookline, or leave it away: then one is made.",
        ))
}

/// A prefix of collections: at most 64 letters, digits, `_` and `-`.
pub(super) fn prefix(field: &str, prefix: &str) -> Result<(), CommandError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if prefix.starts_with("_hookline") {
        return Err(CommandError::invalid(field, "names that begin with `_hookline` are Hookline's own"));
    }
    if prefix.len() > 64 || !prefix.chars().all(allowed) {
        return Err(CommandError::invalid(
            field,
            "a collection prefix has at most 64 letters, digits, `_` and `-`",
        ));
    }
    Ok(())
}

/// The prefix that a job has unless another is named: `standard-webhooks` → `standard_webhooks_`.
pub(super) fn default_prefix(kind: &str) -> String {
    format!("{}_", kind.replace('-', "_"))
}

/// A key, URL or connection string: like [`signing_secret`], and no white space inside either.
pub(super) fn secret_text(field: &str, what: &str, secret: &str) -> Result<(), CommandError> {
    signing_secret(field, what, secret)?;
    if secret.chars().any(char::is_whitespace) {
        return Err(CommandError::invalid(field, format!("{what} has white space in it")));
    }
    Ok(())
}

/// A signing secret: not empty, no white space around it, no control characters. Whether it may have spaces inside is its
/// provider's to say; GitHub's own example has.
pub(super) fn signing_secret(field: &str, what: &str, secret: &str) -> Result<(), CommandError> {
    if secret.is_empty() {
        return Err(CommandError::invalid(field, format!("{what} is empty")));
    }
    if secret.trim() != secret {
        return Err(CommandError::invalid(
            field,
            format!("{what} has white space around it, probably from copying; leave it away"),
        ));
    }
    if secret.chars().any(char::is_control) {
        return Err(CommandError::invalid(
            field,
            format!("{what} has line breaks or other control characters in it"),
        ));
    }
    if secret.chars().count() > MAX_SECRET {
        return Err(CommandError::invalid(field, format!("{what} is longer than {MAX_SECRET} characters")));
    }
    Ok(())
}

/// Patterns of event types, white space around them dropped.
pub(super) fn patterns(field: &str, patterns: &[String]) -> Result<TypePatterns, CommandError> {
    if patterns.len() > MAX_PATTERNS {
        return Err(CommandError::invalid(
            field,
            format!("at most {MAX_PATTERNS} event types can be listed"),
        ));
    }
    for pattern in patterns {
        let pattern = pattern.trim();
        if pattern.is_empty() {
            return Err(CommandError::invalid(
                field,
                "an event type is empty; an empty list selects all types",
            ));
        }
        if pattern.chars().count() > MAX_NAME || pattern.chars().any(char::is_control) {
            return Err(CommandError::invalid(
                field,
                format!("an event type has at most {MAX_NAME} characters and no control characters"),
            ));
        }
    }
    Ok(TypePatterns::new(patterns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_printable() {
        for good in ["a", "Stripe live", "Ünï 🎣", &"x".repeat(200)] {
            name("name", good).expect("is a name");
        }
        for bad in ["", " x", "a\nb", "nul\0", &"x".repeat(201)] {
            name("name", bad).expect_err("is no name");
        }
    }

    #[test]
    fn a_number_out_of_range_is_told_with_the_range() {
        let error = range("batchSize", 0, 1..=2000).expect_err("is out of range");
        assert_eq!(error.message, "`batchSize` is 0; it must be 1 to 2000");
        assert_eq!(error.field.as_deref(), Some("batchSize"));
        range("batchSize", 2000, 1..=2000).expect("is in range");
    }

    #[test]
    fn a_prefix_is_part_of_a_collections_name() {
        for good in ["", "stripe_", "a-b", "X9"] {
            prefix("collectionPrefix", good).expect("is a prefix");
        }
        for bad in ["a.b", "$x", "a b", "é", &"x".repeat(65)] {
            prefix("collectionPrefix", bad).expect_err("is no prefix");
        }
        assert_eq!(default_prefix("standard-webhooks"), "standard_webhooks_");
    }

    #[test]
    fn white_space_around_a_secret_is_told_and_the_secret_is_not() {
        let error = secret_text("secret", "the secret", "whsec_abc \n").expect_err("has white space");
        assert!(error.message.contains("white space around"));
        assert!(!error.message.contains("whsec"));
        secret_text("secret", "the secret", "a b").expect_err("has white space in it");
        signing_secret("secret", "the secret", "It's a Secret to Everybody").expect("may have spaces inside");
        signing_secret("secret", "the secret", "a\nb").expect_err("has a line break in it");
        secret_text("secret", "the secret", "").expect_err("is empty");
        secret_text("secret", "the secret", "whsec_abc").expect("is fine");
    }

    #[test]
    fn an_empty_list_of_patterns_selects_everything_and_an_empty_pattern_nothing() {
        assert!(patterns("eventTypes", &[]).expect("is fine").matches("anything"));
        patterns("eventTypes", &[" ".into()]).expect_err("selects nothing");
        assert_eq!(patterns("eventTypes", &[" a.* ".into()]).expect("is fine").as_slice(), ["a.*"]);
    }
}
