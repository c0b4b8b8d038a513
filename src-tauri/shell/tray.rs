//! The tray icon and its menu. What they show is decided in `tray_view.rs`; what the menu does, in `menu.rs`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tauri::image::Image;
use tauri::menu::{Menu, MenuItem, PredefinedMenuItem, Submenu};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager as _, Wry};

use super::engine::EngineState;
use super::menu::Item;
use super::tray_view::{Entry, Look, Toggle, TrayView};
use super::{Shell, window};

/// The tray, where the system has one.
#[derive(Default)]
pub(crate) struct Tray {
    /// Only locked on the main thread, where trays live: drawing waits for that thread.
    shown: Mutex<Option<Shown>>,
    is_there: AtomicBool,
}

struct Shown {
    icon: TrayIcon,
    view: TrayView,
}

impl Tray {
    /// Puts the icon into the system's tray, if it has one. To be called on the main thread, once.
    pub(crate) fn put(&self, app: &AppHandle) {
        let view = TrayView::without_status(&EngineState::Starting);
        // Where the library for trays is missing on Linux, the crate that looks for it panics.
        let built = catch_unwind(AssertUnwindSafe(|| build(app, &view)));
        match built {
            Ok(Ok(icon)) => {
                *self.shown.lock() = Some(Shown { icon, view });
                self.is_there.store(true, Ordering::Relaxed);
            }
            Ok(Err(error)) => tracing::warn!(%error, "there is no tray icon"),
            Err(_panic) => tracing::warn!("there is no tray icon: the system's library for it is missing"),
        }
    }

    /// Whether one was put there. Some desktops take it and show none; there, starting Hookline again opens the window.
    pub(crate) fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Relaxed)
    }
}

/// Shows another state, if it is another one.
pub(crate) fn show(app: &AppHandle, view: TrayView) {
    let shown_by = app.clone();
    let posted = app.run_on_main_thread(move || {
        let shell = shown_by.state::<Shell>();
        let mut shown = shell.tray.shown.lock();
        let Some(Shown { icon, view: before }) = &mut *shown else { return };
        if *before == view {
            return;
        }
        if let Err(error) = draw(&shown_by, icon, before, &view) {
            tracing::warn!(%error, "the tray icon could not be changed");
        }
        *before = view;
    });
    if let Err(error) = posted {
        tracing::debug!(%error, "the app ends; its tray icon stays as it is");
    }
}

fn build(app: &AppHandle, view: &TrayView) -> tauri::Result<TrayIcon> {
    TrayIconBuilder::with_id("hookline")
        .icon(image(view.look))
        .icon_as_template(cfg!(target_os = "macos"))
        .tooltip(tooltip(view))
        .menu(&menu(app, view)?)
        // Where a click tells more than "open the menu", it opens the window.
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_tray_icon_event(|icon, event| {
            let clicked = matches!(
                event,
                TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. }
            );
            if clicked && !cfg!(target_os = "macos") {
                window::open(icon.app_handle());
            }
        })
        .build(app)
}

fn draw(app: &AppHandle, icon: &TrayIcon, before: &TrayView, view: &TrayView) -> tauri::Result<()> {
    if before.look != view.look {
        icon.set_icon_with_as_template(Some(image(view.look)), cfg!(target_os = "macos"))?;
    }
    icon.set_tooltip(Some(tooltip(view)))?;
    icon.set_menu(Some(menu(app, view)?))
}

fn tooltip(view: &TrayView) -> String {
    format!("Hookline: {}", view.line)
}

/// The icon: in colours, or in one colour where the system colours it itself (macOS).
fn image(look: Look) -> Image<'static> {
    #[cfg(target_os = "macos")]
    let image = match look {
        Look::Receiving => tauri::include_image!("icons/tray/receiving-template.png"),
        Look::NotReceiving => tauri::include_image!("icons/tray/not-receiving-template.png"),
        Look::Failures => tauri::include_image!("icons/tray/failures-template.png"),
    };
    #[cfg(not(target_os = "macos"))]
    let image = match look {
        Look::Receiving => tauri::include_image!("icons/tray/receiving.png"),
        Look::NotReceiving => tauri::include_image!("icons/tray/not-receiving.png"),
        Look::Failures => tauri::include_image!("icons/tray/failures.png"),
    };
    image
}

fn menu(app: &AppHandle, view: &TrayView) -> tauri::Result<Menu<Wry>> {
    let item = |item: &Item, text: &str, enabled: bool| {
        MenuItem::with_id(app, item.id(), verbatim(text), enabled, None::<&str>)
    };
    let menu = Menu::new(app)?;
    menu.append(&MenuItem::new(app, verbatim(&view.line), false, None::<&str>)?)?;
    menu.append(&PredefinedMenuItem::separator(app)?)?;
    match view.jobs.as_slice() {
        [] => menu.append(&MenuItem::new(app, "Copy webhook URL", false, None::<&str>)?)?,
        [job] => menu.append(&item(&copy(job), "Copy webhook URL", true)?)?,
        jobs => {
            let list = Submenu::new(app, "Copy webhook URL", true)?;
            for job in jobs {
                list.append(&item(&copy(job), &job.name, true)?)?;
            }
            if view.has_more_jobs {
                list.append(&item(&Item::AllJobs, "All sync jobs…", true)?)?;
            }
            menu.append(&list)?;
        }
    }
    menu.append(&match view.toggle {
        Toggle::Nothing => item(&Item::Pause, "Pause receiving", false)?,
        Toggle::Pause => item(&Item::Pause, "Pause receiving", true)?,
        Toggle::Resume => item(&Item::Resume, "Resume receiving", true)?,
    })?;
    menu.append(&PredefinedMenuItem::separator(app)?)?;
    menu.append(&item(&Item::Open, "Open Hookline", true)?)?;
    menu.append(&item(&Item::Quit, "Quit Hookline", true)?)?;
    Ok(menu)
}

/// As a menu shows it letter by letter: it reads `&` as the mark of an access key.
fn verbatim(text: &str) -> String {
    text.replace('&', "&&")
}

fn copy(job: &Entry) -> Item {
    Item::CopyUrl(job.id.clone())
}
