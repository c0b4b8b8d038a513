//! Where secrets lie, and that none is ever lost on the way.

use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::file::{FILE, FileSecrets, WhyFile};
use super::keychain::memory::Memory;
use super::keychain::{KeychainSecrets, Patience};
use super::moving::{self, File, Side};
use super::open::Opening;
use super::place::{Kind, Place};
use super::{SecretError, SecretName, Secrets as _, SecretsChoice, SharedSecrets};
use crate::event::{DestinationId, JobId, SourceId};

/// Nothing waits this long unless something hangs.
const PATIENCE: Patience = Patience { operation: Duration::from_mins(1), probe: Duration::from_mins(1) };

const CHOICES: [SecretsChoice; 3] = [SecretsChoice::Auto, SecretsChoice::Keychain, SecretsChoice::File];

fn open(folder: &Path, choice: SecretsChoice, memory: &Memory) -> Result<SharedSecrets, SecretError> {
    open_with(folder, choice, memory, PATIENCE)
}

fn open_with(
    folder: &Path,
    choice: SecretsChoice,
    memory: &Memory,
    patience: Patience,
) -> Result<SharedSecrets, SecretError> {
    Opening { data_dir: folder, choice, connect: memory.connect(), patience }.open()
}

/// One secret of every kind, one of them in parts.
fn samples() -> Vec<(SecretName, String)> {
    vec![
        (SecretName::webhook(&JobId::new("j")), "whsec_1".to_owned()),
        (SecretName::api_key(&SourceId::new("s")), "sk_2".to_owned()),
        (SecretName::connection(&DestinationId::new("d")), format!("mongodb://a:{}@h/", "p".repeat(6_000))),
        (SecretName::tunnel("ngrok"), "3ü".to_owned()),
    ]
}

fn fill(secrets: &SharedSecrets) {
    for (name, secret) in samples() {
        secrets.put(&name, SecretString::from(secret)).expect("is kept");
    }
}

#[track_caller]
fn assert_whole(secrets: &SharedSecrets, when: &str) {
    for (name, expected) in samples() {
        let secret =
            secrets.get(&name).expect("can be read").unwrap_or_else(|| panic!("{name:?} is lost {when}"));
        assert_eq!(secret.expose_secret(), expected, "{when}");
    }
}

fn file_of(folder: &Path) -> std::path::PathBuf {
    folder.join(FILE)
}

#[test]
fn every_choice_is_read_by_its_name_and_nothing_else_is_one() {
    for name in SecretsChoice::NAMES {
        let choice: SecretsChoice = name.parse().expect("is one");
        assert_eq!(format!("{choice:?}").to_lowercase(), name);
    }
    assert!("vault".parse::<SecretsChoice>().expect_err("is none").contains("auto, keychain, file"));
}

#[test]
fn names_of_different_things_never_meet() {
    let names = [
        SecretName::webhook(&JobId::new("a")),
        SecretName::api_key(&SourceId::new("a")),
        SecretName::connection(&DestinationId::new("a")),
        SecretName::tunnel("a"),
    ];
    let different: std::collections::BTreeSet<&str> = names.iter().map(SecretName::as_str).collect();
    assert_eq!(different.len(), names.len());
    assert_eq!(SecretName::tunnel("ngrok").as_str(), "tunnel/ngrok/token");
}

#[test]
fn a_keychain_that_works_is_used_and_found_again_wherever_the_folder_lies() {
    let (memory, parent) = (Memory::default(), tempfile::tempdir().expect("a folder"));
    let (first, moved) = (parent.path().join("first"), parent.path().join("moved"));
    std::fs::create_dir(&first).expect("makes");
    let secrets = open(&first, SecretsChoice::Auto, &memory).expect("opens");
    assert_eq!((secrets.kind(), secrets.remedy()), ("keychain", None));
    fill(&secrets);
    drop(secrets);
    assert!(!file_of(&first).exists());
    let place = std::fs::read_to_string(Place::path(&first)).expect("is there");
    assert!(samples().iter().all(|(name, secret)| place.contains(name.as_str()) && !place.contains(secret)));
    std::fs::rename(&first, &moved).expect("moves");
    assert_whole(&open(&moved, SecretsChoice::Auto, &memory).expect("opens"), "after the folder moved");
}

