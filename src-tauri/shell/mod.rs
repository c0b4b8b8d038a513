//! The desktop shell: opens the window and runs until it is closed.
//!
//! Invariants: this directory and `main.rs` are the only code that knows Tauri (`tests/it/architecture.rs`
//! enforces it), and the page in the window gets no permission that `capabilities/` does not name.
//!
//! Deliberately not here: the engine. The shell will ask it through `commands`, as the command line does.

/// Opens the window and returns when the app is quit.
///
/// Errors when the system has no display or no usable web view.
pub(crate) fn run() -> tauri::Result<()> {
    tauri::Builder::default().run(tauri::generate_context!())
}
