//! The API's description: what the code says of each handler, completed by what holds for all of them.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};

use crate::commands::changes::ChangeAnswer;
use crate::commands::{ErrorBody, sources};

/// Errors that each request can end in, and what they mean.
const ERRORS: [(&str, &str); 13] = [
    ("400", "The path, the query or the JSON cannot be read."),
    ("401", "The token is missing or wrong."),
    ("403", "The request comes from a web page of another origin."),
    ("404", "There is no such thing."),
    ("405", "The path does not know this method."),
    ("408", "The request took too long."),
    ("409", "The change contradicts what is there."),
    ("413", "The body is too large."),
    ("415", "The body is not JSON by its content type."),
    ("421", "The request names another host."),
    ("422", "A value is missing, unknown or out of its range."),
    ("500", "The store or the secret store failed."),
    ("503", "The store takes nothing at the moment."),
];

/// What the handlers' descriptions are added to.
pub(super) fn start() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Hookline control API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Listens on loopback. Every request carries `Authorization: Bearer TOKEN`; the token is in \
             `server.json` in the data directory while Hookline runs.",
        ))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()));
    let components = ComponentsBuilder::new()
        .security_scheme(
            "token",
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        )
        .schemas_from_iter(schemas_of::<ErrorBody>())
        // The stream of changes is text to OpenAPI; what its lines hold is described all the same.
        .schemas_from_iter(schemas_of::<ChangeAnswer>());
    OpenApiBuilder::new()
        .info(info.build())
        .components(Some(components.build()))
        .security(Some([SecurityRequirement::new("token", [] as [&str; 0])]))
        .build()
}

fn schemas_of<T: ToSchema>() -> Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)> {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    schemas
}

/// The whole description as JSON.
pub(super) fn to_json(description: &OpenApi) -> String {
    let mut description = serde_json::to_value(description).unwrap_or_default();
    if let Some(paths) = description["paths"].as_object_mut() {
        let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(|item| {
            item.iter_mut()
                .filter(|(key, _)| *key != "parameters")
                .filter_map(|(_, value)| value.as_object_mut())
        });
        operations.for_each(add_errors);
    }
    if let Some(schemas) = description["components"]["schemas"].as_object_mut() {
        close_variants(schemas);
        // Known only at run time: providers are a list, not an enum.
        schemas["CreateSource"]["properties"]["kind"]["enum"] = json!(sources::kinds());
    }
    description.to_string()
}

fn add_errors(operation: &mut Map<String, Value>) {
    let has_body = operation.contains_key("requestBody");
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    for (status, meaning) in ERRORS {
        let only_with_body = matches!(status, "413" | "415");
        if (has_body || !only_with_body) && !responses.contains_key(status) {
            responses.insert(
                status.to_owned(),
                json!({
                    "description": meaning,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
                }),
            );
        }
    }
}

/// Says of the variants of [`CreateDestination`](crate::commands::destinations::CreateDestination) that unknown
/// fields are refused: the derive says so for structs only.
fn close_variants(schemas: &mut Map<String, Value>) {
    let variants = schemas.get_mut("CreateDestination").and_then(|schema| schema.get_mut("oneOf"));
    for variant in variants.and_then(Value::as_array_mut).into_iter().flatten() {
        variant["additionalProperties"] = Value::Bool(false);
    }
}
