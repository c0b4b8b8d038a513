//! The window's files: everything outside `/api`. Release builds carry the built UI (`ui/dist`) compressed inside
//! them; debug builds read it from the checkout at each request.
//!
//! A path without a file extension is a place inside the window, hence answered with its one page. Nothing here is a
//! secret, so none of it wants the token: that is in the URL's fragment, which browsers do not send.

use std::borrow::Cow;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::{HeaderValue, Method, StatusCode, header};
use rust_embed::RustEmbed;

use super::respond::KeepCaching;

/// What stands in the page for the nonce of its inline styles.
const NONCE: &str = "__CSP_NONCE__";
/// Stands in for the window where it was not built.
const MISSING: &str = include_str!("missing.html");
/// Names of these files hold a hash of their content.
const HASHED: &str = "assets/";

/// The built UI; empty where it was not built.
#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Built;

/// A file of the window.
struct File {
    content: Cow<'static, [u8]>,
    content_type: String,
}

/// Finds a file by its path from the root, without the first slash.
fn built(path: &str) -> Option<File> {
    let file = Built::get(path)?;
    let content_type = file.metadata.mimetype();
    let content_type = match content_type {
        text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    };
    Some(File { content: file.data, content_type })
}

/// Answers what lies outside `/api` with the window's files, and passes on the rest.
pub(super) async fn serve(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        return next.run(request).await;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allowed = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
        return (StatusCode::METHOD_NOT_ALLOWED, allowed).into_response();
    }
    answer(path, built)
}

fn answer(path: &str, find: impl Fn(&str) -> Option<File>) -> Response {
    let path = path.strip_prefix('/').unwrap_or(path);
    let name = path.rsplit('/').next().unwrap_or_default();
    if !name.contains('.') && !path.starts_with(HASHED) || path == "index.html" {
        return page(find("index.html").as_ref());
    }
    // Such a path names no file of ours, and is not to reach the file system in debug builds.
    let strange = path.split('/').any(|part| part.is_empty() || part.starts_with('.'))
        || path.contains(['\\', '%', ':', '\0']);
    let Some(file) = (!strange).then(|| find(path)).flatten() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let content_type = HeaderValue::from_str(&file.content_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut response = ([(header::CONTENT_TYPE, content_type)], file.content).into_response();
    if path.starts_with(HASHED) {
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, forever);
        response.extensions_mut().insert(KeepCaching);
    }
    response
}

/// The one page, with a nonce of its own.
fn page(index: Option<&File>) -> Response {
    let html = match index {
        Some(file) => String::from_utf8_lossy(&file.content),
        None => Cow::Borrowed(MISSING),
    };
    let nonce = BASE64.encode(rand::random::<[u8; 16]>());
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let content_type = HeaderValue::from_static("text/html; charset=utf-8");
    (
        [(header::CONTENT_TYPE, content_type), (header::CONTENT_SECURITY_POLICY, policy)],
        html.replace(NONCE, &nonce),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    fn made_up(path: &str) -> Option<File> {
        let (content, content_type) = match path {
            "index.html" => ("<style nonce=\"__CSP_NONCE__\"></style>", "text/html"),
            "assets/index-1a2b.js" => ("1", "text/javascript; charset=utf-8"),
            "icon.svg" => ("<svg/>", "image/svg+xml"),
            _ => return None,
        };
        Some(File { content: Cow::Borrowed(content.as_bytes()), content_type: content_type.to_owned() })
    }

    async fn text(response: Response) -> String {
        let bytes = to_bytes(response.into_body(), 100_000).await.expect("a body");
        String::from_utf8(bytes.to_vec()).expect("text")
    }

    fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|value| value.to_str().expect("text"))
    }

    #[tokio::test]
    async fn every_place_in_the_window_is_the_one_page() {
        for path in ["/", "", "/jobs", "/jobs/0a1b/events/17", "/jobs/", "/index.html"] {
            let response = answer(path, made_up);
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(header(&response, "content-type"), Some("text/html; charset=utf-8"));
            assert!(header(&response, "cache-control").is_none(), "{path}");
        }
    }

    #[tokio::test]
    async fn a_nonce_is_in_the_policy_and_in_the_page_and_never_the_same() {
        let mut seen = std::collections::HashSet::new();
        for find in [made_up as fn(&str) -> Option<File>, |_: &str| None] {
            for _ in 0..3 {
                let response = answer("/", find);
                let policy = header(&response, "content-security-policy").expect("a policy").to_owned();
                let (_, rest) = policy.split_once("'nonce-").expect("a nonce");
                let nonce = rest.split('\'').next().expect("its end").to_owned();
                assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
                let html = text(response).await;
                assert!(html.contains(&format!("nonce=\"{nonce}\"")) && !html.contains(NONCE), "{html}");
                assert!(seen.insert(nonce));
            }
        }
    }

    #[test]
    fn files_named_by_their_content_are_kept_and_others_are_not() {
        let asset = answer("/assets/index-1a2b.js", made_up);
        assert_eq!(header(&asset, "content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(header(&asset, "cache-control"), Some("public, max-age=31536000, immutable"));
        assert!(asset.extensions().get::<KeepCaching>().is_some());
        let icon = answer("/icon.svg", made_up);
        assert_eq!((icon.status(), header(&icon, "content-type")), (StatusCode::OK, Some("image/svg+xml")));
        assert!(header(&icon, "cache-control").is_none());
    }

    #[test]
    fn a_file_that_is_missing_is_no_page() {
        for path in ["/assets/index-old.js", "/assets/none", "/none.css", "/assets/"] {
            assert_eq!(answer(path, made_up).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_never_looked_for() {
        let looked = |path: &str| panic!("looked for {path}");
        for path in
            ["/../Cargo.toml", "/assets/../../package.json", "//x.js", "/.env", "/a/%2e%2e/x.js", "/c:\\x.js"]
        {
            assert_eq!(answer(path, looked).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn a_window_that_was_not_built_says_what_to_do() {
        let html = text(answer("/", |_| None)).await;
        assert!(
            html.contains("The window's files were not built: run <code>cargo xtask run</code>"),
            "{html}"
        );
    }
}
