//! How a request is kept: method, URL, headers and body in one zstd frame, exact to the byte, with a dictionary where the
//! source has one.
//!
//! Layout before compression, lengths as LEB128: method, URL, number of headers, each header's name and value, then
//! the body up to the end.
//!
//! SQLite has no checksums for its pages: a bit that flipped on the disk would become another request. Hence each event has
//! one ([`checksum`]), over the request before compression and all that was read from it, and it is compared at each reading.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;
use zstd::zstd_safe::{self, CCtx, CDict, DCtx, DDict};

use crate::event::{EventHead, RawRequest, Timestamp};

/// Level 1: higher ones cost more processor time than the room they save is worth.
pub(super) const LEVEL: i32 = 1;

/// A stored frame that cannot be read: the database is damaged.
#[derive(Debug, thiserror::Error)]
#[error("a stored request cannot be read: {reason}")]
pub(super) struct BadFrame {
    reason: &'static str,
}

const fn bad(reason: &'static str) -> BadFrame {
    BadFrame { reason }
}

/// A dictionary, ready for use.
pub(super) struct Dictionary {
    pub(super) id: i64,
    compress: CDict<'static>,
    decompress: DDict<'static>,
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dictionary").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Dictionary {
    pub(super) fn new(id: i64, content: &[u8]) -> Option<Arc<Self>> {
        Some(Arc::new(Self {
            id,
            compress: CDict::try_create(content, LEVEL)?,
            decompress: DDict::try_create(content)?,
        }))
    }
}

thread_local! {
    // A context is some hundred kilobytes that are costly to set up: one per thread.
    static COMPRESS: RefCell<CCtx<'static>> = RefCell::new(CCtx::create());
    static DECOMPRESS: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

/// The bytes of the frame before compression, with at most `body_limit` bytes of the body.
pub(super) fn encode(request: &RawRequest, body_limit: usize) -> Vec<u8> {
    let body = &request.body[..request.body.len().min(body_limit)];
    let mut plain = Vec::with_capacity(body.len() + request.url.len() + request.headers.len() * 48 + 32);
    put(&mut plain, request.method.as_bytes());
    put(&mut plain, request.url.as_bytes());
    put_length(&mut plain, request.headers.len());
    for (name, value) in &request.headers {
        put(&mut plain, name.as_bytes());
        put(&mut plain, value);
    }
    plain.extend_from_slice(body);
    plain
}

/// The request that [`encode`] was given.
pub(super) fn decode(plain: Vec<u8>, received_at: Timestamp) -> Result<RawRequest, BadFrame> {
    let mut at = 0;
    let method = take_text(&plain, &mut at)?;
    let url = take_text(&plain, &mut at)?;
    let count = take_length(&plain, &mut at)?;
    let mut headers = Vec::with_capacity(count.min(256));
    for _ in 0..count {
        headers.push((take_text(&plain, &mut at)?, take(&plain, &mut at)?.to_vec()));
    }
    let body = Bytes::from(plain).slice(at..);
    Ok(RawRequest { method, url, headers, body, received_at })
}

pub(super) fn compress(plain: &[u8], dictionary: Option<&Dictionary>) -> Vec<u8> {
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(plain.len()));
    COMPRESS
        .with_borrow_mut(|context| match dictionary {
            Some(dictionary) => context.compress_using_cdict(&mut frame, plain, &dictionary.compress),
            None => context.compress(&mut frame, plain, LEVEL),
        })
        // The buffer holds whatever zstd can make of the input, and nothing else can fail.
        .map_or_else(|_| unreachable!("zstd fails only when the buffer is too small"), |_| frame)
}

pub(super) fn decompress(frame: &[u8], dictionary: Option<&Dictionary>) -> Result<Vec<u8>, BadFrame> {
    let size = zstd_safe::get_frame_content_size(frame)
        .ok()
        .flatten()
        .ok_or_else(|| bad("its length is missing"))?;
    // Bodies are limited far below this; a damaged length must not ask for all the memory there is.
    if size > 1 << 30 {
        return Err(bad("its length is absurd"));
    }
    let mut plain = Vec::with_capacity(size as usize);
    DECOMPRESS
        .with_borrow_mut(|context| match dictionary {
            Some(dictionary) => context.decompress_using_ddict(&mut plain, frame, &dictionary.decompress),
            None => context.decompress(&mut plain, frame),
        })
        .map_err(|_| bad("it does not decompress"))?;
    Ok(plain)
}

