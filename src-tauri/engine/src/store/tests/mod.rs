//! Tests of the store as a whole, on real files.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::event::{
    EventHead, EventRow, HttpAnswer, ManualClock, RawRequest, Rejection, SkipReason, Verified, WebhookConfig,
};

mod activity;
mod again;
mod archive;
mod cleanup;
mod clocks;
mod events;
mod lists;
mod opening;
mod provider_endpoints;
mod search;
mod trouble;

const NOON: Timestamp = Timestamp::from_seconds(1_790_000_000 / 86_400 * 86_400 + 43_200);

const DAY_MS: i64 = 86_400_000;

fn options() -> StoreOptions {
    StoreOptions { clock: Arc::new(ManualClock::new(NOON)), queue_length: 4096, rejected_per_job: 5 }
}

fn open_in(folder: &Path) -> Store {
    Store::open(folder, options()).expect("the store opens")
}

/// A store in a folder of its own, with one job.
async fn with_job() -> (tempfile::TempDir, Store, JobId) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open_in(folder.path());
    let job = add_job(&store, "one").await;
    (folder, store, job)
}

/// Cleans up until nothing is left to do, and tells how many rows went.
async fn clean_up(store: &Store, now: Timestamp) -> u64 {
    let mut gone = 0;
    for _ in 0..1000 {
        match store.clean_up_step(now).await.expect("a step") {
            0 => return gone,
            some => gone += some,
        }
    }
    panic!("cleanup does not end");
}

async fn add_job(store: &Store, name: &str) -> JobId {
    let job = job_of(name);
    let source = Source {
        id: job.source_id.clone(),
        workspace_id: job.workspace_id.clone(),
        name: name.to_owned(),
        kind: "stripe".to_owned(),
        generic: None,
        created_at: NOON,
        updated_at: NOON,
    };
    let destination = Destination {
        id: job.destination_id.clone(),
        workspace_id: job.workspace_id.clone(),
        name: name.to_owned(),
        kind: DestinationKind::Local,
        database: None,
        display_url: None,
        created_at: NOON,
        updated_at: NOON,
    };
    store.put_source(source).await.expect("a source");
    store.put_destination(destination).await.expect("a destination");
    let id = job.id.clone();
    store.put_sync_job(job).await.expect("a job");
    id
}

fn job_of(name: &str) -> SyncJob {
    SyncJob {
        id: JobId::new(format!("job-{name}")),
        workspace_id: WorkspaceId::default_workspace(),
        name: name.to_owned(),
        source_id: SourceId::new(format!("source-{name}")),
        destination_id: DestinationId::new(format!("destination-{name}")),
        enabled: true,
        webhook_config: WebhookConfig::default(),
        collection_prefix: "stripe_".to_owned(),
        created_at: NOON,
        updated_at: NOON,
    }
}

fn request(body: &str, received_at: Timestamp) -> RawRequest {
    RawRequest {
        method: "POST".to_owned(),
        url: "http://127.0.0.1:4400/api/webhooks/default/job?x=1".to_owned(),
        headers: vec![
            ("content-type".to_owned(), b"application/json".to_vec()),
            ("x-twice".to_owned(), b"a".to_vec()),
            ("x-twice".to_owned(), b"\xff\x00b".to_vec()),
        ],
        body: Bytes::copy_from_slice(body.as_bytes()),
        received_at,
    }
}

fn head(id: &str) -> EventHead {
    EventHead {
        provider_event_id: id.to_owned(),
        idempotency_key: None,
        event_type: "customer.updated".to_owned(),
        occurred_at: Some(NOON),
        object_type: Some("customer".to_owned()),
        object_id: Some("cus_1".to_owned()),
    }
}

fn event(job: &JobId, id: &str) -> NewEvent {
    event_at(job, id, NOON)
}

fn event_at(job: &JobId, id: &str, received_at: Timestamp) -> NewEvent {
    let body = format!(r#"{{"id":"{id}","data":{{"email":"jane.doe@example.com","n":12345}}}}"#);
    NewEvent {
        job_id: job.clone(),
        request: Verified::vouched(request(&body, received_at)),
        head: head(id),
        wanted: true,
    }
}

fn rejected(job: &JobId, body: &str) -> NewRejected {
    NewRejected {
        job_id: job.clone(),
        request: request(body, NOON),
        head: None,
        rejection: Rejection::Signature,
        error: "bad signature".to_owned(),
    }
}

async fn ingest(store: &Store, job: &JobId, id: &str) -> EventId {
    store.ingest(event(job, id)).await.expect("stored").event_id
}

async fn settle(store: &Store, job: &JobId, id: EventId, settled: Settled) {
    let outcome = EventOutcome { event_id: id, settled, answer: None };
    store.record_execution(job, NOON, NOON, None, vec![outcome]).await.expect("recorded");
}

fn failed(next_attempt_at: Option<Timestamp>) -> Settled {
    Settled::Failed { error: "no".to_owned(), next_attempt_at }
}

/// Everything on the list, by pages.
async fn all(store: &Store, filter: &EventFilter, limit: u32) -> Vec<EventRow> {
    let mut events = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.events(filter.clone(), cursor, limit).await.expect("a page");
        assert!(page.events.len() <= limit as usize, "a page holds no more than asked for");
        events.extend(page.events);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return events;
        }
    }
}

fn of_job(job: &JobId) -> EventFilter {
    EventFilter { job_id: Some(job.clone()), ..EventFilter::default() }
}
