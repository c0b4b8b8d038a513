//! Secrets in one JSON file that only its owner can read (mode 0600), replaced as a whole at each change.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::{SecretError, SecretName, Secrets};

/// The file's name in the data directory.
pub const FILE: &str = "secrets.json";

/// How the file is called while it is being written.
const WRITTEN: &str = ".secrets-";

/// Whose it is, in plain words.
const WHOSE: &str = if cfg!(windows) { "a file in your profile" } else { "a file that only you can read" };

/// Why secrets lie in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyFile {
    /// Somebody chose it.
    Chosen,
    /// No keychain can be used here, for this reason.
    NoKeychain {
        /// The keychain's name.
        keychain: &'static str,
        /// The reason.
        reason: String,
    },
}

/// The file and what it holds.
#[derive(Debug)]
pub struct FileSecrets {
    path: PathBuf,
    why: WhyFile,
    secrets: Mutex<BTreeMap<String, SecretString>>,
}

impl FileSecrets {
    /// Reads the file; one that is not there holds nothing.
    pub fn open(path: &Path, why: WhyFile) -> Result<Self, SecretError> {
        let denied = |source| SecretError::Read { path: path.to_owned(), source };
        keep_private(path).map_err(denied)?;
        let secrets = match fs::read(path) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                serde_json::from_slice(&text).map_err(|error| SecretError::Damaged {
                    path: path.to_owned(),
                    reason: format!("line {} column {}", error.line(), error.column()),
                })?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(source) => return Err(denied(source)),
        };
        Ok(Self { path: path.to_owned(), why, secrets: Mutex::new(secrets) })
    }

    /// Removes what a crash in the middle of writing left in the folder, which this process has to own.
    pub(super) fn sweep(folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            if !entry.file_name().to_string_lossy().starts_with(WRITTEN) {
                continue;
            }
            if let Err(error) = fs::remove_file(entry.path()) {
                tracing::warn!(path = %entry.path().display(), %error, "a half-written file of secrets could not be removed");
            }
        }
    }

    /// Writes a new file beside the old one, syncs it and renames it: a crash leaves the old or the new one whole.
    fn save(&self, secrets: &BTreeMap<String, SecretString>) -> Result<(), SecretError> {
        let plain: BTreeMap<&str, &str> =
            secrets.iter().map(|(name, secret)| (name.as_str(), secret.expose_secret())).collect();
        let write = || -> std::io::Result<()> {
            let text = Zeroizing::new(serde_json::to_vec_pretty(&plain)?);
            let folder = self.path.parent().unwrap_or(Path::new("."));
            // `tempfile` makes files of mode 0600 on Unix; on Windows the profile's folder is private.
            let mut file = tempfile::Builder::new().prefix(WRITTEN).tempfile_in(folder)?;
            file.write_all(&text)?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            #[cfg(unix)]
            fs::File::open(folder)?.sync_all()?;
            Ok(())
        };
        write().map_err(|source| SecretError::Write { path: self.path.clone(), source })
    }

    /// Everything it holds, by name.
    pub(super) fn all(&self) -> BTreeMap<String, SecretString> {
        self.secrets.lock().clone()
    }

    /// Holds these secrets, beside those of other names that it holds already.
    pub(super) fn put_all(&self, more: &BTreeMap<String, SecretString>) -> Result<(), SecretError> {
        self.change(|secrets| {
            secrets.extend(more.iter().map(|(name, secret)| (name.clone(), secret.clone())));
        })
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, SecretString>)) -> Result<(), SecretError> {
        let mut secrets = self.secrets.lock();
        let mut changed = secrets.clone();
        change(&mut changed);
        self.save(&changed)?;
        *secrets = changed;
        Ok(())
    }
}

/// Takes from others what they may do with the file: a copy that was put back may let them read it.
#[cfg(unix)]
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if permissions.mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others could read this file of secrets; now only you can");
        permissions.set_mode(0o600);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

