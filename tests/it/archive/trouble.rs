//! The archive when something fails: the sync goes on, and the archive catches up.

use super::*;

/// The customers that were synced.
async fn customers(database: &Database) -> u64 {
    database.collection::<Document>("stripe_customers").count_documents(doc! {}).await.expect("counts")
}

#[tokio::test]
async fn an_archive_that_refuses_everything_hurts_no_event_and_catches_up_afterwards() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, server, database) = start(folder.path()).await;
    let refusing = doc! {"never": {"$exists": true}};
    database.create_collection(EVENTS).validator(refusing).await.expect("is made");
    let job = archiving_job(&hookline, &server.uri, &server.name, json!({})).await;
    post_created(&job, (0..40).map(|number| format!("evt_{number}"))).await;
    let counts = hookline.settled(&job).await;
    assert_eq!((counts["completed"].as_u64(), counts["failed"].as_u64()), (Some(40), Some(0)), "{counts}");
    assert_eq!(customers(&database).await, 40);
    let in_trouble = |job: &Value| job["archive"]["trouble"]["error"].is_string();
    let state = hookline.until_get(&job_path(&job), in_trouble).await;
    let trouble = &state["archive"]["trouble"];
    assert!(text(&trouble["error"]).contains("validation rules"), "{trouble}");
    assert!(trouble["since"].is_string() && trouble["nextTryAt"].is_string(), "{trouble}");
    assert_eq!(state["delivery"]["state"], "running", "delivery is not held up: {state}");
    assert!(state["archive"]["waiting"].as_u64() >= Some(40), "{state}");

    database.run_command(doc! {"collMod": EVENTS, "validator": {}}).await.expect("the validator goes");
    hookline.call(Method::POST, &format!("{}/resume", job_path(&job)), None).await;
    let state = archived(&hookline, &job).await;
    assert_eq!(state["trouble"], Value::Null);
    assert_eq!(provider_ids(&database).await.len(), 40);
}

#[tokio::test]
async fn one_record_that_is_refused_holds_up_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, server, database) = start(folder.path()).await;
    let refusing = doc! {"providerEventId": {"$ne": "evt_refused"}};
    database.create_collection(EVENTS).validator(refusing).await.expect("is made");
    let job = archiving_job(&hookline, &server.uri, &server.name, json!({})).await;
    post_created(&job, ["evt_refused".to_owned()].into_iter()).await;
    let in_trouble = |job: &Value| job["archive"]["trouble"]["error"].is_string();
    hookline.until_get(&job_path(&job), in_trouble).await;
    post_created(&job, (0..5).map(|number| format!("evt_{number}"))).await;
    until("the others", async || provider_ids(&database).await.len() == 5).await;
    let one_left = |job: &Value| job["archive"]["waiting"] == 1;
    hookline.until_get(&job_path(&job), one_left).await;
    database.run_command(doc! {"collMod": EVENTS, "validator": {}}).await.expect("the validator goes");
    hookline.call(Method::POST, &format!("{}/resume", job_path(&job)), None).await;
    until("the last one", async || provider_ids(&database).await.len() == 6).await;
}

#[tokio::test]
async fn what_lies_behind_many_large_records_that_are_refused_is_archived() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, server, database) = start(folder.path()).await;
    let refusing = doc! {"providerEventId": {"$not": {"$regex": "^evt_refused"}}};
    database.create_collection(EVENTS).validator(refusing).await.expect("is made");
    // One batch, so that nothing that is taken lies between the events.
    let job = archiving_job(&hookline, &server.uri, &server.name, json!({"batchWaitMs": 2000})).await;
    let http = client();
    let padding = "x".repeat(1024 * 1024);
    for number in 0..9 {
        let id = format!("evt_refused_{number}");
        let body = stripe_event(&id, "customer.created", now_seconds(), &customer(&id, &padding)).to_string();
        assert_eq!(post_stripe(&http, &job, body).await.0, StatusCode::OK);
    }
    post_created(&job, ["evt_behind".to_owned()].into_iter()).await;
    until("the one behind", async || provider_ids(&database).await.contains("evt_behind")).await;
    let nine_left = |job: &Value| job["archive"]["waiting"] == 9 && job["archive"]["trouble"].is_object();
    hookline.until_get(&job_path(&job), nine_left).await;
}

