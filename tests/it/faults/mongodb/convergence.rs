//! Several Hookline processes that share one MongoDB end in the same documents and tombstones as one process that got
//! everything once and in order: for generated histories, orders, divisions and crashes.
//!
//! `HOOKLINE_TEST_CONVERGENCE_CASES` says how many cases are tried. Seeds of failures are kept beside this file.

use std::cell::RefCell;

use hookline_tests::mongod::{Kind, Mongod};
use hookline_tests::process::{Hookline, Job, client, text};
use hookline_tests::webhooks::post_stripe;
use mongodb::Database;
use mongodb::bson::{Bson, Document, doc};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::histories::{Change, Teller};
use super::support::{destination, look, object_of, until};

const DATABASE: &str = "convergence";
/// Cases in a run of which nothing else is said.
const CASES: u32 = 16;

/// What happens to an object. `later`: so many seconds after what happened before.
#[derive(Debug, Clone, Copy)]
enum Step {
    Update {
        later: u8,
        change: Change,
    },
    Delete {
        later: u8,
    },
    /// Where it is there already, nothing happens.
    Create,
}

/// The way of one event.
#[derive(Debug, Clone, Copy)]
struct Route {
    /// Bits: which processes get it. None: the first.
    to: u8,
    /// Whether each of them gets it twice.
    twice: bool,
    /// Where it arrives among the others; equal ones in the order of what happened.
    place: u16,
}

#[derive(Debug, Clone)]
struct Case {
    three: bool,
    soft: bool,
    batch_size: u8,
    objects: Vec<Vec<Step>>,
    /// Event by event, again from the beginning when there are more events.
    routes: Vec<Route>,
    /// The last process is killed after so many of its events, and started again.
    kill: Option<u8>,
}

fn cases() -> impl Strategy<Value = Case> {
    let change = prop_oneof![
        (0..3_u8).prop_map(Change::Name),
        (0..3_u8).prop_map(Change::Balance),
        proptest::option::of(0..2_u8).prop_map(Change::Note),
    ];
    // Most things happen in the second of what happened before.
    let later = prop_oneof![3 => Just(0_u8), 1 => Just(1_u8)];
    let step = prop_oneof![
        10 => (later.clone(), change).prop_map(|(later, change)| Step::Update { later, change }),
        1 => later.prop_map(|later| Step::Delete { later }),
        1 => Just(Step::Create),
    ];
    let objects = proptest::collection::vec(proptest::collection::vec(step, 0..9), 1..5);
    let route = (1..8_u8, proptest::bool::weighted(0.2), any::<u16>()).prop_map(|(to, twice, place)| Route {
        to,
        twice,
        place,
    });
    let routes = proptest::collection::vec(route, 1..40);
    let kill = proptest::option::weighted(0.15, 0..20_u8);
    (any::<bool>(), any::<bool>(), 1..9_u8, objects, routes, kill).prop_map(
        |(three, soft, batch_size, objects, routes, kill)| Case {
            three,
            soft,
            batch_size,
            objects,
            routes,
            kill,
        },
    )
}

impl Case {
    fn tellers(&self) -> Vec<Teller> {
        let tell = |(number, steps): (usize, &Vec<Step>)| {
            let kind = if number % 2 == 0 { "customer" } else { "product" };
            let mut teller = Teller::new(kind, &format!("obj_{number}"), number as u32);
            teller.created(0);
            for step in steps {
                match *step {
                    Step::Update { later, change } => {
                        teller.updated(later.into(), change);
                    }
                    Step::Delete { later } => {
                        teller.deleted(later.into());
                    }
                    Step::Create => {
                        if teller.object().is_none() {
                            teller.created(1);
                        }
                    }
                }
            }
            teller
        };
        self.objects.iter().enumerate().map(tell).collect()
    }

    /// What one of the processes gets, in its order.
    fn stream(&self, process: usize, events: &[Value]) -> Vec<Value> {
        let processes = if self.three { 3 } else { 2 };
        let mut arrivals = Vec::new();
        for (at, event) in events.iter().enumerate() {
            let route = self.routes[at % self.routes.len()];
            let to = match route.to & ((1 << processes) - 1) {
                0 => 1,
                some => some,
            };
            if to & (1 << process) == 0 {
                continue;
            }
            // Another order in each process, and the order of what happened where all places are 0.
            arrivals.push((route.place.rotate_left(5 * process as u32), at, event));
            if route.twice {
                arrivals.push((route.place.rotate_left(5 * process as u32 + 9), at, event));
            }
        }
        arrivals.sort_by_key(|(place, at, _)| (*place, *at));
        arrivals.into_iter().map(|(.., event)| event.clone()).collect()
    }
}

