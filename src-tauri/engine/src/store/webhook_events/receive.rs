//! Storing what was received.

use std::sync::atomic::Ordering;

use super::rows::{reason_code, rejection_code};
use super::{Ingested, NewEvent, NewRejected};
use crate::event::{EventHead, EventStatus, SkipReason};
use crate::store::ingest::Ingest;
use crate::store::{Store, StoreError, codec};

/// How much of a rejected request's body is kept, in bytes.
const REJECTED_BODY: usize = 64 * 1024;
/// How much of a rejected request's ids and types is kept, in bytes: anybody can send them.
const REJECTED_TEXT: usize = 1024;

impl Store {
    /// Stores the event; answers after the commit is on the disk.
    ///
    /// [`StoreError::Overloaded`] at once when the queue is full; [`StoreError::Full`] and others when the commit
    /// failed: then nothing was stored.
    pub async fn ingest(&self, event: NewEvent) -> Result<Ingested, StoreError> {
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let job = self.inner.live.job(&event.job_id)?;
        let request = event.request.request();
        let dictionary = job.source.load().dictionary.load_full();
        let plain = codec::encode(request, usize::MAX);
        let ingest = Ingest {
            status: if event.wanted { EventStatus::Pending } else { EventStatus::Skipped },
            reason: (!event.wanted).then_some(reason_code(SkipReason::Filtered)),
            dedupe_hash: Some((self.inner.tuning.dedupe_hash)(event.head.dedupe_key())),
            received_at: request.received_at,
            size_bytes: request.body.len() as u64,
            error: None,
            frame: codec::compress(&plain, dictionary.as_deref()),
            hash: codec::hash(&plain),
            dictionary_id: dictionary.map(|dictionary| dictionary.id),
            body_truncated: false,
            head: event.head,
            job,
        };
        self.inner.writer.ingest(ingest)?.await.map_err(|_| StoreError::Closed)?
    }

    /// Keeps a refused request in the job's bounded ring, if there is room in the queue: never waits, promises nothing.
    pub fn keep_rejected(&self, rejected: NewRejected) {
        let Ok(job) = self.inner.live.job(&rejected.job_id) else { return };
        // Looked at before the work of compressing: a flood of bad requests must cost little.
        if self.inner.options.rejected_per_job == 0 || !self.inner.writer.has_room_for_rejected() {
            return;
        }
        let request = &rejected.request;
        let dictionary = job.source.load().dictionary.load_full();
        let plain = codec::encode(request, REJECTED_BODY);
        let ingest = Ingest {
            status: EventStatus::Rejected,
            reason: Some(rejection_code(rejected.rejection)),
            dedupe_hash: None,
            received_at: request.received_at,
            size_bytes: request.body.len() as u64,
            error: Some(rejected.error),
            frame: codec::compress(&plain, dictionary.as_deref()),
            hash: codec::hash(&plain),
            dictionary_id: dictionary.map(|dictionary| dictionary.id),
            body_truncated: request.body.len() > REJECTED_BODY,
            head: shorten(rejected.head),
            job,
        };
        self.inner.writer.ingest_if_idle(ingest);
    }
}

fn shorten(head: Option<EventHead>) -> EventHead {
    let cut = |mut text: String| {
        text.truncate(text.floor_char_boundary(REJECTED_TEXT));
        text
    };
    match head {
        Some(head) => EventHead {
            provider_event_id: cut(head.provider_event_id),
            idempotency_key: head.idempotency_key.map(cut),
            event_type: cut(head.event_type),
            occurred_at: head.occurred_at,
            object_type: head.object_type.map(cut),
            object_id: head.object_id.map(cut),
        },
        None => EventHead {
            provider_event_id: String::new(),
            idempotency_key: None,
            event_type: String::new(),
            occurred_at: None,
            object_type: None,
            object_id: None,
        },
    }
}
