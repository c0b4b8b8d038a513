//! Realistic sample events, for test webhooks, demonstrations and tests.
//!
//! A [`stream`] tells the lives of invented customers: objects are made from templates, change, and every change is
//! told by the events that the provider would send, so that ids, amounts and former values agree from the first event to
//! the last. Types that occur in no life have a short story of their own.
//!
//! The shapes are data (`*/objects.json`, `*/stories.json`, `others.json`); `scene` is the one engine that fills
//! them; `stripe` and `close` tell what happens in a life and how an event is wrapped.
//!
//! Invariants:
//! - Pure and deterministic: the same kind, pattern, seed and start give the same bytes. No clock, no I/O.
//! - Former values (`previous_attributes`, `previous_data`) are recorded when a state is changed, never written down
//!   by hand, so they are always what the object was in the event before.
//! - Times never run backwards within a stream.
//!
//! Not here: signatures and headers, which are [`Provider::sign`](super::Provider::sign)'s.

mod catalogue;
mod close;
mod json;
mod others;
mod scene;
mod stripe;

use std::collections::{BTreeSet, HashSet, VecDeque};

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use crate::event::{Timestamp, TypePatterns};

use catalogue::Catalogue;
use scene::Scene;

/// One sample event, as its provider would send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The provider's name of the event's type, such as `customer.updated`.
    pub event_type: String,
    /// The request's body: JSON.
    pub body: Vec<u8>,
    /// When the event happened, as precise as its body tells it: in whole seconds, for Close with microseconds.
    pub occurred_at: Timestamp,
}

/// Why there is no sample. `Display` is shown to users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSample {
    /// There are no samples for this provider.
    #[error("there are no samples for `{kind}`; known are {}", KINDS.join(", "))]
    Kind {
        /// The name asked for.
        kind: String,
    },
    /// No type of this provider matches.
    #[error("no sample for `{pattern}`{}", suggestion(near))]
    Type {
        /// The type or pattern asked for.
        pattern: String,
        /// Types that read alike, the nearest first.
        near: Vec<String>,
    },
}

fn suggestion(near: &[String]) -> String {
    match near {
        [] => String::new(),
        _ => format!("; did you mean `{}`?", near.join("` or `")),
    }
}

/// A generator that gives the same numbers on every platform, as `SmallRng` does not.
///
/// Events of different patterns differ under one seed too: they may well go to one receiver.
fn random(seed: u64, pattern: &str) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(xxhash_rust::xxh3::xxh3_64_with_seed(pattern.as_bytes(), seed))
}

/// The providers that have samples.
pub const KINDS: &[&str] = &[
    "stripe",
    "close",
    "standard-webhooks",
    "github",
    "shopify",
    "slack",
    "paddle",
    "lemon-squeezy",
    "hubspot",
    "intercom",
    "calendly",
    "typeform",
    "gitlab",
    "generic",
];

fn catalogue(kind: &str) -> Option<&'static Catalogue> {
    match kind {
        "stripe" => Some(stripe::catalogue()),
        "close" => Some(close::catalogue()),
        _ => others::catalogue(kind),
    }
}

fn known(kind: &str) -> Result<&'static Catalogue, NoSample> {
    catalogue(kind).ok_or_else(|| NoSample::Kind { kind: kind.to_owned() })
}

/// The types that have samples, for a provider of this kind, in alphabetical order; none for an unknown kind.
pub fn types(kind: &str) -> Vec<&'static str> {
    catalogue(kind).map(Catalogue::types).unwrap_or_default()
}

/// The first `count` events of [`stream`].
pub fn events(
    kind: &str,
    pattern: &str,
    count: usize,
    seed: u64,
    start: Timestamp,
) -> Result<Vec<Sample>, NoSample> {
    Ok(stream(kind, pattern, seed, start)?.take(count).collect())
}