/// The first part of an event's checksum: of what [`encode`] made.
pub(super) fn hash(plain: &[u8]) -> u64 {
    xxh3_64(plain)
}

/// The checksum of an event with this id, for a request with this [`hash`]. 32 bits: damage is rare, and passes once in four
/// thousand million times.
pub(super) fn checksum(hash: u64, id: i64, head: &EventHead, received_at: Timestamp) -> i64 {
    let mut bytes = Vec::with_capacity(256);
    for number in [id, received_at.micros(), head.occurred_at.map_or(i64::MIN, Timestamp::micros)] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    for text in [
        head.idempotency_key.as_deref(),
        head.object_type.as_deref(),
        head.object_id.as_deref(),
        Some(head.provider_event_id.as_str()),
        Some(head.event_type.as_str()),
    ] {
        // A text that is missing is none that is empty.
        put_length(&mut bytes, text.map_or(0, |text| text.len() + 1));
        bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
    }
    i64::from((hash ^ xxh3_64(&bytes)) as i32)
}

fn put(plain: &mut Vec<u8>, bytes: &[u8]) {
    put_length(plain, bytes.len());
    plain.extend_from_slice(bytes);
}

fn put_length(plain: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        plain.push(length as u8 | 0x80);
        length >>= 7;
    }
    plain.push(length as u8);
}

fn take_length(plain: &[u8], at: &mut usize) -> Result<usize, BadFrame> {
    let mut length = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let byte = *plain.get(*at).ok_or_else(|| bad("it ends too early"))?;
        *at += 1;
        length |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(length);
        }
    }
    Err(bad("a length in it is too long"))
}

fn take<'a>(plain: &'a [u8], at: &mut usize) -> Result<&'a [u8], BadFrame> {
    let length = take_length(plain, at)?;
    let end =
        at.checked_add(length).filter(|end| *end <= plain.len()).ok_or_else(|| bad("it ends too early"))?;
    let bytes = &plain[*at..end];
    *at = end;
    Ok(bytes)
}

fn take_text(plain: &[u8], at: &mut usize) -> Result<String, BadFrame> {
    String::from_utf8(take(plain, at)?.to_vec()).map_err(|_| bad("a text in it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out_to_the_byte(
            url in ".*",
            headers in prop::collection::vec(("[a-z-]{0,12}", prop::collection::vec(any::<u8>(), 0..200)), 0..8),
            body in prop::collection::vec(any::<u8>(), 0..2000),
        ) {
            let request = RawRequest {
                method: "POST".into(), url, headers, body: body.into(), received_at: Timestamp::from_micros(7),
            };
            let dictionary = Dictionary::new(1, b"content-type application/json stripe-signature").expect("a dictionary");
            for dictionary in [None, Some(&*dictionary)] {
                let frame = compress(&encode(&request, usize::MAX), dictionary);
                let plain = decompress(&frame, dictionary).expect("a frame");
                prop_assert_eq!(decode(plain, request.received_at).expect("a request"), request.clone());
            }
        }

        #[test]
        fn a_checksum_tells_events_apart(
            plain in prop::collection::vec(any::<u8>(), 1..300), at in any::<prop::sample::Index>(), bit in 0_u8..8,
        ) {
            let head = EventHead {
                provider_event_id: "evt_1".into(), idempotency_key: None, event_type: "a".into(),
                occurred_at: Some(Timestamp::from_micros(5)), object_type: Some(String::new()), object_id: None,
            };
            let received_at = Timestamp::from_micros(7);
            let made = checksum(hash(&plain), 1, &head, received_at);
            let mut flipped = plain.clone();
            flipped[at.index(plain.len())] ^= 1 << bit;
            prop_assert_ne!(checksum(hash(&flipped), 1, &head, received_at), made);
            prop_assert_ne!(checksum(hash(&plain), 2, &head, received_at), made);
            let others = [
                EventHead { provider_event_id: "evt_2".into(), ..head.clone() },
                EventHead { idempotency_key: Some(String::new()), ..head.clone() },
                EventHead { event_type: "b".into(), ..head.clone() },
                EventHead { occurred_at: None, ..head.clone() },
                EventHead { object_type: None, object_id: Some(String::new()), ..head.clone() },
            ];
            for other in others {
                prop_assert_ne!(checksum(hash(&plain), 1, &other, received_at), made);
            }
        }

        #[test]
        fn damaged_frames_are_errors_and_no_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decompress(&bytes, None);
            let _ = decode(bytes, Timestamp::default());
        }
    }
}
