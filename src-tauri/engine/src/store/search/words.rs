//! Words: how texts are taken apart, the same way when they are indexed and when they are searched for.
//!
//! Texts are folded (compatibility forms, no accents, lower case) and split where they are neither letter nor digit. What
//! a user writes as one word with signs in it (`jane@example.com`, `cus_123`) is found by its parts, and then has to
//! stand in the text as it was written.

use std::collections::HashSet;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::event::{EventHead, RawRequest};

/// The longest word, in bytes; longer ones are found by their beginning.
const LONGEST: usize = 64;
/// How much text of one event is searchable, in bytes.
const TEXT: usize = 256 * 1024;
/// How large a body may be when its `content-encoding` is undone, in bytes.
const DECODED: usize = 16 * 1024 * 1024;
/// The most words of a search; further ones are not looked at.
const QUERY_WORDS: usize = 16;

/// The text as it is compared.
pub(in crate::store) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// The words of a folded text.
fn split(folded: &str) -> impl Iterator<Item = &str> {
    folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| &word[..word.floor_char_boundary(LONGEST)])
}

/// What an event is searched by, apart from its body: ids and type.
pub(in crate::store) fn head_text(head: &EventHead) -> String {
    let mut text = String::new();
    let ids = [Some(&head.provider_event_id), Some(&head.event_type), head.object_id.as_ref()];
    for part in ids.into_iter().flatten() {
        text.push_str(part);
        text.push('\n');
    }
    fold(&text)
}

/// The values in the request's body, folded, one a line.
pub(in crate::store) fn body_text(request: &RawRequest) -> String {
    let Ok(body) = request.decoded_body(DECODED) else { return String::new() };
    let mut text = String::new();
    let mut json = serde_json::Deserializer::from_slice(&body);
    if Values(&mut text).deserialize(&mut json).is_err() {
        // No JSON: whatever text it is.
        let end = body.len().min(TEXT);
        text = String::from_utf8_lossy(&body[..end]).into_owned();
    }
    fold(&text)
}

/// The word that stands for a job. It begins with a sign for private use, which no word of a text does.
fn job_word(job: i64) -> String {
    format!("\u{e000}{job}")
}

/// What the index holds of an event: each word once.
pub(in crate::store) fn document(job: i64, head: &EventHead, request: &RawRequest) -> String {
    let folded = head_text(head) + &body_text(request);
    let mut seen = HashSet::new();
    let mut document = String::with_capacity(folded.len() + 16);
    document.push_str(&job_word(job));
    document.push(' ');
    for word in split(&folded).filter(|word| seen.insert(*word)) {
        document.push_str(word);
        document.push(' ');
    }
    document
}

