//! Secrets in the system's keychain: macOS Keychain, Windows Credential Manager, or the Secret Service of a Linux desktop
//! (GNOME Keyring, `KWallet`, `KeePassXC`).
//!
//! Each secret is an entry of the service "Hookline". Its account begins with the data directory's own random id, so that
//! two data directories never share an entry, and that one finds its entries again after it was moved.
//!
//! Invariants:
//! - Every use ends within a time, whatever the keychain does ([`bounded`]).
//! - What was read or written once is answered from memory: only Hookline writes these entries, and the receiver
//!   asks for all of them whenever anything changes.
//! - A name is written into `secrets-place.json` before its entry is made: no entry is ever forgotten.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use secrecy::{ExposeSecret as _, SecretString};

use super::place::Place;
use super::{SecretError, SecretName, Secrets};

mod bounded;
mod entries;
#[cfg(test)]
pub(super) mod memory;
mod parts;
mod values;

use bounded::{Bounded, BoundedError, Use};
pub use entries::NAME;
pub(super) use entries::{Connect, system};
use values::ValueError;

/// The entry that tells that the keychain is the one in which secrets were put.
const MARKER: &str = "data-directory";

/// The entry by which a keychain is tried out.
const PROBE: &str = "trial";

/// How long a keychain may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// To answer a use: long enough for somebody to type a password.
    pub(super) operation: Duration,
    /// To show that it works at all, where a file does as well.
    pub(super) probe: Duration,
}

impl Patience {
    /// The usual ones.
    pub(super) const USUAL: Self = Self { operation: Duration::from_secs(30), probe: Duration::from_secs(5) };
}

/// The keychain, and which of its entries are this data directory's.
pub struct KeychainSecrets {
    keychain: Bounded,
    data_dir: PathBuf,
    store_id: String,
    patience: Patience,
    /// Held by whoever changes an entry.
    place: Mutex<Place>,
}

impl std::fmt::Debug for KeychainSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeychainSecrets").field("store_id", &self.store_id).finish_non_exhaustive()
    }
}

impl KeychainSecrets {
    /// The entries of the data directory that `place` belongs to. Connects at the first use.
    pub(super) fn new(
        data_dir: &Path,
        place: Place,
        connect: Connect,
        patience: Patience,
    ) -> Result<Self, SecretError> {
        let keychain = Bounded::new(connect)
            .map_err(|error| SecretError::Keychain { keychain: NAME, reason: error.to_string() })?;
        let (data_dir, store_id) = (data_dir.to_owned(), place.store_id.clone());
        Ok(Self { keychain, data_dir, store_id, patience, place: Mutex::new(place) })
    }

    /// Tries whether an entry can be written, read and removed.
    pub(super) fn probe(&self) -> Result<(), SecretError> {
        let until = Instant::now() + self.patience.probe;
        let text = format!("tried out by Hookline, for the data directory {}", self.store_id);
        let probe = |purpose| {
            let left = until.saturating_duration_since(Instant::now());
            self.run(PROBE, purpose, left).map_err(|error| match error {
                // The whole trial had this long, not its last step.
                SecretError::Silent { keychain, .. } => {
                    SecretError::Silent { keychain, within: self.patience.probe }
                }
                other => other,
            })
        };
        // Left by a trial that was given up; and nothing is known of it afterwards, so that it is really read.
        probe(Use::Delete)?;
        probe(Use::Put { label: label("trial"), value: SecretString::from(text.as_str()) })?;
        self.keychain.forget(&self.account(PROBE));
        let back = probe(Use::Get)?;
        probe(Use::Delete)?;
        if back.is_some_and(|back| back.expose_secret() == text) {
            Ok(())
        } else {
            let reason = "what is written to it cannot be read again".to_owned();
            Err(SecretError::Keychain { keychain: NAME, reason })
        }
    }

    /// Whether this keychain is the one in which the secrets were put.
    pub(super) fn is_marked(&self) -> Result<bool, SecretError> {
        Ok(self.run(MARKER, Use::Get, self.patience.operation)?.is_some())
    }

    /// Makes this keychain the one in which the secrets were put.
    pub(super) fn mark(&self) -> Result<(), SecretError> {
        let value = SecretString::from("Hookline keeps this data directory's secrets here");
        self.run(MARKER, Use::Put { label: label("data directory"), value }, self.patience.operation)?;
        Ok(())
    }

