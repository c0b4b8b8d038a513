//! What signature schemes are made of: message authentication codes, comparisons in constant time, timestamps.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::event::{RawRequest, Timestamp};

/// Why a signature was refused. `Display` is shown to users and to the sender; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is not there.
    #[error("the header `{header}` is missing")]
    Missing {
        /// The header's name as the provider writes it.
        header: String,
    },
    /// The header cannot be read.
    #[error("the header `{header}` cannot be read: {reason}")]
    Malformed {
        /// The header's name as the provider writes it.
        header: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The signature is older than allowed.
    #[error("the timestamp is {age_seconds} s old, more than the {tolerance_seconds} s allowed")]
    TooOld {
        /// How old.
        age_seconds: i64,
        /// How old it may be.
        tolerance_seconds: u32,
    },
    /// The signature comes from the future.
    #[error(
        "the timestamp lies {ahead_seconds} s in the future, more than the {tolerance_seconds} s allowed; is this machine's clock right?"
    )]
    FromTheFuture {
        /// How far.
        ahead_seconds: i64,
        /// How far it may lie.
        tolerance_seconds: u32,
    },
    /// The signature fits none of the secrets.
    #[error(
        "the signature in `{header}` fits none of the job's {secrets} secret(s): wrong secret, or the body was changed on its way"
    )]
    Mismatch {
        /// The header's name as the provider writes it.
        header: String,
        /// How many secrets were tried.
        secrets: usize,
    },
    /// A secret of the job cannot be used.
    #[error("the job's secret cannot be used: {reason}")]
    UnusableSecret {
        /// What is wrong with it.
        reason: String,
    },
}

/// How a provider signs its requests, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The scheme, such as "HMAC-SHA256 over `{timestamp}.{body}`, hex, in the header Stripe-Signature".
    pub scheme: String,
    /// The header of the signature, in lower case.
    pub header: String,
}

/// The hash function inside the HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// HMAC-SHA1.
    Sha1,
    /// HMAC-SHA256.
    Sha256,
    /// HMAC-SHA512.
    Sha512,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Hexadecimal, either case.
    Hex,
    /// Standard base64 with padding.
    Base64,
}

/// How the key is read from the secret's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecretEncoding {
    /// The text's own bytes.
    Text,
    /// The text is hexadecimal.
    Hex,
    /// The text is base64.
    Base64,
}

impl Algorithm {
    /// Its name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sha1 => "HMAC-SHA1",
            Self::Sha256 => "HMAC-SHA256",
            Self::Sha512 => "HMAC-SHA512",
        }
    }

    /// The code over the parts, one after another.
    pub fn code(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        fn run<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
            #[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104)")]
            let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes any key");
            for part in parts {
                mac.update(part);
            }
            mac.finalize().into_bytes().to_vec()
        }
        match self {
            Self::Sha1 => run::<Hmac<sha1::Sha1>>(key, parts),
            Self::Sha256 => run::<Hmac<sha2::Sha256>>(key, parts),
            Self::Sha512 => run::<Hmac<sha2::Sha512>>(key, parts),
        }
    }
}

impl Encoding {
    /// Its name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
        }
    }

    /// Writes a code.
    pub fn write(self, code: &[u8]) -> String {
        match self {
            Self::Hex => hex::encode(code),
            Self::Base64 => BASE64.encode(code),
        }
    }

    /// Reads a signature; `None` when it is not in this encoding.
    pub fn read(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hex => hex::decode(text).ok(),
            Self::Base64 => BASE64.decode(text).ok(),
        }
    }
}

impl SecretEncoding {
    /// The key's bytes, at least one: with an empty key everybody can sign.
    pub fn key(self, secret: &str) -> Result<Vec<u8>, SignatureError> {
        let unusable = |reason: &str| SignatureError::UnusableSecret { reason: reason.to_owned() };
        let key = match self {
            Self::Text => secret.as_bytes().to_vec(),
            // The decoders' own errors quote characters of the secret.
            Self::Hex => hex::decode(secret)
                .map_err(|_| unusable("it is not hexadecimal, or has an odd number of digits"))?,
            Self::Base64 => BASE64.decode(secret).map_err(|_| unusable("it is not base64"))?,
        };
        if key.is_empty() { Err(unusable("it is empty")) } else { Ok(key) }
    }
}

