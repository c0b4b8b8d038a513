//! Hookline in the test's own process, on a disk that does as it is told.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hookline_engine::app::{App, Config, StartError};
use hookline_engine::event::SystemClock;
use hookline_engine::secrets::SecretsChoice;
use hookline_engine::store::{EventFilter, Order, Store, StoreOptions};
use hookline_faulty_vfs::Disk;
use hookline_tests::process::{Job, PATIENCE, client, text};
use hookline_tests::webhooks::{customer, now_seconds, stripe_event, stripe_signature};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// What the receiver said.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<u64>,
    pub(super) body: Value,
}

impl Answer {
    /// Whether the event was taken; whoever is refused has to be told when to come back.
    pub(super) fn is_taken(&self) -> bool {
        if self.status == StatusCode::OK {
            assert_eq!(self.body["received"], true, "{self:?}");
            return true;
        }
        assert_eq!(self.status, StatusCode::SERVICE_UNAVAILABLE, "{self:?}");
        assert_eq!(self.body["error"]["code"], "storage_unavailable", "{self:?}");
        assert!(self.retry_after.is_some_and(|seconds| seconds > 0), "{self:?}");
        false
    }
}

/// Posts an event to a job, about a customer of its own.
pub(super) async fn post_event(http: &reqwest::Client, job: &Job, id: &str) -> Answer {
    post_about(http, job, id, &format!("cus_{id}")).await
}

/// Posts an event about this customer to a job.
pub(super) async fn post_about(http: &reqwest::Client, job: &Job, id: &str, about: &str) -> Answer {
    let body = stripe_event(id, "customer.updated", now_seconds(), &customer(about, id)).to_string();
    let signature = stripe_signature(&job.secret, body.as_bytes(), now_seconds());
    let request = http.post(&job.url).header("stripe-signature", signature).body(body);
    let response = request.send().await.expect("the receiver answers");
    let retry_after = response.headers().get("retry-after").map(|value| {
        value
            .to_str()
            .ok()
            .and_then(|value| value.parse().ok())
            .expect("`Retry-After` is a number of seconds")
    });
    let status = response.status();
    Answer { status, retry_after, body: response.json().await.expect("the answer is JSON") }
}

/// Waits until `check` says yes.
pub(super) async fn until(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what} takes too long"));
}

/// A running Hookline.
pub(super) struct Running {
    app: App,
    pub(super) http: reqwest::Client,
}

impl Running {
    pub(super) async fn try_start(folder: &Path) -> Result<Self, StartError> {
        let mut config = Config::new(folder.to_owned());
        config.secrets = SecretsChoice::File;
        config.listen.set_port(0);
        config.api.set_port(0);
        Ok(Self { app: App::start(config).await?, http: client() })
    }

    pub(super) async fn start(folder: &Path) -> Self {
        Self::try_start(folder).await.expect("starts")
    }

    pub(super) async fn stop(self) {
        self.app.shut_down().await;
    }

