//! One app per data directory: a second start shows the window of the first, and ends. One that comes while the first is
//! ending starts the app anew when it has ended.

use std::process::Command;

use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Manager as _, Wry};

use super::arguments::{Arguments, DataDir};
use super::{Shell, follow_link, window};

/// A start of the app.
#[derive(Debug)]
pub(crate) struct Start {
    /// Its command line, the program first.
    arguments: Vec<String>,
    /// The folder it was started in.
    folder: String,
}

/// The plug-in that sees to it; `None` where it cannot tell data directories apart. There the engine, which owns its
/// directory alone, refuses to start a second time.
pub(crate) fn single(data_dir: &DataDir) -> Option<TauriPlugin<Wry>> {
    let builder = tauri_plugin_single_instance::Builder::new().callback(started_again);
    if data_dir.is_default {
        return Some(builder.build());
    }
    #[cfg(target_os = "linux")]
    let builder = Some(builder.dbus_id(format!("dev.hookline.app.{}", name_of(&data_dir.path))).build());
    #[cfg(not(target_os = "linux"))]
    let builder = None;
    builder
}

fn started_again(app: &AppHandle, arguments: Vec<String>, folder: String) {
    // A start while this one is still being set up changes nothing: the window comes anyway.
    let Some(shell) = app.try_state::<Shell>() else { return };
    if shell.is_quitting() {
        *shell.started_again.lock() = Some(Start { arguments, folder });
        return;
    }
    let arguments = Arguments::of_another_start(&arguments);
    match arguments.link {
        Some(link) => follow_link(app, &link),
        None if !arguments.hidden => window::open(app),
        None => {}
    }
}

/// Starts the app anew, if somebody asked for it while it ended. To be called when the engine has let go of the data
/// directory.
pub(crate) fn start_anew_if_asked(app: &AppHandle) {
    let Some(Start { arguments, folder }) = app.state::<Shell>().started_again.lock().take() else { return };
    // Or the new one would find this one, and end.
    tauri_plugin_single_instance::destroy(app);
    let started = tauri::process::current_binary(&app.env())
        .and_then(|program| Command::new(program).args(arguments.iter().skip(1)).current_dir(folder).spawn());
    if let Err(error) = started {
        tracing::error!(%error, "Hookline could not be started anew");
    }
}

/// A name for the directory that is one word of a bus name: the same for the same directory.
#[cfg(any(target_os = "linux", test))]
fn name_of(path: &std::path::Path) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let path = path.canonicalize().unwrap_or_else(|_missing| path.to_owned());
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    format!("at_{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_name_however_it_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let other = tempfile::tempdir().expect("a folder");
        let name = name_of(folder.path());
        assert_eq!(
            name,
            name_of(&folder.path().join("../").join(folder.path().file_name().expect("a name")))
        );
        assert_ne!(name, name_of(other.path()));
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{name}");
    }
}
