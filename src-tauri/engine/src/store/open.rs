//! Opening `hookline.db`: what kind of file it is, its settings, its migrations; and why opening fails.
//!
//! Invariants: migrations run in one transaction, all or none; a file of another program or of a newer Hookline is
//! never written to.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Error as SqliteError, ErrorCode, OpenFlags, ffi};

use crate::faults::{self, Point};

/// Numbered from 1: what takes the schema from one version to the next.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0002_latency.sql"),
    include_str!("migrations/0003_tunnel.sql"),
    include_str!("migrations/0004_provider_endpoints.sql"),
    include_str!("migrations/0005_archive.sql"),
    include_str!("migrations/0006_checksums.sql"),
];

/// "Hook", in the database's header: tells Hookline's files from those of other programs.
const APPLICATION_ID: i32 = 0x486f_6f6b;

/// Why the store could not be opened. `Display` says what is wrong; `hint` what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another program holds the database locked.
    #[error("the database {path} is locked by another program")]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// The file or its folder cannot be written.
    #[error("the database {path} cannot be written")]
    ReadOnly {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The disk is full.
    #[error("there is no room left on the disk of {path}")]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// The file is no SQLite database, or a damaged one.
    #[error("the file {path} is damaged or is not a Hookline database")]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// A newer Hookline wrote it.
    #[error("the database {path} was written by a newer Hookline (schema {found}, this one knows {known})")]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema known here.
        known: u32,
    },
    /// A migration failed; the database is as it was before.
    #[error("the database {path} could not be migrated to schema {version}; it was left as it was")]
    Migration {
        /// The database.
        path: PathBuf,
        /// The migration that failed.
        version: u32,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// Anything else.
    #[error("the database {path} could not be opened")]
    Other {
        /// The database.
        path: PathBuf,
        /// What SQLite or the system says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl OpenError {
    /// What the user can do, one or two sentences.
    pub fn hint(&self) -> String {
        match self {
            Self::Locked { .. } => {
                "Close the other program that has the file open (another Hookline, a database viewer, a backup), \
                 then start again."
            }
            Self::ReadOnly { .. } => {
                "Make the file and its folder writable for your user, or name another folder with --data-dir."
            }
            Self::Full { .. } => {
                "Free some space on that disk, or name a folder on another disk with --data-dir."
            }
            Self::Damaged { .. } => {
                "Nothing was changed in it. Put a backup in its place, or move the file away together with its -wal and \
                 -shm files to begin with an empty database; `sqlite3 FILE .recover` may save what is left."
            }
            Self::Newer { .. } => {
                "Update Hookline to the version that wrote the file, or name another folder with --data-dir."
            }
            Self::Migration { .. } => {
                "Go on with the version of Hookline that you used before, and report this error with the log."
            }
            Self::Other { .. } => {
                "See the cause that is given; if it says nothing to you, try another folder with --data-dir."
            }
        }
        .to_owned()
    }

    /// The class of a failure of SQLite while opening.
    pub(super) fn classify(path: &Path, error: SqliteError) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly { path, source: error }
            }
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, source: error }
            }
            _ if is_full(&error) => Self::Full { path },
            _ => Self::Other { path, source: Box::new(error) },
        }
    }
}

/// Whether SQLite failed for want of room on the disk.
pub(super) fn is_full(error: &SqliteError) -> bool {
    match error {
        // The WAL's index cannot grow: on a full disk this comes before SQLITE_FULL.
        SqliteError::SqliteFailure(code, _) => {
            code.code == ErrorCode::DiskFull || code.extended_code == ffi::SQLITE_IOERR_SHMSIZE
        }
        _ => false,
    }
}

/// Opens the connection of the writer, with the schema up to date. `patience` is how long a lock is waited for.
pub(super) fn open_writer(path: &Path, patience: Duration) -> Result<Connection, OpenError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                OpenError::ReadOnly {
                    path: path.to_owned(),
                    source: failure(ffi::SQLITE_CANTOPEN, &error.to_string()),
                }
            }
            std::io::ErrorKind::StorageFull => OpenError::Full { path: path.to_owned() },
            _ => OpenError::Other { path: path.to_owned(), source: Box::new(error) },
        })?;
    }
    refuse_truncated(path)?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(path, flags).map_err(|error| OpenError::classify(path, error))?;
    connection.busy_timeout(patience).map_err(|error| OpenError::classify(path, error))?;
    prepare(&mut connection, path, MIGRATIONS)?;
    Ok(connection)
}

