//! A provider that is described by values instead of code: see [`GenericSpec`].
//!
//! The description is checked and its template, paths and names are read once, when the provider is made. Each path is
//! one pass over the body at receipt.

mod path;
mod spec;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::value::RawValue;

use self::spec::{Check, Compiled, Finder};
pub use self::spec::{GenericSpec, Mode, Place, TimestampUnit};
use super::change::{self, Action};
use super::payload::{self, Loose};
use super::secret_text::problem;
use super::signature::{SecretEncoding, SignatureError, Signing};
use super::{
    InvalidPayload, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, naming, secret_kinds,
};
use crate::event::{EventHead, Mapping, Operation, RawRequest, Timestamp, TypePatterns};

/// The kind of sources that are described by values.
pub const KIND: &str = "generic";

/// A provider described by values.
#[derive(Debug, Clone)]
pub struct Generic {
    info: ProviderInfo,
    spec: Compiled,
}

impl Generic {
    /// From a [`GenericSpec`] as JSON. The error says which value is wrong, and how.
    pub fn new(values: &serde_json::Value) -> Result<Self, String> {
        let spec = GenericSpec::deserialize(values).map_err(|error| error.to_string())?;
        Self::from_spec(&spec)
    }

    /// From a description. The error says which value is wrong, and how.
    pub fn from_spec(spec: &GenericSpec) -> Result<Self, String> {
        let spec = spec.compile()?;
        let info = ProviderInfo { tolerance_seconds: spec.tolerance_seconds, ..Self::general_info() };
        Ok(Self { info, spec })
    }

    /// What is said of generic sources before one is described.
    pub const fn general_info() -> ProviderInfo {
        ProviderInfo {
            kind: KIND,
            label: "Generic",
            tolerance_seconds: None,
            secret_help: "The secret that the sender signs with, as it was agreed on there; the source's description says how it \
                          is encoded.",
            setup_steps: &[
                "Describe in the source how the sender signs: header, algorithm, encoding, signed content.",
                "Enter the webhook URL at the sender and set the secret there, or copy the sender's secret here.",
                "Send a test webhook; if it is refused, the rejected request tells what did not fit.",
            ],
            known_types: &[],
            key_help: None,
        }
    }
}

/// What is found in one event.
struct Item<'a> {
    whole: &'a RawValue,
    event_type: Cow<'a, str>,
    id: Option<Cow<'a, str>>,
    time: Option<Timestamp>,
    object_type: Option<Cow<'a, str>>,
    object_id: Option<Cow<'a, str>>,
}

impl Item<'_> {
    /// The id of the event's document in the log.
    fn log_id(&self) -> String {
        self.id.as_deref().map_or_else(|| change::body_id(self.whole.get().as_bytes()), ToOwned::to_owned)
    }
}

impl Finder {
    /// The text or number there.
    fn text<'a>(&'a self, request: &'a RawRequest, item: &'a RawValue) -> Option<Cow<'a, str>> {
        match self {
            Self::Header(header) => header.find(request).map(Cow::Borrowed),
            Self::Path { path, .. } => loose(path.find(item)?)?.id(),
            Self::Value(value) => Some(Cow::Borrowed(value)),
        }
    }

    fn time(&self, request: &RawRequest, item: &RawValue) -> Option<Timestamp> {
        match self {
            Self::Path { path, .. } => loose(path.find(item)?)?.time_of_any_unit(),
            Self::Header(_) | Self::Value(_) => {
                let text = self.text(request, item)?;
                // A header's digits are the JSON of the same number.
                let number = serde_json::from_str::<Loose<'_>>(&text).ok();
                number.and_then(|number| number.time_of_any_unit()).or_else(|| Timestamp::parse(&text))
            }
        }
    }
}

fn loose(raw: &RawValue) -> Option<Loose<'_>> {
    serde_json::from_str(raw.get()).ok()
}

fn any(patterns: Option<&TypePatterns>, event_type: &str) -> bool {
    patterns.is_some_and(|patterns| patterns.matches(event_type))
}

