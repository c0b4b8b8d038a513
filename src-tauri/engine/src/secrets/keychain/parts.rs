//! Long values in short entries: Windows takes 2,560 bytes per entry, others have limits that nobody states. The same
//! rule holds everywhere, so that it is tested everywhere.
//!
//! A value that fits lies in its entry as it is. A longer one lies in numbered parts, and its entry says in how many. There
//! are two sets of parts, used by turns: a new value is written into the set that does not count, then the entry is
//! switched over. A crash leaves the old value or the new one whole; what is left over goes with the next long values,
//! or with the entry.

/// The most bytes of an entry; below Windows' limit.
pub(super) const ENTRY_BYTES: usize = 2_400;

/// The most parts of a value.
const MOST_PARTS: usize = 64;

/// The most bytes of a value.
pub(super) const MOST_BYTES: usize = ENTRY_BYTES * MOST_PARTS / 2;

/// How an entry begins that only tells of parts.
const MARK: &str = "hookline-parts ";

/// One of the two sets of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    A,
    B,
}

impl Set {
    pub(super) const BOTH: [Self; 2] = [Self::A, Self::B];

    pub(super) fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    fn letter(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// What an entry tells of a value in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) set: Set,
    pub(super) parts: usize,
    pub(super) bytes: usize,
}

/// Why an entry cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl Head {
    /// The entry's text.
    pub(super) fn write(self) -> String {
        format!("{MARK}{} {} {}", self.set.letter(), self.parts, self.bytes)
    }

    /// What the entry's text tells; `None` when it is the value itself.
    pub(super) fn read(entry: &str) -> Result<Option<Self>, Unreadable> {
        let Some(rest) = entry.strip_prefix(MARK) else { return Ok(None) };
        let mut words = rest.split(' ');
        let set = match words.next() {
            Some("a") => Set::A,
            Some("b") => Set::B,
            _ => return Err(Unreadable),
        };
        let mut number = || words.next().and_then(|word| word.parse().ok()).ok_or(Unreadable);
        let head = Self { set, parts: number()?, bytes: number()? };
        if words.next().is_some() || !(1..=MOST_PARTS).contains(&head.parts) || head.bytes > MOST_BYTES {
            return Err(Unreadable);
        }
        Ok(Some(head))
    }

    /// Whether this is the whole value.
    pub(super) fn is_whole(self, value: &str) -> bool {
        value.len() == self.bytes
    }
}

/// The account of a part.
pub(super) fn account(of: &str, set: Set, index: usize) -> String {
    format!("{of}#{}{index}", set.letter())
}

/// The parts of a value that does not fit into one entry; `None` when it fits. Each part is text by itself: some keychains
/// keep nothing else.
pub(super) fn split(value: &str) -> Option<Vec<&str>> {
    // What only looks like a head is told apart from one by being in parts.
    if value.len() <= ENTRY_BYTES && !value.starts_with(MARK) {
        return None;
    }
    let mut parts = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.floor_char_boundary(ENTRY_BYTES));
        parts.push(part);
        rest = after;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(split(""), None);
        assert_eq!(split(&"x".repeat(ENTRY_BYTES)), None);
        assert_eq!(split(&"x".repeat(ENTRY_BYTES + 1)).expect("is split").len(), 2);
        assert_eq!(Head::read("whsec_hookline-parts a 1 1"), Ok(None));
    }

    #[test]
    fn a_value_that_looks_like_a_head_is_split_and_never_taken_for_one() {
        let value = Head { set: Set::A, parts: 1, bytes: 5 }.write();
        assert_eq!(split(&value), Some(vec![&*value]));
    }

    #[test]
    fn a_head_that_is_not_whole_cannot_be_read() {
        for rest in ["", "c 1 1", "a", "a 0 0", "a 1", "a 65 1", "a 1 x", "a 1 99999999", "a 1 1 1"] {
            assert_eq!(Head::read(&format!("{MARK}{rest}")), Err(Unreadable), "{rest}");
        }
    }

    #[test]
    fn accounts_of_parts_differ() {
        let all: std::collections::BTreeSet<String> = Set::BOTH
            .into_iter()
            .flat_map(|set| (0..MOST_PARTS).map(move |index| account("id/name", set, index)))
            .collect();
        assert_eq!(all.len(), 2 * MOST_PARTS);
    }

    proptest! {
        #[test]
        fn parts_are_short_and_together_the_value(value in "\\PC{0,9000}") {
            if let Some(parts) = split(&value) {
                prop_assert!(parts.iter().all(|part| !part.is_empty() && part.len() <= ENTRY_BYTES));
                prop_assert!(parts.len() <= MOST_PARTS);
                prop_assert_eq!(parts.concat(), value.clone());
                let head = Head { set: Set::B, parts: parts.len(), bytes: value.len() };
                prop_assert!(head.write().len() <= ENTRY_BYTES);
                prop_assert_eq!(Head::read(&head.write()), Ok(Some(head)));
                prop_assert!(head.is_whole(&parts.concat()));
                prop_assert_eq!(head.is_whole(parts[0]), parts.len() == 1);
            } else {
                prop_assert!(value.len() <= ENTRY_BYTES);
                prop_assert_eq!(Head::read(&value), Ok(None));
            }
        }
    }
}
