//! Webhooks that are set up at the provider by one click, over a real `hookline serve` and stand-ins of the providers.

use std::path::Path;
use std::sync::OnceLock;

use hookline_tests::process::{Hookline, Job, client, text};
use hookline_tests::provider_api::close::Close;
use hookline_tests::provider_api::stripe::{Permission, Stripe};
use hookline_tests::provider_api::{Fault, eventually};
use hookline_tests::webhooks::{customer, now_seconds, post_stripe, stripe_event};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

mod address;
mod cli;
mod drift;
mod keeper;

const KEY: &str = "rk_test_KeyOfTheEndpointTests";
const W: &str = "/workspaces/default";

/// A Hookline that knows the stand-ins, on an address of its own that stays the same over restarts, and is its own public
/// address.
struct Setup {
    folder: tempfile::TempDir,
    stripe: Stripe,
    close: Close,
    /// Once it was started.
    listen: OnceLock<String>,
}

impl Setup {
    async fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            stripe: Stripe::start(KEY, Permission::WriteEndpoints).await,
            close: Close::start(KEY).await,
            listen: OnceLock::new(),
        }
    }

    /// Another name of the same address, as if a tunnel had given out a new one.
    fn other_name(&self) -> String {
        let listen = self.listen.get().expect("was started");
        format!("http://localhost:{}", listen.rsplit(':').next().expect("has a port"))
    }

    async fn start(&self) -> Hookline {
        if let Some(listen) = self.listen.get() {
            return self.start_at(Some(&format!("http://{listen}"))).await;
        }
        // Where it listens is known only once it runs.
        let hookline = self.start_with(&[]).await;
        let own = json!({"kind": "own-url", "on": true, "url": hookline.ready.receiver});
        let (status, answer) = hookline.call(Method::PATCH, "/tunnel", Some(own)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        hookline
    }

    async fn start_at(&self, public: Option<&str>) -> Hookline {
        self.start_with(&["--tunnel", public.unwrap_or("none")]).await
    }

    async fn start_with(&self, more: &[&str]) -> Hookline {
        let mut arguments =
            vec!["--log-level", "debug", "--stripe-api", self.stripe.url(), "--close-api", self.close.url()];
        arguments.extend(more);
        let listen = self.listen.get().map_or("127.0.0.1:0", String::as_str);
        let hookline = Hookline::start_on(self.folder.path(), listen, &arguments).await;
        let listens = hookline.ready.receiver.trim_start_matches("http://").to_owned();
        self.listen.get_or_init(|| listens);
        hookline
    }
}

