//! Slack: the Events API.
//!
//! Facts: <https://docs.slack.dev/authentication/verifying-requests-from-slack> and
//! <https://docs.slack.dev/apis/events-api>. When the URL is entered, Slack posts a `url_verification` and wants its
//! `challenge` back. A retry repeats the `event_id`. Events describe what happened and carry no whole objects: they go
//! to the log of events.
//!
//! Deliberately not here: slash commands and interactions. They are forms and want an answer made by a program.

use std::borrow::Cow;

use serde::Deserialize;

use super::change;
use super::payload::{self, Loose, MaybeObject, Text};
use super::scheme::{HeaderName, Piece, Scheme, Shape, Stamp, Unit};
use super::signature::{Algorithm, Encoding, SecretEncoding, SignatureError, Signing};
use super::{InvalidPayload, Provider, ProviderInfo, Reading, SecretProblem, SignedHeaders, secret_kinds};
use crate::event::{EventHead, Mapping, RawRequest, Timestamp};

const LABEL: &str = "Slack";
const CONTENT: &[Piece] =
    &[Piece::Text(Cow::Borrowed("v0:")), Piece::Timestamp, Piece::Text(Cow::Borrowed(":")), Piece::Body];

static SCHEME: Scheme = Scheme {
    header: HeaderName::of("X-Slack-Signature", "x-slack-signature"),
    shape: Shape::Whole { prefix: Cow::Borrowed("v0=") },
    algorithm: Algorithm::Sha256,
    encoding: Encoding::Hex,
    secret: SecretEncoding::Text,
    content: Cow::Borrowed(CONTENT),
    timestamp: Some(Stamp::Header(
        HeaderName::of("X-Slack-Request-Timestamp", "x-slack-request-timestamp"),
        Unit::Seconds,
    )),
    id: None,
};

static INFO: ProviderInfo = ProviderInfo {
    kind: "slack",
    label: LABEL,
    tolerance_seconds: Some(300),
    secret_help: "The app's Signing Secret, 32 hexadecimal digits, under Basic Information → App Credentials. It is neither \
                  a token nor the Client Secret.",
    setup_steps: &[
        "Open your app at api.slack.com/apps and copy Basic Information → App Credentials → Signing Secret; paste it here.",
        "Open “Event Subscriptions” and turn on “Enable Events”.",
        "Paste the webhook URL into “Request URL”. Slack asks for the challenge at once and shows “Verified”.",
        "Add the events under “Subscribe to bot events”, press “Save Changes”, then reinstall the app.",
    ],
    known_types: &[
        "app_home_opened",
        "app_mention",
        "app_rate_limited",
        "app_uninstalled",
        "channel_archive",
        "channel_created",
        "channel_deleted",
        "channel_left",
        "channel_rename",
        "channel_unarchive",
        "dnd_updated_user",
        "emoji_changed",
        "file_change",
        "file_created",
        "file_deleted",
        "file_public",
        "file_shared",
        "group_archive",
        "group_rename",
        "link_shared",
        "member_joined_channel",
        "member_left_channel",
        "message",
        "pin_added",
        "pin_removed",
        "reaction_added",
        "reaction_removed",
        "star_added",
        "subteam_created",
        "subteam_updated",
        "team_join",
        "team_rename",
        "tokens_revoked",
        "user_change",
        "workflow_step_execute",
    ],
    key_help: None,
};

/// Slack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slack;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    challenge: Option<Text<'a>>,
    #[serde(borrow)]
    event_id: Option<Loose<'a>>,
    #[serde(borrow)]
    event_time: Option<Loose<'a>>,
    #[serde(borrow)]
    team_id: Option<Loose<'a>>,
    #[serde(borrow)]
    event: Option<MaybeObject<Inner<'a>>>,
}

#[derive(Deserialize)]
struct Inner<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Loose<'a>>,
}

enum Message {
    Challenge(String),
    Event { head: EventHead, team: Option<String> },
}

