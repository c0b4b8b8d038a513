//! A stand-in for Close's `/api/v1/webhook/` and `/api/v1/me/`, as <https://developer.close.com/api> describes them.

use base64::Engine as _;
use bytes::Bytes;
use hookline_engine::event::{Clock as _, SystemClock};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use super::{Behaviour, Fault, Recorded, Server, query};
use crate::process::client;
use crate::webhooks::{close_headers, now_seconds, post};

/// A webhook subscription as Close holds it.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// `whsub_…`.
    pub id: String,
    /// Where it sends.
    pub url: String,
    /// What it sends: `[{"object_type", "action"}]`.
    pub events: Value,
    /// `active` or `paused`.
    pub status: String,
    /// When it was made.
    pub date_created: String,
    /// With what it signs.
    pub signature_key: String,
}

fn now() -> String {
    SystemClock.now().to_rfc3339()
}

impl Subscription {
    fn json(&self, with_key: bool) -> Value {
        let mut value = json!({
            "id": self.id, "url": self.url, "events": self.events, "status": self.status, "verify_ssl": true,
            "date_created": self.date_created, "date_updated": "2026-01-01T00:00:00.000000",
            "created_by_id": "user_1", "updated_by_id": "user_1",
        });
        if with_key {
            value["signature_key"] = json!(self.signature_key);
        }
        value
    }

    /// Its events as `object_type.action`.
    pub fn types(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.events
            .as_array()
            .into_iter()
            .flatten()
            .map(|event| format!("{}.{}", text(&event["object_type"]), text(&event["action"])))
            .collect()
    }
}

#[derive(Debug, Default)]
struct Organization {
    key: String,
    /// Whether the key's user may look at webhooks and change them.
    may_manage: bool,
    subscriptions: Vec<Subscription>,
    made: usize,
}

/// A running Close.
#[derive(Debug)]
pub struct Close {
    server: Server<Organization>,
}

type Answered = (StatusCode, HeaderMap, Value);

fn status(code: u16, value: Value) -> Answered {
    (StatusCode::from_u16(code).expect("a status"), HeaderMap::new(), value)
}

impl Organization {
    /// Takes what is named of a subscription.
    fn fill(subscription: &mut Subscription, body: &str) -> Result<(), Box<Answered>> {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let field = |name: &str, why: &str| {
            Err(Box::new(status(400, json!({"errors": [], "field-errors": {name: why}}))))
        };
        if let Some(url) = body.get("url") {
            match url.as_str().filter(|url| url.starts_with("http://") || url.starts_with("https://")) {
                Some(url) => url.clone_into(&mut subscription.url),
                None => return field("url", "Invalid URL."),
            }
        }
        if let Some(events) = body.get("events") {
            let valid = |event: &Value| {
                event["action"].is_string()
                    && event["object_type"].as_str().is_some_and(|object| !object.contains('*'))
            };
            match events.as_array().filter(|events| !events.is_empty() && events.iter().all(valid)) {
                Some(_) => subscription.events = events.clone(),
                None => return field("events", "Invalid events."),
            }
        }
        match body.get("status").map(|status| status.as_str().unwrap_or_default()) {
            None => {}
            Some(wanted @ ("active" | "paused")) => wanted.clone_into(&mut subscription.status),
            Some(_) => return field("status", "Invalid status."),
        }
        Ok(())
    }

