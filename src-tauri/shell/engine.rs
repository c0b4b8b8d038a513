//! Starts and stops the engine, and tells how that goes. The window is there before the engine is, and stays when the
//! engine cannot start, to say why.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use axum::Router;
use hookline_engine::api;
use hookline_engine::app::logging::{self, LogGuards};
use hookline_engine::app::{App, Config, OwnershipError, Settings, StartError};
use hookline_engine::commands::Commands;
use hookline_engine::event::with_causes;
use hookline_engine::secrets::SecretError;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::watch;

use super::arguments::Arguments;

/// How the engine's start goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "camelCase")]
pub(crate) enum EngineState {
    /// Under way.
    Starting,
    /// Receiving.
    Running,
    /// It could not start.
    Failed(Failure),
}

/// Why the engine could not start, and what the user can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Failure {
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub(crate) hint: Option<String>,
}

/// A running engine, for whoever asks it. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    /// What a person can ask for.
    pub(crate) commands: Commands,
    /// The same as the control API's routes.
    pub(crate) routes: Router,
}

#[derive(Debug, Clone)]
enum Phase {
    Starting,
    Running(Running),
    Failed(Failure),
    Stopped,
}

/// The engine's life.
pub(crate) struct Engine {
    data_dir: PathBuf,
    arguments: Arguments,
    phase: watch::Sender<Phase>,
    /// Held while it starts or stops, so that it never does both.
    app: tokio::sync::Mutex<Option<App>>,
    /// Logging is set up once per process, and goes on until the end.
    logs: Mutex<Option<LogGuards>>,
}

