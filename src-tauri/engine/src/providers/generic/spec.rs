//! How a generic source is described, and the checks that a description has to pass.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::super::scheme::{HeaderName, Piece, Scheme, Shape, Stamp, Token, Unit};
use super::super::signature::{Algorithm, Encoding, SecretEncoding};
use super::path::JsonPath;
use crate::event::TypePatterns;

/// How far a timestamp may be off where the description does not say: what most providers allow.
const DEFAULT_TOLERANCE_SECONDS: u32 = 300;

/// A provider described by values only.
///
/// An example: `{"header": "X-Acme-Signature", "prefix": "sha256=", "type": {"path": "event"}, "id": {"header":
/// "X-Acme-Delivery"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenericSpec {
    /// Whether the header is a signature or the secret itself.
    #[serde(default)]
    pub mode: Mode,
    /// The header of the signature, or of the token.
    pub header: String,
    /// What stands in the header before the signature or the token, such as `sha256=` or `Bearer `.
    #[serde(default)]
    pub prefix: String,
    /// The hash function inside the HMAC.
    #[serde(default = "default_algorithm")]
    pub algorithm: Algorithm,
    /// How the signature is written.
    #[serde(default = "default_encoding")]
    pub encoding: Encoding,
    /// How the key is read from the secret.
    #[serde(default = "default_secret_encoding")]
    pub secret_encoding: SecretEncoding,
    /// What is signed: a text with `{ts}`, `{id}`, `{body}`, `{method}` and `{url}`, such as `{ts}.{body}`. A brace that
    /// stands for itself is written twice.
    #[serde(default = "default_signed_content")]
    pub signed_content: String,
    /// The fields that hold signatures, where the header is built like `t=…,v1=…`: `v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_field: Option<String>,
    /// What stands between such fields, one character.
    #[serde(default = "default_field_separator")]
    pub field_separator: char,
    /// The header of the timestamp, where it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_header: Option<String>,
    /// The field of the signature's header that holds the timestamp: `t`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_field: Option<String>,
    /// What the timestamp counts.
    #[serde(default)]
    pub timestamp_unit: TimestampUnit,
    /// How far the timestamp may be off, in seconds; 300 if absent, 0 leaves it unchecked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance_seconds: Option<u32>,
    /// Where the event's type is found.
    #[serde(rename = "type")]
    pub event_type: Place,
    /// Where the event's id is found. Without one, the same body is the same event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Place>,
    /// Where the time of the change is found: RFC 3339, or seconds, milliseconds or microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Place>,
    /// The path of the object that changed; the whole body if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Where the object's id is found, seen from the body and not from the object. Without one, events are kept in a log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_id: Option<Place>,
    /// Where the object's type is found; the collection is its plural.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_type: Option<Place>,
    /// The event types that bring an object into being, such as `*.created`; they rank below updates of the same moment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub created_types: Vec<String>,
    /// The event types that delete their object, such as `*.deleted`. Without any, nothing is ever deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deleted_types: Vec<String>,
    /// Whether the body is an array of events; paths are then seen from each of them.
    #[serde(default)]
    pub body_is_array: bool,
}

/// Whether the header is a signature or the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// The header holds an HMAC.
    #[default]
    Hmac,
    /// The header holds the secret itself, behind the prefix.
    Token,
}

/// What a timestamp counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub enum TimestampUnit {
    /// Seconds since 1970.
    #[default]
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds since 1970.
    #[serde(rename = "ms")]
    Milliseconds,
}

/// Where a value is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// In the header of this name.
    Header(String),
    /// In the body, at this path, such as `data.items[0].id`.
    Path(String),
    /// It is always this.
    Value(String),
}

const fn default_algorithm() -> Algorithm {
    Algorithm::Sha256
}

const fn default_encoding() -> Encoding {
    Encoding::Hex
}

const fn default_secret_encoding() -> SecretEncoding {
    SecretEncoding::Text
}

const fn default_field_separator() -> char {
    ','
}

fn default_signed_content() -> String {
    "{body}".to_owned()
}

/// A description that was found right, with everything read that has to be read once only.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    pub(super) check: Check,
    pub(super) secret_encoding: SecretEncoding,
    pub(super) tolerance_seconds: Option<u32>,
    pub(super) event_type: Finder,
    pub(super) id: Option<Finder>,
    pub(super) time: Option<Finder>,
    pub(super) object: Option<JsonPath>,
    /// Where the object's type and id are found.
    pub(super) identity: Option<(Finder, Finder)>,
    pub(super) created: Option<TypePatterns>,
    pub(super) deleted: Option<TypePatterns>,
    pub(super) body_is_array: bool,
}

/// How a request is checked.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Hmac(Scheme),
    Token(Token),
}

