//! What the window needs of the control API, as the window calls it: over HTTP, and in the same process.

use hookline_tests::process::{Hookline, Job, client, text};
use hookline_tests::webhooks::{customer, now_seconds, post_stripe, stripe_event};
use reqwest::StatusCode;
use serde_json::{Value, json};

mod activity;
mod diagnosis;
mod events;
mod page;

/// A Hookline with a job from Stripe into local documents.
async fn with_job() -> (tempfile::TempDir, Hookline, Job) {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let job = hookline.job("stripe", json!({"name": "local", "kind": "local"}), json!({})).await;
    (folder, hookline, job)
}

/// Where the control API knows the job.
fn path_of(job: &Job) -> String {
    format!("/workspaces/default/sync-jobs/{}", job.id)
}

/// A customer's event, its body as it is sent.
fn body(id: &str, event_type: &str, name: &str) -> String {
    stripe_event(id, event_type, now_seconds(), &customer("cus_1", name)).to_string()
}

/// Sends a body to a Stripe job and tells the event's id.
async fn send(job: &Job, body: String) -> String {
    let (status, answer) = post_stripe(&client(), job, body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    text(&answer["eventId"])
}

/// The ids of a list of events.
fn ids(list: &Value) -> Vec<String> {
    list["events"].as_array().expect("a list").iter().map(|event| text(&event["id"])).collect()
}
