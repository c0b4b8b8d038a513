//! The command line's shape, and the help that teaches it.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::error::CliError;

mod events;
mod jobs;
mod serve;

pub(crate) use events::{Events, Filter, Send};
pub(crate) use jobs::{CreateJob, ImportJob, Jobs};
pub(crate) use serve::Serve;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: refused, unreachable, damaged
  2  the command line is wrong
  3  there is no such job, event, destination or document
  4  no Hookline is running on this data directory

Environment:
  HOOKLINE_DATA_DIR    where everything is kept
  HOOKLINE_SECRET      the signing secret for `jobs create` and `jobs import`
  HOOKLINE_DESTINATION the destination for them, for URIs that hold a password
  HOOKLINE_STRIPE_API, HOOKLINE_CLOSE_API
                       where `serve` reaches these APIs, for tests and proxies

First steps:
  hookline serve
  hookline jobs create --source stripe --destination local
  hookline send stripe 'customer.*' --job JOB --count 20
  hookline docs list";

/// Receives webhooks on this machine, keeps every one, and syncs their objects into a database.
#[derive(Debug, Parser)]
#[command(name = "hookline", version, about, after_help = EXIT_CODES, subcommand_required = true)]
pub(crate) struct Arguments {
    /// Where everything is kept; by default where the platform keeps an application's data
    #[arg(long, global = true, env = "HOOKLINE_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Prints JSON for programs instead of tables for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    pub(crate) fn data_dir(&self) -> Result<PathBuf, CliError> {
        self.data_dir.clone().or_else(hookline_engine::app::default_data_dir).ok_or_else(|| {
            CliError::usage("there is no home directory here; say where to keep data with --data-dir")
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs Hookline: receives, keeps and syncs until it is stopped
    Serve(Box<Serve>),
    /// Makes, shows and changes sync jobs
    #[command(subcommand)]
    Jobs(Jobs),
    /// Shows, follows, repeats and exports events
    #[command(subcommand)]
    Events(Events),
    /// Sends realistic sample events, signed with the job's secret, to the job's URL
    Send(Send),
    /// Shows the documents that were synced
    #[command(subcommand)]
    Docs(Docs),
    /// Shows and checks destinations
    #[command(subcommand)]
    Destinations(Destinations),
    /// Shows sources, and stores and checks their API keys
    #[command(subcommand)]
    Sources(Sources),
    /// Shows, starts and stops the tunnel through which providers reach this machine
    #[command(subcommand)]
    Tunnel(Tunnel),
    /// Sets webhooks up at the provider, and keeps them in line
    #[command(subcommand)]
    Endpoints(Endpoints),
    /// Says why nothing is arriving, and what to do about it
    Doctor {
        /// Only this job: its id or name
        #[arg(long)]
        job: Option<String>,
    },
    /// Shows what is received and what is not
    Status,
    /// Looks for damage in the database
    Check,
    /// Writes a consistent copy of the database to a new file
    Backup {
        /// The file to write; it must not exist yet
        file: PathBuf,
    },
    /// Prints a script that completes commands in your shell
    #[command(
        after_help = "Example:\n  hookline completions bash > ~/.local/share/bash-completion/completions/hookline"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Docs {
    /// Lists collections; with a collection, its documents
    #[command(after_help = "Examples:\n  hookline docs list\n  hookline docs list stripe_customers")]
    List {
        /// The collection
        collection: Option<String>,
        /// The destination: its id or name  [default: the local one]
        #[arg(long)]
        destination: Option<String>,
        /// How many documents, at most
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Shows a document
    Show {
        /// The collection
        collection: String,
        /// The document's `_id`
        id: String,
        /// The destination: its id or name  [default: the local one]
        #[arg(long)]
        destination: Option<String>,
    },
}

const TUNNEL_HELP: &str = "\
The choice is kept and counts for later starts too. An authtoken is given in a file, on standard input or in the
environment of `hookline serve` (NGROK_AUTHTOKEN): process arguments can be seen by other users of this machine.

Examples:
  hookline tunnel start ngrok --domain me.ngrok-free.dev --authtoken-file -
  hookline tunnel start cloudflared
  hookline tunnel start https://hooks.example.com
  hookline tunnel start";

#[derive(Debug, Subcommand)]
pub(crate) enum Tunnel {
    /// Shows the tunnel: state, address, what is wrong and what to do, the last changes
    Status {
        /// Sends a request to the public address first and sees whether it comes back
        #[arg(long)]
        check: bool,
    },
    /// Starts the tunnel, anew if it runs, and waits until it is online or refused
    #[command(after_help = TUNNEL_HELP)]
    Start {
        /// ngrok, cloudflared, tailscale, or the https address of your own proxy  [default: what was last chosen]
        tunnel: Option<String>,
        /// The domain that ngrok is asked for; an empty one leaves it to ngrok
        #[arg(long)]
        domain: Option<String>,
        /// The region of ngrok's edge; an empty one takes the nearest
        #[arg(long)]
        region: Option<String>,
        /// A file that holds ngrok's authtoken; `-` reads standard input
        #[arg(long, value_name = "FILE")]
        authtoken_file: Option<PathBuf>,
        /// How long to wait, in seconds; 0 does not wait
        #[arg(long, default_value_t = 60, value_name = "SECONDS")]
        wait: u64,
    },
    /// Stops the tunnel; it stays stopped until it is started again
    Stop,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Destinations {
    /// Lists all destinations
    List,
    /// Connects to a destination and says what is wrong, if something is
    Check {
        /// Its id or name
        destination: String,
    },
}

const SET_KEY_HELP: &str = "\
The key is read from a file or from standard input: process arguments can be seen by other users of this machine.

Examples:
  hookline sources set-key SOURCE --key-file - < stripe.key
  hookline sources check-key SOURCE";

#[derive(Debug, Subcommand)]
pub(crate) enum Sources {
    /// Lists all sources
    List,
    /// Lists the providers that webhooks can come from
    Providers,
    /// Stores an API key of the provider's, with which webhooks are set up there
    #[command(after_help = SET_KEY_HELP)]
    SetKey {
        /// The source: its id or name
        source: String,
        /// A file that holds the key; `-` reads standard input
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
    /// Asks the provider whose the stored API key is
    CheckKey {
        /// The source: its id or name
        source: String,
    },
}

const ENDPOINTS_HELP: &str = "\
The source of the job needs an API key (`hookline sources set-key`), and Hookline a public address that begins with
https:// (`hookline serve --public-url`). Only endpoints that Hookline made are ever changed or removed.

Examples:
  hookline endpoints create JOB
  hookline endpoints check JOB
  hookline endpoints mend JOB";

#[derive(Debug, Subcommand)]
#[command(after_help = ENDPOINTS_HELP)]
pub(crate) enum Endpoints {
    /// Sets the job's webhook up at its provider; the secret that the provider makes becomes the job's
    Create {
        /// The job: its id or name
        job: String,
    },
    /// Shows how it stands there, as far as is known
    Show {
        /// The job: its id or name
        job: String,
    },
    /// Asks the provider how it stands; exit code 1 when it is not as it should be
    Check {
        /// The job: its id or name
        job: String,
    },
    /// Brings it into line: URL, event types, turned on; made anew where it is gone
    Mend {
        /// The job: its id or name
        job: String,
    },
    /// Removes it at the provider
    Remove {
        /// The job: its id or name
        job: String,
    },
}
