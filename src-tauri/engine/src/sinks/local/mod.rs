//! Documents in an SQLite file of their own: the destination that needs no server.
//!
//! Invariants:
//! - A write counts as done when its transaction is on disk (WAL, `synchronous=FULL`).
//! - The object is kept as JSON text from which the very same values are read again; `_sync_metadata` lies beside it as
//!   BSON, the same that goes to MongoDB. Shown, the two are one document, exactly as in MongoDB.
//! - One connection, used by one task at a time, off the async threads.
//!
//! Not here: which state wins ([`super::ordering`]).

mod browse;
mod documents;
mod file;

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;

use super::SinkError;

/// The file with the documents; opened at the first use.
#[derive(Debug)]
pub(super) struct Local {
    path: Arc<PathBuf>,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Local {
    /// Does not touch the file.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path: Arc::new(path), connection: Arc::new(Mutex::new(None)) }
    }

    /// Runs `work` with the connection on a thread that may block.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SinkError> {
        let path = Arc::clone(&self.path);
        let connection = Arc::clone(&self.connection);
        let task = tokio::task::spawn_blocking(move || {
            let mut slot = connection.lock();
            if slot.is_none() {
                *slot = Some(file::open(&path)?);
            }
            let Some(connection) = slot.as_mut() else {
                unreachable!("it was opened just now");
            };
            let done = work(connection).map_err(|error| file::explain(&path, &error));
            if done.is_err() {
                // A file that was replaced or a disk that came back is seen by a new connection only.
                *slot = None;
            }
            done
        });
        match task.await {
            Ok(done) => done,
            Err(error) => {
                Err(SinkError::Unavailable { message: format!("the local destination stopped: {error}") })
            }
        }
    }
}
