//! Real MongoDB servers for tests.
//!
//! [`shared`] is one server for the whole test process; each test takes a database of its own in it. [`Mongod::start`]
//! makes private ones, which can be killed and started again on the same port and files.
//!
//! The server is the one at `HOOKLINE_TEST_MONGODB_URI` (shared use only), else `mongod` on the `PATH`, else the one
//! that `cargo xtask setup` put into `.tools/mongod/bin`.
//!
//! A server never outlives the test process: a small shell stands between the two, holds the reading end of a pipe whose
//! writing end only the test process has, and kills the server when the pipe closes. That happens however the process ends.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bson::{Document, doc};
use mongodb::Client;
use mongodb::options::ClientOptions;
use tokio::sync::OnceCell;

/// How long a server may take to start on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(90);

/// Runs the server (`$@`) until it ends, or kills it when standard input closes.
///
/// Interrupts from the keyboard reach the test process too; the shell stays until that has closed the pipe.
const GUARD: &str = r#"trap '' INT HUP
"$@" </dev/null >/dev/null 2>"$HOOKLINE_MONGOD_ERRORS" & server=$!
echo "$server"
exec >/dev/null
(cat >/dev/null; kill -9 "$server" 2>/dev/null) <&3 &
exec 3<&-
wait "$server"
[ -z "$HOOKLINE_MONGOD_REMOVE" ] || rm -rf "$HOOKLINE_MONGOD_REMOVE""#;

/// How a private server is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One server, no users.
    Plain,
    /// A replica set `rs0` of one member.
    ReplicaSet,
    /// One server that wants a user; the administrator is [`Mongod::ADMIN`].
    Auth,
    /// A server that is to become a member of a replica set `rs0`; see [`crate::replica_set`].
    Member,
}

/// A private server. Dropped, it is killed and its files are removed.
#[derive(Debug)]
pub struct Mongod {
    kind: Kind,
    port: u16,
    folder: tempfile::TempDir,
    /// Whether the guard removes the folder: for the shared server, which nobody drops.
    disposable: bool,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    guard: Child,
    /// Closing it kills the server.
    pipe: Option<ChildStdin>,
    server: u32,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // The guard ends when the server has.
        let _ = self.guard.wait();
    }
}

impl Mongod {
    /// User and password of the administrator of [`Kind::Auth`] servers.
    pub const ADMIN: (&'static str, &'static str) = ("admin", "correct-horse");

    /// Starts a server and waits until it takes writes.
    pub async fn start(kind: Kind) -> anyhow::Result<Self> {
        Self::start_as(kind, false).await
    }

