//! ngrok, whole: a real `hookline serve`, the real client, TLS, and an edge that does what edges do.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use futures_util::StreamExt as _;
use hookline_tests::files::files_below;
use hookline_tests::ngrok_edge::{Edge, LinkEnd, TOKEN};
use hookline_tests::process::{Hookline, Job, PATIENCE, client, program, text};
use hookline_tests::webhooks::{customer, now_seconds, post_stripe, stripe_event};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::watch;

use super::support::{environment, is_online, job, start, start_with_token};

fn body(id: &str) -> String {
    stripe_event(id, "customer.created", now_seconds(), &customer(&format!("cus_{id}"), "Ada")).to_string()
}

#[tokio::test]
async fn it_is_online_once_a_request_came_back_and_receives_with_the_clients_address() {
    let folder = tempfile::tempdir().expect("a folder");
    let edge = Edge::start().await;
    edge.set_client(Some("198.51.100.9:4711".parse::<SocketAddr>().expect("an address")));
    let hookline = start(folder.path(), &edge, &["--tunnel", "ngrok"]).await;
    let status = hookline.tunnel(is_online).await;
    assert_eq!(text(&status["publicUrl"]), edge.public_url());
    assert!(status["roundTripMs"].is_u64() && status["provenAt"].is_string(), "{status}");
    let whole = hookline.get("/status").await;
    assert_eq!(
        (&whole["tunnel"]["state"], &whole["tunnel"]["publicUrl"]),
        (&json!("online"), &status["publicUrl"])
    );

    let job = job(&hookline).await;
    assert!(job.url.starts_with(&edge.public_url()), "{}", job.url);
    let (answered, event) = post_stripe(&client(), &job, body("1")).await;
    assert_eq!(answered, StatusCode::OK);
    let event = hookline.event(&job, &text(&event["eventId"])).await;
    let headers = event["headers"].as_array().expect("a list");
    let forwarded = headers.iter().find(|header| header[0] == "x-forwarded-for").expect("is there");
    assert!(text(&forwarded[1]).ends_with("198.51.100.9"), "{forwarded}");

    // What ngrok's dashboard shows tells nothing of this machine, and the plan's use is counted.
    let records = edge.records();
    assert_eq!((records.binds[0].forwards_to.as_str(), records.auths[0].token.as_str()), ("Hookline", TOKEN));
    let usage = hookline.get("/tunnel").await["status"]["usage"].take();
    assert!(usage["requests"].as_u64().is_some_and(|requests| requests >= 2), "{usage}");
    assert!(usage["bytesOut"].as_u64().is_some_and(|bytes| bytes > 0), "{usage}");
    assert_eq!((&usage["monthlyRequests"], &usage["warning"]), (&json!(20_000), &Value::Null));

    // A stop is seen at the edge, and the count outlives it.
    assert_eq!(hookline.stop().await, Some(0));
    let records = edge.wait_for(|records| records.links == 0).await;
    assert!(records.unbinds.contains(&records.binds[0].id), "{records:?}");
    assert!(matches!(records.ends[..], [LinkEnd::Orderly]), "{records:?}");
    let hookline = start(folder.path(), &edge, &["--tunnel", "ngrok"]).await;
    let tunnel = hookline.get("/tunnel").await;
    assert!(tunnel["status"]["usage"]["requests"].as_u64() >= usage["requests"].as_u64(), "{tunnel}");
    let told: Vec<_> =
        tunnel["history"].as_array().expect("a list").iter().map(|moment| text(&moment["state"])).collect();
    assert!(told.contains(&"online".to_owned()) && told.contains(&"off".to_owned()), "{told:?}");
}

/// Posts until told to stop; tells the ids of what was answered 2xx, and how many those are all the while.
async fn post_on(
    job: Job,
    mut stop: tokio::sync::oneshot::Receiver<()>,
    count: watch::Sender<usize>,
) -> BTreeSet<String> {
    let http = client();
    let mut answered = BTreeSet::new();
    for number in 0.. {
        let id = format!("evt_{number}");
        let signature =
            hookline_tests::webhooks::stripe_signature(&job.secret, body(&id).as_bytes(), now_seconds());
        let sent = http.post(&job.url).header("stripe-signature", signature).body(body(&id)).send();
        tokio::select! {
            _ = &mut stop => break,
            // An edge that is cut off answers 404 and 502: the provider would come again.
            response = sent => if response.is_ok_and(|response| response.status().is_success()) {
                answered.insert(id);
                count.send_replace(answered.len());
            },
        }
    }
    answered
}