/// The first header of this name as text. `name` is in lower case, `shown` as the provider writes it.
pub fn required_header<'a>(
    request: &'a RawRequest,
    name: &str,
    shown: &str,
) -> Result<&'a str, SignatureError> {
    all_headers(request, name, shown)?
        .first()
        .copied()
        .ok_or_else(|| SignatureError::Missing { header: shown.to_owned() })
}

/// The values of all headers of this name as text, in the order of arrival.
pub fn all_headers<'a>(
    request: &'a RawRequest,
    name: &str,
    shown: &str,
) -> Result<Vec<&'a str>, SignatureError> {
    request
        .headers
        .iter()
        .filter(|(candidate, _)| candidate == name)
        .map(|(_, value)| {
            std::str::from_utf8(value).map(str::trim).map_err(|_| SignatureError::Malformed {
                header: shown.to_owned(),
                reason: "it is not text".to_owned(),
            })
        })
        .collect()
}

/// Reads the seconds since 1970 that a signature was made at: digits alone, up to the end of the year 9999.
pub fn read_seconds(text: &str, header: &str) -> Result<Timestamp, SignatureError> {
    const LATEST_SECOND: i64 = 253_402_300_799;
    let malformed =
        |reason: &str| SignatureError::Malformed { header: header.to_owned(), reason: reason.to_owned() };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed("its timestamp is not a number of seconds since 1970"));
    }
    match text.parse::<i64>() {
        Ok(seconds) if seconds <= LATEST_SECOND => Ok(Timestamp::from_seconds(seconds)),
        _ => Err(malformed("its timestamp lies beyond the year 9999")),
    }
}

/// Tries each secret; one that fits is enough. `fits` says whether the signature in `header` is right under a secret.
///
/// A secret that cannot be used at all is told only if no other could be tried.
pub fn check_each_secret(
    secrets: &[&str],
    header: &str,
    fits: impl Fn(&str) -> Result<bool, SignatureError>,
) -> Result<(), SignatureError> {
    let mut unusable = None;
    let mut tried = 0_usize;
    for secret in secrets {
        match fits(secret) {
            Ok(true) => return Ok(()),
            Ok(false) => tried += 1,
            Err(error) => unusable = Some(error),
        }
    }
    match unusable {
        Some(error) if tried == 0 => Err(error),
        _ => Err(SignatureError::Mismatch { header: header.to_owned(), secrets: secrets.len() }),
    }
}

