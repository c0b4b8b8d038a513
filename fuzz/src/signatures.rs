//! Signatures of all providers: whatever stands in the headers, what is accepted is accepted by a second computation too,
//! written from the providers' documentation and with another library; and what a provider signs is accepted.

use arbitrary::{Arbitrary, Unstructured};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hookline_engine::event::{RawRequest, Timestamp};
use hookline_engine::providers::{self, SignatureError};
use ring::hmac;

use crate::senders::{self, Header, Sender, Which};

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    which: Which,
    url: u8,
    now_seconds: u32,
    tolerance_seconds: Option<u16>,
    /// Whether the provider signs the request, and how long before the receipt.
    signed: Option<i16>,
    changes: Vec<Tampering<'a>>,
    headers: Vec<Header<'a>>,
    secrets: Vec<Secret<'a>>,
    body: &'a [u8],
}

/// What happens to a signed request on its way.
#[derive(Debug, Arbitrary)]
enum Tampering<'a> {
    Header { which: u8, place: u8, value: u8 },
    LongerHeader { which: u8, more: &'a [u8] },
    WithoutHeader { which: u8 },
    DoubleHeader { which: u8 },
    Body { place: u16, value: u8 },
    LongerBody { more: &'a [u8] },
}

#[derive(Debug, Arbitrary)]
enum Secret<'a> {
    Right,
    Empty,
    Prefix,
    Other(&'a str),
}

/// One input.
pub(crate) fn run(data: &[u8]) {
    let Ok(input) = Unstructured::new(data).arbitrary::<Input<'_>>() else { return };
    let sender = input.which.sender();
    let now = Timestamp::from_seconds(i64::from(input.now_seconds));
    let tolerance = input.tolerance_seconds.map(u32::from);
    let mut request = senders::request(input.url, Vec::new(), input.body.to_vec(), now);
    let signed_at =
        input.signed.map(|age| Timestamp::from_seconds(i64::from(input.now_seconds) - i64::from(age)));
    if let Some(signed_at) = signed_at {
        request.headers = senders::signed(&sender.provider, &request, "a.b", sender.secret, signed_at);
    }
    for change in &input.changes {
        change.apply(&mut request);
    }
    request.headers.extend(input.headers.iter().map(Header::owned));
    let secrets: Vec<&str> = input
        .secrets
        .iter()
        .map(|secret| match secret {
            Secret::Right => sender.secret,
            Secret::Empty => "",
            Secret::Prefix => "whsec_",
            Secret::Other(other) => other,
        })
        .collect();

    let outcome = sender.provider.verify(&request, &request.body, &secrets, now, tolerance);
    let again = sender.provider.verify(&request, &request.body, &secrets, now, tolerance);
    assert_eq!(outcome, again, "the same request is judged the same");
    match &outcome {
        Ok(()) => assert!(
            Reference { sender, request: &request, now, tolerance }.accepts(&secrets),
            "accepted without a right signature: {} {request:?} {secrets:?}",
            sender.provider.info().kind
        ),
        Err(error) => {
            // Others' words in a message that goes back to the sender.
            let message = error.to_string();
            for secret in secrets.iter().filter(|secret| secret.len() >= 16) {
                assert!(!message.contains(secret), "a message shows a secret: {message}");
            }
        }
    }
    // Times before 1970 are no times of a signature.
    if let Some(signed_at) = signed_at.filter(|signed_at| signed_at.seconds() >= 0)
        && input.changes.is_empty()
        && input.headers.is_empty()
        && input.secrets.iter().any(|secret| matches!(secret, Secret::Right))
    {
        let off = (now.seconds() - signed_at.seconds()).unsigned_abs();
        let in_time = sender.provider.signed_at(&request).is_none()
            || tolerance.is_none_or(|tolerance| off <= u64::from(tolerance));
        assert_eq!(outcome.is_ok(), in_time, "{:?} {request:?}", sender.provider.info().kind);
    }
    if let Err(SignatureError::Mismatch { secrets: tried, .. }) = &outcome {
        assert_eq!(*tried, secrets.len());
    }
    let fits = providers::fits(&*sender.provider, &request, None, &secrets, now);
    assert!(fits || outcome.is_err(), "what is accepted fits");
}

impl Tampering<'_> {
    fn apply(&self, request: &mut RawRequest) {
        let headers = &mut request.headers;
        let index = |which: u8, headers: &[(String, Vec<u8>)]| usize::from(which) % headers.len().max(1);
        match *self {
            Self::Header { which, place, value } => {
                let index = index(which, headers);
                if let Some((_, text)) = headers.get_mut(index) {
                    let place = usize::from(place) % text.len().max(1);
                    if let Some(byte) = text.get_mut(place) {
                        *byte = value;
                    }
                }
            }
            Self::LongerHeader { which, more } => {
                let index = index(which, headers);
                if let Some((_, text)) = headers.get_mut(index) {
                    text.extend_from_slice(more);
                }
            }
            Self::WithoutHeader { which } => {
                let index = index(which, headers);
                if index < headers.len() {
                    headers.remove(index);
                }
            }
            Self::DoubleHeader { which } => {
                let index = index(which, headers);
                if let Some(header) = headers.get(index).cloned() {
                    headers.push(header);
                }
            }
            Self::Body { place, value } => {
                let mut body = request.body.to_vec();
                let place = usize::from(place) % body.len().max(1);
                if let Some(byte) = body.get_mut(place) {
                    *byte = value;
                }
                request.body = body.into();
            }
            Self::LongerBody { more } => {
                let mut body = request.body.to_vec();
                body.extend_from_slice(more);
                request.body = body.into();
            }
        }
    }
}

