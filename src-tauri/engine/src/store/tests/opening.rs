//! Every way in which opening fails, told apart.

use rusqlite::Connection;

use super::*;

fn error_of(folder: &Path) -> OpenError {
    let tuning = Tuning { patience: Duration::from_millis(20), ..Tuning::default() };
    let error = Store::open_tuned(folder, options(), tuning).expect_err("it does not open");
    assert!(!error.hint().is_empty());
    error
}

async fn a_database() -> tempfile::TempDir {
    let (folder, store, job) = with_job().await;
    for number in 0..50 {
        ingest(&store, &job, &format!("evt_{number}")).await;
    }
    store.close().await;
    folder
}

#[tokio::test]
async fn a_locked_file_is_told() {
    let folder = a_database().await;
    let other = Connection::open(folder.path().join("hookline.db")).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locks");
    assert!(matches!(error_of(folder.path()), OpenError::Locked { .. }));
    other.execute_batch("ROLLBACK").expect("unlocks");
    open_in(folder.path());
}

#[test]
fn a_file_that_is_no_database_is_told_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hookline.db");
    for content in ["short".to_owned(), "long text ".repeat(1000)] {
        std::fs::write(&path, &content).expect("written");
        assert!(matches!(error_of(folder.path()), OpenError::Damaged { .. }));
        assert_eq!(std::fs::read_to_string(&path).expect("read"), content);
    }
}

#[tokio::test]
async fn a_truncated_file_is_told() {
    let folder = a_database().await;
    let path = folder.path().join("hookline.db");
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("opens");
    let length = file.metadata().expect("metadata").len();
    file.set_len(length / 2).expect("cut");
    assert!(matches!(error_of(folder.path()), OpenError::Damaged { .. }));
    file.set_len(60).expect("cut");
    assert!(matches!(error_of(folder.path()), OpenError::Damaged { .. }));
}

#[test]
fn the_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hookline.db");
    let other = Connection::open(&path).expect("opens");
    other.execute_batch("CREATE TABLE notes (text)").expect("made");
    drop(other);
    let before = std::fs::read(&path).expect("read");
    assert!(matches!(error_of(folder.path()), OpenError::Damaged { .. }));
    assert_eq!(std::fs::read(&path).expect("read"), before);
}

#[tokio::test]
async fn a_newer_file_is_refused() {
    let folder = a_database().await;
    let newer = Connection::open(folder.path().join("hookline.db")).expect("opens");
    newer.pragma_update(None, "user_version", 99).expect("set");
    drop(newer);
    assert!(matches!(error_of(folder.path()), OpenError::Newer { found: 99, known, .. } if known < 99));
}

#[cfg(unix)]
#[test]
fn a_place_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("hookline.db")).expect("a folder in the file's place");
    let error = error_of(folder.path());
    assert!(matches!(error, OpenError::ReadOnly { .. }), "{error:?}");
}

#[tokio::test]
async fn what_crashed_is_whole_when_it_is_opened_again() {
    let (folder, store, job) = with_job().await;
    let mut promised = Vec::new();
    let copy = tempfile::tempdir().expect("a folder");
    for number in 0..40 {
        promised.push(ingest(&store, &job, &format!("evt_{number}")).await);
    }
    // What a crash leaves: the files as they are, with the log not yet written back.
    for name in ["hookline.db", "hookline.db-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).expect("copied");
    }
    let again = open_in(copy.path());
    let found: Vec<_> = all(&again, &of_job(&job), 7).await.into_iter().map(|row| row.id).rev().collect();
    assert_eq!(found, promised);
    assert_eq!(again.counts(&job).pending, 40);
    assert!(again.check_integrity().await.expect("checked").is_empty());
}
