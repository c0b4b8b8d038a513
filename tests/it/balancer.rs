//! Several processes behind one address: the same job, URL and secret in each, one MongoDB behind them.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use hookline_tests::mongod;
use hookline_tests::process::{Hookline, Job, PATIENCE, program, text};
use hookline_tests::webhooks::{customer, now_seconds, stripe_event, stripe_signature};
use mongodb::bson::{Document, doc};
use parking_lot::Mutex;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

const SECRET: &str = "whsec_shared_by_all_processes";

/// Forwards each connection to the next process in turn, and past those that do not listen.
#[derive(Debug, Clone)]
struct Balancer {
    address: SocketAddr,
    processes: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Balancer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let address = listener.local_addr().expect("has an address");
        let processes = Arc::new(Mutex::new(Vec::<SocketAddr>::new()));
        let turns = Arc::new(AtomicUsize::new(0));
        let balancer = Self { address, processes };
        let forwarding = balancer.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (turns, processes) = (Arc::clone(&turns), forwarding.processes.lock().clone());
                tokio::spawn(async move { forward(client, &processes, &turns).await });
            }
        });
        balancer
    }

    fn put(&self, process: &Hookline) {
        let address = process.ready.receiver.trim_start_matches("http://").parse().expect("an address");
        self.processes.lock().push(address);
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The job's URL at the balancer.
    fn job(&self, job: &Job) -> Job {
        let (_, path) = job.url.split_once("/api/").expect("has a path");
        Job { url: format!("{}/api/{path}", self.url()), ..job.clone() }
    }
}

async fn forward(mut client: TcpStream, processes: &[SocketAddr], turns: &AtomicUsize) {
    for _ in 0..processes.len() {
        let turn = turns.fetch_add(1, Ordering::Relaxed) % processes.len();
        if let Ok(mut process) = TcpStream::connect(processes[turn]).await {
            let _ = tokio::io::copy_bidirectional(&mut client, &mut process).await;
            return;
        }
    }
}

/// Every request on a connection of its own, as balancers see them.
fn client() -> reqwest::Client {
    let _ = hookline_tests::process::client();
    reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(PATIENCE)
        .build()
        .expect("a client")
}

/// Posts until there is an answer, as providers do; tells its status.
async fn post(http: &reqwest::Client, job: &Job, body: &str) -> StatusCode {
    loop {
        let signature = stripe_signature(&job.secret, body.as_bytes(), now_seconds());
        let request = http
            .post(&job.url)
            .header("stripe-signature", signature)
            .body(Bytes::copy_from_slice(body.as_bytes()));
        if let Ok(response) = request.send().await {
            return response.status();
        }
    }
}

async fn hookline(folder: &Path, arguments: &[&str]) -> Output {
    let output = tokio::process::Command::new(program())
        .args(arguments)
        .arg("--data-dir")
        .arg(folder)
        .env_remove("HOOKLINE_SECRET")
        .env_remove("HOOKLINE_DESTINATION")
        .output();
    output.await.expect("hookline runs")
}

async fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = hookline(folder, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("is text")
}

/// A job in the first process, exported and imported into the second.
struct Pair {
    processes: [Hookline; 2],
    folders: [tempfile::TempDir; 2],
    balancer: Balancer,
    /// The job at the balancer.
    job: Job,
    database: mongodb::Database,
    destination: String,
}

impl Pair {
    async fn start() -> Self {
        let balancer = Balancer::start().await;
        let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
        let public = balancer.url();
        let arguments = ["--tunnel", public.as_str()];
        let processes = [
            Hookline::start_with(folders[0].path(), &arguments).await,
            Hookline::start_with(folders[1].path(), &arguments).await,
        ];
        let server = mongod::shared().await.expect("there is a mongod");
        let destination = format!("{}{}", server.uri, server.name);
        let secret = folders[0].path().join("secret.txt");
        std::fs::write(&secret, SECRET).expect("is written");
        let secret = secret.to_str().expect("is text");
        let [first, second] = [folders[0].path(), folders[1].path()];
        let create = ["jobs", "create", "--json", "--source", "stripe", "--name", "shared"];
        let with = ["--secret-file", secret, "--destination", &destination];
        let how = ["--archive-days", "90", "--batch-wait-ms", "5"];
        let made: Value = serde_json::from_str(&succeed(first, &[&create[..], &with, &how].concat()).await)
            .expect("is JSON");
        let job = Job { id: text(&made["id"]), url: text(&made["webhookUrl"]), secret: SECRET.to_owned() };
        let exported = succeed(first, &["jobs", "export", "shared"]).await;
        assert!(!exported.contains(SECRET) && !exported.contains("mongodb://"), "{exported}");
        let file = folders[1].path().join("job.json");
        std::fs::write(&file, &exported).expect("is written");
        let file = file.to_str().expect("is text");
        succeed(second, &[&["jobs", "import", file][..], &with].concat()).await;
        for process in &processes {
            balancer.put(process);
        }
        let job = balancer.job(&job);
        let database = server.connect().await.expect("connects");
        Self { processes, folders, balancer, job, database, destination }
    }

