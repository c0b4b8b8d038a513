//! The command line's shape, and the help that teaches it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use hookline_engine::secrets::SecretsChoice;
use url::Url;

use crate::error::CliError;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: refused, unreachable, damaged
  2  the command line is wrong
  3  there is no such job, event, destination or document
  4  no Hookline is running on this data directory

Environment:
  HOOKLINE_DATA_DIR    where everything is kept
  HOOKLINE_SECRET      the signing secret for `jobs create`
  HOOKLINE_DESTINATION the destination for `jobs create`, for URIs that hold a password
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

const SERVE_HELP: &str = "\
What is not given here is taken from the environment, then from `config.toml` in the data directory
(listen, api, tunnel, ngrok_domain, ngrok_region, public_url, max_body_bytes, secrets, log), then from the defaults.

Environment for tunnels:
  NGROK_AUTHTOKEN        the authtoken for ngrok, in the place of the one that is stored
  HOOKLINE_NGROK_SERVER  another edge than ngrok's own, as HOST:PORT
  HOOKLINE_NGROK_CA      a PEM file with that edge's certificates

Where secrets lie: with `--secrets auto` in the system's keychain where one answers, else in a file that only you can
read. What was chosen before is moved over at the start. `hookline status` says where they lie, and why.

Examples:
  hookline serve
  hookline serve --listen 127.0.0.1:0 --api 127.0.0.1:0 --ready-json
  NGROK_AUTHTOKEN=… hookline serve --tunnel ngrok --ngrok-domain me.ngrok-free.dev
  hookline serve --tunnel cloudflared                       (no account needed; another address after each start)
  hookline serve --tunnel https://hooks.example.com         (your reverse proxy forwards to the receiver)";

#[derive(Debug, Args)]
#[command(after_help = SERVE_HELP)]
pub(crate) struct Serve {
    /// Where the receiver listens; port 0 takes any free one  [default: 127.0.0.1:4400]
    #[arg(long, env = "HOOKLINE_LISTEN", value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the control API listens: loopback only  [default: 127.0.0.1:4401]
    #[arg(long, env = "HOOKLINE_API", value_name = "ADDRESS")]
    pub(crate) api: Option<SocketAddr>,
    /// How providers reach this machine: ngrok, cloudflared, tailscale, none, or the https address of your own proxy
    /// [default: what was last chosen]
    #[arg(long, env = "HOOKLINE_TUNNEL", value_name = "TUNNEL")]
    pub(crate) tunnel: Option<String>,
    /// The domain that ngrok is asked for, such as me.ngrok-free.dev
    #[arg(long, env = "HOOKLINE_NGROK_DOMAIN", value_name = "DOMAIN")]
    pub(crate) ngrok_domain: Option<String>,
    /// The region of ngrok's edge: us, eu, ap, au, sa, jp, in
    #[arg(long, env = "HOOKLINE_NGROK_REGION", value_name = "REGION")]
    pub(crate) ngrok_region: Option<String>,
    /// The same as --tunnel URL, which wins where both are given
    #[arg(long, env = "HOOKLINE_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<Url>,
    /// The most bytes of a webhook's body  [default: 5242880]
    #[arg(long, env = "HOOKLINE_MAX_BODY_BYTES", value_name = "BYTES")]
    pub(crate) max_body_bytes: Option<usize>,
    /// Where secrets lie: in the system's keychain, in a file that only you can read, or in whichever works  [default: auto]
    #[arg(long, env = "HOOKLINE_SECRETS", value_name = "PLACE",
        value_parser = PossibleValuesParser::new(SecretsChoice::NAMES).try_map(|name| name.parse::<SecretsChoice>()))]
    pub(crate) secrets: Option<SecretsChoice>,
    /// Where Stripe's API is, for tests and proxies
    #[arg(long, env = "HOOKLINE_STRIPE_API", value_name = "URL", hide = true)]
    pub(crate) stripe_api: Option<Url>,
    /// Where Close's API is, for tests and proxies
    #[arg(long, env = "HOOKLINE_CLOSE_API", value_name = "URL", hide = true)]
    pub(crate) close_api: Option<Url>,
    /// Prints one line of JSON with addresses and token when all is listening
    #[arg(long)]
    pub(crate) ready_json: bool,
    /// error, warn, info, debug, trace, or directives such as `hookline_engine=debug,warn`  [default: info]
    #[arg(long, env = "HOOKLINE_LOG", value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// Makes a job, with a source and a destination where there are none yet, and prints its URL and secret
    Create(Box<CreateJob>),
    /// Lists all jobs
    List,
    /// Shows a job
    Show {
        /// Its id, or its name if only one has it
        job: String,
        /// Shows the signing secret too
        #[arg(long)]
        show_secret: bool,
    },
    /// Stops receiving and delivering; senders are answered 403 and try again later
    Pause {
        /// Its id or name
        job: String,
    },
    /// Receives and delivers again; also tries a destination again at once that was waited for
    Resume {
        /// Its id or name
        job: String,
    },
    /// Deletes a job with its events; documents at the destination stay
    Delete {
        /// Its id or name
        job: String,
        /// Removes the endpoint that Hookline made at the provider first; when that fails, the job stays
        #[arg(long)]
        remove_endpoint: bool,
        /// Does not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Makes a new signing secret, or takes the one that the provider made; the old one counts for a while longer
    RotateSecret {
        /// Its id or name
        job: String,
        /// A file that holds the secret that the provider made; `-` reads standard input
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// For how many hours the old secret still counts
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        keep_old_for: u32,
    },
}