/// A job of a source with a key.
async fn job(hookline: &Hookline, kind: &str, key: Option<&str>, types: Value) -> Job {
    let job = hookline
        .job(kind, json!({"name": "local", "kind": "local"}), json!({"webhookConfig": {"eventTypes": types}}))
        .await;
    if let Some(key) = key {
        let source = source_of(hookline, &job).await;
        let body = Some(json!({"apiKey": key}));
        let (status, answer) = hookline.call(Method::PATCH, &format!("{W}/sources/{source}"), body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    job
}

async fn source_of(hookline: &Hookline, job: &Job) -> String {
    text(&hookline.get(&path(job)).await["sourceId"])
}

fn path(job: &Job) -> String {
    format!("{W}/sync-jobs/{}", job.id)
}

fn endpoint(job: &Job) -> String {
    format!("{}/endpoint", path(job))
}

async fn create(hookline: &Hookline, job: &Job) -> Value {
    let (status, answer) = hookline.call(Method::POST, &endpoint(job), None).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    assert_eq!(answer["state"], "managed", "{answer}");
    answer
}

async fn change(hookline: &Hookline, job: &Job, body: Value) {
    let (status, answer) = hookline.call(Method::PATCH, &path(job), Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

fn event(id: &str) -> Value {
    stripe_event(id, "customer.created", now_seconds(), &customer("cus_1", "Ada"))
}

fn close_event(id: &str) -> Value {
    json!({
        "id": id, "object_type": "lead", "action": "created", "object_id": "lead_1", "lead_id": "lead_1",
        "organization_id": "orga_1", "date_created": "2026-01-01T00:00:00.000000",
        "date_updated": "2026-01-01T00:00:00.000000", "changed_fields": [], "previous_data": {},
        "data": {"id": "lead_1", "name": "Ada"}, "meta": {},
    })
}

fn kinds(answer: &Value) -> Vec<String> {
    answer["managed"]["drift"].as_array().expect("a list").iter().map(|drift| text(&drift["kind"])).collect()
}

#[tokio::test]
async fn what_stripe_signs_with_the_secret_that_it_made_is_accepted() {
    let setup = Setup::new().await;
    let foreign = setup.stripe.add_foreign("https://example.com/other");
    let hookline = setup.start().await;
    let job = job(&hookline, "stripe", Some(KEY), json!(["customer.*", "custmer.x"])).await;
    let before = hookline.get(&endpoint(&job)).await;
    assert_eq!(
        (&before["state"], &before["obstacle"], &before["managed"]),
        (&json!("none"), &Value::Null, &Value::Null)
    );
    assert_eq!(before["unselectable"][0]["pattern"], "custmer.x", "{before}");

    let answer = create(&hookline, &job).await;
    let managed = &answer["managed"];
    assert_eq!((&managed["status"], &managed["mode"]), (&json!("enabled"), &json!("test")), "{answer}");
    assert_eq!(managed["drift"], json!([]), "{answer}");
    assert_eq!(text(&managed["url"]), job.url);
    let made = setup.stripe.endpoints().into_iter().find(|it| it.id != foreign).expect("was made");
    assert_eq!(made.id, text(&managed["providerEndpointId"]));
    assert!(made.events.iter().all(|name| name.starts_with("customer.")) && made.events.len() > 10);
    assert_eq!(made.metadata["hookline_job"], json!(job.id));

    setup.stripe.by_hand(|endpoints| endpoints.retain(|it| it.id != foreign));
    assert_eq!(setup.stripe.deliver(&event("evt_1")).await, [StatusCode::OK]);
    // The job's own secret from before counts for a day more.
    assert_eq!(post_stripe(&client(), &job, event("evt_2").to_string()).await.0, StatusCode::OK);
    assert_eq!(hookline.settled(&job).await["completed"], 2);

    let (status, again) = hookline.call(Method::POST, &endpoint(&job), None).await;
    assert_eq!((status, &again["error"]["code"]), (StatusCode::CONFLICT, &json!("conflict")));
    assert_eq!(setup.stripe.endpoints().len(), 1);
    let job_with_secret = hookline.get(&format!("{}?showSecret=true", path(&job))).await;
    assert_eq!(text(&job_with_secret["webhookSecret"]), made.secret);
}

#[tokio::test]
async fn what_close_signs_with_the_key_that_it_made_is_accepted() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let job = job(&hookline, "close", Some(KEY), json!([])).await;
    let answer = create(&hookline, &job).await;
    let made = &setup.close.subscriptions()[0];
    assert_eq!(made.id, text(&answer["managed"]["providerEndpointId"]));
    assert!(made.types().contains(&"activity.note.created".to_owned()) && made.types().len() > 100);
    assert_eq!(setup.close.deliver(&close_event("ev_1")).await, [StatusCode::OK]);
    assert_eq!(hookline.settled(&job).await["completed"], 1);
    let (status, _) = hookline.call(Method::DELETE, &endpoint(&job), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert!(setup.close.subscriptions().is_empty());
    assert_eq!(hookline.get(&endpoint(&job)).await["state"], "none");
}

#[tokio::test]
async fn what_keeps_a_webhook_from_being_set_up_is_said_before_anything_is_asked() {
    let setup = Setup::new().await;
    let hookline = setup.start_at(None).await;
    let refused = async |job: &Job, code: &str| {
        let (status, answer) = hookline.call(Method::POST, &endpoint(job), None).await;
        assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!(code)), "{answer}");
        assert!(answer["error"]["hint"].is_string(), "{answer}");
        let shown = hookline.get(&endpoint(job)).await;
        assert_eq!(shown["obstacle"]["code"], code, "{shown}");
        assert_eq!(shown["state"], "none");
    };
    refused(&job(&hookline, "github", None, json!([])).await, "endpoint_unsupported").await;
    refused(&job(&hookline, "stripe", None, json!([])).await, "api_key_missing").await;
    refused(&job(&hookline, "stripe", Some(KEY), json!([])).await, "public_url_missing").await;
    hookline.stop().await;
    let hookline = setup.start_at(Some("http://hooks.example.com")).await;
    let jobs = hookline.get(&format!("{W}/sync-jobs")).await;
    let with_key = text(&jobs["syncJobs"][2]["id"]);
    let shown = hookline.get(&format!("{W}/sync-jobs/{with_key}/endpoint")).await;
    // An address that never led here is told to nobody.
    assert_eq!(shown["obstacle"]["code"], "public_url_missing", "{shown}");
    hookline.stop().await;
    let hookline = setup.start().await;
    let nothing = job(&hookline, "stripe", Some(KEY), json!(["custmer.*"])).await;
    let (status, answer) = hookline.call(Method::POST, &endpoint(&nothing), None).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(text(&answer["error"]["message"]).contains("`custmer.*`"), "{answer}");
    for missing in [Method::DELETE, Method::POST] {
        let to = if missing == Method::POST { "/mend" } else { "" };
        let (status, _) = hookline.call(missing, &format!("{}{to}", endpoint(&nothing)), None).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    assert!(setup.stripe.requests().is_empty() && setup.close.requests().is_empty());
}

#[tokio::test]
async fn a_key_is_checked_and_what_it_lacks_is_said() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let stripe = job(&hookline, "stripe", Some(KEY), json!([])).await;
    let check = async |job: &Job| {
        let source = source_of(&hookline, job).await;
        hookline.post(&format!("{W}/sources/{source}/check-key"), json!({})).await
    };
    let found = check(&stripe).await;
    assert_eq!(found["ok"], true, "{found}");
    assert_eq!((&found["account"]["mode"], &found["account"]["restricted"]), (&json!("test"), &json!(true)));
    setup.stripe.allow(KEY, Permission::All);
    assert_eq!(check(&stripe).await["account"]["name"], "Example Shop");
    setup.stripe.allow(KEY, Permission::Nothing);
    let found = check(&stripe).await;
    assert_eq!((&found["ok"], &found["error"]["code"]), (&json!(false), &json!("provider_refused")));
    assert!(text(&found["keyHelp"]["permissions"][0]).contains("Write"), "{found}");
    setup.stripe.allow(KEY, Permission::ReadEndpoints);
    let (status, answer) = hookline.call(Method::POST, &endpoint(&stripe), None).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::FAILED_DEPENDENCY, &json!("provider_refused"))
    );
    assert!(text(&answer["error"]["hint"]).contains("permission"), "{answer}");
    assert_eq!(hookline.get(&endpoint(&stripe)).await["state"], "none", "nothing is left of it");
    let close = job(&hookline, "close", Some(KEY), json!([])).await;
    assert_eq!(check(&close).await["account"]["name"], "Example Sales");
    let keyless = job(&hookline, "stripe", None, json!([])).await;
    assert_eq!(check(&keyless).await["error"]["code"], "api_key_missing");
}

