//! Stripe: the event around an object, snapshot and thin.
//!
//! The objects' shapes follow the examples in Stripe's public `OpenAPI` repository (MIT), the types the list of Stripe's own
//! client libraries.

mod billing;
mod life;
mod shop;

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::catalogue::{Catalogue, built_in};
use super::json::{self, Depth};
use super::scene::{Emission, Scene, time_text};

/// The version of Stripe's API in whose shapes the samples are written.
const API_VERSION: &str = "2026-10-28.endive";

/// Stripe's samples.
pub(super) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue {
        objects: built_in("stripe/objects.json", include_str!("objects.json")),
        stories: built_in("stripe/stories.json", include_str!("stories.json")),
        life: Some(life::LIFE),
        depth: Depth::Nested,
        wrap,
        burst_step_micros: 0,
        id_form: |prefix| match prefix {
            // Older kinds of ids, and those of requests.
            "cus" | "prod" | "si" | "req" | "ipcd" | "ics" => ("", 14),
            "cs_test" => ("a1", 58),
            "acct" => ("1", 15),
            // What a payment makes.
            "pi" | "ch" | "txn" | "re" | "py" => ("3", 23),
            _ => ("1", 23),
        },
    });
    &CATALOGUE
}

/// The event object around the object.
fn wrap(scene: &mut Scene<'_>, emission: &Emission<'_>) -> String {
    if emission.event_type.starts_with("v1.") || emission.event_type.starts_with("v2.") {
        return wrap_thin(scene, emission);
    }
    let mut body = String::with_capacity(4_096);
    body.push_str(r#"{"id":"#);
    json::write(&mut body, &scene.new_id("evt").into());
    body.push_str(r#","object":"event","api_version":"#);
    json::write(&mut body, &API_VERSION.into());
    body.push_str(r#","created":"#);
    json::write(&mut body, &scene.now().seconds().into());
    body.push_str(r#","data":{"object":"#);
    json::write(&mut body, scene.get(emission.name));
    // Stripe documents the former values for `*.updated` alone.
    if emission.event_type.ends_with(".updated") {
        body.push_str(r#","previous_attributes":"#);
        json::write(&mut body, &Value::Object(emission.before.clone()));
    }
    body.push_str(r#"},"livemode":false,"pending_webhooks":1,"request":"#);
    json::write(&mut body, scene.request());
    body.push_str(r#","type":"#);
    json::write(&mut body, &emission.event_type.into());
    body.push('}');
    body
}

/// An event of API v2: where the object is found instead of the object.
fn wrap_thin(scene: &mut Scene<'_>, emission: &Emission<'_>) -> String {
    let object = scene.get(emission.name);
    let object_type = object["object"].as_str().unwrap_or_default();
    let id = object["id"].as_str().unwrap_or_default();
    let path = match object_type.strip_prefix("v2.") {
        Some(rest) => format!("v2/{}s", rest.replace('.', "/")),
        None => format!("v1/{}s", object_type.replace('.', "/")),
    };
    let related = json!({"id": id, "type": object_type, "url": format!("/{path}/{id}")});
    let created = scene.now();
    let event = json!({
        "id": scene.new_id("evt"),
        "object": "v2.core.event",
        "context": null,
        "created": time_text(created, false).split('.').next().map(|seconds| format!("{seconds}.000Z")),
        "livemode": false,
        "reason": {"type": "request", "request": scene.request()},
        "related_object": related,
        "type": emission.event_type,
    });
    let mut body = String::with_capacity(512);
    json::write(&mut body, &event);
    body
}
