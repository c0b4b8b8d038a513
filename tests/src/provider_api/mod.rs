//! Stand-ins for providers' APIs: servers on this machine that speak what Stripe and Close document, with everything that
//! can go wrong on the way, and that deliver signed events to the endpoints that were made.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use parking_lot::Mutex;
use serde_json::Value;

use crate::process::PATIENCE;

pub mod close;
pub mod stripe;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: this request is spared.
    Spared,
    /// 403, and nothing was done.
    Refuses,
    /// 429, with the seconds to wait.
    RateLimit(u32),
    /// 500, and nothing was done.
    Fails,
    /// It is done, and answered 500.
    DoneButFails,
    /// The connection is cut before anything is done.
    Cut,
    /// It is done, and the connection is cut before the answer.
    DoneButCut,
}

/// A request that came in.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its method.
    pub method: Method,
    /// Its path, with the query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as text.
    pub body: String,
}

impl Recorded {
    /// A header's text; empty where it is missing.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }
}

/// What a stand-in does with a request, whatever goes wrong around it.
pub(crate) trait Behaviour: Send + 'static {
    /// The answer.
    fn answer(&mut self, request: &Recorded) -> (StatusCode, HeaderMap, Value);
    /// The answer of a rate limit.
    fn rate_limited(&self, seconds: u32) -> (StatusCode, HeaderMap, Value);
    /// The answer of a failure; `request` was done if `done`.
    fn failed(&mut self, request: &Recorded, done: Option<Value>) -> (StatusCode, HeaderMap, Value);
}

#[derive(Debug)]
pub(crate) struct Shared<B> {
    pub(crate) behaviour: B,
    /// For the requests to come that such a fault is meant for.
    faults: VecDeque<(Method, Fault)>,
    requests: Vec<Recorded>,
}

/// A running stand-in. It ends with the test.
#[derive(Debug)]
pub(crate) struct Server<B> {
    pub(crate) shared: Arc<Mutex<Shared<B>>>,
    pub(crate) url: String,
    task: tokio::task::JoinHandle<()>,
}

impl<B> Drop for Server<B> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<B: Behaviour> Server<B> {
    pub(crate) async fn start(behaviour: B) -> Self {
        let shared = Shared { behaviour, faults: VecDeque::new(), requests: Vec::new() };
        let shared = Arc::new(Mutex::new(shared));
        let router = axum::Router::new().fallback(handle::<B>).with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let url = format!("http://{}", listener.local_addr().expect("has an address"));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { shared, url, task }
    }

    /// The next requests of this method go wrong like this, one after another.
    pub(crate) fn fail(&self, method: &Method, faults: &[Fault]) {
        let mut shared = self.shared.lock();
        shared.faults.extend(faults.iter().map(|fault| (method.clone(), *fault)));
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.shared.lock().requests.clone()
    }
}

async fn handle<B: Behaviour>(State(shared): State<Arc<Mutex<Shared<B>>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1024 * 1024).await.unwrap_or_default();
    let recorded = Recorded {
        method: parts.method,
        path: parts.uri.to_string(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let (status, headers, value) = {
        let mut shared = shared.lock();
        shared.requests.push(recorded.clone());
        let place = shared.faults.iter().position(|(method, _)| *method == recorded.method);
        let fault = place.and_then(|place| shared.faults.remove(place)).map(|(_, fault)| fault);
        let behaviour = &mut shared.behaviour;
        match fault {
            None | Some(Fault::Spared) => behaviour.answer(&recorded),
            Some(Fault::Refuses) => {
                let said = serde_json::json!({"error": {"message": "This is not allowed at present."}});
                (StatusCode::FORBIDDEN, HeaderMap::new(), said)
            }
            Some(Fault::RateLimit(seconds)) => behaviour.rate_limited(seconds),
            Some(Fault::Fails) => behaviour.failed(&recorded, None),
            Some(Fault::DoneButFails) => {
                let (_, _, done) = behaviour.answer(&recorded);
                behaviour.failed(&recorded, Some(done))
            }
            Some(Fault::Cut) => return cut(),
            Some(Fault::DoneButCut) => {
                behaviour.answer(&recorded);
                return cut();
            }
        }
    };
    let body = if value.is_null() { Bytes::new() } else { value.to_string().into() };
    let mut response = (status, body).into_response();
    response.headers_mut().extend(headers);
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}

/// An answer that breaks off: the connection is closed in its middle.
fn cut() -> Response {
    let pieces = [Ok(Bytes::from_static(b"{\"id\":")), Err(std::io::Error::other("cut"))];
    Response::new(Body::from_stream(futures_util::stream::iter(pieces)))
}

/// A value of the query of a path.
pub(crate) fn query<'a>(path: &'a str, key: &str) -> Option<&'a str> {
    let (_, query) = path.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value)
}

/// Looks again and again until it finds something.
///
/// # Panics
/// When that takes too long.
pub async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, wait).await;
    found.unwrap_or_else(|_| panic!("waited in vain until {what}"))
}
