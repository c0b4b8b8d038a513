//! Connections that are cut at a chosen command, and reads that a server takes back.

use futures_util::StreamExt as _;
use hookline_tests::mongo_proxy::{Fault, MongoProxy};
use hookline_tests::mongod::{Kind, Mongod};
use hookline_tests::process::{Hookline, Job};
use mongodb::bson::{Document, doc};
use serde_json::{Value, json};

use super::histories::{Change, Teller};
use super::support::{
    assert_each_ended_once, assert_ends, destination, look, object_of, post_all, until, until_delivery,
};

/// Events per phase: a batch is begun as soon as it is full.
const PHASE: usize = 9;

/// A history in two batches that makes use of every kind of command: documents are inserted, replaced, removed, found to be
/// there already, buried, and brought back; changes of one second arrive in the wrong order, and old ones late.
fn scripted() -> ([Vec<Value>; 2], Vec<Teller>) {
    let mut ties = Teller::new("customer", "cus_a", 1);
    ties.created(0).updated(1, Change::Name(1)).updated(0, Change::Balance(2)).updated(0, Change::Name(3));
    ties.updated(1, Change::Note(Some(4)));
    let mut gone = Teller::new("customer", "cus_b", 2);
    gone.created(0).updated(1, Change::Name(1)).updated(1, Change::Name(2)).deleted(1);
    let mut back = Teller::new("product", "prod_c", 3);
    back.created(0).deleted(5).created(5).updated(0, Change::Name(9));
    let mut ends = Teller::new("product", "prod_d", 4);
    ends.created(0).updated(1, Change::Name(1)).deleted(1);
    let mut late = Teller::new("product", "prod_e", 5);
    late.created(0).updated(1, Change::Name(1));
    let pick = |teller: &Teller, places: &[usize]| -> Vec<Value> {
        places.iter().map(|at| teller.events[*at].clone()).collect()
    };
    let phases = [
        [
            pick(&ties, &[0, 3, 1]),
            pick(&gone, &[0, 3]),
            pick(&back, &[0, 1]),
            pick(&ends, &[1]),
            pick(&late, &[1]),
        ]
        .concat(),
        [
            pick(&ties, &[2, 4]),
            pick(&gone, &[1, 2]),
            pick(&back, &[3, 2]),
            pick(&ends, &[0, 2]),
            pick(&late, &[0]),
        ]
        .concat(),
    ];
    (phases, vec![ties, gone, back, ends, late])
}

/// One run of the scripted history through a proxy of its own.
struct Run {
    hookline: std::sync::Arc<Hookline>,
    proxy: MongoProxy,
    job: Job,
    uri: String,
    name: String,
}

impl Run {
    async fn new(hookline: &std::sync::Arc<Hookline>, server: &Mongod, name: &str) -> Self {
        let proxy = MongoProxy::start(server.port()).await;
        let config = json!({
            "collectionPrefix": "c_",
            // Batches are full in time, so that their commands are the same each time.
            "webhookConfig": {"batchWaitMs": 60000, "batchSize": PHASE},
        });
        let job = hookline.job("stripe", destination(&proxy.uri(""), name), config).await;
        Self { hookline: hookline.clone(), proxy, job, uri: server.uri(None), name: name.to_owned() }
    }

