//! One call of a provider's API with its repeats.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::RngExt as _;
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use super::error::shown;
use super::retry::Patience;
use super::{ApiError, ApiErrorKind, Endpoint};
use crate::event::{is_loopback, with_causes};

/// The most of an answer that is read, in bytes: a full page of endpoints that list every type is smaller.
const MAX_ANSWER: usize = 8 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// No account has so many pages of endpoints: a list beyond them has no end.
const MAX_PAGES: usize = 50;

/// A page of a list, as Stripe and Close give it.
#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    #[serde(default)]
    has_more: bool,
}

/// A way to one provider's API.
#[derive(Debug)]
pub(super) struct Caller {
    client: Client,
    base: Url,
    /// The provider's name for people.
    label: &'static str,
    key: SecretString,
    patience: Patience,
}

/// One client for each API.
#[derive(Debug, Clone, Default)]
pub(super) struct Clients {
    by_label: Arc<Mutex<HashMap<&'static str, Client>>>,
}

impl Clients {
    fn client(&self, base: &Url, label: &'static str, timeout: Duration) -> Result<Client, ApiError> {
        let mut by_label = self.by_label.lock();
        if let Some(client) = by_label.get(label) {
            return Ok(client.clone());
        }
        let mut builder = Client::builder()
            .user_agent(concat!("Hookline/", env!("CARGO_PKG_VERSION")))
            // A key is not taken to another place.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout);
        if is_loopback(base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            ApiError::new(ApiErrorKind::Unreachable, format!("no HTTP client: {}", with_causes(&error)))
        })?;
        by_label.insert(label, client.clone());
        Ok(client)
    }
}

/// When a call is repeated by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// After every failure that can pass: doing it twice does no harm.
    Always,
    /// Only when it certainly had no effect.
    WithoutEffect,
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Whether a try of the call before this one may have taken effect, or this one failed there.
    pub(super) maybe_effect: bool,
}

impl Answer {
    /// The body as JSON; `null` where it is none.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether this is the stored answer of an earlier request with the same key (Stripe).
    /// <https://docs.stripe.com/api/idempotent_requests>
    pub(super) fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// How long the provider asks to wait.
    fn asked_pause(&self) -> Option<Duration> {
        let seconds = self
            .header("retry-after")
            .and_then(|text| text.trim().parse::<f64>().ok())
            // Close: `RateLimit: limit=100, remaining=0, reset=5`.
            // <https://developer.close.com/api/overview/rate-limits>
            .or_else(|| {
                let limits = self.header("ratelimit")?;
                let reset = limits.split(',').find_map(|part| part.trim().strip_prefix("reset="))?;
                reset.trim().parse().ok()
            })?;
        (0.0..1e9).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
    }

    /// Whether the same request can be answered otherwise later.
    fn may_pass(&self) -> bool {
        match self.header("stripe-should-retry") {
            // Stripe knows better than the status. <https://docs.stripe.com/error-low-level>
            Some("true") => true,
            Some("false") => false,
            // 409 is another request under way with the same idempotency key.
            _ => matches!(self.status, 409 | 429) || (self.status >= 500 && !self.is_replayed()),
        }
    }
}

/// Why one try brought no answer.
struct NoAnswer {
    /// Whether nothing was sent.
    unsent: bool,
    message: String,
}

impl Caller {
    pub(super) fn new(
        clients: &Clients,
        base: &Url,
        label: &'static str,
        key: SecretString,
        patience: Patience,
    ) -> Result<Self, ApiError> {
        let client = clients.client(base, label, patience.one)?;
        Ok(Self { client, base: base.clone(), label, key, patience })
    }

