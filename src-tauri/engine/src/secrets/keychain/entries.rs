//! The entries of a keychain: the narrow seam behind which the platforms differ.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::api::CredentialStore;
use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

/// The service that all entries of Hookline belong to, as the keychain's own programs show it.
const SERVICE: &str = "Hookline";

/// The keychain of this platform, said to users.
pub const NAME: &str = if cfg!(target_os = "macos") {
    "the system's keychain (macOS Keychain)"
} else if cfg!(windows) {
    "the system's keychain (Windows Credential Manager)"
} else {
    "the system's keychain (Secret Service)"
};

/// Why an entry could not be used, for users and without a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::secrets) enum EntryError {
    /// The keychain says no: it is locked, the prompt was dismissed, the entry is not to be had.
    #[error("{0}")]
    Refused(String),
    /// The connection may be broken; a new one may help.
    #[error("{0}")]
    Broken(String),
}

/// Entries with a text each, by account. A use may block for long.
pub(in crate::secrets) trait Entries: Send {
    /// The entry's text, if there is one.
    fn get(&mut self, account: &str) -> Result<Option<Zeroizing<String>>, EntryError>;
    /// Makes the entry or replaces it.
    fn put(&mut self, account: &str, label: &str, text: &str) -> Result<(), EntryError>;
    /// Removes the entry; one that is not there is no error.
    fn delete(&mut self, account: &str) -> Result<(), EntryError>;
}

/// Connects to a keychain.
pub(in crate::secrets) type Connect = Arc<dyn Fn() -> Result<Box<dyn Entries>, EntryError> + Send + Sync>;

/// Connects to the keychain of this platform.
pub(in crate::secrets) fn system() -> Connect {
    Arc::new(|| {
        #[cfg(target_os = "macos")]
        let store = apple_native_keyring_store::keychain::Store::new();
        #[cfg(windows)]
        let store = windows_native_keyring_store::Store::new();
        #[cfg(all(unix, not(target_os = "macos")))]
        let store = zbus_secret_service_keyring_store::Store::new();
        let store: Arc<CredentialStore> = store.map_err(|error| told(&error))?;
        Ok(Box::new(Keyring { store, modifiers }))
    })
}

/// What this platform is told of a new entry besides its name and text.
fn modifiers(label: &str) -> HashMap<&str, &str> {
    if cfg!(target_os = "macos") {
        HashMap::new()
    } else if cfg!(windows) {
        // By default it would roam to the user's other machines.
        HashMap::from([("persistence", "Local")])
    } else {
        HashMap::from([("label", label)])
    }
}

/// A store of the keyring libraries.
struct Keyring {
    store: Arc<CredentialStore>,
    modifiers: fn(&str) -> HashMap<&str, &str>,
}

impl Keyring {
    fn entry(&self, account: &str, label: &str) -> Result<Entry, EntryError> {
        let modifiers = (self.modifiers)(label);
        let modifiers = (!modifiers.is_empty()).then_some(&modifiers);
        self.store.build(SERVICE, account, modifiers).map_err(|error| told(&error))
    }
}

impl Entries for Keyring {
    fn get(&mut self, account: &str) -> Result<Option<Zeroizing<String>>, EntryError> {
        let bytes = match self.entry(account, SERVICE)?.get_secret() {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(Error::NoEntry) => return Ok(None),
            Err(error) => return Err(told(&error)),
        };
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| EntryError::Refused("an entry of Hookline holds something else".to_owned()))?;
        Ok(Some(Zeroizing::new(text.to_owned())))
    }

    fn put(&mut self, account: &str, label: &str, text: &str) -> Result<(), EntryError> {
        // As bytes: as a password it would take twice the room on Windows.
        self.entry(account, label)?.set_secret(text.as_bytes()).map_err(|error| told(&error))
    }

    fn delete(&mut self, account: &str) -> Result<(), EntryError> {
        match self.entry(account, SERVICE)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(told(&error)),
        }
    }
}

/// The error in words for users. Some errors of the library hold what the entry holds: these are not shown.
fn told(error: &Error) -> EntryError {
    match error {
        Error::PlatformFailure(cause) => EntryError::Broken(plain(&cause.to_string())),
        Error::NoStorageAccess(cause) => EntryError::Refused(plain(&cause.to_string())),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            EntryError::Refused("an entry of Hookline holds something else".to_owned())
        }
        Error::Ambiguous(_) => EntryError::Refused("an entry of Hookline is there more than once".to_owned()),
        other => EntryError::Refused(other.to_string()),
    }
}

/// What the Secret Service's library says, without its own names for things.
fn plain(reason: &str) -> String {
    let reason = reason.trim_start_matches("SS error: ").trim_start_matches("zbus error: ");
    match reason {
        "prompt dismissed" => "it is locked, and nobody unlocked it when it asked".to_owned(),
        "result not returned from SS API" => "it has no default keyring".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The library's own store in memory, so that its ways with entries are the real ones'.
    fn keyring() -> Keyring {
        // It takes no modifiers.
        Keyring { store: keyring_core::mock::Store::new().expect("a store"), modifiers: |_| HashMap::new() }
    }

    #[test]
    fn an_entry_is_kept_replaced_and_removed() {
        let mut keyring = keyring();
        assert_eq!(keyring.get("a").expect("reads"), None);
        keyring.put("a", "label", "one").expect("writes");
        keyring.put("a", "label", "two ü").expect("writes");
        assert_eq!(keyring.get("a").expect("reads").expect("is there").as_str(), "two ü");
        assert_eq!(keyring.get("b").expect("reads"), None);
        keyring.delete("a").expect("removes");
        keyring.delete("a").expect("is gone already");
        assert_eq!(keyring.get("a").expect("reads"), None);
    }

    #[test]
    fn an_error_never_shows_what_an_entry_holds() {
        let hidden = || b"whsec_hidden".to_vec();
        let cause = || Box::new(std::io::Error::other("cause"));
        for error in [Error::BadEncoding(hidden()), Error::BadDataFormat(hidden(), cause())] {
            let shown = format!("{:?}", told(&error));
            assert!(!shown.contains("hidden") && !shown.contains("119"), "{shown}");
        }
        assert_eq!(told(&Error::PlatformFailure(cause())), EntryError::Broken("cause".to_owned()));
        assert_eq!(told(&Error::NoStorageAccess(cause())), EntryError::Refused("cause".to_owned()));
        assert!(plain("SS error: prompt dismissed").contains("locked"));
        assert_eq!(plain("zbus error: Failed to connect"), "Failed to connect");
    }
}
