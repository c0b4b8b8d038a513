//! The same on the command line, and the doctor.

use std::process::Stdio;

use bytes::Bytes;
use hookline_tests::process::program;
use hookline_tests::webhooks::{post, stripe_signature};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::*;

/// Exit code, standard output and standard error.
type Ran = (Option<i32>, String, String);

/// Runs the command line on the data directory, with this text on its standard input.
async fn run(folder: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(program())
        .args(arguments)
        .arg("--data-dir")
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("starts");
    let mut stdin = child.stdin.take().expect("is piped");
    stdin.write_all(input.as_bytes()).await.expect("is read");
    drop(stdin);
    let output = child.wait_with_output().await.expect("ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("is text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_webhook_is_set_up_checked_mended_and_removed() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let job = job(&hookline, "stripe", None, json!(["customer.*"])).await;
    let folder = setup.folder.path();
    let (code, _, error) = run(folder, &["endpoints", "create", &job.id], "").await;
    assert_eq!(code, Some(1));
    assert!(error.contains("no API key") && error.contains("→"), "{error}");
    let source = source_of(&hookline, &job).await;
    let (code, out, _) =
        run(folder, &["sources", "set-key", &source, "--key-file", "-"], &format!("{KEY}\n")).await;
    assert_eq!((code, out.contains("is stored"), out.contains(KEY)), (Some(0), true, false), "{out}");
    let (code, out, _) = run(folder, &["sources", "check-key", &source], "").await;
    assert_eq!(code, Some(0));
    assert!(out.contains("test restricted") && out.contains("Event Destinations: Write"), "{out}");
    let (code, out, _) = run(folder, &["endpoints", "create", &job.id], "").await;
    let id = setup.stripe.endpoints()[0].id.clone();
    assert_eq!((code, out.contains(&id), out.contains("enabled")), (Some(0), true, true), "{out}");
    setup.stripe.by_hand(|endpoints| endpoints[0].enabled = false);
    assert_eq!(run(folder, &["endpoints", "show", &job.id], "").await.0, Some(0));
    let (code, out, error) = run(folder, &["endpoints", "check", &job.id], "").await;
    assert_eq!(
        (code, out.contains("disabled"), error.contains("mend")),
        (Some(1), true, true),
        "{out} {error}"
    );
    assert_eq!(run(folder, &["endpoints", "mend", &job.id], "").await.0, Some(0));
    let (code, out, _) = run(folder, &["endpoints", "check", &job.id, "--json"], "").await;
    let answer: Value = serde_json::from_str(&out).expect("is JSON");
    assert_eq!((code, &answer["managed"]["status"]), (Some(0), &json!("enabled")));
    assert_eq!(run(folder, &["endpoints", "remove", &job.id], "").await.0, Some(0));
    assert!(setup.stripe.endpoints().is_empty());
    assert_eq!(run(folder, &["endpoints", "create", &job.id], "").await.0, Some(0));
    let (code, out, _) = run(folder, &["jobs", "delete", &job.id, "--remove-endpoint", "--yes"], "").await;
    assert_eq!((code, out.contains("is removed")), (Some(0), true), "{out}");
    assert!(setup.stripe.endpoints().is_empty());
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_and_which_command_helps() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let well = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    let folder = setup.folder.path();
    let (code, out, error) = run(folder, &["doctor"], "").await;
    assert_eq!(code, Some(0), "{out} {error}");
    assert!(out.contains(&format!("hookline endpoints create {}", well.id)), "{out}");
    create(&hookline, &well).await;
    setup.stripe.by_hand(|endpoints| endpoints[0].enabled = false);
    let (code, out, error) = run(folder, &["doctor"], "").await;
    assert_eq!((code, error.contains("a job has a problem")), (Some(1), true), "{out} {error}");
    assert!(out.contains("turned off at the provider"), "{out}");
    assert!(out.contains(&format!("hookline endpoints mend {}", well.id)), "{out}");

    // What came to one job was signed with the secret of another.
    let body = json!({"name": "Other", "webhookConfig": {"eventTypes": []}});
    let other = hookline.job("stripe", json!({"name": "local", "kind": "local"}), body).await;
    let event = Bytes::from(event("evt_1").to_string());
    let signature = [("stripe-signature", stripe_signature(&other.secret, &event, now_seconds()))];
    assert_eq!(post(&client(), &well.url, &signature, event).await.0, StatusCode::UNAUTHORIZED);
    hookline.rejected(&well, 1).await;
    let (code, out, _) = run(folder, &["doctor", "--job", &well.id], "").await;
    assert_eq!(code, Some(1));
    assert!(out.contains("It fits the secret of the job `Other`"), "{out}");
    let (code, out, _) = run(folder, &["doctor", "--job", &other.id, "--json"], "").await;
    let answer: Value = serde_json::from_str(&out).expect("is JSON");
    assert_eq!((code, answer[0]["jobId"].as_str()), (Some(0), Some(other.id.as_str())));
    assert_eq!(answer[0]["diagnosis"]["findings"].as_array().map(Vec::len), Some(11));
    for secret in [KEY, &well.secret, &other.secret] {
        assert!(!out.contains(secret));
    }
}

#[tokio::test]
async fn a_proxy_that_writes_the_body_anew_is_found_out() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let job = job(&hookline, "stripe", None, json!([])).await;
    let sent = serde_json::to_string_pretty(&event("evt_1")).expect("serializes");
    let arrived = Bytes::from(event("evt_1").to_string());
    let signature = [("stripe-signature", stripe_signature(&job.secret, sent.as_bytes(), now_seconds()))];
    assert_eq!(post(&client(), &job.url, &signature, arrived).await.0, StatusCode::UNAUTHORIZED);
    hookline.rejected(&job, 1).await;
    let found = hookline.get(&format!("{}/webhook/diagnosis", path(&job))).await;
    let findings = found["findings"].as_array().expect("a list");
    let rejections = findings.iter().find(|finding| finding["check"] == "rejections").expect("is looked at");
    assert!(text(&rejections["hint"]).contains("read the JSON and wrote it anew"), "{rejections}");
}
