//! Stripe's webhook endpoints: `/v1/webhook_endpoints`. <https://docs.stripe.com/api/webhook_endpoints>
//!
//! - Requests are form-encoded, answers JSON; the key is a bearer token. Every POST carries an `Idempotency-Key`: Stripe
//!   stores the first answer under it, status 500 included, and repeats it for at least 24 hours
//!   (<https://docs.stripe.com/api/idempotent_requests>).
//! - `Stripe-Version` is pinned, so that the shape of these few objects is the one that is read here. `api_version` of the
//!   endpoint is left away: events then have the account's own version, which is what people see in the Dashboard.
//! - `enabled_events` knows exact names and `*` alone; patterns such as `customer.*` are expanded. Thin events (`v1.…`,
//!   `v2.…`) are sent to event destinations of API v2, which are something else.
//! - An account has at most 16 endpoints in each mode.
//! - Whose an endpoint is stands in its `metadata`.

use async_trait::async_trait;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::http::{Answer, Caller, Clients, Repeat};
use super::retry::Patience;
use super::{
    Account, ApiError, ApiErrorKind, Created, Endpoint, EndpointApi, EndpointChange, EndpointStatus, Mode,
    NewEndpoint, Selection, expand, in_order,
};
use crate::event::TypePatterns;

pub(super) const KIND: &str = "stripe";

/// The version of the API whose shapes are read here. Any version since 2018 describes endpoints like this.
const VERSION: &str = "2024-06-20";
const ENDPOINTS: &str = "/v1/webhook_endpoints";
/// Where the id of the job stands in an endpoint's metadata.
const JOB: &str = "hookline_job";
/// Where the intent stands that made the endpoint.
const INTENT: &str = "hookline_intent";
/// The largest page.
const PAGE: usize = 100;
/// How often making an endpoint is begun anew after Stripe stored a failure under its idempotency key.
const ROUNDS: usize = 3;
/// All types of event but those that have to be named.
const ALL: &str = "*";

#[derive(Debug)]
pub(super) struct Stripe {
    caller: Caller,
}

#[derive(Deserialize)]
struct WebhookEndpoint {
    id: String,
    url: String,
    #[serde(default)]
    enabled_events: Vec<String>,
    status: String,
    livemode: Option<bool>,
    #[serde(default)]
    metadata: serde_json::Map<String, serde_json::Value>,
    secret: Option<SecretString>,
}

impl From<&WebhookEndpoint> for Endpoint {
    fn from(raw: &WebhookEndpoint) -> Self {
        Self {
            id: raw.id.clone(),
            url: raw.url.clone(),
            types: in_order(raw.enabled_events.iter().cloned()),
            status: if raw.status == "enabled" { EndpointStatus::Enabled } else { EndpointStatus::Disabled },
            mode: raw.livemode.map(|live| if live { Mode::Live } else { Mode::Test }),
            intent: raw.metadata.get(INTENT).and_then(|intent| intent.as_str()).map(str::to_owned),
            created_at: None,
        }
    }
}

/// Parameters of a form, in order.
type Form = Vec<(String, String)>;

impl Stripe {
    pub(super) fn new(
        clients: &Clients,
        base: &Url,
        key: SecretString,
        patience: Patience,
    ) -> Result<Self, ApiError> {
        Ok(Self { caller: Caller::new(clients, base, "Stripe", key, patience)? })
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.caller
            .client()
            .request(method, self.caller.url(path))
            .bearer_auth(self.caller.key().expose_secret())
            .header(HeaderName::from_static("stripe-version"), HeaderValue::from_static(VERSION))
    }

    async fn get_json(&self, path: &str) -> Result<Answer, ApiError> {
        self.caller.call(Repeat::Always, || self.request(reqwest::Method::GET, path)).await
    }