#[tokio::test]
async fn a_creation_that_is_cut_short_makes_one_endpoint() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    setup.stripe.fail(&Method::POST, &[Fault::RateLimit(1), Fault::DoneButCut]);
    let stripe = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    create(&hookline, &stripe).await;
    assert_eq!(setup.stripe.endpoints().len(), 1);
    assert_eq!(setup.stripe.deliver(&event("evt_1")).await, [StatusCode::OK]);
    setup.close.fail(&Method::POST, &[Fault::DoneButCut, Fault::RateLimit(1)]);
    let close = job(&hookline, "close", Some(KEY), json!(["lead.*"])).await;
    create(&hookline, &close).await;
    assert_eq!(setup.close.subscriptions().len(), 1);
    assert_eq!(setup.close.deliver(&close_event("ev_1")).await, [StatusCode::OK]);
}

#[tokio::test]
async fn a_creation_whose_end_is_not_known_is_finished_without_a_restart() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let close = job(&hookline, "close", Some(KEY), json!(["lead.*"])).await;
    setup.close.fail(&Method::POST, &[Fault::DoneButCut]);
    // What was there before is asked for first; then, what the cut request has left behind.
    setup.close.fail(&Method::GET, &[Fault::Spared, Fault::Refuses]);
    let (status, answer) = hookline.call(Method::POST, &endpoint(&close), None).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::FAILED_DEPENDENCY, &json!("provider_unreachable")),
        "{answer}"
    );
    eventually("it is finished", async || {
        (hookline.get(&endpoint(&close)).await["state"] == "managed").then_some(())
    })
    .await;
    assert_eq!(setup.close.subscriptions().len(), 1, "nothing is left of the first try");
    assert_eq!(setup.close.deliver(&close_event("ev_1")).await, [StatusCode::OK]);
}

