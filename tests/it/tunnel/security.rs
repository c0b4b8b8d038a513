//! Through the tunnel only the one route answers, whatever a request looks like; and what cannot be served neither blocks
//! nor grows the receiver.

use std::fmt::Write as _;
use std::time::Duration;

use hookline_tests::ngrok_edge::Edge;
use hookline_tests::process::{Hookline, client, text};
use hookline_tests::webhooks::{customer, now_seconds, post_stripe, stripe_event};
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::support::{is_online, job, start};

async fn online(folder: &std::path::Path) -> (Edge, Hookline) {
    let edge = Edge::start().await;
    let hookline = start(folder, &edge, &["--tunnel", "ngrok"]).await;
    hookline.tunnel(is_online).await;
    (edge, hookline)
}

/// The answer's status and body.
fn read(answer: &[u8]) -> (u16, String) {
    let answer = String::from_utf8_lossy(answer);
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest[..3].parse().ok()).unwrap_or(0);
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

#[tokio::test]
async fn no_control_route_answers_through_the_tunnel_by_any_method_spelling_or_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let (edge, hookline) = online(folder.path()).await;
    let job = job(&hookline).await;
    let token = &hookline.ready.token;
    let api = hookline.ready.api.trim_start_matches("http://").to_owned();

    // Every path of the description, with real ids in the place of its parameters.
    let description = hookline.get("/openapi.json").await;
    let mut paths: Vec<String> = description["paths"]
        .as_object()
        .expect("an object")
        .keys()
        .map(|path| {
            path.replace("{workspaceId}", "default").replace("{jobId}", &job.id).replace(['{', '}'], "")
        })
        .collect();
    assert!(paths.len() > 20, "{}", paths.len());
    paths.extend(
        ["/", "/index.html", "/api", "/api/", "/assets/", "/api/openapi.json", "/server.json"]
            .map(str::to_owned),
    );

    let mut targets = Vec::new();
    for path in &paths {
        targets.push(path.clone());
        targets.push(format!("{path}/"));
        targets.push(path.replacen("/api/", "//api//", 1));
        targets.push(path.replacen("/api/", "/%61pi/", 1));
        targets.push(path.replacen("/api/", "/api%2f", 1));
        targets.push(path.replacen("/api/", "/api/webhooks/../", 1));
        targets.push(path.replacen("/api/", "/api/webhooks/default/%2e%2e/%2e%2e/", 1));
        targets.push(format!("http://{api}{path}"));
        targets.push(format!("https://127.0.0.1{path}"));
        targets.push(path.to_ascii_uppercase());
    }
    let hosts = ["me.ngrok-free.dev", api.as_str(), "localhost", "127.0.0.1:4401", "[::1]"];
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"];
    // All of them on a few streams, one after another: each is a request of its own.
    let mut checked = 0;
    for (number, target) in targets.iter().enumerate() {
        let mut requests = String::new();
        for (index, method) in methods.iter().enumerate() {
            let host = hosts[(number + index) % hosts.len()];
            let connection = if index + 1 == methods.len() { "close" } else { "keep-alive" };
            write!(
                requests,
                "{method} {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
                 X-Forwarded-Host: {api}\r\nContent-Length: 0\r\nConnection: {connection}\r\n\r\n"
            )
            .expect("a text takes everything");
        }
        let answers = edge.raw_request(requests.as_bytes()).await;
        let answers = String::from_utf8_lossy(&answers).into_owned();
        let statuses: Vec<&str> =
            answers.match_indices("HTTP/1.1 ").map(|(start, _)| &answers[start + 9..start + 12]).collect();
        assert!(!statuses.is_empty(), "{target}: no answer");
        for status in statuses {
            assert!(matches!(status, "404" | "400"), "{target}: {answers}");
            checked += 1;
        }
        // An empty 404 tells nothing; only the one route has an answer of its own, and no control route has its shape.
        assert!(!answers.contains("{\"") || answers.contains("job_not_found"), "{target}: {answers}");
        assert!(!answers.contains(token.as_str()));
    }
    assert!(checked > 1_000, "{checked}");

    let (status, _) = read(
        &edge
            .raw_request(
                b"CONNECT 127.0.0.1:4401 HTTP/1.1\r\nHost: 127.0.0.1:4401\r\nConnection: close\r\n\r\n",
            )
            .await,
    );
    assert!(matches!(status, 400 | 404 | 0), "{status}");
    // The one route is there all the while.
    let body =
        stripe_event("evt_1", "customer.created", now_seconds(), &customer("cus_1", "Ada")).to_string();
    assert_eq!(post_stripe(&client(), &job, body).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_job_looks_like_any_other_unknown_job_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (edge, hookline) = online(folder.path()).await;
    let job = job(&hookline).await;
    let ask = async |path: &str| {
        let request =
            format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
        read(&edge.raw_request(request.as_bytes()).await)
    };
    let known_elsewhere = ask(&format!("/api/webhooks/other/{}", job.id)).await;
    let never_there = ask("/api/webhooks/default/00000000000040008000000000000000").await;
    assert_eq!(known_elsewhere, never_there);
    assert_eq!(never_there.0, 404);
    // 122 random bits: nobody guesses one.
    assert_eq!(job.id.len(), 32, "{}", job.id);
    assert_ne!(job.id, super::support::job(&hookline).await.id);
    for _ in 0..200 {
        ask("/api/webhooks/default/nobody").await;
    }
    assert_eq!(hookline.events(&job, "").await.len(), 0);
    let status = hookline.get("/status").await;
    assert_eq!(status["worker"]["jobs"].as_array().map(Vec::len), Some(2), "{status}");
}

