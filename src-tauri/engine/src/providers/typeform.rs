//! Typeform.
//!
//! Facts: <https://www.typeform.com/developers/webhooks/secure-your-webhooks/> and `/example-payload/`. Each submission
//! is an object whose id is its `token`. A partial response has the token of the response that completes it, and ranks
//! below it: it counts from the moment the respondent landed on the form.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::change::{self, Action};
use super::payload::{self, Loose};
use super::scheme::{HeaderName, Scheme};
use super::signature::{Algorithm, Encoding, SignatureError, Signing};
use super::{InvalidPayload, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, secret_kinds};
use crate::event::{EventHead, Mapping, RawRequest, Timestamp};

const LABEL: &str = "Typeform";
const OBJECT_TYPE: &str = "form_response";
const COLLECTION: &str = "form_responses";

static SCHEME: Scheme = Scheme::of_body(
    HeaderName::of("Typeform-Signature", "typeform-signature"),
    "sha256=",
    Algorithm::Sha256,
    Encoding::Base64,
);

static INFO: ProviderInfo = ProviderInfo {
    kind: "typeform",
    label: LABEL,
    tolerance_seconds: None,
    secret_help: "The text you type into “Secret” of the webhook, or send as `secret` to the Webhooks API.",
    setup_steps: &[
        "Open the form in Typeform and go to Connect → Webhooks.",
        "Press “Add a webhook”, paste the webhook URL and save.",
        "Press “Edit”, paste the secret into “Secret” and save the changes.",
        "Switch “Webhooks” on. “View deliveries → Send test request” sends a sample.",
    ],
    known_types: &["form_response", "form_response_partial"],
    key_help: None,
};

/// Typeform.
#[derive(Debug, Clone, Copy)]
pub(super) struct Typeform;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    event_id: Option<Loose<'a>>,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    form_response: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    token: Option<Loose<'a>>,
    #[serde(borrow)]
    submitted_at: Option<Loose<'a>>,
    #[serde(borrow)]
    landed_at: Option<Loose<'a>>,
}

struct Event<'a> {
    id: String,
    name: Cow<'a, str>,
    object: Option<Found<'a>>,
}

struct Found<'a> {
    token: Cow<'a, str>,
    at: Option<Timestamp>,
    whole: &'a RawValue,
}

impl<'a> Event<'a> {
    fn read(body: &'a [u8]) -> Result<Self, InvalidPayload> {
        let parsed: Body<'a> = payload::read(body, LABEL)?;
        let mut object = None;
        if let Some(response) = parsed.form_response
            && let Some(Response { token: Some(token), submitted_at, landed_at }) =
                payload::read_object(response.raw(), LABEL)?
            && let Some(token) = token.text()
        {
            let at = submitted_at.and_then(|time| time.seconds_or_rfc3339());
            let at = at.or_else(|| landed_at?.seconds_or_rfc3339());
            object = Some(Found { token, at, whole: response.raw() });
        }
        Ok(Self {
            id: parsed.event_id.and_then(|id| id.id()).map_or_else(|| change::body_id(body), Cow::into_owned),
            name: payload::not_empty("event_type", parsed.event_type)?,
            object,
        })
    }
}

