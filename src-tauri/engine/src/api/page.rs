//! The page at `/`: says that Hookline runs and shows its status. Self-contained; nothing on it is a secret: the token
//! is in the URL's fragment, which browsers do not send.

use std::sync::LazyLock;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderValue, header};
use sha2::{Digest as _, Sha256};

use crate::commands::Commands;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");
const FRAME: &str = include_str!("page/page.html");

/// The page with its style and script in it, and the policy that allows these two and nothing else.
static PAGE: LazyLock<(String, String)> = LazyLock::new(|| {
    let page = FRAME.replace("/*STYLE*/", STYLE).replace("/*SCRIPT*/", SCRIPT);
    let hash = |text: &str| BASE64.encode(Sha256::digest(text.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    (page, policy)
});

pub(super) fn router() -> Router<Commands> {
    Router::new().route("/", get(page))
}

async fn page() -> Response {
    let (page, policy) = &*PAGE;
    let policy = HeaderValue::from_str(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    ([(header::CONTENT_TYPE, html), (header::CONTENT_SECURITY_POLICY, policy)], page.as_str()).into_response()
}
