//! A process that dies while it migrates, cleans up, deletes a job, writes a backup or an export: what was whole stays
//! whole, and what is half done is gone on with or never taken for whole.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use hookline_engine::faults::Point;
use hookline_tests::process::{Hookline, Job, client, program, text};
use hookline_tests::webhooks::{customer, now_seconds, post_stripe, post_stripe_at, stripe_event};
use reqwest::{Method, StatusCode};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tokio::process::Command;

use super::clock::{Clock, DAY_MS, held_for_long};
use super::load::{all_events, quiet};
use super::process::{assert_killed, fault};

/// The points at which the processes of these tests die.
pub(super) const POINTS: [Point; 7] = [
    Point::WithinMigration,
    Point::WithinCleanup,
    Point::AfterCleanupStep,
    Point::WithinDeletion,
    Point::WithinBackup,
    Point::BeforeBackupIsNamed,
    Point::WithinExport,
];

fn event(number: usize) -> String {
    let object = customer(&format!("cus_{number}"), "Ada");
    stripe_event(&format!("evt_{number}"), "customer.created", now_seconds(), &object).to_string()
}

/// A process with a job into the local file, and so many events in it.
async fn with_events(folder: &Path, events: usize) -> (Hookline, Job) {
    let hookline = Hookline::start_as(quiet(folder, &[])).await;
    let job = hookline.job("stripe", json!({"name": "local", "kind": "local"}), json!({})).await;
    let http = client();
    let posts = (0..events).map(|number| post_stripe(&http, &job, event(number)));
    for (status, answer) in futures_util::future::join_all(posts).await {
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    assert_eq!(hookline.settled(&job).await["completed"], events);
    (hookline, job)
}

async fn assert_sound(hookline: &Hookline) {
    let found = hookline.post("/maintenance/check", json!({})).await;
    assert_eq!(found["ok"], true, "{found}");
}

fn database(folder: &Path) -> PathBuf {
    folder.join("hookline.db")
}

/// A number in a database that nobody has open.
fn number(database: &Path, sql: &str) -> i64 {
    // Written too: a process that died may have left a log to be read.
    let connection = Connection::open(database).expect("opens");
    connection.query_row(sql, [], |row| row.get(0)).expect("is a number")
}

/// The migrations, in their order.
fn migrations() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/engine/src/store/migrations");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("is there").map(|entry| entry.expect("reads").path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).expect("reads")).collect()
}

/// Writes the database as the Hookline of an older schema would have left it, with all the rows that it knew of.
fn write_older(current: &Path, target: &Path, schema: usize) {
    let connection = Connection::open(target).expect("opens");
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF;").expect("is set up");
    for migration in &migrations()[..schema] {
        connection.execute_batch(migration).expect("migrates");
    }
    let application: i64 = number(current, "PRAGMA application_id");
    connection.pragma_update(None, "application_id", application).expect("is set");
    connection.pragma_update(None, "user_version", schema as i64).expect("is set");
    connection.execute("ATTACH ?1 AS newest", [current.to_str().expect("is UTF-8")]).expect("attaches");
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).expect("prepares");
        let rows = statement.query_map([], |row| row.get(0)).expect("reads");
        rows.collect::<Result<_, _>>().expect("reads")
    };
    for table in
        texts("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    {
        let columns = texts(&format!("SELECT name FROM pragma_table_info('{table}', 'main')")).join(", ");
        let copy = format!(
            "DELETE FROM main.{table}; INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newest.{table};"
        );
        connection.execute_batch(&copy).expect("copies");
    }
}

#[tokio::test]
async fn a_migration_of_every_older_schema_that_is_killed_leaves_the_old_one_and_is_done_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, job) = with_events(folder.path(), 30).await;
    assert_eq!(hookline.stop().await, Some(0));
    let newest = migrations().len();
    let current = tempfile::tempdir().expect("a folder");
    let copy = database(current.path());
    std::fs::copy(database(folder.path()), &copy).expect("is copied");
    for older in 0..newest {
        for file in ["hookline.db", "hookline.db-wal", "hookline.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(file));
        }
        if older > 0 {
            write_older(&copy, &database(folder.path()), older);
        }
        // One pass behind each migration, and one before the commit.
        for at in 1..=(newest - older + 1) as u64 {
            let started =
                Hookline::start_or_end(quiet(folder.path(), &fault(Point::WithinMigration, at))).await;
            assert_killed(started.err(), Point::WithinMigration, at);
            assert_eq!(number(&database(folder.path()), "PRAGMA user_version"), older as i64);
        }
        let hookline = Hookline::start_as(quiet(folder.path(), &[])).await;
        if older > 0 {
            assert_eq!(all_events(&hookline, &job).await.len(), 30);
            assert_eq!(hookline.by_status(&job).await["completed"], 30);
            let (status, _) = post_stripe(&client(), &job_at(&hookline, &job), event(1000 + older)).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(hookline.settled(&job).await["completed"], 31);
        }
        assert_sound(&hookline).await;
        assert_eq!(hookline.stop().await, Some(0));
        assert_eq!(number(&database(folder.path()), "PRAGMA user_version"), newest as i64);
    }
}

