//! A signature scheme as a small table of values: most providers differ in nothing else.
//!
//! Invariants:
//! - The signed content is put together from the bytes received: the timestamp and the id as they stand in their
//!   headers, never a re-printed number.
//! - Nothing of a timestamp is believed before the signature over it was found right.
//!
//! Deliberately not here: schemes that need more than one HMAC over joined parts, and public keys.

use std::borrow::Cow;

use super::SignedHeaders;
use super::signature::{
    Algorithm, Encoding, SecretEncoding, SignatureError, Signing, check_each_secret, check_timestamp, equal,
    required_header,
};
use crate::event::{RawRequest, Timestamp};

/// The last millisecond of the year 9999, the end of what RFC 3339 can write.
const LATEST_MILLIS: i64 = 253_402_300_799_999;

/// A header's name: as the provider writes it, for messages, and in lower case, for comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeaderName {
    /// As the provider writes it.
    pub(super) shown: Cow<'static, str>,
    /// In lower case.
    pub(super) lower: Cow<'static, str>,
}

impl HeaderName {
    /// A name known at compile time. `lower` has to be `shown` in lower case.
    pub(super) const fn of(shown: &'static str, lower: &'static str) -> Self {
        Self { shown: Cow::Borrowed(shown), lower: Cow::Borrowed(lower) }
    }

    /// The first header of this name as text.
    pub(super) fn find<'a>(&self, request: &'a RawRequest) -> Option<&'a str> {
        request.header(&self.lower).filter(|value| !value.is_empty())
    }

    fn malformed(&self, reason: impl Into<String>) -> SignatureError {
        SignatureError::Malformed { header: self.shown.clone().into_owned(), reason: reason.into() }
    }

    fn required<'a>(&self, request: &'a RawRequest) -> Result<&'a str, SignatureError> {
        match required_header(request, &self.lower, &self.shown)? {
            "" => Err(self.malformed("it is empty")),
            value => Ok(value),
        }
    }
}

/// A part of the signed content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// These very characters.
    Text(Cow<'static, str>),
    /// The timestamp as it was sent.
    Timestamp,
    /// The event's id as it was sent.
    Id,
    /// The body.
    Body,
    /// The request's method.
    Method,
    /// The URL as the sender sees it.
    Url,
}

impl Piece {
    /// As people are told of it.
    fn shown(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Timestamp => "{timestamp}",
            Self::Id => "{id}",
            Self::Body => "{body}",
            Self::Method => "{method}",
            Self::Url => "{url}",
        }
    }
}

/// How a signature header is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// The whole value is one signature behind a fixed prefix, which may be empty.
    Whole {
        /// What stands before the signature, such as `sha256=`.
        prefix: Cow<'static, str>,
    },
    /// `name=value` fields; several fields may hold signatures while a secret is being rolled.
    Fields {
        /// What stands between the fields.
        separator: char,
        /// The name of the fields that hold signatures, such as `v1`.
        signature: Cow<'static, str>,
    },
}

/// What a timestamp counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Millis,
}

/// Where the timestamp stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stamp {
    /// In a header of its own.
    Header(HeaderName, Unit),
    /// In a field of the signature's header.
    Field(Cow<'static, str>, Unit),
}

/// How a provider signs.
#[derive(Debug, Clone)]
pub(super) struct Scheme {
    /// The header of the signature.
    pub(super) header: HeaderName,
    /// How its value is built.
    pub(super) shape: Shape,
    /// The hash function inside the HMAC.
    pub(super) algorithm: Algorithm,
    /// How the signature is written.
    pub(super) encoding: Encoding,
    /// How the key is read from the secret.
    pub(super) secret: SecretEncoding,
    /// What is signed.
    pub(super) content: Cow<'static, [Piece]>,
    /// Where the timestamp stands, if there is one.
    pub(super) timestamp: Option<Stamp>,
    /// The header of the event's id, if that is signed.
    pub(super) id: Option<HeaderName>,
}

/// The values that are put into the signed content.
struct Material<'a> {
    method: &'a str,
    url: &'a str,
    body: &'a [u8],
    timestamp: &'a str,
    id: &'a str,
}

impl Scheme {
    /// A scheme that signs nothing but the body.
    pub(super) const fn of_body(
        header: HeaderName,
        prefix: &'static str,
        algorithm: Algorithm,
        encoding: Encoding,
    ) -> Self {
        const BODY: &[Piece] = &[Piece::Body];
        Self {
            header,
            shape: Shape::Whole { prefix: Cow::Borrowed(prefix) },
            algorithm,
            encoding,
            secret: SecretEncoding::Text,
            content: Cow::Borrowed(BODY),
            timestamp: None,
            id: None,
        }
    }

