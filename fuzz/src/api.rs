//! The control API in this process, on an engine of its own: whatever a few requests in a row hold, each is answered with a
//! status that the description names, errors have the one shape, and no secret comes back.
//!
//! Requests that reach out are left out: the tunnel's start, checks of destinations and keys, endpoints at providers, test
//! webhooks; and the backup, which writes where the request says.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use axum::Router;
use axum::body::Body;
use hookline_engine::api;
use hookline_engine::app::{App, Config};
use hookline_engine::secrets::SecretsChoice;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::edits::Edited;

/// Stands in the place of every secret. Nothing else has these letters, in this order.
const SECRET: &str = "Zq9xkW7";

#[derive(Debug, Arbitrary)]
struct Step<'a> {
    operation: u8,
    ids: Ids<'a>,
    query: &'a str,
    form: u8,
    body: Edited<'a>,
    plain_text: bool,
}

/// What stands for the ids of a path.
#[derive(Debug, Arbitrary)]
enum Ids<'a> {
    /// Those made last.
    Made,
    Other(&'a str),
    /// In a workspace that is not there.
    Elsewhere(&'a str),
}

const SOURCES: &str = "/api/workspaces/{workspaceId}/sources";
const SOURCE: &str = "/api/workspaces/{workspaceId}/sources/{sourceId}";
const DESTINATIONS: &str = "/api/workspaces/{workspaceId}/destinations";
const DESTINATION: &str = "/api/workspaces/{workspaceId}/destinations/{destinationId}";
const JOBS: &str = "/api/workspaces/{workspaceId}/sync-jobs";
const JOB: &str = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}";
const EVENT: &str = "/api/workspaces/{workspaceId}/sync-jobs/{jobId}/webhook/events/{eventId}";

/// What is asked for.
static OPERATIONS: LazyLock<Vec<(Method, String)>> = LazyLock::new(|| {
    let below = |base: &str, path: &str| format!("{base}{path}");
    let mut operations = vec![
        (Method::POST, SOURCES.to_owned()),
        (Method::POST, DESTINATIONS.to_owned()),
        (Method::POST, JOBS.to_owned()),
        (Method::PATCH, SOURCE.to_owned()),
        (Method::PATCH, DESTINATION.to_owned()),
        (Method::PATCH, JOB.to_owned()),
        (Method::DELETE, SOURCE.to_owned()),
        (Method::DELETE, DESTINATION.to_owned()),
        (Method::DELETE, JOB.to_owned()),
        (Method::POST, below(JOB, "/webhook/regenerate-secret")),
        (Method::POST, below(JOB, "/webhook/retry-failed")),
        (Method::POST, below(JOB, "/resume")),
        (Method::POST, "/api/workspaces/{workspaceId}/events/retry".to_owned()),
        (Method::POST, "/api/workspaces/{workspaceId}/events/replay".to_owned()),
        (Method::POST, below(EVENT, "/retry")),
        (Method::POST, below(EVENT, "/replay")),
        (Method::PUT, below(EVENT, "/pin")),
        (Method::DELETE, below(EVENT, "/pin")),
    ];
    let read = [
        SOURCES.to_owned(),
        SOURCE.to_owned(),
        DESTINATIONS.to_owned(),
        DESTINATION.to_owned(),
        JOBS.to_owned(),
        JOB.to_owned(),
        EVENT.to_owned(),
        below(DESTINATION, "/collections"),
        below(DESTINATION, "/documents"),
        below(DESTINATION, "/documents/one"),
        below(JOB, "/webhook/events"),
        below(JOB, "/webhook/stats"),
        below(JOB, "/webhook/types"),
        below(JOB, "/webhook/activity"),
        below(JOB, "/webhook/diagnosis"),
        below(JOB, "/executions"),
        below(JOB, "/endpoint"),
        "/api/workspaces/{workspaceId}/events".to_owned(),
        "/api/workspaces/{workspaceId}/executions".to_owned(),
        "/api/workspaces/{workspaceId}/activity".to_owned(),
        "/api/workspaces/{workspaceId}/overview".to_owned(),
        "/api/providers".to_owned(),
        "/api/status".to_owned(),
        "/api/tunnel".to_owned(),
    ];
    operations.extend(read.map(|path| (Method::GET, path)));
    operations
});

