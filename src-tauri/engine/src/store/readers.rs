//! The readers: a few connections that only read, each used by one blocking task at a time.
//!
//! Read transactions are short (one closure): a long one would keep the WAL from being reset.
//!
//! A [`Gate`] keeps reads and checkpoints apart. A checkpoint that somebody's read cuts short writes pages into the database
//! without syncing them, and SQLite takes them for written all the same. If the disk then fails at the next sync, it may
//! have dropped those pages, and no later checkpoint writes them again: the log would be reset over pages that are lost.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{StoreError, open};

/// How many reads run at once.
const READERS: usize = 4;

/// Keeps reads and checkpoints apart.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// Reads that take a moment: a checkpoint may wait for them.
    short: RwLock<()>,
    /// Reads of the whole file: no checkpoint waits for them, the log grows meanwhile.
    long: RwLock<()>,
    /// What is read may not be what was written: see [`Gate::distrust`].
    distrusted: AtomicBool,
}

/// There are no reads while this lives.
pub(super) struct Alone<'a> {
    _guards: (RwLockWriteGuard<'a, ()>, RwLockWriteGuard<'a, ()>),
}

impl Gate {
    /// To be held during a read that takes a moment.
    fn read_shortly(&self) -> Result<RwLockReadGuard<'_, ()>, StoreError> {
        let reading = self.short.read();
        self.check()?;
        Ok(reading)
    }

    /// To be held during a read of the whole file.
    pub(super) fn read_for_long(&self) -> Result<RwLockReadGuard<'_, ()>, StoreError> {
        let reading = self.long.read();
        self.check()?;
        Ok(reading)
    }

    /// A sync failed after a checkpoint that another program had cut short: the database may have lost pages that only the
    /// log still has. From here on nothing is read or written; the next start reads the log from its beginning.
    pub(super) fn distrust(&self) {
        self.distrusted.store(true, Ordering::Release);
    }

    /// Fails once the database is not to be trusted any more.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.distrusted.load(Ordering::Acquire) { Err(StoreError::Distrusted) } else { Ok(()) }
    }

    /// Keeps readers away, if none is there; if it is `urgent`, waits for those that take a moment.
    pub(super) fn close(&self, urgent: bool) -> Option<Alone<'_>> {
        let long = self.long.try_write()?;
        let short = if urgent { self.short.write() } else { self.short.try_write()? };
        Some(Alone { _guards: (long, short) })
    }
}

#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    gate: Arc<Gate>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::new(Vec::new()),
            permits: Arc::new(Semaphore::new(READERS)),
            gate: Arc::default(),
        }
    }

    /// What keeps reads and checkpoints apart.
    pub(super) fn gate(&self) -> &Arc<Gate> {
        &self.gate
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
        let _reading = self.gate.read_shortly()?;
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