fn read(request: &RawRequest, body: &[u8]) -> Result<Message, InvalidPayload> {
    let is_form = request
        .header("content-type")
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
    if is_form || body.starts_with(b"payload=") || body.starts_with(b"token=") {
        return Err(InvalidPayload::new(
            "the body is a form: this URL takes Slack's Events API, not slash commands, shortcuts or interactions",
        ));
    }
    let parsed: Body<'_> = payload::read(body, LABEL)?;
    let event_type = match parsed.kind.as_ref() {
        "url_verification" => {
            let challenge = parsed.challenge.map(|text| text.0.into_owned()).filter(|text| !text.is_empty());
            return challenge
                .map(Message::Challenge)
                .ok_or_else(|| InvalidPayload::new("the `url_verification` has no `challenge`"));
        }
        "event_callback" => parsed
            .event
            .and_then(|event| event.0?.kind?.text())
            .ok_or_else(|| InvalidPayload::new("the `event_callback` has no `event.type`"))?
            .into_owned(),
        "app_rate_limited" => "app_rate_limited".to_owned(),
        _ => {
            return Err(InvalidPayload::new(
                "the body's `type` is neither `event_callback`, `url_verification` nor `app_rate_limited`: this is no event of \
                 Slack's Events API",
            ));
        }
    };
    let head = EventHead {
        provider_event_id: parsed
            .event_id
            .and_then(|id| id.text())
            .map_or_else(|| change::body_id(body), Cow::into_owned),
        idempotency_key: None,
        event_type,
        occurred_at: parsed.event_time.and_then(|time| time.seconds_or_rfc3339()),
        object_type: None,
        object_id: None,
    };
    Ok(Message::Event { head, team: parsed.team_id.and_then(|team| team.text()).map(Cow::into_owned) })
}

impl Provider for Slack {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem> {
        const WANTED: &str = "Slack wants the app's Signing Secret: 32 hexadecimal digits, under Basic Information → App Credentials";
        // Made-up secrets serve in tests, so the form is not insisted on.
        secret_kinds::check_issued(secret, &[], WANTED)
    }

    fn generate_secret(&self) -> String {
        secret_kinds::random_hex(16)
    }

    fn signing(&self) -> Signing {
        SCHEME.signing()
    }

    fn signed_at(&self, request: &RawRequest) -> Option<Timestamp> {
        SCHEME.signed_at(request)
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
        Ok(match read(request, body)? {
            Message::Challenge(challenge) => {
                Reading::Challenge { content_type: "text/plain", body: challenge.into_bytes() }
            }
            Message::Event { head, .. } => Reading::Event(head),
        })
    }

    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        _wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload> {
        let (head, team) = match read(request, body)? {
            Message::Challenge(_) => {
                return Ok(change::unmapped("`url_verification` only asks whether the URL answers"));
            }
            Message::Event { head, team } => (head, team),
        };
        let at = head.occurred_at.unwrap_or(request.received_at);
        let mut entry = change::log_entry(change::whole(body, LABEL)?, head.provider_event_id, at);
        entry.account = team;
        Ok(change::one(entry))
    }

