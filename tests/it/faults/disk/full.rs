//! A file system that is really full, around the real `hookline serve`: a small tmpfs in a mount namespace of its own.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use hookline_tests::process::{Hookline, Job, PATIENCE, client, program, serve};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;

use super::world::{post_event, until};

/// Leaves these tests out where the machine allows no mounts, and says so.
const LEFT_OUT: &str = "HOOKLINE_TESTS_WITHOUT_MOUNTS";

/// Whether a namespace with mounts of its own can be had. Fails where it cannot and nobody has said that this is fine.
async fn mounts_are_allowed() -> bool {
    let tried = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output().await;
    let said = match tried {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    assert!(
        std::env::var_os(LEFT_OUT).is_some(),
        "a full disk cannot be tested: `unshare -rm mount` says {said:?}. Allow user namespaces, run as root, or set \
         {LEFT_OUT}=1 to leave these tests out."
    );
    eprintln!("LEFT OUT because {LEFT_OUT} is set: {said}");
    false
}

/// The command with a tmpfs of so many KiB in the place of `folder`, after `before` was run there.
fn in_small_disk(folder: &Path, kib: u32, before: &str, command: &Command) -> Command {
    let command = command.as_std();
    let script = format!(
        "mount -t tmpfs -o size={kib}k,mode=700 tmpfs \"$0\" && cd \"$0\" && {{ {before}; }} && exec \"$@\""
    );
    let mut wrapped = Command::new("unshare");
    wrapped
        .args(["-rm", "sh", "-c", &script])
        .arg(folder)
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    wrapped.stdin(Stdio::null()).kill_on_drop(true);
    wrapped
}

/// Writes until nothing more fits.
fn fill(file: &Path) {
    let mut file = std::fs::File::options().create(true).append(true).open(file).expect("is made");
    for size in [65536, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

async fn hookline(data_dir: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program())
        .args(arguments)
        .arg("--data-dir")
        .arg(data_dir)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output();
    let output = tokio::time::timeout(PATIENCE, output).await.expect("ends in time").expect("runs");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), said.concat().split_whitespace().collect::<Vec<_>>().join(" "))
}

struct Full {
    _folder: tempfile::TempDir,
    hookline: Hookline,
    /// The data directory, as this process sees it.
    data_dir: PathBuf,
    ballast: PathBuf,
    job: Job,
    stored: Vec<String>,
}

impl Full {
    /// A Hookline that has stored something on a disk that is full now.
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let command = in_small_disk(folder.path(), 6144, "true", &serve(folder.path()));
        let hookline = Hookline::start_as(command).await;
        let below = folder.path().strip_prefix("/").expect("is absolute");
        let data_dir = Path::new("/proc").join(hookline.pid().to_string()).join("root").join(below);
        let ballast = data_dir.join("ballast");
        let job = hookline.job("stripe", json!({"name": "d", "kind": "local"}), json!({})).await;
        let mut full = Self { _folder: folder, hookline, data_dir, ballast, job, stored: Vec::new() };
        assert!(full.post("evt_before").await);
        full.hookline.settled(&full.job).await;
        full.fill();
        full
    }

    async fn post(&mut self, id: &str) -> bool {
        let taken = post_event(&client(), &self.job, id).await.is_taken();
        if taken {
            self.stored.push(id.to_owned());
        }
        taken
    }

    fn fill(&self) {
        fill(&self.ballast);
    }

    /// Posts until the files that were there have no room left either.
    async fn post_until_refused(&mut self, round: &str) {
        for number in 0..5000 {
            if !self.post(&format!("{round}_{number}")).await {
                return;
            }
            // What the search index and the documents need for these is taken, too.
            self.fill();
        }
        panic!("the disk is not full");
    }

    async fn assert_all_are_there_once(&self) {
        let counts = self.hookline.settled(&self.job).await;
        let sum: u64 =
            ["completed", "failed", "skipped"].iter().filter_map(|status| counts[status].as_u64()).sum();
        assert_eq!(
            (&counts["completed"], sum),
            (&json!(self.stored.len()), self.stored.len() as u64),
            "{counts}"
        );
        let mut found: Vec<String> = Vec::new();
        let mut cursor = String::new();
        loop {
            let path =
                format!("/workspaces/default/sync-jobs/{}/webhook/events?limit=100{cursor}", self.job.id);
            let page = self.hookline.get(&path).await;
            let rows = page["events"].as_array().expect("is a list");
            found.extend(rows.iter().filter_map(|row| row["providerEventId"].as_str().map(str::to_owned)));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let mut stored = self.stored.clone();
        stored.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, stored);
        let check = self.hookline.post("/maintenance/check", json!({})).await;
        assert_eq!(check["ok"], true, "{check}");
    }
}

