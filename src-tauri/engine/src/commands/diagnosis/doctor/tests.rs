//! Against real bytes: signed as the provider signs, then spoilt as people and proxies do.

use bytes::Bytes;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_735_689_600);
const STRIPE: &str = "whsec_0123456789abcdef0123456789abcdef";
const CLOSE: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const URL: &str = "https://hooks.example.com/api/webhooks/default/j";
/// As Stripe sends it: in lines, indented by two spaces.
const PRETTY: &str = "{\n  \"id\": \"evt_1\",\n  \"livemode\": true,\n  \"data\": {\n    \"name\": \"Zo\u{eb} \\\"x\\\"\",\n    \"list\": [\n      1,\n      2.50\n    ],\n    \"none\": {}\n  }\n}";
const COMPACT: &str = "{\"id\":\"evt_1\",\"livemode\":true,\"data\":{\"name\":\"Zo\u{eb} \\\"x\\\"\",\"list\":[1,2.50],\"none\":{}}}";

fn signed(kind: &str, url: &str, body: &str, secret: &str) -> RawRequest {
    let provider = providers::find(kind, None).expect("is known");
    let headers = provider.sign(url, body.as_bytes(), "ping", secret, NOW);
    RawRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.into_bytes()))
            .collect(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        received_at: NOW,
    }
}

fn found_with(
    kind: &str,
    request: &RawRequest,
    secret: &str,
    others: &[OtherJob],
    live: Option<bool>,
) -> Option<Cause> {
    let provider = providers::find(kind, None).expect("is known");
    assert!(!providers::fits(provider.as_ref(), request, None, &[secret], NOW), "it fits: nobody is ill");
    find_cause(&Patient {
        provider: provider.as_ref(),
        request,
        body: &request.body,
        secrets: &[secret],
        others,
        usually_live: live,
        // Hours later: the cause is found by the bytes alone.
        now: NOW.plus_millis(36_000_000),
    })
}

fn found(kind: &str, request: &RawRequest, secret: &str) -> Option<Cause> {
    found_with(kind, request, secret, &[], None)
}

/// What was signed over `sent` and came in as `arrived`.
fn changed(sent: &str, arrived: &str) -> Option<Cause> {
    let mut request = signed("stripe", URL, sent, STRIPE);
    request.body = Bytes::copy_from_slice(arrived.as_bytes());
    found("stripe", &request, STRIPE)
}

#[test]
fn a_secret_of_another_job_is_found_with_its_name() {
    let request = signed("stripe", URL, PRETTY, "whsec_of_the_other");
    let job = |name: &str, secrets: &[&str]| OtherJob {
        name: name.to_owned(),
        secrets: secrets.iter().map(|secret| (*secret).to_owned()).collect(),
    };
    let others = [
        job("wrong", &["whsec_wrong"]),
        job("none", &[]),
        job("right", &["whsec_old", "whsec_of_the_other"]),
    ];
    let cause = found_with("stripe", &request, STRIPE, &others, None);
    assert_eq!(cause, Some(Cause::OtherJob { name: "right".to_owned() }));
    assert_eq!(found_with("stripe", &request, STRIPE, &others[..2], None), None);
}

#[test]
fn a_secret_that_was_copied_badly_is_found() {
    let bare = STRIPE.strip_prefix("whsec_").expect("has it");
    let right = signed("stripe", URL, PRETTY, STRIPE);
    for (given, form) in [
        (format!(" {STRIPE}\n"), SecretForm::Trimmed),
        (format!("\"{STRIPE}\""), SecretForm::Unquoted),
        (bare.to_owned(), SecretForm::WithPrefix),
        (hex::encode(STRIPE), SecretForm::FromHex),
        (STANDARD.encode(STRIPE), SecretForm::FromBase64),
    ] {
        assert_eq!(found("stripe", &right, &given), Some(Cause::SecretForm(form)), "{given}");
    }
    let github = signed("github", URL, PRETTY, bare);
    assert_eq!(found("github", &github, STRIPE), Some(Cause::SecretForm(SecretForm::WithoutPrefix)));
}

#[test]
fn a_key_in_another_encoding_is_found() {
    let right = signed("close", URL, COMPACT, CLOSE);
    let bytes = hex::decode(CLOSE).expect("is hexadecimal");
    let base64 = STANDARD.encode(&bytes);
    assert_eq!(found("close", &right, &base64), Some(Cause::SecretForm(SecretForm::FromBase64)));
    let standard = format!("whsec_{base64}");
    let right = signed("standard-webhooks", URL, COMPACT, &standard);
    assert_eq!(found("standard-webhooks", &right, CLOSE), Some(Cause::SecretForm(SecretForm::FromHex)));
    // The plain text was given, where its base64 is wanted.
    let plain = format!("whsec_{}", STANDARD.encode("a secret of some length, in plain text"));
    let right = signed("standard-webhooks", URL, COMPACT, &plain);
    let given = "a secret of some length, in plain text";
    assert_eq!(found("standard-webhooks", &right, given), Some(Cause::SecretForm(SecretForm::Plain)));
}

