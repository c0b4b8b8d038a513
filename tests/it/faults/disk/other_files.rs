//! The small files beside the database: secrets, settings, the lock, the announcement.

use std::path::Path;
use std::process::Output;

use hookline_tests::process::{Hookline, PATIENCE, serve};
use serde_json::json;

use super::world::post_event;

async fn serve_and_fail(folder: &Path) -> (String, Output) {
    let output =
        tokio::time::timeout(PATIENCE, serve(folder).output()).await.expect("ends in time").expect("runs");
    let said = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    (said, output)
}

#[tokio::test]
async fn small_files_that_are_damaged_are_refused_by_name_or_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let job = hookline.job("stripe", json!({"name": "d", "kind": "local"}), json!({})).await;
    assert_eq!(hookline.stop().await, Some(0));

    // These hold what cannot be made anew: refused, by name, with what to do, and left as they are.
    for (name, hint) in [
        ("secrets.json", "move it away"),
        ("secrets-place.json", "secrets-place.json"),
        ("config.toml", "config.toml"),
    ] {
        let path = folder.path().join(name);
        let whole = std::fs::read(&path).ok();
        let half = whole.as_ref().map_or_else(Vec::new, |whole| whole[..whole.len() / 2].to_vec());
        let mut damages = vec![b"\0\0\0\0\0\0\0\0".to_vec(), vec![0xff; 600], b"[1, 2".to_vec(), half];
        if whole.is_some() {
            damages.push(Vec::new());
        } else {
            damages.pop();
        }
        for damage in damages {
            std::fs::write(&path, &damage).expect("is written");
            let (said, output) = serve_and_fail(folder.path()).await;
            assert!(!output.status.success() && !said.contains("panicked"), "{name} {damage:?}: {said}");
            assert!(said.contains(name) && said.to_lowercase().contains(hint), "{name} {damage:?}: {said}");
            assert_eq!(std::fs::read(&path).expect("reads"), damage, "{name} was changed");
        }
        match whole {
            Some(whole) => std::fs::write(&path, whole).expect("is written"),
            None => std::fs::remove_file(&path).expect("is removed"),
        }
    }

    // These hold nothing that lasts.
    for name in ["server.json", "hookline.lock", "hookline.db-shm", "search.db-wal"] {
        for damage in [Vec::new(), vec![0xff; 5000]] {
            std::fs::write(folder.path().join(name), damage).expect("is written");
            let hookline = Hookline::start(folder.path()).await;
            assert!(hookline.get("/status").await["storage"]["problem"].is_null());
            let job = hookline_tests::process::Job {
                url: format!("{}/api/webhooks/default/{}", hookline.ready.receiver, job.id),
                ..job.clone()
            };
            let id = uuid::Uuid::new_v4().to_string();
            assert!(post_event(&hookline_tests::process::client(), &job, &id).await.is_taken(), "{name}");
            assert_eq!(hookline.stop().await, Some(0), "{name}");
        }
    }
}
