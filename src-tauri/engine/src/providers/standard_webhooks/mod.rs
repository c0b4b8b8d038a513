//! Standard Webhooks (<https://www.standardwebhooks.com>): Svix, Clerk, Resend, `OpenAI`, Polar and others.
//!
//! `webhook-signature: v1,<base64> v1,<base64>` (older: `svix-…`); HMAC-SHA256 over `<id>.<timestamp>.<body>`, the key
//! is what follows `whsec_` in base64.
//!
//! The standard recommends a body of `type`, `timestamp` and `data`, and says nothing of what `data` is. So an event
//! becomes a document where a rule finds one: `data` with an `id` (or with `email_id` in an `email.sent`). All others
//! go whole into the collection `events`, one document each.
//!
//! Not in here: asymmetric signatures (`v1a`).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::payload::{self, Loose, MaybeObject, Text};
use super::signature::{self, Algorithm, Encoding, SecretEncoding, SignatureError, Signing};
use super::{
    InvalidPayload, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, naming, secret_text,
};
use crate::event::{EventHead, Mapping, Operation, OperationKind, RawRequest, Timestamp, Version};

#[cfg(test)]
mod tests;

const LABEL: &str = "Standard Webhooks";
const SECRET_WANTED: &str = "the signing secret is `whsec_` and 24 to 64 bytes in base64";
/// Names of the headers for id, timestamp and signature: the standard's, and those from before it.
const HEADER_SETS: [[&str; 3]; 2] = [
    ["webhook-id", "webhook-timestamp", "webhook-signature"],
    ["svix-id", "svix-timestamp", "svix-signature"],
];
/// Where events end up that are about no object.
const LOG: &str = "events";

static INFO: ProviderInfo = ProviderInfo {
    kind: "standard-webhooks",
    label: LABEL,
    tolerance_seconds: Some(300),
    secret_help: "The signing secret of the endpoint, `whsec_` and base64, shown beside the endpoint at the sender.",
    setup_steps: &[
        "At the sender add a webhook endpoint with this job's URL.",
        "Choose the events.",
        "Copy the endpoint's signing secret (`whsec_…`) and paste it into this job.",
    ],
    known_types: &[],
    key_help: None,
};

/// The provider.
#[derive(Debug)]
pub(super) struct StandardWebhooks;

/// What is read at receipt and to apply an event.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Option<Loose<'a>>,
    #[serde(borrow)]
    created_at: Option<Loose<'a>>,
    #[serde(borrow)]
    data: Option<MaybeObject<Ids<'a>>>,
}

/// What is kept of the body to apply an event.
#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    data: Option<Loose<'a>>,
}

/// The ids in an object: `id`, and all that end in `_id`.
struct Ids<'a> {
    own: Option<Loose<'a>>,
    others: Vec<(Cow<'a, str>, Loose<'a>)>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Ids<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdsVisitor;

        impl<'de> Visitor<'de> for IdsVisitor {
            type Value = Ids<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut ids = Ids { own: None, others: Vec::new() };
                while let Some(Text(key)) = map.next_key()? {
                    if key == "id" {
                        if ids.own.is_some() {
                            return Err(A::Error::duplicate_field("id"));
                        }
                        ids.own = map.next_value()?;
                    } else if key.ends_with("_id") {
                        ids.others.extend(map.next_value::<Option<Loose<'_>>>()?.map(|id| (key, id)));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(ids)
            }
        }

        deserializer.deserialize_map(IdsVisitor)
    }
}

