//! GitHub: repository, organisation and app webhooks.
//!
//! Facts: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>. The type of an event stands in a header,
//! what happened in the body's `action`; the object that changed stands under a key of its own. GitHub signs no
//! timestamp and sends no time of the event, so an object without a time of its own is as new as its delivery.
//!
//! Events without an object that has an id (`push`, `star`, `fork`…) go to the log of events.

use serde::Deserialize;

use super::change::{self, Action};
use super::payload::{self, Loose};
use super::scheme::{HeaderName, Scheme};
use super::signature::{Algorithm, Encoding, SignatureError, Signing};
use super::{
    InvalidPayload, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, naming, secret_kinds,
};
use crate::event::{EventHead, Mapping, RawRequest, Timestamp};

const LABEL: &str = "GitHub";
const EVENT: HeaderName = HeaderName::of("X-GitHub-Event", "x-github-event");
const DELIVERY: HeaderName = HeaderName::of("X-GitHub-Delivery", "x-github-delivery");

static SCHEME: Scheme = Scheme::of_body(
    HeaderName::of("X-Hub-Signature-256", "x-hub-signature-256"),
    "sha256=",
    Algorithm::Sha256,
    Encoding::Hex,
);

static INFO: ProviderInfo = ProviderInfo {
    kind: "github",
    label: LABEL,
    tolerance_seconds: None,
    secret_help: "The text you type into the field “Secret” of the webhook's settings. GitHub never shows it again.",
    setup_steps: &[
        "Open the repository or organization, then Settings → Webhooks → Add webhook.",
        "Paste the webhook URL into “Payload URL”.",
        "Choose the content type application/json.",
        "Paste the secret into “Secret”.",
        "Choose the events under “Let me select individual events”, then press “Add webhook”. GitHub sends a ping.",
    ],
    known_types: &[
        "branch_protection_rule.created",
        "check_run.completed",
        "check_run.created",
        "check_suite.completed",
        "check_suite.requested",
        "commit_comment.created",
        "create",
        "delete",
        "dependabot_alert.created",
        "deployment.created",
        "deployment_status.created",
        "discussion.answered",
        "discussion.created",
        "discussion.deleted",
        "discussion_comment.created",
        "fork",
        "gollum",
        "installation.created",
        "installation.deleted",
        "issue_comment.created",
        "issue_comment.deleted",
        "issue_comment.edited",
        "issues.assigned",
        "issues.closed",
        "issues.deleted",
        "issues.edited",
        "issues.labeled",
        "issues.opened",
        "issues.reopened",
        "issues.unlabeled",
        "label.created",
        "label.deleted",
        "label.edited",
        "member.added",
        "membership.added",
        "milestone.closed",
        "milestone.created",
        "milestone.deleted",
        "package.published",
        "ping",
        "public",
        "pull_request.assigned",
        "pull_request.closed",
        "pull_request.edited",
        "pull_request.labeled",
        "pull_request.opened",
        "pull_request.ready_for_review",
        "pull_request.reopened",
        "pull_request.review_requested",
        "pull_request.synchronize",
        "pull_request_review.dismissed",
        "pull_request_review.submitted",
        "pull_request_review_comment.created",
        "push",
        "release.created",
        "release.deleted",
        "release.edited",
        "release.published",
        "repository.archived",
        "repository.created",
        "repository.deleted",
        "repository.renamed",
        "star.created",
        "star.deleted",
        "status",
        "team.created",
        "team.deleted",
        "watch.started",
        "workflow_job.completed",
        "workflow_job.queued",
        "workflow_run.completed",
        "workflow_run.requested",
    ],
    key_help: None,
};

/// GitHub.
#[derive(Debug, Clone, Copy)]
pub(super) struct GitHub;

/// The body's keys under which the object of an event can stand.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    action: Option<Loose<'a>>,
    #[serde(borrow)]
    check_run: Option<Loose<'a>>,
    #[serde(borrow)]
    check_suite: Option<Loose<'a>>,
    #[serde(borrow)]
    comment: Option<Loose<'a>>,
    #[serde(borrow)]
    deployment: Option<Loose<'a>>,
    #[serde(borrow)]
    deployment_status: Option<Loose<'a>>,
    #[serde(borrow)]
    discussion: Option<Loose<'a>>,
    #[serde(borrow)]
    installation: Option<Loose<'a>>,
    #[serde(borrow)]
    issue: Option<Loose<'a>>,
    #[serde(borrow)]
    key: Option<Loose<'a>>,
    #[serde(borrow)]
    label: Option<Loose<'a>>,
    #[serde(borrow)]
    milestone: Option<Loose<'a>>,
    #[serde(borrow)]
    package: Option<Loose<'a>>,
    #[serde(borrow)]
    projects_v2: Option<Loose<'a>>,
    #[serde(borrow)]
    projects_v2_item: Option<Loose<'a>>,
    #[serde(borrow)]
    pull_request: Option<Loose<'a>>,
    #[serde(borrow)]
    release: Option<Loose<'a>>,
    #[serde(borrow)]
    repository: Option<Loose<'a>>,
    #[serde(borrow)]
    review: Option<Loose<'a>>,
    #[serde(borrow)]
    rule: Option<Loose<'a>>,
    #[serde(borrow)]
    team: Option<Loose<'a>>,
    #[serde(borrow)]
    workflow_job: Option<Loose<'a>>,
    #[serde(borrow)]
    workflow_run: Option<Loose<'a>>,
}

