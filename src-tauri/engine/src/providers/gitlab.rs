//! GitLab: project and group webhooks.
//!
//! Facts: <https://docs.gitlab.com/user/project/integrations/webhooks/>. GitLab sends the secret itself in a header and signs
//! nothing, so the body is only as trustworthy as the way it came. `X-Gitlab-Event-UUID` is shared by webhooks that set
//! off one another; `Idempotency-Key` is what the retries of one delivery, and nothing else, have in common.
//!
//! Events with `object_attributes` that have an id carry their object; the others (`push`, `build`, `release`…) go to
//! the log of events.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::change::{self, Action};
use super::payload::{self, Loose};
use super::scheme::{HeaderName, Token};
use super::signature::{SignatureError, Signing};
use super::{
    InvalidPayload, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, naming, secret_kinds,
};
use crate::event::{EventHead, Mapping, RawRequest, Timestamp};

const LABEL: &str = "GitLab";
const EVENT: HeaderName = HeaderName::of("X-Gitlab-Event", "x-gitlab-event");
const EVENT_UUID: HeaderName = HeaderName::of("X-Gitlab-Event-UUID", "x-gitlab-event-uuid");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::of("Idempotency-Key", "idempotency-key");

static TOKEN: Token =
    Token { header: HeaderName::of("X-Gitlab-Token", "x-gitlab-token"), prefix: Cow::Borrowed("") };

static INFO: ProviderInfo = ProviderInfo {
    kind: "gitlab",
    label: LABEL,
    tolerance_seconds: None,
    secret_help: "The text you type into “Secret token” of the webhook. GitLab sends it along with every request.",
    setup_steps: &[
        "Open the project or group in GitLab, then Settings → Webhooks → Add new webhook.",
        "Paste the webhook URL into “URL” and the secret into “Secret token”.",
        "Select the triggers, keep “Enable SSL verification” on and press “Add webhook”.",
        "“Test” sends a sample of each event.",
    ],
    known_types: &[
        "Confidential Issue Hook",
        "Confidential Note Hook",
        "Deployment Hook",
        "Emoji Hook",
        "Feature Flag Hook",
        "Issue Hook",
        "Job Hook",
        "Member Hook",
        "Merge Request Hook",
        "Milestone Hook",
        "Note Hook",
        "Pipeline Hook",
        "Project Hook",
        "Push Hook",
        "Release Hook",
        "Resource Access Token Hook",
        "Subgroup Hook",
        "System Hook",
        "Tag Push Hook",
        "Vulnerability Hook",
        "Wiki Page Hook",
        "Work Item Hook",
    ],
    key_help: None,
};

/// GitLab.
#[derive(Debug, Clone, Copy)]
pub(super) struct GitLab;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    object_kind: Option<Loose<'a>>,
    #[serde(borrow)]
    object_attributes: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct Attributes<'a> {
    #[serde(borrow)]
    id: Option<Loose<'a>>,
    #[serde(borrow)]
    action: Option<Loose<'a>>,
    #[serde(borrow)]
    updated_at: Option<Loose<'a>>,
    #[serde(borrow)]
    finished_at: Option<Loose<'a>>,
    #[serde(borrow)]
    created_at: Option<Loose<'a>>,
}

struct Event<'a> {
    id: String,
    idempotency_key: Option<String>,
    name: &'a str,
    object: Option<Found<'a>>,
}

struct Found<'a> {
    kind: Cow<'a, str>,
    id: Cow<'a, str>,
    action: Action,
    updated_at: Option<Timestamp>,
    whole: &'a RawValue,
}

impl<'a> Event<'a> {
    fn read(request: &'a RawRequest, body: &'a [u8]) -> Result<Self, InvalidPayload> {
        let Some(event_type) = EVENT.find(request) else {
            return Err(InvalidPayload::new(
                "the header `X-Gitlab-Event` is missing: this is no webhook of GitLab",
            ));
        };
        let parsed: Body<'a> = payload::read(body, LABEL)?;
        let mut object = None;
        if let (Some(kind), Some(attributes)) = (parsed.object_kind, parsed.object_attributes)
            && let Some(Attributes { id: Some(id), action, updated_at, finished_at, created_at }) =
                payload::read_object(attributes.raw(), LABEL)?
            && let (Some(kind), Some(id)) = (kind.text(), id.id())
        {
            object = Some(Found {
                kind,
                id,
                action: match action.and_then(|action| action.text()).as_deref() {
                    Some("open" | "create" | "award") => Action::Created,
                    Some("delete" | "destroy" | "revoke") => Action::Deleted,
                    _ => Action::Updated,
                },
                // Pipelines and builds have no `updated_at`.
                updated_at: [updated_at, finished_at, created_at]
                    .into_iter()
                    .flatten()
                    .find_map(|time| read_time(&time.text()?)),
                whole: attributes.raw(),
            });
        }
        Ok(Self {
            id: EVENT_UUID.find(request).map_or_else(|| change::body_id(body), ToOwned::to_owned),
            idempotency_key: IDEMPOTENCY_KEY.find(request).map(ToOwned::to_owned),
            name: event_type,
            object,
        })
    }
}

