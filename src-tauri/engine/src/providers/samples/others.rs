//! The providers whose events are told one by one: a body per type, made of parts that its fields share.
//!
//! Bodies follow the providers' documented examples; enough for a test webhook, no more.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::catalogue::{Catalogue, Step, Story, built_in};
use super::json::{self, Depth};
use super::scene::{Emission, Scene};

#[derive(Deserialize)]
struct Bodies {
    /// Objects that bodies refer to.
    parts: Map<String, Value>,
    /// The body of each type.
    events: Map<String, Value>,
}

/// The samples of the provider of this kind.
pub(super) fn catalogue(kind: &str) -> Option<&'static Catalogue> {
    static CATALOGUES: LazyLock<BTreeMap<String, Catalogue>> = LazyLock::new(|| {
        let all: BTreeMap<String, Bodies> = built_in("others.json", include_str!("others.json"));
        all.into_iter().map(|(kind, bodies)| (kind, of(bodies))).collect()
    });
    CATALOGUES.get(kind)
}

fn of(bodies: Bodies) -> Catalogue {
    let stories = bodies
        .events
        .keys()
        .map(|event_type| Story {
            object: body_of(event_type),
            steps: vec![Step { event_type: event_type.clone(), set: Map::new() }],
        })
        .collect();
    let mut objects = bodies.parts;
    objects.extend(bodies.events.into_iter().map(|(event_type, body)| (body_of(&event_type), body)));
    Catalogue {
        objects,
        stories,
        life: None,
        depth: Depth::Nested,
        wrap: |scene: &mut Scene<'_>, emission: &Emission<'_>| {
            let mut body = String::with_capacity(2_048);
            json::write(&mut body, scene.get(emission.name));
            body
        },
        burst_step_micros: 0,
        id_form: |_| ("", 22),
    }
}

/// The name under which a type's body stands among the parts.
fn body_of(event_type: &str) -> String {
    format!("body of {event_type}")
}