const CREATE_HELP: &str = "\
Process arguments can be seen by other users of this machine. Give a secret in a file, on standard input or in the
environment instead, and a URI that holds a password likewise.

Examples:
  hookline jobs create --source stripe --destination local
  hookline jobs create --source stripe --events 'customer.*,invoice.paid' --secret-file - \\
      --destination mongodb://127.0.0.1:27017/analytics
  hookline jobs create --source close --destination http://127.0.0.1:3000/webhooks
  HOOKLINE_DESTINATION='mongodb+srv://ann:password@cluster.example/analytics' hookline jobs create --source close";

#[derive(Debug, Args)]
#[command(after_help = CREATE_HELP)]
pub(crate) struct CreateJob {
    /// The provider: stripe, close, standard-webhooks, github, …; or the id of a source
    #[arg(long)]
    pub(crate) source: String,
    #[arg(help = "local, mongodb://…/DATABASE, http://…; or the id of a destination")]
    #[arg(long, env = "HOOKLINE_DESTINATION", hide_env_values = true)]
    pub(crate) destination: String,
    /// Which event types to sync: exact names, `*`, `customer.*`, `*.deleted`; repeated or separated by commas
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    pub(crate) events: Vec<String>,
    /// The signing secret, if the provider gave you one; otherwise one is made
    #[arg(long, env = "HOOKLINE_SECRET", hide_env_values = true)]
    pub(crate) secret: Option<String>,
    /// A file that holds the signing secret; `-` reads standard input
    #[arg(long, conflicts_with = "secret", value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// The job's name  [default: the provider and the destination]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Put before each collection's name  [default: the provider's, such as `stripe_`]
    #[arg(long)]
    pub(crate) prefix: Option<String>,
    /// Whether deleted objects are removed or marked
    #[arg(long, value_enum)]
    pub(crate) deletes: Option<Deletes>,
    /// The most events in one batch
    #[arg(long)]
    pub(crate) batch_size: Option<u32>,
    /// How long a batch waits for more events, in milliseconds
    #[arg(long)]
    pub(crate) batch_wait_ms: Option<u32>,
    /// How far a signature's timestamp may be off, in seconds; 0 leaves timestamps unchecked
    #[arg(long, value_name = "SECONDS")]
    pub(crate) tolerance: Option<u32>,
    /// How long settled events are kept, in days
    #[arg(long, value_name = "DAYS")]
    pub(crate) retention: Option<u32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Deletes {
    /// The document is removed
    Hard,
    /// The document stays, marked as deleted
    Soft,
}

impl Deletes {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
        }
    }
}

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