/// Compares in a time that does not depend on where the two differ.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Checks a signed timestamp. `tolerance_seconds` of `None` checks nothing.
pub fn check_timestamp(
    signed_at: Timestamp,
    now: Timestamp,
    tolerance_seconds: Option<u32>,
) -> Result<(), SignatureError> {
    let Some(tolerance_seconds) = tolerance_seconds else {
        return Ok(());
    };
    let age_seconds = now.seconds().saturating_sub(signed_at.seconds());
    if age_seconds > i64::from(tolerance_seconds) {
        return Err(SignatureError::TooOld { age_seconds, tolerance_seconds });
    }
    if age_seconds < -i64::from(tolerance_seconds) {
        return Err(SignatureError::FromTheFuture {
            ahead_seconds: age_seconds.saturating_neg(),
            tolerance_seconds,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::test_support::raw_request;

    #[test]
    fn codes_are_those_of_the_rfcs() {
        // RFC 2202 and RFC 4231, each the second test case.
        let key = b"Jefe";
        let parts: [&[u8]; 3] = [b"what do ya want ", b"", b"for nothing?"];
        let cases = [
            (Algorithm::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Algorithm::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                Algorithm::Sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd\
                 caeab1a34d4a6b4b636e070a38bce737",
            ),
        ];
        for (algorithm, expected) in cases {
            assert_eq!(Encoding::Hex.write(&algorithm.code(key, &parts)), expected, "{algorithm:?}");
        }
    }

    #[test]
    fn a_key_may_be_longer_than_a_block_or_empty() {
        // RFC 4231, the sixth test case; the empty key's code is from Python's `hmac`.
        let text: &[u8] = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            Encoding::Hex.write(&Algorithm::Sha256.code(&[0xaa; 131], &[text])),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
        assert_eq!(
            Encoding::Hex.write(&Algorithm::Sha256.code(b"", &[])),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        for encoding in [Encoding::Hex, Encoding::Base64] {
            let code = [0, 1, 250, 255];
            assert_eq!(encoding.read(&encoding.write(&code)), Some(code.to_vec()));
            assert_eq!(encoding.read("!"), None);
        }
        assert_eq!(Encoding::Hex.read("FAff"), Some(vec![250, 255]));
        assert_eq!(Encoding::Base64.read("AAH6/w"), None, "padding is part of it");
    }

    #[test]
    fn a_secret_is_decoded_as_told_and_never_quoted() {
        assert_eq!(SecretEncoding::Text.key("ab"), Ok(b"ab".to_vec()));
        assert_eq!(SecretEncoding::Hex.key("6162"), Ok(b"ab".to_vec()));
        assert_eq!(SecretEncoding::Base64.key("YWI="), Ok(b"ab".to_vec()));
        for (encoding, secret) in
            [(SecretEncoding::Hex, "Q"), (SecretEncoding::Hex, "616"), (SecretEncoding::Base64, "Q#Q")]
        {
            let error = encoding.key(secret).expect_err(secret).to_string();
            assert!(!error.contains(['Q', '#', '1']), "{error}");
        }
        for encoding in [SecretEncoding::Text, SecretEncoding::Hex, SecretEncoding::Base64] {
            assert!(matches!(encoding.key(""), Err(SignatureError::UnusableSecret { .. })), "{encoding:?}");
        }
    }

    #[test]
    fn only_the_same_bytes_are_equal() {
        assert!(equal(b"", b""));
        assert!(equal(b"abc", b"abc"));
        assert!(!equal(b"abc", b"abd"));
        assert!(!equal(b"abc", b"ab"));
        assert!(!equal(b"", b"a"));
    }

    #[test]
    fn a_timestamp_is_off_by_whole_seconds() {
        let now = Timestamp::from_millis(1_000_999);
        let check = |seconds| check_timestamp(Timestamp::from_seconds(seconds), now, Some(10));
        assert_eq!(check(990), Ok(()));
        assert_eq!(check(989), Err(SignatureError::TooOld { age_seconds: 11, tolerance_seconds: 10 }));
        assert_eq!(check(1_010), Ok(()));
        assert_eq!(
            check(1_011),
            Err(SignatureError::FromTheFuture { ahead_seconds: 11, tolerance_seconds: 10 })
        );
        for end in [i64::MIN, i64::MAX] {
            assert!(check_timestamp(Timestamp::from_micros(end), now, Some(u32::MAX)).is_err());
            assert_eq!(check_timestamp(Timestamp::from_micros(end), now, None), Ok(()));
        }
    }

    #[test]
    fn seconds_are_digits_alone() {
        assert_eq!(read_seconds("0", "H"), Ok(Timestamp::from_seconds(0)));
        assert_eq!(read_seconds("253402300799", "H"), Ok(Timestamp::from_seconds(253_402_300_799)));
        for text in ["", " 1", "+1", "-1", "1.0", "1e3", "0x1", "١", "253402300800", "99999999999999999999"]
        {
            assert!(matches!(read_seconds(text, "H"), Err(SignatureError::Malformed { .. })), "{text}");
        }
    }

    #[test]
    fn each_secret_is_tried_and_an_unusable_one_told_only_when_alone() {
        let check = |secrets: &[&str]| {
            check_each_secret(secrets, "H", |secret| match secret {
                "right" => Ok(true),
                "broken" => Err(SignatureError::UnusableSecret { reason: "broken".to_owned() }),
                _ => Ok(false),
            })
        };
        let mismatch = |secrets| Err(SignatureError::Mismatch { header: "H".to_owned(), secrets });
        assert_eq!(check(&["wrong", "broken", "right"]), Ok(()));
        assert_eq!(check(&["wrong", "broken"]), mismatch(2));
        assert_eq!(check(&[]), mismatch(0));
        assert!(matches!(check(&["broken", "broken"]), Err(SignatureError::UnusableSecret { .. })));
    }

    #[test]
    fn a_header_is_found_by_its_name_and_trimmed() {
        let request = raw_request(&[("a", &b" one "[..]), ("b", b"\xff"), ("a", b"two")], "");
        assert_eq!(required_header(&request, "a", "A"), Ok("one"));
        assert_eq!(all_headers(&request, "a", "A"), Ok(vec!["one", "two"]));
        assert_eq!(all_headers(&request, "c", "C"), Ok(Vec::new()));
        assert_eq!(
            required_header(&request, "c", "C"),
            Err(SignatureError::Missing { header: "C".to_owned() })
        );
        assert!(matches!(
            required_header(&request, "b", "B"),
            Err(SignatureError::Malformed { header, .. }) if header == "B"
        ));
    }
}
