//! A real `hookline serve`: started, spoken to over HTTP, stopped, killed.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long anything may take before a test gives up: long, because the machine may be busy.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The `hookline` program: the one that `HOOKLINE_TEST_PROGRAM` names, else built at the first use.
///
/// # Panics
/// When it cannot be built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(program) = std::env::var_os("HOOKLINE_TEST_PROGRAM") {
            return program.into();
        }
        let status = std::process::Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "hookline"])
            .args(cfg!(feature = "faults").then_some("--features=hookline-engine/faults"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo runs");
        assert!(status.success(), "`cargo build --package hookline` failed");
        let test = std::env::current_exe().expect("has a path");
        let profile = test.parent().and_then(Path::parent).expect("lies in target/<profile>/deps");
        profile.join(format!("hookline{}", std::env::consts::EXE_SUFFIX))
    })
}

/// `hookline serve` on free ports, with its secrets in a file: the keychain of whoever runs the tests is left alone.
pub fn serve(data_dir: &Path) -> Command {
    serve_on(data_dir, "127.0.0.1:0")
}

fn serve_on(data_dir: &Path, listen: &str) -> Command {
    let mut command = Command::new(program());
    command
        .args(["serve", "--listen", listen, "--api", "127.0.0.1:0", "--ready-json", "--data-dir"])
        .arg(data_dir)
        .env("HOOKLINE_SECRETS", "file")
        // What else the developer's own environment says is none of a test's business.
        .env_remove("NGROK_AUTHTOKEN")
        .env_remove("HOOKLINE_TUNNEL")
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Addresses and token, as `--ready-json` prints them.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Ready {
    /// The receiver's address.
    pub receiver: String,
    /// The control API's address.
    pub api: String,
    /// The control API's token.
    pub token: String,
    /// The UI's address, token included.
    pub ui: String,
}

/// A running `hookline serve`. Killed when dropped.
#[derive(Debug)]
pub struct Hookline {
    child: Child,
    /// What it prints after its first line.
    output: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub ready: Ready,
    http: reqwest::Client,
}

/// A job as its creation answers it.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// Its URL.
    pub url: String,
    /// Its signing secret.
    pub secret: String,
}

