//! Follows the engine: hands its changes to the page, and keeps tray and notifications up to date.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use hookline_engine::commands::Commands;
use tauri::{AppHandle, Manager as _};

use super::engine::EngineState;
use super::page::Message;
use super::tray_view::TrayView;
use super::{Shell, notifications, tray, window};

/// The tray changes at most this often, however many webhooks come in.
const SPACING: Duration = Duration::from_secs(1);
/// What nobody announces, such as a destination that went away, is noticed after this long.
const GLANCE: Duration = Duration::from_secs(15);

/// Starts the engine, and follows it if it starts. Tells the page how it goes.
pub(crate) fn start_engine(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Some(running) = app.state::<Shell>().engine.start().await {
            tauri::async_runtime::spawn(hand_on_changes(app.clone(), running.commands.clone()));
            tauri::async_runtime::spawn(keep_up(app, running.commands));
        }
    });
}

/// Tries again to start an engine that could not.
#[tauri::command]
pub(crate) fn retry_start(app: AppHandle) {
    start_engine(&app);
}

/// Tells the page and the tray how the engine's start goes, as long as the app lives.
pub(crate) fn tell_states(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        let mut state = EngineState::Starting;
        loop {
            state = shell.engine.state_after(&state).await;
            if shell.is_quitting() {
                return;
            }
            if state != EngineState::Running {
                tray::show(&app, TrayView::without_status(&state));
            }
            shell.page.tell(Message::Engine { state: state.clone() });
            if matches!(state, EngineState::Failed(_)) {
                // Also when it was started hidden: somebody has to know that nothing is received.
                window::open(&app);
            }
        }
    });
}

async fn hand_on_changes(app: AppHandle, commands: Commands) {
    let mut changes = pin!(commands.changes());
    while let Some(changes) = changes.next().await {
        app.state::<Shell>().page.changed(changes);
    }
}

async fn keep_up(app: AppHandle, commands: Commands) {
    let mut changes = pin!(commands.changes());
    let shell = app.state::<Shell>();
    loop {
        look(&app, &commands).await;
        tokio::time::sleep(SPACING).await;
        tokio::select! {
            list = changes.next() => if list.is_none() {
                return;
            },
            () = shell.looks_again() => {}
            () = tokio::time::sleep(GLANCE) => {}
        }
    }
}

async fn look(app: &AppHandle, commands: &Commands) {
    let status = match commands.status().await {
        Ok(status) => status,
        Err(error) => {
            tracing::warn!(error = error.message, "the tray does not know the status");
            return;
        }
    };
    let shell = app.state::<Shell>();
    let looking = window::is_looked_at(app);
    let (notices, unseen) = {
        let mut failures = shell.failures.lock();
        let notices = failures.observe(&status.worker.jobs, looking, Instant::now());
        (notices, failures.unseen())
    };
    let news = shell.tunnel_news.lock().observe(&status.tunnel, looking, Instant::now());
    if !shell.is_quitting() {
        notifications::show_tunnel(app, news);
        tray::show(app, TrayView::new(&status, unseen));
        notifications::show(app, commands, notices).await;
    }
}