    pub(super) fn key(&self) -> &SecretString {
        &self.key
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The address of a path of the API.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base.as_str().trim_end_matches('/'))
    }

    /// What the provider said, fit to be shown.
    pub(super) fn shown(&self, text: &str) -> String {
        shown(text, &self.key)
    }

    /// Sends what `make` makes until there is an answer that is not to be repeated, or no patience is left. The answer may
    /// be an error of the API; 429 and 5xx come back only when they stay.
    pub(super) async fn call(
        &self,
        repeat: Repeat,
        make: impl Fn() -> RequestBuilder + Send + Sync,
    ) -> Result<Answer, ApiError> {
        let started = Instant::now();
        let mut done = 0;
        let mut maybe_effect = false;
        loop {
            let tried = self.once(make()).await;
            done += 1;
            maybe_effect |= match &tried {
                Ok(answer) => answer.status >= 500,
                Err(failed) => !failed.unsent,
            };
            let (again, asked) = match &tried {
                Ok(answer) => {
                    let harmless = repeat == Repeat::Always || answer.status == 429;
                    (answer.may_pass() && harmless, answer.asked_pause())
                }
                Err(failed) => (failed.unsent || repeat == Repeat::Always, None),
            };
            let chance = rand::rng().random::<f64>();
            let pause = again.then(|| self.patience.pause(done, started.elapsed(), asked, chance)).flatten();
            let Some(pause) = pause else {
                return match tried {
                    Ok(answer) => Ok(Answer { maybe_effect, ..answer }),
                    Err(failed) => Err(self.no_answer(&failed.message, maybe_effect)),
                };
            };
            tracing::debug!(
                provider = self.label,
                tries = done,
                pause_ms = pause.as_millis() as u64,
                "a call of the provider's API is repeated"
            );
            tokio::time::sleep(pause).await;
        }
    }

    async fn once(&self, request: RequestBuilder) -> Result<Answer, NoAnswer> {
        let no_answer = |error: reqwest::Error| NoAnswer {
            unsent: error.is_connect() || error.is_builder(),
            message: with_causes(&error.without_url()),
        };
        let mut response = request.send().await.map_err(no_answer)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err(NoAnswer { unsent: false, message: "its answer has no end".to_owned() });
            }
        }
        Ok(Answer { status, headers, body, maybe_effect: false })
    }

    /// `maybe_effect`: whether any of the tries may have taken effect.
    fn no_answer(&self, message: &str, maybe_effect: bool) -> ApiError {
        let message = self.shown(message);
        let (kind, what) = if maybe_effect {
            (ApiErrorKind::Unsure, "did not answer")
        } else {
            (ApiErrorKind::Unreachable, "cannot be reached")
        };
        ApiError::new(kind, format!("{}'s API {what}: {message}", self.label))
    }

    /// The error of an answer that is none of success, by its status; `said` is what the provider says of it.
    pub(super) fn refused(&self, status: u16, said: &str) -> ApiError {
        let label = self.label;
        let said = self.shown(said);
        let said = if said.is_empty() { format!("status {status}") } else { said };
        let (kind, message) = match status {
            401 => (ApiErrorKind::KeyRefused, format!("{label} does not accept the API key: {said}")),
            402 => (ApiErrorKind::PlanLimit, format!("{label}'s plan does not allow it: {said}")),
            403 => (ApiErrorKind::Forbidden, format!("the API key may not do this at {label}: {said}")),
            404 => (ApiErrorKind::NotFound, format!("{label} knows no such endpoint: {said}")),
            429 => (ApiErrorKind::RateLimited, format!("{label} wants fewer requests for a while: {said}")),
            409 | 500.. => (ApiErrorKind::Unsure, format!("{label}'s API failed: {said}")),
            300..=399 => {
                (ApiErrorKind::Unreadable, format!("{label}'s API answers with a redirect ({status})"))
            }
            _ => (ApiErrorKind::Invalid, format!("{label} refuses: {said}")),
        };
        ApiError::new(kind, message)
    }

    /// What the answer holds, which is to be a `what`. The parser's words could repeat a part of the answer, which may hold a
    /// secret.
    pub(super) fn parse<T: DeserializeOwned>(&self, answer: &Answer, what: &str) -> Result<T, ApiError> {
        serde_json::from_slice(&answer.body).map_err(|_| self.unreadable(&format!("it is no {what}")))
    }

    /// Reads a list to its end. `page` requests what comes behind the endpoints that were read; `refused` tells why an answer
    /// is none of success.
    pub(super) async fn list<T>(
        &self,
        what: &str,
        page: impl Fn(&[Endpoint]) -> RequestBuilder + Send + Sync,
        refused: impl Fn(&Answer) -> ApiError + Send + Sync,
    ) -> Result<Vec<Endpoint>, ApiError>
    where
        T: DeserializeOwned + Send,
        Endpoint: for<'a> From<&'a T>,
    {
        let mut endpoints: Vec<Endpoint> = Vec::new();
        for _page in 0..MAX_PAGES {
            let answer = self.call(Repeat::Always, || page(&endpoints)).await?;
            if !answer.is_success() {
                return Err(refused(&answer));
            }
            let page: Page<T> = self.parse(&answer, what)?;
            endpoints.extend(page.data.iter().map(Endpoint::from));
            if !page.has_more || page.data.is_empty() {
                return Ok(endpoints);
            }
        }
        Err(self.unreadable("the list has no end"))
    }

    /// The answer is not what the API's description says.
    pub(super) fn unreadable(&self, what: &str) -> ApiError {
        ApiError::new(
            ApiErrorKind::Unreadable,
            format!("{}'s API answered something that cannot be read: {what}", self.label),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (name.parse().expect("a name"), reqwest::header::HeaderValue::from_static(value))
            })
            .collect();
        Answer { status, headers, body: Vec::new(), maybe_effect: false }
    }

    #[test]
    fn the_pause_that_is_asked_for_is_read_from_either_header() {
        let seconds = |headers: &[_]| answer(429, headers).asked_pause().map(|pause| pause.as_secs_f64());
        assert_eq!(seconds(&[("retry-after", "7")]), Some(7.0));
        assert_eq!(seconds(&[("ratelimit", "limit=100, remaining=0, reset=2.5")]), Some(2.5));
        assert_eq!(seconds(&[("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")]), None);
        assert_eq!(seconds(&[("retry-after", "-1")]), None);
        assert_eq!(seconds(&[]), None);
    }

    #[test]
    fn an_answer_that_was_stored_does_not_change_by_asking_again() {
        assert!(answer(500, &[]).may_pass());
        assert!(!answer(500, &[("idempotent-replayed", "true")]).may_pass());
        assert!(answer(429, &[]).may_pass());
        assert!(!answer(429, &[("stripe-should-retry", "false")]).may_pass());
        assert!(answer(400, &[("stripe-should-retry", "true")]).may_pass());
        assert!(!answer(400, &[]).may_pass());
    }

    #[test]
    fn an_error_and_a_debug_form_hold_no_key() {
        let base = Url::parse("http://127.0.0.1:9").expect("a URL");
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = SecretString::from("sk_test_hidden");
        let caller =
            Caller::new(&Clients::default(), &base, "Stripe", key, Patience::default()).expect("a client");
        assert!(!format!("{caller:?}").contains("hidden"));
        let error = caller.refused(401, "Invalid API Key provided: sk_test_hidden");
        assert_eq!(error.kind, ApiErrorKind::KeyRefused);
        assert!(!error.message.contains("hidden") && error.message.contains("[the API key]"), "{error}");
    }
}
