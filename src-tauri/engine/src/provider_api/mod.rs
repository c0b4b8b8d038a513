//! Providers' own APIs, as far as webhook endpoints go: made, looked at, changed and removed there, so that nobody has to
//! copy URLs and secrets by hand.
//!
//! One file each, all of one shape: a type that implements [`EndpointApi`]. Plug-ins never import each other; what both
//! need stands beside them: `http` (one call with its repeats), `error` (why a call failed), [`retry`].
//!
//! Invariants:
//! - The key travels in the `Authorization` header and nowhere else: it is in no error, no log and no `Debug` form, and is
//!   cut out of what a provider answers.
//! - One intent to make an endpoint leaves at most one endpoint behind, however often it was cut short.
//! - Every call ends within a bounded number of tries and a bounded time ([`retry::Patience`]).
//!
//! Deliberately not here: which endpoint belongs to which job, and when it is changed ([`crate::endpoints`]).

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::event::{Timestamp, TypePatterns};

mod close;
mod error;
mod http;
pub mod retry;
mod stripe;

pub use error::{ApiError, ApiErrorKind};
use retry::Patience;

/// Where the providers' APIs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiBases {
    /// Stripe's, without `/v1`.
    pub stripe: Url,
    /// Close's, without `/api/v1`.
    pub close: Url,
}

impl Default for ApiBases {
    #[expect(clippy::expect_used, reason = "constants")]
    fn default() -> Self {
        Self {
            stripe: Url::parse("https://api.stripe.com").expect("is a URL"),
            close: Url::parse("https://api.close.com").expect("is a URL"),
        }
    }
}

/// Opens the APIs of providers.
#[derive(Debug, Clone, Default)]
pub struct Apis {
    /// Where they are.
    pub bases: ApiBases,
    /// How long they are waited for.
    pub patience: Patience,
    /// One client for each API, made at its first use: connections are kept, and certificates read once.
    clients: http::Clients,
}

impl Apis {
    /// At these addresses, with this patience.
    pub fn new(bases: ApiBases, patience: Patience) -> Self {
        Self { bases, patience, clients: http::Clients::default() }
    }

    /// Whether the provider of this kind has an API for webhook endpoints that is known here.
    pub fn has(kind: &str) -> bool {
        matches!(kind, stripe::KIND | close::KIND)
    }

    /// What the provider of this kind can be told to send, of what these patterns want; `None` where it has no such API.
    ///
    /// `known` are the types of event that the provider is known to send.
    pub fn select(kind: &str, patterns: &TypePatterns, known: &[&str]) -> Option<Selection> {
        match kind {
            stripe::KIND => Some(stripe::select(patterns, known)),
            close::KIND => Some(close::select(patterns, known)),
            _ => None,
        }
    }

    /// The provider's API with this key; `None` where it has none. Nothing is sent yet.
    pub fn open(&self, kind: &str, key: SecretString) -> Result<Option<Arc<dyn EndpointApi>>, ApiError> {
        let api: Arc<dyn EndpointApi> = match kind {
            stripe::KIND => {
                Arc::new(stripe::Stripe::new(&self.clients, &self.bases.stripe, key, self.patience)?)
            }
            close::KIND => Arc::new(close::Close::new(&self.clients, &self.bases.close, key, self.patience)?),
            _ => return Ok(None),
        };
        Ok(Some(api))
    }
}

/// Whether a key, an endpoint or an event belongs to real business or to a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Real business.
    Live,
    /// Test mode or a sandbox.
    Test,
}

/// Whose key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's id, where the key may see it.
    pub id: Option<String>,
    /// The account's name, where the key may see it.
    pub name: Option<String>,
    /// Live or test, where the provider tells them apart.
    pub mode: Option<Mode>,
    /// Whether the key is one with chosen permissions only.
    pub restricted: bool,
}

/// What a provider is told to send.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// The types as the provider names them, in order, each once; `*` stands for all where the provider knows that.
    pub types: Vec<String>,
    /// What cannot be selected there.
    pub unselectable: Vec<Unselectable>,
}

/// A pattern that selects nothing at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Unselectable {
    /// The pattern.
    pub pattern: String,
    /// Why.
    pub reason: String,
}

/// How an endpoint stands at its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EndpointStatus {
    /// Events are sent to it.
    Enabled,
    /// Somebody, or the provider after many failures, has turned it off.
    Disabled,
    /// The provider has stopped sending after days of failure, and has dropped what waited (Close).
    Paused,
}