#[tokio::test]
async fn an_index_that_is_in_the_way_is_told_and_nothing_is_archived_that_would_stay_for_ever() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hookline, server, database) = start(folder.path()).await;
    let index = doc! {"key": {"expiresAt": 1}, "name": "expiresAt_1"};
    database
        .run_command(doc! {"createIndexes": EVENTS, "indexes": [index]})
        .await
        .expect("an index without an end");
    let job = archiving_job(&hookline, &server.uri, &server.name, json!({})).await;
    post_created(&job, ["evt_1".to_owned()].into_iter()).await;
    let in_trouble = |job: &Value| job["archive"]["trouble"]["hint"].is_string();
    let state = hookline.until_get(&job_path(&job), in_trouble).await;
    assert!(text(&state["archive"]["trouble"]["hint"]).contains("drop that index"), "{state}");
    assert!(provider_ids(&database).await.is_empty());
    database.run_command(doc! {"dropIndexes": EVENTS, "index": "expiresAt_1"}).await.expect("is dropped");
    hookline.call(Method::POST, &format!("{}/resume", job_path(&job)), None).await;
    archived(&hookline, &job).await;
    assert_eq!(provider_ids(&database).await.len(), 1);
}

#[tokio::test]
async fn a_mongod_that_was_away_and_a_hookline_that_was_killed_lose_nothing_and_repeat_nothing() {
    const EVENTS_POSTED: usize = 400;
    let folder = tempfile::tempdir().expect("a folder");
    let mut mongod = Mongod::start(Kind::ReplicaSet).await.expect("there is a mongod");
    let hookline = Hookline::start(folder.path()).await;
    let job = archiving_job(&hookline, &mongod.uri(None), "away", json!({"batchSize": 20})).await;
    let database = || async {
        let client = mongodb::Client::with_uri_str(mongod.uri(None)).await.expect("connects");
        client.database("away")
    };
    post_created(&job, (0..EVENTS_POSTED / 2).map(|number| format!("evt_{number}"))).await;
    // Killed while it archives: some are there, and not all.
    let archive = database().await.collection::<Document>(EVENTS);
    until("the first archived events", async || {
        archive.estimated_document_count().await.expect("counts") > 0
    })
    .await;
    hookline.kill().await;
    mongod.kill();
    let hookline = Hookline::start(folder.path()).await;
    let here = hookline.get(&job_path(&job)).await;
    let job = Job { url: text(&here["webhookUrl"]), ..job };
    post_created(&job, (EVENTS_POSTED / 2..EVENTS_POSTED).map(|number| format!("evt_{number}"))).await;
    let in_trouble = |job: &Value| job["archive"]["trouble"]["error"].is_string();
    hookline.until_get(&job_path(&job), in_trouble).await;
    mongod.restart().await.expect("comes back");
    hookline.call(Method::POST, &format!("{}/resume", job_path(&job)), None).await;
    hookline.settled(&job).await;
    let state = archived(&hookline, &job).await;
    assert_eq!(state["trouble"], Value::Null);
    let client = mongodb::Client::with_uri_str(mongod.uri(None)).await.expect("connects");
    let database = client.database("away");
    assert_eq!(provider_ids(&database).await.len(), EVENTS_POSTED);
    assert_eq!(customers(&database).await, EVENTS_POSTED as u64);
    // Every batch that ran is told, and tells of every event once.
    let executions = documents(&database, EXECUTIONS, doc! {}).await;
    let told: i64 = executions.iter().map(|batch| batch.get_i64("completed").expect("a number")).sum();
    assert_eq!(told, EVENTS_POSTED as i64);
}

#[tokio::test]
async fn a_body_that_no_document_can_hold_is_archived_without_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = mongod::shared().await.expect("there is a mongod");
    let database = server.connect().await.expect("connects");
    let hookline = Hookline::start_with(folder.path(), &["--max-body-bytes", "20000000"]).await;
    let job = archiving_job(&hookline, &server.uri, &server.name, json!({})).await;
    let object = customer("cus_1", &"x".repeat(16 * 1024 * 1024));
    let body = stripe_event("evt_large", "customer.created", now_seconds(), &object).to_string();
    let size = body.len() as i64;
    assert_eq!(post_stripe(&client(), &job, body).await.0, StatusCode::OK);
    hookline.settled(&job).await;
    assert_eq!(archived(&hookline, &job).await["trouble"], Value::Null);
    let event = documents(&database, EVENTS, doc! {}).await.remove(0);
    assert_eq!(event.get("body"), Some(&Bson::Null));
    assert!(event.get_str("bodyOmitted").expect("says so").contains("too large"));
    assert_eq!(event.get_i64("sizeBytes").expect("a size"), size);
}
