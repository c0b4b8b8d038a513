//! Users who lose their rights while Hookline works, and get them back.

use futures_util::future::join_all;
use hookline_tests::mongo_proxy::{Fault, MongoProxy};
use hookline_tests::mongod::{Kind, Mongod};
use hookline_tests::process::{Hookline, Job};
use mongodb::bson::{Document, doc};
use serde_json::json;

use super::histories::{Teller, long, woven};
use super::support::{
    assert_each_ended_once, assert_ends, delivery, destination, look, post_all, until_delivery,
};

const ADMIN: Option<(&str, &str)> = Some(Mongod::ADMIN);

/// How a user of the database `NAME` is put out of it, and let in again.
struct Loss {
    name: &'static str,
    /// Commands on `admin`.
    takes: Vec<Document>,
    gives: Vec<Document>,
    /// Whether the connections have to be made anew for it to count.
    reconnects: bool,
    /// What is said of it.
    says: &'static str,
}

fn role(name: &str, role: &str) -> Document {
    doc! {"role": role, "db": name}
}

fn losses() -> Vec<Loss> {
    let user = |name: &str, password: &str, roles: Vec<Document>| doc! {"createUser": name, "pwd": password, "roles": roles};
    vec![
        Loss {
            name: "role_removed",
            takes: vec![doc! {"updateUser": "role_removed", "roles": []}],
            gives: vec![
                doc! {"grantRolesToUser": "role_removed", "roles": [role("role_removed", "readWrite")]},
            ],
            reconnects: false,
            says: "does not allow",
        },
        Loss {
            name: "only_reads",
            takes: vec![doc! {"updateUser": "only_reads", "roles": [role("only_reads", "read")]}],
            gives: vec![doc! {"updateUser": "only_reads", "roles": [role("only_reads", "readWrite")]}],
            reconnects: false,
            says: "does not allow",
        },
        Loss {
            name: "user_deleted",
            takes: vec![doc! {"dropUser": "user_deleted"}],
            gives: vec![user("user_deleted", "first", vec![role("user_deleted", "readWrite")])],
            reconnects: true,
            // The connections that are left know that the user is gone; new ones are refused.
            says: "MongoDB at 127.0.0.1",
        },
        Loss {
            name: "password_changed",
            takes: vec![doc! {"updateUser": "password_changed", "pwd": "second"}],
            gives: vec![doc! {"updateUser": "password_changed", "pwd": "first"}],
            reconnects: true,
            says: "refuses the user or password",
        },
    ]
}

async fn loses_and_goes_on(hookline: &Hookline, server: &Mongod, loss: Loss) {
    let name = loss.name;
    let roles = [role(name, "readWrite")];
    let command = doc! {"createUser": name, "pwd": "first", "roles": roles};
    server.admin(command, ADMIN).await.expect("is made");
    let proxy = MongoProxy::start(server.port()).await;
    let uri = proxy.uri("&authSource=admin").replace("mongodb://", &format!("mongodb://{name}:first@"));
    let config = json!({"name": name, "collectionPrefix": "a_"});
    let job: Job = hookline.job("stripe", destination(&uri, name), config).await;
    let tellers: Vec<Teller> = (0..4).map(|number| long(number, 4)).collect();
    let events = woven(&tellers);
    let (before, during) = events.split_at(events.len() / 2);
    post_all(&job, before).await;
    hookline.settled(&job).await;

    for command in loss.takes {
        server.admin(command, ADMIN).await.expect("is taken");
    }
    if loss.reconnects {
        proxy.once(None, 0, Fault::CutBefore);
    }
    post_all(&job, during).await;
    let state = until_delivery(hookline, &job, "blocked").await;
    let text = state.to_string();
    assert!(text.contains(loss.says) && text.contains("127.0.0.1"), "{name}: {text}");
    assert!(!state["hint"].as_str().unwrap_or_default().is_empty(), "{name}: {text}");
    assert!(!text.contains("first"), "no password is shown: {text}");
    assert!(!text.contains("cus_"), "no document is shown: {text}");
    let counts = hookline.by_status(&job).await;
    assert_eq!(
        (&counts["pending"], &counts["failed"]),
        (&json!(during.len()), &json!(0)),
        "{name}: {counts}"
    );

    for command in loss.gives {
        server.admin(command, ADMIN).await.expect("is given");
    }
    // Nobody presses anything.
    assert_each_ended_once(hookline, &job, events.len()).await;
    assert_eq!(delivery(hookline, &job).await["state"], "running", "{name}");
    let (user, password) = Mongod::ADMIN;
    let database = look(&server.uri(Some((user, password))), name).await;
    assert_ends(&database, "a_", &tellers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_are_taken_and_given_back_cost_no_attempt_and_need_no_hand() {
    let server = Mongod::start(Kind::Auth).await.expect("there is a mongod");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    join_all(losses().into_iter().map(|loss| loses_and_goes_on(&hookline, &server, loss))).await;
}
