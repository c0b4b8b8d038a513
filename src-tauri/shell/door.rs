//! The one door between page and engine: a request to the control API, answered in this process.
//!
//! The page speaks the same contract through the window as through HTTP (`/api/openapi.json`), so there is one set of
//! types, and no command of the engine has a twin here. Only paths below `/api/` are taken, and no streams: changes come
//! over the page's channel (`page.rs`).

use axum::body::Body;
use axum::http::{Method, Request, Uri, header};
use hookline_engine::commands::{CommandError, ErrorCode};
use http_body_util::{BodyExt as _, Limited};
use serde::Serialize;
use tauri::State;
use tower::ServiceExt as _;

use super::Shell;
use super::engine::{Failure, Running};

/// The largest answer, in bytes: a whole page of events is far smaller.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// An answer of the control API.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    /// The HTTP status.
    status: u16,
    /// The body's type, where there is a body.
    content_type: Option<String>,
    /// The body, as it would have come over HTTP.
    body: Option<String>,
}

/// Answers a request to the control API, waiting for the engine if it is still starting. Never fails: an error is an
/// answer too.
#[tauri::command]
pub(crate) async fn request(
    shell: State<'_, Shell>,
    method: String,
    path: String,
    body: Option<String>,
) -> Result<Answer, ()> {
    let request = match read(&method, &path, body) {
        Ok(request) => request,
        Err(refused) => return Ok(refuse(refused)),
    };
    Ok(match shell.engine.running().await {
        Ok(running) => answer(&running, request).await,
        Err(failure) => refuse(not_running(failure)),
    })
}

fn not_running(Failure { message, hint }: Failure) -> CommandError {
    let error =
        CommandError::new(ErrorCode::StorageUnavailable, format!("Hookline is not running: {message}"));
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

fn read(method: &str, path: &str, body: Option<String>) -> Result<Request<Body>, CommandError> {
    let malformed = |what: &str| CommandError::new(ErrorCode::MalformedRequest, what);
    let method = match method {
        "GET" => Method::GET,
        "POST" => Method::POST,
        "PATCH" => Method::PATCH,
        "PUT" => Method::PUT,
        "DELETE" => Method::DELETE,
        _ => return Err(malformed("the method is none of GET, POST, PATCH, PUT and DELETE")),
    };
    let uri: Uri = path.parse().map_err(|_| malformed("the path cannot be read"))?;
    if uri.authority().is_some() || !uri.path().starts_with("/api/") {
        return Err(malformed("only paths below /api/ are answered"));
    }
    if uri.path() == "/api/changes" {
        return Err(malformed("changes are a stream; subscribe to them"));
    }
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    if let Some(body) = body {
        let json = header::HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        *request.body_mut() = Body::from(body);
    }
    Ok(request)
}

async fn answer(running: &Running, request: Request<Body>) -> Answer {
    let response = match running.routes.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (parts, body) = response.into_parts();
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    match Limited::new(body, MAX_ANSWER_BYTES).collect().await {
        Ok(collected) => {
            let bytes = collected.to_bytes();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let body = (!text.is_empty()).then_some(text);
            Answer { status: parts.status.as_u16(), content_type: body.as_ref().and(content_type), body }
        }
        Err(error) => refuse(CommandError::internal("reading the answer", error.as_ref())),
    }
}

/// An error in the control API's one shape.
fn refuse(error: CommandError) -> Answer {
    let status = error.code.http_status();
    let body = serde_json::json!(error.into_body()).to_string();
    Answer { status, content_type: Some("application/json".to_owned()), body: Some(body) }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::shell::arguments::Arguments;
    use crate::shell::engine::Engine;

    fn refusal(method: &str, path: &str) -> CommandError {
        read(method, path, None).expect_err("is refused")
    }

    fn body_of(answer: &Answer) -> Value {
        serde_json::from_str(answer.body.as_deref().expect("a body")).expect("JSON")
    }

    #[test]
    fn only_requests_to_the_control_api_pass() {
        for (method, path) in [
            ("GET", "/"),
            ("GET", "/apis"),
            ("GET", "http://127.0.0.1:4401/api/status"),
            ("GET", "//host/api/status"),
            ("GET", "/api/changes"),
            ("GET", "/api/changes?x=1"),
            ("GET", "/api/ status"),
            ("CONNECT", "/api/status"),
            ("get", "/api/status"),
        ] {
            assert_eq!(refusal(method, path).code, ErrorCode::MalformedRequest, "{method} {path}");
        }
        let request = read("PATCH", "/api/x?y=1", Some("{}".to_owned())).expect("passes");
        assert_eq!((request.method(), request.uri().query()), (&Method::PATCH, Some("y=1")));
        assert_eq!(request.headers()[header::CONTENT_TYPE], "application/json");
    }

    #[test]
    fn an_engine_that_does_not_run_is_an_answer_with_its_hint() {
        let failure = Failure { message: "the port is taken".to_owned(), hint: Some("Stop it.".to_owned()) };
        let answer = refuse(not_running(failure));
        assert_eq!(answer.status, 503);
        let error = &body_of(&answer)["error"];
        assert_eq!(error["message"], "Hookline is not running: the port is taken");
        assert_eq!(error["hint"], "Stop it.");
    }

    #[tokio::test]
    async fn requests_are_answered_as_over_http() {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = ["hookline-desktop", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"];
        let arguments = Arguments::try_parse_from(arguments).expect("is a command line");
        let engine = Engine::new(folder.path(), arguments);
        let running = engine.start().await.expect("starts");
        let ask = async |method: &str, path: &str, body: Option<Value>| {
            let request = read(method, path, body.map(|body| body.to_string())).expect("passes");
            answer(&running, request).await
        };

        let sources = "/api/workspaces/default/sources";
        let made = ask("POST", sources, Some(json!({"name": "Shop", "kind": "stripe"}))).await;
        assert_eq!((made.status, made.content_type.as_deref()), (201, Some("application/json")));
        let id = body_of(&made)["id"].as_str().expect("an id").to_owned();
        let gone = ask("DELETE", &format!("{sources}/{id}"), None).await;
        assert_eq!(gone, Answer { status: 204, content_type: None, body: None });
        let unknown = ask("GET", "/api/nothing", None).await;
        assert_eq!(unknown.status, 404);
        assert_eq!(body_of(&unknown)["error"]["code"], "not_found");
        engine.stop().await;
    }
}
