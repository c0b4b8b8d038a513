//! Several Hookline processes that write into one MongoDB end in the same documents as one would.

use hookline_tests::mongod;
use hookline_tests::process::{Hookline, client};
use hookline_tests::webhooks::{customer, post_stripe, stripe_event};
use mongodb::bson::{Bson, Document, doc};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use reqwest::StatusCode;
use serde_json::{Value, json};

const CUSTOMERS: usize = 20;
const UPDATES: i64 = 15;

/// A customer's history: created, then updates of which several fall into one second and tell what changed; the last
/// second of every fifth customer is its deletion.
fn history(customer_number: usize) -> Vec<Value> {
    let id = format!("cus_{customer_number}");
    let mut events = Vec::new();
    let named = |name: i64| customer(&id, &format!("name {name}"));
    let event = |name: i64, event_type: &str, at: i64| {
        stripe_event(&format!("evt_{customer_number}_{name}"), event_type, at, &named(name))
    };
    events.push(event(0, "customer.created", 1_700_000_000));
    for name in 1..=UPDATES {
        let mut update = event(name, "customer.updated", 1_700_000_000 + name / 4);
        update["data"]["previous_attributes"] = json!({"name": format!("name {}", name - 1)});
        events.push(update);
    }
    if customer_number.is_multiple_of(5) {
        events.push(event(UPDATES, "customer.deleted", 1_700_000_100));
        events.last_mut().expect("is there")["id"] = json!(format!("evt_{customer_number}_deleted"));
    }
    events
}

#[tokio::test]
async fn two_processes_with_shuffled_repeated_streams_end_in_the_newest_states() {
    let server = mongod::shared().await.expect("there is a mongod");
    let database = server.connect().await.expect("connects");
    let destination = json!({"name": "mongo", "kind": "mongodb", "uri": server.uri, "database": server.name});
    let config = json!({"webhookConfig": {"batchSize": 7, "signatureToleranceSeconds": 0}});
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let mut processes = Vec::new();
    for (number, folder) in folders.iter().enumerate() {
        let hookline = Hookline::start(folder.path()).await;
        let job = hookline.job("stripe", destination.clone(), config.clone()).await;
        let mut events: Vec<Value> = (0..CUSTOMERS).flat_map(history).collect();
        // Each process misses some events that the other has, and sees all of its own in an order of its own.
        let mut random = StdRng::seed_from_u64(number as u64);
        events.shuffle(&mut random);
        let repeated: Vec<Value> = events.iter().step_by(9).cloned().collect();
        events.extend(repeated);
        let mut position = 0;
        events.retain(|event| {
            position += 1;
            let shared = event["type"] != "customer.updated" || position % 3 != 0;
            shared || number == position % 2
        });
        processes.push((hookline, job, events));
    }
    let all: std::collections::HashSet<String> = processes
        .iter()
        .flat_map(|(_, _, events)| events.iter().map(|event| event["id"].to_string()))
        .collect();
    let http = client();
    let posting = processes.iter().map(|(_, job, events)| {
        let http = http.clone();
        async move {
            for event in events {
                assert_eq!(post_stripe(&http, job, event.to_string()).await.0, StatusCode::OK);
            }
        }
    });
    futures_util::future::join_all(posting).await;
    for (hookline, job, _) in &processes {
        let counts = hookline.settled(job).await;
        assert_eq!(counts["failed"], 0, "{counts}");
    }
    let customers = database.collection::<Document>("stripe_customers");
    for number in 0..CUSTOMERS {
        let id = format!("cus_{number}");
        let found = customers.find_one(doc! {"_id": &id}).await.expect("asks");
        if number.is_multiple_of(5) {
            assert_eq!(found, None, "{id} was deleted");
            continue;
        }
        let found = found.expect("is there");
        // The newest second's updates decide; if all of them arrived somewhere, the last one is the state.
        let last_second: Vec<i64> = (1..=UPDATES).filter(|name| name / 4 == UPDATES / 4).collect();
        let complete =
            last_second.iter().all(|name| all.contains(&json!(format!("evt_{number}_{name}")).to_string()));
        if complete {
            assert_eq!(found.get_str("name").expect("is a text"), format!("name {UPDATES}"), "{id}");
            let metadata = found.get_document("_sync_metadata").expect("is there");
            assert!(!matches!(metadata.get("ambiguous"), Some(Bson::Boolean(true))), "{id}: {metadata}");
        }
    }
}
