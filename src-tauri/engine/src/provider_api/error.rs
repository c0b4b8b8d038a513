//! Why a call of a provider's API failed, in words that hold no key.

use secrecy::{ExposeSecret as _, SecretString};

/// The longest text of a provider that is passed on, in characters.
const LONGEST: usize = 400;

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiErrorKind {
    /// The key is wrong, expired or revoked.
    KeyRefused,
    /// The key is right but may not do this.
    Forbidden,
    /// The account's plan does not allow it.
    PlanLimit,
    /// The account has as many endpoints as it may have.
    EndpointLimit,
    /// A value is refused.
    Invalid,
    /// There is no such endpoint.
    NotFound,
    /// Too many requests, and the wait is longer than is waited here.
    RateLimited,
    /// Nothing was reached: nothing has changed there.
    Unreachable,
    /// The call was cut short or failed there: it may have taken effect.
    Unsure,
    /// The answer is no answer of this API.
    Unreadable,
}

/// Why a call failed. `Display` is shown to users and never holds the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// What kind of failure.
    pub kind: ApiErrorKind,
    /// In words.
    pub message: String,
}

impl ApiError {
    /// With this message, which holds no key.
    pub fn new(kind: ApiErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The same of a call that came after another one that may have taken effect: whatever this one met, the outcome of
    /// the whole is not known.
    pub(super) fn after_effect(self, maybe_effect: bool) -> Self {
        if maybe_effect { Self { kind: ApiErrorKind::Unsure, ..self } } else { self }
    }

    /// Whether the same call can succeed later without anybody changing anything.
    pub const fn is_passing(&self) -> bool {
        matches!(self.kind, ApiErrorKind::RateLimited | ApiErrorKind::Unreachable | ApiErrorKind::Unsure)
    }
}

/// What a provider said, fit to be shown: without the key, without control characters, of bounded length.
pub(super) fn shown(text: &str, key: &SecretString) -> String {
    let text = without_key(text, key.expose_secret());
    let mut shown: String =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    shown.trim().to_owned()
}

fn without_key(text: &str, key: &str) -> String {
    if key.is_empty() { text.to_owned() } else { text.replace(key, "[the API key]") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_an_answer_holds_no_key_and_has_an_end() {
        let key = SecretString::from("sk_test_abcdef");
        let text = shown("Invalid API Key provided: sk_test_abcdef\nline", &key);
        assert_eq!(text, "Invalid API Key provided: [the API key] line");
        let long = shown(&"é".repeat(1000), &key);
        assert_eq!(long.chars().count(), LONGEST + 1);
    }

    #[test]
    fn only_what_can_pass_by_itself_is_tried_again() {
        for kind in [ApiErrorKind::RateLimited, ApiErrorKind::Unreachable, ApiErrorKind::Unsure] {
            assert!(ApiError::new(kind, "").is_passing());
        }
        for kind in [
            ApiErrorKind::KeyRefused,
            ApiErrorKind::Forbidden,
            ApiErrorKind::PlanLimit,
            ApiErrorKind::EndpointLimit,
            ApiErrorKind::Invalid,
            ApiErrorKind::NotFound,
            ApiErrorKind::Unreadable,
        ] {
            assert!(!ApiError::new(kind, "").is_passing(), "{kind:?}");
        }
    }
}
