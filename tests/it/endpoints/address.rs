//! The public address changes while everything runs, as it does with tunnels: the keeper alone, with a quick pace.

use std::sync::Arc;
use std::time::Duration;

use hookline_engine::endpoints::{EndpointError, Endpoints, EndpointsParts, Pace, keeper};
use hookline_engine::event::{
    DestinationId, JobId, SourceId, SystemClock, Timestamp, TypePatterns, WebhookConfig, WorkspaceId,
};
use hookline_engine::provider_api::retry::Patience;
use hookline_engine::provider_api::{ApiBases, Apis};
use hookline_engine::secrets::file::{FileSecrets, WhyFile};
use hookline_engine::secrets::{SecretName, Secrets as _};
use hookline_engine::store::{
    Destination, DestinationKind, EndpointPhase, Source, Store, StoreOptions, SyncJob,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::*;

const AT: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn address(name: &str) -> Url {
    format!("https://{name}.example.com").parse().expect("a URL")
}

/// A store with one job of Stripe's, whose source has a key.
async fn store_with_job(folder: &Path) -> (Store, Arc<FileSecrets>, JobId) {
    let options = StoreOptions { clock: Arc::new(SystemClock), queue_length: 64, rejected_per_job: 5 };
    let store = Store::open(folder, options).expect("opens");
    let secrets = Arc::new(FileSecrets::open(&folder.join("secrets.json"), WhyFile::Chosen).expect("opens"));
    let workspace_id = WorkspaceId::default_workspace();
    let (source, destination, job) = (SourceId::new("s"), DestinationId::new("d"), JobId::new("j"));
    secrets.put(&SecretName::api_key(&source), KEY.into()).expect("is stored");
    let (name, created_at, updated_at) = ("one".to_owned(), AT, AT);
    let put = store.put_source(Source {
        id: source.clone(),
        workspace_id: workspace_id.clone(),
        name: name.clone(),
        kind: "stripe".to_owned(),
        generic: None,
        created_at,
        updated_at,
    });
    put.await.expect("a source");
    let put = store.put_destination(Destination {
        id: destination.clone(),
        workspace_id: workspace_id.clone(),
        name: name.clone(),
        kind: DestinationKind::Local,
        database: None,
        display_url: None,
        created_at,
        updated_at,
    });
    put.await.expect("a destination");
    let config =
        WebhookConfig { event_types: TypePatterns::new(["customer.created"]), ..WebhookConfig::default() };
    let put = store.put_sync_job(SyncJob {
        id: job.clone(),
        workspace_id,
        name,
        source_id: source,
        destination_id: destination,
        enabled: true,
        webhook_config: config,
        collection_prefix: String::new(),
        created_at,
        updated_at,
    });
    put.await.expect("a job");
    (store, secrets, job)
}

/// Endpoints with a quick pace, of a Stripe that is asked once and no more.
fn quick(
    store: &Store,
    secrets: Arc<FileSecrets>,
    stripe: &Stripe,
    public: &watch::Sender<Option<Url>>,
) -> Endpoints {
    let bases = ApiBases { stripe: stripe.url().parse().expect("a URL"), ..ApiBases::default() };
    let short = Duration::from_millis(10);
    let patience =
        Patience { tries: 1, first: short, longest: short, total: short, one: Duration::from_secs(20) };
    Endpoints::new(EndpointsParts {
        store: store.clone(),
        secrets,
        apis: Apis::new(bases, patience),
        clock: Arc::new(SystemClock),
        public_url: public.subscribe(),
        changing: Arc::default(),
        after_secret: Arc::new(|| Box::pin(async { Ok(()) })),
        pace: Pace {
            settle: Duration::from_millis(50),
            check_every: Duration::from_hours(1),
            first_retry: Duration::from_millis(20),
            longest_retry: Duration::from_millis(100),
        },
    })
}

/// A Stripe, a job of its events, and what sets its endpoint up.
struct World {
    _folder: tempfile::TempDir,
    stripe: Stripe,
    store: Store,
    secrets: Arc<FileSecrets>,
    job: JobId,
    public: watch::Sender<Option<Url>>,
    endpoints: Endpoints,
}

impl World {
    async fn new() -> Self {
        hookline_engine::app::use_tls();
        let folder = tempfile::tempdir().expect("a folder");
        let stripe = Stripe::start(KEY, Permission::WriteEndpoints).await;
        let (store, secrets, job) = store_with_job(folder.path()).await;
        let public = watch::Sender::new(Some(address("one")));
        let endpoints = quick(&store, Arc::clone(&secrets), &stripe, &public);
        Self { _folder: folder, stripe, store, secrets, job, public, endpoints }
    }
}

/// Keeps the endpoints in line until it is told to stop.
fn keep(endpoints: &Endpoints) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    let keeping = tokio::spawn(keeper::run(endpoints.clone(), stop.clone()));
    (stop, keeping)
}

