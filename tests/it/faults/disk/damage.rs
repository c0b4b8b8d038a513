//! Files that hold what nobody wrote.
//!
//! Whatever was done to the database: it is refused with what to do, or each event is as it was received, or the check tells
//! of the damage. Nothing that was altered is handed out, nothing panics, nothing hangs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hookline_engine::event::EventHead;
use hookline_engine::store::{EventFilter, OpenError, Order, Store, StoreError};
use hookline_faulty_vfs::Disk;
use hookline_tests::process::{Job, PATIENCE};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rand::RngExt as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::world::{Running, post_about, post_event, store_options, until};

const EVENTS: usize = 24;
const PAGE: usize = 4096;

/// Always the same numbers.
fn draws() -> TestRng {
    TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::default())).new_rng()
}

/// A folder that Hookline left, and what it held.
struct Template {
    folder: tempfile::TempDir,
    job: Job,
    events: BTreeMap<String, (EventHead, Vec<u8>)>,
}

impl Template {
    async fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let hookline = Running::start(folder.path()).await;
        let job = hookline.job(json!({"name": "d", "kind": "local"})).await;
        for number in 0..EVENTS {
            assert!(post_event(&hookline.http, &job, &format!("evt_{number}")).await.is_taken());
        }
        hookline.settled(&job).await;
        let indexed = format!("/workspaces/default/sync-jobs/{}/webhook/events?q=evt_3", job.id);
        until("indexing", async || {
            hookline.get(&indexed).await["events"].as_array().is_some_and(|it| it.len() == 1)
        })
        .await;
        hookline.stop().await;
        let events = read_all(folder.path()).expect("is whole").expect("is whole").events;
        assert_eq!(events.len(), EVENTS);
        Self { folder, job, events }
    }

    /// A copy, in which one file is changed.
    fn damaged(&self, name: &str, damage: impl FnOnce(&mut Vec<u8>)) -> tempfile::TempDir {
        let copy = tempfile::tempdir().expect("a folder");
        copy_folder(self.folder.path(), copy.path());
        let path = copy.path().join(name);
        let mut bytes = std::fs::read(&path).expect("reads");
        damage(&mut bytes);
        std::fs::write(&path, bytes).expect("writes");
        copy
    }

    /// Fails where something that was altered is handed out, or something is missing and nothing is told.
    fn assert_told(&self, folder: &Path, what: &str) {
        let read = match read_all(folder) {
            Err(error) => {
                assert!(!error.hint().is_empty(), "{what}: {error:?}");
                return;
            }
            // SQLite noticed at runtime.
            Ok(None) => return,
            Ok(Some(read)) => read,
        };
        for (id, (head, body)) in &read.events {
            let original = self.events.get(id);
            assert!(
                original.is_some_and(|original| original.0 == *head && original.1 == *body),
                "{what}: {id} was altered and nobody noticed: {head:?} instead of {original:?}"
            );
        }
        assert!(
            read.events.len() == self.events.len() || !read.told.is_empty(),
            "{what}: {} of {} events are left and nothing is told",
            read.events.len(),
            self.events.len()
        );
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("lists").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("has a type").is_dir() {
            std::fs::create_dir_all(&target).expect("is made");
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copies");
        }
    }
}

struct Read {
    events: BTreeMap<String, (EventHead, Vec<u8>)>,
    /// What the check found.
    told: Vec<String>,
}

/// Everything that is handed out. `None`: an error at runtime told of the damage. On a thread of its own, so that a panic or a
/// hang is seen as one.
fn read_all(folder: &Path) -> Result<Option<Read>, OpenError> {
    let folder = folder.to_owned();
    // Its syncs cost nothing.
    let _disk = Disk::below(&folder).expect("a disk");
    let (done, is_done) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let read = Store::open(&folder, store_options()).map(|store| {
            runtime.block_on(async {
                let read = read_from(&store).await;
                store.close().await;
                match read {
                    Ok(read) => Some(read),
                    Err(StoreError::Sqlite(_)) => None,
                    Err(error) => panic!("{error:?}"),
                }
            })
        });
        let _ = done.send(());
        read
    });
    let ended = is_done.recv_timeout(PATIENCE);
    assert!(ended.is_ok() || reading.is_finished(), "reading hangs");
    reading.join().expect("no panic")
}

async fn read_from(store: &Store) -> Result<Read, StoreError> {
    let filter = EventFilter { order: Order::OldestFirst, ..EventFilter::default() };
    let page = store.events(filter, None, 1000).await?;
    let told = store.check_integrity().await?;
    let mut events = BTreeMap::new();
    for row in page.events {
        // One that cannot be read is told when it is asked for.
        if let Ok(detail) = store.event(&row.job_id, row.id).await {
            events.insert(row.head.provider_event_id.clone(), (row.head, detail.request.body.to_vec()));
        }
    }
    Ok(Read { events, told })
}

