//! One journey with every kind of secret, through success and failure, and then a look everywhere.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Output, Stdio};

use hookline_engine::event::{JobId, SystemClock};
use hookline_engine::store::{Store, StoreOptions};
use hookline_tests::process::{Hookline, Job, client, program, serve, text};
use hookline_tests::provider_api::stripe::{Permission, Stripe};
use hookline_tests::webhooks::{customer, now_seconds, post, post_stripe, stripe_event};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::scan::Scanner;

const GIVEN: &str = "whsec_GivenSecretOfTheScan0123456789";
const TYPED: &str = "whsec_TypedSecretOfTheScan0123456789";
const GITLAB_TOKEN: &str = "GitlabTokenOfTheScan0123456789";
const API_KEY: &str = "sk_test_ApiKeyOfTheScan0123456789";
const NEW_API_KEY: &str = "sk_test_NewApiKeyOfTheScan0123456789";
const NGROK_AUTHTOKEN: &str = "2ngrokAuthtokenOfTheScan0123456789";
const MONGO_PASSWORD: &str = "M0ngo/Pass+word&OfTheScan";
const MONGO_URI: &str =
    "mongodb://ann:M0ngo%2FPass%2Bword%26OfTheScan@127.0.0.1:9/db?serverSelectionTimeoutMS=100";
const HTTP_PASSWORD: &str = "HttpPasswordOfTheScan";
const QUERY_TOKEN: &str = "QueryTokenOfTheScan";
const HTTP_URL: &str = "http://ann:HttpPasswordOfTheScan@127.0.0.1:9/hook?token=QueryTokenOfTheScan";
const WRONG_SECRET: &str = "sk_live_WrongSecretOfTheScan0123456789";
const WRONG_PASSWORD: &str = "WrongPasswordOfTheScan";

/// The API's paths that do not answer and end.
const ENDLESS: &str = "/api/changes";

