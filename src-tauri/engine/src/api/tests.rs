//! Facts about the description that need no running store.

use serde_json::Value;

use super::*;

fn description() -> Value {
    serde_json::from_str(&openapi_json()).expect("is JSON")
}

#[test]
fn every_path_of_the_contract_is_described() {
    let description = description();
    let job = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}";
    for (path, methods) in [
        ("/api/workspaces/{workspaceId}/sources".to_owned(), &["get", "post"][..]),
        ("/api/workspaces/{workspaceId}/sources/{sourceId}".to_owned(), &["patch", "delete"]),
        ("/api/workspaces/{workspaceId}/destinations".to_owned(), &["get", "post"]),
        ("/api/workspaces/{workspaceId}/destinations/{destinationId}".to_owned(), &["patch", "delete"]),
        ("/api/workspaces/{workspaceId}/destinations/{destinationId}/check".to_owned(), &["post"]),
        ("/api/workspaces/{workspaceId}/sync-jobs".to_owned(), &["get", "post"]),
        (job.to_owned(), &["get", "patch", "delete"]),
        ("/api/webhooks/{workspaceId}/{jobId}/test".to_owned(), &["post"]),
        (format!("{job}/webhook/stats"), &["get"]),
        (format!("{job}/webhook/events"), &["get"]),
        (format!("{job}/webhook/events/{{eventId}}"), &["get"]),
        (format!("{job}/webhook/events/{{eventId}}/retry"), &["post"]),
        (format!("{job}/webhook/events/{{eventId}}/replay"), &["post"]),
        (format!("{job}/webhook/retry-failed"), &["post"]),
        (format!("{job}/webhook/regenerate-secret"), &["post"]),
        (format!("{job}/executions"), &["get"]),
        ("/api/status".to_owned(), &["get"]),
        ("/api/changes".to_owned(), &["get"]),
    ] {
        for method in methods {
            assert!(description["paths"][&path][method].is_object(), "{method} {path}");
        }
    }
}

#[test]
fn every_operation_has_an_id_of_its_own_and_describes_its_errors() {
    let description = description();
    let mut ids = std::collections::HashSet::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id.to_owned()), "{id} twice");
            for status in ["400", "401", "404", "422"] {
                assert!(operation["responses"][status].is_object(), "{method} {path} {status}");
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|value| walk(value, found));
            }
            Value::Array(array) => array.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let description = description();
    let mut found = Vec::new();
    walk(&description, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn unknown_fields_are_described_as_refused() {
    let schemas = &description()["components"]["schemas"];
    for name in
        ["CreateSource", "UpdateSource", "UpdateDestination", "CreateJob", "UpdateJob", "WebhookConfigInput"]
    {
        assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
    }
    let variants = schemas["CreateDestination"]["oneOf"].as_array().expect("variants");
    assert_eq!(variants.len(), 3);
    assert!(variants.iter().all(|variant| variant["additionalProperties"] == false));
}
