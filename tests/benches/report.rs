//! The rows of a run: shown as they come, printed as one table, written as JSON, and kept as one line of history.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use hookline_engine::event::{Clock as _, SystemClock};
use serde::Serialize;

/// The history, beside this file.
const HISTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/README.md");

/// What a figure is to be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(goal) => value >= goal,
            Self::AtMost(goal) => value <= goal,
        }
    }
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(goal) => write!(f, "≥ {goal}"),
            Self::AtMost(goal) => write!(f, "≤ {goal}"),
        }
    }
}

/// One figure.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    /// What names it from run to run.
    pub(crate) key: String,
    /// What was measured.
    pub(crate) measured: String,
    /// What it is compared with; empty where the value stands alone.
    pub(crate) baseline: String,
    /// The ratio, or the value itself in `unit`.
    pub(crate) value: f64,
    /// `×` for ratios.
    pub(crate) unit: &'static str,
    /// The absolute figures behind it, which drift with the machine.
    pub(crate) figures: String,
    pub(crate) goal: Option<Goal>,
}

impl Row {
    /// A ratio.
    pub(crate) fn ratio(key: &str, measured: &str, baseline: &str, value: f64) -> Self {
        Self {
            key: key.to_owned(),
            measured: measured.to_owned(),
            baseline: baseline.to_owned(),
            value,
            unit: "×",
            figures: String::new(),
            goal: None,
        }
    }

    /// A value that stands alone.
    pub(crate) fn value(key: &str, measured: &str, value: f64, unit: &'static str) -> Self {
        Self { unit, ..Self::ratio(key, measured, "", value) }
    }

    pub(crate) fn goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }

    pub(crate) fn figures(self, figures: impl Into<String>) -> Self {
        Self { figures: figures.into(), ..self }
    }

    fn verdict(&self) -> &'static str {
        match self.goal.map(|goal| goal.is_met(self.value)) {
            None => "",
            Some(true) => "met",
            Some(false) => "**missed**",
        }
    }

    fn line(&self) -> String {
        format!(
            "| {} | {} | {} {} | {} | {} | {} |",
            self.measured,
            self.baseline,
            rounded(self.value),
            self.unit,
            self.goal.map(|goal| goal.to_string()).unwrap_or_default(),
            self.verdict(),
            self.figures
        )
    }
}

/// Three digits that count.
fn rounded(value: f64) -> String {
    let digits = if value == 0.0 { 0 } else { (2 - value.abs().log10().floor() as i32).clamp(0, 3) as usize };
    format!("{value:.digits$}")
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The machine and the state of the code.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Circumstances {
    at: String,
    commit: String,
    cores: usize,
    processor: String,
    memory_gb: u64,
}

impl Circumstances {
    fn now() -> Self {
        let read = |path: &str, field: &str| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(field)).unwrap_or_default();
            line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let kilobytes = read("/proc/meminfo", "MemTotal");
        Self {
            at: SystemClock.now().to_rfc3339(),
            commit: commit(),
            cores: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
            processor: read("/proc/cpuinfo", "model name"),
            memory_gb: kilobytes.trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1_000_000,
        }
    }
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()
    };
    let Some(head) = git(&["rev-parse", "--short=7", "HEAD"]) else { return "unknown".to_owned() };
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|text| !text.is_empty());
    format!("{}{}", head.trim(), if changed { "+" } else { "" })
}

/// A run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    circumstances: Circumstances,
    rows: Vec<Row>,
    /// The parts that could not be measured to the end, and why.
    failed: Vec<String>,
}

impl Report {
    pub(crate) fn begin() -> Self {
        Self { circumstances: Circumstances::now(), rows: Vec::new(), failed: Vec::new() }
    }

    /// Adds a row and shows it.
    pub(crate) fn add(&mut self, row: Row) {
        eprintln!("{}", row.line());
        self.rows.push(row);
    }

    /// Notes that a part could not be measured to the end: rows are missing.
    pub(crate) fn failed(&mut self, part: &str, error: &anyhow::Error) {
        self.failed.push(format!("{part}: {error:#}"));
    }

    /// Prints the table and writes what was asked for.
    pub(crate) fn finish(self, json: &Path, record: bool) -> Result<()> {
        let Circumstances { at, commit, cores, processor, memory_gb } = &self.circumstances;
        println!("\n{at}, commit {commit}, {cores} cores ({processor}), {memory_gb} GB\n");
        println!("| measured | baseline | value | goal | | figures |");
        println!("|---|---|---|---|---|---|");
        for row in &self.rows {
            println!("{}", row.line());
        }
        for failed in &self.failed {
            println!("\nnot measured to the end: {failed}");
        }
        if let Some(folder) = json.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(json, serde_json::to_string_pretty(&self)?)
            .with_context(|| format!("{} cannot be written", json.display()))?;
        println!("\nwritten to {}", json.display());
        if record {
            let history = std::fs::read_to_string(HISTORY).context("the history cannot be read")?;
            std::fs::write(HISTORY, with_line(&history, &self.history_line()))?;
            println!("added to the history");
        }
        Ok(())
    }

    /// Date, commit, and what has a goal.
    fn history_line(&self) -> String {
        let mut line = format!(
            "- {} `{}`, {} cores:",
            &self.circumstances.at[..10],
            self.circumstances.commit,
            self.circumstances.cores
        );
        for row in self.rows.iter().filter(|row| row.goal.is_some()) {
            let _ = write!(
                line,
                " {} {}{},",
                row.key,
                rounded(row.value),
                if row.unit == "×" { "" } else { row.unit }
            );
        }
        line.trim_end_matches(',').to_owned()
    }
}

/// The newest line stands first.
fn with_line(history: &str, line: &str) -> String {
    const BEGIN: &str = "<!-- newest first -->\n";
    match history.split_once(BEGIN) {
        Some((before, after)) => format!("{before}{BEGIN}{line}\n{after}"),
        None => format!("{history}\n{BEGIN}{line}\n"),
    }
}
