//! Close's webhook subscriptions: `/api/v1/webhook/`. <https://developer.close.com/api/resources/webhooks>
//!
//! - The key is the user name of HTTP basic authentication, without a password. Requests and answers are JSON; `PUT` changes
//!   only what it names.
//! - `events` lists pairs of `object_type` and `action`; there is no way to say "all", so all known ones are listed.
//! - `signature_key` is told when a subscription is made. `status` is `active`, or `paused` after days of failure: what
//!   waited is lost then, and the subscription stays paused until somebody sets it to `active`.
//! - Lists come in pages (`_skip`, `_limit`, `has_more`). 429 carries `RateLimit` and `retry-after`.
//! - There is no idempotency key. A subscription that a cut request left behind is found by its URL, which holds the job's
//!   unguessable id, by its events, and by the time of its making; its key is lost, so it is removed and made anew. What was
//!   at the URL before, or came to be there when nothing was tried, is somebody else's and stays.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::http::{Answer, Caller, Clients, Repeat};
use super::retry::Patience;
use super::{
    Account, ApiError, ApiErrorKind, Created, Endpoint, EndpointApi, EndpointChange, EndpointStatus, Mode,
    NewEndpoint, Selection, expand, in_order,
};
use crate::event::{Timestamp, TypePatterns};

pub(super) const KIND: &str = "close";

const WEBHOOKS: &str = "/api/v1/webhook/";
/// How far this machine's clock and Close's may be apart.
const CLOCKS_APART: Duration = Duration::from_mins(5);
/// A page of this length is allowed everywhere in Close's API.
const PAGE: usize = 100;

#[derive(Debug)]
pub(super) struct Close {
    caller: Caller,
    patience: Patience,
}

#[derive(Deserialize)]
struct Webhook {
    id: String,
    url: String,
    #[serde(default)]
    events: Vec<WebhookEvent>,
    #[serde(default)]
    status: String,
    date_created: Option<String>,
    signature_key: Option<SecretString>,
}

#[derive(Deserialize)]
struct WebhookEvent {
    object_type: String,
    action: String,
}

impl From<&Webhook> for Endpoint {
    fn from(raw: &Webhook) -> Self {
        Self {
            id: raw.id.clone(),
            url: raw.url.clone(),
            types: in_order(raw.events.iter().map(|event| format!("{}.{}", event.object_type, event.action))),
            status: if raw.status == "paused" { EndpointStatus::Paused } else { EndpointStatus::Enabled },
            mode: None,
            intent: None,
            created_at: raw.date_created.as_deref().and_then(Timestamp::parse),
        }
    }
}

/// `activity.note.created` → `{"object_type": "activity.note", "action": "created"}`.
fn events(types: &[String]) -> Value {
    types
        .iter()
        .filter_map(|name| name.rsplit_once('.'))
        .map(|(object_type, action)| json!({"object_type": object_type, "action": action}))
        .collect()
}

impl Close {
    pub(super) fn new(
        clients: &Clients,
        base: &Url,
        key: SecretString,
        patience: Patience,
    ) -> Result<Self, ApiError> {
        Ok(Self { caller: Caller::new(clients, base, "Close", key, patience)?, patience })
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let key = self.caller.key().expose_secret();
        self.caller.client().request(method, self.caller.url(path)).basic_auth(key, Some(""))
    }

    async fn get_json(&self, path: &str) -> Result<Answer, ApiError> {
        self.caller.call(Repeat::Always, || self.request(reqwest::Method::GET, path)).await
    }

