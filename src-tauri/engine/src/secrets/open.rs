//! Decides where a data directory's secrets lie, and moves them there.

use std::path::Path;
use std::sync::Arc;

use super::file::{FILE, FileSecrets, WhyFile};
use super::keychain::{self, Connect, KeychainSecrets, NAME, Patience};
use super::moving::{self, File};
use super::place::{Kind, Place};
use super::{SecretError, SecretsChoice, SharedSecrets};

/// Opens the secrets of a data directory, which this process has to own. Blocks, within a time.
///
/// With [`SecretsChoice::Auto`] they lie in the keychain where one answers, else in a file. Secrets that lie elsewhere than
/// chosen are moved. Where they lie in a keychain that cannot be reached, that is an error: to go on would be to go on
/// without them.
pub fn open(data_dir: &Path, choice: SecretsChoice) -> Result<SharedSecrets, SecretError> {
    Opening { data_dir, choice, connect: keychain::system(), patience: Patience::USUAL }.open()
}

/// What [`open`] works with.
pub(super) struct Opening<'a> {
    pub(super) data_dir: &'a Path,
    pub(super) choice: SecretsChoice,
    pub(super) connect: Connect,
    pub(super) patience: Patience,
}

impl Opening<'_> {
    pub(super) fn open(self) -> Result<SharedSecrets, SecretError> {
        FileSecrets::sweep(self.data_dir);
        let place = if let Some(place) = Place::read(self.data_dir)? {
            place
        } else {
            let place = Place::new();
            place.save(self.data_dir)?;
            place
        };
        match place.at {
            Kind::Keychain => self.kept_in_keychain(place),
            Kind::File => self.kept_in_file(place),
        }
    }

    /// The secrets lie in the keychain.
    fn kept_in_keychain(self, mut place: Place) -> Result<SharedSecrets, SecretError> {
        let keychain = self.keychain(&place, self.patience)?;
        self.check_marker(&place, &keychain).map_err(|error| match error {
            elsewhere @ SecretError::Elsewhere { .. } => elsewhere,
            other => SecretError::OutOfReach {
                keychain: NAME,
                reason: reason(&other),
                place: Place::path(self.data_dir),
            },
        })?;
        let (file, save) = (self.file(), |place: &Place| place.save(self.data_dir));
        if self.choice == SecretsChoice::File {
            moving::move_all(&mut place, &keychain, &file, &save)?;
            return self.file_secrets(WhyFile::Chosen);
        }
        if let Err(error) = moving::tidy(&mut place, &file, &save) {
            tracing::warn!(%error, "copies of secrets could not be removed; the next start tries again");
        }
        if file.path.exists() && place.copies.is_none() {
            tracing::warn!(path = %file.path.display(), "this file is not used: the secrets lie in the keychain");
        }
        keychain.know_place(place);
        Ok(Arc::new(keychain))
    }

    /// Whether this is the keychain in which the secrets were put. Somebody may have removed the marker alone.
    fn check_marker(&self, place: &Place, keychain: &KeychainSecrets) -> Result<(), SecretError> {
        if keychain.is_marked()? {
            return Ok(());
        }
        if place.names.is_empty() || !keychain.all(&place.names)?.is_empty() {
            return keychain.mark();
        }
        Err(SecretError::Elsewhere { keychain: NAME, place: Place::path(self.data_dir) })
    }

    /// The secrets lie in the file.
    fn kept_in_file(self, mut place: Place) -> Result<SharedSecrets, SecretError> {
        let save = |place: &Place| place.save(self.data_dir);
        if self.choice == SecretsChoice::File {
            if place.copies == Some(Kind::Keychain) {
                // Nothing depends on it: the keychain gets little time.
                let patience = Patience { operation: self.patience.probe, ..self.patience };
                let tidied = self
                    .keychain(&place, patience)
                    .and_then(|keychain| moving::tidy(&mut place, &keychain, &save));
                if let Err(error) = tidied {
                    tracing::warn!(%error, "copies of secrets could not be removed; the next start tries again");
                }
            }
            return self.file_secrets(WhyFile::Chosen);
        }
        let moved = self.keychain(&place, self.patience).and_then(|keychain| {
            keychain.probe()?;
            moving::move_all(&mut place, &self.file(), &keychain, &save)?;
            Ok(keychain)
        });
        match moved {
            Ok(keychain) => {
                keychain.know_place(place);
                Ok(Arc::new(keychain))
            }
            // A damaged file is damaged whatever the keychain does.
            Err(error @ (SecretError::Damaged { .. } | SecretError::Read { .. })) => Err(error),
            // Written, although that it was written could not be made sure of: the file counts no longer.
            Err(error) if Place::read(self.data_dir)?.is_none_or(|place| place.at != Kind::File) => {
                Err(error)
            }
            Err(error) if self.choice == SecretsChoice::Keychain => {
                Err(SecretError::StillInFile(Box::new(error)))
            }
            Err(error) => {
                let reason = reason(&error);
                tracing::warn!(reason, "no keychain can be used here: secrets lie in a file");
                self.file_secrets(WhyFile::NoKeychain { keychain: NAME, reason })
            }
        }
    }

    fn keychain(&self, place: &Place, patience: Patience) -> Result<KeychainSecrets, SecretError> {
        KeychainSecrets::new(self.data_dir, place.clone(), Arc::clone(&self.connect), patience)
    }

    fn file(&self) -> File {
        File { path: self.data_dir.join(FILE) }
    }

    fn file_secrets(&self, why: WhyFile) -> Result<SharedSecrets, SecretError> {
        Ok(Arc::new(FileSecrets::open(&self.file().path, why)?))
    }
}

/// Why a keychain cannot be used, where it is named already.
fn reason(error: &SecretError) -> String {
    match error {
        SecretError::Keychain { reason, .. } => reason.clone(),
        SecretError::Silent { within, .. } => {
            format!("there was no answer within {} s; it may be waiting to be unlocked", within.as_secs())
        }
        SecretError::Busy { .. } => "there was no answer; it may be waiting to be unlocked".to_owned(),
        other => other.to_string(),
    }
}
