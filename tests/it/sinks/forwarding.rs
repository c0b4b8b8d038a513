//! The HTTP destination, against a real server.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::IntoResponse as _;
use hookline_engine::event::DeletePolicy::Hard;
use hookline_engine::sinks::{self, Connection, Outcome, Sink, SinkError};
use parking_lot::Mutex;

use super::support::{Event, apply};

/// A request as it arrived.
#[derive(Debug, Clone)]
struct Seen {
    method: Method,
    query: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// Answers with the status that the body asks for.
async fn hook(
    State(log): State<Log>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    log.lock().push(Seen { method, query, headers, body: body.clone() });
    let status = std::str::from_utf8(&body).ok().and_then(|text| text.parse::<u16>().ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let headers = [(header::RETRY_AFTER, "7"), (header::LOCATION, "/elsewhere")];
    (status, headers, "x".repeat(100_000)).into_response()
}

async fn serve() -> anyhow::Result<(String, Log)> {
    let log = Log::default();
    let app = Router::new().fallback(hook).with_state(Arc::clone(&log));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok((url, log))
}

async fn open(url: String) -> anyhow::Result<Arc<dyn Sink>> {
    Ok(sinks::open(Connection::Http { url: url.into() }).await?)
}

fn event(id: i64, body: &[u8]) -> Event {
    let headers = [
        ("host", "elsewhere.test"),
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("stripe-signature", "t=1,v1=ab"),
        ("x-twice", "one"),
        ("x-twice", "two"),
        ("transfer-encoding", "chunked"),
        ("connection", "keep-alive, x-hop"),
        ("x-hop", "1"),
        ("user-agent", "Stripe/1.0"),
    ];
    Event::updated("evt", "a", 1, "{}").request(id, &headers, body)
}

#[tokio::test]
async fn the_exact_bytes_and_headers_arrive_in_order() -> anyhow::Result<()> {
    let (url, log) = serve().await?;
    let sink = open(format!("{url}/hook?key=1&a=%20b")).await?;
    assert!(!sink.wants_operations());
    let bodies: [&[u8]; 3] = [b"\x1f\x8b not really gzip \xff\x00", b"{\"a\" : 1.0 }\n", b""];
    let events: Vec<Event> = (1..).zip(bodies).map(|(id, body)| event(id, body)).collect();
    let outcomes = apply(&*sink, Hard, &events).await?;
    assert_eq!(outcomes.len(), 3);
    for outcome in outcomes {
        let Outcome::Completed { answer: Some(answer) } = outcome else { panic!("{outcome:?}") };
        assert_eq!((answer.status, answer.body.len(), answer.body_truncated), (200, 64 * 1024, true));
        assert!(answer.headers.iter().any(|(name, value)| name == "retry-after" && value == "7"));
    }
    let seen = log.lock().clone();
    for (at, seen) in seen.iter().enumerate() {
        assert_eq!(seen.method, Method::POST);
        assert_eq!(seen.query.as_deref(), Some("key=1&a=%20b"));
        assert_eq!(seen.body, bodies[at]);
        let text = |name: &str| {
            seen.headers
                .get_all(name)
                .iter()
                .map(|value| value.to_str().unwrap_or("?").to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(text("x-twice"), ["one", "two"]);
        assert_eq!(text("stripe-signature"), ["t=1,v1=ab"]);
        assert_eq!(text("content-encoding"), ["gzip"]);
        assert_eq!(text("user-agent"), ["Stripe/1.0"]);
        assert_eq!(text("hookline-event-id"), [(at + 1).to_string()]);
        assert_ne!(text("host"), ["elsewhere.test"]);
        assert_eq!(text("content-length"), [bodies[at].len().to_string()]);
        for absent in ["x-hop", "transfer-encoding", "accept-encoding"] {
            assert!(text(absent).is_empty(), "{absent}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn answers_decide_what_becomes_of_each_event() -> anyhow::Result<()> {
    let (url, log) = serve().await?;
    let sink = open(url).await?;
    let statuses: [u16; 9] = [204, 400, 500, 503, 429, 408, 410, 302, 404];
    let events: Vec<Event> =
        (1..).zip(statuses).map(|(id, status)| event(id, status.to_string().as_bytes())).collect();
    let outcomes = apply(&*sink, Hard, &events).await?;
    for (outcome, status) in outcomes.iter().zip(statuses) {
        match outcome {
            Outcome::Completed { .. } => assert_eq!(status, 204),
            Outcome::Retry { error, after_ms, answer } => {
                assert!([500, 503, 429, 408].contains(&status), "{status}");
                assert_eq!(*after_ms, Some(7000));
                assert!(error.contains(&status.to_string()), "{error}");
                assert_eq!(answer.as_ref().map(|answer| answer.status), Some(status));
            }
            Outcome::Reject { error, answer } => {
                assert!([400, 410, 302, 404].contains(&status), "{status}");
                assert!(error.contains(&status.to_string()), "{error}");
                assert_eq!(answer.as_ref().map(|answer| answer.status), Some(status));
            }
            Outcome::Stale { .. } => panic!("{outcome:?}"),
        }
    }
    assert_eq!(log.lock().len(), statuses.len(), "no redirect was followed and nothing was repeated");
    assert!(sink.check().await?.contains("HTTP 200"));
    Ok(())
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_uses_up_no_attempt() -> anyhow::Result<()> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let sink = open(format!("http://user:hunter2@127.0.0.1:{port}/hook?key=hunter2")).await?;
    let applied = apply(&*sink, Hard, &[event(1, b"x")]).await;
    for error in [applied.expect_err("nobody is there"), sink.check().await.expect_err("nobody is there")] {
        assert!(matches!(error, SinkError::Unavailable { .. }), "{error:?}");
        let shown = format!("{error:?} {sink:?}");
        assert!(shown.contains(&port.to_string()) && !shown.contains("hunter2"), "{shown}");
    }
    let error =
        sinks::open(Connection::Http { url: "ftp://x".to_owned().into() }).await.err().context("refused")?;
    assert!(error.message.contains("http://"), "{error}");
    Ok(())
}
