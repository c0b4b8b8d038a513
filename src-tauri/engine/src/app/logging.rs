//! Logs: to standard error for people, to a rotating file for later. No bodies, no secrets: those who log see to that.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use tracing::Level;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use super::make_private_dir;

/// How many daily log files are kept.
const KEPT_FILES: usize = 7;

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The level or filter does not parse.
    #[error("`{filter}` is no log level or filter such as `info` or `hookline_engine=debug`")]
    Filter {
        /// What was given.
        filter: String,
        /// Why it does not parse.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// The log folder cannot be written.
    #[error("the log folder {path} cannot be written")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl LoggingError {
    /// What the user can do, where it is the folder's fault.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Filter { .. } => None,
            Self::Folder { .. } => Some(
                "make room on the disk and the folder writable for your user, or choose another directory with --data-dir",
            ),
        }
    }
}

/// Logging goes on for as long as this lives; dropping it writes what is left.
#[derive(Debug)]
pub struct LogGuards {
    _guards: [WorkerGuard; 2],
}

/// The folder of the log files.
pub(super) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("logs")
}

/// Whether a library's lines of this level are fit for a log, whatever the filter asks for: ngrok's client writes what it
/// sends, the authtoken included.
fn is_fit(target: &str, level: Level) -> bool {
    let of = |library: &str| target == library || target.starts_with(&format!("{library}::"));
    match () {
        () if of("muxado") => false,
        () if of("ngrok") => level <= Level::WARN,
        // A line for each message of the kernel's.
        () if of("netlink_proto") => level <= Level::INFO,
        () => true,
    }
}

/// Logs from now on to standard error and to `logs/` in the data directory, for as long as the guard lives.
///
/// `filter` is a level (`info`) or directives (`hookline_engine=debug,warn`). A process that logs already goes on as it
/// does.
pub fn init(data_dir: &Path, filter: &str) -> Result<LogGuards, LoggingError> {
    let parse = || {
        EnvFilter::try_new(filter)
            .map_err(|source| LoggingError::Filter { filter: filter.to_owned(), source })
    };
    let folder = folder(data_dir);
    make_private_dir(&folder)
        .map_err(|source| LoggingError::Folder { path: folder.clone(), source: source.into() })?;
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("hookline")
        .filename_suffix("log")
        .max_log_files(KEPT_FILES)
        .build(&folder)
        .map_err(|source| LoggingError::Folder { path: folder.clone(), source: source.into() })?;
    // Both are written by threads of their own, and drop lines rather than wait: whoever started Hookline may never
    // read its standard error, and a full pipe must not stop it.
    let (file, file_guard) = NonBlocking::new(appender);
    let (stderr, stderr_guard) = NonBlocking::new(std::io::stderr());
    let _logs_already = tracing_subscriber::registry()
        .with(filter_fn(|metadata| is_fit(metadata.target(), *metadata.level())))
        .with(
            fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(stderr).with_filter(parse()?),
        )
        .with(fmt::layer().json().with_writer(file).with_filter(parse()?))
        .try_init();
    Ok(LogGuards { _guards: [file_guard, stderr_guard] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_that_write_secrets_are_kept_short_whatever_is_asked_for() {
        assert!(!is_fit("muxado::session", Level::ERROR));
        assert!(!is_fit("ngrok::internals::raw_session", Level::DEBUG));
        assert!(is_fit("ngrok::session", Level::WARN));
        assert!(is_fit("hookline_engine::tunnel::ngrok", Level::TRACE));
    }
}
