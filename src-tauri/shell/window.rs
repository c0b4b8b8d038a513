//! The one window: made when it is first wanted, shown when its page has painted, hidden when it is closed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::window::Color;
use tauri::{AppHandle, Manager as _, Theme, Webview, WebviewWindow, WebviewWindowBuilder, WindowEvent};
use tauri_plugin_window_state::{AppHandleExt as _, StateFlags};
use url::Url;

use super::menu::Zoom;
use super::{Shell, close, nonce};

const LABEL: &str = "main";
/// A page that has not painted by then is shown as it is.
const PATIENCE: Duration = Duration::from_secs(3);
/// The page's background in both themes, so that it does not flash when the window appears.
const LIGHT: Color = Color(255, 255, 255, 255);
const DARK: Color = Color(19, 26, 33, 255);
/// How large the page can be shown.
const ZOOM_STEPS: [f64; 9] = [0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0];

/// What of the window is kept from one start to the next. Not whether it is visible: that is this module's to decide.
pub(crate) fn kept_state() -> StateFlags {
    StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN
}

/// What is known of the window.
#[derive(Default)]
pub(crate) struct Window {
    /// Its page is on the screen, or took too long.
    painted: AtomicBool,
    /// It is to be shown as soon as that is so.
    wanted: AtomicBool,
    /// Held while it is made.
    making: tokio::sync::Mutex<()>,
}

/// The window, if there is one.
pub(crate) fn main(app: &AppHandle) -> Option<WebviewWindow> {
    app.get_webview_window(LABEL)
}

/// Shows the window in front of the others; makes it if there is none.
pub(crate) fn open(app: &AppHandle) {
    let app = app.clone();
    // Making a window waits for the main thread, which may be the one that asks.
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        if shell.is_quitting() {
            return;
        }
        let _making = shell.window.making.lock().await;
        shell.window.wanted.store(true, Ordering::Relaxed);
        if main(&app).is_none()
            && let Err(error) = make(&app)
        {
            tracing::error!(%error, "the window could not be made");
            return;
        }
        show_if_wanted(&app);
    });
}

fn make(app: &AppHandle) -> tauri::Result<()> {
    let shell = app.state::<Shell>();
    shell.window.painted.store(false, Ordering::Relaxed);
    let config = app.config().app.windows.first().cloned().unwrap_or_default();
    let window = WebviewWindowBuilder::from_config(app, &config)?
        .visible(false)
        .data_directory(shell.engine.data_dir().join("webview"))
        .on_web_resource_request(|_request, response| nonce::put(response))
        .on_navigation(is_own_page)
        .build()?;
    let theme = shell.preferences.theme();
    if theme.is_some() {
        set_theme(&window, theme);
    }
    paint_background(&window);
    set_zoom(&window, shell.preferences.zoom());
    let late = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(PATIENCE).await;
        has_painted(&late);
    });
    Ok(())
}

/// The page is on the screen.
#[tauri::command]
pub(crate) fn painted(app: AppHandle) {
    has_painted(&app);
}

fn has_painted(app: &AppHandle) {
    if !app.state::<Shell>().window.painted.swap(true, Ordering::Relaxed) {
        show_if_wanted(app);
    }
}

fn show_if_wanted(app: &AppHandle) {
    let known = &app.state::<Shell>().window;
    if !known.painted.load(Ordering::Relaxed) || !known.wanted.swap(false, Ordering::Relaxed) {
        return;
    }
    let Some(window) = main(app) else { return };
    app.state::<Shell>().page.is_shown();
    if let Err(error) = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus()) {
        tracing::error!(%error, "the window could not be shown");
    }
}

/// Hides the window. Its page stays as it is.
pub(crate) fn hide(app: &AppHandle) {
    app.state::<Shell>().window.wanted.store(false, Ordering::Relaxed);
    let Some(window) = main(app) else { return };
    if let Err(error) = app.save_window_state(kept_state()) {
        tracing::warn!(%error, "the window's place could not be kept");
    }
    match window.hide() {
        Ok(()) => app.state::<Shell>().page.is_hidden(),
        Err(error) => tracing::warn!(%error, "the window could not be hidden"),
    }
}

/// Closes the window as its own button does.
pub(crate) fn close(app: &AppHandle) {
    if let Some(window) = main(app)
        && let Err(error) = window.close()
    {
        tracing::warn!(%error, "the window could not be closed");
    }
}

