//! Preferences of this device: `preferences.json` in the data directory. Never secrets.
//!
//! The page owns most of them (`ui/src/platform/types.ts`) and may write any name but the shell's own; the shell reads
//! the few that it acts on, and takes a value that makes no sense for the default.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};
use tauri::{AppHandle, State, Theme, Wry};
use tauri_plugin_autostart::ManagerExt as _;
use tauri_plugin_store::{Store, StoreBuilder};

use super::{Shell, window};

/// Prefix of what the shell keeps for itself.
const OWN_PREFIX: &str = "shell.";
/// That it was said once what closing the window does.
const CLOSE_EXPLAINED: &str = "shell.closeExplained";
/// Ids of the jobs that the tray paused, and that it will resume.
const PAUSED_JOBS: &str = "shell.pausedJobs";
/// How large the page is shown; 1 is its own size.
const ZOOM: &str = "shell.zoom";
const KEEP_RECEIVING: &str = "keepReceivingWhenClosed";
/// What the page calls its colour scheme: `auto`, `light` or `dark`.
const COLOR_SCHEME: &str = "colorScheme";

const MAX_NAME_LENGTH: usize = 64;
/// The largest value that the page may write, in bytes of JSON.
const MAX_VALUE_BYTES: usize = 16 * 1024;

/// The preferences. Written to the file a moment after each change, and when the app ends.
pub(crate) struct Preferences {
    store: Arc<Store<Wry>>,
}

impl Preferences {
    /// Reads them. A file that is missing or damaged counts as empty.
    ///
    /// Errors when the system tells the app no place for its data.
    pub(crate) fn open(app: &AppHandle, data_dir: &Path) -> tauri_plugin_store::Result<Self> {
        let store = StoreBuilder::new(app, data_dir.join("preferences.json")).build()?;
        Ok(Self { store })
    }

    /// All that the page may see.
    pub(crate) fn of_page(&self) -> Map<String, Value> {
        self.store.entries().into_iter().filter(|(name, _)| !name.starts_with(OWN_PREFIX)).collect()
    }

    /// Writes one for the page. The error says why it may not.
    pub(crate) fn set_for_page(&self, name: &str, value: Value) -> Result<(), String> {
        check(name, &value)?;
        self.store.set(name, value);
        Ok(())
    }

    /// Whether closing the window leaves the app running.
    pub(crate) fn keeps_receiving_when_closed(&self) -> bool {
        self.store.get(KEEP_RECEIVING).and_then(|value| value.as_bool()).unwrap_or(true)
    }

    pub(crate) fn set_keeps_receiving_when_closed(&self, keep: bool) {
        self.store.set(KEEP_RECEIVING, keep);
    }

    /// Whether failures are told by notifications.
    pub(crate) fn notifies_of_failures(&self) -> bool {
        self.store.get("notifications").is_none_or(|value| value != "off")
    }

    /// The theme that was chosen; `None` follows the system.
    pub(crate) fn theme(&self) -> Option<Theme> {
        theme(self.store.get(COLOR_SCHEME).as_ref())
    }

    /// Whether it was said what closing the window does.
    pub(crate) fn close_is_explained(&self) -> bool {
        self.store.get(CLOSE_EXPLAINED) == Some(Value::Bool(true))
    }

    pub(crate) fn set_close_is_explained(&self) {
        self.store.set(CLOSE_EXPLAINED, true);
    }

    /// How large the page is shown; 1 is its own size.
    pub(crate) fn zoom(&self) -> f64 {
        self.store.get(ZOOM).and_then(|value| value.as_f64()).unwrap_or(1.0)
    }

    pub(crate) fn set_zoom(&self, factor: f64) {
        self.store.set(ZOOM, factor);
    }

    /// Ids of the jobs that the tray paused.
    pub(crate) fn paused_jobs(&self) -> Vec<String> {
        match self.store.get(PAUSED_JOBS) {
            Some(Value::Array(ids)) => {
                ids.into_iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn set_paused_jobs(&self, ids: &[String]) {
        self.store.set(PAUSED_JOBS, ids.to_vec());
    }

    /// Writes what is not in the file yet.
    pub(crate) fn save(&self) {
        if let Err(error) = self.store.save() {
            tracing::warn!(%error, "the preferences could not be written");
        }
    }
}

/// All preferences that the page may see; those that were never set are missing.
#[tauri::command]
pub(crate) fn preferences(shell: State<'_, Shell>) -> Map<String, Value> {
    shell.preferences.of_page()
}

/// Writes a preference. The error says why it may not be written.
#[tauri::command]
pub(crate) fn set_preference(
    app: AppHandle,
    shell: State<'_, Shell>,
    name: String,
    value: Value,
) -> Result<(), String> {
    shell.preferences.set_for_page(&name, value)?;
    if name == COLOR_SCHEME {
        window::apply_theme(&app);
    }
    Ok(())
}

/// Whether the app starts with the system; `None` where it cannot: only the usual data directory is started so.
#[tauri::command]
pub(crate) fn autostart(app: AppHandle, shell: State<'_, Shell>) -> Option<bool> {
    if !shell.data_dir_is_default {
        return None;
    }
    app.autolaunch().is_enabled().inspect_err(|error| tracing::warn!(%error, "autostart is unknown")).ok()
}

/// Starts the app with the system from now on, or no longer. The error is for people.
#[tauri::command]
pub(crate) fn set_autostart(app: AppHandle, enabled: bool) -> Result<(), String> {
    let autostart = app.autolaunch();
    let done = if enabled { autostart.enable() } else { autostart.disable() };
    done.map_err(|error| format!("The system did not take the change: {error}."))
}

fn theme(value: Option<&Value>) -> Option<Theme> {
    match value?.as_str()? {
        "light" => Some(Theme::Light),
        "dark" => Some(Theme::Dark),
        _ => None,
    }
}

fn check(name: &str, value: &Value) -> Result<(), String> {
    let is_name = (1..=MAX_NAME_LENGTH).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return Err("a preference's name consists of at most 64 letters, digits and underscores".to_owned());
    }
    if value.to_string().len() > MAX_VALUE_BYTES {
        return Err(format!("a preference's value has at most {MAX_VALUE_BYTES} bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_writes_small_values_under_plain_names() {
        assert_eq!(check("hiddenEventColumns", &json!(["size", "job"])), Ok(()));
        assert!(check(CLOSE_EXPLAINED, &json!(false)).is_err());
        assert!(check("", &json!(1)).is_err());
        assert!(check(&"a".repeat(65), &json!(1)).is_err());
        assert!(check("big", &json!("x".repeat(MAX_VALUE_BYTES))).is_err());
    }

    #[test]
    fn an_unknown_theme_follows_the_system() {
        assert_eq!(theme(Some(&json!("dark"))), Some(Theme::Dark));
        assert_eq!(theme(Some(&json!("light"))), Some(Theme::Light));
        for value in [json!("auto"), json!("sepia"), json!(1)] {
            assert_eq!(theme(Some(&value)), None);
        }
        assert_eq!(theme(None), None);
    }
}