impl<'a> Body<'a> {
    /// The type of the object that events of this name are about, and the object.
    fn object(&self, event: &str) -> Option<(&'static str, &Loose<'a>)> {
        let (object_type, object) = match event {
            "branch_protection_rule" => ("branch_protection_rule", &self.rule),
            "check_run" => ("check_run", &self.check_run),
            "check_suite" => ("check_suite", &self.check_suite),
            "commit_comment" => ("commit_comment", &self.comment),
            "deploy_key" => ("deploy_key", &self.key),
            "deployment" => ("deployment", &self.deployment),
            "deployment_status" => ("deployment_status", &self.deployment_status),
            "discussion" => ("discussion", &self.discussion),
            "discussion_comment" => ("discussion_comment", &self.comment),
            "installation" => ("installation", &self.installation),
            "issue_comment" => ("issue_comment", &self.comment),
            "issues" => ("issue", &self.issue),
            "label" => ("label", &self.label),
            "milestone" => ("milestone", &self.milestone),
            "package" => ("package", &self.package),
            "projects_v2" => ("project", &self.projects_v2),
            "projects_v2_item" => ("project_item", &self.projects_v2_item),
            "pull_request" => ("pull_request", &self.pull_request),
            "pull_request_review" => ("pull_request_review", &self.review),
            "pull_request_review_comment" => ("pull_request_review_comment", &self.comment),
            "release" => ("release", &self.release),
            "repository" => ("repository", &self.repository),
            "team" => ("team", &self.team),
            "workflow_job" => ("workflow_job", &self.workflow_job),
            "workflow_run" => ("workflow_run", &self.workflow_run),
            _ => return None,
        };
        Some((object_type, object.as_ref()?))
    }
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow)]
    id: Option<Loose<'a>>,
    #[serde(borrow)]
    updated_at: Option<Loose<'a>>,
    #[serde(borrow)]
    completed_at: Option<Loose<'a>>,
    #[serde(borrow)]
    submitted_at: Option<Loose<'a>>,
    #[serde(borrow)]
    started_at: Option<Loose<'a>>,
    #[serde(borrow)]
    created_at: Option<Loose<'a>>,
}

impl Object<'_> {
    /// The latest thing that is known to have happened to it: check runs and reviews have no `updated_at`.
    fn changed_at(&self) -> Option<Timestamp> {
        [&self.updated_at, &self.completed_at, &self.submitted_at, &self.started_at, &self.created_at]
            .into_iter()
            .flatten()
            .find_map(Loose::seconds_or_rfc3339)
    }
}

/// What the head and the mapping are made of.
struct Event<'a> {
    id: String,
    name: &'a str,
    action: Option<String>,
    object: Option<Found<'a>>,
}

struct Found<'a> {
    object_type: &'static str,
    id: String,
    updated_at: Option<Timestamp>,
    whole: &'a serde_json::value::RawValue,
}

impl<'a> Event<'a> {
    fn read(request: &'a RawRequest, body: &'a [u8]) -> Result<Self, InvalidPayload> {
        let Some(name) = EVENT.find(request) else {
            return Err(InvalidPayload::new(
                "the header `X-GitHub-Event` is missing: this is no webhook of GitHub",
            ));
        };
        if body.starts_with(b"payload=") {
            return Err(InvalidPayload::new(
                "the body is a form; choose the content type application/json in the webhook's settings at GitHub",
            ));
        }
        let parsed: Body<'a> = payload::read(body, LABEL)?;
        let mut object = None;
        if let Some((object_type, found)) = parsed.object(name)
            && let Some(read) = payload::read_object::<Object<'_>>(found.raw(), LABEL)?
            && let updated_at = read.changed_at()
            && let Some(id) = read.id
            && let Some(id) = id.id()
        {
            object = Some(Found { object_type, id: id.into_owned(), updated_at, whole: found.raw() });
        }
        Ok(Self {
            id: DELIVERY.find(request).map_or_else(|| change::body_id(body), ToOwned::to_owned),
            name,
            action: parsed.action.and_then(|action| action.text()).map(std::borrow::Cow::into_owned),
            object,
        })
    }
}

