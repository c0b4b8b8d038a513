//! Signed webhooks, made here and not by the engine: the tests' own reading of what providers send.

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use hookline_engine::event::{Clock as _, SystemClock};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::process::Job;

/// Seconds since 1970.
pub fn now_seconds() -> i64 {
    SystemClock.now().seconds()
}

fn hmac_hex(key: &[u8], parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("takes any key");
    for part in parts {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

/// The value of `Stripe-Signature` for a body signed at `at`.
pub fn stripe_signature(secret: &str, body: &[u8], at: i64) -> String {
    let v1 = hmac_hex(secret.as_bytes(), &[at.to_string().as_bytes(), b".", body]);
    format!("t={at},v1={v1}")
}

/// The headers of a Close webhook signed at `at`.
///
/// # Panics
/// When the secret is not hexadecimal.
pub fn close_headers(secret: &str, body: &[u8], at: i64) -> [(&'static str, String); 2] {
    let key = hex::decode(secret).expect("is hexadecimal");
    let at = at.to_string();
    [("close-sig-hash", hmac_hex(&key, &[at.as_bytes(), body])), ("close-sig-timestamp", at)]
}

/// A Stripe event about a customer.
pub fn stripe_event(id: &str, event_type: &str, created: i64, object: &Value) -> Value {
    json!({
        "id": id,
        "object": "event",
        "api_version": "2024-06-20",
        "created": created,
        "data": {"object": object},
        "livemode": false,
        "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null},
        "type": event_type,
    })
}

/// A customer.
pub fn customer(id: &str, name: &str) -> Value {
    json!({"id": id, "object": "customer", "name": name, "balance": 0, "metadata": {}})
}

/// Posts a body to a Stripe job, signed now.
///
/// # Panics
/// When no JSON comes back.
pub async fn post_stripe(http: &reqwest::Client, job: &Job, body: impl Into<Bytes>) -> (StatusCode, Value) {
    post_stripe_at(http, job, body, now_seconds()).await
}

/// Posts a body to a Stripe job, signed at a time.
///
/// # Panics
/// When no JSON comes back.
pub async fn post_stripe_at(
    http: &reqwest::Client,
    job: &Job,
    body: impl Into<Bytes>,
    at: i64,
) -> (StatusCode, Value) {
    let body = body.into();
    let signature = stripe_signature(&job.secret, &body, at);
    post(http, &job.url, &[("stripe-signature", signature)], body).await
}

/// Posts a body with headers.
///
/// # Panics
/// When no JSON comes back.
pub async fn post(
    http: &reqwest::Client,
    url: &str,
    headers: &[(&str, String)],
    body: Bytes,
) -> (StatusCode, Value) {
    let mut request = http.post(url).header("content-type", "application/json").body(body);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = request.send().await.expect("the receiver answers");
    let status = response.status();
    let body = response.bytes().await.expect("has a body");
    let value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("is JSON") };
    (status, value)
}