#[test]
fn two_data_directories_never_share_an_entry_and_deleting_leaves_none() {
    let (memory, one, two) =
        (Memory::default(), tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let open =
        |folder: &tempfile::TempDir| open(folder.path(), SecretsChoice::Keychain, &memory).expect("opens");
    let (first, second) = (open(&one), open(&two));
    fill(&first);
    let name = &samples()[0].0;
    assert!(second.get(name).expect("reads").is_none());
    second.put(name, SecretString::from("other")).expect("is kept");
    assert_whole(&first, "beside another data directory");
    for (name, _) in samples() {
        first.delete(&name).expect("is removed");
        first.delete(&name).expect("is gone already");
    }
    second.delete(name).expect("is removed");
    assert_eq!(memory.accounts().len(), 2, "only the markers are left: {:?}", memory.accounts());
    let place = Place::read(one.path()).expect("reads").expect("is there");
    assert!(place.names.is_empty(), "{place:?}");
}

#[test]
fn without_a_keychain_a_file_is_used_and_says_why_and_the_keychain_gets_the_secrets_later() {
    let (memory, folder) = (Memory::default(), tempfile::tempdir().expect("a folder"));
    memory.fail_after(0);
    let secrets = open(folder.path(), SecretsChoice::Auto, &memory).expect("opens");
    assert_eq!(secrets.kind(), "file");
    assert!(secrets.describe().contains("it is locked"), "{}", secrets.describe());
    fill(&secrets);
    let refused = open(folder.path(), SecretsChoice::Keychain, &memory).expect_err("is refused");
    assert!(refused.to_string().contains("it is locked"), "{refused}");
    assert!(refused.hint().contains("the file still counts"), "{}", refused.hint());
    memory.repair();
    let secrets = open(folder.path(), SecretsChoice::Auto, &memory).expect("opens");
    assert_eq!(secrets.kind(), "keychain");
    assert_whole(&secrets, "after the keychain came");
    assert!(!file_of(folder.path()).exists());
}

#[test]
fn a_keychain_that_hangs_is_given_up_in_time() {
    let (memory, folder) = (Memory::default(), tempfile::tempdir().expect("a folder"));
    memory.hang();
    let patience = Patience { probe: Duration::from_millis(20), ..PATIENCE };
    let secrets = open_with(folder.path(), SecretsChoice::Auto, &memory, patience).expect("opens");
    assert_eq!(secrets.kind(), "file");
    assert!(secrets.describe().contains("waiting to be unlocked"), "{}", secrets.describe());
    memory.repair();
    memory.wait_until_idle();
}

#[test]
fn a_keychain_that_cannot_be_reached_never_looks_like_one_without_secrets() {
    let (memory, folder) = (Memory::default(), tempfile::tempdir().expect("a folder"));
    fill(&open(folder.path(), SecretsChoice::Auto, &memory).expect("opens"));
    memory.fail_after(0);
    for choice in CHOICES {
        let error = open(folder.path(), choice, &memory).expect_err("is refused");
        assert!(error.to_string().contains("cannot be reached: it is locked"), "{choice:?}: {error}");
        assert!(
            error.hint().contains("unlock") && error.hint().contains("they move into the file"),
            "{}",
            error.hint()
        );
    }
    memory.repair();
    memory.hang();
    let patience = Patience { operation: Duration::from_millis(20), ..PATIENCE };
    let error = open_with(folder.path(), SecretsChoice::Auto, &memory, patience).expect_err("is refused");
    assert!(error.to_string().contains("waiting to be unlocked"), "{error}");
    memory.repair();
    assert_whole(&open(folder.path(), SecretsChoice::Auto, &memory).expect("opens"), "once it is back");
    // Another user's, another machine's.
    let error = open(folder.path(), SecretsChoice::Auto, &Memory::default()).expect_err("is refused");
    assert!(matches!(error, SecretError::Elsewhere { .. }), "{error}");
    assert!(error.hint().contains("secrets-place.json"), "{}", error.hint());
}

#[test]
fn a_marker_that_was_removed_alone_is_made_again() {
    let (memory, folder) = (Memory::default(), tempfile::tempdir().expect("a folder"));
    let secrets = open(folder.path(), SecretsChoice::Auto, &memory).expect("opens");
    memory.clear();
    drop(open(folder.path(), SecretsChoice::Auto, &memory).expect("there was nothing to lose"));
    fill(&secrets);
    let marker = memory.accounts().into_iter().find(|account| account.ends_with("data-directory"));
    memory.remove(&marker.expect("is there"));
    assert_whole(&open(folder.path(), SecretsChoice::Auto, &memory).expect("opens"), "without the marker");
}

#[test]
fn secrets_go_back_into_the_file_when_that_is_chosen_and_nothing_stays_in_the_keychain() {
    let (memory, folder) = (Memory::default(), tempfile::tempdir().expect("a folder"));
    fill(&open(folder.path(), SecretsChoice::Auto, &memory).expect("opens"));
    let secrets = open(folder.path(), SecretsChoice::File, &memory).expect("opens");
    assert_eq!(secrets.kind(), "file");
    assert_whole(&secrets, "in the file");
    assert_eq!(memory.accounts(), Vec::<String>::new());
    // The file alone is enough from now on.
    memory.fail_after(0);
    assert_whole(&open(folder.path(), SecretsChoice::File, &memory).expect("opens"), "without a keychain");
}

#[test]
fn a_secret_that_no_keychain_takes_stays_in_the_file() {
    let (memory, folder) = (Memory::default(), tempfile::tempdir().expect("a folder"));
    let secrets = open(folder.path(), SecretsChoice::File, &memory).expect("opens");
    fill(&secrets);
    let huge = SecretName::tunnel("huge");
    secrets.put(&huge, SecretString::from("x".repeat(100_000))).expect("is kept");
    let secrets = open(folder.path(), SecretsChoice::Auto, &memory).expect("opens");
    assert_eq!(secrets.kind(), "file");
    assert!(secrets.describe().contains("too long"), "{}", secrets.describe());
    assert_whole(&secrets, "beside a long one");
    secrets.delete(&huge).expect("is removed");
    let secrets = open(folder.path(), SecretsChoice::Auto, &memory).expect("opens");
    assert_eq!(secrets.kind(), "keychain");
    assert_whole(&secrets, "after the long one went");
}

#[test]
fn a_damaged_file_is_not_taken_for_an_empty_one_by_a_move() {
    let (memory, folder) = (Memory::default(), tempfile::tempdir().expect("a folder"));
    std::fs::write(file_of(folder.path()), "{\"half\": \"a se").expect("writes");
    for choice in CHOICES {
        let error = open(folder.path(), choice, &memory).expect_err("is refused");
        assert!(matches!(error, SecretError::Damaged { .. }), "{choice:?}: {error}");
    }
    assert!(file_of(folder.path()).exists());
}

/// A side whose uses count as uses of the keychain do.
struct Counted<'a> {
    side: &'a dyn Side,
    memory: &'a Memory,
}

