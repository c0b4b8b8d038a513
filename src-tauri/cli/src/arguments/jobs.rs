//! `hookline jobs`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

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
    /// Keeps the job's history, which is events and batches, in its MongoDB too, from now on
    Archive {
        /// Its id or name
        job: String,
        /// For how many days, 1 to 3650
        #[arg(long, required_unless_present = "off")]
        days: Option<u32>,
        /// Stops it; what is archived already stays until its days are over
        #[arg(long, conflicts_with = "days")]
        off: bool,
    },
    /// Prints what a job is, its id included, as JSON without any secret, for `jobs import` on another machine
    Export {
        /// Its id or name
        job: String,
    },
    /// Makes the same job here, with the same URL, or changes the one that is here so that it is like the file
    Import(Box<ImportJob>),
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
    /// Keeps the history in the destination, a MongoDB, for so many days too
    #[arg(long, value_name = "DAYS")]
    pub(crate) archive_days: Option<u32>,
}

const IMPORT_HELP: &str = "\
A file from `hookline jobs export` holds no secret: say the signing secret that the job has elsewhere, and where its
documents go.

Examples:
  hookline jobs export JOB > job.json
  hookline jobs import job.json --secret-file secret.txt --destination mongodb://127.0.0.1:27017/analytics
  HOOKLINE_DESTINATION='mongodb+srv://ann:password@cluster.example/analytics' \\
      hookline jobs import job.json --secret-file -";

#[derive(Debug, Args)]
#[command(after_help = IMPORT_HELP)]
pub(crate) struct ImportJob {
    /// The file; `-` reads standard input
    pub(crate) file: PathBuf,
    #[arg(
        help = "Needed unless the job is here already: mongodb://…/DATABASE, http://…, local; or the id of a destination"
    )]
    #[arg(long, env = "HOOKLINE_DESTINATION", hide_env_values = true)]
    pub(crate) destination: Option<String>,
    /// The signing secret that the job has elsewhere; needed unless the job is here already
    #[arg(long, env = "HOOKLINE_SECRET", hide_env_values = true)]
    pub(crate) secret: Option<String>,
    /// A file that holds the signing secret; `-` reads standard input
    #[arg(long, conflicts_with = "secret", value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
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
