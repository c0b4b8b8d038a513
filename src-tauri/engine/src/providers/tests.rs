//! What holds for all providers.

use std::collections::HashSet;
use std::io::Write as _;

use super::test_support::{NOW, signed};
use super::*;

#[test]
fn every_provider_is_found_by_its_name_and_no_other_is() {
    let mut kinds = HashSet::new();
    for provider in all() {
        let kind = provider.info().kind;
        assert!(kinds.insert(kind), "{kind} twice");
        assert_eq!(find(kind, None).expect(kind).info().kind, kind);
    }
    let error = find("strip", None).expect_err("unknown");
    assert!(
        error.to_string().starts_with("there is no provider `strip`; known are stripe, close, "),
        "{error}"
    );
}

#[test]
fn what_a_provider_signs_with_a_new_secret_it_accepts_and_another_secret_refuses() {
    for provider in all() {
        let kind = provider.info().kind;
        let [secret, other] = [provider.generate_secret(), provider.generate_secret()];
        assert_eq!(provider.check_secret(&secret), Ok(()), "{kind}");
        let tolerance = provider.info().tolerance_seconds;
        let request = signed(provider.as_ref(), b"{\"a\":1}", "ping", &secret);
        verify(provider.as_ref(), request.clone(), None, &[&secret], NOW, tolerance).expect(kind);
        let refused = verify(provider.as_ref(), request.clone(), None, &[&other], NOW, tolerance);
        let (returned, error) = *refused.expect_err(kind);
        assert_eq!(returned, request);
        assert!(matches!(error, SignatureError::Mismatch { secrets: 1, .. }), "{kind}: {error}");
    }
}

#[test]
fn an_empty_secret_lets_nobody_in() {
    for provider in all() {
        let kind = provider.info().kind;
        for secret in ["", "whsec_"] {
            // `whsec_` is a key like any other to those that do not take it off.
            if secret == "whsec_" && kind != "standard-webhooks" {
                continue;
            }
            let request = signed(provider.as_ref(), b"{}", "ping", secret);
            let refused = provider.verify(&request, &request.body, &[secret], NOW, None);
            let unusable = matches!(
                refused,
                Err(SignatureError::UnusableSecret { .. } | SignatureError::Malformed { .. })
            );
            assert!(unusable, "{kind}: {refused:?}");
        }
    }
}

#[test]
fn a_signature_may_cover_the_bytes_of_the_wire_or_the_decoded_body() {
    let body = b"{\"a\":1}";
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).expect("written");
    let compressed = encoder.finish().expect("compressed");
    for provider in all() {
        let kind = provider.info().kind;
        let secret = provider.generate_secret();
        let tolerance = provider.info().tolerance_seconds;
        for covered in [body.as_slice(), &compressed] {
            let mut request = signed(provider.as_ref(), covered, "ping", &secret);
            request.headers.push(("content-encoding".to_owned(), b"gzip".to_vec()));
            request.body = compressed.clone().into();
            let verified = verify(provider.as_ref(), request, Some(body), &[&secret], NOW, tolerance);
            assert_eq!(verified.expect(kind).request().body, compressed);
        }
        // GitLab's token is the same whatever the body is.
        if kind == "gitlab" {
            continue;
        }
        let request = signed(provider.as_ref(), b"{\"a\":2}", "ping", &secret);
        let mut request = RawRequest { body: compressed.clone().into(), ..request };
        request.headers.push(("content-encoding".to_owned(), b"gzip".to_vec()));
        assert!(
            verify(provider.as_ref(), request, Some(body), &[&secret], NOW, tolerance).is_err(),
            "{kind}"
        );
    }
}

#[test]
fn what_users_are_told_is_complete() {
    for provider in all() {
        let info = provider.info();
        assert!(!info.label.is_empty() && !info.secret_help.is_empty(), "{}", info.kind);
        assert!(!info.setup_steps.is_empty(), "{}", info.kind);
        let distinct: HashSet<_> = info.known_types.iter().collect();
        assert_eq!(distinct.len(), info.known_types.len(), "{} has a type twice", info.kind);
    }
}

#[test]
fn every_provider_says_how_it_signs_and_finds_its_own_timestamp() {
    for provider in all() {
        let info = provider.info();
        let Signing { scheme, header } = provider.signing();
        let secret = provider.generate_secret();
        let request = signed(provider.as_ref(), b"{}", "ping", &secret);
        assert!(request.header(&header).is_some(), "{}: no header {header}", info.kind);
        assert!(scheme.to_ascii_lowercase().contains(&header), "{}: {scheme}", info.kind);
        assert_eq!(provider.signed_at(&request), info.tolerance_seconds.map(|_| NOW), "{}", info.kind);
        let unsigned = RawRequest { headers: Vec::new(), ..request };
        assert_eq!(provider.signed_at(&unsigned), None, "{}", info.kind);
    }
}

#[test]
fn a_request_that_is_kept_fits_its_secret_whatever_its_age() {
    for provider in all() {
        let secret = provider.generate_secret();
        let another = provider.generate_secret();
        let request = signed(provider.as_ref(), b"{}", "ping", &secret);
        let years = NOW.plus_millis(i64::from(u32::MAX) * 1_000);
        let fits = |secrets: &[&str]| super::fits(provider.as_ref(), &request, None, secrets, years);
        assert!(fits(&[&another, &secret]), "{}", provider.info().kind);
        assert!(!fits(&[&another]) && !fits(&[]), "{}", provider.info().kind);
    }
}

#[test]
fn schemes_are_told_as_their_providers_document_them() {
    for (kind, expected) in [
        (
            "stripe",
            "HMAC-SHA256 over `{timestamp}.{body}`, hex, in the field `v1` of the header Stripe-Signature",
        ),
        (
            "close",
            "HMAC-SHA256 over `{timestamp}{body}`, the key decoded from hex, hex, in the header close-sig-hash",
        ),
        ("github", "HMAC-SHA256 over `{body}`, hex, behind `sha256=` in the header X-Hub-Signature-256"),
        (
            "slack",
            "HMAC-SHA256 over `v0:{timestamp}:{body}`, hex, behind `v0=` in the header X-Slack-Signature",
        ),
        ("shopify", "HMAC-SHA256 over `{body}`, base64, in the header X-Shopify-Hmac-SHA256"),
        ("gitlab", "the secret itself in the header X-Gitlab-Token; it covers no body"),
        (
            "hubspot",
            "HMAC-SHA256 over `{method}{url}{body}{timestamp}`, base64, in the header X-HubSpot-Signature-v3",
        ),
    ] {
        assert_eq!(find(kind, None).expect("is known").signing().scheme, expected);
    }
    let generic = serde_json::json!({
        "header": "X-Acme", "signedContent": "{ts}.{body}", "timestampHeader": "X-Acme-Time", "secretEncoding": "base64",
        "algorithm": "sha512", "type": {"path": "type"}
    });
    let generic = find("generic", Some(&generic)).expect("is described");
    let scheme =
        "HMAC-SHA512 over `{timestamp}.{body}`, the key decoded from base64, hex, in the header X-Acme";
    assert_eq!(generic.signing(), Signing { scheme: scheme.to_owned(), header: "x-acme".to_owned() });
}