impl Counted<'_> {
    fn step(&self) -> Result<(), SecretError> {
        self.memory
            .step()
            .map_err(|error| SecretError::Keychain { keychain: "test", reason: error.to_string() })
    }
}

type All = std::collections::BTreeMap<String, SecretString>;
type Names = std::collections::BTreeSet<String>;

impl Side for Counted<'_> {
    fn kind(&self) -> Kind {
        self.side.kind()
    }

    fn all(&self, names: &Names) -> Result<All, SecretError> {
        self.step()?;
        self.side.all(names)
    }

    fn put_all(&self, secrets: &All) -> Result<(), SecretError> {
        self.step()?;
        self.side.put_all(secrets)
    }

    fn remove_all(&self, names: &Names) -> Result<(), SecretError> {
        self.step()?;
        self.side.remove_all(names)
    }
}

/// Moves to the other side, or tidies up after a move, until so many uses of files and keychain are used up: as if the
/// process ended there. Tells whether it came to the end.
fn move_until(folder: &Path, to: Kind, memory: &Memory, uses: usize) -> bool {
    let mut place = Place::read(folder).expect("reads").expect("is there");
    let keychain = KeychainSecrets::new(folder, place.clone(), memory.connect(), PATIENCE).expect("starts");
    let file = File { path: file_of(folder) };
    let (file, keychain) = (Counted { side: &file, memory }, Counted { side: &keychain, memory });
    let (from, to): (&dyn Side, &dyn Side) = match to {
        Kind::Keychain => (&file, &keychain),
        Kind::File => (&keychain, &file),
    };
    memory.fail_after(uses);
    let save = |place: &Place| {
        file.step()?;
        place.save(folder)
    };
    let moved = if place.at == to.kind() {
        moving::tidy(&mut place, from, &save)
    } else {
        moving::move_all(&mut place, from, to, &save)
    };
    // Copies that could not be removed are no failure of the move; that the next start removes them is checked.
    let complete = moved.is_ok() && memory.uses_left() > Some(0);
    memory.repair();
    complete
}