/// GitLab writes `2013-12-03T17:23:34Z`, `2013-12-03 17:23:34 UTC` and `2017-09-20 08:31:45 +0200`.
fn read_time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
        .or_else(|| {
            let time =
                NaiveDateTime::parse_from_str(text.strip_suffix(" UTC")?, "%Y-%m-%d %H:%M:%S%.f").ok()?;
            Some(Timestamp::from_micros(time.and_utc().timestamp_micros()))
        })
        .or_else(|| {
            let time = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f %z").ok()?;
            Some(Timestamp::from_micros(time.timestamp_micros()))
        })
}

impl Provider for GitLab {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn secret_header(&self) -> Option<&str> {
        Some(&TOKEN.header.lower)
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        const WANTED: &str = "GitLab wants the text from the webhook's field “Secret token”";
        secret_kinds::check_chosen(secret, WANTED)?;
        if !secret.is_ascii() {
            // The secret travels in a header.
            return Err(SecretProblem {
                message: "the secret holds letters beyond ASCII, which a header cannot carry".to_owned(),
            });
        }
        Ok(())
    }

    fn generate_secret(&self) -> String {
        secret_kinds::random_hex(32)
    }

    fn signing(&self) -> Signing {
        TOKEN.signing()
    }

    fn verify(
        &self,
        request: &RawRequest,
        _body: &[u8],
        secrets: &[&str],
        _now: Timestamp,
        _tolerance_seconds: Option<u32>,
    ) -> Result<(), SignatureError> {
        TOKEN.verify(request, secrets)
    }