/// A [`Place`] whose name or path has been read.
#[derive(Debug, Clone)]
pub(super) enum Finder {
    Header(HeaderName),
    Path { path: JsonPath, text: String },
    Value(String),
}

impl GenericSpec {
    /// Checks the description. The error names the field as it is written in JSON.
    pub(super) fn compile(&self) -> Result<Compiled, String> {
        // A header's value arrives without the white space around it, and never holds control characters.
        if self.prefix.starts_with(char::is_whitespace) || self.prefix.contains(char::is_control) {
            return Err(
                "`prefix` begins with white space or holds control characters; no header does".to_owned()
            );
        }
        let check = match self.mode {
            Mode::Hmac => Check::Hmac(self.scheme()?),
            Mode::Token => Check::Token(self.token()?),
        };
        let has_timestamp = matches!(&check, Check::Hmac(Scheme { timestamp: Some(_), .. }));
        if !has_timestamp && self.tolerance_seconds.is_some_and(|seconds| seconds > 0) {
            return Err(
                "`toleranceSeconds` is given, but neither `timestampHeader` nor `timestampField`".to_owned()
            );
        }
        let tolerance = self.tolerance_seconds.unwrap_or(DEFAULT_TOLERANCE_SECONDS);
        let identity = match (&self.object_type, &self.object_id) {
            (Some(object_type), Some(id)) => {
                Some((finder("objectType", object_type)?, finder("objectId", id)?))
            }
            (None, None) if self.object.is_none() => None,
            (_, None) => {
                return Err(
                    "`objectId` has to be given too, or else no object can be told from another".to_owned()
                );
            }
            (None, Some(_)) => {
                return Err("`objectType` has to be given too, such as {\"value\": \"order\"}".to_owned());
            }
        };
        let object = self.object.as_deref().map(|path| read_path("object", path)).transpose()?;
        Ok(Compiled {
            check,
            secret_encoding: self.secret_encoding,
            tolerance_seconds: (has_timestamp && tolerance > 0).then_some(tolerance),
            event_type: finder("type", &self.event_type)?,
            id: match &self.id {
                // Every event but the first would be taken for a duplicate.
                Some(Place::Value { .. }) => {
                    return Err("`id` cannot be a fixed value: events are told apart by it".to_owned());
                }
                place => place.as_ref().map(|place| finder("id", place)).transpose()?,
            },
            time: self.time.as_ref().map(|place| finder("time", place)).transpose()?,
            object,
            identity,
            created: patterns(&self.created_types),
            deleted: patterns(&self.deleted_types),
            body_is_array: self.body_is_array,
        })
    }

    fn token(&self) -> Result<Token, String> {
        if self.timestamp_header.is_some() || self.timestamp_field.is_some() || self.signature_field.is_some()
        {
            return Err("in the mode `token` there are neither timestamps nor fields".to_owned());
        }
        Ok(Token { header: header_name("header", &self.header)?, prefix: Cow::Owned(self.prefix.clone()) })
    }

    fn scheme(&self) -> Result<Scheme, String> {
        let header = header_name("header", &self.header)?;
        let content = read_template(&self.signed_content)?;
        let uses = |piece: &Piece| content.contains(piece);
        if !uses(&Piece::Body) {
            return Err(
                "`signedContent` has to hold `{body}`: a signature that does not cover the body proves nothing of it"
                    .to_owned(),
            );
        }
        let unit = match self.timestamp_unit {
            TimestampUnit::Seconds => Unit::Seconds,
            TimestampUnit::Milliseconds => Unit::Millis,
        };
        let shape = match &self.signature_field {
            None => Shape::Whole { prefix: Cow::Owned(self.prefix.clone()) },
            Some(_) if !self.prefix.is_empty() => {
                return Err("`prefix` and `signatureField` exclude each other".to_owned());
            }
            Some(field) => Shape::Fields {
                separator: self.separator()?,
                signature: field_name("signatureField", field)?,
            },
        };
        let timestamp = match (&self.timestamp_header, &self.timestamp_field) {
            (None, None) => None,
            (Some(name), None) => Some(Stamp::Header(header_name("timestampHeader", name)?, unit)),
            (None, Some(_)) if self.signature_field.is_none() => {
                return Err(
                    "`timestampField` wants `signatureField`: both are fields of one header".to_owned()
                );
            }
            (None, Some(field)) => Some(Stamp::Field(field_name("timestampField", field)?, unit)),
            (Some(_), Some(_)) => {
                return Err("`timestampHeader` and `timestampField` exclude each other".to_owned());
            }
        };
        match (uses(&Piece::Timestamp), timestamp.is_some()) {
            (true, false) => {
                return Err("`signedContent` holds `{ts}`, but neither `timestampHeader` nor `timestampField` is given".to_owned());
            }
            (false, true) => {
                return Err("a timestamp is given, but `signedContent` does not hold `{ts}`: unsigned, it proves nothing".to_owned());
            }
            _ => {}
        }
        let id = match (uses(&Piece::Id), &self.id) {
            (false, _) => None,
            (true, Some(Place::Header(name))) => Some(header_name("id", name)?),
            (true, _) => return Err("`signedContent` holds `{id}`, so `id` has to be a header".to_owned()),
        };
        Ok(Scheme {
            header,
            shape,
            algorithm: self.algorithm,
            encoding: self.encoding,
            secret: self.secret_encoding,
            content: Cow::Owned(content),
            timestamp,
            id,
        })
    }