impl Provider for StandardWebhooks {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        secret_text::check(secret, SECRET_WANTED)?;
        // Hexadecimal digits are base64 too, but nobody means them so.
        if secret_text::is_hex_key(secret) {
            return Err(secret_text::problem(format!(
                "this looks like Close's signature key (hexadecimal digits); {SECRET_WANTED}"
            )));
        }
        match key(secret) {
            Ok(key) if (24..=64).contains(&key.len()) => Ok(()),
            Ok(key) => Err(secret_text::problem(format!(
                "the secret holds {} bytes: probably not all of it was copied; {SECRET_WANTED}",
                key.len()
            ))),
            Err(_) => Err(secret_text::problem(format!("the secret is not base64; {SECRET_WANTED}"))),
        }
    }

    fn generate_secret(&self) -> String {
        format!("whsec_{}", Encoding::Base64.write(&rand::random::<[u8; 32]>()))
    }

    fn signing(&self) -> Signing {
        let [[_, _, header], [_, _, older]] = HEADER_SETS;
        Signing {
            scheme: format!(
                "HMAC-SHA256 over `{{id}}.{{timestamp}}.{{body}}`, the key decoded from base64, base64, behind `v1,` in the \
                 header {header} (older senders: {older})"
            ),
            header: header.to_owned(),
        }
    }

    fn signed_at(&self, request: &RawRequest) -> Option<Timestamp> {
        let [_, time_header, _] = headers(request);
        let time = signature::required_header(request, time_header, time_header).ok()?;
        signature::read_seconds(time, time_header).ok()
    }

    fn verify(
        &self,
        request: &RawRequest,
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
        tolerance_seconds: Option<u32>,
    ) -> Result<(), SignatureError> {
        let [id_header, time_header, header] = headers(request);
        let given = signature::required_header(request, header, header)?;
        let id = signature::required_header(request, id_header, id_header)?;
        let time = signature::required_header(request, time_header, time_header)?;
        let at = signature::read_seconds(time, time_header)?;
        let candidates: Vec<&str> =
            given.split_ascii_whitespace().filter_map(|candidate| candidate.strip_prefix("v1,")).collect();
        if candidates.is_empty() {
            return Err(SignatureError::Malformed {
                header: header.to_owned(),
                reason: "it holds no signature of the kind `v1,…`".to_owned(),
            });
        }
        signature::check_each_secret(secrets, header, |secret| {
            let expected = code(&key(secret)?, id, time, body);
            Ok(candidates.iter().any(|candidate| signature::equal(expected.as_bytes(), candidate.as_bytes())))
        })?;
        signature::check_timestamp(at, now, tolerance_seconds)
    }

    fn read(&self, request: &RawRequest, body: &[u8]) -> Result<Reading, InvalidPayload> {
        let head: Head<'_> = payload::read(body, LABEL)?;
        let event_type = payload::not_empty("type", Cow::Borrowed(&*head.event_type))?;
        let object = head.object();
        Ok(Reading::Event(EventHead {
            provider_event_id: event_id(request)?.to_owned(),
            idempotency_key: None,
            occurred_at: head.time(request),
            object_type: object.as_ref().map(|(object_type, _)| (*object_type).to_owned()),
            object_id: object.map(|(_, id)| id.into_owned()),
            event_type: event_type.into_owned(),
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        _wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let head: Head<'_> = payload::read(body, LABEL)?;
        let at = head.time(request).unwrap_or(request.received_at);
        let (kind, collection, document_id, object, rank) = if let Some((object_type, id)) = head.object() {
            let (kind, rank) = change(&head.event_type);
            let data: Data<'_> = payload::read(body, LABEL)?;
            let object = data.data.map(|data| data.raw().to_owned());
            (kind, naming::collection(object_type), id.into_owned(), object, rank)
        } else {
            let whole: &RawValue = payload::whole(body, LABEL)?;
            let id = event_id(request)?.to_owned();
            (OperationKind::Upsert, LOG.to_owned(), id, Some(whole.to_owned()), Version::CREATED)
        };
        Ok(Mapping::Operations(vec![Operation {
            kind,
            collection,
            document_id,
            object,
            previous: None,
            version: Version { at, rank },
            livemode: None,
            account: None,
            api_version: None,
        }]))
    }

    fn sign(
        &self,
        _url: &str,
        body: &[u8],
        _event_type: &str,
        secret: &str,
        now: Timestamp,
    ) -> SignedHeaders {
        let time = now.seconds().to_string();
        let id = format!("msg_{}", hex::encode(rand::random::<[u8; 12]>()));
        // A secret that is not base64 never passed `check_secret`; what it signs is refused.
        let code = code(&key(secret).unwrap_or_default(), &id, &time, body);
        vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("webhook-id".to_owned(), id),
            ("webhook-timestamp".to_owned(), time),
            ("webhook-signature".to_owned(), format!("v1,{code}")),
        ]
    }
}

impl Head<'_> {
    /// Type and id of the object that the event is about, where the rule finds one: the type is all but the last
    /// part of the event's (`user` of `user.created`), the id is `id`, or `<type>_id`, in `data`.
    fn object(&self) -> Option<(&str, Cow<'_, str>)> {
        let (object_type, _) =
            self.event_type.rsplit_once('.').filter(|(object_type, _)| !object_type.is_empty())?;
        let ids = self.data.as_ref()?.0.as_ref()?;
        let named = || {
            let name = object_type.rsplit('.').next().unwrap_or(object_type);
            let (_, id) = ids.others.iter().find(|(key, _)| key.strip_suffix("_id") == Some(name))?;
            id.id()
        };
        let id = ids.own.as_ref().and_then(Loose::id).or_else(named)?;
        Some((object_type, id))
    }

    /// When the event came about. The header tells when it was sent, which is later for a repeated delivery: it counts
    /// only where the body tells nothing.
    fn time(&self, request: &RawRequest) -> Option<Timestamp> {
        let [_, time_header, _] = headers(request);
        [&self.timestamp, &self.created_at].into_iter().flatten().find_map(Loose::time_of_any_unit).or_else(
            || {
                let seconds = signature::required_header(request, time_header, time_header).ok()?;
                signature::read_seconds(seconds, time_header).ok()
            },
        )
    }
}

/// The names of the headers that this request uses.
fn headers(request: &RawRequest) -> [&'static str; 3] {
    let [standard, svix] = HEADER_SETS;
    let has = |name: &str| request.headers.iter().any(|(candidate, _)| candidate == name);
    if !has(standard[2]) && has(svix[2]) { svix } else { standard }
}

/// The event's id, which stands in a header alone.
fn event_id(request: &RawRequest) -> Result<&str, InvalidPayload> {
    let [id_header, _, _] = headers(request);
    request.header(id_header).filter(|id| !id.is_empty()).ok_or_else(|| {
        InvalidPayload::new(format!("the header `{id_header}`, which holds the event's id, is empty"))
    })
}

/// The key's bytes; the prefix may be missing.
fn key(secret: &str) -> Result<Vec<u8>, SignatureError> {
    SecretEncoding::Base64.key(secret.strip_prefix("whsec_").unwrap_or(secret))
}

/// The signature in base64.
fn code(key: &[u8], id: &str, time: &str, body: &[u8]) -> String {
    let parts = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    Encoding::Base64.write(&Algorithm::Sha256.code(key, &parts))
}

/// What an event of this type does to its object, and its rank among the events of one point in time.
fn change(event_type: &str) -> (OperationKind, u8) {
    match event_type.rsplit('.').next() {
        Some("created") => (OperationKind::Upsert, Version::CREATED),
        Some("deleted") => (OperationKind::Delete, Version::DELETED),
        _ => (OperationKind::Upsert, Version::UPDATED),
    }
}