/// Bodies from which an operation's body is made.
fn forms(method: &Method, path: &str) -> Vec<Value> {
    let events = json!({"events": [{"jobId": "JOB", "eventId": "1"}, {"jobId": "JOB", "eventId": "2"}]});
    match (method.as_str(), path) {
        ("POST", SOURCES) => vec![
            json!({"kind": "stripe", "name": "Stripe live", "apiKey": format!("rk_test_{SECRET}")}),
            json!({"kind": "generic", "generic": crate::senders::generic_specs()[1]}),
            json!({"kind": "gitlab"}),
        ],
        ("POST", DESTINATIONS) => vec![
            json!({"kind": "local", "name": "Here"}),
            json!({"kind": "mongodb", "uri": format!("mongodb://user:{SECRET}@127.0.0.1:9/db?tls=false"), "database": "db"}),
            json!({"kind": "http", "url": format!("http://user:{SECRET}@127.0.0.1:9/hook?key={SECRET}")}),
        ],
        ("POST", JOBS) => vec![
            json!({"sourceId": "SOURCE", "destinationId": "DESTINATION", "type": "webhook", "name": "A job", "enabled": true,
                "collectionPrefix": "x_", "webhookConfig": {"eventTypes": ["customer.*"], "secret": format!("whsec_{SECRET}"),
                "batchSize": 500, "batchWaitMs": 200, "deletes": "soft", "signatureToleranceSeconds": 300, "retentionDays": 30}}),
            json!({"sourceId": "SOURCE", "destinationId": "DESTINATION"}),
        ],
        ("PATCH", SOURCE) => {
            vec![json!({"name": "Other", "apiKey": format!("rk_live_{SECRET}"), "generic": {}})]
        }
        ("PATCH", DESTINATION) => vec![
            json!({"name": "Other"}),
            json!({"uri": format!("mongodb://u:{SECRET}@127.0.0.1:9/other"), "database": "other"}),
            json!({"url": format!("http://127.0.0.1:9/{SECRET}?k={SECRET}")}),
        ],
        ("PATCH", JOB) => vec![
            json!({"name": "Other", "enabled": false, "collectionPrefix": "", "sourceId": "SOURCE", "destinationId": "DESTINATION",
                "webhookConfig": {"eventTypes": [], "secret": format!("whsec_{SECRET}"), "batchSize": 1, "deletes": "hard",
                "signatureToleranceSeconds": null}}),
        ],
        ("POST", path) if path.ends_with("/regenerate-secret") => {
            vec![json!({"keepOldForHours": 24, "secret": format!("whsec_{SECRET}")})]
        }
        ("POST", path) if path.ends_with("/events/retry") || path.ends_with("/events/replay") => vec![events],
        _ => vec![Value::Null],
    }
}

/// The engine, and what of its description counts here.
struct World {
    runtime: Runtime,
    router: Router,
    /// The statuses of each operation.
    statuses: HashMap<(Method, String), BTreeSet<u16>>,
    _app: App,
    _folder: tempfile::TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::new(folder.path().to_owned());
    config.listen.set_port(0);
    config.api.set_port(0);
    config.secrets = SecretsChoice::File;
    // Nobody listens there: should something reach out all the same, it gets nowhere.
    let nowhere: url::Url = "http://127.0.0.1:9".parse().expect("a URL");
    config.provider_apis.stripe = nowhere.clone();
    config.provider_apis.close = nowhere;
    let app = runtime.block_on(App::start(config)).expect("the engine starts");
    let description: Value = serde_json::from_str(&api::openapi_json()).expect("is JSON");
    let mut statuses = HashMap::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let (Some(responses), Ok(method)) =
                (operation["responses"].as_object(), method.to_ascii_uppercase().parse::<Method>())
            else {
                continue;
            };
            let known = responses.keys().filter_map(|status| status.parse().ok()).collect();
            statuses.insert((method, path.clone()), known);
        }
    }
    World { router: api::in_process(app.commands().clone()), runtime, statuses, _app: app, _folder: folder }
});

/// The ids that were made last.
#[derive(Debug)]
struct Made {
    source: String,
    destination: String,
    job: String,
}

