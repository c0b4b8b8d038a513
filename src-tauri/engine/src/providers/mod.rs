//! Providers: who sends webhooks, how they sign them, and what their events change.
//!
//! One file each, all of one shape: a type that implements [`Provider`]. Plug-ins never import each other; what
//! several need stands beside them: [`signature`], [`naming`], `payload` (reading bodies), `secret_text` (what a wrong
//! secret looks like). A provider is pure: it reads bytes and answers, and touches neither the network, the clock nor
//! the store.
//!
//! Invariants:
//! - A signature is checked on the exact bytes received, in constant time, against every active secret.
//! - [`verify`] is the only maker of [`Verified`].
//! - What a provider reads at receipt ([`Provider::read`]) does not build a tree of the JSON: it is on the path of
//!   every request.

use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

use serde::Serialize;

use crate::event::{EventHead, Mapping, RawRequest, Timestamp, Verified};

mod calendly;
mod change;
mod close;
pub mod generic;
mod github;
mod gitlab;
mod hubspot;
mod intercom;
mod lemon_squeezy;
pub mod naming;
mod paddle;
mod payload;
pub mod samples;
mod scheme;
mod secret_kinds;
mod secret_text;
mod shopify;
pub mod signature;
mod slack;
mod standard_webhooks;
mod stripe;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;
mod typeform;

pub use signature::{SignatureError, Signing};

/// What users are told about a provider.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderInfo {
    /// The name used in the API and on the command line, such as `standard-webhooks`.
    pub kind: &'static str,
    /// The name shown to people, such as `Standard Webhooks`.
    pub label: &'static str,
    /// How far a timestamp may be off by default, in seconds; `None` where the provider signs no timestamp.
    pub tolerance_seconds: Option<u32>,
    /// Where the secret is found and what it looks like, one or two sentences.
    pub secret_help: &'static str,
    /// What to do at the provider's site, in its own words, one step per entry.
    pub setup_steps: &'static [&'static str],
    /// The event types that are known; others work all the same.
    pub known_types: &'static [&'static str],
    /// What an API key is needed for and has to be allowed; `None` where Hookline can do nothing with one.
    pub key_help: Option<KeyHelp>,
}

/// What users are told about a provider's API keys.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyHelp {
    /// Where a key is made and what it looks like, one or two sentences.
    pub help: &'static str,
    /// What the key has to be allowed so that Hookline can set up webhooks, in the provider's own words.
    pub permissions: &'static [&'static str],
}

/// Why a text cannot be this provider's secret. `Display` is shown to users and never holds the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SecretProblem {
    /// What is wrong and what to do, such as "this looks like a Stripe API key (`sk_…`); the webhook's signing secret starts with `whsec_`".
    pub message: String,
}

/// The body is no event of this provider. `Display` is shown to users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidPayload {
    /// What is wrong, such as "the body is not JSON: expected value at line 1 column 1".
    pub message: String,
}

impl InvalidPayload {
    /// With this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// What a provider reads from a verified request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// An event to be stored.
    Event(EventHead),
    /// A question that wants this answer and is no event (Slack's `url_verification`).
    Challenge {
        /// The answer's content type.
        content_type: &'static str,
        /// The answer's body.
        body: Vec<u8>,
    },
}

/// The parts of a request that a provider's signature travels in, for requests that Hookline itself makes.
pub type SignedHeaders = Vec<(String, String)>;

/// One provider of webhooks.
pub trait Provider: Send + Sync + Debug {
    /// What users are told about it.
    fn info(&self) -> &ProviderInfo;

    /// Says whether `secret` can be a signing secret of this provider, and if not, what it looks like instead.
    fn check_secret(&self, secret: &str) -> Result<(), SecretProblem>;

    /// Makes a new random secret in the provider's format.
    fn generate_secret(&self) -> String;

    /// The header (lower case) that holds the secret itself, where the provider signs nothing: shown to nobody.
    fn secret_header(&self) -> Option<&str> {
        None
    }

    /// Whether test mode and live mode have secrets of their own.
    fn has_modes(&self) -> bool {
        false
    }

    /// How requests are signed, for people.
    fn signing(&self) -> Signing;

    /// The time that the request's signature names, where it names one that can be read. Nothing is to be believed of it
    /// as long as the signature was not found right.
    fn signed_at(&self, request: &RawRequest) -> Option<Timestamp> {
        let _ = request;
        None
    }

    /// Checks the signature over `body` against each of `secrets`; one match is enough.
    ///
    /// `body` is what is taken as the signed body: [`verify`] tries the bytes of the wire first and, where the
    /// request has a `content-encoding`, the decoded bytes next. `tolerance_seconds` of `None` leaves timestamps
    /// unchecked.
    fn verify(
        &self,
        request: &RawRequest,
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
        tolerance_seconds: Option<u32>,
    ) -> Result<(), SignatureError>;

    /// Reads what has to be known at receipt. `body` is decoded.
    fn read(&self, request: &RawRequest, body: &[u8]) -> Result<Reading, InvalidPayload>;