    /// The secrets of these names that are there.
    pub(super) fn all<'a>(
        &self,
        names: impl IntoIterator<Item = &'a String>,
    ) -> Result<BTreeMap<String, SecretString>, SecretError> {
        let mut found = BTreeMap::new();
        for name in names {
            if let Some(secret) = self.run(name, Use::Get, self.patience.operation)? {
                found.insert(name.clone(), secret);
            }
        }
        Ok(found)
    }

    /// Like [`KeychainSecrets::all`], from the keychain itself instead of from memory.
    pub(super) fn all_anew<'a>(
        &self,
        names: impl IntoIterator<Item = &'a String> + Clone,
    ) -> Result<BTreeMap<String, SecretString>, SecretError> {
        for name in names.clone() {
            self.keychain.forget(&self.account(name));
        }
        self.all(names)
    }

    /// Puts a secret whose name `secrets-place.json` holds already.
    pub(super) fn put_named(&self, name: &str, value: SecretString) -> Result<(), SecretError> {
        let bytes = value.expose_secret().len();
        if bytes > parts::MOST_BYTES {
            return Err(SecretError::TooLong { name: name.to_owned(), bytes, most: parts::MOST_BYTES });
        }
        self.run(name, Use::Put { label: label(name), value }, self.patience.operation)?;
        Ok(())
    }

    /// Removes a secret; its name stays.
    pub(super) fn delete_named(&self, name: &str) -> Result<(), SecretError> {
        self.run(name, Use::Delete, self.patience.operation)?;
        Ok(())
    }

    /// Removes what [`KeychainSecrets::mark`] made.
    pub(super) fn unmark(&self) -> Result<(), SecretError> {
        self.delete_named(MARKER)
    }

    /// `secrets-place.json` has been written.
    pub(super) fn know_place(&self, place: Place) {
        *self.place.lock() = place;
    }

    fn account(&self, name: &str) -> String {
        format!("{}/{name}", self.store_id)
    }

    fn run(&self, name: &str, purpose: Use, within: Duration) -> Result<Option<SecretString>, SecretError> {
        self.keychain.run(&self.account(name), purpose, within).map_err(|error| match error {
            BoundedError::Silent => SecretError::Silent { keychain: NAME, within },
            BoundedError::Busy => SecretError::Busy { keychain: NAME },
            BoundedError::Value(ValueError::Entry(error)) => {
                SecretError::Keychain { keychain: NAME, reason: error.to_string() }
            }
            BoundedError::Value(damaged @ ValueError::Damaged) => {
                SecretError::DamagedSecret { name: name.to_owned(), reason: damaged.to_string() }
            }
        })
    }

    /// One change at a time, and in time.
    fn lock_place(&self) -> Result<MutexGuard<'_, Place>, SecretError> {
        self.place.try_lock_for(self.patience.operation).ok_or(SecretError::Busy { keychain: NAME })
    }
}

/// What a keychain's own program shows for an entry.
fn label(name: &str) -> String {
    format!("Hookline: {name}")
}

impl Secrets for KeychainSecrets {
    fn get(&self, name: &SecretName) -> Result<Option<SecretString>, SecretError> {
        self.run(name.as_str(), Use::Get, self.patience.operation)
    }

    fn put(&self, name: &SecretName, secret: SecretString) -> Result<(), SecretError> {
        let mut place = self.lock_place()?;
        if !place.names.contains(name.as_str()) {
            let mut named = place.clone();
            named.names.insert(name.as_str().to_owned());
            named.save(&self.data_dir)?;
            *place = named;
        }
        self.put_named(name.as_str(), secret)
    }

    fn delete(&self, name: &SecretName) -> Result<(), SecretError> {
        let mut place = self.lock_place()?;
        if !place.names.contains(name.as_str()) {
            return Ok(());
        }
        self.delete_named(name.as_str())?;
        let mut named = place.clone();
        named.names.remove(name.as_str());
        named.save(&self.data_dir)?;
        *place = named;
        Ok(())
    }

    fn kind(&self) -> &'static str {
        "keychain"
    }

    fn describe(&self) -> String {
        NAME.to_owned()
    }

    fn remedy(&self) -> Option<String> {
        None
    }
}
