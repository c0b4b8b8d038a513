//! Destinations, deliveries and what lies in the destinations afterwards.

use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use hookline_engine::event::{
    DeletePolicy, EventId, JobId, Operation, OperationKind, Previous, RawRequest, Timestamp, Version,
};
use hookline_engine::sinks::{self, Connection, Context, Delivery, Outcome, Sink, SinkError};
use hookline_tests::mongod::{self, TestDatabase};
use serde_json::Value;
use serde_json::value::RawValue;

/// The collection that tests write to.
pub(crate) const THINGS: &str = "stripe_things";

/// A destination that several sinks, as of several processes, can be opened for.
pub(crate) enum Place {
    Local(tempfile::TempDir),
    Mongodb(TestDatabase),
}

impl Place {
    pub(crate) fn local() -> anyhow::Result<Self> {
        Ok(Self::Local(tempfile::tempdir()?))
    }

    /// A new database in the server that all tests share.
    pub(crate) async fn mongodb() -> anyhow::Result<Self> {
        Ok(Self::Mongodb(mongod::shared().await?))
    }

    pub(crate) async fn open(&self) -> anyhow::Result<Arc<dyn Sink>> {
        let connection = match self {
            Self::Local(folder) => Connection::Local { path: folder.path().join("documents.db") },
            Self::Mongodb(database) => {
                Connection::Mongodb { uri: database.uri.clone().into(), database: database.name.clone() }
            }
        };
        Ok(sinks::open(connection).await?)
    }
}

/// Says what is the same for a batch.
pub(crate) fn context(deletes: DeletePolicy) -> Context {
    Context {
        job_id: JobId::new("job-1"),
        source: "stripe".to_owned(),
        deletes,
        now: Timestamp::parse("2026-03-01T12:00:00Z").expect("a time"),
    }
}

/// An event with one operation, put together step by step.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    delivery: Delivery,
}

impl Event {
    fn new(id: &str, kind: &str, operation: Operation) -> Self {
        let request = RawRequest {
            method: "POST".to_owned(),
            url: "https://example.test/hook".to_owned(),
            headers: Vec::new(),
            body: Bytes::from_static(b"{}"),
            received_at: Timestamp::parse("2026-03-01T11:59:59Z").expect("a time"),
        };
        Self {
            delivery: Delivery {
                event_id: EventId(1),
                provider_event_id: id.to_owned(),
                event_type: kind.to_owned(),
                request,
                operations: vec![operation],
            },
        }
    }

    fn operation(
        document: &str,
        kind: OperationKind,
        object: Option<&str>,
        second: i64,
        rank: u8,
    ) -> Operation {
        Operation {
            kind,
            collection: THINGS.to_owned(),
            document_id: document.to_owned(),
            object: object.map(|text| RawValue::from_string(text.to_owned()).expect("valid JSON")),
            previous: None,
            version: Version { at: Timestamp::from_seconds(second), rank },
            livemode: None,
            account: None,
            api_version: Some("2026-01-01".to_owned()),
        }
    }

    pub(crate) fn created(id: &str, document: &str, second: i64, object: &str) -> Self {
        let operation =
            Self::operation(document, OperationKind::Upsert, Some(object), second, Version::CREATED);
        Self::new(id, "thing.created", operation)
    }

    pub(crate) fn updated(id: &str, document: &str, second: i64, object: &str) -> Self {
        let operation =
            Self::operation(document, OperationKind::Upsert, Some(object), second, Version::UPDATED);
        Self::new(id, "thing.updated", operation)
    }

    pub(crate) fn deleted(id: &str, document: &str, second: i64, object: Option<&str>) -> Self {
        let operation = Self::operation(document, OperationKind::Delete, object, second, Version::DELETED);
        Self::new(id, "thing.deleted", operation)
    }

    pub(crate) fn before(mut self, values: &str) -> Self {
        let values = RawValue::from_string(values.to_owned()).expect("valid JSON");
        self.delivery.operations[0].previous = Some(Previous { values, deep: true });
        self
    }

    pub(crate) fn live(mut self, livemode: bool) -> Self {
        self.delivery.operations[0].livemode = Some(livemode);
        self
    }

    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.delivery.operations.extend(other.delivery.operations.iter().cloned());
        self
    }

    pub(crate) fn request(mut self, event_id: i64, headers: &[(&str, &str)], body: &[u8]) -> Self {
        self.delivery.event_id = EventId(event_id);
        self.delivery.operations.clear();
        self.delivery.request.headers =
            headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        self.delivery.request.body = Bytes::copy_from_slice(body);
        self
    }
}

/// Applies the events as one batch.
pub(crate) async fn apply(
    sink: &dyn Sink,
    deletes: DeletePolicy,
    events: &[Event],
) -> Result<Vec<Outcome>, SinkError> {
    let deliveries: Vec<Delivery> = events.iter().map(|event| event.delivery.clone()).collect();
    sink.apply(&context(deletes), &deliveries).await
}

pub(crate) fn completed() -> Outcome {
    Outcome::Completed { answer: None }
}

pub(crate) fn stale(winner: &str) -> Outcome {
    Outcome::Stale { winner: winner.to_owned() }
}

/// One document.
pub(crate) async fn document(sink: &dyn Sink, id: &str) -> anyhow::Result<Option<Value>> {
    Ok(sink.browse().context("the destination holds documents")?.document(THINGS, id).await?)
}

/// The document without `_id` and `_sync_metadata`: the provider's object.
pub(crate) async fn object(sink: &dyn Sink, id: &str) -> anyhow::Result<Option<Value>> {
    let mut document = document(sink, id).await?;
    if let Some(Value::Object(fields)) = &mut document {
        fields.remove("_id");
        fields.remove("_sync_metadata");
    }
    Ok(document)
}
