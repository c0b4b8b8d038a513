//! The windows on the display, as a window manager sees and closes them.

use anyhow::{Context as _, Result};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, MapState, Window,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// A connection to the display.
#[derive(Debug)]
pub struct Screen {
    connection: RustConnection,
    root: Window,
}

impl Screen {
    /// Connects to the display that `DISPLAY` names.
    pub fn connect() -> Result<Self> {
        let (connection, number) = x11rb::connect(None).context("there is no display")?;
        let root = connection.setup().roots[number].root;
        Ok(Self { connection, root })
    }

    /// The windows of a process with this title that can be seen.
    pub fn visible(&self, pid: u32, title: &str) -> Result<Vec<Window>> {
        let mut found = Vec::new();
        let mut waiting = vec![self.root];
        while let Some(window) = waiting.pop() {
            // Windows come and go meanwhile.
            let Ok(tree) = self.connection.query_tree(window)?.reply() else { continue };
            waiting.extend(tree.children);
            if self.belongs_to(window, pid)?
                && self.title(window)?.as_deref() == Some(title)
                && self.is_visible(window)?
            {
                found.push(window);
            }
        }
        Ok(found)
    }

    /// Asks a window to close, as its close button does.
    pub fn close(&self, window: Window) -> Result<()> {
        let delete = self.atom("WM_DELETE_WINDOW")?;
        let message = ClientMessageEvent::new(
            32,
            window,
            self.atom("WM_PROTOCOLS")?,
            [delete, x11rb::CURRENT_TIME, 0, 0, 0],
        );
        self.connection.send_event(false, window, EventMask::NO_EVENT, message)?;
        self.connection.sync()?;
        Ok(())
    }

    fn is_visible(&self, window: Window) -> Result<bool> {
        let attributes = self.connection.get_window_attributes(window)?.reply();
        Ok(attributes.is_ok_and(|attributes| attributes.map_state == MapState::VIEWABLE))
    }

    fn belongs_to(&self, window: Window, pid: u32) -> Result<bool> {
        let property = self.atom("_NET_WM_PID")?;
        let reply = self.connection.get_property(false, window, property, AtomEnum::CARDINAL, 0, 1)?.reply();
        Ok(reply.is_ok_and(|reply| reply.value32().and_then(|mut values| values.next()) == Some(pid)))
    }

    fn title(&self, window: Window) -> Result<Option<String>> {
        let property = self.atom("_NET_WM_NAME")?;
        let reply = self.connection.get_property(false, window, property, AtomEnum::ANY, 0, 64)?.reply();
        Ok(reply.ok().map(|reply| String::from_utf8_lossy(&reply.value).into_owned()))
    }

    fn atom(&self, name: &str) -> Result<u32> {
        Ok(self.connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }
}
