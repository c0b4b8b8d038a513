//! Close: the event log's entry around an object.

mod life;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::catalogue::{Catalogue, built_in};
use super::json::{self, Depth};
use super::scene::{Emission, Scene, time_text};

/// Close's samples.
pub(super) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue {
        objects: built_in("close/objects.json", include_str!("objects.json")),
        stories: built_in("close/stories.json", include_str!("stories.json")),
        life: Some(life::LIFE),
        depth: Depth::Top,
        wrap,
        burst_step_micros: 13_417,
        // Older ids of Close are longer than those of the things that came later.
        id_form: |prefix| match prefix {
            "ev" | "req" | "whsub" | "actitype" | "cotype" | "custobj" | "seq" | "seqstep" | "sub"
            | "form" | "comm" | "thrd" | "emailacct" => ("", 22),
            _ => ("", 43),
        },
    });
    &CATALOGUE
}

/// On the stage: what the next entry's `meta` says besides the request.
const META: &str = "meta";
/// On the stage: the type whose next entry is its last one, grown.
const CONSOLIDATED: &str = "consolidated";
/// On the stage: the last entry of an update.
const LAST: &str = "last_entry";

/// From here on, entries say this in their `meta` too.
fn note_in_meta(scene: &mut Scene<'_>, meta: Value) {
    scene.put(META, meta);
}

/// The next entry of this type is the last one once more, with the same id, a later `date_updated` and all changes in
/// it: Close does so when an object changes again within a short time. Nothing may be told between the two.
fn consolidate_next(scene: &mut Scene<'_>, event_type: &'static str) {
    scene.put(CONSOLIDATED, event_type.into());
}

fn wrap(scene: &mut Scene<'_>, emission: &Emission<'_>) -> String {
    let (object_type, action) =
        emission.event_type.rsplit_once('.').unwrap_or((emission.event_type, "updated"));
    let object = scene.get(emission.name).clone();
    let id = object["id"].as_str().unwrap_or_default();
    let lead_id = if object_type == "lead" { object["id"].clone() } else { object["lead_id"].clone() };

    let now = time_text(scene.now(), false);
    let mut before = if action == "updated" { emission.before.clone() } else { Map::new() };
    let mut event_id = Value::from(scene.new_id("ev"));
    let mut date_created = Value::from(now.clone());
    if scene.get(CONSOLIDATED) == emission.event_type {
        scene.take(CONSOLIDATED);
        let earlier = scene.take(LAST);
        // Every former value is whole: what it was before the first change replaces what it was before the second.
        before.extend(earlier["previous_data"].as_object().cloned().unwrap_or_default());
        event_id = earlier["id"].clone();
        date_created = earlier["date_created"].clone();
    }
    if action == "updated" {
        let last = json!({"id": event_id, "date_created": date_created, "previous_data": before});
        scene.put(LAST, last);
    }

    let by_request = scene.request()["id"].is_string();
    let mut meta = scene.get(META).as_object().cloned().unwrap_or_default();
    if by_request {
        let path = object_type.replace("custom_fields", "custom_field").replace('.', "/");
        let (method, path) = match action {
            "created" => ("POST", format!("/api/v1/{path}/")),
            "deleted" => ("DELETE", format!("/api/v1/{path}/{id}/")),
            _ => ("PUT", format!("/api/v1/{path}/{id}/")),
        };
        meta.insert("request_method".to_owned(), method.into());
        meta.insert("request_path".to_owned(), path.into());
    }
    let changed_fields: Vec<&String> = before.keys().collect();
    let user = if by_request { scene.fill(&json!("{known.user}"), "") } else { Value::Null };
    let deleted = action == "deleted";
    let entry = json!({
        "subscription_id": scene.fill(&json!("{known.subscription}"), ""),
        "event": {
            "action": action,
            "api_key_id": null,
            "changed_fields": changed_fields,
            "data": if deleted { &Value::Null } else { &object },
            "date_created": date_created,
            "date_updated": now,
            "id": event_id,
            "lead_id": lead_id,
            "meta": meta,
            "object_id": id,
            "object_type": object_type,
            "organization_id": scene.fill(&json!("{known.organization}"), ""),
            // A deletion's entry has the object here.
            "previous_data": if deleted { object.clone() } else { Value::Object(before.clone()) },
            "request_id": scene.request()["id"],
            "user_id": user,
        },
    });
    let mut body = String::with_capacity(3_072);
    json::write(&mut body, &entry);
    body
}