    async fn post(&self, path: &str, form: &Form, idempotency_key: &str) -> Result<Answer, ApiError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.caller
            .call(Repeat::Always, || {
                self.request(reqwest::Method::POST, path)
                    .header("idempotency-key", idempotency_key)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(body.clone())
            })
            .await
    }

    /// `{"error": {"type", "code", "message", "param", "request_log_url"}}`: <https://docs.stripe.com/api/errors>
    fn error(&self, answer: &Answer) -> ApiError {
        let body = answer.json();
        let error = &body["error"];
        let message = error["message"].as_str().unwrap_or_default();
        // There is no code for it. "You have reached the maximum of 16 test webhook endpoints."
        if answer.status == 400 && message.contains("maximum of") && message.contains("webhook endpoint") {
            return ApiError::new(ApiErrorKind::EndpointLimit, self.caller.shown(message));
        }
        let said = match error["param"].as_str() {
            Some(param) => format!("{message} (`{param}`)"),
            None => message.to_owned(),
        };
        self.caller.refused(answer.status, &said)
    }

    fn read(&self, answer: &Answer) -> Result<WebhookEndpoint, ApiError> {
        if !answer.is_success() {
            return Err(self.error(answer));
        }
        self.caller.parse(answer, "webhook endpoint")
    }

    /// Removes what earlier tries of this intent left behind, but for `kept`.
    async fn remove_left_behind(&self, intent: &str, kept: Option<&str>) -> Result<(), ApiError> {
        for endpoint in self.list().await? {
            if endpoint.intent.as_deref() == Some(intent) && kept != Some(&endpoint.id) {
                self.delete(&endpoint.id).await?;
            }
        }
        Ok(())
    }

    /// `maybe_made`: whether an endpoint may be there, whatever comes back.
    async fn create_in_rounds(
        &self,
        new: NewEndpoint<'_>,
        maybe_made: &mut bool,
    ) -> Result<Created, ApiError> {
        let mut form: Form = vec![
            ("url".to_owned(), new.url.to_owned()),
            ("description".to_owned(), "Made by Hookline".to_owned()),
            (format!("metadata[{JOB}]"), new.job.to_owned()),
            (format!("metadata[{INTENT}]"), new.intent.to_owned()),
        ];
        form.extend(new.types.iter().map(|name| ("enabled_events[]".to_owned(), name.clone())));
        let mut key = new.intent.to_owned();
        let mut rounds = 0;
        loop {
            rounds += 1;
            let answer = self.post(ENDPOINTS, &form, &key).await?;
            *maybe_made |= answer.maybe_effect || answer.is_success();
            // Stored are refusals too: what was in the way then may be gone.
            let failed_for_good = answer.status >= 500 || (!answer.is_success() && answer.is_replayed());
            if !failed_for_good || rounds >= ROUNDS {
                let raw = self.read(&answer)?;
                // An answer of long ago can tell of an endpoint that is there no more.
                let is_there = !(new.again && answer.is_replayed()) || self.get(&raw.id).await?.is_some();
                if is_there {
                    let endpoint = Endpoint::from(&raw);
                    let secret =
                        raw.secret.ok_or_else(|| self.caller.unreadable("there is no secret in it"))?;
                    if new.again || rounds > 1 {
                        // The secret is told this once: the endpoint is made, whatever else is left.
                        if let Err(error) = self.remove_left_behind(new.intent, Some(&raw.id)).await {
                            tracing::warn!(
                                job = new.job, %error,
                                "what earlier tries may have left behind at Stripe could not be looked for"
                            );
                        }
                    }
                    return Ok(Created { endpoint, secret });
                }
                if rounds >= ROUNDS {
                    return Err(self.caller.unreadable("the endpoint is not there"));
                }
            }
            // Under this key Stripe answers the same for ever. The secret of what may have been made is lost, so that goes
            // first.
            self.remove_left_behind(new.intent, None).await?;
            key = uuid::Uuid::new_v4().to_string();
        }
    }
}

#[async_trait]
impl EndpointApi for Stripe {
    async fn check_key(&self) -> Result<Account, ApiError> {
        let key = self.caller.key().expose_secret();
        let mode = mode_of_key(key);
        let restricted = key.starts_with("rk_");
        let page = self.get_json(&format!("{ENDPOINTS}?limit=1")).await?;
        if !page.is_success() {
            return Err(self.error(&page));
        }
        // A restricted key may see the account only with a permission of its own, which is not asked for.
        let account = self.get_json("/v1/account").await?;
        let (mut id, mut name) = (None, None);
        if account.is_success() {
            let account = account.json();
            let text = |value: &serde_json::Value| {
                value.as_str().filter(|text| !text.is_empty()).map(|text| self.caller.shown(text))
            };
            id = text(&account["id"]);
            name = text(&account["settings"]["dashboard"]["display_name"])
                .or_else(|| text(&account["business_profile"]["name"]))
                .or_else(|| text(&account["email"]));
        }
        Ok(Account { id, name, mode, restricted })
    }

    async fn others_at(&self, _url: &str) -> Result<Vec<String>, ApiError> {
        Ok(Vec::new())
    }

    fn mode(&self) -> Option<Mode> {
        mode_of_key(self.caller.key().expose_secret())
    }

    async fn create(&self, new: NewEndpoint<'_>) -> Result<Created, ApiError> {
        let mut maybe_made = false;
        let created = self.create_in_rounds(new, &mut maybe_made).await;
        created.map_err(|error| error.after_effect(maybe_made))
    }

    async fn abandon(&self, new: NewEndpoint<'_>) -> Result<(), ApiError> {
        self.remove_left_behind(new.intent, None).await
    }