/// The job as the process that runs now can be reached.
fn job_at(hookline: &Hookline, job: &Job) -> Job {
    let path = job.url.split_once("/api/").expect("is a URL of the receiver").1;
    Job { url: format!("{}/api/{path}", hookline.ready.receiver), ..job.clone() }
}

#[tokio::test]
async fn a_cleanup_that_is_killed_deletes_events_whole_and_goes_on_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::new(-40 * DAY_MS);
    let hookline = Hookline::start_as(quiet(folder.path(), &clock.environment())).await;
    let job = hookline.job("stripe", json!({"name": "local", "kind": "local"}), json!({})).await;
    let http = client();
    let then = clock.now_seconds();
    let post = async |number: usize, object: Value| {
        let body = stripe_event(&format!("evt_{number}"), "customer.created", then, &object).to_string();
        let (status, answer) = post_stripe_at(&http, &job, body, then).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        text(&answer["eventId"])
    };
    let mut ids = Vec::new();
    for number in 0..300 {
        ids.push(post(number, customer(&format!("cus_{number}"), "Ada")).await);
    }
    // One that nothing can store, and one that somebody wants to keep.
    let mut odd = customer("cus_odd", "Ada");
    odd["a\0b"] = json!(1);
    let failed = post(300, odd).await;
    hookline.settled(&job).await;
    let pin = format!("/workspaces/default/sync-jobs/{}/webhook/events/{}/pin", job.id, ids[150]);
    assert_eq!(hookline.call(Method::PUT, &pin, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(hookline.stop().await, Some(0));
    held_for_long(folder.path(), 0);

    clock.set(0);
    let mut left = 301;
    for (point, at) in [
        (Point::WithinCleanup, 1),
        (Point::WithinCleanup, 100),
        (Point::AfterCleanupStep, 1),
        (Point::WithinCleanup, 20),
        (Point::AfterCleanupStep, 1),
    ] {
        let environment = [clock.environment(), fault(point, at)].concat();
        let ended = match Hookline::start_or_end(quiet(folder.path(), &environment)).await {
            Ok(mut hookline) => hookline.ended().await,
            Err(ended) => Some(ended),
        };
        assert_killed(ended, point, at);
        let events = number(&database(folder.path()), "SELECT count(*) FROM webhook_events");
        if point == Point::WithinCleanup {
            assert_eq!(events, left, "what was not committed is all there");
        }
        left = events;
        assert_eq!(number(&database(folder.path()), "SELECT count(*) FROM webhook_bodies"), events);
    }
    let hookline = Hookline::start_as(quiet(folder.path(), &clock.environment())).await;
    let stats = format!("/workspaces/default/sync-jobs/{}/webhook/stats", job.id);
    hookline.until_get(&stats, |stats| stats["total"] == 2).await;
    let kept: Vec<String> =
        all_events(&hookline, &job).await.iter().map(|event| text(&event["id"])).collect();
    assert_eq!(kept, [failed, ids[150].clone()]);
    let counts = hookline.by_status(&job).await;
    assert_eq!((&counts["failed"], &counts["completed"]), (&json!(1), &json!(1)), "{counts}");
    assert_sound(&hookline).await;
}

#[tokio::test]
async fn a_job_whose_deletion_is_killed_again_and_again_is_gone_at_once_and_its_rows_in_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, job) = with_events(folder.path(), 300).await;
    hookline.kill().await;
    let path = format!("/api/workspaces/default/sync-jobs/{}", job.id);
    let mut deaths = 0;
    loop {
        // The rest of a deletion may be killed before the process is ready.
        let environment = fault(Point::WithinDeletion, 1);
        let ended = match Hookline::start_or_end(quiet(folder.path(), &environment)).await {
            Err(ended) => Some(ended),
            Ok(mut hookline) => {
                if deaths == 0 {
                    ask(&hookline, Method::DELETE, &path, None).await;
                }
                hookline.ended().await
            }
        };
        assert_killed(ended, Point::WithinDeletion, 1);
        deaths += 1;
        let left = number(&database(folder.path()), "SELECT count(*) FROM sync_jobs");
        let events = number(&database(folder.path()), "SELECT count(*) FROM webhook_events");
        assert_eq!(number(&database(folder.path()), "SELECT count(*) FROM webhook_bodies"), events);
        if left == 0 {
            break;
        }
        assert!(deaths < 20, "each start goes on with the deletion");
    }
    assert!(deaths >= 3, "{deaths}");
    let hookline = Hookline::start_as(quiet(folder.path(), &[])).await;
    let jobs = hookline.get("/workspaces/default/sync-jobs").await;
    assert_eq!(jobs["syncJobs"].as_array().map(Vec::len), Some(0), "{jobs}");
    assert_sound(&hookline).await;
}

