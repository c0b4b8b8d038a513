//! The native menu, and what every item of it and of the tray's menu does.
//!
//! The page has the same shortcuts (`Ctrl` and `Cmd` alike); where the system shows the menu, it takes them first.

use tauri::menu::{Menu, MenuItem, PredefinedMenuItem, Submenu, SubmenuBuilder};
use tauri::{AppHandle, Manager as _, Wry};

use super::page::{Action, PageCommand};
use super::{Shell, close, files, receiving, window};

/// Something that a menu offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// Shows the window.
    Open,
    /// Ends the app.
    Quit,
    /// Closes the window.
    CloseWindow,
    /// Pauses all jobs that receive.
    Pause,
    /// Resumes jobs.
    Resume,
    /// Copies a job's URL; `{workspaceId}/{jobId}`.
    CopyUrl(String),
    /// Shows all jobs.
    AllJobs,
    /// Shows a path of the page.
    View(&'static str),
    /// Asks the page to do something.
    Do(Action),
    /// Makes the page larger, smaller, or as it was.
    Zoom(Zoom),
    /// Loads the page anew; for those who work on it.
    Reload,
    /// Opens the folder of the logs.
    OpenLogs,
    /// Opens the data directory.
    OpenData,
}

/// A step of the page's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zoom {
    In,
    Out,
    Reset,
}

const COPY_PREFIX: &str = "copy:";

/// The items that need nothing more to be known, and their ids.
const PLAIN: [(&str, Item); 21] = [
    ("open", Item::Open),
    ("quit", Item::Quit),
    ("close-window", Item::CloseWindow),
    ("pause", Item::Pause),
    ("resume", Item::Resume),
    ("all-jobs", Item::AllJobs),
    ("view-events", Item::View("/events")),
    ("view-transfers", Item::View("/transfers")),
    ("view-documents", Item::View("/documents")),
    ("view-activity", Item::View("/activity")),
    ("new-job", Item::Do(Action::NewJob)),
    ("palette", Item::Do(Action::Palette)),
    ("settings", Item::Do(Action::Settings)),
    ("about", Item::Do(Action::About)),
    ("copy-diagnostics", Item::Do(Action::CopyDiagnostics)),
    ("zoom-in", Item::Zoom(Zoom::In)),
    ("zoom-out", Item::Zoom(Zoom::Out)),
    ("zoom-reset", Item::Zoom(Zoom::Reset)),
    ("reload", Item::Reload),
    ("open-logs", Item::OpenLogs),
    ("open-data", Item::OpenData),
];

impl Item {
    /// The id by which a menu names it.
    pub(crate) fn id(&self) -> String {
        if let Self::CopyUrl(job) = self {
            return format!("{COPY_PREFIX}{job}");
        }
        PLAIN.iter().find(|(_, item)| item == self).map_or_else(String::new, |(id, _)| (*id).to_owned())
    }

    /// The item of this id; `None` for one of the system's own.
    fn of_id(id: &str) -> Option<Self> {
        if let Some(job) = id.strip_prefix(COPY_PREFIX) {
            return Some(Self::CopyUrl(job.to_owned()));
        }
        PLAIN.iter().find(|(known, _)| *known == id).map(|(_, item)| item.clone())
    }
}

