//! What must not happen: two owners of one data directory, strangers at the control API, work on a damaged database.
//! Secrets where they do not belong: `secrets/`.

use std::path::Path;
use std::process::Output;

use hookline_tests::process::{Hookline, client, serve, text};
use hookline_tests::webhooks::{customer, now_seconds, post_stripe, stripe_event};
use reqwest::StatusCode;
use reqwest::header::{HOST, ORIGIN};
use serde_json::json;

/// What is done to a database file.
type Damage<'a> = &'a dyn Fn(&Path);

async fn serve_and_fail(folder: &Path) -> Output {
    serve(folder).output().await.expect("hookline runs")
}

#[tokio::test]
async fn a_data_directory_has_one_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let second = serve_and_fail(folder.path()).await;
    let error = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success());
    assert!(error.contains(&hookline.pid().to_string()) && error.contains("--data-dir"), "{error}");
    // The first one goes on, and once it was killed the directory is free.
    assert!(hookline.get("/status").await.is_object());
    hookline.kill().await;
    let third = Hookline::start(folder.path()).await;
    assert_eq!(third.stop().await, Some(0));
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_refused_with_what_to_do_and_left_as_it_is() {
    let newer = |path: &Path| {
        let connection = rusqlite::Connection::open(path).expect("opens");
        connection.pragma_update(None, "user_version", 9_999).expect("sets");
    };
    let foreign =
        |path: &Path| std::fs::write(path, "this is no database, but a text of some length").expect("writes");
    let truncated = |path: &Path| {
        let whole = std::fs::read(path).expect("reads");
        std::fs::write(path, &whole[..whole.len() / 2 - 100]).expect("writes");
    };
    let cases: [(&str, Damage<'_>, &str); 3] =
        [("newer", &newer, "newer"), ("foreign", &foreign, "damaged"), ("truncated", &truncated, "damaged")];
    for (name, damage, word) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        Hookline::start(folder.path()).await.stop().await;
        let path = folder.path().join("hookline.db");
        for beside in ["hookline.db-wal", "hookline.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(beside));
        }
        damage(&path);
        let before = std::fs::read(&path).expect("reads");
        let output = serve_and_fail(folder.path()).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{name}");
        assert!(error.contains(word) && error.contains("hookline.db"), "{name}: {error}");
        assert_eq!(std::fs::read(&path).expect("reads"), before, "{name}: the file was changed");
    }
}

#[tokio::test]
async fn the_control_api_wants_its_token_its_own_name_and_its_own_origin() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let url = format!("{}/api/status", hookline.ready.api);
    let own = hookline.ready.api.trim_start_matches("http://").to_owned();
    let port = own.rsplit(':').next().expect("has a port").to_owned();
    let http = client();
    let ask = async |token: Option<&str>, host: &str, origin: Option<&str>| {
        let mut request = http.get(&url).header(HOST, host);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let response = request.send().await.expect("is answered");
        assert!(response.headers().get("access-control-allow-origin").is_none());
        response.status()
    };
    let token = Some(hookline.ready.token.as_str());
    assert_eq!(ask(token, &own, None).await, StatusCode::OK);
    assert_eq!(ask(token, &format!("localhost:{port}"), None).await, StatusCode::OK);
    assert_eq!(ask(token, &own, Some(&hookline.ready.api)).await, StatusCode::OK);
    assert_eq!(ask(None, &own, None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(Some("wrong"), &own, None).await, StatusCode::UNAUTHORIZED);
    for (host, origin) in [
        ("rebound.example", None),
        (&*format!("rebound.example:{port}"), None),
        (&*own, Some("http://evil.example")),
        (&*own, Some("null")),
    ] {
        let status = ask(token, host, origin).await;
        assert!(status.is_client_error(), "{host} {origin:?}: {status}");
    }
}

#[tokio::test]
async fn jobs_survive_a_restart_and_deleting_what_a_job_uses_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let job = hookline.job("stripe", json!({"name": "local", "kind": "local"}), json!({})).await;
    let body =
        stripe_event("evt_1", "customer.created", now_seconds(), &customer("cus_1", "Ada")).to_string();
    let (_, answer) = post_stripe(&client(), &job, body.clone()).await;
    hookline.settled(&job).await;
    assert_eq!(hookline.stop().await, Some(0));
    let hookline = Hookline::start(folder.path()).await;
    let event = hookline.event(&job, &text(&answer["eventId"])).await;
    assert_eq!((&event["status"], text(&event["rawBody"])), (&json!("completed"), body));
    let job = hookline.get(&format!("/workspaces/default/sync-jobs/{}", job.id)).await;
    for (kind, id) in [("sources", &job["sourceId"]), ("destinations", &job["destinationId"])] {
        let path = format!("/workspaces/default/{kind}/{}", text(id));
        let (status, answer) = hookline.call(reqwest::Method::DELETE, &path, None).await;
        assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("conflict")), "{kind}");
    }
}
