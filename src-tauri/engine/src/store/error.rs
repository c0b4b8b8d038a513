//! Why a read or a change failed, and what to do about it.

use rusqlite::{ErrorCode, ffi};

use crate::event::with_causes;

/// Why a read or a change failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such row.
    #[error("{what} {id} does not exist")]
    NotFound {
        /// "sync job", "source", …
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The change contradicts what is there, such as deleting a source that a job uses.
    #[error("{message}")]
    Conflict {
        /// What contradicts what, for users.
        message: String,
    },
    /// The disk is full.
    #[error("there is no room left on the disk")]
    Full,
    /// The writer's queue is full.
    #[error("more arrives than can be stored")]
    Overloaded,
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// The disk failed while another program read the database, which may have lost what only its log still has: nothing is
    /// read or written before the next start.
    #[error("the disk failed while another program was reading the database")]
    Distrusted,
    /// SQLite failed.
    #[error("{}", what_failed(.0))]
    Sqlite(#[source] rusqlite::Error),
}

impl StoreError {
    /// What the user can do about it, where it is the disk's or the database's fault.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotFound { .. } | Self::Conflict { .. } | Self::Closed => None,
            Self::Full => {
                Some("Make room on the disk of the data directory; Hookline then goes on by itself.")
            }
            Self::Overloaded => {
                Some("Try again in a moment; if it stays so, the disk is too slow for what arrives.")
            }
            Self::Distrusted => Some("Close that program, then start Hookline again."),
            Self::Sqlite(error) => Some(match error.sqlite_error_code() {
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                    "Make the data directory and the files in it writable for your user, and see whether the disk was \
                     mounted read-only; Hookline then goes on by itself."
                }
                Some(ErrorCode::SystemIoFailure) => {
                    "Check the disk and its connection (the system's log tells more); once it works, Hookline goes on \
                     by itself."
                }
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    "Close the other program that has the database open."
                }
                _ => "`hookline check` looks for damage; the log tells more.",
            }),
        }
    }

    /// Whether what was to be read is damaged for good; a disk that fails at the moment is no damage.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Sqlite(error) => is_damage(error),
            _ => false,
        }
    }

    /// Whether the disk or the database as a whole is the cause, and not what was asked.
    pub(super) fn is_about_the_disk(&self) -> bool {
        match self {
            Self::Full | Self::Distrusted => true,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::DiskFull
                        | ErrorCode::SystemIoFailure
                        | ErrorCode::DatabaseBusy
                        | ErrorCode::ReadOnly
                        | ErrorCode::DatabaseCorrupt
                        | ErrorCode::CannotOpen
                        | ErrorCode::OutOfMemory
                )
            ),
            _ => false,
        }
    }

    /// The same error for another one who waits: SQLite's errors cannot be cloned.
    pub(super) fn repeat(&self) -> Self {
        match self {
            Self::Full => Self::Full,
            Self::Overloaded => Self::Overloaded,
            Self::Closed => Self::Closed,
            Self::Distrusted => Self::Distrusted,
            Self::NotFound { what, id } => Self::NotFound { what, id: id.clone() },
            Self::Conflict { message } => Self::Conflict { message: message.clone() },
            Self::Sqlite(rusqlite::Error::SqliteFailure(code, message)) => {
                Self::Sqlite(rusqlite::Error::SqliteFailure(*code, message.clone()))
            }
            Self::Sqlite(error) => Self::Sqlite(rusqlite::Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_ERROR),
                Some(error.to_string()),
            )),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if super::open::is_full(&error) { Self::Full } else { Self::Sqlite(error) }
    }
}

/// `None` where what was read is damaged for good, which is logged as `said`. A disk that fails now may not fail later.
pub(super) fn unless_damaged<T>(
    read: Result<T, StoreError>,
    event: i64,
    said: &str,
) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_damage() => {
            tracing::error!(event, error = %with_causes(&error), "{said}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether what was read cannot be what was written: pages that SQLite cannot make sense of, or values of another kind.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
        || matches!(
            error,
            Error::FromSqlConversionFailure(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::InvalidColumnType(..)
                | Error::Utf8Error(..)
        )
}

fn what_failed(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        _ if is_damage(error) => "the database is damaged",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "the database cannot be written",
        Some(ErrorCode::CannotOpen) => "the database cannot be opened",
        Some(ErrorCode::SystemIoFailure) => "the disk failed",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "the database is locked by another program"
        }
        _ => "the database failed",
    }
}