impl Engine {
    /// An engine that has not been started.
    pub(crate) fn new(data_dir: &Path, arguments: Arguments) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            arguments,
            phase: watch::Sender::new(Phase::Starting),
            app: tokio::sync::Mutex::new(None),
            logs: Mutex::new(None),
        }
    }

    /// Where everything is kept.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Starts it, unless it runs already or was stopped. Gives what runs, if it has just been started.
    pub(crate) async fn start(&self) -> Option<Running> {
        let mut app = self.app.lock().await;
        if app.is_some() || matches!(*self.phase.borrow(), Phase::Stopped) {
            return None;
        }
        self.phase.send_replace(Phase::Starting);
        match self.try_to_start().await {
            Ok(started) => {
                let commands = started.commands().clone();
                let running = Running { routes: api::in_process(commands.clone()), commands };
                *app = Some(started);
                self.phase.send_replace(Phase::Running(running.clone()));
                Some(running)
            }
            Err(failure) => {
                tracing::error!(error = failure.message, "the engine could not start");
                self.phase.send_replace(Phase::Failed(failure));
                None
            }
        }
    }

    async fn try_to_start(&self) -> Result<App, Failure> {
        let Arguments { listen, api, secrets, .. } = self.arguments;
        let chosen = Settings { listen, api, secrets, ..Settings::from_environment() };
        let config = Config::read(self.data_dir.clone(), chosen).map_err(|error| Failure {
            message: with_causes(&error),
            hint: Some(format!("Correct {}, then try again.", self.data_dir.join("config.toml").display())),
        })?;
        self.begin_to_log(&config.log)?;
        App::start(config).await.map_err(|error| failure(&error, &self.data_dir, &self.arguments))
    }

    fn begin_to_log(&self, filter: &str) -> Result<(), Failure> {
        let mut logs = self.logs.lock();
        if logs.is_none() {
            let guards = logging::init(&self.data_dir, filter).map_err(|error| Failure {
                message: with_causes(&error),
                hint: Some("Make the data directory writable for your user, then try again.".to_owned()),
            })?;
            *logs = Some(guards);
        }
        Ok(())
    }

    /// Stops it: what is under way ends, the store closes. Waits for a start that is under way. Once is enough, more
    /// calls do nothing.
    pub(crate) async fn stop(&self) {
        let mut app = self.app.lock().await;
        self.phase.send_replace(Phase::Stopped);
        if let Some(app) = app.take() {
            app.shut_down().await;
        }
    }

    /// What runs, once it is known whether anything does.
    pub(crate) async fn running(&self) -> Result<Running, Failure> {
        let mut phase = self.phase.subscribe();
        loop {
            match &*phase.borrow_and_update() {
                Phase::Running(running) => return Ok(running.clone()),
                Phase::Failed(failure) => return Err(failure.clone()),
                Phase::Stopped => return Err(stopped()),
                Phase::Starting => {}
            }
            if phase.changed().await.is_err() {
                return Err(stopped());
            }
        }
    }

    /// What runs right now.
    pub(crate) fn running_now(&self) -> Option<Running> {
        match &*self.phase.borrow() {
            Phase::Running(running) => Some(running.clone()),
            Phase::Starting | Phase::Failed(_) | Phase::Stopped => None,
        }
    }

    /// How its start goes. While it stops nobody looks any more, and it counts as starting.
    pub(crate) fn state(&self) -> EngineState {
        state_in(&self.phase.borrow())
    }

    /// Waits until the state is another one than this.
    pub(crate) async fn state_after(&self, known: &EngineState) -> EngineState {
        let mut phase = self.phase.subscribe();
        loop {
            let state = state_in(&phase.borrow_and_update());
            if state != *known {
                return state;
            }
            if phase.changed().await.is_err() {
                // The sender lives as long as `self`.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Whether it was stopped, which it is for good.
    pub(crate) fn is_stopped(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Stopped) && self.app.try_lock().is_ok()
    }
}

fn state_in(phase: &Phase) -> EngineState {
    match phase {
        Phase::Running(_) => EngineState::Running,
        Phase::Failed(failure) => EngineState::Failed(failure.clone()),
        Phase::Starting | Phase::Stopped => EngineState::Starting,
    }
}

fn stopped() -> Failure {
    Failure { message: "Hookline is closing".to_owned(), hint: None }
}

/// Why the engine could not start, in words that fit a window: nobody there has typed an option.
fn failure(error: &StartError, data_dir: &Path, arguments: &Arguments) -> Failure {
    let config = data_dir.join("config.toml");
    let hint = match error {
        StartError::Listen { what, address, source } if source.kind() == ErrorKind::AddrInUse => {
            let (name, chosen) = match *what {
                "the control API" => ("api", arguments.api),
                _ => ("listen", arguments.listen),
            };
            let (ip, port) = (address.ip(), address.port());
            let other = port.checked_add(10).unwrap_or(4410);
            let choose = if chosen.is_some() {
                // What Hookline was started with wins over the file.
                format!("start Hookline with --{name} {ip}:{other} (HOOKLINE_{})", name.to_ascii_uppercase())
            } else {
                format!("choose another port with the line {name} = \"{ip}:{other}\" in {}", config.display())
            };
            Some(format!(
                "Another program uses port {port}: another Hookline perhaps. Stop it and try again, or {choose}."
            ))
        }
        StartError::Listen { .. } | StartError::ApiNotLoopback { .. } => {
            Some(format!("Choose another address in {}, then try again.", config.display()))
        }
        StartError::Ownership(OwnershipError::Taken { .. }) => Some(
            "Hookline may be running in a terminal (hookline serve). Stop it there, then try again."
                .to_owned(),
        ),
        StartError::DataDir { .. } | StartError::Ownership(OwnershipError::Write { .. }) => {
            Some("Make the directory writable for your user, then try again.".to_owned())
        }
        StartError::Secrets(SecretError::OutOfReach { place, .. }) => Some(format!(
            "Start or unlock the keychain, then try again. To do without it from then on, write the line \
             secrets = \"file\" into {} and start Hookline once while it is unlocked: they move into the file. To give \
             those secrets up and enter them again, write that line and remove {}.",
            config.display(),
            place.display()
        )),
        StartError::Secrets(SecretError::StillInFile(_)) => Some(format!(
            "Start or unlock the keychain, then try again; or write the line secrets = \"file\" into {}: nothing was moved, \
             and the file still counts.",
            config.display()
        )),
        StartError::Secrets(
            SecretError::Keychain { .. }
            | SecretError::Silent { .. }
            | SecretError::Busy { .. }
            | SecretError::NotMoved { .. },
        ) => Some("Start or unlock the keychain, in which the secrets lie, then try again.".to_owned()),
        other => other.hint(),
    };
    Failure { message: with_causes(error), hint }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn engine(data_dir: &Path) -> Engine {
        let arguments =
            ["hookline-desktop", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--secrets", "file"];
        Engine::new(data_dir, Arguments::try_parse_from(arguments).expect("is a command line"))
    }

    fn taken_port() -> StartError {
        StartError::Listen {
            what: "the receiver",
            address: "127.0.0.1:4400".parse().expect("an address"),
            source: std::io::Error::from(ErrorKind::AddrInUse),
        }
    }

    #[test]
    fn a_taken_port_is_named_with_the_line_that_chooses_another() {
        let hint = |arguments: &[&str]| {
            let arguments = ["hookline-desktop"].iter().chain(arguments);
            let arguments = Arguments::try_parse_from(arguments).expect("is a command line");
            let failure = failure(&taken_port(), Path::new("/data"), &arguments);
            assert!(failure.message.contains("127.0.0.1:4400"), "{}", failure.message);
            failure.hint.expect("says what to do")
        };
        let by_file = hint(&[]);
        assert!(
            by_file.contains("port 4400") && by_file.contains("listen = \"127.0.0.1:4410\""),
            "{by_file}"
        );
        let by_argument = hint(&["--listen", "127.0.0.1:4400"]);
        assert!(by_argument.contains("--listen 127.0.0.1:4410 (HOOKLINE_LISTEN)"), "{by_argument}");
    }

    #[test]
    fn a_keychain_out_of_reach_is_told_in_words_for_a_window() {
        let error = StartError::Secrets(SecretError::OutOfReach {
            keychain: "the keychain",
            reason: "it is locked".to_owned(),
            place: "/data/secrets-place.json".into(),
        });
        let arguments = Arguments::try_parse_from(["hookline-desktop"]).expect("is a command line");
        let failure = failure(&error, Path::new("/data"), &arguments);
        assert!(failure.message.contains("it is locked"), "{failure:?}");
        let hint = failure.hint.expect("says what to do");
        assert!(hint.contains("secrets-place.json") && hint.contains("secrets = \"file\""), "{hint}");
        assert!(!hint.contains("--secrets"), "{hint}");
    }

    #[test]
    fn the_page_reads_states_as_its_types_say() {
        let failed = EngineState::Failed(Failure { message: "no".to_owned(), hint: None });
        assert_eq!(
            serde_json::to_value([EngineState::Starting, EngineState::Running, failed]).expect("JSON"),
            serde_json::json!([
                {"state": "starting"}, {"state": "running"}, {"state": "failed", "message": "no"},
            ])
        );
    }

    #[tokio::test]
    async fn a_failed_start_is_told_and_can_be_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("config.toml");
        std::fs::write(&config, "lisen = 1\n").expect("writes");
        let engine = engine(folder.path());
        assert!(engine.start().await.is_none());
        let EngineState::Failed(failure) = engine.state() else { panic!("{:?}", engine.state()) };
        assert!(failure.message.contains("config.toml"), "{failure:?}");
        assert_eq!(engine.running().await.expect_err("runs not"), failure);

        std::fs::remove_file(&config).expect("removes");
        let running = engine.start().await.expect("runs");
        assert!(running.commands.status().await.expect("answers").receiver.listening);
        assert!(engine.start().await.is_none(), "one is enough");
        engine.stop().await;
        assert!(engine.is_stopped() && engine.running_now().is_none());
        assert!(engine.start().await.is_none(), "stopped is stopped");
    }

    #[tokio::test]
    async fn who_asks_while_it_starts_waits_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = engine(folder.path());
        let (asked, started) = tokio::join!(engine.running(), engine.start());
        assert!(asked.is_ok() && started.is_some());
        engine.stop().await;
    }
}
