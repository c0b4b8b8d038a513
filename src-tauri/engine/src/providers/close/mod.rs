//! Close: a CRM whose webhooks are the entries of its event log.
//!
//! `close-sig-hash` is the HMAC-SHA256 over `close-sig-timestamp` and the body, nothing between, in hexadecimal
//! digits; the key is the `signature_key` decoded from hexadecimal.
//!
//! Close updates an event in place for a while: the same id comes again with a later `date_updated` and the final
//! state. An event is therefore told apart by both.
//!
//! `data` is the whole object, `null` after a deletion; then `previous_data` is the whole object as it was last. After
//! an update `previous_data` holds the former values of `changed_fields`
//! (<https://developer.close.com/api/resources/events>).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::payload::{self, Loose, MaybeObject, Object};
use super::signature::{self, Algorithm, Encoding, SecretEncoding, SignatureError, Signing};
use super::{
    InvalidPayload, KeyHelp, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, naming,
    secret_text,
};
use crate::event::{
    EventHead, Mapping, Operation, OperationKind, Previous, RawRequest, Timestamp, Unmapped, Version,
};

#[cfg(test)]
mod tests;
mod types;

const LABEL: &str = "Close";
const HASH: &str = "close-sig-hash";
const TIMESTAMP: &str = "close-sig-timestamp";
const SECRET_WANTED: &str = "Close's signature key is 64 hexadecimal digits, shown once as `signature_key` when the webhook is created";

static INFO: ProviderInfo = ProviderInfo {
    kind: "close",
    label: LABEL,
    tolerance_seconds: Some(300),
    secret_help: "The `signature_key` of the webhook subscription, 64 hexadecimal digits. Close shows it once, when \
                  the subscription is created.",
    setup_steps: &[
        "In Close open Settings → Developer → Webhooks and choose “Create webhook”, or POST to \
         https://api.close.com/api/v1/webhook/.",
        "Paste this job's URL and choose the events.",
        "Copy the signature key that is shown once (`signature_key`) and paste it into this job.",
    ],
    known_types: types::KNOWN_TYPES,
    // Close has no keys with chosen permissions: https://developer.close.com/api/overview/api-key-authentication
    key_help: Some(KeyHelp {
        help: "An API key (`api_…`): in Close under Settings → Developer → API Keys. It may do what its user may do.",
        permissions: &["A user whose role may manage webhooks of the organization, such as Admin"],
    }),
};

/// The provider.
#[derive(Debug)]
pub(super) struct Close;

#[derive(Deserialize)]
struct Envelope<T> {
    event: Object<T>,
}

/// What is read at receipt.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    object_type: Cow<'a, str>,
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    object_id: Option<Loose<'a>>,
    #[serde(borrow)]
    date_created: Option<Loose<'a>>,
    #[serde(borrow)]
    date_updated: Option<Loose<'a>>,
    // Looked at only to notice what stands there twice, so that what is taken at receipt can be applied later.
    #[serde(borrow, rename = "data")]
    _data: Option<MaybeObject<ObjectHead<'a>>>,
    #[serde(borrow, rename = "previous_data")]
    _previous_data: Option<MaybeObject<ObjectHead<'a>>>,
    #[serde(borrow, rename = "meta")]
    _meta: Option<MaybeObject<Meta<'a>>>,
    #[serde(rename = "changed_fields")]
    _changed_fields: Option<IgnoredAny>,
}

/// What is read to apply an event.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    object_type: Cow<'a, str>,
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    object_id: Option<Loose<'a>>,
    #[serde(borrow)]
    date_created: Option<Loose<'a>>,
    #[serde(borrow)]
    date_updated: Option<Loose<'a>>,
    #[serde(borrow)]
    changed_fields: Option<Loose<'a>>,
    #[serde(borrow)]
    previous_data: Option<Loose<'a>>,
    #[serde(borrow)]
    data: Option<Loose<'a>>,
    #[serde(borrow)]
    meta: Option<MaybeObject<Meta<'a>>>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow)]
    merge_source_lead_id: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct ObjectHead<'a> {
    #[serde(borrow)]
    id: Option<Loose<'a>>,
}

