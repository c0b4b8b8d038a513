//! Event type patterns: exact names, `*`, `customer.*`, `*.deleted`.

use serde::{Deserialize, Serialize};

/// Which event types a job wants. An empty list wants all, as `*` does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct TypePatterns(Vec<String>);

impl TypePatterns {
    /// From patterns as users write them; white space around them is dropped.
    pub fn new(patterns: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self(patterns.into_iter().map(|pattern| pattern.as_ref().trim().to_owned()).collect())
    }

    /// The patterns.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Whether the job wants events of this type.
    pub fn matches(&self, event_type: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| matches(pattern, event_type))
    }

    /// The patterns that match none of the known types: probably misspelt, allowed all the same.
    pub fn unknown<'a>(&'a self, known_types: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .map(String::as_str)
            .filter(|pattern| !known_types.iter().any(|known| matches(pattern, known)))
    }
}

/// `*` stands for any run of characters, dots included, everything else for itself.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(head) else {
        return false;
    };
    let mut pieces: Vec<&str> = tail.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    // Taking the first place at which a piece fits leaves the most room for those behind it.
    for piece in pieces {
        let Some((_, behind)) =
            rest.split_once(piece).filter(|_| !piece.is_empty()).or(piece.is_empty().then_some(("", rest)))
        else {
            return false;
        };
        rest = behind;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_an_exact_name_or_has_stars_that_stand_for_anything() {
        let cases = [
            ("*", "invoice.paid", true),
            ("invoice.paid", "invoice.paid", true),
            ("invoice.paid", "invoice.paid2", false),
            ("customer.*", "customer.subscription.updated", true),
            ("customer.*", "customer", false),
            ("customer.*", "customers.created", false),
            ("*.deleted", "customer.subscription.deleted", true),
            ("*.deleted", "deleted", false),
            ("customer.*.deleted", "customer.tax_id.deleted", true),
            ("customer.*.deleted", "customer.deleted", false),
            ("a*b*b", "ab", false),
            ("a**b", "axb", true),
            ("", "", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn no_patterns_want_everything() {
        assert!(TypePatterns::default().matches("anything"));
    }

    #[test]
    fn patterns_that_match_no_known_type_are_named() {
        let patterns = TypePatterns::new(["customer.*", " custmer.created "]);
        assert_eq!(patterns.unknown(&["customer.created"]).collect::<Vec<_>>(), ["custmer.created"]);
    }
}
