//! Reading a request's body: bounded in size, time and memory.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How much of an unwanted body is read and dropped before the answer: a client that is still sending when the
/// connection closes would see a reset and not the answer.
const DISCARD_LIMIT_BYTES: u64 = 64 * 1024 * 1024;

/// The unit in which memory is shared out.
const PERMIT_BYTES: usize = 1024;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadError {
    /// It is larger than allowed.
    TooLarge,
    /// Its sender is too slow.
    TimedOut,
    /// Its sender went away or sent something malformed.
    Broken,
    /// All bodies together take up all the memory that they may.
    NoRoom,
}

/// Bounds on bodies.
#[derive(Debug, Clone)]
pub(super) struct BodyLimits {
    /// The most bytes of one body.
    pub(super) max_bytes: usize,
    /// How long the next piece may take.
    pub(super) idle: Duration,
    /// How long the whole may take.
    pub(super) total: Duration,
    /// Memory for all bodies together, in units of 1 KiB.
    pub(super) memory: Arc<Semaphore>,
}

impl BodyLimits {
    pub(super) fn new(max_bytes: usize, memory_bytes: usize) -> Self {
        Self {
            max_bytes,
            idle: Duration::from_secs(10),
            total: Duration::from_mins(1),
            memory: Arc::new(Semaphore::new(memory_bytes / PERMIT_BYTES)),
        }
    }

    /// Reads the body whole. The permit stands for its memory: hold it as long as the bytes.
    pub(super) async fn read(
        &self,
        body: &mut Body,
        announced_bytes: Option<u64>,
    ) -> Result<(Bytes, Option<OwnedSemaphorePermit>), ReadError> {
        if announced_bytes.is_some_and(|bytes| bytes > self.max_bytes as u64) {
            return Err(ReadError::TooLarge);
        }
        timeout(self.total, self.collect(body)).await.unwrap_or(Err(ReadError::TimedOut))
    }

    async fn collect(&self, body: &mut Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), ReadError> {
        let mut whole = BytesMut::new();
        let mut first: Option<Bytes> = None;
        let mut permit: Option<OwnedSemaphorePermit> = None;
        loop {
            let frame = match timeout(self.idle, body.frame()).await {
                Err(_) => return Err(ReadError::TimedOut),
                Ok(None) => break,
                Ok(Some(Err(_))) => return Err(ReadError::Broken),
                Ok(Some(Ok(frame))) => frame,
            };
            // Trailers carry nothing that a webhook needs.
            let Ok(piece) = frame.into_data() else { continue };
            let so_far = first.as_ref().map_or(whole.len(), Bytes::len);
            if so_far + piece.len() > self.max_bytes {
                return Err(ReadError::TooLarge);
            }
            let units_of = |bytes: usize| bytes.div_ceil(PERMIT_BYTES) as u32;
            let units = units_of(so_far + piece.len()) - units_of(so_far);
            let more =
                Arc::clone(&self.memory).try_acquire_many_owned(units).map_err(|_| ReadError::NoRoom)?;
            match &mut permit {
                Some(permit) => permit.merge(more),
                None => permit = Some(more),
            }
            // Most bodies come in one piece, which is then taken as it is instead of being copied.
            match (first.take(), whole.is_empty()) {
                (None, true) => first = Some(piece),
                (None, false) => whole.extend_from_slice(&piece),
                (Some(earlier), _) => {
                    whole.extend_from_slice(&earlier);
                    whole.extend_from_slice(&piece);
                }
            }
        }
        Ok((first.unwrap_or_else(|| whole.freeze()), permit))
    }

    /// Reads and drops what is left of a body, within limits, so that its sender gets to read the answer.
    pub(super) async fn discard(&self, mut body: Body) {
        let mut left = DISCARD_LIMIT_BYTES;
        let read = async {
            while let Ok(Some(Ok(frame))) = timeout(self.idle, body.frame()).await {
                left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
                if left == 0 {
                    break;
                }
            }
        };
        let _ = timeout(self.total, read).await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn chunked(pieces: Vec<&'static [u8]>) -> Body {
        Body::from_stream(stream::iter(
            pieces.into_iter().map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece))),
        ))
    }

    #[tokio::test]
    async fn pieces_are_put_together_and_the_limit_counts_all_of_them() {
        let limits = BodyLimits::new(6, 1024 * 16);
        let (bytes, _) = limits.read(&mut chunked(vec![b"ab", b"cd", b"ef"]), None).await.expect("fits");
        assert_eq!(&*bytes, b"abcdef");
        let too_large = limits.read(&mut chunked(vec![b"ab", b"cd", b"efg"]), None).await;
        assert_eq!(too_large.expect_err("is too large"), ReadError::TooLarge);
    }

    #[tokio::test]
    async fn bodies_share_a_bounded_memory() {
        let limits = BodyLimits::new(4096, 2048);
        let (_, held) = limits.read(&mut Body::from(vec![0_u8; 2048]), Some(2048)).await.expect("fits");
        let refused = limits.read(&mut Body::from("x"), Some(1)).await;
        assert_eq!(refused.expect_err("finds no room"), ReadError::NoRoom);
        drop(held);
        limits.read(&mut Body::from("x"), Some(1)).await.expect("finds room again");
    }

    #[tokio::test]
    async fn a_sender_that_stops_is_given_up() {
        let limits = BodyLimits { idle: Duration::from_millis(5), ..BodyLimits::new(4096, 2048) };
        let mut body = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(limits.read(&mut body, None).await.expect_err("times out"), ReadError::TimedOut);
    }
}