#[tokio::test]
async fn a_job_that_is_deleted_while_its_endpoint_is_made_takes_its_secret_with_it() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let stripe = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    setup.stripe.fail(&Method::POST, &[Fault::RateLimit(1)]);
    let place = endpoint(&stripe);
    let (made, deleted) = tokio::join!(hookline.call(Method::POST, &place, None), async {
        eventually("Stripe was asked", async || (setup.stripe.count(&Method::POST) > 0).then_some(())).await;
        hookline.call(Method::DELETE, &path(&stripe), None).await
    });
    assert_eq!(made.0, StatusCode::CREATED, "{}", made.1);
    let there = setup.stripe.endpoints()[0].id.clone();
    assert_eq!((deleted.0, &deleted.1["endpoint"]), (StatusCode::OK, &json!("left")), "{}", deleted.1);
    assert!(text(&deleted.1["hint"]).contains(&there), "{}", deleted.1);
    hookline.stop().await;
    let secrets = std::fs::read_to_string(setup.folder.path().join("secrets.json")).expect("is there");
    assert!(!secrets.contains(&stripe.id), "a secret of a job that is gone");
}

#[tokio::test]
async fn a_key_of_another_mode_does_nothing_about_an_endpoint_that_it_cannot_see() {
    const LIVE: &str = "rk_live_KeyOfTheEndpointTests";
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let job = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    create(&hookline, &job).await;
    setup.stripe.allow(LIVE, Permission::WriteEndpoints);
    let source = format!("{W}/sources/{}", source_of(&hookline, &job).await);
    let store = async |key: &str| {
        let (status, answer) = hookline.call(Method::PATCH, &source, Some(json!({"apiKey": key}))).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    };
    store(LIVE).await;
    for (method, path) in [
        (Method::GET, format!("{}?check=true", endpoint(&job))),
        (Method::POST, format!("{}/mend", endpoint(&job))),
        (Method::DELETE, endpoint(&job)),
        (Method::DELETE, format!("{}?endpoint=remove", path(&job))),
    ] {
        let (status, answer) = hookline.call(method, &path, None).await;
        assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("conflict")), "{path}");
        assert!(text(&answer["error"]["hint"]).contains("Put the test key back"), "{answer}");
    }
    change(&hookline, &job, json!({"webhookConfig": {"eventTypes": ["invoice.*"]}})).await;
    let shown = eventually("why it cannot be told is written down", async || {
        let shown = hookline.get(&endpoint(&job)).await;
        shown["managed"]["trouble"].is_object().then_some(shown)
    })
    .await;
    assert_eq!(shown["managed"]["trouble"]["retrying"], false, "{shown}");
    let asked = setup.stripe.requests();
    assert!(!asked.iter().any(|request| request.header("authorization").contains(LIVE)));
    assert_eq!(setup.stripe.endpoints().len(), 1);
    store(KEY).await;
    eventually("Stripe sends invoices", async || {
        setup.stripe.endpoints()[0].events.contains(&"invoice.paid".to_owned()).then_some(())
    })
    .await;
    let (status, answer) = hookline.call(Method::DELETE, &endpoint(&job), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    assert!(setup.stripe.endpoints().is_empty());
}