impl Hookline {
    /// Starts it on free ports.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, &[]).await
    }

    /// Starts it with more arguments.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_with(data_dir: &Path, arguments: &[&str]) -> Self {
        Self::start_on(data_dir, "127.0.0.1:0", arguments).await
    }

    /// Starts it with its receiver at this address.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_on(data_dir: &Path, listen: &str, arguments: &[&str]) -> Self {
        Self::start_in(data_dir, listen, arguments, &[]).await
    }

    /// Starts it with its receiver at this address and with more environment.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_in(
        data_dir: &Path,
        listen: &str,
        arguments: &[&str],
        environment: &[(&str, String)],
    ) -> Self {
        let mut command = serve_on(data_dir, listen);
        command.args(arguments).envs(environment.iter().map(|(name, value)| (name, value)));
        Self::start_as(command).await
    }

    /// Starts a command that [`serve`] began.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_as(command: Command) -> Self {
        Self::start_or_end(command).await.expect("hookline prints a line before it ends")
    }

    /// Starts a command that [`serve`] began, and tells how it ended when that was before it was ready.
    ///
    /// # Panics
    /// When it neither becomes ready nor ends.
    pub async fn start_or_end(mut command: Command) -> Result<Self, ExitStatus> {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("hookline starts");
        let stdout = child.stdout.take().expect("is piped");
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line())
            .await
            .expect("hookline becomes ready in time")
            .expect("its output can be read");
        let Some(line) = line else {
            return Err(child.wait().await.expect("is waited for"));
        };
        let ready = serde_json::from_str(&line).expect("the line is JSON");
        Ok(Self { child, output: lines, ready, http: client() })
    }

    /// Waits until it ends by itself; `None` when it does not.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub async fn ended(&mut self) -> Option<ExitStatus> {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.ok()?;
        Some(ended.expect("is waited for"))
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it has ended.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("runs")
    }

    /// Kills it as a crash would: no handler runs. Tells what it printed after its first line.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill(mut self) -> String {
        self.child.kill().await.expect("is killed");
        let mut printed = String::new();
        while let Some(line) = self.output.next_line().await.expect("its output can be read") {
            printed.push_str(&line);
            printed.push('\n');
        }
        printed
    }

    /// Stops it as the system would (SIGTERM) and tells its exit code.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn stop(mut self) -> Option<i32> {
        let pid = self.pid().to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill runs");
        assert!(killed.success());
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("ends in time");
        ended.expect("is waited for").code()
    }

    /// A call of the control API; `path` begins behind `/api`.
    ///
    /// # Panics
    /// When no JSON comes back.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request =
            self.http.request(method, format!("{}/api{path}", self.ready.api)).bearer_auth(&self.ready.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the control API answers");
        let status = response.status();
        let text = response.text().await.expect("has a body");
        let value = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status} {text:?}: {error}"))
        };
        (status, value)
    }

    /// `GET` of a control API path that is there.
    ///
    /// # Panics
    /// On any other answer than 2xx.
    pub async fn get(&self, path: &str) -> Value {
        let (status, value) = self.call(Method::GET, path, None).await;
        assert!(status.is_success(), "GET {path}: {status} {value}");
        value
    }

    /// Waits until `GET` of a path answers something of which `check` says yes.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_get(&self, path: &str, check: impl Fn(&Value) -> bool) -> Value {
        let wait = async {
            loop {
                let answer = self.get(path).await;
                if check(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{path} takes too long"))
    }

    /// `POST` to a control API path.
    ///
    /// # Panics
    /// On any other answer than 2xx.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, value) = self.call(Method::POST, path, Some(body)).await;
        assert!(status.is_success(), "POST {path}: {status} {value}");
        value
    }

    /// Waits until the tunnel's status satisfies this, and tells it.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn tunnel(&self, mut satisfied: impl FnMut(&Value) -> bool) -> Value {
        let wait = async {
            loop {
                let status = self.get("/tunnel").await["status"].take();
                if satisfied(&status) {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let Ok(status) = tokio::time::timeout(PATIENCE, wait).await else {
            panic!("the tunnel did not get there in time: {:#}", self.get("/tunnel").await)
        };
        status
    }

    /// Makes a source, a destination and a job between them. `job` holds what differs from the defaults.
    ///
    /// # Panics
    /// When any of them is refused.
    pub async fn job(&self, source: &str, destination: Value, job: Value) -> Job {
        let workspace = "/workspaces/default";
        let source =
            self.post(&format!("{workspace}/sources"), json!({"name": source, "kind": source})).await;
        let destination = self.post(&format!("{workspace}/destinations"), destination).await;
        let mut body = json!({
            "name": "job",
            "type": "webhook",
            "sourceId": source["id"],
            "destinationId": destination["id"],
            "enabled": true,
            "webhookConfig": {"batchWaitMs": 10},
        });
        merge(&mut body, job);
        let job = self.post(&format!("{workspace}/sync-jobs"), body).await;
        Job { id: text(&job["id"]), url: text(&job["webhookUrl"]), secret: text(&job["webhookSecret"]) }
    }

    /// The job's counts by status.
    pub async fn by_status(&self, job: &Job) -> Value {
        self.get(&format!("/workspaces/default/sync-jobs/{}/webhook/stats", job.id)).await["byStatus"].take()
    }

    /// Waits until none of the job's events is pending or processing, and tells the counts.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn settled(&self, job: &Job) -> Value {
        let wait = async {
            loop {
                let counts = self.by_status(job).await;
                if counts["pending"] == 0 && counts["processing"] == 0 {
                    return counts;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("events settle in time")
    }

    /// Waits until so many refused requests of the job are kept: they are written behind the answer.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn rejected(&self, job: &Job, expected: u64) {
        let wait = async {
            while self.by_status(job).await["rejected"] != expected {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("refused requests are kept in time");
    }

    /// The job's events, newest first, with this query (such as `status=failed`).
    ///
    /// # Panics
    /// When the answer is no list.
    pub async fn events(&self, job: &Job, query: &str) -> Vec<Value> {
        let page =
            self.get(&format!("/workspaces/default/sync-jobs/{}/webhook/events?{query}", job.id)).await;
        page["events"].as_array().expect("is a list").clone()
    }

    /// One event, whole.
    pub async fn event(&self, job: &Job, id: &str) -> Value {
        self.get(&format!("/workspaces/default/sync-jobs/{}/webhook/events/{id}", job.id)).await
    }
}

/// An HTTP client that follows no redirect and knows no proxy.
///
/// # Panics
/// Never, unless the TLS library is broken.
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .expect("a client")
}

/// A JSON text.
///
/// # Panics
/// When the value is no text.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