async fn stored(hookline: &Hookline, job: &Job) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/workspaces/default/sync-jobs/{}/webhook/events?limit=200{cursor}", job.id);
        let page = hookline.get(&path).await;
        ids.extend(
            page["events"].as_array().expect("a list").iter().map(|event| text(&event["providerEventId"])),
        );
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn a_cut_link_and_an_edge_that_is_away_heal_under_the_same_address_and_lose_nothing_that_was_answered()
{
    let folder = tempfile::tempdir().expect("a folder");
    let edge = Edge::start().await;
    let hookline = start(folder.path(), &edge, &["--tunnel", "ngrok"]).await;
    let online = hookline.tunnel(is_online).await;
    let job = job(&hookline).await;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let (count, mut counted) = watch::channel(0);
    let posting = tokio::spawn(post_on(job.clone(), stopped, count));
    let mut twenty_more = async || {
        let now = *counted.borrow_and_update();
        let more = tokio::time::timeout(PATIENCE, counted.wait_for(|count| *count >= now + 20)).await;
        more.expect("webhooks are answered again in time").expect("is posting");
    };
    twenty_more().await;

    for _ in 0..3 {
        let binds = edge.records().binds.len();
        edge.cut();
        let records = edge.wait_for(|records| records.binds.len() > binds).await;
        twenty_more().await;
        // The same tunnel is taken up again.
        assert_eq!(records.binds.last().map(|bind| &bind.requested_id), Some(&records.binds[0].id));
    }
    edge.go_away(true);
    // At first the connection broke; then the edge turns out to be away.
    let unreachable =
        |status: &Value| status["reason"].as_str().is_some_and(|reason| reason.contains("cannot be reached"));
    let lost = hookline.tunnel(unreachable).await;
    assert_eq!((&lost["state"], &lost["publicUrl"]), (&json!("connecting"), &online["publicUrl"]));
    assert!(lost["nextAttemptAt"].is_string(), "{lost}");
    assert!(lost["remedy"].is_string());
    edge.wait_for(|records| records.turned_away >= 2).await;
    edge.go_away(false);
    let back = hookline.tunnel(is_online).await;
    assert_eq!(back["publicUrl"], online["publicUrl"]);
    twenty_more().await;

    stop.send(()).expect("is waited for");
    let answered = posting.await.expect("ends");
    assert!(answered.len() > 40, "{}", answered.len());
    let missing: Vec<_> = answered.difference(&stored(&hookline, &job).await).cloned().collect();
    assert!(missing.is_empty(), "answered 2xx and not there: {missing:?}");
}

#[tokio::test]
async fn five_hundred_parallel_requests_are_all_answered_and_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let edge = Edge::start().await;
    let hookline = start(folder.path(), &edge, &["--tunnel", "ngrok"]).await;
    hookline.tunnel(is_online).await;
    let job = job(&hookline).await;
    // Streams that are all open before the first of them says a word.
    let mut streams = Vec::new();
    for number in 0..500 {
        let body = body(&format!("evt_{number}"));
        let signature =
            hookline_tests::webhooks::stripe_signature(&job.secret, body.as_bytes(), now_seconds());
        let path = &job.url[job.url.find("/api/").expect("has a path")..];
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: me.ngrok-free.dev\r\nStripe-Signature: {signature}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        streams.push((edge.open("203.0.113.7:1".parse().expect("an address")).await, request));
    }
    let answers: Vec<String> = futures_util::stream::iter(streams)
        .map(|(mut stream, request)| async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            stream.write_all(request.as_bytes()).await.expect("is taken");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.expect("is answered");
            answer
        })
        .buffer_unordered(500)
        .collect()
        .await;
    let refused: Vec<_> = answers.iter().filter(|answer| !answer.starts_with("HTTP/1.1 200")).collect();
    assert!(refused.is_empty(), "{} of 500 refused: {:?}", refused.len(), refused.first());
    assert_eq!(stored(&hookline, &job).await.len(), 500);
    assert_eq!(edge.records().connections, 1, "the link lived through it");
}

async fn tunnel_command(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program())
        .args(["tunnel"])
        .args(arguments)
        .arg("--data-dir")
        .arg(folder)
        .output()
        .await
        .expect("hookline runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_a_start_by_hand_tries_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let edge = Edge::start().await;
    let token = "2wrongTOKENofThisTest_0123456789abcdefghijklmno";
    let hookline =
        start_with_token(folder.path(), &edge, &["--tunnel", "ngrok", "--log-level", "trace"], token).await;
    let refused = hookline.tunnel(|status| status["state"] == "refused").await;
    assert!(text(&refused["reason"]).contains("ERR_NGROK_107"), "{refused}");
    assert!(text(&refused["remedy"]).contains("https://dashboard.ngrok.com/"), "{refused}");
    let attempts = edge.records().auths.len();

    let (done, said) = tunnel_command(folder.path(), &["start"]).await;
    assert!(!done && said.contains("ERR_NGROK_107") && said.contains("authtoken"), "{said}");
    edge.accept_tokens([token]);
    let (done, said) = tunnel_command(folder.path(), &["start"]).await;
    assert!(done && said.contains("online"), "{said}");
    assert_eq!(edge.records().auths.len(), attempts + 2, "nothing was tried in between");
    let (done, said) = tunnel_command(folder.path(), &["status", "--check"]).await;
    assert!(done && said.contains(&edge.public_url()), "{said}");
    let (done, _) = tunnel_command(folder.path(), &["stop"]).await;
    assert!(done);
    edge.wait_for(|records| records.links == 0).await;
    assert_eq!(hookline.get("/tunnel").await["status"]["state"], "off");

    // The edge repeated the token in its error; nothing here did.
    hookline.stop().await;
    for entry in files_below(folder.path()) {
        let bytes = std::fs::read(&entry).expect("reads");
        assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "{}", entry.display());
    }
}

