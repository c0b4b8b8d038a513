//! Jobs at a glance, activity, types, executions; and destinations that are only tried.

use hookline_tests::process::{Hookline, client, text};
use hookline_tests::webhooks::{customer, now_seconds, post_stripe, stripe_event};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{body, path_of, send, with_job};

/// Each about a customer of its own: of one customer's events in one second some would be stale.
fn about_another(id: &str, event_type: &str) -> String {
    stripe_event(id, event_type, now_seconds(), &customer(&format!("cus_{id}"), "Ada")).to_string()
}

fn sum(points: &Value, what: &str) -> u64 {
    let points = points.as_array().expect("a list");
    points.iter().map(|point| point[what].as_u64().expect("a number")).sum()
}

#[tokio::test]
async fn what_happened_is_told_over_time_by_type_and_at_a_glance() {
    let (_folder, hookline, job) = with_job().await;
    let idle = hookline.job("stripe", json!({"name": "idle", "kind": "local"}), json!({})).await;
    for number in 0..3 {
        send(&job, about_another(&format!("evt_{number}"), "customer.updated")).await;
    }
    send(&job, about_another("evt_4", "customer.created")).await;
    hookline.settled(&job).await;
    let forged = hookline_tests::process::Job { secret: "whsec_forged".to_owned(), ..job.clone() };
    let (status, _) = post_stripe(&client(), &forged, body("evt_5", "customer.created", "Eve")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    hookline.rejected(&job, 1).await;

    let path = path_of(&job);
    let activity = hookline.get(&format!("{path}/webhook/activity")).await;
    let points = &activity["points"];
    assert_eq!((points.as_array().map(Vec::len), &activity["bucketSeconds"]), (Some(60), &json!(60)));
    assert_eq!((sum(points, "received"), sum(points, "completed"), sum(points, "rejected")), (4, 4, 1));
    let timed: Vec<&Value> = points
        .as_array()
        .expect("a list")
        .iter()
        .filter(|point| point["latencyMsAverage"].is_number())
        .collect();
    assert!(!timed.is_empty(), "{points}");
    for point in timed {
        let average = point["latencyMsAverage"].as_f64().expect("a number");
        assert!(average <= point["latencyMsMax"].as_f64().expect("a number"), "{point}");
    }
    let whole = hookline.get("/workspaces/default/activity?buckets=7").await;
    assert_eq!(whole["points"].as_array().map(Vec::len), Some(7));
    assert_eq!((sum(&whole["points"], "received"), &whole["bucketSeconds"]), (4, &json!(540)));
    let past =
        format!("{path}/webhook/activity?from=2020-01-01T00:00:00Z&to=2020-01-01T10:00:00Z&buckets=10");
    let past = hookline.get(&past).await;
    assert_eq!((past["points"].as_array().map(Vec::len), sum(&past["points"], "received")), (Some(10), 0));
    for (query, status) in
        [("buckets=0", 400), ("buckets=501", 400), ("from=2030-01-01T00:00:00Z", 422), ("x=1", 400)]
    {
        let (found, _) = hookline.call(Method::GET, &format!("{path}/webhook/activity?{query}"), None).await;
        assert_eq!(found.as_u16(), status, "{query}");
    }

    let types = hookline.get(&format!("{path}/webhook/types")).await;
    assert_eq!(
        types,
        json!({"sampled": false, "types": [
            {"type": "customer.updated", "received": 3, "completed": 3, "failed": 0, "skipped": 0},
            {"type": "customer.created", "received": 1, "completed": 1, "failed": 0, "skipped": 0},
        ]})
    );

    let overview = hookline.get("/workspaces/default/overview").await;
    let jobs = overview["jobs"].as_array().expect("a list");
    assert_eq!(jobs.iter().map(|job| text(&job["jobId"])).collect::<Vec<_>>(), [job.id.as_str(), &idle.id]);
    let hour: u64 = jobs[0]["lastHour"].as_array().expect("a list").iter().filter_map(Value::as_u64).sum();
    assert_eq!((hour, &jobs[0]["successRate"], &jobs[0]["rejectedLastHour"]), (4, &json!(1.0), &json!(1)));
    assert!(jobs[0]["lastReceivedAt"].is_string());
    assert_eq!((&jobs[1]["successRate"], &jobs[1]["lastReceivedAt"]), (&Value::Null, &Value::Null));
    assert_eq!(jobs[1]["lastHour"], json!(vec![0; 60]));
}

#[tokio::test]
async fn executions_of_all_jobs_are_one_list_of_which_the_failed_can_be_taken() {
    let (_folder, hookline, job) = with_job().await;
    // Nobody listens at the discard port.
    let down = json!({"name": "down", "kind": "http", "url": "http://127.0.0.1:9/hook"});
    let failing = hookline.job("stripe", down, json!({})).await;
    send(&job, body("evt_1", "customer.created", "Ada")).await;
    hookline.settled(&job).await;
    send(&failing, body("evt_1", "customer.created", "Ada")).await;
    let wait = async {
        loop {
            let list = hookline.get("/workspaces/default/executions?failedOnly=true").await;
            if list["executions"].as_array().is_some_and(|executions| !executions.is_empty()) {
                return list;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let failed =
        tokio::time::timeout(hookline_tests::process::PATIENCE, wait).await.expect("a failure is recorded");
    let jobs = |list: &Value| {
        let rows = list["executions"].as_array().expect("a list");
        rows.iter().map(|row| text(&row["jobId"])).collect::<Vec<_>>()
    };
    assert!(jobs(&failed).iter().all(|id| *id == failing.id), "{failed}");
    let all = hookline.get("/workspaces/default/executions").await;
    assert!(jobs(&all).contains(&job.id) && jobs(&all).contains(&failing.id), "{all}");
    let first = hookline.get("/workspaces/default/executions?limit=1").await;
    let second = format!("/workspaces/default/executions?limit=1&cursor={}", text(&first["nextCursor"]));
    assert_eq!(jobs(&hookline.get(&second).await), [jobs(&all)[1].clone()]);
    let own = hookline.get(&format!("{}/executions?failedOnly=true", path_of(&job))).await;
    assert_eq!(own["executions"], json!([]));
}

#[tokio::test]
async fn a_destination_is_tried_before_it_is_made_and_nothing_of_it_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let hookline = Hookline::start(folder.path()).await;
    let check = async |destination: Value| {
        hookline.call(Method::POST, "/workspaces/default/destinations/check", Some(destination)).await
    };
    let (status, answer) = check(json!({"kind": "local"})).await;
    assert_eq!((status, &answer["ok"]), (StatusCode::OK, &json!(true)));
    let uri = "mongodb://ann:hidden@127.0.0.1:9/db?serverSelectionTimeoutMS=200";
    for destination in [
        json!({"kind": "mongodb", "uri": uri}),
        json!({"kind": "http", "url": "http://ann:hidden@127.0.0.1:9/hook"}),
    ] {
        let (status, answer) = check(destination).await;
        assert_eq!((status, &answer["ok"]), (StatusCode::OK, &json!(false)), "{answer}");
        assert!(answer["error"]["message"].is_string() && !answer.to_string().contains("hidden"), "{answer}");
    }
    let (status, answer) = check(json!({"kind": "mongodb", "uri": "mongodb://127.0.0.1"})).await;
    assert_eq!((status, &answer["error"]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("database")));
    assert_eq!(hookline.get("/workspaces/default/destinations").await["destinations"], json!([]));
    let secrets = std::fs::read_to_string(folder.path().join("secrets.json")).unwrap_or_default();
    assert!(!secrets.contains("hidden"), "a connection string was kept");
    let documents = std::fs::read_dir(folder.path().join("documents")).expect("reads").count();
    assert_eq!(documents, 0, "a file was made");
}