/// The database with its log written back, so that all of it lies in one file.
fn length_of(folder: &Path, name: &str) -> usize {
    std::fs::metadata(folder.join(name)).expect("is there").len() as usize
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_flipped_bit_of_the_database_alters_an_event_in_silence() {
    let template = Template::make().await;
    let mut draws = draws();
    let length = length_of(template.folder.path(), "hookline.db");
    for round in 0..250 {
        let (at, bit) = (draws.random_range(0..length), draws.random_range(0..8));
        let folder = template.damaged("hookline.db", |bytes| bytes[at] ^= 1 << bit);
        template.assert_told(folder.path(), &format!("round {round}: bit {bit} of byte {at}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cut_zeroed_or_foreign_part_of_the_database_is_passed_over_in_silence() {
    let template = Template::make().await;
    let length = length_of(template.folder.path(), "hookline.db");
    for end in (0..length).step_by(PAGE).chain([1, 99, 100, 101, 4095, 4097, length / 2 + 17, length - 1]) {
        let folder = template.damaged("hookline.db", |bytes| bytes.truncate(end));
        let error = read_all(folder.path()).map(|read| read.map(|read| read.told));
        assert!(matches!(error, Err(OpenError::Damaged { .. })), "cut to {end} of {length} bytes: {error:?}");
        assert_eq!(length_of(folder.path(), "hookline.db"), end, "it is left as it is");
    }
    for page in (0..length).step_by(PAGE) {
        let folder = template.damaged("hookline.db", |bytes| bytes[page..page + PAGE].fill(0));
        template.assert_told(folder.path(), &format!("page {} of zeros", page / PAGE));
        let folder = template.damaged("hookline.db", |bytes| bytes.copy_within(page.., 0));
        template.assert_told(folder.path(), &format!("without the first {page} bytes"));
    }
    for foreign in ["x".repeat(7), "no database, but a text ".repeat(4000)] {
        let folder = template.damaged("hookline.db", |bytes| *bytes = foreign.clone().into_bytes());
        assert!(matches!(read_all(folder.path()), Err(OpenError::Damaged { .. })));
    }
}

/// What `kill -9` leaves: the database with its log and shared memory.
async fn killed(template: &Template) -> tempfile::TempDir {
    let running = tempfile::tempdir().expect("a folder");
    copy_folder(template.folder.path(), running.path());
    let hookline = Running::start(running.path()).await;
    let job = hookline.moved(&template.job);
    for number in 0..6 {
        assert!(post_event(&hookline.http, &job, &format!("late_{number}")).await.is_taken());
    }
    hookline.settled(&job).await;
    let left = tempfile::tempdir().expect("a folder");
    copy_folder(running.path(), left.path());
    hookline.stop().await;
    left
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_damaged_missing_or_of_another_database_hands_out_nothing_that_was_altered() {
    let mut template = Template::make().await;
    let left = killed(&template).await;
    let whole = tempfile::tempdir().expect("a folder");
    copy_folder(left.path(), whole.path());
    let all = read_all(whole.path()).expect("opens").expect("reads");
    assert_eq!(
        (all.events.len(), &all.told),
        (EVENTS + 6, &Vec::new()),
        "a log that was left behind is read"
    );
    let before = std::mem::replace(&mut template.events, all.events);
    let (log, shared) = ("hookline.db-wal", "hookline.db-shm");
    let copy = |change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().expect("a folder");
        copy_folder(left.path(), folder.path());
        change(folder.path());
        folder
    };
    let handed_out = |folder: &Path, what: &str| match read_all(folder) {
        Err(error) => assert!(!error.hint().is_empty(), "{what}: {error:?}"),
        Ok(None) => {}
        Ok(Some(read)) => {
            for (id, event) in &read.events {
                assert!(template.events.get(id) == Some(event), "{what}: {id} was altered");
            }
            assert!(
                before.keys().all(|id| read.events.contains_key(id)) || !read.told.is_empty(),
                "{what}: what lies in the database is gone, and nothing is told"
            );
        }
    };
    // The memory that is shared is made anew, whatever lies there.
    for change in [None, Some(Vec::new()), Some(vec![0xaa; 32768])] {
        let folder = copy(&|folder| match &change {
            None => std::fs::remove_file(folder.join(shared)).expect("is removed"),
            Some(bytes) => std::fs::write(folder.join(shared), bytes).expect("is written"),
        });
        let read = read_all(folder.path()).expect("opens").expect("reads");
        assert_eq!((read.events.len(), read.told), (EVENTS + 6, Vec::new()));
    }
    let bytes = std::fs::read(left.path().join(log)).expect("reads");
    let mut draws = draws();
    for round in 0..60 {
        let at = draws.random_range(0..bytes.len());
        let folder = copy(&|folder| {
            let mut bytes = bytes.clone();
            if round % 2 == 0 {
                bytes[at] ^= 1 << (round % 8);
            } else {
                bytes.truncate(at);
            }
            std::fs::write(folder.join(log), bytes).expect("is written");
        });
        handed_out(folder.path(), &format!("round {round}, byte {at} of the log"));
    }
    let missing = copy(&|folder| std::fs::remove_file(folder.join(log)).expect("is removed"));
    handed_out(missing.path(), "no log");
    let other = Template::make().await;
    let others = killed(&other).await;
    let mixed = copy(&|folder| {
        std::fs::copy(others.path().join(log), folder.join(log)).expect("copies");
    });
    match read_all(mixed.path()) {
        Ok(Some(read)) => {
            let known = |id: &String, event| template.events.get(id) == Some(event) || !read.told.is_empty();
            assert!(
                read.events.iter().all(|(id, event)| known(id, event)),
                "the log of another database counts"
            );
        }
        Ok(None) => {}
        Err(error) => assert!(!error.hint().is_empty(), "{error:?}"),
    }
    // Its log is all that is left of a database: SQLite would throw it away.
    let empty = copy(&|folder| std::fs::write(folder.join("hookline.db"), "").expect("is written"));
    assert!(matches!(read_all(empty.path()), Err(OpenError::Damaged { .. })));
    assert_eq!(length_of(empty.path(), log), bytes.len(), "the log is left as it is");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_search_index_is_made_anew_by_itself() {
    let template = Template::make().await;
    let mut draws = draws();
    let length = length_of(template.folder.path(), "search.db");
    for round in 0..14 {
        let folder = template.damaged("search.db", |bytes| match round {
            0 => bytes.clear(),
            1 => bytes.truncate(PAGE),
            2 => bytes.fill(0),
            3 => *bytes = b"no database, but a text of some length".repeat(1000),
            4 => bytes.truncate(length - 1),
            _ => {
                let at = draws.random_range(0..length / PAGE) * PAGE;
                bytes[at..at + PAGE].fill(0x5a);
            }
        });
        let hookline = Running::start(folder.path()).await;
        let job = hookline.moved(&template.job);
        assert!(post_event(&hookline.http, &job, "evt_new").await.is_taken());
        for id in ["evt_3", "evt_new"] {
            let path = format!("/workspaces/default/sync-jobs/{}/webhook/events?q={id}", job.id);
            until(&format!("round {round}: finding {id}"), async || {
                let (status, page) = hookline.call(Method::GET, &path, None).await;
                status.is_success() && page["events"].as_array().is_some_and(|found| found.len() == 1)
            })
            .await;
        }
        hookline.stop().await;
    }
}

fn documents_file(folder: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(folder.join("documents")).expect("lists").flatten();
    let file = files.find(|entry| entry.path().extension().is_some_and(|ending| ending == "db"));
    file.expect("there is one").path()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_documents_stop_their_job_with_what_to_do_and_no_event_is_lost() {
    let template = Template::make().await;
    let name = documents_file(template.folder.path());
    let name = name.strip_prefix(template.folder.path()).expect("lies there").to_str().expect("is UTF-8");
    let length = length_of(template.folder.path(), name);
    let mut draws = draws();
    let mut blocked = 0;
    for round in 0..16 {
        let folder = template.damaged(name, |bytes| match round {
            0 => bytes.truncate(60),
            1 => bytes.truncate(PAGE),
            2 => *bytes = b"no database, but a text of some length".repeat(1000),
            3 => bytes[..PAGE].fill(0),
            4 => bytes.truncate(length - 700),
            5 => bytes[PAGE..].fill(0),
            _ => {
                let at = draws.random_range(100..length);
                bytes[at] ^= 0xff;
            }
        });
        let hookline = Running::start(folder.path()).await;
        let job = hookline.moved(&template.job);
        for number in 0..EVENTS {
            // The same customers again, so that what stands there is read.
            let (id, about) = (format!("new_{number}"), format!("cus_evt_{number}"));
            assert!(post_about(&hookline.http, &job, &id, &about).await.is_taken());
        }
        let path = format!("/workspaces/default/sync-jobs/{}", job.id);
        let mut delivery = Value::Null;
        until("an outcome", async || {
            delivery = hookline.get(&path).await["delivery"].take();
            let counts = hookline.counts(&job).await;
            delivery["state"] != "running" || counts["pending"] == 0
        })
        .await;
        if delivery["state"] != "running" {
            blocked += 1;
            assert!(delivery["error"].as_str().is_some_and(|error| !error.is_empty()), "{round}: {delivery}");
            assert_eq!(delivery["state"], "blocked", "{round}: {delivery}");
            assert!(
                delivery["hint"].as_str().is_some_and(|hint| hint.contains("move the file away")),
                "{round}: {delivery}"
            );
            // What to do helps, without a restart.
            for suffix in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(folder.path().join(format!("{name}{suffix}")));
            }
            hookline.call(Method::POST, &format!("{path}/resume"), Some(json!({}))).await;
            let counts = hookline.settled(&job).await;
            assert_eq!(counts["completed"], 2 * EVENTS, "{round}: {counts}");
        }
        tokio::time::timeout(PATIENCE, hookline.stop()).await.expect("stops");
    }
    assert!(blocked >= 4, "only {blocked} rounds were noticed");
}