#[test]
fn a_crash_at_any_point_of_a_move_loses_nothing_and_the_next_start_tidies_up() {
    for to in [Kind::Keychain, Kind::File] {
        for choice in CHOICES {
            let mut crashes = 0;
            for uses in 0.. {
                let (memory, folder) = (Memory::default(), tempfile::tempdir().expect("a folder"));
                let start = if to == Kind::Keychain { SecretsChoice::File } else { SecretsChoice::Keychain };
                fill(&open(folder.path(), start, &memory).expect("opens"));
                if move_until(folder.path(), to, &memory, uses) {
                    break;
                }
                crashes += 1;
                // Crashed again, while the first crash is mended.
                move_until(folder.path(), to, &memory, uses / 2);
                let when = format!("after {uses} uses of a move to {to:?}, started with {choice:?}");
                let secrets = open(folder.path(), choice, &memory).expect("opens");
                assert_whole(&secrets, &when);
                let in_file = choice == SecretsChoice::File;
                assert_eq!(secrets.kind(), if in_file { "file" } else { "keychain" }, "{when}");
                assert_eq!(file_of(folder.path()).exists(), in_file, "{when}");
                assert_eq!(memory.accounts().is_empty(), in_file, "{when}: {:?}", memory.accounts());
            }
            assert!(crashes > 15, "{crashes} points are not all of them");
        }
    }
}

#[test]
fn copies_that_do_not_count_never_come_back() {
    let (memory, folder) = (Memory::default(), tempfile::tempdir().expect("a folder"));
    fill(&open(folder.path(), SecretsChoice::Keychain, &memory).expect("opens"));
    // Ended after the file was written, before it counted.
    let mut uses = 0;
    while !file_of(folder.path()).exists() {
        move_until(folder.path(), Kind::File, &memory, uses);
        uses += 1;
    }
    assert_eq!(Place::read(folder.path()).expect("reads").expect("is there").at, Kind::Keychain);
    let secrets = open(folder.path(), SecretsChoice::Auto, &memory).expect("opens");
    let name = &samples()[0].0;
    secrets.put(name, SecretString::from("newer")).expect("is kept");
    secrets.delete(&samples()[1].0).expect("is removed");
    drop(secrets);
    let secrets = open(folder.path(), SecretsChoice::File, &memory).expect("opens");
    assert_eq!(secrets.get(name).expect("reads").expect("is there").expose_secret(), "newer");
    assert!(secrets.get(&samples()[1].0).expect("reads").is_none());
}

#[test]
fn a_file_that_somebody_put_there_is_neither_used_nor_removed() {
    let (memory, folder) = (Memory::default(), tempfile::tempdir().expect("a folder"));
    fill(&open(folder.path(), SecretsChoice::Keychain, &memory).expect("opens"));
    let foreign = FileSecrets::open(&file_of(folder.path()), WhyFile::Chosen).expect("opens");
    let (mine, other) = (&samples()[0].0, SecretName::tunnel("restored"));
    foreign.put(mine, SecretString::from("stale")).expect("is kept");
    foreign.put(&other, SecretString::from("restored")).expect("is kept");
    assert_whole(&open(folder.path(), SecretsChoice::Auto, &memory).expect("opens"), "beside a foreign file");
    assert!(file_of(folder.path()).exists());
    let secrets = open(folder.path(), SecretsChoice::File, &memory).expect("opens");
    assert_whole(&secrets, "together with a foreign file");
    assert!(secrets.get(&other).expect("reads").is_some());
}
