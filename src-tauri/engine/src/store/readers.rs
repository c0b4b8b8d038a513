//! The readers: a few connections that only read, each used by one blocking task at a time.
//!
//! Read transactions are short (one closure): a long one would keep the WAL from being reset.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{StoreError, open};

/// How many reads run at once.
const READERS: usize = 4;

#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::new(Vec::new()), permits: Arc::new(Semaphore::new(READERS)) }
    }

    /// Waits for a turn to read; `Closed` after [`Self::close`].
    pub(super) async fn turn(&self) -> Result<tokio::sync::OwnedSemaphorePermit, StoreError> {
        Arc::clone(&self.permits).acquire_owned().await.map_err(|_| StoreError::Closed)
    }

    /// Runs `read` in one read transaction: it sees one state of the database. Blocks.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open::open_reader(&self.path)?,
        };
        connection.execute_batch("BEGIN")?;
        let answer = read(&connection);
        // A connection that cannot end its transaction is not used again.
        if connection.execute_batch("COMMIT").is_ok() && !self.permits.is_closed() {
            self.idle.lock().push(connection);
        }
        answer
    }

    /// Closes the connections; those in use follow when their reads end.
    pub(super) fn close(&self) {
        self.permits.close();
        self.idle.lock().clear();
    }
}
