//! Secrets in a real keychain: GNOME Keyring, in a session of the test's own.

use std::ffi::OsString;
use std::path::Path;

use hookline_tests::process::{Hookline, Job, PATIENCE, client, serve, text};
use hookline_tests::secret_service::{SecretService, outside_any_session};
use hookline_tests::webhooks::{customer, now_seconds, post_stripe, stripe_event};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::everywhere::no_secret_is_anywhere;
use super::scan::Scanner;

const URI: &str = "mongodb://ann:M0ngoPasswordInTheKeychain@127.0.0.1:9/db?serverSelectionTimeoutMS=100";
const API_KEY: &str = "sk_test_ApiKeyInTheKeychain0123456789";

type Environment = Vec<(&'static str, OsString)>;

/// The session's environment, with this choice.
fn with(environment: Environment, choice: &str) -> Environment {
    environment.into_iter().chain([("HOOKLINE_SECRETS", choice.into())]).collect()
}

async fn start(data_dir: &Path, environment: Environment) -> Hookline {
    let mut command = serve(data_dir);
    command.env_clear().envs(environment);
    Hookline::start_as(command).await
}

/// What a start that is refused says.
async fn refusal(data_dir: &Path, environment: Environment) -> String {
    let mut command = serve(data_dir);
    let output = command.env_clear().envs(environment).output();
    let output = tokio::time::timeout(PATIENCE, output).await.expect("ends in time").expect("hookline runs");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && output.stdout.is_empty(), "it started: {error}");
    error
}

async fn secrets(hookline: &Hookline) -> Value {
    hookline.get("/status").await["secrets"].take()
}

/// A job whose destination and source have secrets too, one of them longer than an entry of some keychains.
async fn job_with_secrets(hookline: &Hookline) -> Job {
    let uri = format!("{URI}&appName={}", "a".repeat(4_000));
    let destination = json!({"name": "mongo", "kind": "mongodb", "uri": uri, "database": "db"});
    let job = hookline.job("stripe", destination, json!({})).await;
    let source = json!({"name": "with key", "kind": "stripe", "apiKey": API_KEY});
    hookline.post("/workspaces/default/sources", source).await;
    job
}

fn scanner(job: &Job) -> Scanner {
    Scanner::new([
        ("the signing secret", &*job.secret),
        ("the API key", API_KEY),
        ("the password", "M0ngoPasswordInTheKeychain"),
    ])
}

/// That all of the job's secrets are there.
async fn assert_there(hookline: &Hookline, job: &Job) {
    let shown = hookline.get(&format!("/workspaces/default/sync-jobs/{}?showSecret=true", job.id)).await;
    assert_eq!(text(&shown["webhookSecret"]), job.secret);
    // Each start takes another port.
    let job = &Job { url: text(&shown["webhookUrl"]), ..job.clone() };
    let body = stripe_event("evt", "customer.created", now_seconds(), &customer("cus_1", "Ada")).to_string();
    assert_eq!(post_stripe(&client(), job, body).await.0, StatusCode::OK);
    let sources = hookline.get("/workspaces/default/sources").await;
    let with_key =
        sources["sources"].as_array().expect("is a list").iter().filter(|row| row["hasApiKey"] == true);
    assert_eq!(with_key.count(), 1, "{sources}");
    // Without its connection string the destination would be invalid instead of unreachable.
    let destination = text(&shown["destinationId"]);
    let path = format!("/workspaces/default/destinations/{destination}/collections");
    let (_, answer) = hookline.call(Method::GET, &path, None).await;
    assert_eq!(answer["error"]["code"], "destination_unreachable", "{answer}");
}