/// Whether the user has the window in front of them.
pub(crate) fn is_looked_at(app: &AppHandle) -> bool {
    main(app)
        .is_some_and(|window| window.is_visible().unwrap_or(false) && window.is_focused().unwrap_or(false))
}

/// Reacts to what happens to the window.
pub(crate) fn on_event(window: &tauri::Window, event: &WindowEvent) {
    let app = window.app_handle();
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            if let Some(window) = main(app) {
                close::close_requested(app, &window);
            }
        }
        WindowEvent::Focused(true) => app.state::<Shell>().somebody_looks(),
        WindowEvent::ThemeChanged(_) => {
            if let Some(window) = main(app) {
                paint_background(&window);
            }
        }
        WindowEvent::Destroyed => app.state::<Shell>().page.is_gone(),
        _ => {}
    }
}

/// Takes the theme that the preferences say.
pub(crate) fn apply_theme(app: &AppHandle) {
    let Some(window) = main(app) else { return };
    set_theme(&window, app.state::<Shell>().preferences.theme());
    paint_background(&window);
}

fn set_theme(window: &WebviewWindow, theme: Option<Theme>) {
    let mut set = window.set_theme(theme);
    // On Linux no theme means the light one until the system's changes.
    if cfg!(target_os = "linux") && theme.is_none() {
        set = set.and_then(|()| window.set_theme(Some(window.theme()?)));
    }
    if let Err(error) = set {
        tracing::warn!(%error, "the window's theme could not be changed");
    }
}

/// Only behind the page: the menu bar keeps the system's colours.
fn paint_background(window: &WebviewWindow) {
    let color = if window.theme().is_ok_and(|theme| theme == Theme::Dark) { DARK } else { LIGHT };
    let page: &Webview = window.as_ref();
    if let Err(error) = page.set_background_color(Some(color)) {
        tracing::debug!(%error, "the page keeps its background");
    }
}

/// Makes the page larger, smaller, or as it was, now and in future.
pub(crate) fn zoom(app: &AppHandle, zoom: Zoom) {
    let preferences = &app.state::<Shell>().preferences;
    let factor = zoomed(preferences.zoom(), zoom);
    preferences.set_zoom(factor);
    if let Some(window) = main(app) {
        set_zoom(&window, factor);
    }
}

fn set_zoom(window: &WebviewWindow, factor: f64) {
    if let Err(error) = window.set_zoom(factor) {
        tracing::debug!(%error, "the page keeps its size");
    }
}

fn zoomed(factor: f64, zoom: Zoom) -> f64 {
    // A little more or less is the same step.
    let step = 0.01;
    match zoom {
        Zoom::Reset => 1.0,
        Zoom::In => ZOOM_STEPS.into_iter().find(|next| *next > factor + step).unwrap_or(ZOOM_STEPS[8]),
        Zoom::Out => ZOOM_STEPS.into_iter().rfind(|next| *next < factor - step).unwrap_or(ZOOM_STEPS[0]),
    }
}

/// Loads the page anew.
pub(crate) fn reload(app: &AppHandle) {
    if let Some(window) = main(app)
        && let Err(error) = window.reload()
    {
        tracing::warn!(%error, "the page could not be loaded anew");
    }
}

/// Whether this is the app's own page: it never leads anywhere else.
fn is_own_page(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // What Windows calls it.
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        scheme => scheme == "about" && url.path() == "blank",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_never_leads_out_of_the_app() {
        let is_own = |url: &str| is_own_page(&Url::parse(url).expect("is a URL"));
        for url in ["tauri://localhost/events", "http://tauri.localhost/", "about:blank"] {
            assert!(is_own(url), "{url}");
        }
        for url in ["https://example.com/", "http://localhost:4401/", "file:///", "data:text/html,x"] {
            assert!(!is_own(url), "{url}");
        }
    }

    #[test]
    fn zooming_goes_in_steps_and_ends() {
        let after = |factor, steps: &[Zoom]| steps.iter().fold(factor, |factor, step| zoomed(factor, *step));
        assert!((after(1.0, &[Zoom::In, Zoom::In, Zoom::Out]) - 1.1).abs() < f64::EPSILON);
        assert!((after(1.7, &[Zoom::Out]) - 1.5).abs() < f64::EPSILON);
        assert!((after(1.0, &[Zoom::In; 20]) - 2.0).abs() < f64::EPSILON);
        assert!((after(1.0, &[Zoom::Out; 20]) - 0.5).abs() < f64::EPSILON);
        assert!((after(2.0, &[Zoom::Reset]) - 1.0).abs() < f64::EPSILON);
    }
}
