//! What a process takes up while time passes.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::program::{cpu, megabytes, memory, open_files};

/// A process and its data directory at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moment {
    pub(crate) memory_mb: f64,
    pub(crate) open_files: usize,
    pub(crate) threads: usize,
    /// Write-ahead logs, in MB.
    pub(crate) wal_mb: f64,
    pub(crate) cpu_seconds: f64,
}

/// Who is looked at.
#[derive(Debug)]
pub(crate) struct Watched {
    pid: u32,
    data_dir: PathBuf,
    pub(crate) moments: Vec<Moment>,
}

impl Watched {
    pub(crate) fn new(pid: u32, data_dir: &Path) -> Self {
        Self { pid, data_dir: data_dir.to_owned(), moments: Vec::new() }
    }

    /// Looks once more.
    pub(crate) fn look(&mut self) -> Result<Moment> {
        let wal = ["hookline.db-wal", "search.db-wal"]
            .iter()
            .filter_map(|name| std::fs::metadata(self.data_dir.join(name)).ok())
            .map(|metadata| metadata.len())
            .sum();
        let moment = Moment {
            memory_mb: megabytes(memory(self.pid)?),
            open_files: open_files(self.pid)?,
            threads: std::fs::read_dir(format!("/proc/{}/task", self.pid))?.count(),
            wal_mb: megabytes(wal),
            cpu_seconds: cpu(self.pid)?.as_secs_f64(),
        };
        self.moments.push(moment);
        Ok(moment)
    }

    /// Whether what was `then` has grown to `now`: by more than a tenth and `slack`.
    pub(crate) fn has_grown(then: f64, now: f64, slack: f64) -> bool {
        now > then * 1.1 + slack
    }

    /// The greatest value of the second fifth and of the last one: what is warm by the end of the first fifth is not to grow.
    pub(crate) fn then_and_now(&self, of: impl Fn(&Moment) -> f64) -> (f64, f64) {
        let fifth = (self.moments.len() / 5).max(1);
        let greatest = |part: &[Moment]| part.iter().map(&of).fold(0.0, f64::max);
        let then = &self.moments
            [fifth.min(self.moments.len() - 1)..(2 * fifth).min(self.moments.len()).max(fifth + 1)];
        (greatest(then), greatest(&self.moments[self.moments.len() - fifth..]))
    }
}
