//! What each of the server's error codes means for a batch.
//!
//! The server answers them by order (`failCommand`), to the client whose `appName` is named.

use hookline_engine::event::{
    DeletePolicy, EventId, JobId, Operation, OperationKind, RawRequest, Timestamp, Version,
};
use hookline_engine::sinks::{self, Connection, Context, Delivery, Outcome, Sink, SinkError};
use hookline_tests::mongod::{Kind, Mongod};
use hookline_tests::process::Hookline;
use mongodb::bson::{Document, doc};
use serde_json::json;
use serde_json::value::RawValue;

use super::histories::{Teller, long, woven};
use super::support::{
    assert_each_ended_once, assert_ends, destination, look, post_all, until, until_delivery,
};

/// What an error means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// The destination is away: the whole batch waits, no attempt is used up.
    Away,
    /// The destination refuses: the same, and somebody has to do something.
    Blocked,
    /// This event's attempt failed, and another may succeed.
    Retried,
    /// The event can never be applied.
    Refused,
    /// Somebody else was faster: done after another look.
    Done,
}

use Means::{Away, Blocked, Done, Refused, Retried};

/// Codes and names: <https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml>.
const CODES: [(i32, &str, Means); 35] = [
    (6, "HostUnreachable", Away),
    (7, "HostNotFound", Away),
    (24, "LockTimeout", Away),
    (50, "MaxTimeMSExpired", Away),
    (64, "WriteConcernTimeout", Away),
    (89, "NetworkTimeout", Away),
    (91, "ShutdownInProgress", Away),
    (117, "ConflictingOperationInProgress", Away),
    (175, "QueryPlanKilled", Away),
    (189, "PrimarySteppedDown", Away),
    (202, "NetworkInterfaceExceededTimeLimit", Away),
    (215, "DatabaseDropPending", Away),
    (262, "ExceededTimeLimit", Away),
    (264, "TooManyFilesOpen", Away),
    (365, "TemporarilyUnavailable", Away),
    (371, "UserWritesBlocked", Away),
    (462, "IngressRequestRateLimitExceeded", Away),
    (9001, "SocketException", Away),
    (10107, "NotWritablePrimary", Away),
    (11600, "InterruptedAtShutdown", Away),
    (11601, "Interrupted", Away),
    (11602, "InterruptedDueToReplStateChange", Away),
    (13435, "NotPrimaryNoSecondaryOk", Away),
    (13436, "NotPrimaryOrSecondary", Away),
    (14031, "OutOfDiskSpace", Away),
    (11, "UserNotFound", Blocked),
    (13, "Unauthorized", Blocked),
    (18, "AuthenticationFailed", Blocked),
    (79, "UnknownReplWriteConcern", Blocked),
    (100, "UnsatisfiableWriteConcern", Blocked),
    (13297, "DatabaseDifferCase", Blocked),
    (112, "WriteConflict", Done),
    (166, "CommandNotSupportedOnView", Refused),
    (10334, "BSONObjectTooLarge", Refused),
    (1, "InternalError", Retried),
];

/// Those that are tried as an error about a write that happened, too.
const CONCERNS: [i32; 6] = [64, 79, 91, 100, 11602, 14031];

