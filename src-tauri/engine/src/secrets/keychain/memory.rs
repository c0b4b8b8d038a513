//! A keychain in memory for tests: it fails or hangs when it is told to.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};
use zeroize::Zeroizing;

use super::entries::{Connect, Entries, EntryError};

/// The keychain. Clones share it.
#[derive(Clone, Default)]
pub(in crate::secrets) struct Memory {
    shared: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    entries: BTreeMap<String, String>,
    /// How many more uses work.
    uses_left: Option<usize>,
    /// Uses wait while it is set.
    hangs: bool,
    /// How many uses wait.
    waiting: usize,
    /// Connections made before are broken.
    generation: usize,
    gets: usize,
}

impl Memory {
    /// A connection to it.
    pub(in crate::secrets) fn connect(&self) -> Connect {
        let memory = self.clone();
        Arc::new(move || {
            memory.step()?;
            Ok(Box::new(memory.entries()))
        })
    }

    pub(in crate::secrets) fn entries(&self) -> MemoryEntries {
        MemoryEntries { memory: self.clone(), generation: self.shared.0.lock().generation }
    }

    pub(in crate::secrets) fn accounts(&self) -> Vec<String> {
        self.shared.0.lock().entries.keys().cloned().collect()
    }

    pub(in crate::secrets) fn remove(&self, account: &str) {
        self.shared.0.lock().entries.remove(account);
    }

    pub(in crate::secrets) fn clear(&self) {
        self.shared.0.lock().entries.clear();
    }

    /// Only so many more uses work.
    pub(in crate::secrets) fn fail_after(&self, uses: usize) {
        self.shared.0.lock().uses_left = Some(uses);
    }

    /// All uses work again, and none hangs any longer.
    pub(in crate::secrets) fn repair(&self) {
        let mut state = self.shared.0.lock();
        (state.uses_left, state.hangs) = (None, false);
        self.shared.1.notify_all();
    }

    /// Uses hang from now on.
    pub(in crate::secrets) fn hang(&self) {
        self.shared.0.lock().hangs = true;
    }

    /// Waits until no use is under way that hung.
    pub(in crate::secrets) fn wait_until_idle(&self) {
        let mut state = self.shared.0.lock();
        while state.waiting > 0 {
            self.shared.1.wait(&mut state);
        }
    }

    /// Breaks the connections that there are.
    pub(in crate::secrets) fn break_connections(&self) {
        self.shared.0.lock().generation += 1;
    }

    /// How many entries were read.
    pub(in crate::secrets) fn gets(&self) -> usize {
        self.shared.0.lock().gets
    }

    pub(in crate::secrets) fn uses_left(&self) -> Option<usize> {
        self.shared.0.lock().uses_left
    }

    /// Counts as a use.
    pub(in crate::secrets) fn step(&self) -> Result<(), EntryError> {
        let mut state = self.shared.0.lock();
        state.waiting += 1;
        while state.hangs {
            self.shared.1.wait(&mut state);
        }
        state.waiting -= 1;
        self.shared.1.notify_all();
        match &mut state.uses_left {
            Some(0) => Err(EntryError::Refused("it is locked".to_owned())),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// A connection.
pub(in crate::secrets) struct MemoryEntries {
    memory: Memory,
    generation: usize,
}

impl MemoryEntries {
    fn check(&self) -> Result<(), EntryError> {
        self.memory.step()?;
        if self.memory.shared.0.lock().generation == self.generation {
            Ok(())
        } else {
            Err(EntryError::Broken("the connection is broken".to_owned()))
        }
    }
}

impl Entries for MemoryEntries {
    fn get(&mut self, account: &str) -> Result<Option<Zeroizing<String>>, EntryError> {
        self.check()?;
        let mut state = self.memory.shared.0.lock();
        state.gets += 1;
        Ok(state.entries.get(account).cloned().map(Zeroizing::new))
    }

    fn put(&mut self, account: &str, _label: &str, text: &str) -> Result<(), EntryError> {
        self.check()?;
        self.memory.shared.0.lock().entries.insert(account.to_owned(), text.to_owned());
        Ok(())
    }

    fn delete(&mut self, account: &str) -> Result<(), EntryError> {
        self.check()?;
        self.memory.shared.0.lock().entries.remove(account);
        Ok(())
    }
}
