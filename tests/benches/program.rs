//! The programs that are measured: `hookline serve`, and the baselines; with what the system knows of them.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use hookline_tests::process::{Hookline, Job};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::folder;
use crate::load::{Shape, Target, send_all};

/// A baseline's process.
#[derive(Debug)]
pub(crate) struct Standin {
    /// Killed when dropped, which is before its folder is removed.
    child: Child,
    folder: Option<TempDir>,
    pub(crate) pid: u32,
    pub(crate) target: Target,
}

impl Standin {
    /// Starts this program once more, as the baseline that these arguments name.
    pub(crate) async fn start(arguments: &[&str]) -> Result<Self> {
        Self::start_as(Self::command(arguments)?).await
    }

    /// The same, with a folder of its own for its files as the last argument.
    pub(crate) async fn start_in_folder(arguments: &[&str]) -> Result<Self> {
        let folder = folder::passing()?;
        let mut command = Self::command(arguments)?;
        command.arg(folder.path());
        let standin = Self::start_as(command).await?;
        Ok(Self { folder: Some(folder), ..standin })
    }

    fn command(arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").args(arguments);
        Ok(command)
    }

    /// Starts a program that prints `ADDRESS PATH SECRET` once it listens.
    pub(crate) async fn start_as(mut command: Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true).spawn()?;
        let pid = child.id().context("the baseline ended at once")?;
        let stdout = child.stdout.take().context("its output is piped")?;
        let line =
            BufReader::new(stdout).lines().next_line().await?.context("the baseline does not start")?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [address, path, secret] = words[..] else { bail!("a baseline printed `{line}`") };
        let target = Target { address: address.into(), path: path.into(), secret: secret.into() };
        Ok(Self { child, folder: None, pid, target })
    }

    /// Kills it, waits until it has ended, and removes its files.
    pub(crate) async fn end(mut self) -> Result<()> {
        self.child.kill().await?;
        if let Some(folder) = self.folder {
            folder.close()?;
        }
        Ok(())
    }
}

/// A destination that cannot be reached: the receiver alone is at work.
pub(crate) fn nowhere() -> serde_json::Value {
    json!({"name": "nowhere", "kind": "http", "url": "http://127.0.0.1:9/"})
}

/// `hookline serve` with a Stripe job to this destination, warmed up as it is in real use.
pub(crate) async fn hookline(
    folder: &Path,
    destination: serde_json::Value,
) -> Result<(Hookline, Job, Target)> {
    let hookline = Hookline::start(folder).await;
    let job = hookline.job("stripe", destination, json!({"webhookConfig": {"batchWaitMs": 200}})).await;
    let target = Target::of(&job)?;
    warm_up(&target).await?;
    Ok((hookline, job, target))
}

/// Sends the first events of a source, and leaves it the time to train its dictionary.
pub(crate) async fn warm_up(target: &Target) -> Result<()> {
    let first = first_events();
    send_all(target, &first).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(())
}

/// Events that have nothing to do with the ones that are measured.
pub(crate) fn first_events() -> Vec<Vec<u8>> {
    const FIRST: usize = 1_500;
    Shape { objects: FIRST, ..Shape::USUAL }.bodies(900_000_000, FIRST)
}

/// What a process has used of the processors until now.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    // Linux counts in hundredths of a second for programs, whatever its kernel does.
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .context("what a process uses is read from /proc, which Linux alone has")?;
    // The name, in brackets, may hold spaces.
    let (_, fields) = stat.rsplit_once(')').context("a process's stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    ensure!(fields.len() > 12, "a process's stat has more fields");
    let ticks: u32 = fields[11].parse::<u32>()? + fields[12].parse::<u32>()?;
    Ok(TICK * ticks)
}

/// The memory that a process takes up (resident, shared parts included), in bytes.
pub(crate) fn memory(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .context("what a process uses is read from /proc, which Linux alone has")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("its memory is told")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
    Ok(kilobytes * 1024)
}

/// How many files and connections a process has open.
pub(crate) fn open_files(pid: u32) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}
