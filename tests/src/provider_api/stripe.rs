//! A stand-in for Stripe's `/v1/webhook_endpoints` and `/v1/account`, as <https://docs.stripe.com/api> describes them.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{Behaviour, Fault, Recorded, Server, query};
use crate::process::client;
use crate::webhooks::{now_seconds, post, stripe_signature};

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Everything, as a secret key.
    All,
    /// Webhook endpoints only, as a restricted key.
    WriteEndpoints,
    /// To look at webhook endpoints only.
    ReadEndpoints,
    /// Something else.
    Nothing,
}

/// An endpoint as Stripe holds it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `we_…`.
    pub id: String,
    /// Where it sends.
    pub url: String,
    /// What it sends.
    pub events: Vec<String>,
    /// Whether it sends.
    pub enabled: bool,
    /// Whose it is.
    pub metadata: Map<String, Value>,
    /// With what it signs.
    pub secret: String,
}

impl Endpoint {
    fn json(&self, with_secret: bool) -> Value {
        let mut value = json!({
            "id": self.id, "object": "webhook_endpoint", "api_version": null, "application": null,
            "created": 1_735_689_600, "description": null, "enabled_events": self.events, "livemode": false,
            "metadata": self.metadata, "status": if self.enabled { "enabled" } else { "disabled" },
            "url": self.url,
        });
        if with_secret {
            value["secret"] = json!(self.secret);
        }
        value
    }
}

#[derive(Debug, Default)]
struct Account {
    keys: HashMap<String, Permission>,
    endpoints: Vec<Endpoint>,
    made: usize,
    /// By idempotency key: the request's body and its stored answer.
    answers: HashMap<String, (String, StatusCode, Value)>,
    /// The most endpoints.
    limit: usize,
}

/// The types of event that this Stripe knows, beside those that begin like these: enough to refuse misspellings.
const GROUPS: [&str; 8] = [
    "account.",
    "charge.",
    "customer.",
    "invoice.",
    "payment_",
    "price.",
    "product.",
    "subscription_schedule.",
];

type Answered = (StatusCode, HeaderMap, Value);

/// A running Stripe.
#[derive(Debug)]
pub struct Stripe {
    server: Server<Account>,
}

fn error(status: u16, kind: &str, message: &str, param: Option<&str>) -> Answered {
    let mut error = json!({"type": kind, "message": message});
    if let Some(param) = param {
        error["param"] = json!(param);
    }
    (StatusCode::from_u16(status).expect("a status"), HeaderMap::new(), json!({"error": error}))
}

fn ok(value: Value) -> Answered {
    (StatusCode::OK, HeaderMap::new(), value)
}