#[tokio::test]
async fn a_token_revoked_while_the_link_was_lost_ends_in_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let edge = Edge::start().await;
    let hookline = start(folder.path(), &edge, &["--tunnel", "ngrok"]).await;
    hookline.tunnel(is_online).await;
    edge.accept_tokens(Vec::<String>::new());
    edge.cut();
    let refused = hookline.tunnel(|status| status["state"] == "refused").await;
    assert!(text(&refused["reason"]).contains("ERR_NGROK_107"), "{refused}");
    edge.wait_for(|records| records.links == 0).await;
}

#[tokio::test]
async fn an_endpoint_stopped_in_the_dashboard_stays_stopped_and_a_restart_from_there_connects_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let edge = Edge::start().await;
    let hookline = start(folder.path(), &edge, &["--tunnel", "ngrok"]).await;
    hookline.tunnel(is_online).await;
    assert_eq!(edge.restart().await.as_deref().unwrap_or_default(), "");
    edge.wait_for(|records| records.auths.len() == 2).await;
    hookline.tunnel(is_online).await;
    edge.stop_tunnel("The endpoint was deleted.", None).await;
    let refused = hookline.tunnel(|status| status["state"] == "refused").await;
    assert!(text(&refused["reason"]).contains("deleted"), "{refused}");
    edge.wait_for(|records| records.links == 0).await;
    let answer = hookline.post("/tunnel/start", json!({})).await;
    assert_eq!(answer["settings"]["on"], true);
    hookline.tunnel(is_online).await;
    assert_eq!(edge.stop().await.as_deref().unwrap_or_default(), "");
    hookline.tunnel(|status| status["state"] == "refused").await;
}

#[tokio::test]
async fn a_choice_made_in_the_window_is_kept_over_restarts_with_its_token_and_its_domain() {
    let folder = tempfile::tempdir().expect("a folder");
    let edge = Edge::start().await;
    let environment = environment(folder.path(), &edge);
    let hookline = Hookline::start_in(folder.path(), "127.0.0.1:0", &[], &environment).await;
    assert_eq!(hookline.get("/tunnel").await["status"]["state"], "off");
    let patch = async |hookline: &Hookline, body| hookline.call(Method::PATCH, "/tunnel", Some(body)).await;

    // Without a token nothing is tried and nothing is changed.
    let (status, answer) = patch(&hookline, json!({"kind": "ngrok", "on": true})).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("conflict")), "{answer}");
    assert!(text(&answer["error"]["hint"]).contains("your-authtoken"), "{answer}");
    for (body, field) in [
        (json!({"ngrokDomain": "https://me.ngrok-free.dev"}), "ngrokDomain"),
        (json!({"ngrokRegion": "mars"}), "ngrokRegion"),
        (json!({"url": "https://x.example/path"}), "url"),
        (json!({"ngrokAuthtoken": "two words"}), "ngrokAuthtoken"),
    ] {
        let (status, answer) = patch(&hookline, body).await;
        assert_eq!(
            (status, &answer["error"]["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)),
            "{answer}"
        );
    }

    let wanted = json!({
        "kind": "ngrok", "on": true, "ngrokAuthtoken": TOKEN, "ngrokDomain": "me.ngrok-free.dev",
        "ngrokMonthlyRequests": 2,
    });
    let (status, answer) = patch(&hookline, wanted).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["settings"]["ngrokAuthtoken"], "stored");
    assert!(!answer.to_string().contains(TOKEN));
    hookline.tunnel(is_online).await;
    assert_eq!(edge.records().binds[0].domain, "me.ngrok-free.dev");
    let usage = hookline.tunnel(|status| status["usage"]["warning"].is_null()).await["usage"].take();
    assert_eq!(usage["monthlyRequests"], 2);
    hookline.post("/tunnel/check", json!({})).await;
    let usage = hookline.tunnel(|status| status["usage"]["warning"].is_string()).await["usage"].take();
    assert!(text(&usage["warning"]).starts_with("100 %"), "{usage}");
    hookline.stop().await;

    let hookline = Hookline::start_in(folder.path(), "127.0.0.1:0", &[], &environment).await;
    hookline.tunnel(is_online).await;
    assert_eq!(edge.records().binds.last().map(|bind| bind.domain.as_str()), Some("me.ngrok-free.dev"));
    let (_, answer) = patch(&hookline, json!({"on": false})).await;
    assert_eq!(answer["status"]["state"], "off");
    hookline.stop().await;
    let hookline = Hookline::start_in(folder.path(), "127.0.0.1:0", &[], &environment).await;
    assert_eq!(hookline.get("/tunnel").await["status"]["state"], "off", "stopped stays stopped");
}
