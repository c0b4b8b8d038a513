//! The disk itself: a test that stands on it must be able to fail.

use rusqlite::{Connection, ErrorCode, ffi};

use super::{Chance, Disk, Fault, Op};

fn opened() -> (tempfile::TempDir, Disk, Connection) {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = Disk::below(folder.path()).expect("a disk");
    let connection = Connection::open(folder.path().join("t.db")).expect("opens");
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (n INTEGER)")
        .expect("is made");
    (folder, disk, connection)
}

fn insert(connection: &Connection, number: i64) -> rusqlite::Result<usize> {
    connection.execute("INSERT INTO t VALUES (?1)", [number])
}

fn numbers(connection: &Connection) -> Vec<i64> {
    let mut statement = connection.prepare("SELECT n FROM t ORDER BY n").expect("is prepared");
    statement.query_map([], |row| row.get(0)).expect("reads").collect::<Result<_, _>>().expect("reads")
}

fn after_cut(disk: &Disk, moment: u64, chance: Chance) -> Vec<i64> {
    let image = tempfile::tempdir().expect("a folder");
    disk.cut_power(moment, chance, image.path()).expect("is written");
    numbers(&Connection::open(image.path().join("t.db")).expect("opens"))
}

#[test]
fn what_was_synced_outlives_a_power_cut_and_what_was_not_may_not() {
    let (_folder, disk, connection) = opened();
    insert(&connection, 1).expect("is written");
    connection.execute_batch("PRAGMA synchronous = OFF").expect("is set");
    let synced = disk.moment();
    insert(&connection, 2).expect("is written");
    assert_eq!(after_cut(&disk, synced, Chance::Nothing), [1]);
    assert_eq!(after_cut(&disk, disk.moment(), Chance::Nothing), [1], "it was never synced");
    assert_eq!(after_cut(&disk, disk.moment(), Chance::Everything), [1, 2]);
    let drawn: Vec<_> =
        (0..40).map(|seed| after_cut(&disk, disk.moment(), Chance::Drawn(seed)).len()).collect();
    assert!(drawn.iter().all(|found| (1..=2).contains(found)), "torn pages never count: {drawn:?}");
}

#[test]
fn the_call_that_is_meant_fails_with_its_code_and_heals() {
    let (folder, disk, connection) = opened();
    for (op, code, expected) in [
        (Op::Write, ffi::SQLITE_FULL, ErrorCode::DiskFull),
        (Op::Sync, ffi::SQLITE_IOERR_FSYNC, ErrorCode::SystemIoFailure),
    ] {
        disk.fail(Fault::new(&[op], code).on("t.db-wal").times(1));
        let error = insert(&connection, 1).expect_err("fails");
        assert_eq!(error.sqlite_error_code(), Some(expected));
        assert_eq!((disk.struck(), disk.heal(), disk.struck()), (1, 1, 0));
    }
    disk.fail(Fault::new(&[Op::Write], ffi::SQLITE_FULL).on("another.db"));
    disk.fail(Fault::new(&[Op::Write], ffi::SQLITE_FULL).on("/below/"));
    insert(&connection, 2).expect("no fault is about this file");
    assert_eq!(disk.heal(), 0);
    disk.fail(Fault::new(&[Op::Open], ffi::SQLITE_CANTOPEN));
    assert!(Connection::open(folder.path().join("new.db")).is_err());
    disk.heal();
    disk.set_read_only(true);
    assert!(insert(&connection, 3).is_err());
    disk.set_read_only(false);
    assert_eq!(numbers(&connection), [2]);
}

#[test]
fn a_sync_that_loses_takes_away_what_the_program_believes_to_be_written() {
    let (folder, disk, connection) = opened();
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0").expect("is set");
    insert(&connection, 1).expect("is written");
    disk.fail(Fault::new(&[Op::Sync], ffi::SQLITE_IOERR_FSYNC).on("t.db").losing());
    let before = std::fs::metadata(folder.path().join("t.db")).expect("is there").len();
    let checkpoint = || connection.query_row("PRAGMA wal_checkpoint", [], |row| row.get::<_, i64>(2));
    checkpoint().expect_err("the sync fails");
    // No second handle of the file is opened: closing it would release SQLite's locks.
    assert!(std::fs::metadata(folder.path().join("t.db")).expect("is there").len() >= before);
    disk.heal();
    assert_eq!(numbers(&connection), [1], "the log still has it");
    assert!(checkpoint().expect("works") > 0, "the pages are written again");
    assert_eq!(after_cut(&disk, disk.moment(), Chance::Nothing), [1]);
}

/// Why Hookline keeps reads and checkpoints apart: this is SQLite's own doing.
#[test]
fn sqlite_loses_pages_when_a_sync_fails_after_a_checkpoint_that_a_read_cut_short() {
    let (folder, disk, connection) = opened();
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0; CREATE TABLE u (n INTEGER)").expect("is made");
    let checkpoint = || {
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })
    };
    checkpoint().expect("all is in the database");
    insert(&connection, 1).expect("is committed");
    let reader = Connection::open(folder.path().join("t.db")).expect("opens");
    reader.execute_batch("BEGIN").expect("begins");
    assert_eq!(numbers(&reader), [1]);
    connection.execute("INSERT INTO u VALUES (1)", []).expect("is committed");
    let (pages, written) = checkpoint().expect("works");
    assert!(0 < written && written < pages, "the read cut it short: {written} of {pages}");
    reader.execute_batch("COMMIT").expect("ends");
    disk.fail(Fault::new(&[Op::Sync], ffi::SQLITE_IOERR_FSYNC).on("t.db").losing().times(1));
    checkpoint().expect_err("the sync fails");
    let (pages, written) = checkpoint().expect("SQLite takes all for written now");
    assert_eq!(pages, written);
    // The log begins anew with the next transaction, over pages that are in no file any more.
    connection.execute("INSERT INTO u VALUES (2)", []).expect("is committed");
    assert_ne!(
        after_cut(&disk, disk.moment(), Chance::Nothing),
        [1],
        "SQLite has mended this: drop the gate"
    );
}
