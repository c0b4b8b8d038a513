//! What the shell tells the page: changes, the engine's state, and commands from outside the page (menu, tray, links).
//!
//! One channel carries all of it, so the page needs no permission to listen to events. A page that was reloaded
//! subscribes anew, and takes the place of the one before.

use hookline_engine::commands::changes::{ChangeAnswer, ChangedThing};
use parking_lot::Mutex;
use serde::Serialize;
use tauri::State;
use tauri::ipc::Channel;

use super::Shell;
use super::engine::EngineState;

/// What the page is told.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Message {
    /// What changed.
    Changes {
        /// Coalesced by the engine: at most five lists a second, however many webhooks come in.
        #[cfg_attr(test, ts(type = "Change[]"))]
        changes: Vec<ChangeAnswer>,
    },
    /// How the engine's start goes.
    Engine {
        /// Its state now.
        state: EngineState,
    },
    /// Something that the page is to do.
    Command {
        /// What.
        command: PageCommand,
    },
}

/// Something that the page is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum PageCommand {
    /// Show this path.
    Navigate {
        /// A path of the page, such as `/events`.
        path: String,
    },
    /// Do this.
    Action {
        /// What.
        id: Action,
    },
}

/// An action of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub(crate) enum Action {
    NewJob,
    Palette,
    Settings,
    About,
    CopyDiagnostics,
}

/// The page, as far as one listens.
#[derive(Default)]
pub(crate) struct Page {
    channel: Mutex<Option<Channel<Message>>>,
    /// The last command that came while no page listened: a link that started the app. Locked after `channel`.
    waiting: Mutex<Option<PageCommand>>,
    /// What happens while nobody sees the page is not handed to it, so that a closed window reads nothing. Locked before
    /// `channel`.
    unseen: Mutex<Unseen>,
}

/// Whether somebody sees the page.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Unseen {
    /// Somebody does.
    #[default]
    No,
    /// Nobody does, and nothing changed.
    Unchanged,
    /// Nobody does, and what it shows is old.
    Changed,
}

impl Page {
    fn subscribe(&self, listening: Channel<Message>, state: EngineState) {
        let mut channel = self.channel.lock();
        *channel = Some(listening);
        send(&mut channel, Message::Engine { state });
        if let Some(command) = self.waiting.lock().take() {
            send(&mut channel, Message::Command { command });
        }
    }

    /// Tells the page, if one listens.
    pub(crate) fn tell(&self, message: Message) {
        send(&mut self.channel.lock(), message);
    }

    /// Hands changes to the page, unless nobody sees it.
    pub(crate) fn changed(&self, changes: Vec<ChangeAnswer>) {
        let mut unseen = self.unseen.lock();
        match *unseen {
            Unseen::No => self.tell(Message::Changes { changes }),
            Unseen::Unchanged | Unseen::Changed => *unseen = Unseen::Changed,
        }
    }

    /// Nobody sees the page from now on.
    pub(crate) fn is_hidden(&self) {
        let mut unseen = self.unseen.lock();
        if *unseen == Unseen::No {
            *unseen = Unseen::Unchanged;
        }
    }

    /// Somebody sees the page again. It reads anew what changed meanwhile.
    pub(crate) fn is_shown(&self) {
        let mut unseen = self.unseen.lock();
        if std::mem::take(&mut *unseen) == Unseen::Changed {
            let everything = ChangeAnswer { what: ChangedThing::Refresh, job_id: None };
            self.tell(Message::Changes { changes: vec![everything] });
        }
    }

    /// Asks the page to do something, now or as soon as one listens.
    pub(crate) fn command(&self, command: PageCommand) {
        let mut channel = self.channel.lock();
        if !send(&mut channel, Message::Command { command: command.clone() }) {
            *self.waiting.lock() = Some(command);
        }
    }

    /// The page is gone with its window.
    pub(crate) fn is_gone(&self) {
        *self.channel.lock() = None;
    }
}

/// Sends, if somebody listens; says whether it did.
fn send(channel: &mut Option<Channel<Message>>, message: Message) -> bool {
    let sent = channel.as_ref().is_some_and(|listening| listening.send(message).is_ok());
    if !sent {
        *channel = None;
    }
    sent
}

/// From now on the page hears through this channel, beginning with the engine's state.
#[tauri::command]
pub(crate) fn subscribe(shell: State<'_, Shell>, channel: Channel<Message>) {
    shell.page.subscribe(channel, shell.engine.state());
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};
    use tauri::ipc::InvokeResponseBody;

    use super::*;

    fn listener() -> (Channel<Message>, Arc<Mutex<Vec<Value>>>) {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&heard);
        let channel = Channel::new(move |body| {
            let InvokeResponseBody::Json(text) = body else { panic!("is not JSON") };
            list.lock().push(serde_json::from_str(&text).expect("JSON"));
            Ok(())
        });
        (channel, heard)
    }

    fn navigate(path: &str) -> PageCommand {
        PageCommand::Navigate { path: path.to_owned() }
    }

    #[test]
    fn a_command_that_comes_before_the_page_waits_for_it() {
        let page = Page::default();
        page.command(navigate("/events"));
        page.command(navigate("/transfers/a"));
        let (channel, heard) = listener();
        page.subscribe(channel, EngineState::Starting);
        page.command(PageCommand::Action { id: Action::NewJob });
        assert_eq!(
            *heard.lock(),
            [
                json!({"kind": "engine", "state": {"state": "starting"}}),
                json!({"kind": "command", "command": {"kind": "navigate", "path": "/transfers/a"}}),
                json!({"kind": "command", "command": {"kind": "action", "id": "newJob"}}),
            ]
        );
    }

    #[test]
    fn a_page_that_nobody_sees_reads_anew_when_it_is_seen_again_and_not_before() {
        let page = Page::default();
        let (channel, heard) = listener();
        page.subscribe(channel, EngineState::Running);
        heard.lock().clear();
        let events = || vec![ChangeAnswer { what: ChangedThing::Events, job_id: None }];
        page.is_hidden();
        page.is_shown();
        assert!(heard.lock().is_empty(), "nothing changed meanwhile");
        page.is_hidden();
        page.changed(events());
        page.is_hidden();
        page.changed(events());
        assert!(heard.lock().is_empty());
        page.is_shown();
        page.is_shown();
        page.changed(events());
        let list = |what: &str| json!({"kind": "changes", "changes": [{"what": what}]});
        assert_eq!(*heard.lock(), [list("refresh"), list("events")]);
    }

    #[test]
    fn a_page_that_was_reloaded_takes_the_place_of_the_one_before() {
        let page = Page::default();
        let (old, old_heard) = listener();
        page.subscribe(old, EngineState::Running);
        let (new, new_heard) = listener();
        page.subscribe(new, EngineState::Running);
        page.tell(Message::Changes { changes: Vec::new() });
        assert_eq!((old_heard.lock().len(), new_heard.lock().len()), (1, 2));
    }
}
