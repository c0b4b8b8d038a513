//! What the tray shows, decided from how Hookline is. Pure: `tray.rs` draws it.

use hookline_engine::commands::status::{StatusAnswer, WorkerJob};
use hookline_engine::tunnel::TunnelState;
use hookline_engine::worker::DeliveryState;

use super::engine::EngineState;

/// The most jobs in the menu; the window lists the others.
const MAX_JOBS: usize = 20;
/// The longest text of a line, in characters.
const MAX_LINE_CHARS: usize = 80;

/// Which of the three icons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Webhooks are received.
    Receiving,
    /// No webhook is received.
    NotReceiving,
    /// Webhooks are received, and something needs a look.
    Failures,
}

/// What the menu can do about receiving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toggle {
    /// There is no job to pause.
    Nothing,
    /// At least one job receives.
    Pause,
    /// All jobs are paused.
    Resume,
}

/// A job whose URL can be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// `{workspaceId}/{jobId}`.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
}

/// What the tray shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrayView {
    /// The icon.
    pub(crate) look: Look,
    /// The state in words.
    pub(crate) line: String,
    /// Jobs whose URL can be copied.
    pub(crate) jobs: Vec<Entry>,
    /// Whether there are more jobs than that.
    pub(crate) has_more_jobs: bool,
    /// What can be done about receiving.
    pub(crate) toggle: Toggle,
}

impl TrayView {
    /// While there is no status: the engine starts, or could not.
    pub(crate) fn without_status(state: &EngineState) -> Self {
        let line = match state {
            EngineState::Failed(failure) => format!("Not receiving: {}", failure.message),
            EngineState::Starting | EngineState::Running => "Starting…".to_owned(),
        };
        Self {
            look: Look::NotReceiving,
            line: shortened(line),
            jobs: Vec::new(),
            has_more_jobs: false,
            toggle: Toggle::Nothing,
        }
    }

    /// While it ends.
    pub(crate) fn stopping() -> Self {
        Self {
            line: "Finishing what is under way…".to_owned(),
            ..Self::without_status(&EngineState::Starting)
        }
    }

    /// From the status, and the number of events that failed since somebody looked.
    pub(crate) fn new(status: &StatusAnswer, unseen_failures: u64) -> Self {
        let jobs = &status.worker.jobs;
        let toggle = match (jobs.is_empty(), jobs.iter().any(receives)) {
            (true, _) => Toggle::Nothing,
            (false, true) => Toggle::Pause,
            (false, false) => Toggle::Resume,
        };
        let (look, line) = look(status, toggle, unseen_failures);
        let entry = |job: &WorkerJob| Entry {
            id: format!("{}/{}", job.workspace_id, job.job_id),
            name: shortened(job.name.clone()),
        };
        Self {
            look,
            line: shortened(line),
            jobs: jobs.iter().take(MAX_JOBS).map(entry).collect(),
            has_more_jobs: jobs.len() > MAX_JOBS,
            toggle,
        }
    }
}

/// Whether the job takes webhooks.
pub(crate) fn receives(job: &WorkerJob) -> bool {
    job.delivery != DeliveryState::Paused
}

fn look(status: &StatusAnswer, toggle: Toggle, unseen_failures: u64) -> (Look, String) {
    if !status.receiver.listening {
        return (Look::NotReceiving, "Not receiving: the receiver does not listen".to_owned());
    }
    match toggle {
        Toggle::Nothing => return (Look::NotReceiving, "Not receiving: there is no sync job yet".to_owned()),
        Toggle::Resume => return (Look::NotReceiving, "Not receiving: all sync jobs are paused".to_owned()),
        Toggle::Pause => {}
    }
    let tunnel = &status.tunnel;
    let why = tunnel.reason.as_deref().unwrap_or("not connected yet");
    match tunnel.state {
        TunnelState::Refused => return (Look::Failures, format!("Providers cannot reach it: {why}")),
        TunnelState::Degraded | TunnelState::Connecting => {
            return (Look::Failures, format!("Tunnel connecting: {why}"));
        }
        TunnelState::Off | TunnelState::Online => {}
    }
    let jobs = &status.worker.jobs;
    let find = |wanted: fn(&DeliveryState) -> bool| jobs.iter().find(|job| wanted(&job.delivery));
    if let Some(job) = find(|delivery| matches!(delivery, DeliveryState::Blocked { .. })) {
        return (Look::Failures, format!("Receiving; the destination of {} refuses", job.name));
    }
    if let Some(job) = find(|delivery| matches!(delivery, DeliveryState::WaitingForDestination { .. })) {
        return (Look::Failures, format!("Receiving; {} waits for its destination", job.name));
    }
    match unseen_failures {
        0 => {
            let url = status.tunnel.public_url.as_deref().unwrap_or(&status.receiver.url);
            (Look::Receiving, format!("Receiving at {}", url.trim_end_matches('/')))
        }
        1 => (Look::Failures, "Receiving; an event failed".to_owned()),
        count => (Look::Failures, format!("Receiving; {count} events failed")),
    }
}