/// Opens a connection that only reads. The file must exist.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch("PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;")?;
    Ok(connection)
}

/// Checks, sets up and migrates.
fn prepare(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), OpenError> {
    let classify = |error| OpenError::classify(path, error);
    refuse_foreign(connection, path, migrations.len())?;
    // Only a file that is ours from here on: this is the first statement that writes.
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(classify)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(OpenError::classify(
            path,
            failure(ffi::SQLITE_READONLY, "the file system does not allow a write-ahead log"),
        ));
    }
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 0;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -32768;
             PRAGMA temp_store = MEMORY;
             PRAGMA foreign_keys = ON;",
        )
        .map_err(classify)?;
    connection.set_prepared_statement_cache_capacity(128);
    migrate(connection, path, migrations)
}

/// Refuses what is not Hookline's, without writing.
fn refuse_foreign(connection: &Connection, path: &Path, known: usize) -> Result<(), OpenError> {
    let classify = |error| OpenError::classify(path, error);
    let number =
        |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i32>(0)).map_err(classify);
    let application = number("PRAGMA application_id")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if application != APPLICATION_ID && (application != 0 || tables != 0) {
        return Err(OpenError::Damaged {
            path: path.to_owned(),
            source: failure(ffi::SQLITE_NOTADB, "the database belongs to another program"),
        });
    }
    let found = number("PRAGMA user_version")? as u32;
    if found as usize > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: known as u32 });
    }
    Ok(())
}

fn migrate(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), OpenError> {
    let classify = |error| OpenError::classify(path, error);
    // SQLite opens a file that cannot be written for reading alone, and says nothing until the first change.
    if connection.is_readonly("main").map_err(classify)? {
        return Err(OpenError::classify(path, failure(ffi::SQLITE_READONLY, "the file can only be read")));
    }
    // Taken even when nothing is to be migrated: it tells at once whether the file is locked or cannot be written.
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(classify)?;
    let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(classify)?;
    let mut current = found;
    for (version, sql) in (1..).zip(migrations).skip(found as usize) {
        transaction.execute_batch(sql).map_err(|error| match OpenError::classify(path, error) {
            OpenError::Other { path, source } => match source.downcast::<SqliteError>() {
                Ok(source) => OpenError::Migration { path, version, source: *source },
                Err(source) => OpenError::Other { path, source },
            },
            known => known,
        })?;
        current = version;
        faults::pass(Point::WithinMigration);
    }
    if current != found {
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(classify)?;
        transaction.pragma_update(None, "user_version", current).map_err(classify)?;
        faults::pass(Point::WithinMigration);
    }
    transaction.commit().map_err(classify)
}

/// A file shorter than its own header says has lost its end. SQLite would notice only on reaching the missing pages. And
/// an empty file where there was a database is no new one: SQLite would begin from nothing, and throw its WAL away.
///
/// With a log beside it nothing else can be told: what is missing may stand there.
fn refuse_truncated(path: &Path) -> Result<(), OpenError> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        std::fs::metadata(name).is_ok_and(|found| found.len() > 0)
    };
    let Ok(found) = std::fs::metadata(path) else { return Ok(()) };
    // SQLite tells what is wrong with anything that is no file.
    if !found.is_file() {
        return Ok(());
    }
    let has_wal = beside("-wal");
    if found.len() == 0 {
        // The search index is made after the database.
        let was_there = has_wal || path.with_file_name("search.db").exists();
        return if was_there && !beside("-journal") {
            let reason = "the file is empty, though there was a database";
            Err(OpenError::Damaged { path: path.to_owned(), source: failure(ffi::SQLITE_CORRUPT, reason) })
        } else {
            Ok(())
        };
    }
    if has_wal || beside("-journal") {
        return Ok(());
    }
    let mut header = [0_u8; 100];
    let Ok(mut file) = File::open(path) else { return Ok(()) };
    let damaged = |reason: &str| OpenError::Damaged {
        path: path.to_owned(),
        source: failure(ffi::SQLITE_CORRUPT, reason),
    };
    if file.read_exact(&mut header).is_err() {
        return Err(damaged("the file is shorter than the header of a database"));
    }
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    // https://www.sqlite.org/fileformat.html: offset 16 page size, 24 change counter, 28 pages, 92 the change counter
    // for which the number of pages holds.
    let page_size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    if header.starts_with(b"SQLite format 3\0")
        && number(24) == number(92)
        && found.len() < page_size * u64::from(number(28))
    {
        return Err(damaged("the end of the file is missing"));
    }
    Ok(())
}