    /// Checks the signature over `body`; one fitting pair of a secret and a signature is enough. `url` is what the
    /// provider signs as the URL.
    pub(super) fn verify(
        &self,
        request: &RawRequest,
        url: &str,
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
        tolerance_seconds: Option<u32>,
    ) -> Result<(), SignatureError> {
        let value = self.header.required(request)?;
        let signatures = self.signatures(value)?;
        let (timestamp, signed_at) = match &self.timestamp {
            None => ("", None),
            Some(stamp) => {
                let (text, header, unit) = self.stamp_text(stamp, request, value)?;
                (text, Some(read_stamp(text, header, unit)?))
            }
        };
        let id = self.id.as_ref().map(|header| header.required(request)).transpose()?.unwrap_or_default();
        let material = Material { method: &request.method, url, body, timestamp, id };
        check_each_secret(secrets, &self.header.shown, |secret| {
            let key = self.secret.key(secret)?;
            let code = self.code(&key, &material);
            // All are compared, so that the time does not tell which one fitted.
            Ok(signatures.iter().fold(false, |fits, signature| fits | equal(signature, &code)))
        })?;
        signed_at.map_or(Ok(()), |signed_at| check_timestamp(signed_at, now, tolerance_seconds))
    }

    /// What people are told of it.
    pub(super) fn signing(&self) -> Signing {
        let content: String = self.content.iter().map(Piece::shown).collect();
        let key = match self.secret {
            SecretEncoding::Text => "",
            SecretEncoding::Hex => ", the key decoded from hex",
            SecretEncoding::Base64 => ", the key decoded from base64",
        };
        let header = &self.header.shown;
        let place = match &self.shape {
            Shape::Whole { prefix } if prefix.is_empty() => format!("in the header {header}"),
            Shape::Whole { prefix } => format!("behind `{prefix}` in the header {header}"),
            Shape::Fields { signature, .. } => format!("in the field `{signature}` of the header {header}"),
        };
        Signing {
            scheme: format!(
                "{} over `{content}`{key}, {}, {place}",
                self.algorithm.label(),
                self.encoding.label()
            ),
            header: self.header.lower.clone().into_owned(),
        }
    }

    /// The time that the signature names, as far as it can be read.
    pub(super) fn signed_at(&self, request: &RawRequest) -> Option<Timestamp> {
        let stamp = self.timestamp.as_ref()?;
        let value = self.header.find(request).unwrap_or_default();
        let (text, header, unit) = self.stamp_text(stamp, request, value).ok()?;
        read_stamp(text, header, unit).ok()
    }

    /// The headers of a signature that the provider would make at `now`, the content type first.
    pub(super) fn sign(
        &self,
        url: &str,
        body: &[u8],
        id: &str,
        secret: &str,
        now: Timestamp,
    ) -> SignedHeaders {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let unit = match &self.timestamp {
            Some(Stamp::Header(_, unit) | Stamp::Field(_, unit)) => *unit,
            None => Unit::Seconds,
        };
        let timestamp = match unit {
            Unit::Seconds => now.seconds(),
            Unit::Millis => now.millis(),
        }
        .to_string();
        // A secret that cannot be decoded was refused when it was set; should one come here all the same, the
        // receiver's answer says what is wrong with it.
        let key = self.secret.key(secret).unwrap_or_else(|_| secret.as_bytes().to_vec());
        let material = Material { method: "POST", url, body, timestamp: &timestamp, id };
        let signature = self.encoding.write(&self.code(&key, &material));
        if let Some(header) = &self.id {
            headers.push((header.shown.clone().into_owned(), id.to_owned()));
        }
        if let Some(Stamp::Header(header, _)) = &self.timestamp {
            headers.push((header.shown.clone().into_owned(), timestamp.clone()));
        }
        let value = match &self.shape {
            Shape::Whole { prefix } => format!("{prefix}{signature}"),
            Shape::Fields { separator, signature: name } => match &self.timestamp {
                Some(Stamp::Field(field, _)) => format!("{field}={timestamp}{separator}{name}={signature}"),
                _ => format!("{name}={signature}"),
            },
        };
        headers.push((self.header.shown.clone().into_owned(), value));
        headers
    }