/// A process with its own data directory, a source and the destination.
struct Process {
    folder: tempfile::TempDir,
    hookline: Option<Hookline>,
    source: String,
    destination: String,
}

impl Process {
    async fn start(uri: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let hookline = Hookline::start(folder.path()).await;
        let source = json!({"name": "s", "kind": "stripe"});
        let source = hookline.post("/workspaces/default/sources", source).await;
        let made = hookline.post("/workspaces/default/destinations", destination(uri, DATABASE)).await;
        Self { folder, source: text(&source["id"]), destination: text(&made["id"]), hookline: Some(hookline) }
    }

    fn hookline(&self) -> &Hookline {
        self.hookline.as_ref().expect("runs")
    }

    async fn job(&self, prefix: &str, case: &Case) -> Job {
        let body = json!({
            "name": prefix, "type": "webhook", "sourceId": self.source, "destinationId": self.destination,
            "enabled": true, "collectionPrefix": prefix,
            "webhookConfig": {
                "batchWaitMs": 2, "batchSize": case.batch_size,
                "deletes": if case.soft { "soft" } else { "hard" },
            },
        });
        let job = self.hookline().post("/workspaces/default/sync-jobs", body).await;
        Job { id: text(&job["id"]), url: text(&job["webhookUrl"]), secret: text(&job["webhookSecret"]) }
    }

    async fn crash(&mut self) {
        let hookline = self.hookline.take().expect("runs");
        let listen = hookline.ready.receiver.trim_start_matches("http://").to_owned();
        hookline.kill().await;
        self.hookline = Some(Hookline::start_on(self.folder.path(), &listen, &[]).await);
    }

    /// Waits until every event that was posted has its outcome, and says what is wrong with them.
    async fn ended(&self, job: &Job, stream: &[Value]) -> Result<(), String> {
        let counts = RefCell::new(Value::Null);
        until("all outcomes", async || {
            let now = self.hookline().by_status(job).await;
            let open = ["pending", "processing", "failed"].iter().any(|status| now[*status] != 0);
            *counts.borrow_mut() = now;
            !open
        })
        .await;
        let counts = counts.into_inner();
        let distinct: std::collections::HashSet<&str> =
            stream.iter().filter_map(|event| event["id"].as_str()).collect();
        let ended = counts["completed"].as_u64().zip(counts["skipped"].as_u64()).map(|(a, b)| a + b);
        if ended == Some(distinct.len() as u64) {
            Ok(())
        } else {
            Err(format!("{} events ended as {counts}", distinct.len()))
        }
    }

    async fn forget(&self, job: &Job) {
        let path = format!("/workspaces/default/sync-jobs/{}", job.id);
        let (status, answer) = self.hookline().call(Method::DELETE, &path, None).await;
        assert!(status.is_success(), "{status} {answer}");
    }
}

struct World {
    /// Lives as long as the processes that write into it.
    _server: Mongod,
    database: Database,
    processes: Vec<Process>,
    cases: u32,
}

impl World {
    async fn start() -> Self {
        let server = Mongod::start(Kind::ReplicaSet).await.expect("there is a mongod");
        let uri = server.uri(None);
        let processes = futures_util::future::join_all((0..3).map(|_| Process::start(&uri))).await;
        let database = look(&uri, DATABASE).await;
        Self { _server: server, database, processes, cases: 0 }
    }

    async fn run(&mut self, case: &Case) -> Result<(), String> {
        self.cases += 1;
        let (prefix, reference) = (format!("c{}_", self.cases), format!("r{}_", self.cases));
        let tellers = case.tellers();
        let events: Vec<Value> = tellers.iter().flat_map(|teller| teller.events.clone()).collect();
        let taking_part = if case.three { 3 } else { 2 };
        let reference_job = self.processes[0].job(&reference, case).await;
        let mut jobs = Vec::new();
        for process in &self.processes[..taking_part] {
            jobs.push(process.job(&prefix, case).await);
        }
        let streams: Vec<Vec<Value>> =
            (0..taking_part).map(|process| case.stream(process, &events)).collect();
        let (last, others) = self.processes[..taking_part].split_last_mut().expect("there are some");
        let (last_stream, other_streams) = streams.split_last().expect("there are some");
        let last_job = &jobs[taking_part - 1];
        let all_others = async {
            let posts = other_streams.iter().zip(&jobs).map(|(stream, job)| post(job, stream));
            futures_util::future::join_all(posts.chain([post(&reference_job, &events)])).await;
        };
        let last_one = async {
            let kill = case.kill.map(|at| usize::from(at).min(last_stream.len()));
            let (before, after) = last_stream.split_at(kill.unwrap_or_default());
            post(last_job, before).await;
            if kill.is_some() {
                last.crash().await;
            }
            post(last_job, after).await;
        };
        futures_util::join!(all_others, last_one);
        others[0].ended(&reference_job, &events).await.map_err(|error| format!("the reference: {error}"))?;
        for ((process, job), stream) in self.processes.iter().zip(&jobs).zip(&streams) {
            process.ended(job, stream).await?;
        }
        for teller in &tellers {
            self.compare(case, teller, &prefix, &reference).await?;
        }
        self.processes[0].forget(&reference_job).await;
        for (process, job) in self.processes.iter().zip(&jobs) {
            process.forget(job).await;
        }
        Ok(())
    }

