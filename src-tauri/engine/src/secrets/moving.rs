//! Moves secrets from one place to the other, so that a crash at any point loses none and leaves none behind.
//!
//! `secrets-place.json` says at each moment which place counts, and where copies may lie that do not. A move writes down
//! that copies are made, copies, reads all of them back, switches over, and removes what does not count any longer. The
//! next start finds either the old place or the new one counting, each of them whole, and tidies the other one up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::SecretError;
use super::file::{FileSecrets, WhyFile};
use super::keychain::KeychainSecrets;
use super::place::{Kind, Place, sync_folder};

/// One end of a move.
pub(super) trait Side {
    /// Which place it is.
    fn kind(&self) -> Kind;
    /// The secrets that lie there, read from there. The keychain is asked for these names; the file knows its own.
    fn all(&self, names: &BTreeSet<String>) -> Result<BTreeMap<String, SecretString>, SecretError>;
    /// Puts all of these there.
    fn put_all(&self, secrets: &BTreeMap<String, SecretString>) -> Result<(), SecretError>;
    /// Removes everything of this data directory from there. What is not there is no error.
    fn remove_all(&self, names: &BTreeSet<String>) -> Result<(), SecretError>;
}

/// The file.
pub(super) struct File {
    pub(super) path: PathBuf,
}

impl Side for File {
    fn kind(&self) -> Kind {
        Kind::File
    }

    fn all(&self, _names: &BTreeSet<String>) -> Result<BTreeMap<String, SecretString>, SecretError> {
        Ok(FileSecrets::open(&self.path, WhyFile::Chosen)?.all())
    }

    fn put_all(&self, secrets: &BTreeMap<String, SecretString>) -> Result<(), SecretError> {
        FileSecrets::open(&self.path, WhyFile::Chosen)?.put_all(secrets)
    }

    fn remove_all(&self, _names: &BTreeSet<String>) -> Result<(), SecretError> {
        let removed = match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        removed
            .and_then(|()| self.path.parent().map_or(Ok(()), sync_folder))
            .map_err(|source| SecretError::Write { path: self.path.clone(), source })
    }
}

impl Side for KeychainSecrets {
    fn kind(&self) -> Kind {
        Kind::Keychain
    }

    fn all(&self, names: &BTreeSet<String>) -> Result<BTreeMap<String, SecretString>, SecretError> {
        self.all_anew(names)
    }

    fn put_all(&self, secrets: &BTreeMap<String, SecretString>) -> Result<(), SecretError> {
        self.mark()?;
        for (name, secret) in secrets {
            self.put_named(name, secret.clone())?;
        }
        Ok(())
    }

    fn remove_all(&self, names: &BTreeSet<String>) -> Result<(), SecretError> {
        for name in names {
            self.delete_named(name)?;
        }
        self.unmark()
    }
}

/// Writes `secrets-place.json`.
pub(super) type Save<'a> = &'a dyn Fn(&Place) -> Result<(), SecretError>;

/// Moves everything to the other side, which then counts. `place` always says what the file says.
pub(super) fn move_all(
    place: &mut Place,
    from: &dyn Side,
    to: &dyn Side,
    save: Save<'_>,
) -> Result<(), SecretError> {
    // What an earlier attempt left there is older than what lies here.
    tidy(place, to, save)?;
    let secrets = from.all(&place.names)?;
    let names: BTreeSet<String> = secrets.keys().cloned().collect();
    let mut begun = place.clone();
    begun.copies = Some(to.kind());
    if to.kind() == Kind::Keychain {
        begun.names.clone_from(&names);
    }
    change(place, begun, save)?;
    to.put_all(&secrets)?;
    let arrived = to.all(&names)?;
    for (name, secret) in &secrets {
        if arrived.get(name).map(ExposeSecret::expose_secret) != Some(secret.expose_secret()) {
            return Err(SecretError::NotMoved { name: name.clone() });
        }
    }
    let mut switched = place.clone();
    (switched.at, switched.copies) = (to.kind(), Some(from.kind()));
    change(place, switched, save)?;
    tracing::info!(secrets = secrets.len(), to = ?to.kind(), "the secrets were moved");
    if let Err(error) = tidy(place, from, save) {
        tracing::warn!(%error, "copies of secrets could not be removed; the next start tries again");
    }
    Ok(())
}

/// Removes the copies that lie on this side and do not count, if it is known that there may be some.
pub(super) fn tidy(place: &mut Place, side: &dyn Side, save: Save<'_>) -> Result<(), SecretError> {
    if place.copies != Some(side.kind()) {
        return Ok(());
    }
    side.remove_all(&place.names)?;
    let mut tidied = place.clone();
    tidied.copies = None;
    if side.kind() == Kind::Keychain {
        tidied.names.clear();
    }
    change(place, tidied, save)
}

fn change(place: &mut Place, to: Place, save: Save<'_>) -> Result<(), SecretError> {
    save(&to)?;
    *place = to;
    Ok(())
}