/// `hookline`, on the same data directory.
async fn cli(
    environment: &[(&'static str, OsString)],
    data_dir: &Path,
    arguments: &[&str],
    input: &str,
) -> Output {
    let mut child = Command::new(program())
        .args(arguments)
        .arg("--data-dir")
        .arg(data_dir)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("hookline starts");
    let mut stdin = child.stdin.take().expect("is piped");
    // One that does not read has ended already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    child.wait_with_output().await.expect("ends")
}

/// Every path that can be read, for these jobs, events, sources and destinations.
fn paths(
    openapi: &Value,
    jobs: &[(&Job, Vec<String>)],
    sources: &[String],
    destinations: &[String],
) -> Vec<String> {
    let mut paths = vec!["/api/openapi.json".to_owned()];
    for (path, methods) in openapi["paths"].as_object().expect("is an object") {
        if methods.get("get").is_none() || path == ENDLESS {
            continue;
        }
        let path = path.replace("{workspaceId}", "default");
        let with = |name: &str, ids: &[String]| -> Vec<String> {
            ids.iter().map(|id| path.replace(name, id)).collect()
        };
        if path.contains("{jobId}") {
            for (job, events) in jobs {
                let path = path.replace("{jobId}", &job.id);
                if path.contains("{eventId}") {
                    paths.extend(events.iter().map(|event| path.replace("{eventId}", event)));
                } else {
                    paths.push(path);
                }
            }
        } else if path.contains("{sourceId}") {
            paths.extend(with("{sourceId}", sources));
        } else if path.contains("{destinationId}") {
            let query = "?collection=stripe_customers&id=cus_1";
            paths.extend(with("{destinationId}", destinations).into_iter().map(|path| path + query));
        } else {
            paths.push(path);
        }
    }
    paths
}

/// Lets everything happen to every kind of secret, and looks for them in all that comes out. The data directory's secrets
/// lie where `environment` says. At the end Hookline is killed, started again and stopped.
#[expect(clippy::too_many_lines, reason = "one journey, told in order")]
pub(super) async fn no_secret_is_anywhere(environment: &[(&'static str, OsString)], kind: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let data_dir = folder.path().join("data");
    let outside = folder.path().join("outside");
    std::fs::create_dir(&outside).expect("makes");
    let stripe = Stripe::start(API_KEY, Permission::WriteEndpoints).await;
    let start = async |number: u32| {
        let mut command = serve(&data_dir);
        let errors = std::fs::File::create(outside.join(format!("stderr-{number}"))).expect("makes");
        command.args(["--log-level", "trace", "--stripe-api", stripe.url()]).stderr(errors);
        // Nothing listens there: the authtoken goes nowhere.
        command.env("HOOKLINE_NGROK_SERVER", "127.0.0.1:9");
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        Hookline::start_as(command).await
    };
    let hookline = start(1).await;
    assert_eq!(hookline.get("/status").await["secrets"]["kind"], kind);

    // Every kind of secret, given and made.
    let config = json!({"webhookConfig": {"batchWaitMs": 10, "secret": GIVEN}});
    let mongo = json!({"name": "mongo", "kind": "mongodb", "uri": MONGO_URI, "database": "db"});
    let given = hookline.job("stripe", mongo, config).await;
    let http_destination = json!({"name": "http", "kind": "http", "url": HTTP_URL});
    let made = hookline.job("stripe", http_destination, json!({})).await;
    let config = json!({"webhookConfig": {"batchWaitMs": 10, "secret": GITLAB_TOKEN}});
    let gitlab = hookline.job("gitlab", json!({"name": "local", "kind": "local"}), config).await;
    let created = cli(
        environment,
        &data_dir,
        &["jobs", "create", "--source", "stripe", "--destination", "local", "--secret-file", "-", "--json"],
        TYPED,
    )
    .await;
    let created_errors = String::from_utf8_lossy(&created.stderr).into_owned();
    assert!(created.status.success(), "{created_errors}");
    // Nothing but this answer and that of a rotation tells a signing secret, because somebody has to copy it.
    let created: Value = serde_json::from_slice(&created.stdout).expect("is JSON");
    let typed = Job { id: text(&created["id"]), url: text(&created["webhookUrl"]), secret: TYPED.to_owned() };
    let workspace = "/workspaces/default";
    let with_key = json!({"name": "with key", "kind": "stripe", "apiKey": API_KEY});
    let with_key = text(&hookline.post(&format!("{workspace}/sources"), with_key).await["id"]);
    let rotate = async |keep: u32| {
        let path = format!("{workspace}/sync-jobs/{}/webhook/regenerate-secret", made.id);
        text(&hookline.post(&path, json!({"keepOldForHours": keep})).await["webhookSecret"])
    };
    let (rotated, last) = (rotate(24).await, rotate(0).await);
    let (managed, of_endpoint) = managed_job(&hookline, &stripe).await;
    let tunnel = json!({"kind": "ngrok", "on": true, "ngrokAuthtoken": NGROK_AUTHTOKEN});
    let (status, tunnel) = hookline.call(Method::PATCH, "/tunnel", Some(tunnel)).await;
    assert_eq!(status, StatusCode::OK, "{tunnel}");

    let scanner = Scanner::new([
        ("a given signing secret", GIVEN),
        ("a signing secret from standard input", TYPED),
        ("a signing secret that is sent as it is", GITLAB_TOKEN),
        ("a signing secret that was made", &made.secret),
        ("a signing secret that was replaced", &rotated),
        ("a signing secret that replaced another", &last),
        ("the signing secret that a provider made", &of_endpoint),
        ("the signing secret that it took the place of", &managed.secret),
        ("an ngrok authtoken", NGROK_AUTHTOKEN),
        ("an API key", API_KEY),
        ("an API key that replaced another", NEW_API_KEY),
        ("a MongoDB password", MONGO_PASSWORD),
        ("a MongoDB password, as it is typed", "M0ngo%2FPass%2Bword%26OfTheScan"),
        ("an HTTP password", HTTP_PASSWORD),
        ("a token in a query", QUERY_TOKEN),
        ("a secret that was refused", WRONG_SECRET),
        ("a password that was refused", WRONG_PASSWORD),
        ("the control API's token", &hookline.ready.token),
    ]);
    scanner.assert_clean("standard error of `jobs create`", created_errors);
    scanner.assert_clean("the answer about the tunnel", tunnel.to_string());

    // Events of every outcome: delivered, failing, signed with what no longer counts, signed with something else.
    let http = client();
    let body =
        |id: &str| stripe_event(id, "customer.created", now_seconds(), &customer("cus_1", "Ada")).to_string();
    for job in [&given, &typed, &Job { secret: last.clone(), ..made.clone() }] {
        assert_eq!(post_stripe(&http, job, body("evt_1")).await.0, StatusCode::OK);
        let foreign = Job { secret: WRONG_SECRET.to_owned(), ..job.clone() };
        let (status, answer) = post_stripe(&http, &foreign, body("evt_2")).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        scanner.assert_clean("the receiver's answer", answer.to_string());
    }
    for token in [GITLAB_TOKEN, WRONG_SECRET] {
        let headers = [("x-gitlab-token", token.to_owned()), ("x-gitlab-event", "Push Hook".to_owned())];
        let body = json!({"object_kind": "push", "ref": "main"}).to_string();
        let (status, answer) = post(&http, &gitlab.url, &headers, body.into()).await;
        assert_eq!(status == StatusCode::OK, token == GITLAB_TOKEN, "{answer}");
        scanner.assert_clean("the receiver's answer", answer.to_string());
    }
    for (job, expected) in [(&given, 1), (&typed, 1), (&made, 1), (&gitlab, 1)] {
        hookline.rejected(job, expected).await;
    }
    hookline.settled(&typed).await;
    hookline.settled(&gitlab).await;
    let waits = format!("{workspace}/sync-jobs/{}/executions", given.id);
    hookline
        .until_get(&waits, |answer| answer["executions"].as_array().is_some_and(|all| !all.is_empty()))
        .await;

    // Whatever can be asked, wrongly too.
    let destinations: Vec<String> =
        ids(&hookline.get(&format!("{workspace}/destinations")).await["destinations"]);
    let sources: Vec<String> = ids(&hookline.get(&format!("{workspace}/sources")).await["sources"]);
    let (mongo, http_id) =
        (&destinations_of(&hookline, "mongodb").await, &destinations_of(&hookline, "http").await);
    let changes = [
        (Method::PATCH, format!("/workspaces/default/sources/{with_key}"), json!({"apiKey": NEW_API_KEY})),
        (
            Method::POST,
            format!("{workspace}/sources"),
            json!({"name": "", "kind": "none", "apiKey": API_KEY}),
        ),
        (
            Method::POST,
            format!("{workspace}/sources"),
            json!({"name": "x", "kind": "close", "apiKey": [API_KEY]}),
        ),
        (
            Method::POST,
            format!("{workspace}/destinations/check"),
            json!({"kind": "mongodb", "name": "x", "uri": format!("mongodb://a:{WRONG_PASSWORD}@[/x"), "database": "d"}),
        ),
        (
            Method::POST,
            format!("{workspace}/destinations"),
            json!({"kind": "http", "name": "x", "url": format!("ftp://a:{WRONG_PASSWORD}@h/")}),
        ),
        (
            Method::POST,
            format!("{workspace}/destinations"),
            json!({"kind": "http", "name": "x", "url": [HTTP_URL]}),
        ),
        (
            Method::PATCH,
            format!("{workspace}/destinations/{mongo}"),
            json!({"uri": format!("mongodb://a:{WRONG_PASSWORD}@h:port/")}),
        ),
        (Method::POST, format!("{workspace}/destinations/{mongo}/check"), json!({})),
        (Method::POST, format!("{workspace}/destinations/{http_id}/check"), json!({})),
        (
            Method::PATCH,
            format!("{workspace}/sync-jobs/{}", typed.id),
            json!({"webhookConfig": {"secret": WRONG_SECRET}}),
        ),
        (
            Method::PATCH,
            format!("{workspace}/sync-jobs/{}", typed.id),
            json!({"webhookConfig": {"secrte": WRONG_SECRET}}),
        ),
        (Method::POST, format!("/webhooks/default/{}/test", typed.id), json!({})),
        (Method::POST, format!("{workspace}/sync-jobs/{}/webhook/retry-failed", made.id), json!({})),
        (Method::POST, format!("{workspace}/sync-jobs/{}/endpoint", managed.id), json!({})),
        (Method::POST, format!("{workspace}/sync-jobs/{}/endpoint/mend", managed.id), json!({})),
        (Method::PATCH, "/tunnel".to_owned(), json!({"ngrokAuthtoken": [NGROK_AUTHTOKEN]})),
        (Method::POST, "/tunnel/check".to_owned(), json!({})),
        (Method::POST, "/maintenance/check".to_owned(), json!({})),
        (Method::POST, "/maintenance/backup".to_owned(), json!({"path": outside.join("backup.db")})),
    ];
    let mut refused = 0;
    for (method, path, body) in changes {
        let (status, answer) = hookline.call(method, &path, Some(body)).await;
        refused += u32::from(status.is_client_error());
        scanner.assert_clean(&path, answer.to_string());
    }
    assert!(refused >= 7, "only {refused} of the wrong requests were refused");
    let mut jobs = Vec::new();
    for job in [&given, &made, &gitlab, &typed, &managed] {
        let events = hookline.events(job, "limit=100").await.iter().map(|event| text(&event["id"])).collect();
        jobs.push((job, events));
    }
    let openapi = hookline.get("/openapi.json").await;
    let mut answered = 0;
    for path in paths(&openapi, &jobs, &sources, &destinations) {
        let (status, answer) = hookline.call(Method::GET, path.trim_start_matches("/api"), None).await;
        answered += u32::from(status.is_success());
        scanner.assert_clean(&path, answer.to_string());
    }
    assert!(answered > 40, "only {answered} paths answered");

    // The command line, and what it writes.
    let export = outside.join("export.jsonl").display().to_string();
    let backup = outside.join("backup-of-the-command-line.db").display().to_string();
    let event = &jobs[3].1[0];
    for arguments in [
        &["status"][..],
        &["jobs", "list"],
        &["jobs", "show", &given.id],
        &["endpoints", "show", &managed.id],
        &["endpoints", "check", &managed.id],
        &["tunnel", "status"],
        &["sources", "list"],
        &["destinations", "list"],
        &["docs", "list"],
        &["events", "list"],
        &["events", "show", event],
        &["events", "export"],
        &["events", "export", "--output", &export],
        &["check"],
        &["backup", &backup],
        &["send", "stripe", "customer.updated", "--job", &typed.id],
    ] {
        for json in [&[][..], &["--json"]] {
            let output = cli(environment, &data_dir, &[arguments, json].concat(), "").await;
            scanner.assert_clean(&arguments.join(" "), [output.stdout, output.stderr].concat());
        }
    }
    assert!(std::fs::read_to_string(&export).expect("was written").contains("cus_1"));
    assert!(Path::new(&backup).exists());

    #[cfg(target_os = "linux")]
    {
        let arguments = std::fs::read(format!("/proc/{}/cmdline", hookline.pid())).expect("reads");
        assert!(String::from_utf8_lossy(&arguments).contains("--data-dir"));
        scanner.assert_clean("the arguments of the process", arguments);
    }

    // A crash, the start after it, a stop: logs, the database with its WAL, all that was written elsewhere.
    scanner.assert_clean("standard output", hookline.kill().await);
    scanner.assert_clean_below(folder.path());
    let hookline = start(2).await;
    assert_eq!(hookline.stop().await, Some(0));
    let files = scanner.assert_clean_below(folder.path());
    let read = |name: &str| {
        let file = files.iter().find(|path| path.to_string_lossy().contains(name));
        let file = file.unwrap_or_else(|| panic!("{name} is not among {files:?}"));
        std::fs::read_to_string(file).expect("is text")
    };
    assert!(read("stderr-1").contains("TRACE") && read("logs/hookline").contains("TRACE"));
    assert_eq!(data_dir.join("secrets.json").exists(), kind == "file");
    let place: Value = serde_json::from_str(&read("secrets-place.json")).expect("is JSON");
    assert_eq!(place["place"], kind);

    // The database keeps requests compressed: what it holds is read once more, by what wrote it.
    let options =
        StoreOptions { clock: std::sync::Arc::new(SystemClock), queue_length: 8, rejected_per_job: 100 };
    let store = Store::open(&data_dir, options).expect("opens");
    let mut kept = 0;
    for (job, events) in &jobs {
        for event in events {
            let event =
                store.event(&JobId::new(&job.id), event.parse().expect("an id")).await.expect("is there");
            kept += 1;
            scanner.assert_clean("a kept request", &event.request.body);
            for (name, value) in &event.request.headers {
                scanner.assert_clean(&format!("the header {name} of a kept request"), value);
            }
        }
    }
    assert!(kept >= 8, "only {kept} events");
    store.close().await;
}

/// A job whose webhook was set up at Stripe, and the secret that Stripe made.
async fn managed_job(hookline: &Hookline, stripe: &Stripe) -> (Job, String) {
    let destination = json!({"name": "managed", "kind": "local"});
    let job = hookline.job("stripe", destination, json!({})).await;
    let path = format!("/workspaces/default/sync-jobs/{}", job.id);
    let source = format!("/workspaces/default/sources/{}", text(&hookline.get(&path).await["sourceId"]));
    let public = json!({"kind": "own-url", "on": true, "url": hookline.ready.receiver});
    for (to, body) in [(source.as_str(), json!({"apiKey": API_KEY})), ("/tunnel", public)] {
        let (status, answer) = hookline.call(Method::PATCH, to, Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    let (status, answer) = hookline.call(Method::POST, &format!("{path}/endpoint"), None).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let secret = stripe.endpoints()[0].secret.clone();
    assert!(!answer.to_string().contains(&secret), "{answer}");
    (job, secret)
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().expect("is a list").iter().map(|row| text(&row["id"])).collect()
}

async fn destinations_of(hookline: &Hookline, kind: &str) -> String {
    let all = hookline.get("/workspaces/default/destinations").await;
    let all = all["destinations"].as_array().expect("is a list");
    text(&all.iter().find(|row| row["kind"] == kind).expect("is there")["id"])
}

#[tokio::test]
async fn no_secret_is_anywhere_but_in_the_secrets_file() {
    no_secret_is_anywhere(&[("HOOKLINE_SECRETS", "file".into())], "file").await;
}