    /// Compares what several processes made of an object with what one made of it, and that with what happened.
    async fn compare(
        &self,
        case: &Case,
        teller: &Teller,
        prefix: &str,
        reference: &str,
    ) -> Result<(), String> {
        let collection = |prefix: &str| format!("{prefix}{}s", teller.kind());
        let (several, one) = (collection(prefix), collection(reference));
        let found = self.stored(&several, &teller.id).await;
        let expected = self.stored(&one, &teller.id).await;
        if found.document != expected.document {
            return Err(format!("{several}/{}:\n{found:#?}\ninstead of\n{expected:#?}", teller.id));
        }
        // Tombstones of what came back are history: whether there is one depends on whether the deletion came in time.
        if found.document.is_none() && (found.tombstone != expected.tombstone || found.tombstone.is_none()) {
            return Err(format!("{several}/{}:\n{found:#?}\ninstead of\n{expected:#?}", teller.id));
        }
        let metadata = expected.document.as_ref().and_then(|found| found.get_document("_sync_metadata").ok());
        let flag = |name: &str| metadata.is_some_and(|metadata| metadata.get_bool(name).unwrap_or(false));
        if flag("ambiguous") {
            return Ok(());
        }
        let is_deleted = if case.soft { flag("deleted") } else { expected.document.is_none() };
        let object = expected.document.clone().filter(|_| !is_deleted).map(object_of);
        if is_deleted == teller.object().is_none() && object.as_ref() == teller.object() {
            Ok(())
        } else {
            Err(format!("one process alone made {expected:#?} instead of {:#?}", teller.object()))
        }
    }

    async fn stored(&self, collection: &str, id: &str) -> Stored {
        let find = async |collection: &str, id: &str| {
            let collection = self.database.collection::<Document>(collection);
            collection.find_one(doc! {"_id": id}).await.expect("asks")
        };
        let mut document = find(collection, id).await;
        if let Some(metadata) =
            document.as_mut().and_then(|found| found.get_document_mut("_sync_metadata").ok())
        {
            strip(metadata);
        }
        let tombstone = find("_hookline_tombstones", &format!("{collection}/{id}")).await;
        let tombstone = tombstone.map(|mut tombstone| {
            let state = tombstone.get_document_mut("state").expect("is there");
            strip(state);
            state.clone()
        });
        Stored { document, tombstone }
    }
}

#[derive(Debug)]
struct Stored {
    document: Option<Document>,
    tombstone: Option<Document>,
}

/// Takes out what tells through which process and when an event came.
fn strip(metadata: &mut Document) {
    for key in ["jobId", "receivedAt", "syncedAt"] {
        metadata.remove(key);
    }
    for entry in metadata.get_array_mut("tie").into_iter().flatten() {
        if let Bson::Document(entry) = entry {
            entry.remove("jobId");
            entry.remove("receivedAt");
        }
    }
}

async fn post(job: &Job, events: &[Value]) {
    let http = client();
    for event in events {
        let (status, answer) = post_stripe(&http, job, event.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
}

#[test]
fn several_processes_end_in_the_documents_and_tombstones_of_one_that_got_everything_in_order() {
    let cases_wanted = std::env::var("HOOKLINE_TEST_CONVERGENCE_CASES")
        .map_or(CASES, |text| text.parse().expect("HOOKLINE_TEST_CONVERGENCE_CASES is a number"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let _inside = runtime.enter();
    let world = RefCell::new(runtime.block_on(World::start()));
    let config = ProptestConfig {
        cases: cases_wanted,
        max_shrink_iters: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("seeds"))),
        source_file: Some(file!()),
        ..ProptestConfig::default()
    };
    let tried = TestRunner::new(config).run(&cases(), |case| {
        let ended = runtime.block_on(world.borrow_mut().run(&case));
        ended.map_err(TestCaseError::fail)
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}
