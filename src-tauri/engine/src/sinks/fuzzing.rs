//! What the fuzz targets (`fuzz/`) reach of this module.

use bson::RawDocument;

use super::json;

/// A provider's JSON text as the bytes of its BSON; the error is the message for users.
pub fn json_to_bson(text: &str) -> Result<Vec<u8>, String> {
    json::Object::from_json(text)
        .map(|object| object.as_raw().as_bytes().to_vec())
        .map_err(|error| error.to_string())
}

/// The JSON text of which [`json_to_bson`] makes the same bytes again; `None` for types that it never makes.
pub fn bson_to_text(document: &RawDocument) -> Option<String> {
    json::to_text(document)
}

/// The document as it is shown to people.
pub fn bson_to_value(document: &RawDocument) -> serde_json::Value {
    json::to_value(document)
}