/// Asks for what may kill the process before it answers.
async fn ask(hookline: &Hookline, method: Method, path: &str, body: Option<Value>) {
    let url = format!("{}{path}", hookline.ready.api);
    let mut request = client().request(method, url).bearer_auth(&hookline.ready.token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    // What comes back, if anything does, is not what this is about.
    drop(request.send().await);
}

#[tokio::test]
async fn a_backup_that_is_killed_is_not_there_under_its_name_and_one_that_is_there_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let backups = tempfile::tempdir().expect("a folder");
    let (hookline, job) = with_events(folder.path(), 200).await;
    hookline.kill().await;
    let target = backups.path().join("backup.db");
    let request = json!({"path": target});
    let points = [1, 5, 20, 60, 150].map(|at| (Point::WithinBackup, at));
    for (point, at) in points.into_iter().chain([(Point::BeforeBackupIsNamed, 1)]) {
        let mut hookline = Hookline::start_as(quiet(folder.path(), &fault(point, at))).await;
        ask(&hookline, Method::POST, "/api/maintenance/backup", Some(request.clone())).await;
        assert_killed(hookline.ended().await, point, at);
        assert!(!target.exists(), "half a backup has the name of a whole one");
    }
    // What is left says what it is.
    for entry in std::fs::read_dir(backups.path()).expect("reads") {
        let name = entry.expect("reads").file_name().into_string().expect("is UTF-8");
        assert!(name.starts_with("backup.db.") && name.contains(".partial"), "{name}");
    }
    // At any moment: whole or not there.
    for number in 0..10 {
        let target = backups.path().join(format!("random_{number}.db"));
        let hookline = Hookline::start_as(quiet(folder.path(), &[])).await;
        let request = json!({"path": target});
        tokio::select! {
            () = ask(&hookline, Method::POST, "/api/maintenance/backup", Some(request)) => {}
            () = tokio::time::sleep(std::time::Duration::from_millis(number * 4)) => {}
        }
        hookline.kill().await;
        if target.exists() {
            assert_whole(&target, 200);
        }
    }
    let hookline = Hookline::start_as(quiet(folder.path(), &[])).await;
    hookline.post("/maintenance/backup", request).await;
    assert_whole(&target, 200);
    hookline.kill().await;

    let restored = tempfile::tempdir().expect("a folder");
    std::fs::copy(&target, database(restored.path())).expect("is copied");
    let hookline = Hookline::start_as(quiet(restored.path(), &[])).await;
    assert_eq!(all_events(&hookline, &job).await.len(), 200);
    assert_sound(&hookline).await;
}

fn assert_whole(backup: &Path, events: i64) {
    let connection =
        Connection::open_with_flags(backup, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("is a database");
    let sound: String =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("can be checked");
    assert_eq!(sound, "ok");
    let count: i64 = connection
        .query_row("SELECT count(*) FROM webhook_events JOIN webhook_bodies ON event_id = id", [], |row| {
            row.get(0)
        })
        .expect("can be read");
    assert_eq!(count, events);
}

#[tokio::test]
async fn an_export_that_is_killed_leaves_the_older_one_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, _) = with_events(folder.path(), 40).await;
    let exports = tempfile::tempdir().expect("a folder");
    let file = exports.path().join("events.ndjson");
    let export = async |environment: Vec<(&'static str, String)>| {
        let mut command = Command::new(program());
        command
            .args(["events", "export", "--data-dir"])
            .arg(folder.path())
            .arg("--output")
            .arg(&file)
            .envs(environment)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command.status().await.expect("runs")
    };
    assert_killed(Some(export(fault(Point::WithinExport, 5)).await), Point::WithinExport, 5);
    assert!(!file.exists(), "half an export has the name of a whole one");
    assert!(export(Vec::new()).await.success());
    let whole = std::fs::read_to_string(&file).expect("is there");
    assert_eq!(whole.lines().count(), 40);
    for at in [1, 39, 40] {
        assert_killed(Some(export(fault(Point::WithinExport, at)).await), Point::WithinExport, at);
        assert_eq!(std::fs::read_to_string(&file).expect("is there"), whole);
    }
    hookline.kill().await;
}
