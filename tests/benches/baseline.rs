//! What Hookline is compared with. Each is a server of its own: this program, started once more. It is killed in the end, so
//! that the folder it works in belongs to who starts it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use bson::{RawDocumentBuf, rawdoc};
use bytes::Bytes;
use clap::Subcommand;
use hookline_engine::event::{Clock as _, JobId, SystemClock};
use hookline_engine::receiver::{Directory, Receiver};
use hookline_engine::secrets::{self, SecretsChoice};
use hookline_engine::store::{ClaimedEvent, EventOutcome, Settled, Store};
use hookline_engine::tunnel::Board;
use hookline_tests::process::Hookline;
use hookline_tests::webhooks::stripe_signature;
use http::{HeaderMap, StatusCode};
use mongodb::Client;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use crate::load::Target;
use crate::stored;

/// Which one.
#[derive(Debug, Subcommand)]
pub(crate) enum Baseline {
    /// The ceiling: HTTP alone. Reads the body and answers.
    Bare,
    /// What a plain receiver does: checks the signature and stores each event in a transaction of its own.
    Single {
        /// Where its database goes.
        folder: PathBuf,
    },
    /// Hookline's own receiver and store, but what was received goes into MongoDB by plain inserts: no mapping, no merge, no
    /// guard against older states, the object as text.
    Unguarded {
        /// The server's URI with the database's name.
        mongodb: String,
        /// The data directory.
        folder: PathBuf,
    },
}

impl Baseline {
    /// Serves until killed.
    pub(crate) async fn serve(self) -> Result<()> {
        match self {
            Self::Bare => bare().await,
            Self::Single { folder } => single(&folder).await,
            Self::Unguarded { mongodb, folder } => unguarded(&mongodb, &folder).await,
        }
    }
}

const PATH: &str = "/hook";
const SECRET: &str = "whsec_baseline";

/// Says where it listens, and serves.
async fn listen(router: Router, path: &str, secret: &str) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{} {path} {secret}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

async fn bare() -> Result<()> {
    let handler = async |body: Bytes| format!("{{\"received\":{}}}", !body.is_empty());
    // It is compared at 4 MB too, and axum by itself refuses more than 2 MB.
    let router = Router::new().route(PATH, post(handler)).layer(DefaultBodyLimit::disable());
    listen(router, PATH, SECRET).await
}

#[derive(Deserialize)]
struct Head<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
}

type Shared = Arc<Mutex<Connection>>;

async fn single(folder: &Path) -> Result<()> {
    let connection = Connection::open(folder.join("single.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE events (id INTEGER PRIMARY KEY, event TEXT NOT NULL UNIQUE, type TEXT NOT NULL, body BLOB NOT NULL);",
    )?;
    let router = Router::new().route(PATH, post(store_one)).with_state(Arc::new(Mutex::new(connection)));
    listen(router, PATH, SECRET).await
}

async fn store_one(
    State(connection): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let sent = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let at =
        sent.strip_prefix("t=").and_then(|rest| rest.split_once(',')).and_then(|(at, _)| at.parse().ok());
    if at.is_none_or(|at| stripe_signature(SECRET, &body, at) != sent) {
        return (StatusCode::UNAUTHORIZED, "");
    }
    let stored = tokio::task::spawn_blocking(move || -> Result<()> {
        let head: Head<'_> = serde_json::from_slice(&body)?;
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection
            .prepare_cached("INSERT OR IGNORE INTO events (event, type, body) VALUES (?1, ?2, ?3)")?
            .execute((head.id, head.event_type, &body[..]))?;
        Ok(())
    });
    match stored.await {
        Ok(Ok(())) => (StatusCode::OK, "{\"received\":true}"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, ""),
    }
}

/// Makes the job with the real program, then serves the same data directory with the engine's receiver and store alone.
async fn unguarded(mongodb: &str, folder: &Path) -> Result<()> {
    let (job, secret, path) = {
        let hookline = Hookline::start(folder).await;
        let job = hookline.job("stripe", crate::program::nowhere(), json!({})).await;
        let path = Target::of(&job)?.path;
        hookline.stop().await;
        (JobId::new(job.id), job.secret, path)
    };
    let store = stored::open(folder).await?;
    let secrets = secrets::open(folder, SecretsChoice::File)?;
    let directory = Directory::new(store.clone(), secrets);
    directory.reload().await?;
    let clock = Arc::new(SystemClock);
    let board = Board::new("http://127.0.0.1".parse()?, clock.clone());
    let receiver = Receiver::new(directory, store.clone(), clock, board, 5 << 20);
    let (uri, database) = mongodb.rsplit_once('/').context("a URI with a database")?;
    let database = Client::with_uri_str(uri).await?.database(database);
    tokio::spawn(async move {
        if let Err(error) = insert_all(&store, &job, &database).await {
            eprintln!("the unguarded inserts failed: {error:#}");
        }
    });
    listen(receiver.router(), &path, &secret).await
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: HashMap<&'a str, &'a serde_json::value::RawValue>,
}

/// Takes due events in batches, as the worker does, and inserts them.
async fn insert_all(store: &Store, job: &JobId, database: &mongodb::Database) -> Result<()> {
    let arrivals = store.arrivals(job);
    loop {
        let now = SystemClock.now();
        let events = store.due_events(job, None, now, 1_000, 16 << 20).await?;
        if events.is_empty() {
            arrivals.notified().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        }
        let mut documents = Vec::with_capacity(events.len());
        for event in &events {
            let envelope: Envelope<'_> = serde_json::from_slice(&event.request.body)?;
            let object = envelope.data.get("object").map_or("", |object| object.get());
            documents.push(rawdoc! {"_id": event.head.provider_event_id.as_str(), "object": object});
        }
        insert(database, "unguarded", &documents).await?;
        let completed = |event: ClaimedEvent| EventOutcome {
            event_id: event.id,
            settled: Settled::Completed,
            answer: None,
        };
        let outcomes = events.into_iter().map(completed).collect();
        store.record_execution(job, now, SystemClock.now(), None, outcomes).await?;
    }
}

/// The limit: raw BSON in two `insert` commands at a time, with j:true, as the sink sends them.
pub(crate) async fn insert(
    database: &mongodb::Database,
    collection: &str,
    documents: &[RawDocumentBuf],
) -> Result<()> {
    let half = documents.len().div_ceil(2).max(1);
    let commands = documents.chunks(half).map(|documents| async move {
        let mut list = bson::RawArrayBuf::new();
        for document in documents {
            list.push(document.clone());
        }
        let command = rawdoc! {
            "insert": collection, "ordered": false, "writeConcern": {"w": 1, "j": true}, "documents": list,
        };
        database.run_raw_command(command).await
    });
    for answer in futures_util::future::try_join_all(commands).await? {
        anyhow::ensure!(answer.get_array("writeErrors").is_err(), "an insert was refused: {answer}");
    }
    Ok(())
}