    fn separator(&self) -> Result<char, String> {
        let separator = self.field_separator;
        // `=` and what a value can consist of would cut fields to pieces.
        if separator.is_alphanumeric() || separator.is_control() || "=+/".contains(separator) {
            return Err(format!("`fieldSeparator` cannot be `{}`", separator.escape_default()));
        }
        Ok(separator)
    }
}

/// No patterns mean no types here, not all of them.
fn patterns(texts: &[String]) -> Option<TypePatterns> {
    (!texts.is_empty()).then(|| TypePatterns::new(texts))
}

fn header_name(field: &str, name: &str) -> Result<HeaderName, String> {
    let read = http::HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{field}`: `{}` is no name of a header", name.escape_debug()))?;
    Ok(HeaderName { shown: Cow::Owned(name.to_owned()), lower: Cow::Owned(read.as_str().to_owned()) })
}

fn field_name(field: &str, name: &str) -> Result<Cow<'static, str>, String> {
    let right = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    right
        .then(|| Cow::Owned(name.to_owned()))
        .ok_or_else(|| format!("`{field}`: `{}` is no name of a field", name.escape_debug()))
}

fn read_path(field: &str, path: &str) -> Result<JsonPath, String> {
    JsonPath::parse(path).map_err(|reason| format!("`{field}`: the path `{}`: {reason}", path.escape_debug()))
}

fn finder(field: &str, place: &Place) -> Result<Finder, String> {
    match place {
        Place::Header(name) => header_name(field, name).map(Finder::Header),
        Place::Path(path) => Ok(Finder::Path { path: read_path(field, path)?, text: path.clone() }),
        Place::Value(value) if value.trim().is_empty() => Err(format!("`{field}`: the value is empty")),
        Place::Value(value) => Ok(Finder::Value(value.clone())),
    }
}

/// Reads a template of the signed content.
fn read_template(template: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(place) = rest.find(['{', '}']) {
        text.push_str(&rest[..place]);
        let brace = &rest[place..=place];
        let behind = &rest[place + 1..];
        if let Some(behind) = behind.strip_prefix(brace) {
            text.push_str(brace);
            rest = behind;
            continue;
        }
        let named = (brace == "{").then(|| behind.split_once('}')).flatten();
        let Some((name, behind)) = named else {
            return Err(format!(
                "`signedContent`: a `{brace}` stands alone; a brace that stands for itself is written twice"
            ));
        };
        let piece = match name {
            "ts" => Piece::Timestamp,
            "id" => Piece::Id,
            "body" => Piece::Body,
            "method" => Piece::Method,
            "url" => Piece::Url,
            _ => {
                return Err(format!(
                    "`signedContent`: `{{{}}}` is not known; known are {{ts}}, {{id}}, {{body}}, {{method}} and {{url}}",
                    name.escape_debug()
                ));
            }
        };
        if !text.is_empty() {
            pieces.push(Piece::Text(Cow::Owned(std::mem::take(&mut text))));
        }
        pieces.push(piece);
        rest = behind;
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(Cow::Owned(text)));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn compile(changes: &Value) -> Result<Compiled, String> {
        let mut spec = json!({"header": "X-Signature", "type": {"path": "type"}});
        let (Value::Object(spec), Value::Object(changes)) = (&mut spec, changes) else {
            panic!("objects");
        };
        spec.extend(changes.clone());
        GenericSpec::deserialize(&Value::Object(spec.clone())).map_err(|error| error.to_string())?.compile()
    }

    #[test]
    fn a_template_is_read_into_its_pieces() {
        assert_eq!(
            read_template("v0:{ts}:{{x}}{body}!"),
            Ok(vec![
                Piece::Text("v0:".into()),
                Piece::Timestamp,
                Piece::Text(":{x}".into()),
                Piece::Body,
                Piece::Text("!".into()),
            ])
        );
        assert_eq!(read_template("{method}{url}{id}"), Ok(vec![Piece::Method, Piece::Url, Piece::Id]));
        assert_eq!(read_template(""), Ok(vec![]));
    }

    #[test]
    fn every_wrong_value_is_named() {
        for (changes, expected) in [
            (json!({"signedContent": "{time}.{body}"}), "`{time}` is not known"),
            (json!({"signedContent": "{body"}), "a `{` stands alone"),
            (json!({"signedContent": "body}"}), "a `}` stands alone"),
            (json!({"signedContent": "x"}), "has to hold `{body}`"),
            (json!({"signedContent": "{ts}.{body}"}), "neither `timestampHeader` nor `timestampField`"),
            (json!({"timestampHeader": "X-Ts"}), "does not hold `{ts}`"),
            (json!({"signedContent": "{id}.{body}"}), "`id` has to be a header"),
            (json!({"signedContent": "{id}.{body}", "id": {"path": "id"}}), "`id` has to be a header"),
            (json!({"header": "X Signature"}), "`header`: `X Signature` is no name of a header"),
            (json!({"header": ""}), "`header`"),
            (json!({"prefix": " sha256="}), "`prefix`"),
            (json!({"mode": "token", "prefix": "Bearer\n"}), "`prefix`"),
            (json!({"id": {"header": "a:b"}}), "`id`: `a:b` is no name of a header"),
            (json!({"timestampField": "t", "signedContent": "{ts}{body}"}), "wants `signatureField`"),
            (
                json!({"timestampField": "t", "timestampHeader": "T", "signatureField": "v1", "signedContent": "{ts}{body}"}),
                "exclude each other",
            ),
            (json!({"signatureField": "v1", "prefix": "x"}), "exclude each other"),
            (json!({"signatureField": "v 1"}), "`signatureField`: `v 1` is no name of a field"),
            (json!({"signatureField": "v1", "fieldSeparator": "="}), "`fieldSeparator` cannot be `=`"),
            (json!({"signatureField": "v1", "fieldSeparator": ";;"}), "a character"),
            (json!({"type": {"path": "a..b"}}), "`type`: the path `a..b`: a key is empty"),
            (json!({"type": {"value": " "}}), "`type`: the value is empty"),
            (json!({"type": {"nowhere": "x"}}), "unknown variant `nowhere`"),
            (json!({"object": "data"}), "`objectId` has to be given"),
            (json!({"objectType": {"value": "order"}}), "`objectId` has to be given"),
            (json!({"objectId": {"path": "id"}}), "`objectType` has to be given"),
            (
                json!({"object": "a[", "objectId": {"path": "id"}, "objectType": {"value": "x"}}),
                "`object`: the path",
            ),
            (json!({"toleranceSeconds": 5}), "`toleranceSeconds` is given"),
            (json!({"toleranceSeconds": -5}), "invalid value"),
            (json!({"mode": "token", "signatureField": "v1"}), "in the mode `token`"),
            (json!({"algorithm": "md5"}), "unknown variant `md5`"),
            (json!({"headr": "x"}), "unknown field `headr`"),
        ] {
            let error = compile(&changes).expect_err(&changes.to_string());
            assert!(error.contains(expected), "{changes}: {error}");
        }
    }

    #[test]
    fn only_a_signed_timestamp_has_a_tolerance() {
        let tolerance = |changes| compile(&changes).expect("a description").tolerance_seconds;
        assert_eq!(tolerance(json!({})), None);
        let timed = |seconds: Value| {
            tolerance(
                json!({"timestampHeader": "T", "signedContent": "{ts}{body}", "toleranceSeconds": seconds}),
            )
        };
        assert_eq!(timed(Value::Null), Some(300));
        assert_eq!(timed(json!(30)), Some(30));
        assert_eq!(timed(json!(0)), None);
    }

    #[test]
    fn a_description_survives_being_written_and_read() {
        let value = json!({
            "mode": "hmac", "header": "X-Acme", "prefix": "", "algorithm": "sha512", "encoding": "base64",
            "secretEncoding": "hex", "signedContent": "{ts}.{body}", "signatureField": "v1", "fieldSeparator": ";",
            "timestampField": "t", "timestampUnit": "ms", "toleranceSeconds": 60, "type": {"header": "X-Type"},
            "id": {"path": "id"}, "time": {"path": "at"}, "object": "data", "objectId": {"path": "data.id"},
            "objectType": {"value": "order"}, "createdTypes": ["*.created"], "deletedTypes": ["*.deleted"],
            "bodyIsArray": true,
        });
        let spec = GenericSpec::deserialize(&value).expect("a description");
        assert!(spec.compile().is_ok());
        assert_eq!(serde_json::to_value(&spec).expect("JSON"), value);
    }

    proptest! {
        #[test]
        fn no_template_panics(template in "[a-d{}é]{0,16}|(\\{(ts|id|body|url|method|x)\\}|[{}.]){0,8}") {
            if let Ok(pieces) = read_template(&template) {
                prop_assert!(pieces.iter().all(|piece| *piece != Piece::Text("".into())));
            }
        }
    }
}