    fn read(&self, request: &RawRequest, body: &[u8]) -> Result<Reading, InvalidPayload> {
        let event = Event::read(request, body)?;
        let object = event.object.as_ref();
        Ok(Reading::Event(EventHead {
            provider_event_id: event.id,
            idempotency_key: event.idempotency_key,
            event_type: event.name.to_owned(),
            occurred_at: object.and_then(|object| object.updated_at),
            object_type: object.map(|object| object.kind.clone().into_owned()),
            object_id: object.map(|object| object.id.clone().into_owned()),
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        _wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let event = Event::read(request, body)?;
        Ok(change::one(match event.object {
            None => {
                // The key, since webhooks that set off one another share the UUID.
                let id = event.idempotency_key.unwrap_or(event.id);
                change::log_entry(change::whole(body, LABEL)?, id, request.received_at)
            }
            Some(object) => change::operation(
                object.action,
                naming::collection(&object.kind),
                object.id.into_owned(),
                object.whole,
                object.updated_at.unwrap_or(request.received_at),
            ),
        }))
    }

    fn sign(
        &self,
        _url: &str,
        _body: &[u8],
        event_type: &str,
        secret: &str,
        _now: Timestamp,
    ) -> SignedHeaders {
        let mut headers = TOKEN.sign(secret);
        headers.extend([
            ("X-Gitlab-Event".to_owned(), event_type.to_owned()),
            ("X-Gitlab-Event-UUID".to_owned(), uuid::Uuid::new_v4().to_string()),
            ("Idempotency-Key".to_owned(), uuid::Uuid::new_v4().to_string()),
        ]);
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{
        NOW, assert_never_panics, assert_signs_and_verifies, head, operation, request, verify,
    };
    use super::*;
    use crate::event::{OperationKind, Version};

    const BODY: &str = r#"{"object_kind":"merge_request","object_attributes":{"id":99,"iid":1,"action":"open","updated_at":"2025-01-01T00:00:00Z"}}"#;

    fn hook(event: &str, body: &str) -> RawRequest {
        let headers = [
            ("X-Gitlab-Event", event),
            ("X-Gitlab-Event-UUID", "13792a34-cac6-4fda-95a8-c58e00a3954e"),
            ("Idempotency-Key", "f5e57ebe-0d10-4a4b-8f1c-ff4a4e5b4e0a"),
        ];
        request(&headers, body)
    }

    #[test]
    fn the_token_has_to_be_the_secret() {
        assert_signs_and_verifies(&GitLab, "X-Gitlab-Token", BODY, "Merge Request Hook");
        assert_never_panics(&GitLab, &["x-gitlab-token"], &[("x-gitlab-event", "Merge Request Hook")], BODY);
        for (token, secret) in [("secre", "secret"), ("secret1", "secret"), ("SECRET", "secret")] {
            let outcome = verify(&GitLab, &request(&[("X-Gitlab-Token", token)], BODY), secret, NOW);
            assert!(matches!(outcome, Err(SignatureError::Mismatch { .. })), "{outcome:?}");
        }
        let empty = request(&[("X-Gitlab-Token", "")], BODY);
        assert!(verify(&GitLab, &empty, "", NOW).is_err(), "an empty secret lets nobody in");
    }

    #[test]
    fn the_attributes_are_the_document() {
        let request = hook("Merge Request Hook", BODY);
        let head = head(&GitLab, &request);
        assert_eq!(head.event_type, "Merge Request Hook");
        assert_eq!(head.provider_event_id, "13792a34-cac6-4fda-95a8-c58e00a3954e");
        assert_eq!(head.dedupe_key(), "f5e57ebe-0d10-4a4b-8f1c-ff4a4e5b4e0a");
        assert_eq!(
            (head.object_type.as_deref(), head.object_id.as_deref()),
            (Some("merge_request"), Some("99"))
        );
        let operation = operation(&GitLab, &request);
        assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), ("merge_requests", "99"));
        assert_eq!(operation.version, Version { at: NOW, rank: Version::CREATED });
    }

    #[test]
    fn every_form_of_time_is_read() {
        let time = Some(Timestamp::from_seconds(1_386_091_414));
        for text in ["2013-12-03T17:23:34Z", "2013-12-03 17:23:34 UTC", "2013-12-03 19:23:34 +0200"] {
            assert_eq!(read_time(text), time, "{text}");
        }
        for text in ["", "UTC", " UTC", "2013-12-03 17:23:34 CEST", "2013-13-03 17:23:34 UTC", "yesterday"] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }

    #[test]
    fn what_happened_decides_on_kind_and_rank() {
        for (action, kind, rank) in [
            ("update", OperationKind::Upsert, Version::UPDATED),
            ("merge", OperationKind::Upsert, Version::UPDATED),
            ("revoke", OperationKind::Delete, Version::DELETED),
            ("delete", OperationKind::Delete, Version::DELETED),
        ] {
            let body = BODY.replace("\"open\"", &format!("\"{action}\""));
            let operation = operation(&GitLab, &hook("Merge Request Hook", &body));
            assert_eq!((operation.kind, operation.version.rank), (kind, rank), "{action}");
        }
    }

    #[test]
    fn an_object_without_a_time_is_as_new_as_its_delivery() {
        let body = r#"{"object_kind":"pipeline","object_attributes":{"id":31,"status":"success"}}"#;
        let operation = operation(&GitLab, &hook("Pipeline Hook", body));
        assert_eq!(operation.collection, "pipelines");
        assert_eq!(operation.version, Version { at: NOW, rank: Version::UPDATED });
    }

    #[test]
    fn a_push_is_kept_whole_in_the_log() {
        let body = r#"{"object_kind":"push","ref":"refs/heads/main","commits":[]}"#;
        let operation = operation(&GitLab, &hook("Push Hook", body));
        assert_eq!(operation.collection, "events");
        assert_eq!(operation.document_id, "f5e57ebe-0d10-4a4b-8f1c-ff4a4e5b4e0a");
        assert_eq!(operation.object.expect("an object").get(), body);
    }

    #[test]
    fn without_the_event_header_it_is_no_webhook_of_gitlab() {
        let request = request(&[], BODY);
        let error = GitLab.read(&request, &request.body).expect_err("no header");
        assert!(error.message.contains("`X-Gitlab-Event` is missing"), "{error}");
    }

    #[test]
    fn an_access_token_is_no_secret_token() {
        assert_eq!(GitLab.check_secret("any text will do"), Ok(()));
        let problem = GitLab.check_secret("glpat-abcdefghijk").expect_err("a token");
        assert!(problem.message.contains("a GitLab personal access token"), "{problem}");
        assert!(GitLab.check_secret("größe").is_err());
        assert!(GitLab.check_secret("line\nbreak").is_err());
    }
}