impl Generic {
    /// The events of the body, at least one.
    fn items<'a>(&'a self, request: &'a RawRequest, body: &'a [u8]) -> Result<Vec<Item<'a>>, InvalidPayload> {
        let text = payload::as_text(body)?;
        let whole: &RawValue = serde_json::from_str(text)
            .map_err(|error| InvalidPayload::new(format!("the body is not JSON: {error}")))?;
        if !self.spec.body_is_array {
            if whole.get().starts_with('[') {
                return Err(InvalidPayload::new(
                    "the body is an array; the source's description says `bodyIsArray: false`",
                ));
            }
            return Ok(vec![self.item(request, whole)?]);
        }
        if !whole.get().starts_with('[') {
            return Err(InvalidPayload::new(
                "the body is no array; the source's description says `bodyIsArray: true`",
            ));
        }
        let items: Vec<&RawValue> = serde_json::from_str(whole.get())
            .map_err(|error| InvalidPayload::new(format!("the body is not JSON: {error}")))?;
        if items.is_empty() {
            return Err(InvalidPayload::new("the array in the body is empty"));
        }
        items.into_iter().map(|item| self.item(request, item)).collect()
    }

    fn item<'a>(&'a self, request: &'a RawRequest, whole: &'a RawValue) -> Result<Item<'a>, InvalidPayload> {
        let spec = &self.spec;
        if !whole.get().starts_with('{') {
            return Err(InvalidPayload::new("an event is no JSON object"));
        }
        let event_type = spec.event_type.text(request, whole).ok_or_else(|| {
            InvalidPayload::new(match &spec.event_type {
                Finder::Header(header) => {
                    format!("the header `{}` with the event's type is missing", header.shown)
                }
                Finder::Path { text, .. } => format!("the body has no event type at `{text}`"),
                Finder::Value(_) => "the event has no type".to_owned(),
            })
        })?;
        let identity = spec.identity.as_ref().and_then(|(object_type, id)| {
            Some((object_type.text(request, whole)?, id.text(request, whole)?))
        });
        let (object_type, object_id) = identity.unzip();
        Ok(Item {
            whole,
            event_type,
            id: spec.id.as_ref().and_then(|finder| finder.text(request, whole)),
            time: spec.time.as_ref().and_then(|finder| finder.time(request, whole)),
            object_type,
            object_id,
        })
    }

    fn operation(&self, request: &RawRequest, item: &Item<'_>, position: Option<usize>) -> Operation {
        let at = item.time.unwrap_or(request.received_at);
        let object = match &self.spec.object {
            None => Some(item.whole),
            Some(path) => path.find(item.whole),
        };
        let object = object.filter(|object| object.get().starts_with('{'));
        let action = if any(self.spec.deleted.as_ref(), &item.event_type) {
            Action::Deleted
        } else if any(self.spec.created.as_ref(), &item.event_type) {
            Action::Created
        } else {
            Action::Updated
        };
        match (&item.object_type, &item.object_id, object) {
            (Some(object_type), Some(id), Some(object)) => change::operation(
                action,
                naming::collection(object_type),
                id.clone().into_owned(),
                object,
                at,
            ),
            // A deletion may well come without the object.
            (Some(object_type), Some(id), None) if action == Action::Deleted => {
                let collection = naming::collection(object_type);
                let mut deletion =
                    change::operation(action, collection, id.clone().into_owned(), item.whole, at);
                deletion.object = None;
                deletion
            }
            _ => {
                let mut id = item.log_id();
                if let (Some(position), Some(Finder::Header(_))) = (position, &self.spec.id) {
                    // All events of the request have the header's id.
                    id = format!("{id}-{position}");
                }
                change::log_entry(item.whole, id, at)
            }
        }
    }
}

impl Provider for Generic {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn secret_header(&self) -> Option<&str> {
        match &self.spec.check {
            Check::Token(token) => Some(&token.header.lower),
            Check::Hmac(_) => None,
        }
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        if secret.trim().is_empty() {
            return Err(problem("the secret is empty"));
        }
        if secret.trim() != secret || secret.chars().any(char::is_control) {
            return Err(problem(
                "the secret begins or ends with white space, or holds a line break; paste it without",
            ));
        }
        let is_token = matches!(self.spec.check, Check::Token(_));
        if is_token && !secret.is_ascii() {
            return Err(problem("the secret holds letters beyond ASCII, which a header cannot carry"));
        }
        if is_token {
            return Ok(());
        }
        match self.spec.secret_encoding.key(secret) {
            Ok(_) => Ok(()),
            Err(SignatureError::UnusableSecret { reason }) => {
                Err(problem(format!("the secret does not fit the source's `secretEncoding`: {reason}")))
            }
            Err(error) => Err(problem(error.to_string())),
        }
    }

