//! The desktop shell: window, tray, menus, notifications, and one door through which the page asks the engine.
//!
//! Invariants:
//! - This directory and `main.rs` are the only code that knows Tauri (`tests/it/architecture.rs` enforces it).
//! - The page in the window may call the commands that `permissions/page.toml` names, and nothing of any plug-in. It never
//!   leads to another page, and nothing remote is loaded.
//! - The process ends only after the engine has stopped, whoever ends it.
//!
//! Deliberately not here: anything that decides what happens to a webhook. The shell asks the engine through its
//! `commands`, as the command line does, and passes on the page's requests as they are.
//!
//! ```text
//!  page ──request──▶ door ──▶ engine (api::in_process)
//!   ▲                            │ changes
//!   └──────── page.rs ◀── watch ─┴──▶ tray, notifications
//! ```

#![allow(clippy::needless_pass_by_value, reason = "Tauri hands its commands and callbacks what is theirs")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use clap::Parser as _;
use hookline_engine::app::make_private_dir;
use parking_lot::Mutex;
use tauri::{App, AppHandle, Manager as _, RunEvent, Wry};
use tauri_plugin_deep_link::DeepLinkExt as _;
use tokio::sync::Notify;

use arguments::{Arguments, DataDir};
use engine::Engine;
use failures::Failures;
use page::{Page, PageCommand};
use preferences::Preferences;
use tray::Tray;
use tunnel_news::TunnelNews;

mod arguments;
mod close;
mod door;
mod engine;
mod failures;
mod files;
mod instance;
mod links;
mod menu;
mod nonce;
mod notifications;
mod page;
mod preferences;
mod receiving;
mod tray;
mod tray_view;
mod tunnel_news;
#[cfg(test)]
mod types;
mod watch;
mod window;

/// Everything that the parts of the shell share, as long as the app lives.
struct Shell {
    engine: Engine,
    page: Page,
    window: window::Window,
    tray: Tray,
    preferences: Preferences,
    failures: Mutex<Failures>,
    tunnel_news: Mutex<TunnelNews>,
    data_dir_is_default: bool,
    quitting: AtomicBool,
    /// A start of the app that came while it was ending.
    started_again: Mutex<Option<instance::Start>>,
    /// Held while the tray pauses or resumes.
    pausing: tokio::sync::Mutex<()>,
    look_again: Notify,
}

impl Shell {
    fn is_quitting(&self) -> bool {
        self.quitting.load(Ordering::Relaxed)
    }

    /// From now on it ends; says whether this is news.
    fn begin_to_quit(&self) -> bool {
        !self.quitting.swap(true, Ordering::Relaxed)
    }

    /// The user looks at the window: failures are no news any more.
    fn somebody_looks(&self) {
        self.failures.lock().looked();
        self.look_again.notify_one();
    }

    /// Waits until the tray is to be looked after, although nothing changed in the engine.
    async fn looks_again(&self) {
        self.look_again.notified().await;
    }
}

/// Opens the window and returns when the app has ended.
///
/// Errors when there is nowhere to keep data, or the system has no display or no usable web view.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let data_dir = arguments
        .data_dir()
        .context("there is no home directory here; say where to keep data with --data-dir")?;
    // The engine makes it too and says why it cannot; but whoever comes first must make it private.
    if let Err(error) = make_private_dir(&data_dir.path) {
        eprintln!("{} cannot be made: {error}", data_dir.path.display());
    }
    let app = builder(&data_dir, arguments)
        .build(tauri::generate_context!())
        .context("the window could not be opened")?;
    let code = app.run_return(on_run_event);
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn builder(data_dir: &DataDir, arguments: Arguments) -> tauri::Builder<Wry> {
    let mut builder = tauri::Builder::default();
    // First of all plug-ins: a second start ends in it.
    if let Some(single) = instance::single(data_dir) {
        builder = builder.plugin(single);
    }
    let window_file = data_dir.path.join("window.json");
    let data_dir = data_dir.clone();
    builder
        .plugin(
            tauri_plugin_window_state::Builder::new()
                .with_state_flags(window::kept_state())
                .with_filename(window_file.display().to_string())
                .build(),
        )
        .plugin(tauri_plugin_store::Builder::new().build())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_autostart::Builder::new().arg("--hidden").build())
        .plugin(tauri_plugin_clipboard_manager::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::Builder::new().open_js_links_on_click(false).build())
        .plugin(tauri_plugin_deep_link::init())
        .invoke_handler(tauri::generate_handler![
            close::quit_app,
            door::request,
            files::copy_text,
            files::open_external,
            files::open_folder,
            files::save_text,
            page::subscribe,
            preferences::autostart,
            preferences::preferences,
            preferences::set_autostart,
            preferences::set_preference,
            watch::retry_start,
            window::painted,
        ])
        .menu(menu::build)
        .on_menu_event(|app, event| menu::act(app, event.id().as_ref()))
        .on_window_event(window::on_event)
        .setup(move |app| set_up(app, &data_dir, arguments).map_err(Into::into))
}

fn set_up(app: &App, data_dir: &DataDir, arguments: Arguments) -> anyhow::Result<()> {
    let handle = app.handle();
    let (hidden, link) = (arguments.hidden, arguments.link.clone());
    app.manage(Shell {
        engine: Engine::new(&data_dir.path, arguments),
        page: Page::default(),
        window: window::Window::default(),
        tray: Tray::default(),
        preferences: Preferences::open(handle, &data_dir.path).context("preferences have no place")?,
        failures: Mutex::default(),
        tunnel_news: Mutex::default(),
        data_dir_is_default: data_dir.is_default,
        quitting: AtomicBool::new(false),
        started_again: Mutex::new(None),
        pausing: tokio::sync::Mutex::new(()),
        look_again: Notify::new(),
    });
    watch::tell_states(handle);
    watch::start_engine(handle);
    close::quit_at_signals(handle);
    notifications::listen(handle);
    listen_to_links(handle);
    handle.state::<Shell>().tray.put(handle);
    if let Some(link) = link {
        follow_link(handle, &link);
    } else if !hidden {
        window::open(handle);
    }
    Ok(())
}

/// Hears of links that the system hands to the running app (macOS); elsewhere a link starts the app again.
fn listen_to_links(app: &AppHandle) {
    let opened = app.clone();
    app.deep_link().on_open_url(move |event| {
        for url in event.urls() {
            follow_link(&opened, url.as_str());
        }
    });
    // Installers register the scheme; an AppImage has none.
    if app.env().appimage.is_some()
        && let Err(error) = app.deep_link().register_all()
    {
        tracing::warn!(%error, "links to events will not open Hookline");
    }
}

/// Shows what the link names; a link that names nothing only shows the window.
fn follow_link(app: &AppHandle, link: &str) {
    if let Some(path) = links::page_path(link) {
        app.state::<Shell>().page.command(PageCommand::Navigate { path });
    }
    window::open(app);
}

fn on_run_event(app: &AppHandle, event: RunEvent) {
    match event {
        RunEvent::ExitRequested { api, .. } if !app.state::<Shell>().engine.is_stopped() => {
            api.prevent_exit();
            close::quit(app);
        }
        // Not every system asks before it ends an app.
        RunEvent::Exit => tauri::async_runtime::block_on(app.state::<Shell>().engine.stop()),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::open(app),
        _ => {}
    }
}