#[test]
fn a_body_that_was_changed_on_its_way_is_found() {
    let rewritten = Some(Cause::BodyChanged(BodyChange::Rewritten));
    let compact_escaped = COMPACT.replace('\u{eb}', "\\u00eb");
    let spaced = write_json(COMPACT, Style::Spaced);
    for (sent, arrived) in [
        (PRETTY, COMPACT),
        (COMPACT, PRETTY),
        (PRETTY, &compact_escaped),
        (PRETTY, &spaced),
        (&spaced, COMPACT),
        (&compact_escaped, COMPACT),
        (&format!("{COMPACT}\n"), PRETTY),
        (COMPACT, &write_json(COMPACT, Style::Indented(4))),
    ] {
        assert_eq!(changed(sent, arrived), rewritten, "{arrived}");
    }
    for (sent, arrived, change) in [
        (COMPACT.to_owned(), format!("{COMPACT}\n"), BodyChange::NewlineAdded),
        (COMPACT.to_owned(), format!("{COMPACT}\r\n"), BodyChange::NewlineAdded),
        (format!("{COMPACT}\n"), COMPACT.to_owned(), BodyChange::NewlineRemoved),
        (PRETTY.to_owned(), PRETTY.replace('\n', "\r\n"), BodyChange::LineBreaks),
        (PRETTY.replace('\n', "\r\n"), PRETTY.to_owned(), BodyChange::LineBreaks),
    ] {
        assert_eq!(changed(&sent, &arrived), Some(Cause::BodyChanged(change)), "{arrived:?}");
    }
    let other = COMPACT.replace("evt_1", "evt_2");
    assert_eq!(changed(COMPACT, &other), None, "what it was before cannot be told");
}

#[test]
fn an_address_that_the_provider_calls_otherwise_is_found() {
    let secret = "0123456789abcdef0123456789abcdef";
    for (signed_over, header) in [
        ("http://hooks.example.com/api/webhooks/default/j", None),
        ("https://hooks.example.com/api/webhooks/default/j/", None),
        (
            "https://public.example.net/api/webhooks/default/j",
            Some(("x-forwarded-host", "public.example.net")),
        ),
    ] {
        let mut request = signed("hubspot", signed_over, "[]", secret);
        URL.clone_into(&mut request.url);
        request.headers.extend(header.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
        let cause = found("hubspot", &request, secret);
        assert_eq!(cause, Some(Cause::OtherUrl { url: signed_over.to_owned() }));
    }
    // Where the address is not signed it cannot be the reason.
    let request = signed("stripe", "http://elsewhere.example.com/", PRETTY, "whsec_unknown");
    assert_eq!(found("stripe", &request, STRIPE), None);
}

#[test]
fn an_event_of_the_other_mode_is_the_last_guess() {
    let request = signed("stripe", URL, PRETTY, "whsec_unknown");
    let guess = |live| found_with("stripe", &request, STRIPE, &[], live);
    assert_eq!(guess(Some(false)), Some(Cause::OtherMode { live: true }));
    assert_eq!(guess(Some(true)), None);
    assert_eq!(guess(None), None);
    // Whatever its body says, GitHub knows no modes.
    let request = signed("github", URL, PRETTY, "unknown");
    assert_eq!(found_with("github", &request, "known", &[], Some(false)), None);
}

#[test]
fn json_is_spaced_anew_token_by_token() {
    assert_eq!(write_json(PRETTY, Style::Compact), COMPACT);
    assert_eq!(write_json(COMPACT, Style::Indented(2)), PRETTY);
    assert_eq!(write_json("[ { } , [ ] ,\"a , b\" ]", Style::Spaced), "[{}, [], \"a , b\"]");
    assert_eq!(escaped("\u{1f3a3}"), "\\ud83c\\udfa3");
    assert_eq!(
        unescaped("\\ud83c\\udfa3 \\u00eb \\u0041 \\\\u00eb a\\/b \\ud83c"),
        "\u{1f3a3} \u{eb} \\u0041 \\\\u00eb a/b \\ud83c"
    );
}

#[test]
fn large_bodies_are_not_written_anew() {
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BODY));
    assert_eq!(changed(&large, &format!("{large}\n")), None);
}
