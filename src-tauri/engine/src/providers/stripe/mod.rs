//! Stripe: snapshot events (API v1) and thin events (API v2).
//!
//! `Stripe-Signature: t=<unix seconds>,v1=<hex>[,v1=…]`; the signature is HMAC-SHA256 over `<t>.<body>`, its key the
//! whole secret as text, `whsec_` included. While a secret is rolled Stripe signs with both, hence several `v1`.
//!
//! Everything follows from rules, so that a type of event that Stripe adds works on the day it appears: the object's
//! type names the collection, the last part of the event's type says what happened.
//!
//! Not in here: fetching the objects that thin events only name, which needs an API key.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::payload::{self, Loose, MaybeObject};
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

const LABEL: &str = "Stripe";
const HEADER: &str = "Stripe-Signature";
const SECRET_WANTED: &str = "Stripe's signing secret starts with `whsec_`";

/// Types that end in `.deleted` although the object lives on, with its last state in the event.
/// <https://docs.stripe.com/api/subscriptions/cancel>: a cancelled subscription can still be retrieved.
const LIVES_ON: &[&str] = &["customer.subscription.deleted"];

static INFO: ProviderInfo = ProviderInfo {
    kind: "stripe",
    label: LABEL,
    tolerance_seconds: Some(300),
    secret_help: "The signing secret of the webhook endpoint, which starts with `whsec_`: in Stripe's Dashboard under \
                  Workbench → Webhooks, or printed by `stripe listen`. Test and live mode have different secrets.",
    setup_steps: &[
        "In Stripe's Dashboard open Workbench → Webhooks and choose “Add destination”.",
        "Choose the events, with the payload style “Snapshot”; thin events carry no objects.",
        "Choose “Webhook endpoint” and paste this job's URL.",
        "Reveal the signing secret (`whsec_…`) and paste it into this job.",
    ],
    known_types: types::KNOWN_TYPES,
    // The permission's name is the one that Stripe's own command line tells (`webhook_write`).
    key_help: Some(KeyHelp {
        help: "A restricted key (`rk_…`) is enough: in Stripe's Dashboard under Developers → API keys choose “Create \
               restricted key”. A key of test mode sets up test webhooks, one of live mode live ones.",
        permissions: &["Webhook Endpoints, Event Destinations: Write"],
    }),
};

/// The provider.
#[derive(Debug)]
pub(super) struct Stripe;

/// What is read at receipt.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    object: Option<Loose<'a>>,
    #[serde(borrow)]
    created: Option<Loose<'a>>,
    #[serde(borrow)]
    data: Option<MaybeObject<HeadData<'a>>>,
    #[serde(borrow)]
    related_object: Option<MaybeObject<RelatedObject<'a>>>,
    // Looked at only to notice that they stand there twice, so that what is taken at receipt can be applied later.
    #[serde(rename = "account")]
    _account: Option<IgnoredAny>,
    #[serde(rename = "livemode")]
    _livemode: Option<IgnoredAny>,
    #[serde(rename = "api_version")]
    _api_version: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct HeadData<'a> {
    #[serde(borrow)]
    object: Option<MaybeObject<ObjectHead<'a>>>,
    #[serde(rename = "previous_attributes")]
    _previous_attributes: Option<IgnoredAny>,
}

/// What identifies an object of API v1.
#[derive(Deserialize)]
struct ObjectHead<'a> {
    #[serde(borrow)]
    id: Option<Loose<'a>>,
    #[serde(borrow)]
    object: Option<Loose<'a>>,
}

/// What a thin event tells of its object.
#[derive(Deserialize)]
struct RelatedObject<'a> {
    #[serde(borrow)]
    id: Option<Loose<'a>>,
    #[serde(borrow, rename = "type")]
    object_type: Option<Loose<'a>>,
}

/// What is read to apply an event.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, rename = "type")]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    object: Option<Loose<'a>>,
    #[serde(borrow)]
    created: Option<Loose<'a>>,
    #[serde(borrow)]
    account: Option<Loose<'a>>,
    #[serde(borrow)]
    livemode: Option<Loose<'a>>,
    #[serde(borrow)]
    api_version: Option<Loose<'a>>,
    #[serde(borrow)]
    data: Option<MaybeObject<Data<'a>>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    object: Option<Loose<'a>>,
    #[serde(borrow)]
    previous_attributes: Option<Loose<'a>>,
}

/// The two forms of event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Snapshot,
    Thin,
}