/// One input.
pub(crate) fn run(data: &[u8]) {
    let Ok(steps) = Unstructured::new(data).arbitrary::<Vec<Step<'_>>>() else { return };
    let world = &*WORLD;
    world.runtime.block_on(async {
        let mut made =
            Made { source: "none".to_owned(), destination: "none".to_owned(), job: "none".to_owned() };
        for step in steps.iter().take(8) {
            world.take(step, &mut made).await;
        }
        world.clear().await;
    });
}

impl World {
    async fn take(&self, step: &Step<'_>, made: &mut Made) {
        let (method, template) = &OPERATIONS[usize::from(step.operation) % OPERATIONS.len()];
        let path = step.ids.fill(template, made);
        let uri = if step.query.is_empty() { path } else { format!("{path}?{}", step.query) };
        let forms = forms(method, template);
        let form = &forms[usize::from(step.form) % forms.len()];
        let body = if form.is_null() {
            Vec::new()
        } else {
            let form = form
                .to_string()
                .replace("\"SOURCE\"", &json!(made.source).to_string())
                .replace("\"DESTINATION\"", &json!(made.destination).to_string())
                .replace("\"JOB\"", &json!(made.job).to_string());
            step.body.of(form.as_bytes())
        };
        let content_type = if step.plain_text { "text/plain" } else { "application/json" };
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("content-type", content_type)
            .body(Body::from(body));
        let Ok(request) = request else { return };
        let shown = format!("{method} {}", request.uri());
        let (status, answer) = self.ask(request).await;

        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{shown}: {answer}");
        // A path may be cut short or go on: then it is another operation, or none.
        if matches!(step.ids, Ids::Made) {
            let known = &self.statuses[&(method.clone(), template.clone())];
            assert!(
                known.contains(&status.as_u16()),
                "{shown} is answered {status}, which is not described: {answer}"
            );
        }
        let value: Value = if answer.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{shown}: no JSON: {answer}"))
        };
        if !status.is_success() {
            let error = &value["error"];
            assert!(error["code"].is_string() && error["message"].is_string(), "{shown}: no error: {answer}");
        }
        // A job's own secret is shown to whoever makes the job or asks for it; a secret that the input repeats in its own
        // place, as a name, is none.
        let shows_secrets = template.starts_with(JOB) || *template == JOBS;
        let is_own = matches!(step.body, Edited::Values(ref edits) if edits.is_empty());
        assert!(shows_secrets || !is_own || !answer.contains(SECRET), "{shown} shows a secret: {answer}");
        if status == StatusCode::CREATED
            && let Some(id) = value["id"].as_str()
        {
            let kind = match template.as_str() {
                SOURCES => &mut made.source,
                DESTINATIONS => &mut made.destination,
                _ => &mut made.job,
            };
            id.clone_into(kind);
        }
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.expect("a router always answers");
        let status = response.status();
        let bytes = response.into_body().collect().await.expect("the whole answer").to_bytes();
        (status, String::from_utf8(bytes.to_vec()).expect("an answer is text"))
    }

    /// Takes away whatever was made, so that each input begins with nothing.
    async fn clear(&self) {
        for (list, path) in
            [("syncJobs", "sync-jobs"), ("sources", "sources"), ("destinations", "destinations")]
        {
            let path = format!("/api/workspaces/default/{path}");
            let request = Request::get(&path).body(Body::empty()).expect("a request");
            let (status, answer) = self.ask(request).await;
            assert_eq!(status, StatusCode::OK, "{path}: {answer}");
            let answer: Value = serde_json::from_str(&answer).expect("is JSON");
            for entry in answer[list].as_array().expect("a list") {
                let id = entry["id"].as_str().expect("an id");
                let request = Request::delete(format!("{path}/{id}")).body(Body::empty()).expect("a request");
                let (status, answer) = self.ask(request).await;
                assert!(status.is_success(), "{path}/{id} is not deleted: {status} {answer}");
            }
        }
    }
}

impl Ids<'_> {
    fn fill(&self, template: &str, made: &Made) -> String {
        let (workspace, [source, destination, job, event]) = match self {
            Self::Made => ("default", [&*made.source, &*made.destination, &*made.job, "1"]),
            Self::Other(id) => ("default", [*id; 4]),
            Self::Elsewhere(id) => (*id, [*id; 4]),
        };
        template
            .replace("{workspaceId}", workspace)
            .replace("{sourceId}", source)
            .replace("{destinationId}", destination)
            .replace("{jobId}", job)
            .replace("{eventId}", event)
    }
}