    pub(super) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let ready = self.app.ready();
        let mut request =
            self.http.request(method, format!("{}/api{path}", ready.api)).bearer_auth(&ready.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the control API answers");
        let status = response.status();
        let text = response.text().await.expect("has a body");
        // A change that has nothing to say has no body.
        let value = if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&text) };
        (status, value.expect("the answer is JSON"))
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let (status, value) = self.call(Method::GET, path, None).await;
        assert!(status.is_success(), "GET {path}: {status} {value}");
        value
    }

    async fn make(&self, what: &str, body: Value) -> Value {
        let (status, value) =
            self.call(Method::POST, &format!("/workspaces/default/{what}"), Some(body)).await;
        assert!(status.is_success(), "{what}: {status} {value}");
        value
    }

    /// A job of Stripe's events.
    pub(super) async fn job(&self, destination: Value) -> Job {
        let source = self.make("sources", json!({"name": "s", "kind": "stripe"})).await;
        let destination = self.make("destinations", destination).await;
        let job = json!({
            "name": "j", "type": "webhook", "sourceId": source["id"], "destinationId": destination["id"],
            "enabled": true, "webhookConfig": {"batchWaitMs": 1},
        });
        let job = self.make("sync-jobs", job).await;
        Job { id: text(&job["id"]), url: text(&job["webhookUrl"]), secret: text(&job["webhookSecret"]) }
    }

    /// The same job after a start on other ports.
    pub(super) fn moved(&self, job: &Job) -> Job {
        let path = job.url.find("/api/webhooks").map(|at| &job.url[at..]).expect("is a webhook's URL");
        Job { url: format!("{}{path}", self.app.ready().receiver), ..job.clone() }
    }

    pub(super) async fn counts(&self, job: &Job) -> Value {
        let path = format!("/workspaces/default/sync-jobs/{}/webhook/stats", job.id);
        self.get(&path).await["byStatus"].take()
    }

    /// Waits until nothing is pending. Reads may fail meanwhile, as the disk may; and who waits for a destination is not left
    /// waiting.
    pub(super) async fn settled(&self, job: &Job) -> Value {
        let path = format!("/workspaces/default/sync-jobs/{}", job.id);
        let mut counts = Value::Null;
        until("applying", async || {
            let (status, mut answer) = self.call(Method::GET, &format!("{path}/webhook/stats"), None).await;
            if !status.is_success() {
                assert_eq!(answer["error"]["code"], "storage_failed", "{answer}");
                return false;
            }
            counts = answer["byStatus"].take();
            let is_settled = counts["pending"] == 0 && counts["processing"] == 0;
            if !is_settled && self.call(Method::GET, &path, None).await.1["delivery"]["state"] != "running" {
                self.call(Method::POST, &format!("{path}/resume"), Some(json!({}))).await;
            }
            is_settled
        })
        .await;
        counts
    }
}

pub(super) fn store_options() -> StoreOptions {
    StoreOptions { clock: Arc::new(SystemClock), queue_length: 16, rejected_per_job: 16 }
}

/// How often each provider's id is in the store below a folder, by status; nothing may be damaged and the counters have to
/// be what the events say.
pub(super) async fn inventory(folder: &Path, job: &Job) -> BTreeMap<String, usize> {
    let options = store_options();
    let path = folder.to_owned();
    let opened = tokio::task::spawn_blocking(move || Store::open(&path, options)).await.expect("no panic");
    let store = opened.unwrap_or_else(|error| panic!("{}: {error:?}", folder.display()));
    let damage = store.check_integrity().await.expect("checks");
    assert!(damage.is_empty(), "{}: {damage:?}", folder.display());
    let mut found = BTreeMap::new();
    let mut after = None;
    let mut events = 0;
    loop {
        let filter = EventFilter { order: Order::OldestFirst, ..EventFilter::default() };
        let page = store.events(filter, after, 500).await.expect("lists");
        for row in page.events {
            // Every body is read, and is the one that was sent.
            let detail = store.event(&row.job_id, row.id).await.expect("the event is whole");
            let body: Value = serde_json::from_slice(&detail.request.body).expect("is JSON");
            assert_eq!(body["id"], json!(row.head.provider_event_id));
            *found.entry(row.head.provider_event_id).or_default() += 1;
            events += 1;
        }
        after = page.next_cursor;
        if after.is_none() {
            break;
        }
    }
    let counts = store.counts(&hookline_engine::event::JobId::new(job.id.clone()));
    assert_eq!(
        counts.pending + counts.completed + counts.failed + counts.skipped + counts.rejected,
        events,
        "counters: {counts:?}"
    );
    store.close().await;
    found
}

/// All that were promised are in the store, and nothing is there twice.
pub(super) async fn assert_promises_kept(folder: &Path, job: &Job, promised: &[String]) {
    let found = inventory(folder, job).await;
    for id in promised {
        assert!(found.contains_key(id), "{id} was answered 200 and is gone; there is {found:?}");
    }
    let twice: Vec<_> = found.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// A folder with a simulated disk.
pub(super) fn folder_with_disk() -> (tempfile::TempDir, Disk) {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = Disk::below(folder.path()).expect("a disk");
    (folder, disk)
}
