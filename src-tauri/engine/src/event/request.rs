//! A webhook request exactly as it came, and the same once its signature has been checked.

use std::borrow::Cow;
use std::io::Read as _;

use bytes::Bytes;

use super::Timestamp;

/// What is kept in the place of a header's value that is the signing secret itself.
const WITHHELD: &[u8] = b"(not kept: it is the secret itself)";

/// A request exactly as received: nothing in it is ever changed, but that a secret in a header is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRequest {
    /// The method, always `POST` at present.
    pub method: String,
    /// The URL under which the sender sees the receiver, with path and query: some signatures cover it.
    pub url: String,
    /// Headers in the order of arrival, names in lower case (as HTTP/2 has them), repetitions kept.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body's bytes as they came over the wire, still encoded if `content-encoding` says so.
    pub body: Bytes,
    /// When the last byte of the request had been read.
    pub received_at: Timestamp,
}

/// Why a body could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// `content-encoding` names something other than gzip, deflate or identity.
    #[error("content-encoding `{0}` is not understood; send the body as it is, or as gzip or deflate")]
    UnknownEncoding(String),
    /// The compressed bytes are damaged.
    #[error("the body is not valid {encoding}: {reason}")]
    Damaged {
        /// The encoding that was announced.
        encoding: String,
        /// What the decoder says.
        reason: String,
    },
    /// Decoded, the body is larger than allowed.
    #[error("the decoded body is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
}

impl RawRequest {
    /// The first header of this name (lower case), as text. `None` too when it is not ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(candidate, _)| candidate == name)
            .and_then(|(_, value)| std::str::from_utf8(value).ok())
            .map(str::trim)
    }

    /// Takes the values out of a header (lower case) that holds the signing secret itself: what is kept of a request is
    /// shown, exported and searched, and no place for secrets.
    pub fn withhold(&mut self, header: &str) {
        for (_, value) in self.headers.iter_mut().filter(|(name, _)| name == header) {
            WITHHELD.clone_into(value);
        }
    }

    /// Whether the header's value was taken out.
    pub fn withholds(&self, header: &str) -> bool {
        self.headers.iter().any(|(name, value)| name == header && value == WITHHELD)
    }

    /// The body with its `content-encoding` undone: what the sender means by "the body".
    ///
    /// Borrowed when nothing had to be undone. At most `limit_bytes` are produced, so that a small body cannot
    /// unfold into a huge one.
    pub fn decoded_body(&self, limit_bytes: usize) -> Result<Cow<'_, [u8]>, BodyError> {
        let encoding = self.header("content-encoding").unwrap_or("identity").to_ascii_lowercase();
        let mut decoded = Vec::new();
        let limit = limit_bytes as u64 + 1;
        let read = match encoding.as_str() {
            "" | "identity" => return Ok(Cow::Borrowed(&self.body)),
            "gzip" | "x-gzip" => {
                flate2::read::MultiGzDecoder::new(&*self.body).take(limit).read_to_end(&mut decoded)
            }
            "deflate" => flate2::read::ZlibDecoder::new(&*self.body).take(limit).read_to_end(&mut decoded),
            _ => return Err(BodyError::UnknownEncoding(encoding)),
        };
        match read {
            Err(error) => Err(BodyError::Damaged { encoding, reason: error.to_string() }),
            Ok(_) if decoded.len() > limit_bytes => Err(BodyError::TooLarge { limit_bytes }),
            Ok(_) => Ok(Cow::Owned(decoded)),
        }
    }
}

/// A request whose signature was right: the only thing that can become an event which is synced.
///
/// "Verified" is a type and not a flag, so that no path leads around the check.
#[derive(Debug, Clone)]
pub struct Verified(RawRequest);

impl Verified {
    /// To be called by [`crate::providers::verify`] alone, which has just checked the signature.
    pub(crate) fn vouched(request: RawRequest) -> Self {
        Self(request)
    }

    /// The request.
    pub fn request(&self) -> &RawRequest {
        &self.0
    }

    /// [`RawRequest::withhold`]: after the check, the secret has done its work.
    pub fn withhold(&mut self, header: &str) {
        self.0.withhold(header);
    }

    /// Gives the request back.
    pub fn into_request(self) -> RawRequest {
        self.0
    }
}
