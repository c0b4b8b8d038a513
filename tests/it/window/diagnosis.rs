//! *Why is nothing arriving?*: the main stories.

use bytes::Bytes;
use hookline_tests::process::{Hookline, Job, client, text};
use hookline_tests::webhooks::{now_seconds, post, post_stripe, stripe_signature};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{body, path_of, send, with_job};

async fn diagnosis(hookline: &Hookline, job: &Job) -> Value {
    hookline.get(&format!("{}/webhook/diagnosis", path_of(job))).await
}

fn finding(diagnosis: &Value, check: &str) -> Value {
    let findings = diagnosis["findings"].as_array().expect("a list");
    findings.iter().find(|finding| finding["check"] == check).expect("is looked at").clone()
}

fn states(diagnosis: &Value, state: &str) -> Vec<String> {
    let findings = diagnosis["findings"].as_array().expect("a list");
    findings.iter().filter(|finding| finding["state"] == state).map(|it| text(&it["check"])).collect()
}

#[tokio::test]
async fn a_new_job_on_this_machine_alone_is_ready_but_has_no_public_address() {
    let (_folder, hookline, job) = with_job().await;
    let found = diagnosis(&hookline, &job).await;
    assert_eq!(found["findings"].as_array().map(Vec::len), Some(11), "{found}");
    assert_eq!(states(&found, "problem"), [""; 0], "{found}");
    assert_eq!(states(&found, "warning"), ["publicUrl", "lastEvent"], "{found}");
    assert!(text(&found["summary"]).starts_with("There is no public address"), "{found}");
    send(&job, body("evt_1", "customer.created", "Ada")).await;
    hookline.settled(&job).await;
    let found = diagnosis(&hookline, &job).await;
    assert_eq!(states(&found, "warning"), ["publicUrl"], "{found}");
    // Looking leaves nothing behind.
    assert_eq!(hookline.events(&job, "").await.len(), 1);
}

#[tokio::test]
async fn a_paused_job_and_one_whose_types_fit_nothing_are_told() {
    let (_folder, hookline, job) = with_job().await;
    let change = async |body: Value| {
        let (status, answer) = hookline.call(Method::PATCH, &path_of(&job), Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    };
    change(json!({"webhookConfig": {"eventTypes": ["invoice.*"]}})).await;
    send(&job, body("evt_1", "customer.created", "Ada")).await;
    let found = diagnosis(&hookline, &job).await;
    let types = finding(&found, "eventTypes");
    assert_eq!((&types["state"], &types["action"]), (&json!("problem"), &json!("editJob")), "{types}");
    assert!(text(&found["summary"]).contains("`customer.created`"), "{found}");
    change(json!({"enabled": false})).await;
    let found = diagnosis(&hookline, &job).await;
    assert_eq!(finding(&found, "enabled")["action"], "resume");
    assert!(text(&found["summary"]).starts_with("The job is paused"), "{found}");
}

#[tokio::test]
async fn refused_requests_are_told_with_what_is_probably_wrong() {
    let (_folder, hookline, job) = with_job().await;
    let http = client();
    let event = Bytes::from(body("evt_1", "customer.created", "Ada"));
    let wrong = stripe_signature("whsec_other", &event, now_seconds());
    let old = stripe_signature(&job.secret, &event, now_seconds() - 4000);
    let mut refused = 0;
    for (header, value, expected, action) in [
        ("stripe-signature", wrong, "Copy the signing secret from Stripe", "rotateSecret"),
        ("stripe-signature", old, "set this machine's clock", "showRejected"),
        ("x-hub-signature-256", "sha256=00".to_owned(), "signed as GitHub signs", "showRejected"),
        ("x-other", "1".to_owned(), "no signature of Stripe", "showRejected"),
    ] {
        let (status, _) = post(&http, &job.url, &[(header, value)], event.clone()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        refused += 1;
        hookline.rejected(&job, refused).await;
        let found = finding(&diagnosis(&hookline, &job).await, "rejections");
        assert!(text(&found["hint"]).contains(expected), "{found}");
        assert_eq!((&found["state"], &found["action"]), (&json!("problem"), &json!(action)), "{found}");
    }
    let (status, _) = post_stripe(&http, &job, event).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(finding(&diagnosis(&hookline, &job).await, "rejections")["state"], "warning");
}

#[tokio::test]
async fn a_public_address_behind_which_is_nothing_or_something_else_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let elsewhere = axum::Router::new().fallback(async || (StatusCode::NOT_FOUND, ""));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let other = format!("http://{}", listener.local_addr().expect("an address"));
    let serving = tokio::spawn(async move { axum::serve(listener, elsewhere).await });
    for (public, expected) in
        [("http://127.0.0.1:9", "The public address cannot be reached"), (&other, "Something else answers")]
    {
        let hookline = Hookline::start_with(folder.path(), &["--public-url", public]).await;
        let job = hookline.job("stripe", json!({"name": expected, "kind": "local"}), json!({})).await;
        let found = diagnosis(&hookline, &job).await;
        let reachable = finding(&found, "reachable");
        assert_eq!(reachable["state"], "problem", "{found}");
        assert!(text(&found["summary"]).starts_with(expected), "{found}");
        assert_eq!(finding(&found, "publicUrl")["state"], "ok");
        hookline.stop().await;
    }
    serving.abort();
}

#[tokio::test]
async fn a_destination_that_is_down_is_told() {
    let (_folder, hookline, _job) = with_job().await;
    let down = json!({"name": "down", "kind": "http", "url": "http://127.0.0.1:9/hook"});
    let job = hookline.job("stripe", down, json!({})).await;
    send(&job, body("evt_1", "customer.created", "Ada")).await;
    let wait = async {
        loop {
            let found = diagnosis(&hookline, &job).await;
            if finding(&found, "destination")["state"] == "problem" {
                return found;
            }
        }
    };
    let found = tokio::time::timeout(hookline_tests::process::PATIENCE, wait).await.expect("is noticed");
    assert_eq!(finding(&found, "destination")["action"], "checkDestination");
    assert!(text(&found["summary"]).starts_with("Events have been waiting for the destination"), "{found}");
}