    async fn get(&self, id: &str) -> Result<Option<Endpoint>, ApiError> {
        let answer = self.get_json(&path_of(id)).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        self.read(&answer).map(|raw| Some(Endpoint::from(&raw)))
    }

    async fn list(&self) -> Result<Vec<Endpoint>, ApiError> {
        let page = |read: &[Endpoint]| {
            let after = read.last().map(|last| format!("&starting_after={}", encoded(&last.id)));
            let path = format!("{ENDPOINTS}?limit={PAGE}{}", after.unwrap_or_default());
            self.request(reqwest::Method::GET, &path)
        };
        let what = "list of webhook endpoints";
        self.caller.list::<WebhookEndpoint>(what, page, |answer| self.error(answer)).await
    }

    async fn update(&self, id: &str, change: EndpointChange<'_>) -> Result<Endpoint, ApiError> {
        let mut form: Form = Vec::new();
        if let Some(url) = change.url {
            form.push(("url".to_owned(), url.to_owned()));
        }
        for name in change.types.into_iter().flatten() {
            form.push(("enabled_events[]".to_owned(), name.clone()));
        }
        if change.enable {
            form.push(("disabled".to_owned(), "false".to_owned()));
        }
        let key = uuid::Uuid::new_v4().to_string();
        let raw = self.read(&self.post(&path_of(id), &form, &key).await?)?;
        Ok(Endpoint::from(&raw))
    }

    async fn delete(&self, id: &str) -> Result<(), ApiError> {
        let path = path_of(id);
        let answer =
            self.caller.call(Repeat::Always, || self.request(reqwest::Method::DELETE, &path)).await?;
        if answer.is_success() || answer.status == 404 { Ok(()) } else { Err(self.error(&answer)) }
    }
}

fn path_of(id: &str) -> String {
    format!("{ENDPOINTS}/{}", encoded(id))
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, super::ID).to_string()
}

/// `sk_live_…`, `rk_test_…`: <https://docs.stripe.com/keys>
fn mode_of_key(key: &str) -> Option<Mode> {
    let (_, rest) = key.split_once('_')?;
    if rest.starts_with("live_") {
        Some(Mode::Live)
    } else if rest.starts_with("test_") {
        Some(Mode::Test)
    } else {
        None
    }
}

fn is_thin(name: &str) -> bool {
    name.starts_with("v1.") || name.starts_with("v2.")
}

/// See [`super::Apis::select`].
pub(super) fn select(patterns: &TypePatterns, known: &[&str]) -> Selection {
    if patterns.as_slice().is_empty() || patterns.as_slice().iter().any(|pattern| pattern == ALL) {
        return Selection { types: vec![ALL.to_owned()], unselectable: Vec::new() };
    }
    let (thin, snapshots): (Vec<&str>, Vec<&str>) = known.iter().partition(|name| is_thin(name));
    expand(patterns, &snapshots, |only, pattern| {
        if is_thin(pattern) || thin.iter().any(|name| only.matches(name)) {
            "thin events are sent to event destinations, which Stripe's Dashboard sets up, and not to webhook endpoints"
                .to_owned()
        } else {
            "Stripe is not known to send such events; check the spelling, or select all types".to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 5] =
        ["customer.created", "customer.deleted", "invoice.paid", "v1.customer.created", "v2.core.event"];

    fn selected(patterns: &[&str]) -> Selection {
        select(&TypePatterns::new(patterns), &KNOWN)
    }

    #[test]
    fn patterns_become_the_names_that_stripe_knows() {
        assert_eq!(
            selected(&["customer.*", "customer.created"]).types,
            ["customer.created", "customer.deleted"]
        );
        assert_eq!(selected(&["*.deleted", "invoice.paid"]).types, ["customer.deleted", "invoice.paid"]);
        assert_eq!(selected(&[]).types, ["*"]);
        assert_eq!(selected(&["invoice.paid", "*"]).types, ["*"]);
    }

    #[test]
    fn what_cannot_be_selected_is_said_with_its_reason() {
        let selection = selected(&["customer.*", "custmer.created", "v1.*", "v2.core.new"]);
        assert_eq!(selection.types, ["customer.created", "customer.deleted"]);
        let [misspelt, thin, new] = &selection.unselectable[..] else { panic!("{selection:?}") };
        assert_eq!(misspelt.pattern, "custmer.created");
        assert!(misspelt.reason.contains("not known"), "{misspelt:?}");
        assert!(thin.reason.contains("event destinations") && new.reason.contains("event destinations"));
    }

    #[test]
    fn a_key_tells_its_mode() {
        assert_eq!(mode_of_key("sk_live_1"), Some(Mode::Live));
        assert_eq!(mode_of_key("rk_test_1"), Some(Mode::Test));
        assert_eq!(mode_of_key("sk_1"), None);
        assert_eq!(mode_of_key("nothing"), None);
    }
}
