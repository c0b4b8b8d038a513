//! A load of events whose outcome is known: sent by several connections, repeated as a provider repeats them, and compared
//! with all that is left at the end.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hookline_tests::mongod::{self, TestDatabase};
use hookline_tests::process::{Hookline, Job, client, serve, text};
use hookline_tests::webhooks::{customer, now_seconds, stripe_event, stripe_signature};
use mongodb::bson::{Document, doc};
use parking_lot::Mutex;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::task::JoinSet;

/// So many documents for each job: few, so that each is written again and again.
const CUSTOMERS: u64 = 30;
/// Every so many events of a customer one is its deletion.
const DELETED: u64 = 7;
/// How many connections send at once.
const SENDERS: usize = 4;
/// A time long ago: the order of the events is the order of their numbers, whatever the clock does.
const BEGIN: i64 = 1_700_000_000;

/// `hookline serve` that says little, with these variables.
pub(super) fn quiet(folder: &Path, environment: &[(&str, String)]) -> Command {
    let mut command = serve(folder);
    command.env("HOOKLINE_LOG", "error").envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

/// Where the documents of a job are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In MongoDB; deletions remove documents.
    Mongo,
    /// In MongoDB; deletions mark documents.
    MongoSoft,
    /// In the local file.
    Local,
}

struct Target {
    job: Job,
    place: Place,
    destination: String,
}

/// The jobs, and what was sent to them.
pub(super) struct Load {
    targets: Vec<Target>,
    database: TestDatabase,
    sent: Arc<Sent>,
}

/// Events are numbers; the job and the customer follow from the number.
#[derive(Default)]
struct Sent {
    next: AtomicU64,
    answered: Mutex<HashSet<u64>>,
    /// Sent, and nobody knows what became of them: a provider sends them again.
    open: Mutex<HashSet<u64>>,
}

impl Load {
    /// Makes the jobs.
    pub(super) async fn new(hookline: &Hookline) -> Self {
        let database = mongod::shared().await.expect("there is a mongod");
        let mongo =
            json!({"name": "mongo", "kind": "mongodb", "uri": database.uri, "database": database.name});
        let mut targets = Vec::new();
        for (place, destination, job) in [
            (Place::Mongo, mongo.clone(), json!({})),
            (
                Place::MongoSoft,
                mongo,
                json!({"collectionPrefix": "soft_", "webhookConfig": {"deletes": "soft"}}),
            ),
            (Place::Local, json!({"name": "local", "kind": "local"}), json!({})),
        ] {
            let job = hookline.job("stripe", destination, job).await;
            let made = hookline.get(&format!("/workspaces/default/sync-jobs/{}", job.id)).await;
            targets.push(Target { job, place, destination: text(&made["destinationId"]) });
        }
        Self { targets, database, sent: Arc::default() }
    }

    /// How many events were answered so far.
    pub(super) fn answered(&self) -> usize {
        self.sent.answered.lock().len()
    }

