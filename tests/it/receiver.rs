//! The receiver, as senders meet it: every row of its table of answers, and HTTP at its edges.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hookline_tests::process::{Hookline, Job, client, text};
use hookline_tests::webhooks::{customer, now_seconds, post, post_stripe, stripe_event, stripe_signature};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn with_stripe_job(config: Value) -> (tempfile::TempDir, Hookline, Job) {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let job = hookline.job("stripe", json!({"name": "local", "kind": "local"}), config).await;
    (folder, hookline, job)
}

fn event_bytes(id: &str) -> Vec<u8> {
    stripe_event(id, "customer.created", now_seconds(), &customer("cus_1", "Ada")).to_string().into_bytes()
}

/// Sends bytes as they are and reads what comes back until the connection closes or falls silent.
async fn raw(hookline: &Hookline, bytes: &[u8]) -> String {
    let address = hookline.ready.receiver.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(bytes).await.expect("sends");
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(Ok(read)) = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut buffer)).await {
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..read]);
        if let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n")
            && let Some(length) = content_length(&String::from_utf8_lossy(&answer[..head]))
            && answer.len() >= head + 4 + length
        {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn content_length(head: &str) -> Option<usize> {
    head.lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned))?
        .trim()
        .parse()
        .ok()
}

fn path(job: &Job) -> &str {
    &job.url[job.url.find("/api/").expect("has a path")..]
}

#[tokio::test]
async fn each_row_of_the_table_is_answered_as_the_design_says() {
    let config = json!({"webhookConfig": {"eventTypes": ["customer.*"]}});
    let (_folder, hookline, job) = with_stripe_job(config).await;
    let http = client();

    let body = event_bytes("evt_1");
    let (status, stored) = post_stripe(&http, &job, body.clone()).await;
    assert_eq!((status, &stored["received"]), (StatusCode::OK, &json!(true)));
    assert_eq!(stored.get("duplicate"), None);

    let (status, duplicate) = post_stripe(&http, &job, body.clone()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&duplicate["duplicate"], &duplicate["eventId"]), (&json!(true), &stored["eventId"]));

    let other =
        stripe_event("evt_2", "invoice.paid", now_seconds(), &json!({"id": "in_1", "object": "invoice"}));
    let (status, filtered) = post_stripe(&http, &job, other.to_string()).await;
    assert_eq!(status, StatusCode::OK);
    let row = hookline.event(&job, &text(&filtered["eventId"])).await;
    assert_eq!((&row["status"], &row["reason"]), (&json!("skipped"), &json!("filtered")));

    let unsigned = post(&http, &job.url, &[], Bytes::from(body.clone())).await;
    let wrong = stripe_signature("whsec_other", &body, now_seconds());
    let wrong = post(&http, &job.url, &[("stripe-signature", wrong)], Bytes::from(body.clone())).await;
    let old = stripe_signature(&job.secret, &body, now_seconds() - 301);
    let old = post(&http, &job.url, &[("stripe-signature", old)], Bytes::from(body.clone())).await;
    for (status, answer) in [unsigned, wrong, old] {
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer["error"]["code"], "signature_invalid");
    }

    for unreadable in [&b"not json"[..], b"{\"a\": 1}", b"[1, 2]", b"{\"id\": \"\xff\xfe\"}", b""] {
        let (status, answer) = post_stripe(&http, &job, unreadable.to_vec()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{}", String::from_utf8_lossy(unreadable));
        assert_eq!(answer["error"]["code"], "invalid_payload");
    }

    let nowhere = job.url.replace(&job.id, "nope");
    let (status, answer) = post(&http, &nowhere, &[], Bytes::from(body.clone())).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::NOT_FOUND, &json!("job_not_found")));

    let counts = hookline.settled(&job).await;
    assert_eq!(counts["completed"], 1, "{counts}");
    assert_eq!(counts["skipped"], 1, "{counts}");
    hookline.rejected(&job, 8).await;
    let rejected = hookline.events(&job, "status=rejected").await;
    assert_eq!(rejected.len(), 8);
    assert!(rejected.iter().all(|row| row["error"].is_string()), "{rejected:?}");

    let pause = format!("/workspaces/default/sync-jobs/{}", job.id);
    let (status, _) = hookline.call(reqwest::Method::PATCH, &pause, Some(json!({"enabled": false}))).await;
    assert_eq!(status, StatusCode::OK);
    let (status, answer) = post_stripe(&http, &job, event_bytes("evt_3")).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::FORBIDDEN, &json!("job_disabled")));
}

