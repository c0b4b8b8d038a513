//! The `hookline` command as this task uses it: started as a person would start it, its `--json` output read.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{self, Background};

/// How long `hookline serve` may take until it listens.
const READY_DEADLINE: Duration = Duration::from_secs(30);

/// The executable and its data directory.
#[derive(Debug)]
pub(crate) struct Hookline {
    executable: PathBuf,
    data_dir: PathBuf,
}

/// A running `hookline serve`, or the desktop app.
#[derive(Debug)]
pub(crate) struct Running {
    process: Background,
    /// Where it listens, as far as it says.
    pub(crate) ready: Option<Ready>,
}

/// The line that `--ready-json` prints.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(super) receiver: String,
    pub(crate) api: String,
    pub(crate) token: String,
    /// The page, token included.
    pub(super) ui: String,
}

/// A job to send webhooks to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(super) webhook_url: String,
    pub(crate) destination_id: String,
}

impl Hookline {
    pub(crate) fn new(executable: PathBuf, data_dir: PathBuf) -> Self {
        Self { executable, data_dir }
    }

    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The beginning of a command for this data directory, to be typed in the current directory.
    pub(super) fn typed(&self) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let short = |path: &Path| path.strip_prefix(&here).unwrap_or(path).display().to_string();
        format!("{} --data-dir {}", short(&self.executable), short(&self.data_dir))
    }

    /// A command of the command line, which finds the running server through the data directory.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.executable);
        command.arg("--data-dir").arg(&self.data_dir).args(arguments);
        command
    }

    fn json(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = self.command(arguments);
        command.arg("--json");
        let text = process::output(&mut command)?;
        serde_json::from_str(&text)
            .with_context(|| format!("`{}` did not print JSON", process::shown(&command)))
    }

    /// Opens the desktop app and waits until it answers.
    pub(super) fn open(&self, app: &Path, listen: SocketAddr, api: SocketAddr) -> Result<Running> {
        let mut command = Command::new(app);
        command.arg("--data-dir").arg(&self.data_dir);
        command.args(["--listen", &listen.to_string(), "--api", &api.to_string()]);
        println!("$ {}", process::shown(&command));
        let mut process = Background::start("Hookline", process::in_own_group(&mut command))?;
        let start = Instant::now();
        while !process::succeeds(&mut self.command(&["status"])) {
            // One that is open already was brought to the front instead; it answers.
            if process.ended()?.is_some_and(|status| !status.success()) {
                bail!("Hookline ended before it answered; it says why above");
            }
            if start.elapsed() > READY_DEADLINE {
                bail!("Hookline did not answer within {} s; its window says why", READY_DEADLINE.as_secs());
            }
            process::pause(Duration::from_millis(100));
        }
        Ok(Running { process, ready: None })
    }

    /// Starts `hookline serve` and waits until it listens. Its log stays on standard error.
    pub(super) fn serve(&self, listen: SocketAddr, api: SocketAddr) -> Result<Running> {
        self.serve_with(listen, api, |_| {})
    }

    /// The same; `prepare` may change the command before it starts.
    pub(crate) fn serve_with(
        &self,
        listen: SocketAddr,
        api: SocketAddr,
        prepare: impl FnOnce(&mut Command),
    ) -> Result<Running> {
        let mut command = self.command(&["serve", "--ready-json"]);
        command.args(["--listen", &listen.to_string(), "--api", &api.to_string()]);
        prepare(&mut command);
        println!("$ {}", process::shown(&command));
        let mut process =
            Background::start("hookline serve", process::in_own_group(command.stdout(Stdio::piped())))?;
        let stdout = process.take_stdout()?;
        let (sender, lines) = mpsc::channel();
        // Reads to the end, so that the server never waits for somebody to read.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let Ok(line) = lines.recv_timeout(READY_DEADLINE) else {
            match process.ended()? {
                Some(status) => {
                    bail!("`hookline serve` ended before it listened ({status}); it says why above")
                }
                None => bail!("`hookline serve` was not ready within {} s", READY_DEADLINE.as_secs()),
            }
        };
        Ok(Running { process, ready: Some(Ready::read(&line)?) })
    }

    /// The first job from Stripe; where there is none, one is made, with local documents as its destination.
    pub(crate) fn stripe_job(&self) -> Result<Job> {
        let sources = self.json(&["sources", "list"])?;
        let jobs = self.json(&["jobs", "list"])?;
        match enabled_job_of("stripe", &sources, &jobs) {
            Some(job) => Job::read(job),
            None => {
                Job::read(&self.json(&["jobs", "create", "--source", "stripe", "--destination", "local"])?)
            }
        }
    }

    /// Whether every event of the job has an outcome.
    pub(crate) fn is_settled(&self, job: &Job) -> Result<bool> {
        let open = ["events", "list", "--job", &job.id, "--status", "pending,processing", "--limit", "1"];
        Ok(self.json(&open)?.as_array().context("`hookline events list` did not answer a list")?.is_empty())
    }

    /// The `_id` of some document of a collection, if it has one.
    pub(super) fn some_document(&self, collection: &str) -> Result<Option<String>> {
        let documents = self.json(&["docs", "list", collection, "--limit", "1"])?;
        Ok(documents[0]["_id"].as_str().map(ToOwned::to_owned))
    }
}