    fn sign(&self, url: &str, body: &[u8], _event_type: &str, secret: &str, now: Timestamp) -> SignedHeaders {
        SCHEME.sign(url, body, "", secret, now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{
        NOW, assert_covers_the_body, assert_never_panics, assert_signs_and_verifies, head, operation,
        request, unmapped, verify,
    };
    use super::*;

    const BODY: &str = r#"{"token":"x","team_id":"T123","api_app_id":"A1","event":{"type":"reaction_added","user":"U1","item":{}},"type":"event_callback","event_id":"Ev123ABC","event_time":1735689600}"#;
    const CHALLENGE: &str = r#"{"token":"Jhj5","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}"#;

    #[test]
    fn its_own_signatures_are_right_and_others_are_not() {
        assert_signs_and_verifies(&Slack, "X-Slack-Signature", BODY, "reaction_added");
        assert_covers_the_body(&Slack, BODY, "reaction_added");
        assert_never_panics(
            &Slack,
            &["x-slack-signature", "x-slack-request-timestamp", "content-type"],
            &[],
            BODY,
        );
    }

    #[test]
    fn the_published_example_is_right() {
        // https://docs.slack.dev/authentication/verifying-requests-from-slack
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let headers = [
            ("X-Slack-Request-Timestamp", "1531420618"),
            ("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let request = request(&headers, body);
        let secret = "8f742231b10e8888abcd99yyyzzz85a5";
        assert_eq!(Slack.check_secret(secret), Ok(()));
        assert_eq!(verify(&Slack, &request, secret, Timestamp::from_seconds(1_531_420_618)), Ok(()));
        // A slash command, which is no event.
        let error = Slack.read(&request, &request.body).expect_err("a form");
        assert!(error.message.contains("not slash commands"), "{error}");
        assert!(!error.message.contains("T1DC2JH3J"));
    }

    #[test]
    fn the_challenge_is_answered_with_its_plain_text() {
        let request = request(&[], CHALLENGE);
        let expected = Reading::Challenge {
            content_type: "text/plain",
            body: b"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P".to_vec(),
        };
        assert_eq!(Slack.read(&request, &request.body), Ok(expected));
        assert!(unmapped(&Slack, &request).contains("url_verification"));
    }

    #[test]
    fn the_inner_event_tells_the_type() {
        let head = head(&Slack, &request(&[], BODY));
        assert_eq!(head.event_type, "reaction_added");
        assert_eq!(head.provider_event_id, "Ev123ABC");
        assert_eq!(head.occurred_at, Some(NOW));
    }

    #[test]
    fn an_event_is_kept_whole_in_the_log() {
        let operation = operation(&Slack, &request(&[], BODY));
        assert_eq!((operation.collection.as_str(), operation.document_id.as_str()), ("events", "Ev123ABC"));
        assert_eq!(operation.object.expect("an object").get(), BODY);
        assert_eq!(operation.account.as_deref(), Some("T123"));
        assert_eq!(operation.version.at, NOW);
    }

    #[test]
    fn a_notice_of_rate_limiting_has_no_id_but_its_body() {
        let head = head(
            &Slack,
            &request(&[], r#"{"type":"app_rate_limited","team_id":"T1","minute_rate_limited":1518467820}"#),
        );
        assert_eq!(head.event_type, "app_rate_limited");
        assert!(head.provider_event_id.starts_with("sha256:"));
    }

    #[test]
    fn other_bodies_are_refused_with_a_reason() {
        for (body, expected) in [
            (r#"{"type":"block_actions"}"#, "neither `event_callback`"),
            (r#"{"type":"event_callback","event":{}}"#, "no `event.type`"),
            (r#"{"type":"event_callback","event":7}"#, "no `event.type`"),
            (r#"{"type":"url_verification"}"#, "no `challenge`"),
            ("payload=%7B%7D", "a form"),
            ("{}", "missing field `type`"),
        ] {
            let request = request(&[], body);
            let error = Slack.read(&request, &request.body).expect_err(body);
            assert!(error.message.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_timestamp_has_to_be_there_and_be_a_number() {
        let signature = ("X-Slack-Signature", "v0=00");
        let error = verify(&Slack, &request(&[signature], BODY), "s", NOW).expect_err("no timestamp");
        assert_eq!(error, SignatureError::Missing { header: "X-Slack-Request-Timestamp".to_owned() });
        for wrong in ["", "now", "-5", "+5", "1735689600.5", "99999999999999999999", "253402300800"] {
            let request = request(&[signature, ("X-Slack-Request-Timestamp", wrong)], BODY);
            let error = verify(&Slack, &request, "s", NOW).expect_err(wrong);
            assert!(
                matches!(&error, SignatureError::Malformed { header, .. } if header == "X-Slack-Request-Timestamp")
            );
        }
    }

    #[test]
    fn a_token_is_no_signing_secret() {
        let problem = Slack.check_secret("xoxb-1234-5678-abc").expect_err("a token");
        assert!(problem.message.contains("a Slack bot token (`xoxb-…`)"), "{problem}");
    }
}
