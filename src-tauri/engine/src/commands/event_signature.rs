//! What can be said of a request's signature, in words.

use serde::Serialize;
use utoipa::ToSchema;

use crate::event::{RawRequest, Rejection, Timestamp};
use crate::providers::{self, Provider, Signing};

/// What was found when the request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SignatureStatus {
    /// The signature was right.
    Verified,
    /// The signature was missing, wrong or too old.
    Refused,
    /// The signature was right, but the body is no event of the provider.
    Unreadable,
}

/// A request's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Signature)]
pub struct SignatureAnswer {
    /// What was found when the request came in.
    pub status: SignatureStatus,
    /// How the provider signs, such as "HMAC-SHA256 over `{timestamp}.{body}`, hex, in the header Stripe-Signature"; empty
    /// where the provider is not known any more.
    pub scheme: String,
    /// The header of the signature, in lower case.
    pub header: Option<String>,
    /// The time that the signature names.
    pub timestamp: Option<Timestamp>,
    /// How old the signature was when the request came in, in seconds; below 0 when it lay in the future.
    pub age_seconds: Option<i64>,
    /// How far the time may be off today, in seconds; `null` where it is not checked.
    pub tolerance_seconds: Option<u32>,
    /// Whether it fits a secret that is active today, its time left aside; `null` where that cannot be told.
    pub matches_now: Option<bool>,
    /// The same in words.
    pub explanation: String,
}

/// What is known of the request.
pub(super) struct Facts<'a> {
    /// The job's provider, if it is known.
    pub(super) provider: Option<&'a dyn Provider>,
    /// The request.
    pub(super) request: &'a RawRequest,
    /// Its body with the encoding undone, where that worked.
    pub(super) decoded: Option<&'a [u8]>,
    /// Only its beginning was kept.
    pub(super) body_truncated: bool,
    /// `None` for requests that were taken.
    pub(super) refused: Option<Refused<'a>>,
    /// The secrets that are active today; `None` when they cannot be read.
    pub(super) secrets: Option<Vec<&'a str>>,
    /// The job's own tolerance; `None` is the provider's.
    pub(super) tolerance_seconds: Option<u32>,
    /// Today.
    pub(super) now: Timestamp,
}

/// Why a request was refused.
pub(super) struct Refused<'a> {
    /// As it was written down; older versions wrote nothing.
    pub(super) rejection: Option<Rejection>,
    /// In words.
    pub(super) error: &'a str,
}

/// Looks at the signature again. Only tells; nothing that was refused is taken by it.
pub(super) fn look(facts: &Facts<'_>) -> SignatureAnswer {
    let signing = facts.provider.map(Provider::signing);
    let timestamp = facts.provider.and_then(|provider| provider.signed_at(facts.request));
    // A secret that was sent as it is was not kept, and cannot be looked at again.
    let withheld =
        facts.provider.and_then(Provider::secret_header).is_some_and(|it| facts.request.withholds(it));
    let matches_now = match (facts.provider, &facts.secrets) {
        (Some(provider), Some(secrets)) if !facts.body_truncated && !withheld => {
            let wire: &[u8] = &facts.request.body;
            let decoded = facts.decoded.filter(|decoded| *decoded != wire);
            Some(providers::fits(provider, facts.request, decoded, secrets, facts.now))
        }
        _ => None,
    };
    let age_seconds = timestamp.map(|at| facts.request.received_at.seconds().saturating_sub(at.seconds()));
    let tolerance_seconds = match facts.tolerance_seconds {
        Some(0) => None,
        Some(seconds) => Some(seconds),
        None => facts.provider.and_then(|provider| provider.info().tolerance_seconds),
    };
    let status = match &facts.refused {
        None => SignatureStatus::Verified,
        Some(Refused { rejection: Some(Rejection::Unreadable), .. }) => SignatureStatus::Unreadable,
        Some(Refused { rejection: Some(Rejection::Signature), .. }) => SignatureStatus::Refused,
        Some(Refused { rejection: None, .. }) => guessed(facts, matches_now),
    };
    let error = facts.refused.as_ref().map(|refused| refused.error);
    let explanation = explanation(status, error, age_seconds, tolerance_seconds, matches_now);
    let (scheme, header) = match signing {
        Some(Signing { scheme, header }) => (scheme, Some(header)),
        None => (String::new(), None),
    };
    SignatureAnswer {
        status,
        scheme,
        header,
        timestamp,
        age_seconds,
        tolerance_seconds,
        matches_now,
        explanation,
    }
}

/// Why a request was refused of which an older version wrote nothing down: a body that cannot be read under a right
/// signature was the reason.
fn guessed(facts: &Facts<'_>, matches_now: Option<bool>) -> SignatureStatus {
    let readable = match (facts.provider, facts.decoded) {
        (Some(provider), Some(body)) => provider.read(facts.request, body).is_ok(),
        _ => false,
    };
    if matches_now == Some(true) && !readable {
        SignatureStatus::Unreadable
    } else {
        SignatureStatus::Refused
    }
}