/// The first job that receives from a provider of this kind, by the lists of sources and of jobs.
fn enabled_job_of<'a>(kind: &str, sources: &Value, jobs: &'a Value) -> Option<&'a Value> {
    let is_of_kind = |id: &Value| {
        sources.as_array().into_iter().flatten().any(|source| source["id"] == *id && source["kind"] == kind)
    };
    jobs.as_array()?.iter().find(|job| job["enabled"] == true && is_of_kind(&job["sourceId"]))
}

impl Running {
    /// Whether it has ended, and how.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.ended()
    }

    /// Asks it to stop and waits.
    pub(crate) fn stop(&mut self, deadline: Duration) -> Result<ExitStatus> {
        self.process.stop(deadline)
    }
}

impl Ready {
    fn read(line: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(line)
            .with_context(|| "the first line of `hookline serve --ready-json` is not JSON".to_owned())?;
        Ok(Self {
            receiver: text(&value, "receiver")?,
            api: text(&value, "api")?,
            token: text(&value, "token")?,
            ui: text(&value, "ui")?,
        })
    }
}

impl Job {
    fn read(value: &Value) -> Result<Self> {
        Ok(Self {
            id: text(value, "id")?,
            webhook_url: text(value, "webhookUrl")?,
            destination_id: text(value, "destinationId")?,
        })
    }
}

fn text(value: &Value, name: &str) -> Result<String> {
    value[name].as_str().map(ToOwned::to_owned).with_context(|| format!("hookline's answer has no `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_is_read() {
        let line = r#"{"receiver":"http://127.0.0.1:1","api":"http://127.0.0.1:2","token":"t","ui":"http://127.0.0.1:2/#token=t"}"#;
        let ready = Ready {
            receiver: "http://127.0.0.1:1".into(),
            api: "http://127.0.0.1:2".into(),
            token: "t".into(),
            ui: "http://127.0.0.1:2/#token=t".into(),
        };
        assert_eq!(Ready::read(line).expect("it is complete"), ready);
        assert!(Ready::read("listening").is_err());
        assert!(Ready::read("{}").is_err());
    }

    #[test]
    fn the_demo_sends_to_a_job_of_its_provider_that_receives() {
        let sources = serde_json::json!([{"id": "1", "kind": "close"}, {"id": "2", "kind": "stripe"}]);
        let jobs = serde_json::json!([
            {"id": "a", "sourceId": "1", "enabled": true},
            {"id": "b", "sourceId": "2", "enabled": false},
            {"id": "c", "sourceId": "2", "enabled": true},
        ]);
        assert_eq!(enabled_job_of("stripe", &sources, &jobs).expect("there is one")["id"], "c");
        assert_eq!(enabled_job_of("github", &sources, &jobs), None);
    }

    #[test]
    fn a_job_without_a_url_is_refused() {
        let mut job =
            serde_json::json!({"id": "1", "webhookUrl": "http://127.0.0.1:1/x", "destinationId": "2"});
        assert_eq!(Job::read(&job).expect("it is complete").webhook_url, "http://127.0.0.1:1/x");
        job["webhookUrl"] = Value::Null;
        assert!(Job::read(&job).is_err());
    }
}
