//! MongoDB: documents in the client's own database, through the official driver.
//!
//! Invariants:
//! - A write counts as done when it is journaled, and on a replica set by a majority: it survives the loss of any one
//!   server. A connection string may ask for more members, never for less.
//! - Reads go to the primary.
//! - The archive has connections of its own: however slow its commands are, the documents' do not wait for them.
//! - No message holds a password: messages name hosts and ports, and say nothing else of the connection string.
//!
//! Commands are built as raw BSON and sent with the driver's `run_raw_command`: one command carries many guarded
//! replacements on every server from 4.2 on, while the driver's own bulk write needs server 8. The driver does not repeat
//! such a command by itself; the worker repeats the batch, which is harmless.
//!
//! Not here: which state wins ([`super::ordering`]).

mod archive;
mod browse;
mod commands;
mod connection;
mod documents;
mod errors;
mod uri;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bson::doc;
use mongodb::Database;
use secrecy::SecretString;

use super::ordering::documents::TOMBSTONES;
use super::{InvalidConnection, SinkError};
use archive::MongoArchive;
use connection::{Connector, Facts};

/// Whether the connection string can be read.
pub(super) fn check_uri(uri: &SecretString) -> Result<(), InvalidConnection> {
    uri::parse(uri).map(drop)
}

/// A MongoDB database.
#[derive(Debug)]
pub(super) struct Mongodb {
    connector: Connector,
    archive: MongoArchive,
    /// Whether it was said that the tombstones' index cannot be made.
    index_refused: AtomicBool,
}

impl Mongodb {
    /// Reads the connection string and does not connect.
    pub(super) fn new(uri: &SecretString, database: String) -> Result<Self, InvalidConnection> {
        uri::check_database(&database)?;
        let uri = uri::parse(uri)?;
        Ok(Self {
            archive: MongoArchive::new(uri.clone(), database.clone()),
            connector: Connector::new(uri, database),
            index_refused: AtomicBool::new(false),
        })
    }

    async fn database(&self) -> Result<Database, SinkError> {
        self.connector.database().await
    }

    async fn facts(&self) -> Result<Arc<Facts>, SinkError> {
        self.connector.facts().await
    }

    /// What was found at the other end, after a look at whether it may be written to.
    async fn look_around(&self) -> Result<String, SinkError> {
        let database = self.database().await?;
        let facts = self.facts().await?;
        let build = self.connector.ask(async { database.run_command(doc! {"buildInfo": 1}).await }).await?;
        let version = build.get_str("version").unwrap_or("of unknown version").to_owned();
        // Each of these needs the right it tries out and changes nothing: nothing matches the first two, and the third one's
        // `_id` is an array, which no server takes.
        let nothing = "hookline-check";
        let trials = [
            doc! {"find": TOMBSTONES, "filter": {"_id": nothing}, "limit": 1, "singleBatch": true},
            doc! {"update": TOMBSTONES, "updates": [{"q": {"_id": nothing}, "u": {"$set": {"checked": true}}}]},
            doc! {"delete": TOMBSTONES, "deletes": [{"q": {"_id": nothing}, "limit": 1}]},
            doc! {"insert": TOMBSTONES, "documents": [{"_id": [nothing]}]},
        ];
        for trial in trials {
            self.connector.ask(async { database.run_command(trial).await }).await?;
        }
        Ok(format!("MongoDB {version}, {}", facts.describe()))
    }
}
