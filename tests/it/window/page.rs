//! The window's files, and the same API without a connection.

use axum::body::{Body, to_bytes};
use hookline_engine::api;
use hookline_engine::app::{App, Config};
use hookline_engine::secrets::SecretsChoice;
use hookline_tests::process::{Hookline, client};
use http::Request;
use reqwest::StatusCode;
use serde_json::Value;
use tower::ServiceExt as _;

#[tokio::test]
async fn every_place_in_the_window_is_the_page_with_a_policy_and_a_nonce_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let http = client();
    let mut nonces = std::collections::HashSet::new();
    for path in ["/", "/", "/jobs/0a1b2c/events/17"] {
        let response = http.get(format!("{}{path}", hookline.ready.api)).send().await.expect("is answered");
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let header = |name: &str| response.headers()[name].to_str().expect("is text").to_owned();
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        let (_, nonce) = policy.split_once("'nonce-").expect("has a nonce");
        let nonce = nonce.split('\'').next().expect("ends").to_owned();
        let page = response.text().await.expect("has a body");
        assert!(page.contains("<!doctype html>") && !page.contains("__CSP_NONCE__"), "{page}");
        assert!(nonces.insert(nonce));
    }
}

#[tokio::test]
async fn files_that_are_missing_are_404_and_the_page_takes_no_other_method() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let http = client();
    for path in ["/assets/none.js", "/none.css", "/assets/..%2f..%2fCargo.toml"] {
        let response = http.get(format!("{}{path}", hookline.ready.api)).send().await.expect("is answered");
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    let response = http.post(format!("{}/jobs", hookline.ready.api)).send().await.expect("is answered");
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    // The API beside it is not opened by any of this.
    for path in ["/api", "/api/", "/api/none", "/api/status", "/api/openapi.json"] {
        let response = http.get(format!("{}{path}", hookline.ready.api)).send().await.expect("is answered");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let rebound = http.get(&hookline.ready.api).header("host", "rebound.example").send().await;
    assert_eq!(rebound.expect("is answered").status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn a_caller_in_the_same_process_needs_no_token_and_gets_no_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::new(folder.path().to_owned());
    config.secrets = SecretsChoice::File;
    config.listen = "127.0.0.1:0".parse().expect("an address");
    config.api = "127.0.0.1:0".parse().expect("an address");
    let app = App::start(config).await.expect("starts");
    let router = api::in_process(app.commands().clone());
    let ask = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("is answered");
        let status = response.status();
        let body = to_bytes(response.into_body(), 10_000_000).await.expect("a body");
        (status, serde_json::from_slice::<Value>(&body).expect("is JSON"))
    };
    let (status, answer) = ask("/api/status").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["secrets"]["kind"], "file");
    assert_eq!(answer["dataDir"], folder.path().display().to_string());
    assert!(answer["startedAt"].is_string() && answer["logDir"].is_string(), "{answer}");
    assert!(ask("/api/openapi.json").await.1["components"]["schemas"]["Change"].is_object());
    let (status, answer) = ask("/").await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::NOT_FOUND, &Value::from("not_found")));
    app.shut_down().await;
}