    fn code(&self, key: &[u8], material: &Material<'_>) -> Vec<u8> {
        let parts: Vec<&[u8]> = self
            .content
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_bytes(),
                Piece::Timestamp => material.timestamp.as_bytes(),
                Piece::Id => material.id.as_bytes(),
                Piece::Body => material.body,
                Piece::Method => material.method.as_bytes(),
                Piece::Url => material.url.as_bytes(),
            })
            .collect();
        self.algorithm.code(key, &parts)
    }

    /// The decoded signatures, at least one.
    fn signatures(&self, value: &str) -> Result<Vec<Vec<u8>>, SignatureError> {
        let written: Vec<&str> = match &self.shape {
            Shape::Whole { prefix } => match value.strip_prefix(prefix.as_ref()) {
                Some(signature) => vec![signature],
                None => return Err(self.header.malformed(format!("it does not begin with `{prefix}`"))),
            },
            Shape::Fields { separator, signature } => fields(value, *separator, signature).collect(),
        };
        if let (true, Shape::Fields { signature, .. }) = (written.is_empty(), &self.shape) {
            return Err(self.header.malformed(format!("it has no field `{signature}=`")));
        }
        let read: Vec<Vec<u8>> = written.iter().filter_map(|text| self.encoding.read(text)).collect();
        if read.is_empty() {
            let encoding = match self.encoding {
                Encoding::Hex => "hexadecimal",
                Encoding::Base64 => "base64",
            };
            return Err(self.header.malformed(format!("its signature is not {encoding}")));
        }
        Ok(read)
    }

    /// The timestamp as it was sent, with the header it stands in and its unit.
    fn stamp_text<'a>(
        &'a self,
        stamp: &'a Stamp,
        request: &'a RawRequest,
        value: &'a str,
    ) -> Result<(&'a str, &'a HeaderName, Unit), SignatureError> {
        match stamp {
            Stamp::Header(header, unit) => Ok((header.required(request)?, header, *unit)),
            Stamp::Field(field, unit) => {
                let Shape::Fields { separator, .. } = &self.shape else {
                    return Err(self.header.malformed("it has no fields"));
                };
                let text = fields(value, *separator, field).next();
                let text =
                    text.ok_or_else(|| self.header.malformed(format!("it has no field `{field}=`")))?;
                Ok((text, &self.header, *unit))
            }
        }
    }
}

/// The values of the fields of this name, in their order.
fn fields<'a>(value: &'a str, separator: char, name: &'a str) -> impl Iterator<Item = &'a str> {
    value.split(separator).filter_map(move |field| {
        let (candidate, value) = field.split_once('=')?;
        (candidate.trim() == name).then_some(value.trim())
    })
}

fn read_stamp(text: &str, header: &HeaderName, unit: Unit) -> Result<Timestamp, SignatureError> {
    let unit_name = match unit {
        Unit::Seconds => "seconds",
        Unit::Millis => "milliseconds",
    };
    let number = text.parse::<i64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let millis = number.and_then(|number| match unit {
        Unit::Seconds => number.checked_mul(1_000),
        Unit::Millis => Some(number),
    });
    match millis {
        Some(millis) if millis <= LATEST_MILLIS => Ok(Timestamp::from_millis(millis)),
        Some(_) => Err(header.malformed("its timestamp lies beyond the year 9999")),
        None => Err(header.malformed(format!("its timestamp is not a number of {unit_name} since 1970"))),
    }
}

/// A header that repeats the secret itself, as GitLab's does: it proves who sends, but covers no body.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// The header.
    pub(super) header: HeaderName,
    /// What stands before the secret, such as `Bearer `; may be empty.
    pub(super) prefix: Cow<'static, str>,
}

impl Token {
    /// Compares the header with each secret in constant time.
    pub(super) fn verify(&self, request: &RawRequest, secrets: &[&str]) -> Result<(), SignatureError> {
        let value = self.header.required(request)?;
        let Some(token) = value.strip_prefix(self.prefix.as_ref()) else {
            return Err(self.header.malformed(format!("it does not begin with `{}`", self.prefix)));
        };
        check_each_secret(secrets, &self.header.shown, |secret| {
            Ok(equal(token.as_bytes(), &SecretEncoding::Text.key(secret)?))
        })
    }

    /// What people are told of it.
    pub(super) fn signing(&self) -> Signing {
        let header = &self.header.shown;
        let place = match &*self.prefix {
            "" => format!("in the header {header}"),
            prefix => format!("behind `{prefix}` in the header {header}"),
        };
        Signing {
            scheme: format!("the secret itself {place}; it covers no body"),
            header: self.header.lower.clone().into_owned(),
        }
    }

    /// The headers of a request that carries the secret, the content type first.
    pub(super) fn sign(&self, secret: &str) -> SignedHeaders {
        vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            (self.header.shown.clone().into_owned(), format!("{}{secret}", self.prefix)),
        ]
    }
}