/// An error as SQLite would give it.
pub(super) fn failure(code: i32, message: &str) -> SqliteError {
    SqliteError::SqliteFailure(ffi::Error::new(code), Some(message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(connection: &Connection) -> Vec<(String, String, String)> {
        let mut statement = connection
            .prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name")
            .expect("prepared");
        let rows = statement
            .query_map([], |row| {
                let sql: String = row.get(2)?;
                // SQLite appends a column behind the white space that ended the table.
                let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
                Ok((row.get(0)?, row.get(1)?, sql.replace(" ,", ",").replace(" )", ")")))
            })
            .expect("read");
        rows.collect::<Result<_, _>>().expect("rows")
    }

    fn new_file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("hookline.db");
        (folder, path)
    }

    #[test]
    fn the_migrations_lead_to_the_schema_that_is_written_down() {
        let (_folder, path) = new_file();
        let migrated = open_writer(&path, Duration::ZERO).expect("opens");
        let written = Connection::open_in_memory().expect("opens");
        written.execute_batch(include_str!("schema.sql")).expect("valid");
        assert_eq!(schema(&migrated), schema(&written));
    }

    #[test]
    fn a_database_of_every_older_schema_is_migrated_with_what_is_in_it() {
        for older in 1..MIGRATIONS.len() {
            let (_folder, path) = new_file();
            let mut connection = Connection::open(&path).expect("opens");
            prepare(&mut connection, &path, &MIGRATIONS[..older]).expect("is made");
            connection
                .execute_batch(
                    "PRAGMA foreign_keys = OFF;
                     INSERT INTO job_activity (job, minute, received, completed) VALUES (1, 7, 5, 4);",
                )
                .expect("written");
            drop(connection);
            let migrated = open_writer(&path, Duration::ZERO).expect("opens");
            let read = |sql: &str| migrated.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("read");
            assert_eq!(read("PRAGMA user_version"), MIGRATIONS.len() as i64);
            assert_eq!(read("SELECT received * 10 + completed FROM job_activity"), 54);
            assert_eq!(read("SELECT timed + latency_ms + latency_ms_max FROM job_activity"), 0);
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_everything_as_it_was() {
        let (_folder, path) = new_file();
        drop(open_writer(&path, Duration::ZERO).expect("opens"));
        let mut connection = Connection::open(&path).expect("opens");
        let before = schema(&connection);
        let broken =
            ["CREATE TABLE added (x); ALTER TABLE sources DROP COLUMN name;", "CREATE TABLE oops (;"];
        let migrations = [MIGRATIONS, &broken].concat();
        let error = prepare(&mut connection, &path, &migrations).expect_err("it fails");
        let failing = migrations.len() as u32;
        assert!(matches!(error, OpenError::Migration { version, .. } if version == failing), "{error:?}");
        assert_eq!(schema(&connection), before);
        let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("read");
        assert_eq!(version as usize, MIGRATIONS.len());
    }

    #[test]
    fn a_file_that_can_only_be_read_is_told() {
        let (_folder, path) = new_file();
        drop(open_writer(&path, Duration::ZERO).expect("opens"));
        let mut connection = open_reader(&path).expect("opens");
        let error = prepare(&mut connection, &path, MIGRATIONS).expect_err("it fails");
        assert!(matches!(error, OpenError::ReadOnly { .. }), "{error:?}");
    }

    #[test]
    fn a_full_disk_is_told_and_leaves_nothing_behind() {
        let (_folder, path) = new_file();
        let mut connection = Connection::open(&path).expect("opens");
        connection.execute_batch("PRAGMA max_page_count = 8").expect("limited");
        let error = prepare(&mut connection, &path, MIGRATIONS).expect_err("it fails");
        assert!(matches!(error, OpenError::Full { .. }), "{error:?}");
        assert!(schema(&connection).is_empty());
        connection.execute_batch("PRAGMA max_page_count = 1000000").expect("room");
        prepare(&mut connection, &path, MIGRATIONS).expect("room was made");
    }
}