impl Provider for Close {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        secret_text::check(secret, SECRET_WANTED)?;
        if secret_text::is_hex_key(secret) {
            return Ok(());
        }
        let message = if secret.starts_with("whsec_") {
            format!(
                "this looks like a signing secret of Stripe or of Standard Webhooks (`whsec_…`); {SECRET_WANTED}"
            )
        } else if secret.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            format!(
                "the signature key has {} digits: probably not all of it was copied; {SECRET_WANTED}",
                secret.len()
            )
        } else {
            format!("this is not a signature key; {SECRET_WANTED}")
        };
        Err(secret_text::problem(message))
    }

    fn generate_secret(&self) -> String {
        hex::encode(rand::random::<[u8; 32]>())
    }

    fn signing(&self) -> Signing {
        Signing {
            scheme: format!(
                "HMAC-SHA256 over `{{timestamp}}{{body}}`, the key decoded from hex, hex, in the header {HASH}"
            ),
            header: HASH.to_owned(),
        }
    }

    fn signed_at(&self, request: &RawRequest) -> Option<Timestamp> {
        let time = signature::required_header(request, TIMESTAMP, TIMESTAMP).ok()?;
        signature::read_seconds(time, TIMESTAMP).ok()
    }

    fn verify(
        &self,
        request: &RawRequest,
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
        tolerance_seconds: Option<u32>,
    ) -> Result<(), SignatureError> {
        let given = signature::required_header(request, HASH, HASH)?;
        let time = signature::required_header(request, TIMESTAMP, TIMESTAMP)?;
        let at = signature::read_seconds(time, TIMESTAMP)?;
        signature::check_each_secret(secrets, HASH, |secret| {
            let key = SecretEncoding::Hex.key(secret)?;
            Ok(signature::equal(code(&key, time, body).as_bytes(), given.to_ascii_lowercase().as_bytes()))
        })?;
        signature::check_timestamp(at, now, tolerance_seconds)
    }

    fn read(&self, _request: &RawRequest, body: &[u8]) -> Result<Reading, InvalidPayload> {
        let Head { id, object_type, action, object_id, date_created, date_updated, .. } =
            payload::read::<Envelope<Head<'_>>>(body, LABEL)?.event.0;
        let id = payload::not_empty("id", id)?;
        let object_type = payload::not_empty("object_type", object_type)?;
        let action = payload::not_empty("action", action)?;
        let occurred_at = changed_at(date_updated.as_ref(), date_created.as_ref())?;
        Ok(Reading::Event(EventHead {
            idempotency_key: occurred_at.map(|time| format!("{id}@{time}")),
            provider_event_id: id.into_owned(),
            event_type: format!("{object_type}.{action}"),
            occurred_at,
            object_id: object_id.and_then(|id| id.text()).map(Cow::into_owned),
            object_type: Some(object_type.into_owned()),
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        _wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let event = payload::read::<Envelope<Event<'_>>>(body, LABEL)?.event.0;
        let at = changed_at(event.date_updated.as_ref(), event.date_created.as_ref())?
            .unwrap_or(request.received_at);
        let change = event.change(at)?;
        let kept = change.as_ref().ok().map(|operation| operation.document_id.clone());
        let merged_away = event.merged_away().filter(|source| kept.as_deref() != Some(source));
        let mut operations = match change {
            Ok(operation) => vec![operation],
            Err(reason) if merged_away.is_none() => return Ok(Mapping::Unmapped(Unmapped { reason })),
            Err(_) => Vec::new(),
        };
        // Close deletes the source lead with an event of its own as well; whichever comes first has the same effect.
        operations.extend(merged_away.map(|source| Operation {
            kind: OperationKind::Delete,
            collection: collection(&event.object_type),
            document_id: source.into_owned(),
            object: None,
            previous: None,
            version: Version { at, rank: Version::DELETED },
            livemode: None,
            account: None,
            api_version: None,
        }));
        Ok(Mapping::Operations(operations))
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
        // A secret that is not hexadecimal never passed `check_secret`; what it signs is refused.
        let key = SecretEncoding::Hex.key(secret).unwrap_or_default();
        vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            (HASH.to_owned(), code(&key, &time, body)),
            (TIMESTAMP.to_owned(), time),
        ]
    }
}

impl<'a> Event<'a> {
    /// The change of the object that the event is about, or why there is none.
    fn change(&self, at: Timestamp) -> Result<Result<Operation, String>, InvalidPayload> {
        let (kind, rank) = match &*self.action {
            "created" => (OperationKind::Upsert, Version::CREATED),
            "deleted" => (OperationKind::Delete, Version::DELETED),
            _ => (OperationKind::Upsert, Version::UPDATED),
        };
        let data = self.data.as_ref().and_then(Loose::filled_object);
        let before = self.previous_data.as_ref().and_then(Loose::filled_object);
        let object = match kind {
            OperationKind::Upsert => data,
            OperationKind::Delete => data.or(before),
        };
        if object.is_none() && kind == OperationKind::Upsert {
            return Ok(Err(format!("`{}.{}` carries no data", self.object_type, self.action)));
        }
        let own_id = match object {
            Some(object) => payload::read_object::<ObjectHead<'_>>(object, LABEL)?.and_then(|head| head.id),
            None => None,
        };
        let mut ids = [&self.object_id, &own_id];
        if &*self.action == "merged" {
            // The data is the surviving lead's, whichever of the two the event counts as its object.
            ids.reverse();
        }
        let Some(document_id) = ids.into_iter().flatten().find_map(Loose::text) else {
            return Ok(Err(format!(
                "`{}.{}` does not say which object it is about",
                self.object_type, self.action
            )));
        };
        let previous = if rank == Version::UPDATED { self.previous() } else { None };
        Ok(Ok(Operation {
            kind,
            collection: collection(&self.object_type),
            document_id: document_id.into_owned(),
            object: object.map(ToOwned::to_owned),
            previous,
            version: Version { at, rank },
            livemode: None,
            account: None,
            api_version: None,
        }))
    }

    /// The former values of the fields that changed. A field that changed and has no former value was not there.
    fn previous(&self) -> Option<Previous> {
        let before = self.previous_data.as_ref()?.raw();
        let values: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(before.get()).ok()?;
        let changed: Vec<Cow<'_, str>> = match &self.changed_fields {
            Some(fields) => serde_json::from_str(fields.raw().get()).ok()?,
            None => values.keys().cloned().collect(),
        };
        if changed.is_empty() {
            return None;
        }
        let changed: BTreeMap<&str, Option<&RawValue>> =
            changed.iter().map(|field| (&**field, values.get(field).copied())).collect();
        let values = serde_json::value::to_raw_value(&changed).ok()?;
        Some(Previous { values, deep: false })
    }

    /// The lead that was merged into the one the event is about, and is gone since.
    fn merged_away(&self) -> Option<Cow<'a, str>> {
        if &*self.object_type != "lead" || &*self.action != "merged" {
            return None;
        }
        self.meta.as_ref()?.0.as_ref()?.merge_source_lead_id.as_ref()?.text()
    }
}

