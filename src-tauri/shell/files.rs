//! What the page may do outside the window, each as narrow as it can be: save a text where the user says, open a folder of
//! Hookline's own, open a web page in the browser, write to the clipboard. The page itself has no access to files.

use std::path::Path;

use tauri::{AppHandle, Manager as _, State};
use tauri_plugin_clipboard_manager::ClipboardExt as _;
use tauri_plugin_dialog::DialogExt as _;
use tauri_plugin_opener::OpenerExt as _;
use url::Url;

use super::{Shell, window};

/// The longest suggested name, in characters.
const MAX_NAME_CHARS: usize = 120;

/// Lets the user choose a file and writes the text into it. False when they changed their mind; the error is for people.
#[tauri::command]
pub(crate) async fn save_text(app: AppHandle, suggested_name: String, text: String) -> Result<bool, String> {
    let (chosen, choice) = tokio::sync::oneshot::channel();
    let mut dialog = app.dialog().file().set_file_name(file_name(&suggested_name));
    if let Ok(downloads) = app.path().download_dir() {
        dialog = dialog.set_directory(downloads);
    }
    if let Some(parent) = window::main(&app) {
        dialog = dialog.set_parent(&parent);
    }
    dialog.save_file(move |path| {
        // Nobody waits any more when the page was reloaded.
        let _ = chosen.send(path);
    });
    let Ok(Some(path)) = choice.await else { return Ok(false) };
    let path = path.into_path().map_err(|error| format!("This place cannot be written to: {error}."))?;
    tokio::fs::write(&path, text)
        .await
        .map_err(|error| format!("{} could not be written: {error}.", path.display()))?;
    Ok(true)
}

/// Opens a folder within the data directory in the file manager. The error is for people.
#[tauri::command]
pub(crate) fn open_folder(app: AppHandle, shell: State<'_, Shell>, path: String) -> Result<(), String> {
    if !is_own_folder(Path::new(&path), shell.engine.data_dir()) {
        return Err(format!("{path} is no folder in Hookline's data directory."));
    }
    app.opener()
        .open_path(path, None::<&str>)
        .map_err(|error| format!("The folder cannot be opened: {error}."))
}

/// Opens a web page in the user's browser. The error is for people.
#[tauri::command]
pub(crate) fn open_external(app: AppHandle, url: String) -> Result<(), String> {
    let Some(url) = web_address(&url) else {
        return Err("Only web pages (http and https) are opened.".to_owned());
    };
    app.opener().open_url(url, None::<&str>).map_err(|error| format!("The page cannot be opened: {error}."))
}

/// Puts text on the clipboard. The error is for people.
#[tauri::command]
pub(crate) fn copy_text(app: AppHandle, text: String) -> Result<(), String> {
    app.clipboard().write_text(text).map_err(|error| format!("The clipboard takes nothing: {error}."))
}

/// Opens a folder for the native menu; what goes wrong stands in the log.
pub(crate) fn open(app: &AppHandle, folder: &Path) {
    if let Err(error) = app.opener().open_path(folder.display().to_string(), None::<&str>) {
        tracing::warn!(%error, folder = %folder.display(), "a folder cannot be opened");
    }
}

/// A file's name without what leads elsewhere.
fn file_name(suggested: &str) -> String {
    let plain = |character: char| {
        let leads_elsewhere = matches!(character, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
        if leads_elsewhere || character.is_control() { '-' } else { character }
    };
    let name: String = suggested.trim_matches(['.', ' ']).chars().take(MAX_NAME_CHARS).map(plain).collect();
    if name.is_empty() { "hookline.txt".to_owned() } else { name }
}

fn is_own_folder(path: &Path, data_dir: &Path) -> bool {
    let (Ok(path), Ok(data_dir)) = (path.canonicalize(), data_dir.canonicalize()) else { return false };
    path.is_dir() && path.starts_with(data_dir)
}

fn web_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    is_web.then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_hookline_are_opened() {
        let data_dir = tempfile::tempdir().expect("a folder");
        let logs = data_dir.path().join("logs");
        std::fs::create_dir(&logs).expect("makes a folder");
        std::fs::write(data_dir.path().join("file"), "").expect("writes");
        for (path, own) in [
            (logs.clone(), true),
            (data_dir.path().to_owned(), true),
            (data_dir.path().join("file"), false),
            (data_dir.path().join("missing"), false),
            (logs.join("../.."), false),
            (std::env::temp_dir(), false),
        ] {
            assert_eq!(is_own_folder(&path, data_dir.path()), own, "{}", path.display());
        }
    }

    #[test]
    fn only_web_pages_are_opened() {
        assert_eq!(web_address("https://example.com/a?b#c").as_deref(), Some("https://example.com/a?b#c"));
        for text in
            ["file:///etc/passwd", "javascript:alert(1)", "hookline://job/a", "example.com", "http://"]
        {
            assert_eq!(web_address(text), None, "{text}");
        }
    }

    #[test]
    fn a_suggested_name_stays_a_name() {
        assert_eq!(file_name("customer.updated 2024.json"), "customer.updated 2024.json");
        assert_eq!(file_name("../../etc/passwd"), "-..-etc-passwd");
        assert_eq!(file_name("a\\b\nc"), "a-b-c");
        assert_eq!(file_name(" .. "), "hookline.txt");
    }
}