    /// `{"error": "…"}`, or `{"errors": ["…"], "field-errors": {"url": "…"}}`.
    fn error(&self, answer: &Answer) -> ApiError {
        let body = answer.json();
        let mut said: Vec<String> = Vec::new();
        match &body["error"] {
            Value::String(text) => said.push(text.clone()),
            Value::Object(error) => {
                said.extend(error.get("message").and_then(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
        said.extend(
            body["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
        );
        if let Some(fields) = body["field-errors"].as_object() {
            said.extend(fields.iter().map(|(field, why)| match why {
                Value::String(why) => format!("{field}: {why}"),
                why => format!("{field}: {why}"),
            }));
        }
        self.caller.refused(answer.status, &said.join("; "))
    }

    fn read(&self, answer: &Answer) -> Result<Webhook, ApiError> {
        if !answer.is_success() {
            return Err(self.error(answer));
        }
        self.caller.parse(answer, "webhook subscription")
    }

    /// Removes what a cut try of this intent left behind, which was made before `until`, where that is known.
    async fn remove_left_behind(
        &self,
        new: &NewEndpoint<'_>,
        until: Option<Timestamp>,
    ) -> Result<(), ApiError> {
        let since = new.intended_at.plus_millis(-(CLOCKS_APART.as_millis() as i64));
        let types = in_order(new.types.iter().cloned());
        for endpoint in self.list().await? {
            let is_ours =
                endpoint.url == new.url && endpoint.types == types && !new.others.contains(&endpoint.id);
            if !is_ours {
                continue;
            }
            // One that tells no time is taken for what it looks like.
            let fits = |at: Timestamp| at >= since && until.is_none_or(|until| at <= until);
            if endpoint.created_at.is_none_or(fits) {
                self.delete(&endpoint.id).await?;
            } else {
                tracing::warn!(
                    job = new.job,
                    subscription = endpoint.id,
                    "a subscription at Close sends the same to the same URL, but was made when Hookline made none: it stays"
                );
            }
        }
        Ok(())
    }

    /// Until when the tries before this one can have made something.
    fn end_of_tries(&self, new: &NewEndpoint<'_>) -> Timestamp {
        let longest = self.patience.total + self.patience.one + CLOCKS_APART;
        new.tried_at.plus_millis(longest.as_millis() as i64)
    }

    /// `maybe_made`: whether a subscription may be there, whatever comes back.
    async fn create_in_tries(
        &self,
        new: NewEndpoint<'_>,
        maybe_made: &mut bool,
    ) -> Result<Created, ApiError> {
        let body = json!({"url": new.url, "events": events(new.types), "verify_ssl": true});
        let started = Instant::now();
        let mut maybe_left_behind = new.again;
        let mut until = Some(self.end_of_tries(&new));
        let mut done = 0;
        loop {
            if maybe_left_behind {
                self.remove_left_behind(&new, until).await?;
            }
            // From here on it is this call's own.
            until = None;
            let answered = self
                .caller
                .call(Repeat::WithoutEffect, || self.request(reqwest::Method::POST, WEBHOOKS).json(&body))
                .await;
            done += 1;
            let error = match answered {
                Ok(answer) if answer.status < 500 => {
                    *maybe_made |= answer.is_success();
                    let raw = self.read(&answer)?;
                    let endpoint = Endpoint::from(&raw);
                    let secret = raw
                        .signature_key
                        .ok_or_else(|| self.caller.unreadable("there is no signature key in it"))?;
                    return Ok(Created { endpoint, secret });
                }
                Ok(answer) => self.error(&answer),
                Err(error) if error.kind == ApiErrorKind::Unsure => error,
                Err(error) => return Err(error),
            };
            *maybe_made = true;
            maybe_left_behind = true;
            match self.patience.pause(done, started.elapsed(), None, 1.0) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }
}

#[async_trait]
impl EndpointApi for Close {
    async fn check_key(&self) -> Result<Account, ApiError> {
        let me = self.get_json("/api/v1/me/").await?;
        if !me.is_success() {
            return Err(self.error(&me));
        }
        let page = self.get_json(&format!("{WEBHOOKS}?_limit=1")).await?;
        if !page.is_success() {
            return Err(self.error(&page));
        }
        let me = me.json();
        let organization = &me["organizations"][0];
        let text = |value: &Value| value.as_str().map(|text| self.caller.shown(text));
        Ok(Account {
            id: text(&organization["id"]),
            name: text(&organization["name"]),
            mode: None,
            restricted: false,
        })
    }

    async fn others_at(&self, url: &str) -> Result<Vec<String>, ApiError> {
        let all = self.list().await?;
        Ok(all.into_iter().filter(|endpoint| endpoint.url == url).map(|endpoint| endpoint.id).collect())
    }

    fn mode(&self) -> Option<Mode> {
        None
    }

    async fn create(&self, new: NewEndpoint<'_>) -> Result<Created, ApiError> {
        let mut maybe_made = false;
        let created = self.create_in_tries(new, &mut maybe_made).await;
        created.map_err(|error| error.after_effect(maybe_made))
    }

    async fn abandon(&self, new: NewEndpoint<'_>) -> Result<(), ApiError> {
        self.remove_left_behind(&new, Some(self.end_of_tries(&new))).await
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
            let path = format!("{WEBHOOKS}?_skip={}&_limit={PAGE}", read.len());
            self.request(reqwest::Method::GET, &path)
        };
        let what = "list of webhook subscriptions";
        self.caller.list::<Webhook>(what, page, |answer| self.error(answer)).await
    }

    async fn update(&self, id: &str, change: EndpointChange<'_>) -> Result<Endpoint, ApiError> {
        let mut body = serde_json::Map::new();
        if let Some(url) = change.url {
            body.insert("url".to_owned(), json!(url));
        }
        if let Some(types) = change.types {
            body.insert("events".to_owned(), events(types));
        }
        if change.enable {
            body.insert("status".to_owned(), json!("active"));
        }
        let (path, body) = (path_of(id), Value::Object(body));
        let make = || self.request(reqwest::Method::PUT, &path).json(&body);
        let raw = self.read(&self.caller.call(Repeat::Always, make).await?)?;
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
    format!("{WEBHOOKS}{}/", percent_encoding::utf8_percent_encode(id, super::ID))
}

/// See [`super::Apis::select`].
pub(super) fn select(patterns: &TypePatterns, known: &[&str]) -> Selection {
    if patterns.as_slice().is_empty() {
        return Selection {
            types: in_order(known.iter().map(|name| (*name).to_owned())),
            unselectable: Vec::new(),
        };
    }
    expand(patterns, known, |_, _| {
        "Close is not known to send such events; check the spelling, or select all types".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = ["lead.created", "lead.merged", "activity.note.created"];

    #[test]
    fn all_types_are_listed_one_by_one() {
        let all = select(&TypePatterns::default(), &KNOWN);
        assert_eq!(all.types, ["activity.note.created", "lead.created", "lead.merged"]);
        assert_eq!(select(&TypePatterns::new(["*"]), &KNOWN), all);
        let some = select(&TypePatterns::new(["lead.*", "leed.created"]), &KNOWN);
        assert_eq!(some.types, ["lead.created", "lead.merged"]);
        assert_eq!(some.unselectable[0].pattern, "leed.created");
    }

    #[test]
    fn a_type_is_divided_before_its_action() {
        assert_eq!(
            events(&["activity.note.created".to_owned()]),
            json!([{"object_type": "activity.note", "action": "created"}])
        );
    }
}