    async fn settled(&self) {
        for process in &self.processes {
            let counts = process.settled(&self.job).await;
            assert_eq!(counts["failed"], 0, "{counts}");
        }
    }

    async fn names(&self) -> Vec<(String, String)> {
        let customers = self.database.collection::<Document>("stripe_customers");
        let found = customers.find(doc! {}).sort(doc! {"_id": 1}).await.expect("asks");
        let found: Vec<Document> = found.try_collect().await.expect("answers");
        let text = |customer: &Document, key| customer.get_str(key).expect("a text").to_owned();
        found.iter().map(|customer| (text(customer, "_id"), text(customer, "name"))).collect()
    }
}

/// A customer's five updates and, for some, its deletion, as bodies.
fn history(number: usize) -> Vec<String> {
    let id = format!("cus_{number}");
    let at = |second: i64| now_seconds() - 1000 + second;
    let mut events: Vec<String> = (0..5)
        .map(|update| {
            let event_type = if update == 0 { "customer.created" } else { "customer.updated" };
            let object = customer(&id, &format!("name {update}"));
            stripe_event(&format!("evt_{number}_{update}"), event_type, at(update), &object).to_string()
        })
        .collect();
    if number.is_multiple_of(4) {
        let object = customer(&id, "gone");
        let event = stripe_event(&format!("evt_{number}_gone"), "customer.deleted", at(10), &object);
        events.push(event.to_string());
    }
    events
}

#[tokio::test]
async fn repeated_and_shuffled_events_through_a_balancer_end_in_the_newest_states_and_one_history() {
    let pair = Pair::start().await;
    let mut bodies: Vec<String> = (0..12).flat_map(history).collect();
    let posted = bodies.len();
    // Each comes twice: the second time often to the other process.
    bodies.extend(bodies.clone());
    bodies.shuffle(&mut StdRng::seed_from_u64(7));
    let http = client();
    for body in &bodies {
        assert_eq!(post(&http, &pair.job, body).await, StatusCode::OK);
    }
    pair.settled().await;
    let expected: Vec<(String, String)> = {
        let mut ids: Vec<String> = (0..12)
            .filter(|number: &usize| !number.is_multiple_of(4))
            .map(|number| format!("cus_{number}"))
            .collect();
        ids.sort();
        ids.into_iter().map(|id| (id, "name 4".to_owned())).collect()
    };
    assert_eq!(pair.names().await, expected);

    let path = format!("/workspaces/default/sync-jobs/{}", pair.job.id);
    for process in &pair.processes {
        let total = process.get(&format!("{path}/webhook/stats")).await["total"].as_u64();
        assert!(total > Some(0), "each process had its share");
        process.until_get(&path, |job| job["archive"]["waiting"] == 0).await;
    }
    let events = pair.database.collection::<Document>("webhook_events");
    let found = events.find(doc! {"jobId": &pair.job.id}).await.expect("asks");
    let found: Vec<Document> = found.try_collect().await.expect("answers");
    let ids: HashSet<&str> =
        found.iter().map(|event| event.get_str("providerEventId").expect("a text")).collect();
    assert_eq!(ids.len(), posted, "the history is whole");
    let of = |event: &Document| {
        let who = event.get_document("hookline").expect("who");
        who.get_str("installation").expect("an id").to_owned()
    };
    assert_eq!(found.iter().map(of).collect::<HashSet<_>>().len(), 2, "and tells who received what");
}