    /// Says what the event changes. `body` is decoded; `wanted` tells for a type whether the job selected it,
    /// for providers that put several events into one request.
    fn map(
        &self,
        request: &RawRequest,
        body: &[u8],
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Mapping, InvalidPayload>;

    /// Whether the job that wants what `wanted` says wants this request. Providers that put events of several types
    /// into one request look at each of them.
    fn is_wanted(&self, head: &EventHead, body: &[u8], wanted: &dyn Fn(&str) -> bool) -> bool {
        let _ = body;
        wanted(&head.event_type)
    }

    /// The headers, signature and content type included, with which the provider would send `body` to `url` at
    /// `now`: for test webhooks and samples. `event_type` matters to providers that name it in a header.
    fn sign(&self, url: &str, body: &[u8], event_type: &str, secret: &str, now: Timestamp) -> SignedHeaders;
}

/// Checks a request's signature and, if it is right, vouches for it.
///
/// The request comes back with the error, so that it can be kept as rejected. `decoded` is the body with its
/// `content-encoding` undone, where that differs from the bytes of the wire: a sender's own signature covers the
/// bytes it sent, but some compress after signing.
pub fn verify(
    provider: &dyn Provider,
    request: RawRequest,
    decoded: Option<&[u8]>,
    secrets: &[&str],
    now: Timestamp,
    tolerance_seconds: Option<u32>,
) -> Result<Verified, Box<(RawRequest, SignatureError)>> {
    match check(provider, &request, decoded, secrets, now, tolerance_seconds) {
        Ok(()) => Ok(Verified::vouched(request)),
        Err(error) => Err(Box::new((request, error))),
    }
}

/// Whether the signature of a request that is kept fits one of these secrets, timestamps left aside. Only tells: a request
/// that was refused stays refused.
pub fn fits(
    provider: &dyn Provider,
    request: &RawRequest,
    decoded: Option<&[u8]>,
    secrets: &[&str],
    now: Timestamp,
) -> bool {
    check(provider, request, decoded, secrets, now, None).is_ok()
}

fn check(
    provider: &dyn Provider,
    request: &RawRequest,
    decoded: Option<&[u8]>,
    secrets: &[&str],
    now: Timestamp,
    tolerance_seconds: Option<u32>,
) -> Result<(), SignatureError> {
    let on_the_wire = provider.verify(request, &request.body, secrets, now, tolerance_seconds);
    match (on_the_wire, decoded) {
        (Err(SignatureError::Mismatch { .. }), Some(decoded)) => {
            provider.verify(request, decoded, secrets, now, tolerance_seconds)
        }
        (outcome, _) => outcome,
    }
}

/// No provider has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no provider `{kind}`; known are {known}")]
pub struct UnknownProvider {
    /// The name asked for.
    pub kind: String,
    /// All names, separated by commas.
    pub known: String,
}

/// A provider, shared.
pub type SharedProvider = Arc<dyn Provider>;

/// All providers with values of their own, in the order in which they are shown; `generic` is not among them.
pub fn all() -> &'static [SharedProvider] {
    static ALL: LazyLock<Vec<SharedProvider>> = LazyLock::new(|| {
        vec![
            Arc::new(stripe::Stripe),
            Arc::new(close::Close),
            Arc::new(standard_webhooks::StandardWebhooks),
            Arc::new(github::GitHub),
            Arc::new(shopify::Shopify),
            Arc::new(slack::Slack),
            Arc::new(paddle::Paddle),
            Arc::new(lemon_squeezy::LemonSqueezy),
            Arc::new(hubspot::HubSpot),
            Arc::new(intercom::Intercom),
            Arc::new(calendly::Calendly),
            Arc::new(typeform::Typeform),
            Arc::new(gitlab::GitLab),
        ]
    });
    &ALL
}

/// The provider of this kind. `generic` are the values of a source of kind `generic`, and `None` for all others.
pub fn find(kind: &str, generic: Option<&serde_json::Value>) -> Result<SharedProvider, FindError> {
    if kind == generic::KIND {
        let nothing = serde_json::Value::Object(serde_json::Map::new());
        let provider = generic::Generic::new(generic.unwrap_or(&nothing))
            .map_err(|reason| FindError::InvalidGeneric { reason })?;
        return Ok(Arc::new(provider));
    }
    let provider = all().iter().find(|provider| provider.info().kind == kind);
    provider.cloned().ok_or_else(|| UnknownProvider { kind: kind.to_owned(), known: known() }.into())
}

/// The names of all providers, for messages.
fn known() -> String {
    let kinds = all().iter().map(|provider| provider.info().kind);
    kinds.chain([generic::KIND]).collect::<Vec<_>>().join(", ")
}

/// Why there is no such provider. `Display` is shown to users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// No provider has this name.
    #[error(transparent)]
    Unknown(#[from] UnknownProvider),
    /// The values of a generic source are wrong.
    #[error("the generic source is not described rightly: {reason}")]
    InvalidGeneric {
        /// Which value is wrong, and how.
        reason: String,
    },
}