fn form(body: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

impl Account {
    fn not_there(id: &str) -> Answered {
        error(
            404,
            "invalid_request_error",
            &format!("No such webhook endpoint: '{id}'"),
            Some("webhook_endpoint"),
        )
    }

    /// Fills an endpoint from a form. <https://docs.stripe.com/api/webhook_endpoints/create>
    fn fill(endpoint: &mut Endpoint, body: &str) -> Result<(), Box<Answered>> {
        let mut events = Vec::new();
        for (name, value) in form(body) {
            match name.as_str() {
                "url" => {
                    if !value.starts_with("https://") && !value.starts_with("http://") {
                        return Err(Box::new(error(
                            400,
                            "invalid_request_error",
                            "Invalid URL: An explicit scheme (such as https) must be provided.",
                            Some("url"),
                        )));
                    }
                    endpoint.url = value;
                }
                "enabled_events[]" => {
                    let is_known =
                        GROUPS.iter().any(|group| value.starts_with(group)) && !value.ends_with('*');
                    if value != "*" && !is_known {
                        let message = format!("Invalid enabled_events[{}]: must be one of …", events.len());
                        return Err(Box::new(error(
                            400,
                            "invalid_request_error",
                            &message,
                            Some("enabled_events"),
                        )));
                    }
                    events.push(value);
                }
                "disabled" => endpoint.enabled = value != "true",
                "description" => {}
                name => {
                    let key = name.strip_prefix("metadata[").and_then(|name| name.strip_suffix(']'));
                    let Some(key) = key else {
                        let message = format!("Received unknown parameter: {name}");
                        return Err(Box::new(error(400, "invalid_request_error", &message, Some(name))));
                    };
                    endpoint.metadata.insert(key.to_owned(), json!(value));
                }
            }
        }
        if !events.is_empty() {
            endpoint.events = events;
        }
        Ok(())
    }

    fn create(&mut self, body: &str) -> Answered {
        if self.endpoints.len() >= self.limit {
            let message = format!("You have reached the maximum of {} test webhook endpoints.", self.limit);
            return error(400, "invalid_request_error", &message, None);
        }
        self.made += 1;
        let mut endpoint = Endpoint {
            id: format!("we_{:04}", self.made),
            url: String::new(),
            events: Vec::new(),
            enabled: true,
            metadata: Map::new(),
            secret: format!("whsec_{}", hex::encode(rand::random::<[u8; 16]>())),
        };
        if let Err(refused) = Self::fill(&mut endpoint, body) {
            return *refused;
        }
        for (param, missing) in
            [("url", endpoint.url.is_empty()), ("enabled_events", endpoint.events.is_empty())]
        {
            if missing {
                let message = format!("Missing required param: {param}.");
                return error(400, "invalid_request_error", &message, Some(param));
            }
        }
        let answer = endpoint.json(true);
        self.endpoints.push(endpoint);
        ok(answer)
    }

    fn list(&self, path: &str) -> Answered {
        let limit: usize = query(path, "limit").map_or(10, |limit| limit.parse().expect("a number"));
        // Newest first, as all lists.
        let all: Vec<&Endpoint> = self.endpoints.iter().rev().collect();
        let start = query(path, "starting_after").map_or(0, |after| {
            all.iter().position(|endpoint| endpoint.id == after).map_or(all.len(), |at| at + 1)
        });
        let page: Vec<Value> = all[start..].iter().take(limit).map(|endpoint| endpoint.json(false)).collect();
        let has_more = start + page.len() < all.len();
        ok(json!({"object": "list", "url": "/v1/webhook_endpoints", "has_more": has_more, "data": page}))
    }

    fn authorize(&self, request: &Recorded) -> Result<(), Box<Answered>> {
        let authorization = request.header("authorization");
        let key = authorization.strip_prefix("Bearer ").unwrap_or_default();
        let Some(permission) = self.keys.get(key) else {
            // Stripe masks all but the last letters; a stand-in that says more shows whether anybody passes it on.
            return Err(Box::new(error(
                401,
                "invalid_request_error",
                &format!("Invalid API Key provided: {key}"),
                None,
            )));
        };
        let needs_write = request.method != Method::GET;
        let is_account = request.path.starts_with("/v1/account");
        let allowed = match permission {
            Permission::All => true,
            Permission::WriteEndpoints => !is_account,
            Permission::ReadEndpoints => !is_account && !needs_write,
            Permission::Nothing => false,
        };
        if allowed {
            return Ok(());
        }
        let needed = if needs_write { "Write ('webhook_write')" } else { "Read ('webhook_read')" };
        let message = format!(
            "The provided key 'rk_test_***' does not have the required permissions for this endpoint on account 'acct_1'. Enabling Webhook Endpoints, Event Destinations {needed} permissions on this key would allow this request to continue."
        );
        Err(Box::new(error(403, "invalid_request_error", &message, None)))
    }

    fn do_it(&mut self, request: &Recorded) -> Answered {
        let path = request.path.split('?').next().unwrap_or_default();
        let id = path.strip_prefix("/v1/webhook_endpoints/");
        let place = id.and_then(|id| self.endpoints.iter().position(|endpoint| endpoint.id == id));
        match (request.method.as_str(), path, id, place) {
            ("GET", "/v1/account", ..) => ok(json!({
                "id": "acct_1", "object": "account", "email": "ann@example.com",
                "settings": {"dashboard": {"display_name": "Example Shop"}},
            })),
            ("GET", "/v1/webhook_endpoints", ..) => self.list(&request.path),
            ("POST", "/v1/webhook_endpoints", ..) => self.create(&request.body),
            ("GET", _, Some(_), Some(place)) => ok(self.endpoints[place].json(false)),
            ("POST", _, Some(_), Some(place)) => {
                let mut changed = self.endpoints[place].clone();
                match Self::fill(&mut changed, &request.body) {
                    Ok(()) => {
                        let answer = changed.json(false);
                        self.endpoints[place] = changed;
                        ok(answer)
                    }
                    Err(refused) => *refused,
                }
            }
            ("DELETE", _, Some(id), Some(place)) => {
                self.endpoints.remove(place);
                ok(json!({"id": id, "object": "webhook_endpoint", "deleted": true}))
            }
            (_, _, Some(id), None) => Self::not_there(id),
            _ => error(404, "invalid_request_error", "Unrecognized request URL.", None),
        }
    }
}

impl Behaviour for Account {
    fn answer(&mut self, request: &Recorded) -> Answered {
        if let Err(refused) = self.authorize(request) {
            return *refused;
        }
        let key = request.header("idempotency-key");
        if request.method != Method::POST || key.is_empty() {
            return self.do_it(request);
        }
        if let Some((body, status, value)) = self.answers.get(&key) {
            if *body != request.body {
                return error(
                    400,
                    "idempotency_error",
                    "Keys for idempotent requests can only be used with the same parameters they were first used with.",
                    None,
                );
            }
            let mut headers = HeaderMap::new();
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
            return (*status, headers, value.clone());
        }
        let (status, headers, value) = self.do_it(request);
        // "We save results only after an endpoint begins executing. If incoming parameters fail validation, […] no
        // idempotent result is saved". What is wrong with a parameter names it; a full account is found out later.
        let is_invalid = status == StatusCode::BAD_REQUEST && !value["error"]["param"].is_null();
        if !is_invalid {
            self.answers.insert(key, (request.body.clone(), status, value.clone()));
        }
        (status, headers, value)
    }

    fn rate_limited(&self, seconds: u32) -> Answered {
        let (status, mut headers, value) =
            error(429, "invalid_request_error", "Request rate limit exceeded.", None);
        headers.insert("retry-after", HeaderValue::from(seconds));
        (status, headers, value)
    }

    fn failed(&mut self, request: &Recorded, done: Option<Value>) -> Answered {
        let (status, headers, value) = error(500, "api_error", "An unknown error occurred.", None);
        let key = request.header("idempotency-key");
        // "Subsequent requests with the same key return the same result, including 500 errors."
        if done.is_some() && !key.is_empty() {
            self.answers.insert(key, (request.body.clone(), status, value.clone()));
        }
        (status, headers, value)
    }
}

impl Stripe {
    /// Starts one that knows this key.
    pub async fn start(key: &str, permission: Permission) -> Self {
        let account =
            Account { keys: HashMap::from([(key.to_owned(), permission)]), limit: 16, ..Account::default() };
        Self { server: Server::start(account).await }
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

    /// How many requests of this method came in.
    pub fn count(&self, method: &Method) -> usize {
        self.requests().iter().filter(|request| request.method == *method).count()
    }

    /// All endpoints.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.server.shared.lock().behaviour.endpoints.clone()
    }

    /// Lets a key do this from now on.
    pub fn allow(&self, key: &str, permission: Permission) {
        self.server.shared.lock().behaviour.keys.insert(key.to_owned(), permission);
    }

    /// Forgets a key.
    pub fn revoke(&self, key: &str) {
        self.server.shared.lock().behaviour.keys.remove(key);
    }

    /// Changes the endpoints as somebody does in the Dashboard.
    pub fn by_hand(&self, change: impl FnOnce(&mut Vec<Endpoint>)) {
        change(&mut self.server.shared.lock().behaviour.endpoints);
    }

    /// Adds an endpoint that has nothing to do with Hookline.
    pub fn add_foreign(&self, url: &str) -> String {
        let id = format!("we_foreign_{}", hex::encode(rand::random::<[u8; 4]>()));
        let endpoint = Endpoint {
            id: id.clone(),
            url: url.to_owned(),
            events: vec!["*".to_owned()],
            enabled: true,
            metadata: Map::new(),
            secret: "whsec_foreign".to_owned(),
        };
        self.by_hand(|endpoints| endpoints.push(endpoint));
        id
    }

    /// Delivers an event to every endpoint that is on and wants its type, and tells what they answered.
    pub async fn deliver(&self, event: &Value) -> Vec<StatusCode> {
        let body = Bytes::from(event.to_string());
        let wanted = event["type"].as_str().unwrap_or_default();
        let mut answers = Vec::new();
        for endpoint in self.endpoints() {
            let wants = endpoint.events.iter().any(|name| name == "*" || name == wanted);
            if endpoint.enabled && wants {
                let signature = stripe_signature(&endpoint.secret, &body, now_seconds());
                let headers = [("stripe-signature", signature)];
                answers.push(post(&client(), &endpoint.url, &headers, body.clone()).await.0);
            }
        }
        answers
    }
}
