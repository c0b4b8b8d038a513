//! More than can be served: slow clients, idle ones, floods of what is refused, and more events than can be stored. Whoever is
//! served must not notice the others, and what was promised is kept.

use std::collections::HashSet;
use std::path::Path;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use hookline_tests::process::{Hookline, Job, PATIENCE, client, serve, text};
use hookline_tests::webhooks::{customer, now_seconds, post, post_stripe, stripe_event, stripe_signature};
use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::load::all_events;

fn event(id: &str) -> Bytes {
    stripe_event(id, "customer.created", now_seconds(), &customer("cus_1", "Ada")).to_string().into()
}

async fn local_job(hookline: &Hookline) -> Job {
    hookline.job("stripe", json!({"name": "local", "kind": "local"}), json!({})).await
}

/// A thousand connections are that many files, on both sides: the usual limit of a shell is not enough.
fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum.map_or(Some(16_384), |most| Some(most.min(16_384)));
        setrlimit(Resource::Nofile, limit).expect("up to the hard limit everybody may");
    }
}

/// `hookline serve` where a process begins with few files, as on macOS.
#[cfg(unix)]
async fn start_with_few_files(folder: &Path) -> Hookline {
    let usual = serve(folder);
    let usual = usual.as_std();
    let mut command = tokio::process::Command::new("sh");
    command
        .args(["-c", "ulimit -S -n 256 && exec \"$0\" \"$@\""])
        .arg(usual.get_program())
        .args(usual.get_args())
        .envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env_remove("NGROK_AUTHTOKEN")
        .env_remove("HOOKLINE_TUNNEL")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    Hookline::start_as(command).await
}

#[cfg(not(unix))]
async fn start_with_few_files(folder: &Path) -> Hookline {
    Hookline::start_as(serve(folder)).await
}

async fn connect(url: &str) -> TcpStream {
    TcpStream::connect(url.trim_start_matches("http://")).await.expect("connects")
}

/// Real requests, to the receiver and to the control API.
async fn is_served(hookline: &Hookline, job: &Job, ids: std::ops::Range<usize>) {
    let http = client();
    for number in ids {
        let (status, answer) = post_stripe(&http, job, event(&format!("evt_{number}"))).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        hookline.get("/status").await;
    }
}

#[tokio::test]
async fn clients_that_never_finish_a_request_hold_nobody_up_and_are_let_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let job = local_job(&hookline).await;
    let path = &job.url[job.url.find("/api/").expect("has a path")..];
    let token = &hookline.ready.token;
    let mut slow = Vec::new();
    for number in 0..100 {
        for (server, head) in [
            (&hookline.ready.receiver, format!("POST {path} HTTP/1.1\r\nHost: a\r\n")),
            (
                &hookline.ready.api,
                format!(
                    "POST /api/workspaces/default/sources HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
                     Content-Type: application/json\r\n",
                    hookline.ready.api.trim_start_matches("http://")
                ),
            ),
        ] {
            let mut stream = connect(server).await;
            let beginning = match number % 3 {
                0 => "POS".to_owned(),
                1 => format!("{head}X-Slow: "),
                _ => format!("{head}Content-Length: 1000\r\n\r\n{{"),
            };
            stream.write_all(beginning.as_bytes()).await.expect("is taken");
            slow.push((stream, number));
        }
    }
    is_served(&hookline, &job, 0..10).await;
    // A head that goes on byte by byte is not finished either.
    for (stream, number) in &mut slow {
        if *number % 3 == 1 {
            stream.write_all(b"y").await.expect("is still taken");
        }
    }
    is_served(&hookline, &job, 10..20).await;
    // Whoever sent no whole head is let go; a body may take as long as the answer to it does.
    for (stream, _) in slow.iter_mut().filter(|(_, number)| number % 3 != 2) {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "a silent client is held for ever");
    }
    is_served(&hookline, &job, 20..25).await;
    assert_eq!(hookline.settled(&job).await["completed"], 25);
}

#[tokio::test]
async fn a_thousand_idle_connections_keep_nobody_out_however_few_files_a_process_begins_with() {
    allow_many_files();
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = start_with_few_files(folder.path()).await;
    let job = local_job(&hookline).await;
    let mut idle = Vec::new();
    for _ in 0..1_000 {
        idle.push(connect(&hookline.ready.receiver).await);
    }
    // What needs files of its own works too: a reader of the database, the documents, the search.
    is_served(&hookline, &job, 0..10).await;
    assert_eq!(hookline.settled(&job).await["completed"], 10);
    assert_eq!(hookline.events(&job, "q=evt_7").await.len(), 1);
    drop(idle);
    is_served(&hookline, &job, 10..15).await;
    assert_eq!(hookline.settled(&job).await["completed"], 15);
}

