//! The power fails: what was not synced is lost, or torn.

use std::path::Path;

use hookline_faulty_vfs::{Chance, Disk};
use hookline_tests::process::Job;
use serde_json::json;

use super::world::{Running, assert_promises_kept, folder_with_disk, inventory, post_event, until};

/// What the disk holds after a power cut, in a folder of its own.
fn after_cut(disk: &Disk, moment: u64, chance: Chance) -> tempfile::TempDir {
    let image = tempfile::tempdir().expect("a folder");
    disk.cut_power(moment, chance, image.path()).expect("is written");
    image
}

/// Events with the moment from which on they were promised.
type Promised = Vec<(u64, String)>;

async fn assert_whole_after_cut(disk: &Disk, job: &Job, promised: &Promised, moment: u64, chance: Chance) {
    let image = after_cut(disk, moment, chance);
    // Its syncs cost nothing.
    let _disk = Disk::below(image.path()).expect("a disk");
    let due: Vec<String> =
        promised.iter().filter(|(since, _)| *since <= moment).map(|(_, id)| id.clone()).collect();
    let kept = tokio::spawn({
        let (path, job) = (image.path().to_owned(), job.clone());
        async move { assert_promises_kept(&path, &job, &due).await }
    });
    assert!(
        kept.await.is_ok(),
        "the power was cut at {moment} with {chance:?}; see {}",
        image.keep().display()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_answered_before_the_event_would_survive_a_power_cut() {
    let (folder, disk) = folder_with_disk();
    let hookline = Running::start(folder.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "local"})).await;
    assert!(post_event(&hookline.http, &job, "evt_before").await.is_taken());
    hookline.settled(&job).await;
    disk.hold_syncs(true);
    let (http, to) = (hookline.http.clone(), job.clone());
    let post = tokio::spawn(async move { post_event(&http, &to, "evt_held").await });
    until("reaching the sync", async || disk.syncs_waiting("hookline.db-wal") > 0).await;
    // All is written, and only the sync is missing.
    for _ in 0..20 {
        assert_eq!(hookline.get("/status").await["receiver"]["listening"], true, "the window's API answers");
    }
    assert!(!post.is_finished(), "it was answered before the sync");
    let lost = after_cut(&disk, disk.moment(), Chance::Nothing);
    let found = inventory(lost.path(), &job).await;
    assert!(found.contains_key("evt_before") && !found.contains_key("evt_held"), "{found:?}");
    disk.hold_syncs(false);
    assert!(post.await.expect("no panic").is_taken());
    let kept = after_cut(&disk, disk.moment(), Chance::Nothing);
    assert!(inventory(kept.path(), &job).await.contains_key("evt_held"));
    hookline.stop().await;
}

/// A whole life, from the first start to a clean stop, and a power cut after each change of each file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_power_is_cut_what_was_promised_is_there_once() {
    let (folder, disk) = folder_with_disk();
    let hookline = Running::start(folder.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "local"})).await;
    let mut promised = Promised::new();
    for number in 0..6 {
        let id = format!("evt_{number}");
        assert!(post_event(&hookline.http, &job, &id).await.is_taken());
        promised.push((disk.moment(), id));
        if number % 2 == 0 {
            hookline.settled(&job).await;
        }
    }
    hookline.stop().await;
    let end = disk.moment();
    assert!(end > 100, "there were {end} changes");
    for moment in 0..=end {
        let chance = match moment % 3 {
            0 => Chance::Nothing,
            1 => Chance::Everything,
            _ => Chance::Drawn(moment),
        };
        assert_whole_after_cut(&disk, &job, &promised, moment, chance).await;
        // Around the end of the life all files change: the log is written back and removed.
        if moment + 60 > end {
            for seed in 0..3 {
                assert_whole_after_cut(&disk, &job, &promised, moment, Chance::Drawn(moment * 7 + seed))
                    .await;
            }
        }
    }
    // And Hookline goes on with what it finds.
    for moment in (0..8).map(|part| end * (part + 1) / 8) {
        let image = after_cut(&disk, moment, Chance::Drawn(moment));
        copy_secrets(folder.path(), image.path());
        let again = Running::start(image.path()).await;
        let jobs = again.get("/workspaces/default/sync-jobs").await;
        if jobs["syncJobs"].as_array().is_none_or(Vec::is_empty) {
            assert!(promised.iter().all(|(since, _)| *since > moment), "{jobs}");
        } else {
            let counts = again.settled(&job).await;
            let due = promised.iter().filter(|(since, _)| *since <= moment).count() as u64;
            assert!(counts["completed"].as_u64().is_some_and(|completed| completed >= due), "{counts}");
            assert!(post_event(&again.http, &again.moved(&job), "evt_after").await.is_taken());
            assert_eq!(again.settled(&job).await["failed"], 0);
        }
        again.stop().await;
    }
}

fn copy_secrets(from: &Path, to: &Path) {
    for name in ["secrets.json", "secrets-place.json"] {
        std::fs::copy(from.join(name), to.join(name)).expect("is copied");
    }
}

/// Enough for several checkpoints and a log that begins anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_between_checkpoints_loses_nothing() {
    let (folder, disk) = folder_with_disk();
    let hookline = Running::start(folder.path()).await;
    let job = hookline.job(json!({"name": "d", "kind": "local"})).await;
    let mut promised = Promised::new();
    for round in 0..8 {
        let mut posts = tokio::task::JoinSet::new();
        for number in 0..60 {
            let (http, job, id) = (hookline.http.clone(), job.clone(), format!("evt_{round}_{number}"));
            posts.spawn(async move { (post_event(&http, &job, &id).await, id) });
        }
        while let Some(post) = posts.join_next().await {
            let (answer, id) = post.expect("no panic");
            assert!(answer.is_taken());
            promised.push((disk.moment(), id));
        }
    }
    hookline.settled(&job).await;
    let end = disk.moment();
    let checkpoints = disk.syncs("hookline.db");
    assert!(checkpoints.len() >= 2, "there were {} checkpoints", checkpoints.len());
    let around = checkpoints.iter().flat_map(|sync| (0..4).map(move |before| sync + 1 - before));
    for moment in around.chain((0..60).map(|part| end * part / 60)) {
        assert_whole_after_cut(&disk, &job, &promised, moment, Chance::Drawn(moment)).await;
    }
    hookline.stop().await;
}