#[tokio::test]
async fn slow_huge_and_malformed_requests_end_and_hold_nobody_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let (edge, hookline) = online(folder.path()).await;
    let job = job(&hookline).await;
    let path = &job.url[job.url.find("/api/").expect("has a path")..];
    // Clients that begin and say nothing more.
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut stream = edge.open("203.0.113.7:1".parse().expect("an address")).await;
        let beginning = match number % 3 {
            0 => "POST ".to_owned(),
            1 => format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Len"),
            _ => format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{{"),
        };
        stream.write_all(beginning.as_bytes()).await.expect("is taken");
        slow.push(stream);
    }
    // Others are served all the while.
    for number in 0..20 {
        let body = stripe_event(
            &format!("evt_{number}"),
            "customer.created",
            now_seconds(),
            &customer("cus_1", "Ada"),
        );
        assert_eq!(post_stripe(&client(), &job, body.to_string()).await.0, StatusCode::OK);
    }
    let malformed: [&[u8]; 6] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS\r\n\r\n",
        b"POST /api/webhooks/default/x HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nZZ\r\n",
        b"\0\0\0\0\0\0\r\n\r\n",
    ];
    for request in malformed {
        let (status, body) = read(&edge.raw_request(request).await);
        assert!(matches!(status, 0 | 400..=505), "{status} {body}");
    }
    let huge_head = [b"POST / HTTP/1.1\r\nX: ".as_slice(), &vec![b'a'; 1_000_000], b"\r\n\r\n"].concat();
    // Its sender goes on while it is refused, and the end of the stream may overtake the answer, as on a port: what counts
    // is that nothing else is answered, and that the link lives on.
    let mut stream = edge.open("203.0.113.7:1".parse().expect("an address")).await;
    let _ = tokio::time::timeout(Duration::from_secs(3), stream.write_all(&huge_head)).await;
    let mut status = [0; 12];
    let answered = tokio::time::timeout(Duration::from_secs(5), stream.read_exact(&mut status)).await;
    assert!(!matches!(answered, Ok(Ok(_))) || &status == b"HTTP/1.1 431", "{status:?}");
    let huge_body = format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n{{"
    );
    let (status, answer) = read(&edge.raw_request(huge_body.as_bytes()).await);
    assert_eq!(status, 413, "{answer}");

    // The silent ones are let go of by themselves.
    for stream in &mut slow {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_mins(1), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "a silent client is held for ever");
    }
    assert_eq!(text(&hookline.get("/tunnel").await["status"]["state"]), "online");
    assert_eq!(edge.records().connections, 1, "the link lived through it");
}