#[tokio::test]
async fn a_flood_of_unsigned_requests_fills_a_bounded_ring_and_other_jobs_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let (flooded, other) = (local_job(&hookline).await, local_job(&hookline).await);
    let http = client();
    let flood = stream::iter(0..2_000)
        .map(|number| {
            let (http, url) = (&http, &flooded.url);
            async move { post(http, url, &[], event(&format!("evt_forged_{number}"))).await.0 }
        })
        .buffer_unordered(50)
        .collect::<Vec<_>>();
    let (refused, ()) = tokio::join!(flood, is_served(&hookline, &other, 0..20));
    assert!(refused.iter().all(|status| *status == StatusCode::UNAUTHORIZED), "{refused:?}");
    assert_eq!(hookline.settled(&other).await["completed"], 20);
    // Those that are kept are written behind the answers.
    let stats = format!("/workspaces/default/sync-jobs/{}/webhook/stats", flooded.id);
    let kept = hookline
        .until_get(&stats, |stats| (1..=500).contains(&stats["byStatus"]["rejected"].as_u64().unwrap_or(0)))
        .await;
    assert_eq!(kept["byStatus"]["completed"], 0, "{kept}");
    assert_eq!(kept["byStatus"]["pending"], 0, "{kept}");
    let (answered, _) = post_stripe(&http, &flooded, event("evt_true")).await;
    assert_eq!(answered, StatusCode::OK);
    assert_eq!(hookline.settled(&flooded).await["completed"], 1);
}

#[tokio::test]
async fn a_flood_for_jobs_that_do_not_exist_leaves_nothing_and_real_jobs_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let job = local_job(&hookline).await;
    let http = client();
    let flood = stream::iter(0..2_000)
        .map(|number| {
            let (http, url) = (&http, job.url.replace(&job.id, &format!("{number:032x}")));
            async move { post(http, &url, &[], event("evt_lost")).await.0 }
        })
        .buffer_unordered(50)
        .collect::<Vec<_>>();
    let (refused, ()) = tokio::join!(flood, is_served(&hookline, &job, 0..20));
    assert!(refused.iter().all(|status| *status == StatusCode::NOT_FOUND), "{refused:?}");
    assert_eq!(hookline.settled(&job).await["completed"], 20);
    let all = hookline.get("/workspaces/default/events?limit=100").await;
    assert_eq!(all["events"].as_array().map(Vec::len), Some(20), "{all}");
}

/// One delivery: its id, and how it was answered.
async fn deliver(http: &reqwest::Client, job: &Job, id: String) -> (String, StatusCode, bool) {
    let body = event(&id);
    let signature = stripe_signature(&job.secret, &body, now_seconds());
    let response = http
        .post(&job.url)
        .header("stripe-signature", signature)
        .body(body)
        .send()
        .await
        .expect("is answered");
    let says_when = response.headers().contains_key("retry-after");
    (id, response.status(), says_when)
}

#[tokio::test]
async fn of_more_than_can_be_stored_what_is_answered_200_is_kept_and_the_rest_is_told_to_come_again() {
    /// More than the queue of 1024 and the transaction under way hold.
    const DELIVERIES: usize = 1_700;
    allow_many_files();
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let job = local_job(&hookline).await;
    let http = client();

    // Nothing can be committed as long as somebody else writes.
    let database = rusqlite::Connection::open(folder.path().join("hookline.db")).expect("is a database");
    database.busy_timeout(PATIENCE).expect("may wait");
    database.execute_batch("BEGIN IMMEDIATE").expect("nobody writes now");
    let mut waiting: stream::FuturesUnordered<_> =
        (0..DELIVERIES).map(|number| deliver(&http, &job, format!("evt_{number}"))).collect();
    let first = tokio::time::timeout(PATIENCE, waiting.next())
        .await
        .expect("one is refused")
        .expect("there are more");
    assert_eq!((first.1, first.2), (StatusCode::SERVICE_UNAVAILABLE, true), "{first:?}");
    database.execute_batch("COMMIT").expect("was begun");
    drop(database);

    let mut answers: Vec<_> = waiting.collect().await;
    answers.push(first);
    let promised: HashSet<&str> =
        answers.iter().filter(|(_, status, _)| status.is_success()).map(|(id, ..)| id.as_str()).collect();
    for (id, status, says_when) in &answers {
        let right = match *status {
            StatusCode::OK => !says_when,
            StatusCode::SERVICE_UNAVAILABLE => *says_when,
            _ => false,
        };
        assert!(right, "{id}: {status}");
    }
    assert!(!promised.is_empty() && promised.len() < DELIVERIES, "{}", promised.len());

    // The flood is over: the next one is taken, and so are the refused ones when they come again.
    let (_, status, _) = deliver(&http, &job, "evt_after".to_owned()).await;
    assert_eq!(status, StatusCode::OK);
    hookline.settled(&job).await;
    let kept = all_provider_ids(&hookline, &job).await;
    let lost: Vec<_> = promised.iter().filter(|id| !kept.contains(**id)).collect();
    assert!(lost.is_empty(), "answered 200 and lost: {lost:?}");
    let refused = answers.iter().filter(|(_, status, _)| !status.is_success()).map(|(id, ..)| id.clone());
    let again = stream::iter(refused.map(|id| deliver(&http, &job, id)).collect::<Vec<_>>())
        .buffer_unordered(50)
        .map(|(_, status, _)| status)
        .collect::<Vec<_>>()
        .await;
    assert!(again.iter().all(|status| *status == StatusCode::OK), "{again:?}");
    assert_eq!(all_provider_ids(&hookline, &job).await.len(), DELIVERIES + 1);
}

async fn all_provider_ids(hookline: &Hookline, job: &Job) -> HashSet<String> {
    all_events(hookline, job).await.iter().map(|event| text(&event["providerEventId"])).collect()
}
