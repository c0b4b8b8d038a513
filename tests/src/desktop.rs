//! The real desktop app, on whatever display there is, driven through `tauri-driver` as a person would use it.
//!
//! Everything that a test or a measurement starts ends with it, however it ends: each program stands behind a small shell
//! that asks it to end when a pipe closes which only the test process holds open.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use thirtyfour::extensions::query::ElementQueryable as _;
use thirtyfour::{By, Capabilities, WebDriver, WebElement};

use crate::process::PATIENCE;

/// How often is looked again for what is waited for.
const LOOK: Duration = Duration::from_millis(50);

/// Runs the program (`$@`) until it ends, and asks it to end when standard input closes.
const GUARD: &str = r#"exec 3<&0
trap '' INT HUP
"$@" </dev/null 3<&- & program=$!
(cat <&3; kill -TERM "$program") >/dev/null 2>&1 &
exec 3<&-
wait "$program""#;

/// A running app with its window.
#[derive(Debug)]
pub struct Desktop {
    /// The session with the window.
    pub window: WebDriver,
    /// The app's process id.
    pub pid: u32,
    driver: Driver,
}

/// `tauri-driver`, which starts the app and the web view's own driver.
#[derive(Debug)]
struct Driver {
    guard: Child,
    pipe: Option<ChildStdin>,
    url: String,
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.guard.wait();
    }
}

/// The app that is tested: the one that `HOOKLINE_TEST_DESKTOP` names.
pub fn program() -> Result<PathBuf> {
    named("HOOKLINE_TEST_DESKTOP")
}

fn named(variable: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable)
        .with_context(|| format!("{variable} is not set: run `cargo xtask test --only desktop`"))?;
    Ok(path.into())
}

/// The arguments by which the app uses this data directory, free ports, and no keychain.
pub fn arguments(data_dir: &Path) -> Vec<String> {
    let data_dir = data_dir.display().to_string();
    ["--data-dir", &data_dir, "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--secrets", "file"]
        .map(str::to_owned)
        .to_vec()
}

impl Desktop {
    /// Opens the app on this data directory and waits until its window can be driven.
    pub async fn open(data_dir: &Path) -> Result<Self> {
        let driver = Driver::start(data_dir).await?;
        let mut capabilities = Capabilities::new();
        let options = json!({"application": program()?, "args": arguments(data_dir)});
        capabilities.set("tauri:options", options)?;
        let window = tokio::time::timeout(PATIENCE, WebDriver::new(&driver.url, capabilities))
            .await
            .context("the window did not open in time")?
            .context("the app did not start")?;
        let pid = processes_naming(data_dir, "hookline-desktop")?
            .into_iter()
            .next()
            .context("the app's process is not there")?;
        Ok(Self { window, pid, driver })
    }

    /// Whether the app runs.
    pub fn is_running(&self) -> bool {
        is_running(self.pid)
    }

    /// Asks the app to end, as the system does at logout, and waits until it has.
    pub async fn quit(self) -> Result<()> {
        let status = Command::new("kill").args(["-TERM", &self.pid.to_string()]).status()?;
        ensure!(status.success(), "SIGTERM could not be sent to the app");
        self.ended().await
    }

    /// Waits until the app has ended by itself.
    pub async fn ended(self) -> Result<()> {
        let Self { window, pid, driver } = self;
        let result = until("the app ends", async || Ok((!is_running(pid)).then_some(()))).await;
        // There is nothing left to talk to.
        let _ = window.leak();
        drop(driver);
        result
    }

    /// Waits for the one element that can be seen and that this path expression (`XPath`) finds.
    pub async fn find(&self, xpath: &str) -> Result<WebElement> {
        let found = until("it is found", async || {
            let query = self.window.query(By::XPath(xpath.to_owned())).nowait().and_displayed();
            // What is drawn anew in this very moment is an error for the driver.
            Ok(query.first().await.ok())
        })
        .await;
        match found {
            Ok(element) => Ok(element),
            Err(error) => {
                let shown = self.script("return document.body.innerText", vec![]).await.unwrap_or_default();
                let shown = shown.as_str().unwrap_or("nothing that could be read").to_owned();
                Err(error).with_context(|| format!("nothing is found by {xpath}; the window shows:\n{shown}"))
            }
        }
    }