async fn is_in_line(endpoints: &Endpoints, job: &JobId) {
    eventually("it is in line", async || {
        let view = endpoints.view(&WorkspaceId::default_workspace(), job).await.expect("is there");
        let row = view.endpoint.expect("is there");
        (row.phase == EndpointPhase::Managed && view.drift.is_empty() && row.trouble.is_none()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_a_request_leaves_half_done_is_gone_on_with_until_it_is_done() {
    let World { _folder, stripe, store, secrets, job, public: _public, endpoints } = World::new().await;
    let (stop, keeping) = keep(&endpoints);
    let workspace = WorkspaceId::default_workspace();
    stripe.fail(&Method::POST, &[Fault::DoneButCut, Fault::Cut, Fault::RateLimit(9)]);
    endpoints.create(&workspace, &job).await.expect_err("its end is not known");
    is_in_line(&endpoints, &job).await;
    assert_eq!((stripe.endpoints().len(), stripe.count(&Method::POST)), (1, 4));
    // So it is with what a new endpoint takes the place of.
    secrets.delete(&SecretName::webhook(&job)).expect("is forgotten");
    stripe.fail(&Method::DELETE, &[Fault::Fails, Fault::Cut]);
    endpoints.mend(&workspace, &job).await.expect("is made anew");
    eventually("the old one is gone", async || (stripe.endpoints().len() == 1).then_some(())).await;
    is_in_line(&endpoints, &job).await;
    stop.cancel();
    keeping.await.expect("ends well");
    store.close().await;
}

#[tokio::test]
async fn what_was_begun_is_finished_as_it_is_wanted_by_then() {
    let World { _folder, stripe, store, secrets: _secrets, job, public, endpoints } = World::new().await;
    let workspace = WorkspaceId::default_workspace();
    let begin = async || {
        stripe.fail(&Method::POST, &[Fault::DoneButCut]);
        endpoints.create(&workspace, &job).await.expect_err("its end is not known");
    };
    let is_as_wanted = |name: &str, events: &[&str]| {
        let [made] = &stripe.endpoints()[..] else { panic!("{:?}", stripe.endpoints()) };
        assert_eq!(made.url, format!("https://{name}.example.com/api/webhooks/default/j"));
        assert_eq!(made.events, events);
    };
    begin().await;
    public.send_replace(None);
    for refused in [endpoints.create(&workspace, &job).await, endpoints.mend(&workspace, &job).await] {
        assert!(matches!(refused, Err(EndpointError::NoPublicUrl)), "{refused:?}");
    }
    assert_eq!(stripe.count(&Method::POST), 1, "an endpoint without an address is of no use");
    public.send_replace(Some(address("two")));
    endpoints.create(&workspace, &job).await.expect("is finished");
    is_as_wanted("two", &["customer.created"]);
    endpoints.remove(&workspace, &job).await.expect("is removed");

    begin().await;
    public.send_replace(Some(address("three")));
    let mut other = store.sync_job(&workspace, &job).await.expect("is there");
    other.webhook_config.event_types = TypePatterns::new(["invoice.paid"]);
    store.put_sync_job(other).await.expect("is changed");
    let (stop, keeping) = keep(&endpoints);
    is_in_line(&endpoints, &job).await;
    is_as_wanted("three", &["invoice.paid"]);
    stop.cancel();
    keeping.await.expect("ends well");
    store.close().await;
}

#[tokio::test]
async fn the_endpoint_follows_the_public_address_until_the_provider_knows_it() {
    let World { _folder, stripe, store, secrets: _secrets, job, public, endpoints } = World::new().await;
    let (stop, keeping) = keep(&endpoints);
    let workspace = WorkspaceId::default_workspace();
    endpoints.create(&workspace, &job).await.expect("is made");
    let is_at = async |name: &str| {
        let wanted = format!("https://{name}.example.com/api/webhooks/default/j");
        eventually("Stripe knows the address", async || (stripe.endpoints()[0].url == wanted).then_some(()))
            .await;
        eventually("it is written down", async || {
            let view = endpoints.view(&workspace, &job).await.expect("is there");
            let row = view.endpoint.expect("is there");
            (view.drift.is_empty() && row.trouble.is_none()).then_some(())
        })
        .await;
    };
    let asked = || stripe.count(&Method::POST);
    is_at("one").await;
    assert_eq!(asked(), 1);
    // A tunnel that comes and goes settles on its last address, and that is told once.
    for url in [None, Some(address("two")), None, Some(address("three"))] {
        public.send_replace(url);
    }
    is_at("three").await;
    assert_eq!(asked(), 2);
    // A provider that fails is asked until it works, and what is in the way is told meanwhile.
    stripe.fail(&Method::POST, &[Fault::Fails, Fault::RateLimit(9), Fault::Cut, Fault::DoneButCut]);
    let mut changes = store.changes();
    public.send_replace(Some(address("four")));
    let told = tokio::time::timeout(hookline_tests::process::PATIENCE, changes.recv()).await;
    let expected = hookline_engine::store::Change::Endpoints { job_id: job.clone() };
    assert_eq!(told.expect("in time").expect("is told"), expected);
    is_at("four").await;
    assert_eq!(asked(), 7);
    // Without an address nothing is told; when it is back, nothing is new.
    public.send_replace(None);
    public.send_replace(Some(address("four")));
    is_at("four").await;
    // Whoever told of addresses goes: the keeper goes on.
    drop(public);
    let mut other = store.sync_job(&workspace, &job).await.expect("is there");
    other.webhook_config.event_types = TypePatterns::new(["invoice.paid"]);
    store.put_sync_job(other).await.expect("is changed");
    eventually("Stripe sends invoices", async || {
        (stripe.endpoints()[0].events == ["invoice.paid"]).then_some(())
    })
    .await;
    assert_eq!(asked(), 8);
    stop.cancel();
    tokio::time::timeout(hookline_tests::process::PATIENCE, keeping).await.expect("ends").expect("ends well");
    store.close().await;
}
