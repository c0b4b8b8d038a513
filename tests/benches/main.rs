//! `cargo xtask bench`: how near Hookline runs to the machine's limit, as ratios against baselines measured in the same
//! run. Absolute rates drift with the machine; ratios of rounds in turn hardly do. `README.md` says which figures are measured
//! in turn.
//!
//! What is measured are programs of their own: `hookline serve` as it is shipped, and the baselines, which are this
//! program once more ([`baseline`]). The load generator runs beside them on the same cores, as a sender's would on a laptop.
//!
//! [`report`] keeps the rows: a table to read, JSON to compare, and with `--record` a line in `README.md` beside this file.
//! `bench load` and `bench soak` break nothing to be measured; they show what hours and floods do to memory, files and
//! events. `bench ui` measures the desktop app's window.

mod baseline;
mod costs;
mod folder;
mod history;
mod idle;
mod ingest;
mod load;
mod overload;
mod pages;
mod pipeline;
mod program;
mod report;
mod sink;
mod size;
mod soak;
mod stored;
mod watch;
#[cfg(feature = "desktop")]
mod window;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};

use baseline::Baseline;
use report::Report;

/// Hookline's measurements.
#[derive(Debug, Parser)]
#[command(name = "bench", bin_name = "cargo xtask bench --", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    table: Table,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The desktop app's window: start, list, scrolling, memory, keys while webhooks pour in.
    Ui {
        /// How many events are stored.
        #[arg(default_value_t = 1_000_000)]
        stored: usize,
        /// How long webhooks pour in, in seconds.
        #[arg(default_value_t = 20)]
        seconds: u64,
    },
    /// More than can be taken, for minutes: what is refused, what is kept, what memory does, and how soon it is over.
    Load {
        /// For how long, in minutes.
        #[arg(long, default_value_t = 10.0)]
        minutes: f64,
    },
    /// Webhooks into three kinds of destination, wrong signatures, jobs that are made and deleted with their events, searches,
    /// replays, change streams and an open UI for an hour: what grows.
    Soak {
        /// For how long, in minutes.
        #[arg(long, default_value_t = 60.0)]
        minutes: f64,
    },
    /// Runs a baseline until it is killed.
    #[command(hide = true)]
    Serve {
        /// Which.
        #[command(subcommand)]
        baseline: Baseline,
    },
}

/// The table of ratios.
#[derive(Debug, Args)]
struct Table {
    /// Measure only these parts.
    #[arg(long, value_delimiter = ',', value_name = "PART")]
    only: Vec<Part>,
    /// How often the figures are measured that are taken in turn with their baseline; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many events the long histories hold, each from the smallest on. Ten million take 10 GB and, once, half an hour to
    /// make; they are kept in `target/bench` for the next run.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000, 10_000_000])]
    stored: Vec<usize>,
    /// A tenth of the events, one round, short histories: to see that everything works, not for figures.
    #[arg(long)]
    quick: bool,
    /// Where the figures go as JSON.
    #[arg(long, value_name = "FILE", default_value = "target/bench/latest.json")]
    json: PathBuf,
    /// Add a line to the history in `tests/benches/README.md`, when every part could be measured.
    #[arg(long, conflicts_with = "quick")]
    record: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Receiving, against a bare handler, single inserts and Express.
    Ingest,
    /// The MongoDB sink, against plain inserts.
    Sink,
    /// From the request to the document, against unguarded inserts; with one, two and three processes.
    Pipeline,
    /// Pages of events in long histories.
    Pages,
    /// The size of the store, against raw bodies.
    Size,
    /// The start, with and without a long history.
    Start,
    /// Memory and processor time with nothing to do.
    Idle,
    /// How costs grow with jobs, the size of events and the history.
    Costs,
}

impl Part {
    async fn measure(self, report: &mut Report, effort: &Effort) -> Result<()> {
        match self {
            Self::Ingest => ingest::measure(report, effort).await,
            Self::Sink => sink::measure(report, effort).await,
            Self::Pipeline => pipeline::measure(report, effort).await,
            Self::Pages => pages::measure(report, effort).await,
            Self::Size => size::measure(report, effort).await,
            Self::Start => history::start(report, effort).await,
            Self::Idle => idle::measure(report, effort).await,
            Self::Costs => {
                costs::of_jobs(report, effort).await?;
                costs::of_sizes(report, effort).await?;
                history::ingest(report, effort).await
            }
        }
    }
}

/// How much is measured.
#[derive(Debug, Clone)]
struct Effort {
    rounds: usize,
    /// Divides numbers of events.
    divisor: usize,
    stored: Vec<usize>,
}

impl Effort {
    fn events(&self, full: usize) -> usize {
        full / self.divisor
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match arguments.command {
            Some(Command::Serve { baseline }) => baseline.serve().await,
            Some(Command::Load { minutes }) => overload::run(Duration::from_secs_f64(minutes * 60.0)).await,
            Some(Command::Soak { minutes }) => soak::run(Duration::from_secs_f64(minutes * 60.0)).await,
            Some(Command::Ui { stored, seconds }) => window(stored, Duration::from_secs(seconds)).await,
            None => table(arguments.table).await,
        }
    })
}

async fn table(mut table: Table) -> Result<()> {
    table.stored.sort_unstable();
    let effort = if table.quick {
        Effort { rounds: 1, divisor: 10, stored: vec![10_000, 50_000] }
    } else {
        Effort { rounds: table.rounds.max(1), divisor: 1, stored: table.stored }
    };
    let parts = if table.only.is_empty() { Part::value_variants() } else { &table.only };
    let mut report = Report::begin();
    let mut first_error = None;
    for part in parts {
        eprintln!("\n{part:?}");
        // What the other parts took long to measure is not lost with one that fails.
        if let Err(error) = part.measure(&mut report, &effort).await {
            eprintln!("{part:?} could not be measured: {error:#}");
            report.failed(&format!("{part:?}"), &error);
            first_error.get_or_insert(error);
        }
    }
    report.finish(&table.json, table.record && first_error.is_none())?;
    first_error.map_or(Ok(()), Err)
}

#[cfg(feature = "desktop")]
use window::run as window;

#[cfg(not(feature = "desktop"))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn window(_stored: usize, _flood_for: Duration) -> Result<()> {
    anyhow::bail!("the window is measured by `cargo xtask bench -- ui`, which builds it")
}