    /// Waits until this text can be seen.
    pub async fn says(&self, text: &str) -> Result<()> {
        self.find(&format!("//*[text()[contains(., {})]]", quoted(text))).await?;
        Ok(())
    }

    /// Presses the button or link of this name.
    pub async fn press(&self, name: &str) -> Result<()> {
        let name = quoted(name);
        let xpath = format!("//*[self::button or self::a][normalize-space(.)={name} or @aria-label={name}]");
        // What is pressed may just be drawn anew, which the driver holds against it.
        until("the button is pressed", async || {
            let element = self.find(&xpath).await?;
            Ok(element.click().await.ok())
        })
        .await
    }

    /// Runs a script in the page, which returns a value.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.window.execute(script, arguments).await?.json().clone())
    }

    /// Runs a script in the page that calls its last argument with a value.
    pub async fn script_async(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.window.execute_async(script, arguments).await?.json().clone())
    }

    /// Memory of the app and all processes below it, in bytes: what is shared is divided among those that share it (PSS).
    pub fn memory(&self) -> Result<u64> {
        tree(self.pid)?.into_iter().map(proportional_memory).sum()
    }
}

impl Driver {
    async fn start(data_dir: &Path) -> Result<Self> {
        let (port, native) = (free_port()?, free_port()?);
        let home = data_dir.join("home");
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "hookline-driver-guard"]).arg(named("HOOKLINE_TEST_TAURI_DRIVER")?);
        command.args(["--port", &port.to_string(), "--native-port", &native.to_string()]);
        // Nothing of the person who runs this is read or written.
        for (variable, folder) in [
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_STATE_HOME", "state"),
        ] {
            let folder = home.join(folder);
            fs::create_dir_all(&folder)?;
            command.env(variable, folder);
        }
        let mut guard =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("there is no `sh`")?;
        let pipe = guard.stdin.take();
        let driver = Self { guard, pipe, url: format!("http://127.0.0.1:{port}") };
        let http = crate::process::client();
        let status = format!("{}/status", driver.url);
        // The port answers before the web view's driver behind it does.
        until("the driver is ready", async || {
            let answer = http.get(&status).send().await;
            Ok(answer.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        })
        .await?;
        Ok(driver)
    }
}

/// Waits until `look` finds something.
pub async fn until<T>(what: &str, look: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if started.elapsed() > PATIENCE {
            bail!("waited in vain until {what}");
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A text in a path expression, which has no way to escape quotes.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}

/// Whether there is such a process that has not ended.
pub fn is_running(pid: u32) -> bool {
    state_and_parent(pid).is_some_and(|(state, _)| state != 'Z' && state != 'X')
}

/// Processes of a program that were started with this data directory.
fn processes_naming(data_dir: &Path, program: &str) -> Result<Vec<u32>> {
    let data_dir = data_dir.display().to_string();
    let named = |pid: &u32| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<String> =
            words.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        words.first().is_some_and(|first| first.ends_with(program)) && words.contains(&data_dir)
    };
    Ok(all_processes()?.into_iter().filter(named).filter(|pid| is_running(*pid)).collect())
}

fn all_processes() -> Result<Vec<u32>> {
    let entries = fs::read_dir("/proc").context("there is no /proc: this runs on Linux")?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
}

/// The process and everything that it started, directly or not.
fn tree(root: u32) -> Result<Vec<u32>> {
    let all: Vec<(u32, u32)> =
        all_processes()?.into_iter().filter_map(|pid| Some((pid, state_and_parent(pid)?.1))).collect();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    Ok(found)
}

fn state_and_parent(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold spaces.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut words = rest.split_whitespace();
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}

/// In bytes; a process that has ended has none.
fn proportional_memory(pid: u32) -> Result<u64> {
    let Ok(rollup) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { return Ok(0) };
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or("0 kB");
    let kilobytes: u64 =
        line.trim().trim_end_matches(" kB").trim().parse().context("smaps_rollup is unreadable")?;
    Ok(kilobytes * 1024)
}
