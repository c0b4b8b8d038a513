//! What closing the window means, and how the app ends: what is under way ends first.

use tauri::{AppHandle, Manager as _, WebviewWindow};
use tauri_plugin_dialog::{DialogExt as _, MessageDialogButtons, MessageDialogResult};

use super::engine::EngineState;
use super::tray_view::TrayView;
use super::{Shell, instance, tray, window};

const KEEP: &str = "Keep receiving";
const QUIT: &str = "Quit Hookline";

/// What is done when the user closes the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// The window goes, the app goes on.
    Hide,
    /// Say that once, and let the user decide.
    Ask,
    /// The app ends.
    Quit,
}

/// `keep`: the preference. `explained`: it was said before. `reachable`: something is left from which the window can be
/// opened.
fn decide(keep: bool, explained: bool, reachable: bool, state: &EngineState) -> Closing {
    let receives = !matches!(state, EngineState::Failed(_));
    match (keep && reachable && receives, explained) {
        (false, _) => Closing::Quit,
        (true, true) => Closing::Hide,
        (true, false) => Closing::Ask,
    }
}

/// The user closes the window.
pub(crate) fn close_requested(app: &AppHandle, closed: &WebviewWindow) {
    let shell = app.state::<Shell>();
    let (keep, explained) =
        (shell.preferences.keeps_receiving_when_closed(), shell.preferences.close_is_explained());
    match decide(keep, explained, shell.tray.is_there(), &shell.engine.state()) {
        Closing::Hide => window::hide(app),
        Closing::Ask => ask(app, closed),
        Closing::Quit => quit(app),
    }
}

fn ask(app: &AppHandle, closed: &WebviewWindow) {
    let asked = app.clone();
    app.dialog()
        .message(
            "Hookline can stay in the background, so that webhooks that come in while the window is closed are received \
             and synced. Open it again from the tray icon, or by starting Hookline again.\n\n\
             This is asked once; Settings changes it later.",
        )
        .title("Keep receiving webhooks?")
        .parent(closed)
        .buttons(MessageDialogButtons::YesNoCancelCustom(
            KEEP.to_owned(),
            QUIT.to_owned(),
            "Cancel".to_owned(),
        ))
        .show_with_result(move |result| {
            let Some(keep) = chosen(&result) else { return };
            let preferences = &asked.state::<Shell>().preferences;
            preferences.set_close_is_explained();
            preferences.set_keeps_receiving_when_closed(keep);
            if keep {
                window::hide(&asked);
            } else {
                quit(&asked);
            }
        });
}

/// Whether to keep receiving; `None` when the question was dismissed, and the window stays.
fn chosen(result: &MessageDialogResult) -> Option<bool> {
    match result {
        MessageDialogResult::Yes => Some(true),
        MessageDialogResult::No => Some(false),
        MessageDialogResult::Custom(label) if label == KEEP => Some(true),
        MessageDialogResult::Custom(label) if label == QUIT => Some(false),
        MessageDialogResult::Ok | MessageDialogResult::Cancel | MessageDialogResult::Custom(_) => None,
    }
}

/// Ends the app: the window goes at once, the process when the engine has stopped. More calls do nothing.
pub(crate) fn quit(app: &AppHandle) {
    let shell = app.state::<Shell>();
    if !shell.begin_to_quit() {
        return;
    }
    window::hide(app);
    tray::show(app, TrayView::stopping());
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        shell.engine.stop().await;
        shell.preferences.save();
        instance::start_anew_if_asked(&app);
        app.exit(0);
    });
}

/// Ends the app at SIGTERM and Ctrl-C; a second one ends it at once, which loses nothing either: what was answered is on
/// the disk.
pub(crate) fn quit_at_signals(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        loop {
            if let Err(error) = signal().await {
                tracing::error!(%error, "signals cannot be waited for");
                return;
            }
            if app.state::<Shell>().is_quitting() {
                tracing::warn!("stopped at once");
                std::process::exit(130);
            }
            quit(&app);
        }
    });
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// Ends the app, for the page.
#[tauri::command]
pub(crate) fn quit_app(app: AppHandle) {
    quit(&app);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::engine::Failure;

    #[test]
    fn closing_goes_on_receiving_and_says_so_once() {
        assert_eq!(decide(true, false, true, &EngineState::Running), Closing::Ask);
        assert_eq!(decide(true, true, true, &EngineState::Running), Closing::Hide);
        assert_eq!(decide(true, true, true, &EngineState::Starting), Closing::Hide);
    }

    #[test]
    fn a_question_that_is_dismissed_changes_nothing() {
        assert_eq!(chosen(&MessageDialogResult::Custom(KEEP.to_owned())), Some(true));
        assert_eq!(chosen(&MessageDialogResult::Custom(QUIT.to_owned())), Some(false));
        assert_eq!(chosen(&MessageDialogResult::Custom("Cancel".to_owned())), None);
        assert_eq!(chosen(&MessageDialogResult::Cancel), None);
    }

    #[test]
    fn closing_quits_where_that_was_chosen() {
        assert_eq!(decide(false, true, true, &EngineState::Running), Closing::Quit);
        assert_eq!(decide(false, false, true, &EngineState::Running), Closing::Quit);
    }

    #[test]
    fn nothing_is_left_running_that_cannot_be_reached_or_does_not_receive() {
        let failed = EngineState::Failed(Failure { message: "no".to_owned(), hint: None });
        assert_eq!(decide(true, true, false, &EngineState::Running), Closing::Quit);
        assert_eq!(decide(true, false, true, &failed), Closing::Quit);
    }
}
