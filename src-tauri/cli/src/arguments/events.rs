//! `hookline events` and `hookline send`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// Lists events, newest first
    List {
        #[command(flatten)]
        filter: Filter,
        /// How many, at most
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Shows an event: summary, headers, body, attempts, operation
    Show {
        /// Its id
        event: String,
        /// Its job; needed only to tell jobs apart faster
        #[arg(long)]
        job: Option<String>,
        /// Prints the body alone, byte for byte
        #[arg(long)]
        body: bool,
    },
    /// Prints events as they come in, until it is stopped
    Tail {
        #[command(flatten)]
        filter: Filter,
    },
    /// Tries a failed event again now; with --failed all of a job
    #[command(
        after_help = "Examples:\n  hookline events retry 42\n  hookline events retry --failed --job JOB"
    )]
    Retry {
        /// Its id
        #[arg(required_unless_present = "failed")]
        event: Option<String>,
        /// All failed events of the job
        #[arg(long, conflicts_with = "event", requires = "job")]
        failed: bool,
        /// The job
        #[arg(long)]
        job: Option<String>,
    },
    /// Applies an event again, whatever became of it; an older state still never overwrites a newer one
    Replay {
        /// Its id
        event: String,
        /// The job
        #[arg(long)]
        job: Option<String>,
    },
    /// Writes events with headers and bodies as lines of JSON
    #[command(after_help = "Example:\n  hookline events export --status failed --output failed.ndjson")]
    Export {
        #[command(flatten)]
        filter: Filter,
        /// The file to write; standard output otherwise
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Which events.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Only of this job
    #[arg(long)]
    pub(crate) job: Option<String>,
    /// Only in these states: pending, processing, completed, failed, skipped, rejected
    #[arg(long, value_delimiter = ',')]
    pub(crate) status: Vec<String>,
    /// Only of these types; patterns such as `customer.*` are allowed
    #[arg(long = "type", value_delimiter = ',', value_name = "PATTERN")]
    pub(crate) types: Vec<String>,
    /// Only with these words in ids, type, error or body
    #[arg(long, short, value_name = "WORDS")]
    pub(crate) query: Option<String>,
    /// Only received at this time or later (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only received before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
}

const SEND_HELP: &str = "\
The events tell the life of customers: created, subscribed, invoiced, paid, refunded, cancelled. With the same seed
they are the same events.

Examples:
  hookline send stripe customer.updated --job JOB
  hookline send stripe --job JOB --count 100
  hookline send close 'lead.*' --job JOB --count 10 --seed 7";

#[derive(Debug, Args)]
#[command(after_help = SEND_HELP)]
pub(crate) struct Send {
    /// The provider whose events are sent: stripe, close, github, …
    pub(crate) provider: String,
    /// Which types: an exact name, `*`, `customer.*`
    #[arg(default_value = "*")]
    pub(crate) pattern: String,
    /// The job to send to: its id or name
    #[arg(long)]
    pub(crate) job: String,
    /// How many events
    #[arg(long, short = 'n', default_value_t = 1)]
    pub(crate) count: usize,
    /// Makes the same events again  [default: random]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How many are sent at once; with more than one the order of arrival is left to chance
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,
}