/// The profile's folder is private already.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
fn keep_private(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

impl Secrets for FileSecrets {
    fn get(&self, name: &SecretName) -> Result<Option<SecretString>, SecretError> {
        Ok(self.secrets.lock().get(name.as_str()).cloned())
    }

    fn put(&self, name: &SecretName, secret: SecretString) -> Result<(), SecretError> {
        self.change(|secrets| {
            secrets.insert(name.as_str().to_owned(), secret);
        })
    }

    fn delete(&self, name: &SecretName) -> Result<(), SecretError> {
        if self.secrets.lock().contains_key(name.as_str()) {
            self.change(|secrets| {
                secrets.remove(name.as_str());
            })?;
        }
        Ok(())
    }

    fn kind(&self) -> &'static str {
        "file"
    }

    fn describe(&self) -> String {
        let file = format!("{WHOSE}: {}", self.path.display());
        match &self.why {
            WhyFile::Chosen => file,
            WhyFile::NoKeychain { keychain, reason } => {
                format!("{file}, because {keychain} cannot be used here: {reason}")
            }
        }
    }

    fn remedy(&self) -> Option<String> {
        Some(match &self.why {
            WhyFile::Chosen => {
                "To keep them in the system's keychain, start Hookline without `--secrets file`, \
                                HOOKLINE_SECRETS and the line `secrets` in config.toml: it moves them there."
                    .to_owned()
            }
            WhyFile::NoKeychain { .. } => {
                "Once the system's keychain runs and is unlocked, start Hookline again: it moves them there."
                    .to_owned()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> SecretName {
        SecretName::webhook(&crate::event::JobId::new("j"))
    }

    #[test]
    fn secrets_survive_a_restart_and_only_their_owner_can_read_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secrets.json");
        let secrets = FileSecrets::open(&path, WhyFile::Chosen).expect("opens");
        secrets.put(&name(), SecretString::from("whsec_1")).expect("puts");
        drop(secrets);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
        let secrets = FileSecrets::open(&path, WhyFile::Chosen).expect("opens again");
        assert_eq!(secrets.get(&name()).expect("gets").expect("is there").expose_secret(), "whsec_1");
        secrets.delete(&name()).expect("deletes");
        assert!(
            FileSecrets::open(&path, WhyFile::Chosen).expect("opens").get(&name()).expect("gets").is_none()
        );
    }

    #[test]
    fn a_file_says_why_it_is_one_and_what_to_do() {
        let path = Path::new("/no/such/folder/secrets.json");
        let chosen = FileSecrets::open(path, WhyFile::Chosen).expect("holds nothing");
        assert_eq!(chosen.describe(), format!("{WHOSE}: {}", path.display()));
        let why = WhyFile::NoKeychain { keychain: "the keychain", reason: "no session".to_owned() };
        let forced = FileSecrets::open(path, why).expect("holds nothing");
        assert!(
            forced.describe().ends_with("because the keychain cannot be used here: no session"),
            "{}",
            forced.describe()
        );
        assert_ne!(chosen.remedy(), forced.remedy());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_could_read_becomes_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE);
        fs::write(&path, "{}").expect("writes");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("is set");
        FileSecrets::open(&path, WhyFile::Chosen).expect("opens");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_a_crash_left_half_written_is_swept_away_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let secrets = FileSecrets::open(&folder.path().join(FILE), WhyFile::Chosen).expect("opens");
        secrets.put(&name(), SecretString::from("whsec_1")).expect("puts");
        fs::write(folder.path().join(".secrets-AbC123"), "{\"half\": \"whs").expect("writes");
        fs::write(folder.path().join("secrets-place.json"), "{}").expect("writes");
        FileSecrets::sweep(folder.path());
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).expect("reads").flatten().map(|it| it.file_name()).collect();
        left.sort();
        assert_eq!(left, ["secrets-place.json", FILE]);
    }

    #[test]
    fn a_damaged_file_is_an_error_that_does_not_show_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secrets.json");
        fs::write(&path, "{\"a\": \"whsec_hidden\", oops").expect("writes");
        let error = FileSecrets::open(&path, WhyFile::Chosen).expect_err("is damaged");
        assert!(error.to_string().contains("line 1"));
        assert!(!format!("{error:?}").contains("hidden"));
    }
}