#[tokio::test]
async fn a_body_of_the_limit_fits_and_one_byte_more_does_not() {
    let (_folder, hookline, job) = with_stripe_job(json!({})).await;
    let http = client();
    let limit = 5 * 1024 * 1024;
    let empty =
        stripe_event("evt_large", "customer.created", now_seconds(), &customer("cus_1", "")).to_string();
    let name = "x".repeat(limit - empty.len());
    let exact =
        stripe_event("evt_large", "customer.created", now_seconds(), &customer("cus_1", &name)).to_string();
    assert_eq!(exact.len(), limit);
    let (status, _) = post_stripe(&http, &job, exact.clone()).await;
    assert_eq!(status, StatusCode::OK);
    let (status, answer) = post_stripe(&http, &job, exact.clone() + " ").await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("payload_too_large"))
    );
    // The same without a length: only counting finds it.
    let pieces: Vec<Result<Bytes, std::io::Error>> =
        (exact + " ").into_bytes().chunks(100_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let response = http
        .post(&job.url)
        .body(reqwest::Body::wrap_stream(tokio_stream::iter(pieces)))
        .send()
        .await
        .expect("is answered");
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    drop(hookline);
}

#[tokio::test]
async fn compressed_bodies_verify_whichever_bytes_were_signed_and_are_kept_as_they_came() {
    let (_folder, hookline, job) = with_stripe_job(json!({})).await;
    let http = client();
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("compresses");
        encoder.finish().expect("ends")
    };
    for (id, sign_compressed) in [("evt_plain_signed", false), ("evt_wire_signed", true)] {
        let plain = event_bytes(id);
        let wire = gzip(&plain);
        let signed = if sign_compressed { &wire } else { &plain };
        let headers = [
            ("stripe-signature", stripe_signature(&job.secret, signed, now_seconds())),
            ("content-encoding", "gzip".to_owned()),
        ];
        let (status, answer) = post(&http, &job.url, &headers, Bytes::from(wire)).await;
        assert_eq!(status, StatusCode::OK, "{id}: {answer}");
        let event = hookline.event(&job, &text(&answer["eventId"])).await;
        assert_eq!(text(&event["rawBody"]).as_bytes(), plain);
        assert_eq!(event["type"], "customer.created");
    }
    let bomb = gzip(&vec![b' '; 6 * 1024 * 1024]);
    for (encoding, body, expected) in [
        ("br", event_bytes("evt_br"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("gzip", event_bytes("evt_damaged"), StatusCode::BAD_REQUEST),
        ("gzip", bomb, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let headers = [
            ("stripe-signature", stripe_signature(&job.secret, &body, now_seconds())),
            ("content-encoding", encoding.to_owned()),
        ];
        let (status, answer) = post(&http, &job.url, &headers, Bytes::from(body)).await;
        assert_eq!(status, expected, "{encoding}: {answer}");
    }
    assert_eq!(hookline.settled(&job).await["completed"], 2);
}

#[tokio::test]
async fn everything_but_the_one_route_is_an_empty_404() {
    let (_folder, hookline, job) = with_stripe_job(json!({})).await;
    let http = client();
    let here = &hookline.ready.receiver;
    for url in [
        format!("{here}/"),
        format!("{here}/api/status"),
        format!("{here}/api/workspaces/default/sync-jobs"),
        format!("{here}/api/openapi.json"),
        format!("{}/", job.url),
        format!("{}/test", job.url),
        format!("{here}/api/webhooks/default"),
        format!("{here}/api//webhooks/default/{}", job.id),
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
            let method: reqwest::Method = method.parse().expect("a method");
            let response = http.request(method.clone(), &url).send().await.expect("is answered");
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method} {url}");
            assert_eq!(response.bytes().await.expect("has a body").len(), 0, "{method} {url}");
        }
    }
    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"] {
        let answer = raw(
            &hookline,
            format!("{method} {} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", path(&job)).as_bytes(),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{method}: {answer}");
    }
}