    fn generate_secret(&self) -> String {
        let digits = secret_kinds::random_hex(32);
        match self.spec.secret_encoding {
            SecretEncoding::Text | SecretEncoding::Hex => digits,
            SecretEncoding::Base64 => BASE64.encode(digits),
        }
    }

    fn signing(&self) -> Signing {
        match &self.spec.check {
            Check::Hmac(scheme) => scheme.signing(),
            Check::Token(token) => token.signing(),
        }
    }

    fn signed_at(&self, request: &RawRequest) -> Option<Timestamp> {
        match &self.spec.check {
            Check::Hmac(scheme) => scheme.signed_at(request),
            Check::Token(_) => None,
        }
    }

    fn verify(
        &self,
        request: &RawRequest,
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
        tolerance_seconds: Option<u32>,
    ) -> Result<(), SignatureError> {
        match &self.spec.check {
            Check::Hmac(scheme) => {
                scheme.verify(request, &request.url, body, secrets, now, tolerance_seconds)
            }
            Check::Token(token) => token.verify(request, secrets),
        }
    }

    fn read(&self, request: &RawRequest, body: &[u8]) -> Result<Reading, InvalidPayload> {
        let items = self.items(request, body)?;
        let single = if let [item] = items.as_slice() { Some(item) } else { None };
        let id = match &self.spec.id {
            Some(Finder::Header(header)) => header.find(request).map(ToOwned::to_owned),
            _ => single.and_then(|item| item.id.clone()).map(Cow::into_owned),
        };
        Ok(Reading::Event(EventHead {
            provider_event_id: id.unwrap_or_else(|| change::body_id(body)),
            idempotency_key: None,
            // Several types in one request go by the first one's name; there is at least one item.
            event_type: items.first().map(|item| item.event_type.clone().into_owned()).unwrap_or_default(),
            occurred_at: items.iter().filter_map(|item| item.time).min(),
            object_type: single.and_then(|item| item.object_type.clone()).map(Cow::into_owned),
            object_id: single.and_then(|item| item.object_id.clone()).map(Cow::into_owned),
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let items = self.items(request, body)?;
        let several = items.len() > 1;
        let operations: Vec<Operation> = items
            .iter()
            .enumerate()
            .filter(|(_, item)| !self.spec.body_is_array || wanted(&item.event_type))
            .map(|(position, item)| self.operation(request, item, several.then_some(position)))
            .collect();
        if operations.is_empty() {
            return Ok(change::unmapped("the job selects none of the types of the events in this request"));
        }
        Ok(Mapping::Operations(operations))
    }

    fn is_wanted(&self, head: &EventHead, body: &[u8], wanted: &dyn Fn(&str) -> bool) -> bool {
        let Finder::Path { path, .. } = &self.spec.event_type else {
            return wanted(&head.event_type);
        };
        if !self.spec.body_is_array {
            return wanted(&head.event_type);
        }
        let items: Vec<&RawValue> = serde_json::from_slice(body).unwrap_or_default();
        let event_type = |item| loose(path.find(item)?)?.id();
        items.into_iter().filter_map(event_type).any(|event_type| wanted(&event_type))
    }

    fn sign(&self, url: &str, body: &[u8], event_type: &str, secret: &str, now: Timestamp) -> SignedHeaders {
        let id = uuid::Uuid::new_v4().to_string();
        let mut headers = match &self.spec.check {
            Check::Hmac(scheme) => scheme.sign(url, body, &id, secret, now),
            Check::Token(token) => token.sign(secret),
        };
        let described = [
            (Some(&self.spec.event_type), event_type.to_owned()),
            (self.spec.id.as_ref(), id),
            (self.spec.time.as_ref(), now.to_rfc3339()),
        ];
        for (finder, value) in described {
            if let Some(Finder::Header(header)) = finder
                && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(&header.shown))
            {
                headers.push((header.shown.clone().into_owned(), value));
            }
        }
        headers
    }
}

#[cfg(test)]
mod tests;