/// The signature in hexadecimal digits. `time` is the header's text, as it is signed.
fn code(key: &[u8], time: &str, body: &[u8]) -> String {
    Encoding::Hex.write(&Algorithm::Sha256.code(key, &[time.as_bytes(), body]))
}

/// When the event's state came about. Close writes UTC without an offset, with microseconds.
fn changed_at(
    updated: Option<&Loose<'_>>,
    created: Option<&Loose<'_>>,
) -> Result<Option<Timestamp>, InvalidPayload> {
    let Some(date) = updated.or(created) else {
        return Ok(None);
    };
    let time = date.text().and_then(|text| Timestamp::parse(&text));
    time.map(Some).ok_or_else(|| {
        let field = if updated.is_some() { "date_updated" } else { "date_created" };
        InvalidPayload::new(format!("the event's `{field}` is no time such as 2024-05-01T09:30:00.123456"))
    })
}

/// The collection of an object type: kinds of activity and of task share one, as they do in Close's API.
fn collection(object_type: &str) -> String {
    match object_type.split_once('.') {
        Some(("activity", _)) => naming::collection("activity"),
        Some(("task", _)) => naming::collection("task"),
        Some(("status", of)) => naming::collection(&format!("{of}_status")),
        Some(("custom_fields", of)) => naming::collection(&format!("{of}_custom_field")),
        _ => naming::collection(object_type),
    }
}