    fn do_it(&mut self, request: &Recorded) -> Answered {
        let path = request.path.split('?').next().unwrap_or_default();
        let id = path
            .strip_prefix("/api/v1/webhook/")
            .and_then(|rest| rest.strip_suffix('/'))
            .filter(|id| !id.is_empty());
        let place =
            id.and_then(|id| self.subscriptions.iter().position(|subscription| subscription.id == id));
        if path == "/api/v1/me/" && request.method == Method::GET {
            return status(
                200,
                json!({
                    "id": "user_1", "first_name": "Ann",
                    "organizations": [{"id": "orga_1", "name": "Example Sales"}],
                }),
            );
        }
        if !self.may_manage {
            return status(403, json!({"error": "You are not allowed to do this."}));
        }
        match (request.method.as_str(), id, place) {
            ("GET", None, _) => {
                let number = |key, default| {
                    query(&request.path, key).map_or(default, |text| text.parse().expect("a number"))
                };
                let (skip, limit): (usize, usize) = (number("_skip", 0), number("_limit", 100));
                let page: Vec<Value> =
                    self.subscriptions.iter().skip(skip).take(limit).map(|it| it.json(false)).collect();
                let has_more = skip + page.len() < self.subscriptions.len();
                status(200, json!({"has_more": has_more, "data": page}))
            }
            ("POST", None, _) => {
                self.made += 1;
                let mut subscription = Subscription {
                    id: format!("whsub_{:04}", self.made),
                    url: String::new(),
                    events: json!([]),
                    status: "active".to_owned(),
                    date_created: now(),
                    signature_key: hex::encode(rand::random::<[u8; 32]>()),
                };
                if let Err(refused) = Self::fill(&mut subscription, &request.body) {
                    return *refused;
                }
                let answer = subscription.json(true);
                self.subscriptions.push(subscription);
                status(201, answer)
            }
            ("GET", Some(_), Some(place)) => status(200, self.subscriptions[place].json(false)),
            ("PUT", Some(_), Some(place)) => {
                let mut changed = self.subscriptions[place].clone();
                if let Err(refused) = Self::fill(&mut changed, &request.body) {
                    return *refused;
                }
                let answer = changed.json(false);
                self.subscriptions[place] = changed;
                status(200, answer)
            }
            ("DELETE", Some(_), Some(place)) => {
                self.subscriptions.remove(place);
                status(200, json!({}))
            }
            _ => status(404, json!({"error": "Not found."})),
        }
    }
}

impl Behaviour for Organization {
    fn answer(&mut self, request: &Recorded) -> Answered {
        let expected = base64::engine::general_purpose::STANDARD.encode(format!("{}:", self.key));
        if request.header("authorization") != format!("Basic {expected}") {
            return status(401, json!({"error": "The server could not verify that you are authorized."}));
        }
        self.do_it(request)
    }

    /// <https://developer.close.com/api/overview/rate-limits>
    fn rate_limited(&self, seconds: u32) -> Answered {
        let (code, mut headers, value) = status(
            429,
            json!({"error": {
                "rate_reset": seconds, "message": "API call count exceeded for this 15 second window",
                "rate_limit": 600, "rate_limit_type": "key", "rate_window": 15,
            }}),
        );
        let limits = format!("limit=100, remaining=0, reset={seconds}");
        headers.insert("ratelimit", HeaderValue::from_str(&limits).expect("a value"));
        (code, headers, value)
    }

    fn failed(&mut self, _request: &Recorded, _done: Option<Value>) -> Answered {
        status(502, Value::Null)
    }
}

impl Close {
    /// Starts one that knows this key.
    pub async fn start(key: &str) -> Self {
        let organization = Organization { key: key.to_owned(), may_manage: true, ..Organization::default() };
        Self { server: Server::start(organization).await }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// The next requests of this method go wrong like this, one after another.
    pub fn fail(&self, method: &Method, faults: &[Fault]) {
        self.server.fail(method, faults);
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.server.requests()
    }

    /// All subscriptions.
    pub fn subscriptions(&self) -> Vec<Subscription> {
        self.server.shared.lock().behaviour.subscriptions.clone()
    }

    /// Whether the key's user may manage webhooks from now on.
    pub fn allow(&self, may_manage: bool) {
        self.server.shared.lock().behaviour.may_manage = may_manage;
    }

    /// Changes the subscriptions as Close itself or another program does.
    pub fn by_hand(&self, change: impl FnOnce(&mut Vec<Subscription>)) {
        change(&mut self.server.shared.lock().behaviour.subscriptions);
    }

    /// Adds a subscription that has nothing to do with Hookline.
    pub fn add_foreign(&self, url: &str) -> String {
        let id = format!("whsub_foreign_{}", hex::encode(rand::random::<[u8; 4]>()));
        let subscription = Subscription {
            id: id.clone(),
            url: url.to_owned(),
            events: json!([{"object_type": "lead", "action": "created"}]),
            status: "active".to_owned(),
            date_created: now(),
            signature_key: "00".repeat(32),
        };
        self.by_hand(|subscriptions| subscriptions.push(subscription));
        id
    }

    /// Delivers an event to every subscription that is active and wants its type, and tells what they answered.
    pub async fn deliver(&self, event: &Value) -> Vec<StatusCode> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let wanted = format!("{}.{}", text(&event["object_type"]), text(&event["action"]));
        let mut answers = Vec::new();
        for subscription in self.subscriptions() {
            if subscription.status == "active" && subscription.types().contains(&wanted) {
                let body =
                    Bytes::from(json!({"subscription_id": subscription.id, "event": event}).to_string());
                let headers = close_headers(&subscription.signature_key, &body, now_seconds());
                answers.push(post(&client(), &subscription.url, &headers, body).await.0);
            }
        }
        answers
    }
}
