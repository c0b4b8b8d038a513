//! Documents that the server does not take: each fails alone, with an error that says why, and the rest of its batch goes on.

use std::collections::HashMap;

use hookline_tests::mongod;
use hookline_tests::process::{Hookline, client};
use hookline_tests::webhooks::{post_stripe, stripe_event};
use mongodb::bson::{Document, doc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{destination, look};

/// The most bytes of a document.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// An event with its object, and what its error is to say; `None`: it is to be completed.
type Case = (&'static str, Value, Option<&'static str>);

fn object(kind: &str, name: &str, more: &Value) -> Value {
    let mut object = json!({"id": name, "object": kind});
    let fields = object.as_object_mut().expect("is an object");
    fields.extend(more.as_object().expect("is an object").clone());
    object
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_breaks_a_rule_of_the_server_or_its_owner_fails_alone_and_says_why() {
    let server = mongod::shared().await.expect("there is a mongod");
    let database = look(&server.uri, &server.name).await;
    let rule = doc! {"$jsonSchema": {"properties": {"balance": {"maximum": 100}}}};
    let setup = [
        doc! {"create": "x_customers", "validator": rule},
        doc! {"createIndexes": "x_customers", "indexes": [
            {"key": {"email": 1}, "name": "one_email", "unique": true, "sparse": true},
            {"key": {"place": "2dsphere"}, "name": "places"},
            {"key": {"one": 1, "other": 1}, "name": "lists"},
        ]},
        doc! {"create": "x_products", "viewOn": "x_customers", "pipeline": []},
        doc! {"create": "x_prices", "timeseries": {"timeField": "at"}},
        doc! {"create": "x_plans", "capped": true, "size": 1_000_000},
    ];
    for command in setup {
        database.run_command(command).await.expect("is set up");
    }
    let taken = doc! {"_id": "cus_theirs", "email": "ada@example.test"};
    database.collection::<Document>("x_customers").insert_one(taken).await.expect("inserts");

    let cases: Vec<Case> = vec![
        ("good", object("customer", "cus_good", &json!({"balance": 1})), None),
        ("rule", object("customer", "cus_rule", &json!({"balance": 101})), Some("validation rules")),
        ("index", object("customer", "cus_index", &json!({"email": "ada@example.test"})), Some("one_email")),
        ("place", object("customer", "cus_place", &json!({"place": {"type": "Nowhere"}})), Some("geo")),
        (
            "lists",
            object("customer", "cus_lists", &json!({"one": [1], "other": [2]})),
            Some("parallel arrays"),
        ),
        ("view", object("product", "prod_view", &json!({})), Some("view")),
        ("view_2", object("product", "prod_view_2", &json!({})), Some("view")),
        ("time", object("price", "price_time", &json!({})), Some("must be present")),
        ("capped", object("plan", "plan_capped", &json!({})), None),
        ("good_2", object("coupon", "coupon_good", &json!({})), None),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    // One batch holds them all.
    let config = json!({"collectionPrefix": "x_",
        "webhookConfig": {"batchWaitMs": 60000, "batchSize": cases.len()}});
    let job = hookline.job("stripe", destination(&server.uri, &server.name), config).await;
    assert_outcomes(&hookline, &job, &cases).await;
    let executions = hookline.get(&format!("/workspaces/default/sync-jobs/{}/executions", job.id)).await;
    assert_eq!(executions["executions"].as_array().map(Vec::len), Some(1), "one batch: {executions}");
    let theirs = database.collection::<Document>("x_customers").find_one(doc! {"_id": "cus_theirs"}).await;
    let theirs = theirs.expect("asks").expect("is there");
    assert_eq!(theirs.get_str("email").expect("a text"), "ada@example.test");
    // Once the rule is gone, a retry by hand brings the event in; it has not to wait for a full batch.
    let path = format!("/workspaces/default/sync-jobs/{}", job.id);
    let change = json!({"webhookConfig": {"batchWaitMs": 10}});
    assert!(hookline.call(Method::PATCH, &path, Some(change)).await.0.is_success());
    database.run_command(doc! {"collMod": "x_customers", "validator": {}}).await.expect("is changed");
    hookline.post(&format!("/workspaces/default/sync-jobs/{}/webhook/retry-failed", job.id), json!({})).await;
    let customers = database.collection::<Document>("x_customers");
    super::support::until("the retry", async || {
        customers.find_one(doc! {"_id": "cus_rule"}).await.expect("asks").is_some()
    })
    .await;
}

/// Many events of one document into a view: they all fail for the view's sake, and none for the number of the others.
#[tokio::test(flavor = "multi_thread")]
async fn many_refused_events_of_one_document_are_all_told_the_true_reason() {
    let server = mongod::shared().await.expect("there is a mongod");
    let database = look(&server.uri, &server.name).await;
    let command = doc! {"create": "y_products", "viewOn": "nothing", "pipeline": []};
    database.run_command(command).await.expect("is made");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let config = json!({"collectionPrefix": "y_", "webhookConfig": {"batchWaitMs": 60000, "batchSize": 30}});
    let job = hookline.job("stripe", destination(&server.uri, &server.name), config).await;
    let http = client();
    for number in 0..30 {
        let event = stripe_event(
            &format!("evt_{number}"),
            "product.updated",
            1_700_000_000 + number,
            &object("product", "prod_1", &json!({"n": number})),
        );
        assert_eq!(post_stripe(&http, &job, event.to_string()).await.0, StatusCode::OK);
    }
    hookline.settled(&job).await;
    for row in hookline.events(&job, "limit=100").await {
        assert_eq!((&row["status"], &row["nextAttemptAt"]), (&json!("failed"), &Value::Null), "{row}");
        assert!(row["error"].as_str().is_some_and(|error| error.contains("view")), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_just_the_greatest_size_is_taken_and_a_greater_one_fails_alone() {
    let server = mongod::shared().await.expect("there is a mongod");
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start_with(folder.path(), &["--max-body-bytes", "33554432"]).await;
    let config = json!({"collectionPrefix": "b_", "webhookConfig": {"batchWaitMs": 1000}});
    let job = hookline.job("stripe", destination(&server.uri, &server.name), config).await;
    let sized = |name: &str, bytes: usize| object("customer", name, &json!({"text": "x".repeat(bytes)}));
    let cases: Vec<Case> = vec![
        ("small", sized("cus_small", 10), None),
        // Beside the text there are some hundred bytes of names and metadata.
        ("fits", sized("cus_fits", MAX_BYTES - 1200), None),
        ("with_metadata", sized("cus_with_metadata", MAX_BYTES - 200), Some("at most 16777216")),
        ("alone", sized("cus_alone", MAX_BYTES + 1000), Some("at most 16777216")),
        ("small_2", sized("cus_small_2", 10), None),
    ];
    assert_outcomes(&hookline, &job, &cases).await;
    // Replacing one that large by another works as well.
    let grown = object("customer", "cus_fits", &json!({"text": "y".repeat(MAX_BYTES - 1200)}));
    let event = stripe_event("evt_grown", "customer.updated", 1_700_000_009, &grown).to_string();
    let (status, answer) = post_stripe(&client(), &job, event).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    hookline.settled(&job).await;
    let row = hookline.event(&job, answer["eventId"].as_str().expect("a text")).await;
    assert_eq!(row["status"], "completed", "{}", row["error"]);
    let customers = look(&server.uri, &server.name).await.collection::<Document>("b_customers");
    assert_eq!(customers.count_documents(doc! {}).await.expect("counts"), 3);
}

/// Posts an event for each case, and checks what became of it.
async fn assert_outcomes(hookline: &Hookline, job: &hookline_tests::process::Job, cases: &[Case]) {
    let http = client();
    let mut ids = HashMap::new();
    for (name, object, _) in cases {
        let event_type = format!("{}.created", object["object"].as_str().expect("a text"));
        let event = stripe_event(&format!("evt_{name}"), &event_type, 1_700_000_000, object);
        let (status, answer) = post_stripe(&http, job, event.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{name}: {answer}");
        ids.insert(*name, answer["eventId"].as_str().expect("a text").to_owned());
    }
    hookline.settled(job).await;
    let rows: HashMap<String, Value> = hookline
        .events(job, "limit=100")
        .await
        .into_iter()
        .map(|row| (row["id"].as_str().expect("a text").to_owned(), row))
        .collect();
    for (name, _, expected) in cases {
        let row = &rows[&ids[name]];
        assert_eq!(row["attempts"], 1, "{name}: {row}");
        match expected {
            None => assert_eq!(row["status"], "completed", "{name}: {row}"),
            Some(word) => {
                assert_eq!(row["status"], "failed", "{name}: {row}");
                assert_eq!(row["nextAttemptAt"], Value::Null, "another attempt would not help: {row}");
                let error = row["error"].as_str().expect("a text");
                assert!(error.contains(word), "{name}: {error}");
                assert!(!error.contains("ada@example.test"), "no value is shown: {error}");
            }
        }
    }
}