fn error_of((status, answer): (StatusCode, Value)) -> String {
    assert!(!status.is_success(), "{answer}");
    answer["error"].to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_answers_503_is_told_everywhere_and_is_overcome_without_a_restart() {
    if !mounts_are_allowed().await {
        return;
    }
    let mut full = Full::start().await;
    for round in ["first", "second"] {
        full.fill();
        full.post_until_refused(round).await;
        let status = full.hookline.get("/status").await;
        let problem = &status["storage"]["problem"];
        assert_eq!(problem["message"], "there is no room left on the disk", "{status}");
        assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("Make room")), "{status}");
        let (_, said) = hookline(&full.data_dir, &["status"]).await;
        assert!(said.contains("no room left on the disk") && said.contains("Make room"), "{said}");
        let (well, said) = hookline(&full.data_dir, &["doctor"]).await;
        assert!(!well && said.contains("no room left on the disk") && said.contains("Make room"), "{said}");

        // What else is written meanwhile says the same, and leaves no half of a file.
        let backup = full.data_dir.join("backup.db");
        let path = backup.strip_prefix(format!("/proc/{}/root", full.hookline.pid())).expect("lies there");
        let body = json!({"path": Path::new("/").join(path)});
        let said = error_of(full.hookline.call(Method::POST, "/maintenance/backup", Some(body)).await);
        assert!(said.contains("no room") && !backup.exists(), "{said}");
        let export = full.data_dir.join("export.jsonl");
        let export = export.to_str().expect("is UTF-8");
        let (well, said) = hookline(&full.data_dir, &["events", "export", "--output", export]).await;
        assert!(!well && said.to_lowercase().contains("no space left"), "{said}");
        let _ = std::fs::remove_file(export);
        full.fill();
        let source = json!({"name": "another", "kind": "stripe"});
        let said =
            error_of(full.hookline.call(Method::POST, "/workspaces/default/sources", Some(source)).await);
        assert!(said.contains("no room"), "{said}");

        std::fs::remove_file(&full.ballast).expect("makes room");
        let id = format!("after_{round}");
        until("storing again", async || full.post(&id).await).await;
        assert_eq!(full.hookline.get("/status").await["storage"]["problem"], Value::Null);
        full.assert_all_are_there_once().await;
    }
    let path = format!("/workspaces/default/sync-jobs/{}/webhook/events?q=after_first", full.job.id);
    full.hookline
        .until_get(&path, |page| page["events"].as_array().is_some_and(|rows| rows.len() == 1))
        .await;
    assert_eq!(full.hookline.stop().await, Some(0), "it can be stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_at_the_start_is_told_with_what_to_do() {
    if !mounts_are_allowed().await {
        return;
    }
    // With the rest of a page, and with room for the first files only.
    for room in [0, 4, 12, 28, 60, 100] {
        let folder = tempfile::tempdir().expect("a folder");
        let before = format!("head -c {} /dev/zero > ballast", (1024 - room) * 1024);
        let mut command = in_small_disk(folder.path(), 1024, &before, &serve(folder.path()));
        let output =
            tokio::time::timeout(PATIENCE, command.output()).await.expect("ends in time").expect("runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{room}: {said}");
        let lower = said.to_lowercase();
        assert!(
            (lower.contains("no space left") || lower.contains("no room left"))
                && lower.contains("make room")
                || lower.contains("free some space"),
            "{room} KiB: {said}"
        );
        assert!(!lower.contains("panicked"), "{room} KiB: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_mounted_read_only_is_told_with_what_to_do() {
    if !mounts_are_allowed().await {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    Hookline::start(folder.path()).await.stop().await;
    let before = |mount: &str| format!("cd / && umount \"$0\" && {mount}");
    let read_only = before("mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"");
    let mut command = in_small_disk(folder.path(), 64, &read_only, &serve(folder.path()));
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("ends in time").expect("runs");
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("read-only file system") && said.contains("writable"), "{said}");
    let again = Hookline::start(folder.path()).await;
    assert_eq!(again.stop().await, Some(0));
}