/// An endpoint as its provider describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The provider's id of it.
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// The types that are sent, in order; `*` for all.
    pub types: Vec<String>,
    /// How it stands.
    pub status: EndpointStatus,
    /// Live or test, where the provider tells them apart.
    pub mode: Option<Mode>,
    /// The intent that made it ([`NewEndpoint::intent`]), where the provider keeps such a mark.
    pub intent: Option<String>,
    /// When it was made, where there is no such mark.
    pub created_at: Option<Timestamp>,
}

/// An endpoint to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewEndpoint<'a> {
    /// Where events are to be sent.
    pub url: &'a str,
    /// The types ([`Selection::types`]).
    pub types: &'a [String],
    /// The job that it is made for.
    pub job: &'a str,
    /// Tells this intent from all others; a repeat after a crash names the same.
    pub intent: &'a str,
    /// Whether it may have been tried before.
    pub again: bool,
    /// When it was intended.
    pub intended_at: Timestamp,
    /// When the last try before this one began.
    pub tried_at: Timestamp,
    /// Endpoints that were at this URL before the first try ([`EndpointApi::others_at`]): somebody else's.
    pub others: &'a [String],
}

/// An endpoint that was made.
#[derive(Debug)]
pub struct Created {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its signing secret, which is told this once.
    pub secret: SecretString,
}

/// What of an endpoint is to be changed; what is `None` stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct EndpointChange<'a> {
    /// Where events are to be sent.
    pub url: Option<&'a str>,
    /// The types.
    pub types: Option<&'a [String]>,
    /// Whether events are to be sent again.
    pub enable: bool,
}

/// The webhook endpoints of one account at a provider.
#[async_trait]
pub trait EndpointApi: Send + Sync + Debug {
    /// Whose key it is, and that it may look at endpoints.
    async fn check_key(&self) -> Result<Account, ApiError>;

    /// The mode that the key is for, where it tells: endpoints of the other one are not there for it.
    fn mode(&self) -> Option<Mode>;

    /// The endpoints at this URL, for providers that cannot tell by a mark which of them an intent made; none for others.
    async fn others_at(&self, url: &str) -> Result<Vec<String>, ApiError>;

    /// Makes an endpoint. Repeats itself where that is safe; what a cut try left behind is found and used or removed. Once
    /// an endpoint may have been made, every error is [`ApiErrorKind::Unsure`], whatever met the calls after it.
    async fn create(&self, new: NewEndpoint<'_>) -> Result<Created, ApiError>;

    /// Removes what tries of this intent may have left behind.
    async fn abandon(&self, new: NewEndpoint<'_>) -> Result<(), ApiError>;

    /// An endpoint; `None` when there is none with this id.
    async fn get(&self, id: &str) -> Result<Option<Endpoint>, ApiError>;

    /// All endpoints of the account.
    async fn list(&self) -> Result<Vec<Endpoint>, ApiError>;

    /// Changes an endpoint and tells how it is now.
    async fn update(&self, id: &str, change: EndpointChange<'_>) -> Result<Endpoint, ApiError>;

    /// Removes an endpoint; one that is gone already is no error.
    async fn delete(&self, id: &str) -> Result<(), ApiError>;
}

/// What is escaped in an id that stands in a path.
const ID: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'_').remove(b'-');

/// Types in order, each once: two lists of them can then be compared.
fn in_order(types: impl IntoIterator<Item = String>) -> Vec<String> {
    let types: std::collections::BTreeSet<String> = types.into_iter().collect();
    types.into_iter().collect()
}

/// What the patterns want of the types that can be selected, and why the others select nothing.
fn expand(
    patterns: &TypePatterns,
    selectable: &[&str],
    why_not: impl Fn(&TypePatterns, &str) -> String,
) -> Selection {
    let mut types = Vec::new();
    let mut unselectable = Vec::new();
    for pattern in patterns.as_slice() {
        let only = TypePatterns::new([pattern]);
        let before = types.len();
        types.extend(selectable.iter().filter(|known| only.matches(known)).map(|known| (*known).to_owned()));
        if types.len() == before {
            unselectable.push(Unselectable { reason: why_not(&only, pattern), pattern: pattern.clone() });
        }
    }
    Selection { types: in_order(types), unselectable }
}