#[tokio::test]
async fn http_at_its_edges_is_answered_and_leaves_the_receiver_well() {
    let (_folder, hookline, job) = with_stripe_job(json!({})).await;
    let body = event_bytes("evt_edge");
    let signature = stripe_signature(&job.secret, &body, now_seconds());
    let path = path(&job);

    // A sender that waits for leave to send its body gets it.
    let address = hookline.ready.receiver.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.expect("connects");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nstripe-signature: {signature}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("sends");
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.expect("is told to go on");
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&body).await.expect("sends");
    let mut status = [0; 15];
    stream.read_exact(&mut status).await.expect("is answered");
    assert_eq!(&status, b"HTTP/1.1 200 OK");

    // One that announces too much is refused before it sends.
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 99999999\r\n\r\n"
    );
    assert!(raw(&hookline, head.as_bytes()).await.starts_with("HTTP/1.1 413"));

    let many = "x-many: y\r\n".repeat(200);
    let huge = format!("x-huge: {}\r\n", "y".repeat(500_000));
    for headers in [many, huge] {
        let answer =
            raw(&hookline, format!("POST {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    for malformed in [
        "nonsense\r\n\r\n".to_owned(),
        format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
        format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n"),
        format!("POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
    ] {
        let answer = raw(&hookline, malformed.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400") || answer.is_empty(), "{malformed:?}: {answer}");
    }

    // A body that breaks off is no event.
    let half = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nstripe-signature: {signature}\r\ncontent-length: 100\r\n\r\nabc"
    );
    let mut stream = TcpStream::connect(&address).await.expect("connects");
    stream.write_all(half.as_bytes()).await.expect("sends");
    drop(stream);

    let (status, _) = post_stripe(&client(), &job, event_bytes("evt_after")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(hookline.settled(&job).await["completed"], 2);
}

#[tokio::test]
async fn of_many_deliveries_of_one_event_at_once_exactly_one_is_new() {
    let (_folder, hookline, job) = with_stripe_job(json!({})).await;
    let http = client();
    let body = event_bytes("evt_same");
    let answers =
        futures_util::future::join_all((0..50).map(|_| post_stripe(&http, &job, body.clone()))).await;
    let new = answers.iter().filter(|(_, answer)| answer.get("duplicate").is_none()).count();
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::OK));
    assert_eq!(new, 1);
    let first = &answers[0].1["eventId"];
    assert!(answers.iter().all(|(_, answer)| answer["eventId"] == *first));
    assert_eq!(hookline.settled(&job).await["completed"], 1);
}

#[tokio::test]
async fn while_a_secret_is_rolled_both_count() {
    let (_folder, hookline, job) = with_stripe_job(json!({})).await;
    let http = client();
    let rotate = format!("/workspaces/default/sync-jobs/{}/webhook/regenerate-secret", job.id);
    let answer = hookline.post(&rotate, json!({"keepOldForHours": 24})).await;
    let rolled = Job { secret: text(&answer["webhookSecret"]), ..job.clone() };
    assert_ne!(rolled.secret, job.secret);
    assert_eq!(post_stripe(&http, &job, event_bytes("evt_old")).await.0, StatusCode::OK);
    assert_eq!(post_stripe(&http, &rolled, event_bytes("evt_new")).await.0, StatusCode::OK);
    let answer = hookline.post(&rotate, json!({"keepOldForHours": 0})).await;
    let newest = Job { secret: text(&answer["webhookSecret"]), ..job.clone() };
    assert_eq!(post_stripe(&http, &newest, event_bytes("evt_newest")).await.0, StatusCode::OK);
    assert_eq!(post_stripe(&http, &rolled, event_bytes("evt_late")).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_of_another_provider_is_not_kept_of_a_request_that_is_refused() {
    let (_folder, hookline, job) = with_stripe_job(json!({})).await;
    let headers = [
        ("x-gitlab-token", "TokenThatWentToTheWrongJob".to_owned()),
        ("x-gitlab-event", "Push Hook".to_owned()),
    ];
    let (status, _) = post(&client(), &job.url, &headers, Bytes::from_static(b"{}")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    hookline.rejected(&job, 1).await;
    let events = hookline.events(&job, "status=rejected").await;
    let kept = hookline.event(&job, &text(&events[0]["id"])).await.to_string();
    assert!(kept.contains("x-gitlab-token") && kept.contains("Push Hook"), "{kept}");
    assert!(!kept.contains("TokenThatWentToTheWrongJob"), "{kept}");
}
