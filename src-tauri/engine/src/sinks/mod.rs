//! Sinks: where events end up. A MongoDB (`mongodb`), documents in an SQLite file of their own (`local`), or
//! another HTTP server (`http`). One shape: [`Sink`].
//!
//! Invariants:
//! - [`Sink::apply`] may be called again with the same deliveries, in any order, by several processes at once: the
//!   effect is the same as once. The guard lives in the destination.
//! - An outcome is told only after its effect is durable there.
//! - One bad delivery fails alone.

pub mod archive;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod json;
mod local;
mod mongodb;
mod ordering;

use std::fmt::Debug;
use std::sync::Arc;

use archive::Archive;
use async_trait::async_trait;
use secrecy::SecretString;
use serde::Serialize;

use crate::event::{DeletePolicy, EventId, HttpAnswer, JobId, Operation, RawRequest, Timestamp};

/// Where to connect to. Holds secrets, hence `Debug` shows none of them.
#[derive(Debug, Clone)]
pub enum Connection {
    /// A MongoDB database.
    Mongodb {
        /// `mongodb://…` or `mongodb+srv://…`, possibly with a password.
        uri: SecretString,
        /// The database's name.
        database: String,
    },
    /// The SQLite file that Hookline brings along.
    Local {
        /// The file's path; it is made when missing.
        path: std::path::PathBuf,
    },
    /// A server to which requests are forwarded.
    Http {
        /// Its URL, possibly with a password or a key in the query.
        url: SecretString,
    },
}

/// What is the same for all deliveries of one [`Sink::apply`].
#[derive(Debug, Clone)]
pub struct Context {
    /// The job.
    pub job_id: JobId,
    /// The source's kind, such as `stripe`.
    pub source: String,
    /// How deletions are applied.
    pub deletes: DeletePolicy,
    /// When the batch is applied: becomes `syncedAt`.
    pub now: Timestamp,
}

/// One event on its way into a sink.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The event's id in the store.
    pub event_id: EventId,
    /// The provider's id of the event: the same in every process that received it.
    pub provider_event_id: String,
    /// The event's type.
    pub event_type: String,
    /// The request, for sinks that forward it.
    pub request: RawRequest,
    /// The changes of documents, collections with the job's prefix. Empty only for sinks that forward requests
    /// ([`Sink::wants_operations`] is false).
    pub operations: Vec<Operation>,
}

/// What became of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect is in the destination.
    Completed {
        /// What an HTTP destination answered.
        answer: Option<HttpAnswer>,
    },
    /// The destination already held a newer state.
    Stale {
        /// The provider's id of the event that won.
        winner: String,
    },
    /// This attempt failed; another may succeed.
    Retry {
        /// What went wrong, for users, without secrets.
        error: String,
        /// How long the destination asked to wait (`Retry-After`), in milliseconds.
        after_ms: Option<u64>,
        /// What an HTTP destination answered.
        answer: Option<HttpAnswer>,
    },
    /// This event can never be applied as it is.
    Reject {
        /// Why, for users, without secrets.
        error: String,
        /// What an HTTP destination answered.
        answer: Option<HttpAnswer>,
    },
}

/// Why nothing can be said of any delivery of a batch. The whole batch is to be applied again; no attempt is used up.
///
/// `Display` is shown to users: what went wrong and where, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// The destination cannot be reached or does not answer: wait for it and try again.
    #[error("{message}")]
    Unavailable {
        /// What went wrong, such as "connection refused at 127.0.0.1:27017".
        message: String,
    },
    /// The destination refuses this user or database: somebody has to change something.
    #[error("{message}")]
    Blocked {
        /// What went wrong.
        message: String,
        /// What to do about it.
        hint: String,
    },
}

/// One collection of a destination that can be browsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CollectionInfo {
    /// Its name.
    pub name: String,
    /// How many documents it holds (MongoDB: by its metadata, hence approximate after a crash).
    pub documents: u64,
}

/// A page of documents.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentPage {
    /// The documents, each with `_id` and `_sync_metadata`, ordered by `_id`. Numbers that JSON readers would
    /// round are MongoDB extended JSON (`{"$numberLong": "…"}`).
    #[schema(value_type = Vec<Object>)]
    pub documents: Vec<serde_json::Value>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// A destination whose documents can be looked at.
#[async_trait]
pub trait Browse: Send + Sync {
    /// The collections, by name, without Hookline's own.
    async fn collections(&self) -> Result<Vec<CollectionInfo>, SinkError>;
    /// Documents of a collection in the order of `_id`, after `cursor`. `limit` is at most 1000.
    async fn documents(
        &self,
        collection: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<DocumentPage, SinkError>;
    /// One document.
    async fn document(&self, collection: &str, id: &str) -> Result<Option<serde_json::Value>, SinkError>;
}

/// A destination.
#[async_trait]
pub trait Sink: Send + Sync + Debug {
    /// Whether deliveries have to carry operations; otherwise their requests are used.
    fn wants_operations(&self) -> bool;

    /// Applies the deliveries and tells one outcome for each, in their order. A slow destination may tell fewer, one at
    /// least: those behind were not touched and are to be applied again.
    async fn apply(&self, context: &Context, deliveries: &[Delivery]) -> Result<Vec<Outcome>, SinkError>;

    /// Connects, authenticates and checks that writing is allowed, without leaving anything behind. Says what was
    /// found, such as "MongoDB 6.0.5, replica set rs0".
    async fn check(&self) -> Result<String, SinkError>;

    /// The documents, where the destination keeps any.
    fn browse(&self) -> Option<&dyn Browse>;

    /// The history of jobs, where the destination can keep one.
    fn archive(&self) -> Option<&dyn Archive> {
        None
    }
}

/// Opens a sink. Does not connect: [`Sink::check`] and [`Sink::apply`] do.
///
/// The error is for users and says what is wrong with the connection string, without showing its secrets.
#[expect(clippy::unused_async, reason = "callers need not change when a kind has to wait here")]
pub async fn open(connection: Connection) -> Result<Arc<dyn Sink>, InvalidConnection> {
    // The TLS library wants its cryptography chosen once per process; that somebody has chosen already is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(match connection {
        Connection::Mongodb { uri, database } => {
            Arc::new(ordering::protocol::Synced(mongodb::Mongodb::new(&uri, database)?))
        }
        Connection::Local { path } => Arc::new(ordering::protocol::Synced(local::Local::new(path))),
        Connection::Http { url } => Arc::new(http::Forward::new(&url)?),
    })
}

/// Whether a MongoDB connection string can be read; the error names no part that may be a password.
pub fn check_mongodb_uri(uri: &SecretString) -> Result<(), InvalidConnection> {
    mongodb::check_uri(uri)
}

/// A connection string that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidConnection {
    /// What is wrong with it.
    pub message: String,
}