/// What the provider's documentation says. Where it leaves room, the reference does: it accepts more than the engine may.
struct Reference<'a> {
    sender: &'a Sender,
    request: &'a RawRequest,
    now: Timestamp,
    tolerance: Option<u32>,
}

/// How a provider signs, in the words of its documentation.
struct Rule {
    header: &'static str,
    algorithm: hmac::Algorithm,
    base64: bool,
    key: fn(&str) -> Option<Vec<u8>>,
    /// Where the timestamp stands, and how many of its units are a second.
    stamp: Option<(&'static str, i64)>,
    id: Option<&'static str>,
    /// What is signed: `t` the timestamp, `i` the id, `b` the body, `m` the method, `u` the URL, everything else is itself.
    content: &'static str,
}

#[expect(clippy::unnecessary_wraps, reason = "the same shape as the others")]
fn text(secret: &str) -> Option<Vec<u8>> {
    Some(secret.as_bytes().to_vec())
}

fn unhex(secret: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        secret.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits?;
    (digits.len() % 2 == 0).then(|| digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
}

fn unbase64(secret: &str) -> Option<Vec<u8>> {
    BASE64.decode(secret).ok()
}

fn standard_key(secret: &str) -> Option<Vec<u8>> {
    unbase64(secret.strip_prefix("whsec_").unwrap_or(secret))
}

impl Reference<'_> {
    fn accepts(&self, secrets: &[&str]) -> bool {
        let rule = |header, algorithm, base64, key, stamp, content| Rule {
            header,
            algorithm,
            base64,
            key,
            stamp,
            id: None,
            content,
        };
        let (sha1, sha256, sha512) =
            (hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, hmac::HMAC_SHA256, hmac::HMAC_SHA512);
        let body = "b";
        let rules = match (self.sender.provider.info().kind, self.sender.generic) {
            ("stripe", _) => {
                vec![rule("stripe-signature", sha256, false, text, Some(("stripe-signature", 1)), "t.b")]
            }
            ("close", _) => {
                vec![rule("close-sig-hash", sha256, false, unhex, Some(("close-sig-timestamp", 1)), "tb")]
            }
            ("standard-webhooks", _) => [
                ("webhook-signature", "webhook-timestamp", "webhook-id"),
                ("svix-signature", "svix-timestamp", "svix-id"),
            ]
            .map(|(header, stamp, id)| Rule {
                id: Some(id),
                ..rule(header, sha256, true, standard_key, Some((stamp, 1)), "i.t.b")
            })
            .into(),
            ("github", _) => vec![rule("x-hub-signature-256", sha256, false, text, None, body)],
            ("shopify", _) => vec![rule("x-shopify-hmac-sha256", sha256, true, text, None, body)],
            ("slack", _) => {
                vec![rule(
                    "x-slack-signature",
                    sha256,
                    false,
                    text,
                    Some(("x-slack-request-timestamp", 1)),
                    "v0:t:b",
                )]
            }
            ("paddle", _) => {
                vec![rule("paddle-signature", sha256, false, text, Some(("paddle-signature", 1)), "t:b")]
            }
            ("lemon-squeezy", _) => vec![rule("x-signature", sha256, false, text, None, body)],
            ("hubspot", _) => vec![rule(
                "x-hubspot-signature-v3",
                sha256,
                true,
                text,
                Some(("x-hubspot-request-timestamp", 1000)),
                "mubt",
            )],
            ("intercom", _) => vec![rule("x-hub-signature", sha1, false, text, None, body)],
            ("calendly", _) => vec![rule(
                "calendly-webhook-signature",
                sha256,
                false,
                text,
                Some(("calendly-webhook-signature", 1)),
                "t.b",
            )],
            ("typeform", _) => vec![rule("typeform-signature", sha256, true, text, None, body)],
            ("gitlab", _) => return self.has_token("x-gitlab-token", "", secrets),
            (_, Some(0)) => vec![rule("x-acme-signature", sha256, false, text, None, body)],
            (_, Some(1)) => vec![Rule {
                id: Some("x-id"),
                ..rule("x-fields", sha512, true, unhex, Some(("x-fields", 1000)), "m{u}i.t.b")
            }],
            (_, Some(2)) => return self.has_token("authorization", "Bearer ", secrets),
            (_, Some(3)) => vec![rule("x-sig", sha1, false, unbase64, Some(("x-stamp", 1)), "tb")],
            (kind, _) => panic!("no rule for {kind}"),
        };
        rules.iter().any(|rule| secrets.iter().any(|secret| self.fits(rule, secret)))
    }

    /// The texts of all headers of this name.
    fn texts(&self, name: &str) -> Vec<&str> {
        let named = self.request.headers.iter().filter(|(candidate, _)| candidate == name);
        named.filter_map(|(_, value)| std::str::from_utf8(value).ok()).map(str::trim).collect()
    }

    fn has_token(&self, header: &str, prefix: &str, secrets: &[&str]) -> bool {
        let tokens = self.texts(header);
        secrets
            .iter()
            .any(|secret| !secret.is_empty() && tokens.contains(&format!("{prefix}{secret}").trim()))
    }

    fn fits(&self, rule: &Rule, secret: &str) -> bool {
        let Some(key) = (rule.key)(secret).filter(|key| !key.is_empty()) else { return false };
        let key = hmac::Key::new(rule.algorithm, &key);
        let mut stamps = vec![""];
        if let Some((header, units)) = rule.stamp {
            stamps.clear();
            for value in self.texts(header) {
                stamps.extend(
                    value
                        .split(|letter: char| !letter.is_ascii_digit())
                        .filter(|digits| self.in_time(digits, units)),
                );
            }
        }
        let ids = rule.id.map_or_else(|| vec![""], |header| self.texts(header));
        let urls = [self.request.url.clone(), hubspot_url(&self.request.url)];
        let signatures = self.texts(rule.header);
        stamps.iter().any(|stamp| {
            ids.iter().any(|id| {
                urls.iter().any(|url| {
                    let code = hmac::sign(&key, &self.content(rule.content, stamp, id, url));
                    let wanted = if rule.base64 { BASE64.encode(code) } else { hex(code.as_ref()) };
                    signatures.iter().any(|given| {
                        given.contains(&wanted)
                            || (!rule.base64 && given.to_ascii_lowercase().contains(&wanted))
                    })
                })
            })
        })
    }

    fn in_time(&self, digits: &str, units: i64) -> bool {
        let Ok(stamp) = digits.parse::<i64>() else { return false };
        let off = (self.now.seconds() - stamp.div_euclid(units)).unsigned_abs();
        self.tolerance.is_none_or(|tolerance| off <= u64::from(tolerance))
    }

    fn content(&self, form: &str, stamp: &str, id: &str, url: &str) -> Vec<u8> {
        let mut content = Vec::new();
        for letter in form.chars() {
            match letter {
                't' => content.extend_from_slice(stamp.as_bytes()),
                'i' => content.extend_from_slice(id.as_bytes()),
                'b' => content.extend_from_slice(&self.request.body),
                'm' => content.extend_from_slice(b"POST"),
                'u' => content.extend_from_slice(url.as_bytes()),
                other => content.push(other as u8),
            }
        }
        content
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

/// The URL with those letters decoded that `HubSpot` decodes before it signs.
fn hubspot_url(url: &str) -> String {
    let mut url = url.to_owned();
    for (code, letter) in [
        ("3A", ":"),
        ("2F", "/"),
        ("3F", "?"),
        ("40", "@"),
        ("21", "!"),
        ("24", "$"),
        ("27", "'"),
        ("28", "("),
        ("29", ")"),
        ("2A", "*"),
        ("2C", ","),
        ("3B", ";"),
    ] {
        url = url
            .replace(&format!("%{code}"), letter)
            .replace(&format!("%{}", code.to_ascii_lowercase()), letter);
    }
    url
}