#[tokio::test]
async fn a_job_goes_with_its_endpoint_or_without_and_nothing_foreign_is_touched() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let stay = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    let go = job(&hookline, "stripe", Some(KEY), json!(["invoice.*"])).await;
    let none = job(&hookline, "stripe", Some(KEY), json!([])).await;
    // Made by hand for the very job that has none of Hookline's.
    let foreign = [setup.stripe.add_foreign(&none.url), setup.stripe.add_foreign("https://example.com/x")];
    let left = text(&create(&hookline, &stay).await["managed"]["providerEndpointId"]);
    let removed = text(&create(&hookline, &go).await["managed"]["providerEndpointId"]);
    let delete = async |job: &Job, query: &str| {
        hookline.call(Method::DELETE, &format!("{}{query}", path(job)), None).await
    };
    setup.stripe.fail(&Method::DELETE, &[Fault::Fails; 5]);
    let (status, answer) = delete(&go, "?endpoint=remove").await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::FAILED_DEPENDENCY, &json!("provider_unreachable"))
    );
    assert!(text(&answer["error"]["message"]).starts_with("the job was not deleted"), "{answer}");
    assert_eq!(hookline.get(&endpoint(&go)).await["state"], "managed", "the job is still there");

    let (status, answer) = delete(&go, "?endpoint=remove").await;
    assert_eq!(
        (status, &answer["endpoint"], &answer["hint"]),
        (StatusCode::OK, &json!("removed"), &Value::Null)
    );
    let (status, answer) = delete(&stay, "").await;
    assert_eq!((status, &answer["endpoint"]), (StatusCode::OK, &json!("left")));
    assert!(text(&answer["hint"]).contains(&left), "{answer}");
    let (_, answer) = delete(&none, "?endpoint=remove").await;
    assert_eq!(answer["endpoint"], "none");
    let ids: Vec<String> = setup.stripe.endpoints().into_iter().map(|it| it.id).collect();
    assert!(ids.contains(&left) && !ids.contains(&removed), "{ids:?}");
    assert!(foreign.iter().all(|id| ids.contains(id)), "{ids:?}");
    let touched = setup.stripe.requests().into_iter().any(|request| {
        request.method != Method::GET && foreign.iter().any(|id| request.path.contains(id.as_str()))
    });
    assert!(!touched, "somebody else's endpoint was changed");
    let (status, _) = delete(&stay, "?endpoint=perhaps").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_key_and_the_secrets_are_in_no_answer_log_or_database() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let stripe = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    let close = job(&hookline, "close", Some(KEY), json!([])).await;
    setup.stripe.fail(&Method::POST, &[Fault::Fails, Fault::Cut]);
    create(&hookline, &stripe).await;
    create(&hookline, &close).await;
    let mut secrets = vec![KEY.to_owned()];
    secrets.extend(setup.stripe.endpoints().into_iter().map(|it| it.secret));
    secrets.extend(setup.close.subscriptions().into_iter().map(|it| it.signature_key));
    // This Stripe repeats the whole key in its refusal.
    setup.stripe.revoke(KEY);
    let mut answers = Vec::new();
    for (method, path) in [
        (Method::GET, format!("{}?check=true", endpoint(&stripe))),
        (Method::POST, format!("{}/mend", endpoint(&stripe))),
        (Method::DELETE, endpoint(&stripe)),
        (Method::POST, format!("{W}/sources/{}/check-key", source_of(&hookline, &stripe).await)),
        (Method::GET, endpoint(&close)),
        (Method::GET, format!("{}/webhook/diagnosis", path(&stripe))),
        (Method::GET, "/diagnostics".to_owned()),
    ] {
        answers.push(hookline.call(method, &path, None).await.1.to_string());
    }
    assert!(answers[0].contains("[the API key]"), "{}", answers[0]);
    for answer in &answers {
        assert!(!secrets.iter().any(|secret| answer.contains(secret)), "{answer}");
    }
    assert_eq!(hookline.stop().await, Some(0));
    let mut looked_at = 0;
    for file in files(setup.folder.path()) {
        let bytes = std::fs::read(&file).expect("reads");
        for secret in &secrets {
            let there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!there, "{} holds a secret", file.display());
        }
        looked_at += 1;
    }
    assert!(looked_at > 3, "only {looked_at} files");
}

/// All files below a folder but the one for secrets.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("reads") {
        let path = entry.expect("reads").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.ends_with("secrets.json") {
            found.push(path);
        }
    }
    found
}