impl Provider for Stripe {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        secret_text::check(secret, SECRET_WANTED)?;
        match secret.strip_prefix("whsec_") {
            // Real secrets are much longer; more is not asked for, so that made-up ones serve in tests.
            Some(rest) if rest.len() < 4 => {
                Err(secret_text::problem("the secret is too short: probably not all of it was copied"))
            }
            Some(_) => Ok(()),
            None if secret_text::is_hex_key(secret) => Err(secret_text::problem(format!(
                "this looks like Close's signature key (hexadecimal digits); {SECRET_WANTED}"
            ))),
            None => Err(secret_text::problem(format!("this is not a signing secret; {SECRET_WANTED}"))),
        }
    }

    fn generate_secret(&self) -> String {
        format!("whsec_{}", hex::encode(rand::random::<[u8; 32]>()))
    }

    fn has_modes(&self) -> bool {
        true
    }

    fn signing(&self) -> Signing {
        Signing {
            scheme: format!(
                "HMAC-SHA256 over `{{timestamp}}.{{body}}`, hex, in the field `v1` of the header {HEADER}"
            ),
            header: HEADER.to_ascii_lowercase(),
        }
    }

    fn signed_at(&self, request: &RawRequest) -> Option<Timestamp> {
        let values = signature::all_headers(request, "stripe-signature", HEADER).ok()?;
        Signatures::read(&values).ok().map(|signatures| signatures.at)
    }

    fn verify(
        &self,
        request: &RawRequest,
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
        tolerance_seconds: Option<u32>,
    ) -> Result<(), SignatureError> {
        let values = signature::all_headers(request, "stripe-signature", HEADER)?;
        let Signatures { time, at, candidates } = Signatures::read(&values)?;
        signature::check_each_secret(secrets, HEADER, |secret| {
            let expected = code(&SecretEncoding::Text.key(secret)?, time, body);
            Ok(candidates.iter().any(|candidate| signature::equal(expected.as_bytes(), candidate.as_bytes())))
        })?;
        signature::check_timestamp(at, now, tolerance_seconds)
    }

    fn read(&self, _request: &RawRequest, body: &[u8]) -> Result<Reading, InvalidPayload> {
        let head: Head<'_> = payload::read(body, LABEL)?;
        let form = form(head.object.as_ref())?;
        let id = payload::not_empty("id", head.id)?;
        let event_type = payload::not_empty("type", head.event_type)?;
        let occurred_at = created(head.created.as_ref())?;
        let (object_type, object_id) = match form {
            Form::Thin => {
                let related = head.related_object.and_then(|object| object.0);
                related.map_or((None, None), |related| (related.object_type, related.id))
            }
            Form::Snapshot => {
                let object = head.data.and_then(|data| data.0).and_then(|data| data.object?.0);
                let object = object.ok_or_else(no_object)?;
                (object.object, object.id)
            }
        };
        let owned = |loose: Option<Loose<'_>>| loose.and_then(|loose| loose.text().map(Cow::into_owned));
        Ok(Reading::Event(EventHead {
            provider_event_id: id.into_owned(),
            // A thin event's `snapshot_event` is not its key: were the thin event the first to come, the snapshot, which
            // alone carries the object, would be dropped as its duplicate. A thin event changes no document anyway.
            idempotency_key: None,
            event_type: event_type.into_owned(),
            occurred_at,
            object_type: owned(object_type),
            object_id: owned(object_id),
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        _wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let body: Body<'_> = payload::read(body, LABEL)?;
        let event_type = &*body.event_type;
        if form(body.object.as_ref())? == Form::Thin {
            return Ok(unmapped(format!(
                "`{event_type}` is a thin event: it names its object without carrying it; choose the payload style \
                 “Snapshot” at Stripe to sync objects"
            )));
        }
        let data = body.data.and_then(|data| data.0).ok_or_else(no_object)?;
        let object = data.object.ok_or_else(no_object)?.raw();
        let head: ObjectHead<'_> = payload::read_object(object, LABEL)?.ok_or_else(no_object)?;
        let Some(object_type) = head.object.and_then(|object_type| object_type.text()) else {
            return Ok(unmapped(format!("the object of `{event_type}` does not say of which type it is")));
        };
        if event_type == "invoice.upcoming" {
            return Ok(unmapped("`invoice.upcoming` previews an invoice that does not exist yet".to_owned()));
        }
        let Some(object_id) = head.id.and_then(|id| id.text()) else {
            return Ok(unmapped(format!(
                "`{event_type}` carries an object of type `{object_type}` that has no id"
            )));
        };

        let (kind, rank) = change(event_type);
        let account = body.account.and_then(|account| account.text()).map(Cow::into_owned);
        let previous = data.previous_attributes.and_then(|previous| previous.filled_object());
        Ok(Mapping::Operations(vec![Operation {
            kind,
            collection: naming::collection(&object_type),
            document_id: match &account {
                Some(account) => format!("{account}/{object_id}"),
                None => object_id.into_owned(),
            },
            object: Some(object.to_owned()),
            previous: previous.map(|values| Previous { values: values.to_owned(), deep: true }),
            version: Version { at: created(body.created.as_ref())?.unwrap_or(request.received_at), rank },
            livemode: body.livemode.and_then(|livemode| livemode.boolean()),
            account,
            api_version: body.api_version.and_then(|version| version.text()).map(Cow::into_owned),
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
        vec![
            ("content-type".to_owned(), "application/json; charset=utf-8".to_owned()),
            ("stripe-signature".to_owned(), format!("t={time},v1={}", code(secret.as_bytes(), &time, body))),
        ]
    }
}

/// The signature in hexadecimal digits. `time` is the text of `t`, as it is signed.
fn code(key: &[u8], time: &str, body: &[u8]) -> String {
    Encoding::Hex.write(&Algorithm::Sha256.code(key, &[time.as_bytes(), b".", body]))
}

/// The content of `Stripe-Signature`.
struct Signatures<'a> {
    time: &'a str,
    at: Timestamp,
    candidates: Vec<&'a str>,
}

impl<'a> Signatures<'a> {
    /// Reads the header; several of one name count as one list (RFC 9110, 5.3). Schemes other than `v1` do not count.
    fn read(values: &[&'a str]) -> Result<Self, SignatureError> {
        if values.is_empty() {
            return Err(SignatureError::Missing { header: HEADER.to_owned() });
        }
        let malformed =
            |reason: &str| SignatureError::Malformed { header: HEADER.to_owned(), reason: reason.to_owned() };
        let mut time = None;
        let mut candidates = Vec::new();
        for item in values.iter().flat_map(|value| value.split(',')) {
            match item.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
                Some(("t", text)) if time.is_some_and(|time| time != text) => {
                    return Err(malformed("it holds more than one timestamp"));
                }
                Some(("t", text)) => time = Some(text),
                Some(("v1", candidate)) => candidates.push(candidate),
                _ => {}
            }
        }
        let time = time.ok_or_else(|| malformed("it holds no timestamp (`t=`)"))?;
        if candidates.is_empty() {
            return Err(malformed("it holds no signature (`v1=`)"));
        }
        Ok(Self { time, at: signature::read_seconds(time, HEADER)?, candidates })
    }
}

/// Tells the forms apart. A missing `object` is let pass: what an event is follows from its `data` as well.
fn form(object: Option<&Loose<'_>>) -> Result<Form, InvalidPayload> {
    match object.map(Loose::text) {
        None => Ok(Form::Snapshot),
        Some(Some(object)) if object == "event" => Ok(Form::Snapshot),
        Some(Some(object)) if object == "v2.core.event" => Ok(Form::Thin),
        Some(_) => Err(InvalidPayload::new(
            "the body is JSON, but no event of Stripe: its `object` is neither `event` nor `v2.core.event`",
        )),
    }
}

fn no_object() -> InvalidPayload {
    InvalidPayload::new("the body is JSON, but no event of Stripe: it has no `data.object`")
}

/// When the event came about: seconds in snapshot events, RFC 3339 in thin ones. Every real event says it.
fn created(created: Option<&Loose<'_>>) -> Result<Option<Timestamp>, InvalidPayload> {
    let Some(created) = created else {
        return Ok(None);
    };
    created.seconds_or_rfc3339().map(Some).ok_or_else(|| {
        InvalidPayload::new(
            "the event's `created` is neither a number of seconds since 1970 nor an RFC 3339 time",
        )
    })
}

/// What an event of this type does to its object, and its rank among the events of one second.
fn change(event_type: &str) -> (OperationKind, u8) {
    match event_type.rsplit('.').next() {
        Some("created") => (OperationKind::Upsert, Version::CREATED),
        // The object's last state: within its second nothing comes after it.
        Some("deleted") if LIVES_ON.contains(&event_type) => (OperationKind::Upsert, Version::DELETED),
        Some("deleted") => (OperationKind::Delete, Version::DELETED),
        _ => (OperationKind::Upsert, Version::UPDATED),
    }
}

fn unmapped(reason: String) -> Mapping {
    Mapping::Unmapped(Unmapped { reason })
}