fn delivery(id: &str) -> Delivery {
    let object = format!(r#"{{"id":"{id}","n":1}}"#);
    let received_at = Timestamp::from_seconds(1_700_000_000);
    Delivery {
        event_id: EventId(1),
        provider_event_id: format!("evt_{id}"),
        event_type: "thing.created".to_owned(),
        request: RawRequest {
            method: "POST".to_owned(),
            url: "https://example.test/hook".to_owned(),
            headers: Vec::new(),
            body: bytes::Bytes::from_static(b"{}"),
            received_at,
        },
        operations: vec![Operation {
            kind: OperationKind::Upsert,
            collection: "things".to_owned(),
            document_id: id.to_owned(),
            object: Some(RawValue::from_string(object).expect("valid JSON")),
            previous: None,
            version: Version { at: received_at, rank: Version::CREATED },
            livemode: None,
            account: None,
            api_version: None,
        }],
    }
}

async fn apply(sink: &dyn Sink, deliveries: &[Delivery]) -> Result<Vec<Outcome>, SinkError> {
    let context = Context {
        job_id: JobId::new("job"),
        source: "stripe".to_owned(),
        deletes: DeletePolicy::Hard,
        now: Timestamp::from_seconds(1_700_000_001),
    };
    sink.apply(&context, deliveries).await
}

fn meaning(applied: &Result<Vec<Outcome>, SinkError>) -> Means {
    match applied {
        Err(SinkError::Unavailable { .. }) => Away,
        Err(SinkError::Blocked { .. }) => Blocked,
        Ok(outcomes) => match outcomes[0] {
            Outcome::Completed { .. } => Done,
            Outcome::Retry { .. } => Retried,
            Outcome::Reject { .. } => Refused,
            Outcome::Stale { .. } => panic!("{outcomes:?}"),
        },
    }
}

/// Makes the server answer the next of these commands with an error.
async fn order(server: &Mongod, data: Document) {
    let command = doc! {"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": data};
    server.admin(command, None).await.expect("is ordered");
}

/// Applies the same event again until it goes through. The driver may need a moment to see that the server is back.
async fn goes_through(sink: &dyn Sink, id: &str) {
    until("another try", async || match meaning(&apply(sink, &[delivery(id)]).await) {
        Done => true,
        Away => false,
        other => panic!("{id}: {other:?}"),
    })
    .await;
}

async fn open(server: &Mongod, database: &str) -> std::sync::Arc<dyn Sink> {
    let uri = format!("{}&appName=hookline-codes", server.uri(None));
    let connection = Connection::Mongodb { uri: uri.into(), database: database.to_owned() };
    sinks::open(connection).await.expect("is valid")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_error_code_waits_blocks_fails_or_repeats_as_it_means() {
    let server = Mongod::start(Kind::ReplicaSet).await.expect("there is a mongod");
    let sink = open(&server, "codes").await;
    for (code, name, means) in CODES {
        let id = format!("doc_{code}");
        let data = doc! {"failCommands": ["insert"], "errorCode": code, "appName": "hookline-codes"};
        order(&server, data).await;
        let applied = apply(&*sink, &[delivery(&id)]).await;
        assert_eq!(meaning(&applied), means, "{code} {name}: {applied:?}");
        if let Err(error) = &applied {
            assert!(error.to_string().contains("127.0.0.1"), "{code} {name}: {error}");
        }
        if means != Done {
            goes_through(&*sink, &id).await;
        }
        // The write happened, and what is said of its durability is an error: no outcome may be told.
        if CONCERNS.contains(&code) {
            let id = format!("doc_{code}_concern");
            let concern = doc! {"code": code, "codeName": name, "errmsg": "ordered"};
            let data =
                doc! {"failCommands": ["insert"], "writeConcernError": concern, "appName": "hookline-codes"};
            order(&server, data).await;
            let applied = apply(&*sink, &[delivery(&id)]).await;
            assert_eq!(meaning(&applied), means, "write concern {code} {name}: {applied:?}");
            goes_through(&*sink, &id).await;
        }
    }
    let things = look(&server.uri(None), "codes").await.collection::<Document>("things");
    let expected = CODES.len() + CONCERNS.len();
    assert_eq!(things.count_documents(doc! {}).await.expect("counts"), expected as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_while_reading_use_up_no_attempt_whatever_they_are() {
    let server = Mongod::start(Kind::ReplicaSet).await.expect("there is a mongod");
    let sink = open(&server, "reading").await;
    // What is read has no error of its own: one of each kind tells.
    for (code, name, _) in CODES.into_iter().filter(|(code, ..)| [1, 13, 166, 175, 11602].contains(code)) {
        let data = doc! {"failCommands": ["find"], "errorCode": code, "appName": "hookline-codes"};
        // The driver repeats reads once by itself where the error is of the kind that passes.
        let command = doc! {"configureFailPoint": "failCommand", "mode": {"times": 4}, "data": data};
        server.admin(command, None).await.expect("is ordered");
        let applied = apply(&*sink, &[delivery("doc")]).await;
        assert!(matches!(meaning(&applied), Away | Blocked), "{code} {name}: {applied:?}");
        server
            .admin(doc! {"configureFailPoint": "failCommand", "mode": "off"}, None)
            .await
            .expect("is taken back");
        goes_through(&*sink, "doc").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_a_lost_majority_and_a_closed_connection_are_waited_for() {
    let server = Mongod::start(Kind::ReplicaSet).await.expect("there is a mongod");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let writes = ["insert", "update", "delete"];
    let cases = [
        ("full", doc! {"failCommands": writes, "errorCode": 14031}, "no disk space"),
        (
            "majority",
            doc! {"failCommands": writes, "writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}},
            "majority",
        ),
        ("closed", doc! {"failCommands": writes, "closeConnection": true}, "cannot be reached"),
    ];
    for (name, mut data, says) in cases {
        let app = format!("hookline-{name}");
        data.insert("appName", &app);
        let uri = format!("{}&appName={app}", server.uri(None));
        let job = hookline.job("stripe", destination(&uri, name), json!({"collectionPrefix": "f_"})).await;
        let tellers: Vec<Teller> = (0..4).map(|number| long(number, 3)).collect();
        let events = woven(&tellers);
        let command = doc! {"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data};
        server.admin(command, None).await.expect("is ordered");
        post_all(&job, &events).await;
        let state = until_delivery(&hookline, &job, "waitingForDestination").await;
        assert!(state["error"].as_str().is_some_and(|error| error.contains(says)), "{name}: {state}");
        // It goes wrong more often than once.
        let path = format!("/workspaces/default/sync-jobs/{}", job.id);
        let again = |job: &serde_json::Value| job["delivery"]["nextTryAt"] != state["nextTryAt"];
        let later = hookline.until_get(&path, again).await;
        assert_eq!(later["delivery"]["since"], state["since"], "{name}: one wait: {later}");
        server
            .admin(doc! {"configureFailPoint": "failCommand", "mode": "off"}, None)
            .await
            .expect("is taken back");
        assert_each_ended_once(&hookline, &job, events.len()).await;
        assert_ends(&look(&server.uri(None), name).await, "f_", &tellers).await;
    }
}