impl Provider for Typeform {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        secret_kinds::check_chosen(secret, "Typeform wants the text from the webhook's field “Secret”")
    }

    fn generate_secret(&self) -> String {
        secret_kinds::random_hex(32)
    }

    fn signing(&self) -> Signing {
        SCHEME.signing()
    }

    fn verify(
        &self,
        request: &RawRequest,
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
        tolerance_seconds: Option<u32>,
    ) -> Result<(), SignatureError> {
        SCHEME.verify(request, &request.url, body, secrets, now, tolerance_seconds)
    }

    fn read(&self, _request: &RawRequest, body: &[u8]) -> Result<Reading, InvalidPayload> {
        let event = Event::read(body)?;
        Ok(Reading::Event(EventHead {
            provider_event_id: event.id,
            idempotency_key: None,
            event_type: event.name.into_owned(),
            occurred_at: event.object.as_ref().and_then(|object| object.at),
            object_type: event.object.is_some().then(|| OBJECT_TYPE.to_owned()),
            object_id: event.object.map(|object| object.token.into_owned()),
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        _wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let event = Event::read(body)?;
        let Some(object) = event.object else {
            let whole = change::whole(body, LABEL)?;
            return Ok(change::one(change::log_entry(whole, event.id, request.received_at)));
        };
        let action = if event.name.ends_with("_partial") { Action::Created } else { Action::Updated };
        let at = object.at.unwrap_or(request.received_at);
        let token = object.token.into_owned();
        Ok(change::one(change::operation(action, COLLECTION.to_owned(), token, object.whole, at)))
    }

    fn sign(&self, url: &str, body: &[u8], _event_type: &str, secret: &str, now: Timestamp) -> SignedHeaders {
        SCHEME.sign(url, body, "", secret, now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{
        NOW, assert_covers_the_body, assert_never_panics, assert_signs_and_verifies, head, operation,
        request, verify,
    };
    use super::*;
    use crate::event::{OperationKind, Version};

    const BODY: &str = r#"{"event_id":"01JGF","event_type":"form_response","form_response":{"form_id":"lT4Z3j","token":"a3a12ec67a1365927098a606107fac15","landed_at":"2024-12-31T23:59:00Z","submitted_at":"2025-01-01T00:00:00Z","answers":[]}}"#;

    #[test]
    fn its_own_signatures_are_right_and_others_are_not() {
        assert_signs_and_verifies(&Typeform, "Typeform-Signature", BODY, "form_response");
        assert_covers_the_body(&Typeform, BODY, "form_response");
        assert_never_panics(&Typeform, &["typeform-signature"], &[], BODY);
    }

    #[test]
    fn a_signature_computed_elsewhere_is_right() {
        // Python: base64.b64encode(hmac.new(b"typeform secret", BODY, "sha256").digest())
        let request =
            request(&[("Typeform-Signature", "sha256=GBt1Qqxsb52sy/M/OHtm0JMEpBcry53xVajn+V3Gdw0=")], BODY);
        assert_eq!(verify(&Typeform, &request, "typeform secret", NOW), Ok(()));
    }

    #[test]
    fn a_signature_without_its_prefix_is_malformed() {
        let request = request(&[("Typeform-Signature", "AAAA")], BODY);
        let error = verify(&Typeform, &request, "secret", NOW).expect_err("malformed");
        assert!(error.to_string().contains("`Typeform-Signature`"), "{error}");
        assert!(error.to_string().ends_with("it does not begin with `sha256=`"), "{error}");
    }

    #[test]
    fn the_response_is_the_document_and_its_token_the_id() {
        let request = request(&[], BODY);
        let head = head(&Typeform, &request);
        assert_eq!((head.provider_event_id.as_str(), head.event_type.as_str()), ("01JGF", "form_response"));
        assert_eq!(head.object_type.as_deref(), Some("form_response"));
        let operation = operation(&Typeform, &request);
        assert_eq!(operation.collection, "form_responses");
        assert_eq!(operation.document_id, "a3a12ec67a1365927098a606107fac15");
        assert_eq!(operation.kind, OperationKind::Upsert);
        assert_eq!(operation.version, Version { at: NOW, rank: Version::UPDATED });
        assert!(BODY.contains(operation.object.expect("an object").get()));
    }

    #[test]
    fn a_partial_response_never_replaces_the_complete_one() {
        let complete = operation(&Typeform, &request(&[], BODY));
        let partial = BODY
            .replace("\"form_response\",", "\"form_response_partial\",")
            .replace("\"2025-01-01T00:00:00Z\"", "null");
        let partial = operation(&Typeform, &request(&[], partial));
        assert_eq!(partial.document_id, complete.document_id);
        assert_eq!(partial.version, Version { at: NOW.plus_millis(-60_000), rank: Version::CREATED });
        assert!(partial.version < complete.version);
    }

    #[test]
    fn a_body_without_a_response_is_kept_in_the_log() {
        let operation = operation(&Typeform, &request(&[], r#"{"event_id":"7","event_type":"other"}"#));
        assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), ("events", "7"));
    }

    #[test]
    fn a_personal_token_is_no_secret() {
        let problem = Typeform.check_secret("tfp_abcdef").expect_err("a token");
        assert!(problem.message.contains("a Typeform personal access token"), "{problem}");
    }
}
