//! Patterns of event types against a matcher that is too simple to be wrong.

use arbitrary::{Arbitrary, Unstructured};
use hookline_engine::event::TypePatterns;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    event_type: &'a str,
    patterns: Vec<&'a str>,
}

/// One input.
pub(crate) fn run(data: &[u8]) {
    let Ok(Input { event_type, patterns }) = Unstructured::new(data).arbitrary() else { return };
    let wanted = TypePatterns::new(&patterns);
    let fitting = |pattern: &str| fits(pattern.as_bytes(), event_type.as_bytes());
    let expected = patterns.is_empty() || patterns.iter().any(|pattern| fitting(pattern.trim()));
    assert_eq!(wanted.matches(event_type), expected, "{patterns:?} on {event_type:?}");
    let known = [event_type];
    let unknown: Vec<&str> = wanted.unknown(&known).collect();
    for pattern in wanted.as_slice() {
        assert_eq!(unknown.contains(&pattern.as_str()), !fitting(pattern), "{pattern:?} on {event_type:?}");
    }
}

/// `*` stands for any run of bytes. Row by row, each pattern's beginning against each beginning of the text.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let mut row = vec![false; text.len() + 1];
    row[0] = true;
    for letter in pattern {
        let before = row.clone();
        row[0] = *letter == b'*' && before[0];
        for at in 1..=text.len() {
            row[at] = match letter {
                b'*' => before[at] || row[at - 1],
                letter => before[at - 1] && *letter == text[at - 1],
            };
        }
    }
    row[text.len()]
}
