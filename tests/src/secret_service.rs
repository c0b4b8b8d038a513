//! A real Secret Service for tests: GNOME Keyring on a session bus of its own, with its files in a temporary folder.
//! Nothing of the person who runs the tests is touched, and nothing stays.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::process::PATIENCE;

/// Its own configuration instead of the system's: no service is started by being asked for.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Ends the bus when the test ends, however it ends: its standard input is closed then. Without its bus the keyring
/// ends by itself.
const GUARD: &str = r#"exec 3<&0
trap '' INT HUP
"$@" </dev/null 3<&- & program=$!
(cat <&3; kill -TERM "$program") >/dev/null 2>&1 &
exec 3<&-
wait "$program""#;

const PASSWORD: &str = "the keyring's password";

/// A session bus, and a keyring on it unless it was stopped.
#[derive(Debug)]
pub struct SecretService {
    folder: TempDir,
    guard: Child,
    pipe: Option<ChildStdin>,
    keyring: Option<Child>,
}

impl SecretService {
    /// Starts both; the keyring is new, empty and unlocked.
    pub async fn start() -> Result<Self> {
        let mut service = Self::bus_alone()?;
        service.unlocked().await?;
        Ok(service)
    }

    /// A bus on which nobody keeps secrets.
    pub fn bus_alone() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for name in ["run", "data", "home"] {
            let path = folder.path().join(name);
            fs::create_dir(&path)?;
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        }
        let config = folder.path().join("bus.conf");
        fs::write(&config, CONFIG.replace("SOCKET", &socket(folder.path()).display().to_string()))?;
        let mut guard = Command::new("sh")
            .args([
                "-c",
                GUARD,
                "hookline-bus-guard",
                "dbus-daemon",
                "--nofork",
                "--nopidfile",
                "--print-address",
            ])
            .arg("--config-file")
            .arg(&config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("there is no `sh`")?;
        let pipe = guard.stdin.take();
        let stdout = guard.stdout.take().context("the bus has no output")?;
        let service = Self { folder, guard, pipe, keyring: None };
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        ensure!(
            !address.trim().is_empty(),
            "`dbus-daemon` did not start: `cargo xtask setup` says what is missing"
        );
        Ok(service)
    }

    /// Starts the keyring anew, unlocked.
    pub async fn unlocked(&mut self) -> Result<()> {
        self.start_keyring(Some(PASSWORD)).await
    }

    /// Starts the keyring anew, locked; nobody is there to unlock it.
    pub async fn locked(&mut self) -> Result<()> {
        self.start_keyring(None).await
    }

    /// Stops the keyring; the bus stays.
    pub async fn stop_keyring(&mut self) -> Result<()> {
        if let Some(mut keyring) = self.keyring.take() {
            keyring.kill()?;
            keyring.wait()?;
            self.until_owned(false).await?;
        }
        Ok(())
    }

    async fn start_keyring(&mut self, password: Option<&str>) -> Result<()> {
        self.stop_keyring().await?;
        let mut command = Command::new("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]);
        if password.is_some() {
            command.arg("--unlock");
        }
        command.env_clear().envs(self.environment());
        let mut keyring = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("there is no `gnome-keyring-daemon`: `cargo xtask setup` installs it")?;
        // It reads the password to the end of its input.
        let mut input = keyring.stdin.take().context("the keyring has no input")?;
        input.write_all(password.unwrap_or_default().as_bytes())?;
        drop(input);
        self.keyring = Some(keyring);
        self.until_owned(true).await
    }

    /// Waits until somebody answers for the Secret Service on the bus, or until nobody does.
    async fn until_owned(&mut self, expected: bool) -> Result<()> {
        let started = Instant::now();
        loop {
            let output = Command::new("dbus-send")
                .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"])
                .args(["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"])
                .env_clear()
                .envs(self.environment())
                .output()
                .context("there is no `dbus-send`: `cargo xtask setup` installs it")?;
            let owned = String::from_utf8_lossy(&output.stdout).contains("boolean true");
            if output.status.success() && owned == expected {
                return Ok(());
            }
            if let Some(keyring) = &mut self.keyring
                && let Some(status) = keyring.try_wait()?
            {
                bail!("the keyring ended with {status}");
            }
            ensure!(started.elapsed() < PATIENCE, "the keyring did not come, or did not go, in time");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The environment of a program in this session, and of none besides.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment = outside_any_session(self.folder.path());
        let address = format!("unix:path={}", socket(self.folder.path()).display());
        environment.push(("DBUS_SESSION_BUS_ADDRESS", address.into()));
        environment
    }
}

/// The environment of a program in no session at all, as in a container or under a service manager. This folder takes what
/// the program would write elsewhere.
pub fn outside_any_session(folder: &Path) -> Vec<(&'static str, OsString)> {
    let below = |name: &str| folder.join(name).into_os_string();
    let mut environment =
        vec![("HOME", below("home")), ("XDG_DATA_HOME", below("data")), ("XDG_RUNTIME_DIR", below("run"))];
    environment.extend(std::env::var_os("PATH").map(|path| ("PATH", path)));
    environment
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("run").join("bus")
}

impl Drop for SecretService {
    fn drop(&mut self) {
        if let Some(mut keyring) = self.keyring.take() {
            let _ = keyring.kill();
            let _ = keyring.wait();
        }
        drop(self.pipe.take());
        let _ = self.guard.wait();
    }
}