impl Provider for GitHub {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        secret_kinds::check_chosen(
            secret,
            "GitHub wants the text from the field “Secret” of the webhook's settings",
        )
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

    fn read(&self, request: &RawRequest, body: &[u8]) -> Result<Reading, InvalidPayload> {
        let event = Event::read(request, body)?;
        let event_type = match event.action {
            Some(action) => format!("{}.{action}", event.name),
            None => event.name.to_owned(),
        };
        Ok(Reading::Event(EventHead {
            provider_event_id: event.id,
            idempotency_key: None,
            event_type,
            occurred_at: event.object.as_ref().and_then(|object| object.updated_at),
            object_type: event.object.as_ref().map(|object| object.object_type.to_owned()),
            object_id: event.object.map(|object| object.id),
        }))
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        _wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let event = Event::read(request, body)?;
        if event.name == "ping" {
            return Ok(change::unmapped("`ping` only says that GitHub reaches the webhook's URL"));
        }
        let Some(object) = event.object else {
            return Ok(change::one(change::log_entry(
                change::whole(body, LABEL)?,
                event.id,
                request.received_at,
            )));
        };
        let action = match event.action.as_deref() {
            Some("created" | "opened") => Action::Created,
            Some("deleted") => Action::Deleted,
            _ => Action::Updated,
        };
        let at = object.updated_at.unwrap_or(request.received_at);
        Ok(change::one(change::operation(
            action,
            naming::collection(object.object_type),
            object.id,
            object.whole,
            at,
        )))
    }

