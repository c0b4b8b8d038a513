//! The content security policy's nonce for styles: the page's libraries insert style elements, which the policy refuses
//! unless they carry it.
//!
//! The page finds it on an empty style element of `ui/index.html`; `hookline serve` fills it in in the same way.

use std::borrow::Cow;

use tauri::http::{HeaderValue, Response, header};

/// Stands in the built page where the nonce belongs.
const PLACE: &str = "__CSP_NONCE__";

/// Puts a fresh nonce into a page that has a place for one, and into its policy. Other answers stay as they are.
pub(crate) fn put(response: &mut Response<Cow<'static, [u8]>>) {
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/html"));
    if !is_page {
        return;
    }
    let Some(policy) = response.headers().get(header::CONTENT_SECURITY_POLICY) else { return };
    let (Ok(policy), Ok(page)) = (policy.to_str(), std::str::from_utf8(response.body())) else { return };
    if !page.contains(PLACE) {
        return;
    }
    // 122 random bits from the system.
    let nonce = uuid::Uuid::new_v4().simple().to_string();
    let page = page.replace(PLACE, &nonce);
    let Ok(policy) = HeaderValue::from_str(&allow(policy, &nonce)) else { return };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    *response.body_mut() = Cow::Owned(page.into_bytes());
}

/// The policy, in which styles with this nonce are allowed too.
fn allow(policy: &str, nonce: &str) -> String {
    let directives = policy.split(';').map(|directive| {
        let directive = directive.trim();
        if directive.starts_with("style-src ") {
            format!("{directive} 'nonce-{nonce}'")
        } else {
            directive.to_owned()
        }
    });
    directives.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content_type: &'static str, body: &'static str) -> Response<Cow<'static, [u8]>> {
        Response::builder()
            .header(header::CONTENT_TYPE, content_type)
            .header(header::CONTENT_SECURITY_POLICY, "script-src 'self'; style-src 'self'")
            .body(Cow::Borrowed(body.as_bytes()))
            .expect("is a response")
    }

    fn policy(response: &Response<Cow<'static, [u8]>>) -> String {
        response.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("is text").to_owned()
    }

    #[test]
    fn each_page_gets_a_nonce_of_its_own_that_its_policy_allows() {
        let nonce = || {
            let mut page = answer("text/html", "<style nonce=\"__CSP_NONCE__\"></style>");
            put(&mut page);
            let text = String::from_utf8(page.body().to_vec()).expect("is text");
            let nonce = text.split('"').nth(1).expect("is there").to_owned();
            assert_eq!(policy(&page), format!("script-src 'self'; style-src 'self' 'nonce-{nonce}'"));
            nonce
        };
        assert_ne!(nonce(), nonce());
    }

    #[test]
    fn what_has_no_place_for_a_nonce_keeps_its_policy() {
        for (content_type, body) in
            [("text/html", "<style></style>"), ("text/javascript", "const place = '__CSP_NONCE__'")]
        {
            let mut response = answer(content_type, body);
            put(&mut response);
            assert_eq!(policy(&response), "script-src 'self'; style-src 'self'");
            assert_eq!(response.body().as_ref(), body.as_bytes());
        }
    }
}