#[tokio::test]
async fn secrets_lie_in_the_keychain_alone_and_survive_a_restart_of_everything() -> anyhow::Result<()> {
    let mut service = SecretService::start().await?;
    let folder = tempfile::tempdir()?;
    let hookline = start(folder.path(), service.environment()).await;
    let told = secrets(&hookline).await;
    assert_eq!((&told["kind"], &told["remedy"]), (&json!("keychain"), &Value::Null));
    assert_eq!(text(&told["description"]), "the system's keychain (Secret Service)");
    let job = job_with_secrets(&hookline).await;
    assert_there(&hookline, &job).await;

    // The keyring's own restart is nothing that a running Hookline has to be told of.
    service.unlocked().await?;
    let late = json!({"name": "late", "kind": "stripe", "apiKey": "sk_test_Late0123456789"});
    let late = text(&hookline.post("/workspaces/default/sources", late).await["id"]);
    let path = format!("/workspaces/default/sources/{late}");
    assert_eq!(hookline.call(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);

    assert_eq!(hookline.stop().await, Some(0));
    scanner(&job).assert_clean_below(folder.path());
    assert!(!folder.path().join("secrets.json").exists());
    service.unlocked().await?;
    let hookline = start(folder.path(), service.environment()).await;
    assert_there(&hookline, &job).await;
    assert_eq!(hookline.stop().await, Some(0));
    Ok(())
}

#[tokio::test]
async fn a_keychain_that_is_locked_or_gone_refuses_the_start_and_says_what_to_do() -> anyhow::Result<()> {
    let mut service = SecretService::start().await?;
    let folder = tempfile::tempdir()?;
    let hookline = start(folder.path(), service.environment()).await;
    let job = job_with_secrets(&hookline).await;

    // Locked while Hookline runs: it goes on with what it knows, and says why it cannot keep more.
    service.locked().await?;
    assert_there(&hookline, &job).await;
    let source = json!({"name": "more", "kind": "stripe", "apiKey": "sk_test_More0123456789"});
    let (status, answer) = hookline.call(Method::POST, "/workspaces/default/sources", Some(source)).await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (500, &json!("secrets_unavailable")), "{answer}");
    let (message, hint) = (text(&answer["error"]["message"]), text(&answer["error"]["hint"]));
    assert!(message.contains("locked") && hint.contains("--secrets file"), "{answer}");
    assert_eq!(hookline.stop().await, Some(0));

    for choice in ["auto", "keychain", "file"] {
        let error = refusal(folder.path(), with(service.environment(), choice)).await;
        assert!(error.contains("cannot be reached: it is locked"), "{choice}: {error}");
        assert!(
            error.contains("unlock the keychain") && error.contains("--secrets file"),
            "{choice}: {error}"
        );
    }
    service.stop_keyring().await?;
    let gone = refusal(folder.path(), service.environment()).await;
    assert!(gone.contains("cannot be reached") && gone.contains("org.freedesktop.secrets"), "{gone}");
    let elsewhere = tempfile::tempdir()?;
    let no_session = refusal(folder.path(), outside_any_session(elsewhere.path())).await;
    assert!(no_session.contains("cannot be reached"), "{no_session}");
    let mut foreign = SecretService::start().await?;
    let other = refusal(folder.path(), foreign.environment()).await;
    assert!(other.contains("does not hold them") && other.contains("secrets-place.json"), "{other}");
    foreign.stop_keyring().await?;

    service.unlocked().await?;
    let hookline = start(folder.path(), service.environment()).await;
    assert_there(&hookline, &job).await;
    assert_eq!(hookline.stop().await, Some(0));
    Ok(())
}

#[tokio::test]
async fn secrets_move_into_the_keychain_once_there_is_one_and_back_when_asked_to() -> anyhow::Result<()> {
    let mut service = SecretService::bus_alone()?;
    let (folder, elsewhere) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let file = folder.path().join("secrets.json");
    // Neither a session without a keyring nor none at all is waited for.
    let started = std::time::Instant::now();
    let hookline = start(folder.path(), outside_any_session(elsewhere.path())).await;
    let job = job_with_secrets(&hookline).await;
    assert_eq!(hookline.stop().await, Some(0));
    let hookline = start(folder.path(), service.environment()).await;
    assert!(started.elapsed() < PATIENCE / 2, "took {:?}", started.elapsed());
    let told = secrets(&hookline).await;
    assert_eq!(told["kind"], "file");
    assert!(text(&told["description"]).contains("cannot be used here: "), "{told}");
    assert!(text(&told["remedy"]).contains("start Hookline again"), "{told}");
    assert_eq!(hookline.stop().await, Some(0));
    assert!(!scanner(&job).found_in(&std::fs::read(&file)?).is_empty());
    let error = refusal(folder.path(), with(service.environment(), "keychain")).await;
    assert!(error.contains("cannot be used") && error.contains("--secrets file"), "{error}");

    service.unlocked().await?;
    let hookline = start(folder.path(), service.environment()).await;
    assert_eq!(secrets(&hookline).await["kind"], "keychain");
    assert_there(&hookline, &job).await;
    // The secrets outlive a crash right after the move.
    hookline.kill().await;
    assert!(!file.exists());
    scanner(&job).assert_clean_below(folder.path());

    let hookline = start(folder.path(), with(service.environment(), "file")).await;
    let told = secrets(&hookline).await;
    assert_eq!(text(&told["description"]), format!("a file that only you can read: {}", file.display()));
    assert_there(&hookline, &job).await;
    assert_eq!(hookline.stop().await, Some(0));
    let hookline = start(folder.path(), with(outside_any_session(elsewhere.path()), "file")).await;
    assert_there(&hookline, &job).await;
    assert_eq!(hookline.stop().await, Some(0));
    Ok(())
}

#[tokio::test]
async fn no_secret_is_anywhere_but_in_the_keychain() -> anyhow::Result<()> {
    let service = SecretService::start().await?;
    no_secret_is_anywhere(&with(service.environment(), "keychain"), "keychain").await;
    Ok(())
}