    async fn start_as(kind: Kind, disposable: bool) -> anyhow::Result<Self> {
        let mut folder = tempfile::Builder::new().prefix("hookline-mongod-").tempdir()?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            // Another process can take the port before the server does.
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            let mut server = Self { kind, port, folder, disposable, running: None };
            match server.restart().await {
                Ok(()) => {
                    server.initiate().await?;
                    return Ok(server);
                }
                Err(error) if attempts >= 3 => return Err(error),
                Err(_) => {
                    drop(server.running.take());
                    folder = server.folder;
                }
            }
        }
    }

    /// Starts the server again, on the same port and files.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.kill();
        let errors = self.folder.path().join("stderr");
        let log = self.folder.path().join("log");
        let data = self.folder.path().join("data");
        std::fs::create_dir_all(&data)?;
        let mut command = Command::new("sh");
        command
            .env("HOOKLINE_MONGOD_ERRORS", &errors)
            .env("HOOKLINE_MONGOD_REMOVE", if self.disposable { self.folder.path() } else { Path::new("") })
            .args(["-c", &format!("exec 3<&0; {GUARD}"), "hookline-mongod-guard"])
            .arg(binary()?)
            .args(["--bind_ip", "127.0.0.1", "--port", &self.port.to_string(), "--nounixsocket"])
            .args(["--wiredTigerCacheSizeGB", "0.25"])
            .args(["--setParameter", "diagnosticDataCollectionEnabled=false"])
            // Lets tests order errors with `configureFailPoint`.
            .args(["--setParameter", "enableTestCommands=1"])
            .arg("--dbpath")
            .arg(&data)
            .arg("--logpath")
            .arg(&log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // The shell says there that the server was killed.
            .stderr(Stdio::null());
        match self.kind {
            Kind::Plain => {}
            Kind::ReplicaSet | Kind::Member => {
                command.args(["--replSet", "rs0", "--oplogSize", "64"]);
            }
            Kind::Auth => {
                command.arg("--auth");
            }
        }
        let mut guard = command.spawn().context("no `sh` to start mongod with")?;
        let pipe = guard.stdin.take();
        let mut line = String::new();
        BufReader::new(guard.stdout.take().context("the guard has no output")?).read_line(&mut line)?;
        let server = line.trim().parse().context("the guard did not say the server's process id")?;
        self.running = Some(Running { guard, pipe, server });

        let started = Instant::now();
        loop {
            let pinged = async {
                let client = client(&self.direct_uri(None)).await?;
                let pinged = client.database("admin").run_command(doc! {"ping": 1}).await;
                client.shutdown().immediate(true).await;
                anyhow::Ok(pinged?)
            };
            if pinged.await.is_ok() {
                break;
            }
            let ended = match &mut self.running {
                Some(running) => running.guard.try_wait()?.is_some(),
                None => true,
            };
            if ended || started.elapsed() > START_TIMEOUT {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                let errors = std::fs::read_to_string(&errors).unwrap_or_default();
                let end: Vec<&str> = log.lines().rev().take(5).collect();
                bail!("mongod did not start on port {}: {errors}\n{}", self.port, end.join("\n"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if self.kind == Kind::ReplicaSet && self.initiated() {
            self.wait_for_primary().await?;
        }
        Ok(())
    }

    /// What has to be done once: the replica set, the administrator.
    async fn initiate(&self) -> anyhow::Result<()> {
        match self.kind {
            Kind::Plain | Kind::Member => {}
            Kind::ReplicaSet => {
                let member = doc! {"_id": 0, "host": format!("127.0.0.1:{}", self.port)};
                self.admin(doc! {"replSetInitiate": {"_id": "rs0", "members": [member]}}, None).await?;
                std::fs::write(self.folder.path().join("initiated"), "")?;
                self.wait_for_primary().await?;
            }
            Kind::Auth => {
                // A server without users lets the first one be made from this machine.
                let (user, password) = Self::ADMIN;
                self.admin(doc! {"createUser": user, "pwd": password, "roles": ["root"]}, None).await?;
            }
        }
        Ok(())
    }

    fn initiated(&self) -> bool {
        self.folder.path().join("initiated").exists()
    }

    async fn wait_for_primary(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_TIMEOUT {
            if self.admin(doc! {"hello": 1}, None).await?.get_bool("isWritablePrimary").unwrap_or(false) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the replica set has no primary")
    }

    /// Runs a command on the database `admin`, as this user.
    pub async fn admin(&self, command: Document, user: Option<(&str, &str)>) -> anyhow::Result<Document> {
        self.command("admin", command, user).await
    }

    /// Runs a command on a database, as this user.
    pub async fn command(
        &self,
        database: &str,
        command: Document,
        user: Option<(&str, &str)>,
    ) -> anyhow::Result<Document> {
        let client = client(&self.direct_uri(user)).await?;
        let answer = client.database(database).run_command(command).await;
        client.shutdown().immediate(true).await;
        Ok(answer?)
    }

    /// Kills the server at once, as a power cut would (SIGKILL). One that is not running stays so.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Lets the server end in good order (SIGTERM) and waits for it.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(mut running) = self.running.take() {
            let status = Command::new("kill").args(["-TERM", &running.server.to_string()]).status()?;
            anyhow::ensure!(status.success(), "SIGTERM could not be sent to mongod");
            running.guard.wait()?;
        }
        Ok(())
    }

    /// Stops it where it stands (SIGSTOP): connections stay open, and nothing is answered.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal("-STOP")
    }

    /// Lets it go on after [`Self::freeze`].
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let running = self.running.as_ref().context("the server does not run")?;
        let status = Command::new("kill").args([signal, &running.server.to_string()]).status()?;
        anyhow::ensure!(status.success(), "{signal} could not be sent to mongod");
        Ok(())
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The connection string that a user would enter.
    pub fn uri(&self, user: Option<(&str, &str)>) -> String {
        let user = user.map_or(String::new(), |(name, password)| format!("{name}:{password}@"));
        let options = if self.kind == Kind::ReplicaSet { "?replicaSet=rs0" } else { "" };
        format!("mongodb://{user}127.0.0.1:{}/{options}", self.port)
    }

    fn direct_uri(&self, user: Option<(&str, &str)>) -> String {
        let user = user.map_or(String::new(), |(name, password)| format!("{name}:{password}@"));
        format!("mongodb://{user}127.0.0.1:{}/?directConnection=true", self.port)
    }

    /// Where it keeps its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

async fn client(uri: &str) -> anyhow::Result<Client> {
    let mut options = ClientOptions::parse(uri).await?;
    options.server_selection_timeout = Some(Duration::from_millis(1500));
    Ok(Client::with_options(options)?)
}

/// Where `mongod` is.
fn binary() -> anyhow::Result<PathBuf> {
    let on_path = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join("mongod")).find(|file| file.is_file())
    });
    if let Some(binary) = on_path {
        return Ok(binary);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the tests lie in the workspace")?;
    let ours = root.join(".tools/mongod/bin/mongod");
    if ours.is_file() {
        return Ok(ours);
    }
    bail!("these tests need a MongoDB server: run `cargo xtask setup`, or set HOOKLINE_TEST_MONGODB_URI")
}

/// A database of its own in the server that all tests of this process share.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    /// The server's connection string.
    pub uri: String,
    /// The database's name.
    pub name: String,
}

impl TestDatabase {
    /// A connection to the database, for looking at what lies in it.
    pub async fn connect(&self) -> anyhow::Result<mongodb::Database> {
        Ok(Client::with_uri_str(&self.uri).await?.database(&self.name))
    }
}

static SHARED: OnceCell<(String, Option<Mongod>)> = OnceCell::const_new();

/// A database of its own in the shared server, which is started by the first test that asks.
pub async fn shared() -> anyhow::Result<TestDatabase> {
    let (uri, _) = SHARED
        .get_or_try_init(|| async {
            if let Ok(uri) = std::env::var("HOOKLINE_TEST_MONGODB_URI") {
                return Ok((uri, None));
            }
            let server = Mongod::start_as(Kind::Plain, true).await?;
            anyhow::Ok((server.uri(None), Some(server)))
        })
        .await?;
    Ok(TestDatabase { uri: uri.clone(), name: format!("hookline_test_{}", uuid::Uuid::new_v4().simple()) })
}