/// Collects strings and numbers of a JSON text without building a tree.
struct Values<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Values<'_> {
    fn push(&mut self, value: &str) {
        let room = TEXT.saturating_sub(self.0.len());
        self.0.push_str(&value[..value.floor_char_boundary(room)]);
        self.0.push('\n');
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(mut self, value: &str) -> Result<(), E> {
        self.push(value);
        Ok(())
    }

    fn visit_i64<E>(mut self, value: i64) -> Result<(), E> {
        self.push(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(mut self, value: u64) -> Result<(), E> {
        self.push(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(mut self, value: f64) -> Result<(), E> {
        self.push(&value.to_string());
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Values(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_key::<serde::de::IgnoredAny>()?.is_some() {
            entries.next_value_seed(Values(self.0))?;
        }
        Ok(())
    }
}

/// One word of a search.
#[derive(Debug)]
struct Wanted {
    /// As it was written, folded.
    whole: String,
    parts: Vec<String>,
    /// Whether it may go on after what was written: the last word of a search.
    prefix: bool,
}

/// What a user searches for. Any text makes one.
#[derive(Debug)]
pub(in crate::store) struct Query {
    words: Vec<Wanted>,
}

impl Query {
    /// `None` for a text without letters and digits: nothing can be searched for.
    pub(in crate::store) fn new(text: &str) -> Option<Self> {
        let folded = fold(text);
        let mut words: Vec<Wanted> = folded
            .split_whitespace()
            .map(|word| Wanted {
                whole: word.to_owned(),
                parts: split(word).map(str::to_owned).collect(),
                prefix: false,
            })
            .filter(|word| !word.parts.is_empty())
            .take(QUERY_WORDS)
            .collect();
        // What ends in a sign is not being typed any more.
        words.last_mut()?.prefix = folded.trim_end().ends_with(char::is_alphanumeric);
        Some(Self { words })
    }

    /// Whether the index alone cannot tell: a word has signs in it.
    pub(in crate::store) fn needs_text(&self) -> bool {
        self.words.iter().any(|word| word.whole != word.parts[0])
    }

    /// Whether each word stands in one of the texts (folded).
    pub(in crate::store) fn matches(&self, texts: &[&str]) -> bool {
        self.words.iter().all(|word| texts.iter().any(|text| word.is_in(text)))
    }

    /// Whether at least one word stands in the text (folded).
    pub(in crate::store) fn touches(&self, text: &str) -> bool {
        self.words.iter().any(|word| word.is_in(text))
    }

    /// The same for FTS5, within these jobs (all when `None`). Each word is one token of the index, quoted: there is
    /// nothing in it that FTS5 could take for syntax or split further.
    pub(in crate::store) fn to_fts(&self, jobs: Option<&[i64]>) -> String {
        let mut fts = String::new();
        if let Some(jobs) = jobs {
            let jobs: Vec<String> = jobs.iter().map(|job| format!("\"{}\"", job_word(*job))).collect();
            fts = format!("({})", jobs.join(" OR "));
        }
        for word in &self.words {
            for (at, part) in word.parts.iter().enumerate() {
                let is_prefix = word.prefix && at + 1 == word.parts.len();
                // FTS5 gathers all events of all words that begin so: with a short beginning (`jane@example.com`) that is
                // everything. The other parts find the event, and its text is compared afterwards anyway.
                if is_prefix && part.len() <= 3 && word.parts[..at].iter().any(|part| part.len() > 3) {
                    continue;
                }
                if !fts.is_empty() {
                    fts.push_str(" AND ");
                }
                fts.push('"');
                fts.push_str(part);
                fts.push('"');
                if is_prefix {
                    fts.push('*');
                }
            }
        }
        fts
    }
}

impl Wanted {
    fn is_in(&self, text: &str) -> bool {
        if self.parts.len() == 1 && self.whole == self.parts[0] {
            return split(text).any(|word| self.fits_last(&self.parts[0], word));
        }
        // As written, and not in the middle of words.
        text.match_indices(&self.whole).any(|(at, found)| {
            let before = text[..at].chars().next_back();
            let after = text[at + found.len()..].chars().next();
            let begins =
                !found.starts_with(char::is_alphanumeric) || before.is_none_or(|c| !c.is_alphanumeric());
            let ends = self.prefix
                || !found.ends_with(char::is_alphanumeric)
                || after.is_none_or(|c| !c.is_alphanumeric());
            begins && ends
        })
    }

    fn fits_last(&self, part: &str, word: &str) -> bool {
        if self.prefix { word.starts_with(part) } else { word == part }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whatever_its_case_accents_and_neighbours() {
        let text = fold("René <Jane.Doe@example.com>, cus_NffrFe; 12345");
        let found = [
            "rene",
            "RENÉ 12345",
            "jane.doe@example.com",
            "doe@exam",
            "example.com",
            "cus_Nff",
            "nffr",
            "@example.com",
        ];
        for query in found {
            assert!(Query::new(query).expect("a query").matches(&[&text]), "{query}");
        }
        for query in ["ren jane", "ane.doe@example.com", "jane_doe", "2345", "jan. doe"] {
            assert!(!Query::new(query).expect("a query").matches(&[&text]), "{query}");
        }
    }

    #[test]
    fn a_text_without_letters_and_digits_searches_for_nothing() {
        assert!(Query::new(" \"* - ").is_none());
    }
}