/// Endless events whose types match `pattern` (an exact type, `*`, `customer.*`), from the lives of one customer
/// after the other.
///
/// The times grow from `start`, by some seconds between the things that happen: a life takes minutes, and a hundred thousand
/// events of all types about a day, so that they do not reach far into the future. An empty `pattern` is `*`.
pub fn stream(kind: &str, pattern: &str, seed: u64, start: Timestamp) -> Result<Stream, NoSample> {
    let catalogue = known(kind)?;
    let pattern = pattern.trim();
    let patterns = TypePatterns::new((!pattern.is_empty()).then_some(pattern));
    let types = catalogue.types();
    let wanted: HashSet<&'static str> =
        types.iter().copied().filter(|event_type| patterns.matches(event_type)).collect();
    if wanted.is_empty() {
        return Err(NoSample::Type { pattern: pattern.to_owned(), near: near(pattern, &types) });
    }
    Ok(Stream {
        catalogue,
        wanted,
        random: random(seed, pattern),
        now: start,
        next_story: 0,
        ready: VecDeque::new(),
    })
}

/// One customer's whole life in order: of Stripe's and Close's. For the other providers, one event of each type.
pub fn life(kind: &str, seed: u64, start: Timestamp) -> Result<Vec<Sample>, NoSample> {
    let catalogue = known(kind)?;
    let wanted = catalogue.types().into_iter().collect();
    let mut scene = Scene::new(catalogue, &wanted, random(seed, ""), start);
    match &catalogue.life {
        Some(life) => (life.tell)(&mut scene),
        None => catalogue.stories.iter().for_each(|story| scene.tell(story)),
    }
    Ok(scene.end().samples.into())
}

/// The endless events of [`stream`].
#[derive(Debug)]
pub struct Stream {
    catalogue: &'static Catalogue,
    wanted: HashSet<&'static str>,
    random: Xoshiro256PlusPlus,
    now: Timestamp,
    next_story: usize,
    ready: VecDeque<Sample>,
}

/// After each life, so many of the types that occur in none get a turn.
const STORIES_BETWEEN_LIVES: usize = 5;

impl Stream {
    /// One more life, and some stories.
    fn refill(&mut self) {
        let random = Xoshiro256PlusPlus::from_rng(&mut self.random);
        let mut scene = Scene::new(self.catalogue, &self.wanted, random, self.now);
        if let Some(life) = self
            .catalogue
            .life
            .as_ref()
            .filter(|life| life.types.iter().any(|name| self.wanted.contains(name)))
        {
            (life.tell)(&mut scene);
        }
        let stories = &self.catalogue.stories;
        let told = stories
            .iter()
            .cycle()
            .skip(self.next_story)
            .take(stories.len())
            .enumerate()
            .filter(|(_, story)| {
                story.steps.iter().any(|step| self.wanted.contains(step.event_type.as_str()))
            })
            .take(STORIES_BETWEEN_LIVES);
        let mut passed = 0;
        for (index, story) in told {
            scene.tell(story);
            passed = index + 1;
        }
        if !stories.is_empty() {
            self.next_story = (self.next_story + passed) % stories.len();
        }
        let end = scene.end();
        self.now = end.now;
        self.ready = end.samples;
    }
}

impl Iterator for Stream {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        // Ends: every type occurs in a story or, sooner or later, in a life; a test holds them to it.
        while self.ready.is_empty() {
            self.refill();
        }
        self.ready.pop_front()
    }
}

/// Up to three types that read like `pattern`; groups of types (`customer.*`) if it is one.
fn near(pattern: &str, types: &[&'static str]) -> Vec<String> {
    const ALIKE: f64 = 0.75;
    let stem = pattern.trim_matches('*').trim_matches('.');
    let groups = pattern.ends_with(".*");
    let candidates: BTreeSet<&str> = types
        .iter()
        .flat_map(|name| {
            let ends = name.match_indices('.').map(|(end, _)| end).filter(|_| groups);
            ends.chain((!groups).then_some(name.len())).map(|end| &name[..end])
        })
        .collect();
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(stem, name), name))
        .filter(|(score, name)| *score >= ALIKE || (stem.len() > 3 && name.contains(stem)))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored
        .into_iter()
        .take(3)
        .map(|(_, name)| if groups { format!("{name}.*") } else { name.to_owned() })
        .collect()
}

#[cfg(test)]
mod tests;
