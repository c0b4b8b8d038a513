//! What is known of one provider's events: templates of its objects, short stories, and how a life goes.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::json::Depth;
use super::scene::{Emission, Scene};

/// The samples of one provider.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// The template of each object, by the object's name.
    pub(super) objects: Map<String, Value>,
    /// For each object that occurs in no life, what happens to it.
    pub(super) stories: Vec<Story>,
    /// How a customer's life goes, where one is told.
    pub(super) life: Option<Life>,
    /// How deep the provider tells former values.
    pub(super) depth: Depth,
    /// Makes the event's body around the object.
    pub(super) wrap: fn(&mut Scene<'_>, &Emission<'_>) -> String,
    /// How far the times of two events in one burst are apart, in microseconds: 0 where a burst shares one time.
    pub(super) burst_step_micros: i64,
    /// For an id's prefix: what follows the prefix and its underscore, and how many random letters follow that.
    pub(super) id_form: fn(&str) -> (&'static str, usize),
}

/// A customer's life.
#[derive(Debug)]
pub(super) struct Life {
    /// The types that can occur in a life.
    pub(super) types: &'static [&'static str],
    /// Tells one life.
    pub(super) tell: fn(&mut Scene<'_>),
}

/// What happens to one object.
#[derive(Debug, Deserialize)]
pub(super) struct Story {
    /// The object's name.
    pub(super) object: String,
    /// Its events, in order.
    pub(super) steps: Vec<Step>,
}

/// One event of a story: `["type"]`, or `["type", {changes}]`.
#[derive(Debug, Deserialize)]
#[serde(from = "StepText")]
pub(super) struct Step {
    /// The event's type.
    pub(super) event_type: String,
    /// What changes in the object just before.
    pub(super) set: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum StepText {
    Changed(String, Map<String, Value>),
    Same([String; 1]),
}

impl From<StepText> for Step {
    fn from(text: StepText) -> Self {
        match text {
            StepText::Changed(event_type, set) => Self { event_type, set },
            StepText::Same([event_type]) => Self { event_type, set: Map::new() },
        }
    }
}

impl Catalogue {
    /// All types, in alphabetical order.
    pub(super) fn types(&'static self) -> Vec<&'static str> {
        let of_lives = self.life.iter().flat_map(|life| life.types.iter().copied());
        let of_stories =
            self.stories.iter().flat_map(|story| &story.steps).map(|step| step.event_type.as_str());
        of_lives.chain(of_stories).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Reads data that was built into the program; the tests read all of it.
pub(super) fn built_in<T: for<'de> Deserialize<'de>>(name: &str, text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("built-in samples {name}: {error}"))
}