    /// Plays the history; in each phase the fault happens at the command of that number. Tells the commands of each phase.
    async fn play(&self, faults: [Option<(usize, Fault)>; 2]) -> [Vec<String>; 2] {
        let (phases, tellers) = scripted();
        let mut commands = [Vec::new(), Vec::new()];
        for (at, phase) in phases.iter().enumerate() {
            assert_eq!(phase.len(), PHASE);
            self.proxy.take_seen();
            if let Some((command, way)) = faults[at] {
                self.proxy.once(None, command, way);
            }
            post_all(&self.job, phase).await;
            self.hookline.settled(&self.job).await;
            assert!(!self.proxy.is_armed(), "the command came: {faults:?}");
            commands[at] = self.proxy.take_seen();
        }
        assert_each_ended_once(&self.hookline, &self.job, phases.len() * PHASE).await;
        assert_ends(&look(&self.uri, &self.name).await, "c_", &tellers).await;
        commands
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_at_any_command_in_any_way_leaves_no_trace() {
    const AT_ONCE: usize = 12;
    let server = Mongod::start(Kind::ReplicaSet).await.expect("there is a mongod");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = std::sync::Arc::new(Hookline::start(folder.path()).await);
    let commands = Run::new(&hookline, &server, "calm").await.play([None, None]).await;
    for kind in ["find", "insert", "update", "delete", "createIndexes"] {
        let used = commands.iter().flatten().any(|command| command == kind);
        assert!(used, "the history makes use of `{kind}`: {commands:?}");
    }
    let ways = [Fault::CutBefore, Fault::CutAfter, Fault::CutInside];
    let longest = commands.iter().map(Vec::len).max().unwrap_or_default();
    let cases = (0..longest).flat_map(|at| ways.map(|way| (at, way)));
    let runs = cases.map(|(at, way)| {
        let (hookline, server, commands) = (&hookline, &server, &commands);
        async move {
            let faults = [0, 1].map(|phase| (at < commands[phase].len()).then_some((at, way)));
            Run::new(hookline, server, &format!("cut_{at}_{way:?}")).await.play(faults).await;
        }
    });
    futures_util::stream::iter(runs).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

/// Something was read and needs no write. Before that counts as done, the server loses it: as a primary does that steps
/// down before a majority had it, or a server that is killed before it was on the disk.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_counts_only_when_it_is_there_to_stay() {
    let server = Mongod::start(Kind::ReplicaSet).await.expect("there is a mongod");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let proxy = MongoProxy::start(server.port()).await;
    let config = json!({"collectionPrefix": "r_"});
    let job = hookline.job("stripe", destination(&proxy.uri(""), "reads"), config).await;
    let database = look(&server.uri(None), "reads").await;
    let replay = async |event: &Value| {
        let id = event["id"].as_str().expect("a text");
        hookline
            .post(&format!("/workspaces/default/sync-jobs/{}/webhook/events/{id}/replay", job.id), json!({}))
            .await;
    };
    let completed = async |count: u64| {
        until("the outcome", async || {
            let counts = hookline.by_status(&job).await;
            counts["pending"] == 0 && counts["processing"] == 0 && counts["completed"] == count
        })
        .await;
    };

    let mut teller = Teller::new("customer", "cus_1", 1);
    teller.created(0).updated(1, Change::Name(1));
    post_all(&job, &teller.events).await;
    completed(2).await;
    let updated = hookline.events(&job, "type=customer.updated").await[0].clone();
    // The document and its tombstone are looked for; what comes behind is held.
    proxy.once(None, 2, Fault::Hold);
    replay(&updated).await;
    proxy.reached().await;
    let customers = database.collection::<Document>("r_customers");
    let lost = customers.find_one_and_delete(doc! {"_id": "cus_1"}).await.expect("asks");
    assert!(lost.is_some(), "it had been written");
    proxy.go_on();
    completed(2).await;
    let found = customers.find_one(doc! {"_id": "cus_1"}).await.expect("asks").expect("was written again");
    assert_eq!(Some(&object_of(found)), teller.object());

    // The same with a deletion whose tombstone is lost, while the document comes back.
    teller.deleted(1);
    post_all(&job, &teller.events[2..]).await;
    completed(3).await;
    let deleted = hookline.events(&job, "type=customer.deleted").await[0].clone();
    proxy.once(None, 2, Fault::Hold);
    replay(&deleted).await;
    proxy.reached().await;
    let tombstones = database.collection::<Document>("_hookline_tombstones");
    let lost = tombstones.find_one_and_delete(doc! {"_id": "r_customers/cus_1"}).await.expect("asks");
    assert!(lost.is_some(), "it had been written");
    customers.insert_one(doc! {"_id": "cus_1", "by": "the rollback"}).await.expect("inserts");
    proxy.go_on();
    completed(3).await;
    assert_eq!(customers.find_one(doc! {}).await.expect("asks"), None);
    assert!(tombstones.find_one(doc! {"_id": "r_customers/cus_1"}).await.expect("asks").is_some());
}

/// A database is dropped by its owner: what comes afterwards is written, and the index that removes old tombstones is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_dropped_while_running_gets_its_documents_and_its_index_again() {
    let server = Mongod::start(Kind::ReplicaSet).await.expect("there is a mongod");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let config = json!({"collectionPrefix": "d_"});
    let job = hookline.job("stripe", destination(&server.uri(None), "dropped"), config).await;
    let database = look(&server.uri(None), "dropped").await;
    let mut tellers = Vec::new();
    for round in 0..3 {
        let mut gone = Teller::new("customer", &format!("cus_gone_{round}"), round);
        gone.created(0).deleted(1);
        let mut stays = Teller::new("customer", &format!("cus_stays_{round}"), round);
        stays.created(0).updated(0, Change::Name(1));
        for teller in [&gone, &stays] {
            post_all(&job, &teller.events).await;
        }
        hookline.settled(&job).await;
        tellers = vec![gone, stays];
        assert_ends(&database, "d_", &tellers).await;
        let indexes = database.run_command(doc! {"listIndexes": "_hookline_tombstones"}).await;
        let indexes = indexes.expect("the collection is there").to_string();
        assert!(indexes.contains("expireAfterSeconds"), "{indexes}");
        if round < 2 {
            database.drop().await.expect("is dropped");
        }
    }
    assert_each_ended_once(&hookline, &job, 12).await;
    assert_ends(&database, "d_", &tellers).await;

    // Somebody changed the index: that holds up no deletion.
    let command =
        doc! {"collMod": "_hookline_tombstones", "index": {"name": "expiresAt_1", "expireAfterSeconds": 77}};
    database.run_command(command).await.expect("is changed");
    let mut gone = Teller::new("customer", "cus_stays_2", 9);
    gone.created(10).deleted(1);
    post_all(&job, &gone.events).await;
    assert_each_ended_once(&hookline, &job, 14).await;
    assert_ends(&database, "d_", &[gone]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_connections_are_all_cut_is_waited_for() {
    let server = Mongod::start(Kind::Plain).await.expect("there is a mongod");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let run = Run::new(&std::sync::Arc::new(hookline), &server, "all_cut").await;
    run.proxy.always(None, Fault::CutAfter);
    let (phases, _) = scripted();
    post_all(&run.job, &phases[0]).await;
    let state = until_delivery(&run.hookline, &run.job, "waitingForDestination").await;
    assert!(state["error"].as_str().is_some_and(|error| error.contains("cannot be reached")), "{state}");
    let counts = run.hookline.by_status(&run.job).await;
    assert_eq!((&counts["pending"], &counts["failed"]), (&json!(PHASE), &json!(0)), "{counts}");
    run.proxy.relent();
    run.play([None, None]).await;
}