#[tokio::test]
async fn each_process_knows_that_the_balancers_address_leads_to_it() {
    let pair = Pair::start().await;
    for process in &pair.processes {
        let status = process.tunnel(|status| status["state"] == "online").await;
        assert_eq!(text(&status["publicUrl"]).trim_end_matches('/'), pair.balancer.url());
        let check = process.post("/tunnel/check", json!({})).await;
        assert_eq!(check["ok"], true, "{check}");
        let path = format!("/workspaces/default/sync-jobs/{}", pair.job.id);
        assert_eq!(text(&process.get(&path).await["webhookUrl"]), pair.job.url);
    }
}

#[tokio::test]
async fn a_process_can_be_taken_out_and_put_back_while_events_come_in() {
    let Pair { processes: [first, second], folders, balancer, job, database, .. } = Pair::start().await;
    let address = first.ready.receiver.clone();
    let http = client();
    // What a balancer may ask: an answer that is no webhook's, from whoever listens.
    let health = http.get(&address).send().await.expect("answers");
    assert_eq!(health.status(), StatusCode::NOT_FOUND);
    assert!(health.bytes().await.expect("has a body").is_empty());

    let posting = {
        let (http, job) = (http.clone(), job.clone());
        tokio::spawn(async move {
            for number in 0..200 {
                let object = customer(&format!("cus_{number}"), "Ada");
                let event =
                    stripe_event(&format!("evt_{number}"), "customer.created", now_seconds(), &object);
                assert_eq!(post(&http, &job, &event.to_string()).await, StatusCode::OK, "{number}");
            }
        })
    };
    let half = |stats: &Value| stats["total"].as_u64() >= Some(20);
    let stats = format!("/workspaces/default/sync-jobs/{}/webhook/stats", job.id);
    first.until_get(&stats, half).await;
    assert_eq!(first.stop().await, Some(0));
    assert!(http.get(&address).send().await.is_err(), "nothing listens there: the balancer sees it");
    balancer.processes.lock().remove(0);
    posting.await.expect("every event was answered with 200, by one of them");

    // What the first one had promised and not applied yet is applied when it is back.
    let first = Hookline::start(folders[0].path()).await;
    balancer.put(&first);
    for process in [&first, &second] {
        let counts = process.settled(&job).await;
        assert_eq!(counts["failed"], 0, "{counts}");
    }
    let customers = database.collection::<Document>("stripe_customers");
    assert_eq!(customers.count_documents(doc! {}).await.expect("counts"), 200);
}

#[tokio::test]
async fn an_imported_job_can_be_changed_by_another_import_and_is_never_made_with_a_wrong_secret() {
    let pair = Pair::start().await;
    let [first, second] = [pair.folders[0].path(), pair.folders[1].path()];
    // A change in one process is carried to the other by a file; secret and destination stay.
    succeed(first, &["jobs", "archive", "shared", "--days", "7"]).await;
    let file = first.join("changed.json");
    std::fs::write(&file, succeed(first, &["jobs", "export", "shared"]).await).expect("is written");
    let file = file.to_str().expect("is text");
    assert!(succeed(second, &["jobs", "import", file]).await.contains("changed"));
    let path = format!("/workspaces/default/sync-jobs/{}?showSecret=true", pair.job.id);
    let [there, here] = [pair.processes[0].get(&path).await, pair.processes[1].get(&path).await];
    for key in ["id", "name", "webhookConfig", "webhookSecret", "webhookUrl", "collectionPrefix"] {
        assert_eq!(there[key], here[key], "{key}");
    }
    assert_eq!(here["webhookConfig"]["archive"]["days"], 7);

    let folder = tempfile::tempdir().expect("a folder");
    let third = Hookline::start(folder.path()).await;
    let refused =
        hookline(folder.path(), &["jobs", "import", file, "--destination", &pair.destination]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--secret-file"));
    assert!(
        third.get("/workspaces/default/sync-jobs").await["syncJobs"].as_array().is_some_and(Vec::is_empty)
    );

    let body =
        json!({"id": pair.job.id, "sourceId": here["sourceId"], "destinationId": here["destinationId"]});
    let jobs = "/workspaces/default/sync-jobs";
    let (status, answer) = pair.processes[1].call(reqwest::Method::POST, jobs, Some(body)).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    assert_eq!(answer["error"]["field"], "id", "{answer}");
    let short = json!({"id": "abc", "sourceId": here["sourceId"], "destinationId": here["destinationId"]});
    let (status, answer) = pair.processes[1].call(reqwest::Method::POST, jobs, Some(short)).await;
    assert_eq!(
        (status, &answer["error"]["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("id")),
        "{answer}"
    );
}