fn shortened(text: String) -> String {
    if text.chars().count() <= MAX_LINE_CHARS {
        return text;
    }
    text.chars().take(MAX_LINE_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use hookline_engine::commands::Commands;

    use super::*;
    use crate::shell::arguments::Arguments;
    use crate::shell::engine::{Engine, Failure};
    use crate::shell::failures::tests::{blocked, job};

    /// The status of a real engine, with these jobs put in.
    async fn status(jobs: Vec<WorkerJob>) -> StatusAnswer {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = ["hookline-desktop", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"];
        let arguments = <Arguments as clap::Parser>::try_parse_from(arguments).expect("is a command line");
        let engine = Engine::new(folder.path(), arguments);
        let commands: Commands = engine.start().await.expect("starts").commands;
        let mut status = commands.status().await.expect("answers");
        engine.stop().await;
        status.worker.jobs = jobs;
        status
    }

    fn paused(id: &str) -> WorkerJob {
        WorkerJob { delivery: DeliveryState::Paused, ..job(id, 0) }
    }

    #[tokio::test]
    async fn the_icon_and_the_words_tell_the_same_state() {
        let mut status = status(Vec::new()).await;
        let seen = |status: &StatusAnswer, unseen| {
            let view = TrayView::new(status, unseen);
            (view.look, view.line, view.toggle)
        };
        let none = "Not receiving: there is no sync job yet".to_owned();
        assert_eq!(seen(&status, 0), (Look::NotReceiving, none, Toggle::Nothing));

        status.worker.jobs = vec![paused("a"), paused("b")];
        let paused_line = "Not receiving: all sync jobs are paused".to_owned();
        assert_eq!(seen(&status, 3), (Look::NotReceiving, paused_line, Toggle::Resume));

        status.worker.jobs = vec![paused("a"), job("b", 9)];
        let at = format!("Receiving at {}", status.receiver.url);
        assert_eq!(seen(&status, 0), (Look::Receiving, at, Toggle::Pause));
        let failed = "Receiving; 2 events failed".to_owned();
        assert_eq!(seen(&status, 2), (Look::Failures, failed, Toggle::Pause));

        status.tunnel.public_url = Some("https://hooks.example.com/".to_owned());
        assert_eq!(seen(&status, 0).1, "Receiving at https://hooks.example.com");

        status.tunnel.state = TunnelState::Refused;
        status.tunnel.reason = Some("ngrok does not accept the authtoken".to_owned());
        let unreached = "Providers cannot reach it: ngrok does not accept the authtoken".to_owned();
        assert_eq!(seen(&status, 0), (Look::Failures, unreached, Toggle::Pause));
        status.tunnel.state = TunnelState::Online;

        status.worker.jobs = vec![job("a", 0), blocked("b")];
        let refuses = "Receiving; the destination of Job b refuses".to_owned();
        assert_eq!(seen(&status, 0), (Look::Failures, refuses, Toggle::Pause));

        status.receiver.listening = false;
        assert_eq!(seen(&status, 0).0, Look::NotReceiving);
    }

    #[tokio::test]
    async fn a_menu_stays_short() {
        let view = TrayView::new(&status((0..30).map(|n| job(&n.to_string(), 0)).collect()).await, 0);
        assert_eq!((view.jobs.len(), view.has_more_jobs), (MAX_JOBS, true));
        assert_eq!(view.jobs[0].id, "default/0");
    }

    #[test]
    fn an_engine_that_could_not_start_is_said() {
        let failure = Failure { message: "x".repeat(500), hint: None };
        let view = TrayView::without_status(&EngineState::Failed(failure));
        assert_eq!(view.look, Look::NotReceiving);
        assert!(view.line.starts_with("Not receiving: xxx"), "{}", view.line);
        assert_eq!(view.line.chars().count(), MAX_LINE_CHARS);
    }
}