/// The menu of the app or, where windows have menus, of the window.
pub(crate) fn build(app: &AppHandle) -> tauri::Result<Menu<Wry>> {
    let item =
        |item: &Item, text: &str, keys: Option<&str>| MenuItem::with_id(app, item.id(), text, true, keys);
    let separator = || PredefinedMenuItem::separator(app);
    let about = item(&Item::Do(Action::About), "About Hookline", None)?;
    let settings = item(&Item::Do(Action::Settings), "Settings…", Some("CmdOrCtrl+,"))?;
    let quit = item(&Item::Quit, "Quit Hookline", Some("CmdOrCtrl+Q"))?;
    let mut hookline = SubmenuBuilder::new(app, "Hookline").item(&about).separator().item(&settings);
    if cfg!(target_os = "macos") {
        hookline = hookline.separator().services().separator().hide().hide_others().show_all();
    }
    let hookline = hookline.separator().item(&quit).build()?;

    let file = SubmenuBuilder::new(app, "File")
        .item(&item(&Item::Do(Action::NewJob), "New sync job…", Some("CmdOrCtrl+N"))?)
        .separator()
        .item(&item(&Item::CloseWindow, "Close window", Some("CmdOrCtrl+W"))?)
        .build()?;

    // Without it these keys do nothing on macOS. On Linux they work by themselves, and items for them would take them
    // away from the page.
    let edit = SubmenuBuilder::new(app, "Edit");
    let edit = if cfg!(target_os = "macos") { edit.undo().redo().separator() } else { edit };
    let edit = edit.cut().copy().paste().select_all().build()?;

    let view = Submenu::new(app, "View", true)?;
    view.append_items(&[
        &item(&Item::View("/events"), "Events", Some("CmdOrCtrl+1"))?,
        &item(&Item::View("/transfers"), "Transfers", Some("CmdOrCtrl+2"))?,
        &item(&Item::View("/documents"), "Documents", Some("CmdOrCtrl+3"))?,
        &item(&Item::View("/activity"), "Activity", Some("CmdOrCtrl+4"))?,
        &separator()?,
        &item(&Item::Do(Action::Palette), "Command palette…", Some("CmdOrCtrl+K"))?,
        &separator()?,
        &item(&Item::Zoom(Zoom::In), "Zoom in", Some("CmdOrCtrl+="))?,
        &item(&Item::Zoom(Zoom::Out), "Zoom out", Some("CmdOrCtrl+-"))?,
        &item(&Item::Zoom(Zoom::Reset), "Actual size", Some("CmdOrCtrl+0"))?,
    ])?;
    if cfg!(debug_assertions) {
        view.append_items(&[&separator()?, &item(&Item::Reload, "Reload", Some("CmdOrCtrl+Shift+R"))?])?;
    }

    let help = SubmenuBuilder::new(app, "Help")
        .item(&item(&Item::OpenLogs, "Open logs folder", None)?)
        .item(&item(&Item::OpenData, "Open data folder", None)?)
        .item(&item(&Item::Do(Action::CopyDiagnostics), "Copy diagnostics", None)?)
        .build()?;

    let menu = Menu::with_items(app, &[&hookline, &file])?;
    if !cfg!(target_os = "linux") {
        menu.append(&edit)?;
    }
    menu.append_items(&[&view, &help])?;
    Ok(menu)
}

/// Does what the item of this id promises.
pub(crate) fn act(app: &AppHandle, id: &str) {
    let Some(item) = Item::of_id(id) else { return };
    let shell = app.state::<Shell>();
    match item {
        Item::Open => window::open(app),
        Item::Quit => close::quit(app),
        Item::CloseWindow => window::close(app),
        Item::Pause => receiving::pause_all(app),
        Item::Resume => receiving::resume(app),
        Item::CopyUrl(job) => receiving::copy_url(app, &job),
        Item::AllJobs => ask_page(app, PageCommand::Navigate { path: "/transfers".to_owned() }),
        Item::View(path) => ask_page(app, PageCommand::Navigate { path: path.to_owned() }),
        Item::Do(action) => ask_page(app, PageCommand::Action { id: action }),
        Item::Zoom(zoom) => window::zoom(app, zoom),
        Item::Reload => window::reload(app),
        Item::OpenLogs => files::open(app, &shell.engine.data_dir().join("logs")),
        Item::OpenData => files::open(app, shell.engine.data_dir()),
    }
}

/// Shows the window and asks its page to do something.
pub(crate) fn ask_page(app: &AppHandle, command: PageCommand) {
    app.state::<Shell>().page.command(command);
    window::open(app);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_item_is_found_by_its_own_id() {
        let ids: HashSet<&str> = PLAIN.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids.len(), PLAIN.len());
        for (id, item) in &PLAIN {
            assert_eq!(Item::of_id(id).as_ref(), Some(item));
            assert_eq!(item.id(), *id);
        }
        let copy = Item::CopyUrl("default/3f9".to_owned());
        assert_eq!(Item::of_id(&copy.id()), Some(copy));
        assert_eq!(Item::of_id("1001"), None);
    }
}