    fn sign(&self, url: &str, body: &[u8], event_type: &str, secret: &str, now: Timestamp) -> SignedHeaders {
        let mut headers = SCHEME.sign(url, body, "", secret, now);
        let name = event_type.split_once('.').map_or(event_type, |(name, _)| name);
        headers.push(("X-GitHub-Event".to_owned(), name.to_owned()));
        headers.push(("X-GitHub-Delivery".to_owned(), uuid::Uuid::new_v4().to_string()));
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{
        NOW, assert_covers_the_body, assert_never_panics, assert_signs_and_verifies, head, operation,
        request, signed, unmapped, verify,
    };
    use super::*;
    use crate::event::{OperationKind, Version};

    const DELIVERED: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
    const BODY: &str = r#"{"action":"opened","issue":{"id":73464126,"number":2,"updated_at":"2025-01-01T00:00:00Z"},"repository":{"id":1296269}}"#;

    fn delivery(event: &str, body: &str) -> RawRequest {
        request(&[("X-GitHub-Event", event), ("X-GitHub-Delivery", DELIVERED)], body)
    }

    #[test]
    fn its_own_signatures_are_right_and_others_are_not() {
        assert_signs_and_verifies(&GitHub, "X-Hub-Signature-256", BODY, "issues.opened");
        assert_covers_the_body(&GitHub, BODY, "issues.opened");
        assert_never_panics(&GitHub, &["x-hub-signature-256"], &[("x-github-event", "issues")], BODY);
    }

    #[test]
    fn any_body_of_a_known_event_is_answered() {
        for event in ["issues", "push", "ping"] {
            let body = BODY.as_bytes();
            for cut in 0..body.len() {
                let request = delivery(event, &BODY[..cut]);
                assert!(GitHub.read(&request, &request.body).is_err());
            }
            assert!(GitHub.read(&delivery(event, BODY), body).is_ok());
        }
    }

    #[test]
    fn the_published_example_is_right() {
        // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
        let secret = "It's a Secret to Everybody";
        assert_eq!(GitHub.check_secret(secret), Ok(()));
        let hex = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        for value in [format!("sha256={hex}"), format!("sha256={}", hex.to_uppercase())] {
            let request = request(&[("X-Hub-Signature-256", &value)], "Hello, World!");
            assert_eq!(verify(&GitHub, &request, secret, NOW), Ok(()));
        }
        for (value, reason) in [
            (hex.to_owned(), "it does not begin with `sha256=`"),
            ("sha256=zz".to_owned(), "its signature is not hexadecimal"),
        ] {
            let request = request(&[("X-Hub-Signature-256", &value)], "Hello, World!");
            let error = verify(&GitHub, &request, secret, NOW).expect_err("malformed");
            assert!(error.to_string().ends_with(reason), "{error}");
        }
    }

    #[test]
    fn a_test_webhook_can_be_read() {
        let request = signed(&GitHub, BODY, "issues.opened", "secret");
        assert_eq!(head(&GitHub, &request).event_type, "issues.opened");
        assert_ne!(
            head(&GitHub, &request).provider_event_id,
            head(&GitHub, &signed(&GitHub, BODY, "issues.opened", "secret")).provider_event_id
        );
    }

    #[test]
    fn the_header_and_the_action_make_the_type() {
        let opened = head(&GitHub, &delivery("issues", BODY));
        assert_eq!(
            (opened.event_type.as_str(), opened.provider_event_id.as_str()),
            ("issues.opened", DELIVERED)
        );
        assert_eq!(
            (opened.object_type.as_deref(), opened.object_id.as_deref()),
            (Some("issue"), Some("73464126"))
        );
        assert_eq!(opened.occurred_at, Some(NOW));
        let push = head(&GitHub, &delivery("push", r#"{"ref":"refs/heads/main"}"#));
        assert_eq!((push.event_type.as_str(), push.object_id), ("push", None));
    }

    #[test]
    fn the_object_of_the_event_is_the_document() {
        for (event, key, collection) in [
            ("issues", "issue", "issues"),
            ("pull_request", "pull_request", "pull_requests"),
            ("issue_comment", "comment", "issue_comments"),
            ("commit_comment", "comment", "commit_comments"),
            ("pull_request_review", "review", "pull_request_reviews"),
            ("check_run", "check_run", "check_runs"),
            ("workflow_run", "workflow_run", "workflow_runs"),
            ("repository", "repository", "repositories"),
            ("release", "release", "releases"),
            ("deploy_key", "key", "deploy_keys"),
        ] {
            let body = format!(r#"{{"action":"edited","{key}":{{"id":7}},"sender":{{"id":1}}}}"#);
            let operation = operation(&GitHub, &delivery(event, &body));
            assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), (collection, "7"));
            assert_eq!(operation.object.expect("an object").get(), r#"{"id":7}"#);
            // Without a time of its own the delivery's counts.
            assert_eq!(operation.version, Version { at: NOW, rank: Version::UPDATED });
        }
    }

    #[test]
    fn a_check_run_is_as_new_as_what_happened_to_it_and_not_as_its_delivery() {
        let at = |run: &str| {
            let body = format!(r#"{{"action":"completed","check_run":{{"id":7,{run}}}}}"#);
            operation(&GitHub, &delivery("check_run", &body)).version.at
        };
        let started = at(r#""started_at":"2025-01-01T00:00:00Z","completed_at":null"#);
        let completed = at(r#""started_at":"2025-01-01T00:00:00Z","completed_at":"2025-01-01T00:01:00Z""#);
        assert_eq!(completed, started.plus_millis(60_000));
    }

    #[test]
    fn a_deleted_object_is_deleted() {
        for (action, kind, rank) in [
            ("opened", OperationKind::Upsert, Version::CREATED),
            ("deleted", OperationKind::Delete, Version::DELETED),
            ("closed", OperationKind::Upsert, Version::UPDATED),
        ] {
            let operation = operation(&GitHub, &delivery("issues", &BODY.replace("opened", action)));
            assert_eq!((operation.kind, operation.version), (kind, Version { at: NOW, rank }));
        }
    }

    #[test]
    fn events_without_an_object_are_kept_whole_in_the_log() {
        for (event, body) in [
            ("push", r#"{"ref":"refs/heads/main","repository":{"id":1}}"#),
            ("star", r#"{"action":"deleted","repository":{"id":1}}"#),
            ("issues", r#"{"action":"opened","issue":{"id":null}}"#),
            ("issues", r#"{"action":"opened","issue":[1]}"#),
            ("not_known_yet", r#"{"action":"created","not_known_yet":{"id":1}}"#),
        ] {
            let operation = operation(&GitHub, &delivery(event, body));
            assert_eq!(
                (operation.collection.as_str(), operation.document_id.as_str()),
                ("events", DELIVERED)
            );
            assert_eq!(
                (operation.kind, operation.object.expect("an object").get()),
                (OperationKind::Upsert, body)
            );
        }
    }

    #[test]
    fn a_ping_changes_nothing() {
        let request = delivery("ping", r#"{"zen":"Design for failure.","hook_id":1}"#);
        assert_eq!(head(&GitHub, &request).event_type, "ping");
        assert!(unmapped(&GitHub, &request).contains("ping"));
    }

    #[test]
    fn other_bodies_are_refused_with_a_reason() {
        let request = delivery("push", "payload=%7B%7D");
        let error = GitHub.read(&request, &request.body).expect_err("a form");
        assert!(error.message.contains("application/json"), "{error}");
        let request = super::super::test_support::request(&[], BODY);
        let error = GitHub.read(&request, &request.body).expect_err("no event");
        assert!(error.message.contains("`X-GitHub-Event` is missing"), "{error}");
    }

    #[test]
    fn a_token_is_no_secret() {
        for (secret, expected) in [
            ("ghp_0123456789", "a GitHub personal access token (`ghp_…`)"),
            ("sk_live_0123", "a Stripe API key"),
            (" secret", "white space before or after"),
            ("", "is empty"),
        ] {
            let problem = GitHub.check_secret(secret).expect_err(secret);
            assert!(problem.message.contains(expected), "{problem}");
        }
    }
}