/// One or two sentences.
fn explanation(
    status: SignatureStatus,
    error: Option<&str>,
    age_seconds: Option<i64>,
    tolerance_seconds: Option<u32>,
    matches_now: Option<bool>,
) -> String {
    let error = error.map(sentence).unwrap_or_default();
    match status {
        SignatureStatus::Verified => {
            let age = match age_seconds {
                Some(age) if age >= 0 => format!(" It was {age} s old."),
                Some(age) => format!(" Its time lay {} s in the future.", age.saturating_neg()),
                None => String::new(),
            };
            let since = match matches_now {
                Some(false) => " The job's secret was replaced since: today it fits none that is active.",
                Some(true) | None => "",
            };
            format!("The signature was right when the request came in.{age}{since}")
        }
        SignatureStatus::Unreadable => {
            format!("The signature was right, but the body could not be read. {error}").trim_end().to_owned()
        }
        SignatureStatus::Refused => {
            let off = age_seconds
                .zip(tolerance_seconds)
                .is_some_and(|(age, tolerance)| age.saturating_abs() > i64::from(tolerance));
            let today = match matches_now {
                Some(true) if off => {
                    "The signature itself fits the job's secret, so only its time was off: check this machine's clock, \
                     or let the provider send the event again."
                }
                Some(true) => "It fits a secret that is active today: let the provider send the event again.",
                Some(false) => {
                    "It fits no secret that is active today: compare the job's secret with the one at the provider."
                }
                None => "",
            };
            format!("{error} {today}").trim().to_owned()
        }
    }
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let end = if text.trim_end().ends_with(['.', '?', '!']) { "" } else { "." };
    first.to_uppercase().chain(letters).chain(end.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_735_689_600);
    const BODY: &str = r#"{"id":"evt_1","type":"customer.created","created":1735689600,"data":{"object":{"id":"cus_1","object":"customer"}}}"#;

    fn signed(kind: &str, body: &str, secret: &str, at: Timestamp) -> RawRequest {
        let provider = providers::find(kind, None).expect("is known");
        let headers = provider.sign("http://127.0.0.1/", body.as_bytes(), "ping", secret, at);
        RawRequest {
            method: "POST".to_owned(),
            url: "http://127.0.0.1/".to_owned(),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.into_bytes()))
                .collect(),
            body: body.to_owned().into(),
            received_at: NOW,
        }
    }

    fn looked(
        request: &RawRequest,
        refused: Option<Refused<'_>>,
        secrets: Option<Vec<&str>>,
    ) -> SignatureAnswer {
        let stripe = providers::find("stripe", None).expect("is known");
        look(&Facts {
            provider: Some(stripe.as_ref()),
            request,
            decoded: Some(&request.body),
            body_truncated: false,
            refused,
            secrets,
            tolerance_seconds: None,
            now: NOW.plus_millis(86_400_000),
        })
    }

    fn refused(rejection: Option<Rejection>) -> Refused<'static> {
        Refused { rejection, error: "the signature fits none" }
    }

    #[test]
    fn a_verified_request_tells_its_age_and_whether_the_secret_is_still_active() {
        let request = signed("stripe", BODY, "whsec_one", NOW.plus_millis(-7_000));
        let answer = looked(&request, None, Some(vec!["whsec_two", "whsec_one"]));
        assert_eq!(answer.status, SignatureStatus::Verified);
        assert_eq!(answer.header.as_deref(), Some("stripe-signature"));
        assert_eq!(answer.timestamp, Some(NOW.plus_millis(-7_000)));
        assert_eq!((answer.age_seconds, answer.tolerance_seconds), (Some(7), Some(300)));
        assert_eq!(answer.matches_now, Some(true));
        assert_eq!(answer.explanation, "The signature was right when the request came in. It was 7 s old.");
        let replaced = looked(&request, None, Some(vec!["whsec_two"]));
        assert_eq!(replaced.matches_now, Some(false));
        assert!(replaced.explanation.contains("was replaced since"), "{}", replaced.explanation);
    }

    #[test]
    fn a_refused_request_tells_whether_its_secret_or_its_time_was_wrong() {
        let wrong = signed("stripe", BODY, "whsec_other", NOW);
        let answer = looked(&wrong, Some(refused(Some(Rejection::Signature))), Some(vec!["whsec_one"]));
        assert_eq!((answer.status, answer.matches_now), (SignatureStatus::Refused, Some(false)));
        assert!(answer.explanation.starts_with("The signature fits none. It fits no secret"), "{answer:?}");
        let old = signed("stripe", BODY, "whsec_one", NOW.plus_millis(-400_000));
        let answer = looked(&old, Some(refused(Some(Rejection::Signature))), Some(vec!["whsec_one"]));
        assert_eq!((answer.age_seconds, answer.matches_now), (Some(400), Some(true)));
        assert!(answer.explanation.contains("check this machine's clock"), "{answer:?}");
    }

    #[test]
    fn an_unreadable_body_is_told_from_a_wrong_signature_even_where_nothing_was_written_down() {
        let unreadable = signed("stripe", "no event", "whsec_one", NOW);
        for rejection in [Some(Rejection::Unreadable), None] {
            let answer = looked(&unreadable, Some(refused(rejection)), Some(vec!["whsec_one"]));
            assert_eq!(answer.status, SignatureStatus::Unreadable);
        }
        let wrong = signed("stripe", BODY, "whsec_other", NOW);
        assert_eq!(
            looked(&wrong, Some(refused(None)), Some(vec!["whsec_one"])).status,
            SignatureStatus::Refused
        );
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        let request = signed("stripe", BODY, "whsec_one", NOW);
        assert_eq!(looked(&request, None, None).matches_now, None);
        let facts = Facts {
            provider: None,
            request: &request,
            decoded: None,
            body_truncated: true,
            refused: None,
            secrets: Some(vec!["whsec_one"]),
            tolerance_seconds: Some(0),
            now: NOW,
        };
        let answer = look(&facts);
        assert_eq!((answer.scheme.as_str(), answer.header, answer.matches_now), ("", None, None));
    }
}