    /// Sends by several connections until the process is gone: first what is open since the last time.
    pub(super) fn send(&self, hookline: &Hookline) -> JoinSet<()> {
        let repeated: Vec<u64> = self.sent.open.lock().iter().copied().collect();
        let repeated = Arc::new(Mutex::new(repeated));
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            let jobs: Vec<(String, String)> = self
                .targets
                .iter()
                .map(|target| {
                    let path = target.job.url.split_once("/api/").expect("is a URL of the receiver").1;
                    (format!("{}/api/{path}", hookline.ready.receiver), target.job.secret.clone())
                })
                .collect();
            let (sent, repeated) = (Arc::clone(&self.sent), Arc::clone(&repeated));
            senders.spawn(async move {
                let http = client();
                loop {
                    let again = repeated.lock().pop();
                    let number = again.unwrap_or_else(|| sent.next.fetch_add(1, Ordering::Relaxed));
                    let (url, secret) = &jobs[number as usize % jobs.len()];
                    let body = event(number, jobs.len() as u64);
                    let signature = stripe_signature(secret, body.as_bytes(), now_seconds());
                    sent.open.lock().insert(number);
                    let answer = http.post(url).header("stripe-signature", signature).body(body).send().await;
                    match answer {
                        Ok(answer) if answer.status() == StatusCode::OK => {
                            // The head of an answer is the promise, whatever becomes of the rest.
                            sent.answered.lock().insert(number);
                            sent.open.lock().remove(&number);
                        }
                        Ok(answer) => panic!("{}", answer.status()),
                        Err(_) => return,
                    }
                }
            });
        }
        senders
    }

    /// Compares what is stored and what the destinations hold with what was answered: in a process that lives.
    pub(super) async fn check(&self, hookline: &Hookline) {
        let answered = self.sent.answered.lock().clone();
        let open = self.sent.open.lock().clone();
        let mut missing = answered;
        for target in &self.targets {
            let counts = hookline.settled(&target.job).await;
            let events = all_events(hookline, &target.job).await;
            let mut stored = HashSet::new();
            let mut statuses: BTreeMap<String, u64> = BTreeMap::new();
            for event in &events {
                let id = text(&event["providerEventId"]);
                let number: u64 = id.trim_start_matches("evt_").parse().expect("a number");
                assert!(stored.insert(number), "{id} is stored twice");
                assert!(missing.remove(&number) || open.contains(&number), "{id} was never sent");
                *statuses.entry(text(&event["status"])).or_default() += 1;
            }
            let ids: Vec<u64> =
                events.iter().map(|event| text(&event["id"]).parse().expect("an id")).collect();
            assert!(ids.is_sorted_by(|newer, older| newer > older), "ids grow in the order of receipt");
            self.check_counters(hookline, target, &counts, &statuses, stored.len() as u64).await;
            self.check_documents(hookline, target, &stored).await;
        }
        assert!(missing.is_empty(), "answered 2xx and lost: {missing:?}");
        let found = hookline.post("/maintenance/check", json!({})).await;
        assert_eq!(found["ok"], true, "{found}");
    }

    async fn check_counters(
        &self,
        hookline: &Hookline,
        target: &Target,
        counts: &Value,
        statuses: &BTreeMap<String, u64>,
        stored: u64,
    ) {
        let sum = |status: &str| statuses.get(status).copied().unwrap_or(0);
        assert_eq!(sum("completed") + sum("skipped"), stored, "nothing else became of any: {statuses:?}");
        for status in ["pending", "processing", "completed", "failed", "skipped", "rejected"] {
            assert_eq!(counts[status], sum(status), "{status}: {counts} {statuses:?}");
        }
        let base = format!("/workspaces/default/sync-jobs/{}/webhook", target.job.id);
        let stats = hookline.get(&format!("{base}/stats")).await;
        assert_eq!(stats["total"], stored, "{stats}");
        let activity = hookline.get(&format!("{base}/activity?from=2020-01-01T00:00:00Z")).await;
        let points = activity["points"].as_array().expect("is a list");
        for (what, expected) in [
            ("received", stored),
            ("completed", sum("completed")),
            ("skipped", sum("skipped")),
            ("failed", 0),
        ] {
            let counted: u64 = points.iter().filter_map(|point| point[what].as_u64()).sum();
            assert_eq!(counted, expected, "{what} minute by minute");
        }
        // The index of words may have died and been made anew: nothing is missing in a search.
        let newest = stored.checked_sub(1).map(|_| hookline.events(&target.job, "limit=1"));
        if let Some(newest) = newest {
            let id = text(&newest.await[0]["providerEventId"]);
            assert_eq!(hookline.events(&target.job, &format!("q={id}")).await.len(), 1, "{id}");
        }
    }

    /// The newest stored event of each customer is what its document says.
    async fn check_documents(&self, hookline: &Hookline, target: &Target, stored: &HashSet<u64>) {
        let jobs = self.targets.len() as u64;
        let mut newest: HashMap<u64, u64> = HashMap::new();
        for number in stored {
            let highest = newest.entry(customer_of(*number, jobs)).or_default();
            *highest = (*number).max(*highest);
        }
        for (customer, number) in newest {
            let id = format!("cus_{customer}");
            let found = self.document(hookline, target, &id).await;
            let expected = format!("evt_{number}");
            match found {
                None => {
                    assert!(
                        is_deletion(number, jobs) && target.place != Place::MongoSoft,
                        "{id}: {expected}"
                    );
                }
                Some(found) => {
                    assert_eq!(found["_sync_metadata"]["eventId"], *expected, "{id}: {found}");
                    assert_eq!(found["name"], *expected, "{id}: {found}");
                    let deleted = found["_sync_metadata"]["deleted"] == true;
                    assert_eq!(deleted, is_deletion(number, jobs), "{id}: {found}");
                    assert!(!deleted || target.place == Place::MongoSoft, "{id} is still there: {found}");
                }
            }
        }
    }

    async fn document(&self, hookline: &Hookline, target: &Target, id: &str) -> Option<Value> {
        let collection = match target.place {
            Place::Mongo | Place::Local => "stripe_customers",
            Place::MongoSoft => "soft_customers",
        };
        if target.place == Place::Local {
            let path = format!(
                "/workspaces/default/destinations/{}/documents/one?collection={collection}&id={id}",
                target.destination
            );
            let (status, found) = hookline.call(Method::GET, &path, None).await;
            return (status != StatusCode::NOT_FOUND).then_some(found);
        }
        let database = self.database.connect().await.expect("connects");
        let documents = database.collection::<Document>(collection);
        let found = documents.find_one(doc! {"_id": id}).await;
        found.expect("asks").map(|found| serde_json::to_value(found).expect("is JSON"))
    }
}

/// All events of a job, newest first.
pub(super) async fn all_events(hookline: &Hookline, job: &Job) -> Vec<Value> {
    let mut events = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/workspaces/default/sync-jobs/{}/webhook/events?limit=1000{cursor}", job.id);
        let mut page = hookline.get(&path).await;
        events.append(page["events"].as_array_mut().expect("is a list"));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return events,
        }
    }
}

fn customer_of(number: u64, jobs: u64) -> u64 {
    number / jobs % CUSTOMERS
}

fn is_deletion(number: u64, jobs: u64) -> bool {
    (number / jobs / CUSTOMERS + customer_of(number, jobs)) % DELETED == DELETED - 1
}

fn event(number: u64, jobs: u64) -> String {
    let event_type = if is_deletion(number, jobs) { "customer.deleted" } else { "customer.updated" };
    let id = format!("evt_{number}");
    let object = customer(&format!("cus_{}", customer_of(number, jobs)), &id);
    stripe_event(&id, event_type, BEGIN + number as i64, &object).to_string()
}
