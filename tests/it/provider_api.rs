//! The engine's clients of providers' APIs, against servers that speak what the providers document.

use std::sync::Arc;
use std::time::Duration;

use hookline_engine::event::{Clock as _, SystemClock};
use hookline_engine::provider_api::retry::Patience;
use hookline_engine::provider_api::{
    ApiBases, ApiError, ApiErrorKind, Apis, EndpointApi, EndpointChange, EndpointStatus, Mode, NewEndpoint,
};
use hookline_tests::provider_api::Fault;
use hookline_tests::provider_api::close::Close;
use hookline_tests::provider_api::stripe::{Permission, Stripe};
use http::Method;
use secrecy::ExposeSecret as _;

const KEY: &str = "sk_test_KeyOfTheClientTests";
const URL: &str = "https://hooks.example.com/api/webhooks/default/j1";

fn open(kind: &str, base: &str, key: &str) -> Arc<dyn EndpointApi> {
    hookline_engine::app::use_tls();
    let base = base.parse::<url::Url>().expect("a URL");
    let patience = Patience {
        tries: 4,
        first: Duration::from_millis(5),
        longest: Duration::from_millis(20),
        total: Duration::from_secs(3),
        one: Duration::from_secs(20),
    };
    let apis = Apis::new(ApiBases { stripe: base.clone(), close: base }, patience);
    apis.open(kind, key.to_owned().into()).expect("opens").expect("has an API")
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn new<'a>(types: &'a [String], others: &'a [String]) -> NewEndpoint<'a> {
    let now = SystemClock.now();
    NewEndpoint {
        url: URL,
        types,
        job: "j1",
        intent: "intent-1",
        again: false,
        intended_at: now,
        tried_at: now,
        others,
    }
}

/// The error, which holds no key in any form.
fn refused<T: std::fmt::Debug>(answer: Result<T, ApiError>) -> ApiError {
    let error = answer.expect_err("is refused");
    assert!(!format!("{error} {error:?}").contains("KeyOfTheClientTests"), "{error:?}");
    error
}

#[tokio::test]
async fn a_stripe_endpoint_is_made_read_changed_and_removed() {
    let stripe = Stripe::start(KEY, Permission::All).await;
    let api = open("stripe", stripe.url(), KEY);
    assert!(!format!("{api:?}").contains("KeyOfTheClientTests"));
    let account = api.check_key().await.expect("is taken");
    assert_eq!(account.name.as_deref(), Some("Example Shop"));
    assert_eq!((account.mode, account.restricted), (Some(Mode::Test), false));

    let types = names(&["customer.created", "invoice.paid"]);
    let created = api.create(new(&types, &[])).await.expect("is made");
    let made = created.endpoint;
    assert_eq!((made.url.as_str(), &made.types, made.status), (URL, &types, EndpointStatus::Enabled));
    let request = stripe.requests().into_iter().find(|it| it.method == Method::POST).expect("was sent");
    assert_eq!(request.header("authorization"), format!("Bearer {KEY}"));
    assert_eq!(request.header("idempotency-key"), "intent-1");
    assert!(!request.header("stripe-version").is_empty());
    assert_eq!(stripe.endpoints()[0].metadata["hookline_job"], "j1");

    let wanted = names(&["*"]);
    let change =
        EndpointChange { url: Some("https://other.example.com/x"), types: Some(&wanted), enable: false };
    let changed = api.update(&made.id, change).await.expect("is changed");
    assert_eq!((changed.url.as_str(), changed.types), ("https://other.example.com/x", wanted));
    stripe.by_hand(|endpoints| endpoints[0].enabled = false);
    assert_eq!(api.get(&made.id).await.expect("is read").expect("is there").status, EndpointStatus::Disabled);
    let change = EndpointChange { enable: true, ..EndpointChange::default() };
    assert_eq!(api.update(&made.id, change).await.expect("is changed").status, EndpointStatus::Enabled);

    api.delete(&made.id).await.expect("is removed");
    api.delete(&made.id).await.expect("is gone already");
    assert_eq!(api.get(&made.id).await.expect("is read"), None);
    let error = refused(api.update(&made.id, change).await);
    assert_eq!(error.kind, ApiErrorKind::NotFound);
}

#[tokio::test]
async fn a_close_subscription_is_made_read_changed_and_removed() {
    let close = Close::start("api_KeyOfTheClientTests").await;
    let api = open("close", close.url(), "api_KeyOfTheClientTests");
    let account = api.check_key().await.expect("is taken");
    assert_eq!((account.name.as_deref(), account.mode), (Some("Example Sales"), None));
    let types = names(&["activity.note.created", "lead.merged"]);
    let made = api.create(new(&types, &[])).await.expect("is made").endpoint;
    assert_eq!((made.url.as_str(), &made.types), (URL, &types));
    close.by_hand(|subscriptions| "paused".clone_into(&mut subscriptions[0].status));
    assert_eq!(api.get(&made.id).await.expect("is read").expect("is there").status, EndpointStatus::Paused);
    let wanted = names(&["lead.created"]);
    let change =
        EndpointChange { url: Some("https://other.example.com/"), types: Some(&wanted), enable: true };
    let changed = api.update(&made.id, change).await.expect("is changed");
    assert_eq!((changed.status, changed.types), (EndpointStatus::Enabled, wanted));
    api.delete(&made.id).await.expect("is removed");
    api.delete(&made.id).await.expect("is gone already");
    assert_eq!(api.get(&made.id).await.expect("is read"), None);
}

#[tokio::test]
async fn lists_are_read_to_their_end() {
    let stripe = Stripe::start(KEY, Permission::All).await;
    let close = Close::start(KEY).await;
    for number in 0..250 {
        stripe.add_foreign(&format!("https://example.com/{number}"));
        close.add_foreign(&format!("https://example.com/{number}"));
    }
    assert_eq!(open("stripe", stripe.url(), KEY).list().await.expect("is read").len(), 250);
    assert_eq!(stripe.requests().len(), 3);
    let api = open("close", close.url(), KEY);
    assert_eq!(api.list().await.expect("is read").len(), 250);
    assert_eq!(close.requests().len(), 3);
    assert_eq!(api.others_at("https://example.com/7").await.expect("is read").len(), 1);
}

#[tokio::test]
async fn refusals_are_told_apart_and_not_repeated() {
    let stripe = Stripe::start(KEY, Permission::ReadEndpoints).await;
    let types = names(&["customer.created"]);
    let api = open("stripe", stripe.url(), KEY);
    let account = api.check_key().await.expect("may look");
    assert_eq!(account.name, None, "the account is none of its business");
    let error = refused(api.create(new(&types, &[])).await);
    assert_eq!(error.kind, ApiErrorKind::Forbidden);
    assert!(error.message.contains("Event Destinations Write"), "{error}");
    assert_eq!(stripe.count(&Method::POST), 1);

    let wrong = open("stripe", stripe.url(), "sk_test_KeyOfTheClientTestsWrong");
    assert_eq!(refused(wrong.check_key().await).kind, ApiErrorKind::KeyRefused);

    stripe.allow(KEY, Permission::WriteEndpoints);
    let unknown = names(&["nothing.like.it"]);
    let error = refused(api.create(NewEndpoint { intent: "intent-2", ..new(&unknown, &[]) }).await);
    assert_eq!(error.kind, ApiErrorKind::Invalid);
    assert!(error.message.contains("enabled_events"), "{error}");
    for number in 0..16 {
        stripe.add_foreign(&format!("https://example.com/{number}"));
    }
    let error = refused(api.create(NewEndpoint { intent: "intent-3", ..new(&types, &[]) }).await);
    assert_eq!(error.kind, ApiErrorKind::EndpointLimit);

    let close = Close::start(KEY).await;
    let api = open("close", close.url(), KEY);
    close.allow(false);
    assert_eq!(refused(api.check_key().await).kind, ApiErrorKind::Forbidden);
    close.allow(true);
    let error = refused(api.create(NewEndpoint { url: "ftp://x", ..new(&types, &[]) }).await);
    assert_eq!(
        (error.kind, error.message.contains("url: Invalid URL.")),
        (ApiErrorKind::Invalid, true),
        "{error}"
    );
    assert_eq!(refused(open("close", close.url(), "x").check_key().await).kind, ApiErrorKind::KeyRefused);
}

#[tokio::test]
async fn what_can_pass_is_tried_again_and_a_pause_that_is_asked_for_is_kept() {
    let stripe = Stripe::start(KEY, Permission::All).await;
    let api = open("stripe", stripe.url(), KEY);
    stripe.fail(&Method::GET, &[Fault::RateLimit(1), Fault::Fails, Fault::Cut]);
    let started = std::time::Instant::now();
    api.list().await.expect("succeeds in the end");
    assert!(started.elapsed() >= Duration::from_secs(1), "the pause was cut short");
    assert_eq!(stripe.requests().len(), 4);

    stripe.fail(&Method::GET, &[Fault::Fails; 4]);
    assert_eq!(refused(api.list().await).kind, ApiErrorKind::Unsure);
    assert_eq!(stripe.requests().len(), 8, "the tries are bounded");

    // A pause longer than there is patience for is not waited for.
    stripe.fail(&Method::GET, &[Fault::RateLimit(3600)]);
    assert_eq!(refused(api.list().await).kind, ApiErrorKind::RateLimited);

    let close = Close::start(KEY).await;
    close.fail(&Method::GET, &[Fault::RateLimit(1)]);
    let started = std::time::Instant::now();
    open("close", close.url(), KEY).list().await.expect("succeeds in the end");
    assert!(started.elapsed() >= Duration::from_secs(1), "the pause was cut short");

    let nobody = open("stripe", "http://127.0.0.1:9", KEY);
    assert_eq!(refused(nobody.list().await).kind, ApiErrorKind::Unreachable);
}

#[tokio::test]
async fn an_endpoint_whose_making_was_cut_short_is_made_once() {
    let types = names(&["customer.created"]);
    let faults: [&[Fault]; 6] = [
        &[Fault::DoneButCut],
        &[Fault::DoneButCut, Fault::RateLimit(0), Fault::Cut],
        &[Fault::Fails],
        &[Fault::DoneButFails],
        &[Fault::Cut, Fault::DoneButFails],
        &[Fault::Cut, Fault::Fails, Fault::DoneButCut],
    ];
    for faults in faults {
        let stripe = Stripe::start(KEY, Permission::WriteEndpoints).await;
        let foreign = stripe.add_foreign(URL);
        stripe.fail(&Method::POST, faults);
        let api = open("stripe", stripe.url(), KEY);
        let created = api.create(new(&types, &[])).await.expect("is made");
        let [kept, made] = &stripe.endpoints()[..] else { panic!("{faults:?}: {:?}", stripe.endpoints()) };
        assert_eq!((&kept.id, &made.id), (&foreign, &created.endpoint.id), "{faults:?}");
        assert_eq!(created.secret.expose_secret(), made.secret, "{faults:?}");
    }
    for faults in faults {
        let close = Close::start(KEY).await;
        let foreign = close.add_foreign(URL);
        // What somebody else made with the very same events stays too.
        close.by_hand(|subscriptions| {
            subscriptions[0].events = serde_json::json!([{"object_type": "customer", "action": "created"}]);
        });
        close.fail(&Method::POST, faults);
        let api = open("close", close.url(), KEY);
        let others = api.others_at(URL).await.expect("is read");
        assert_eq!(others, std::slice::from_ref(&foreign));
        let created = api.create(new(&types, &others)).await.expect("is made");
        let [kept, made] = &close.subscriptions()[..] else {
            panic!("{faults:?}: {:?}", close.subscriptions())
        };
        assert_eq!((&kept.id, &made.id), (&foreign, &created.endpoint.id), "{faults:?}");
        assert_eq!(created.secret.expose_secret(), made.signature_key, "{faults:?}");
    }
}

#[tokio::test]
async fn a_failure_after_an_endpoint_may_have_been_made_leaves_it_open() {
    let types = names(&["customer.created"]);
    let stripe = Stripe::start(KEY, Permission::All).await;
    let api = open("stripe", stripe.url(), KEY);
    stripe.fail(&Method::POST, &[Fault::DoneButFails]);
    stripe.fail(&Method::GET, &[Fault::Refuses]);
    assert_eq!(refused(api.create(new(&types, &[])).await).kind, ApiErrorKind::Unsure);
    stripe.fail(&Method::POST, &[Fault::DoneButFails, Fault::Refuses]);
    let error = refused(api.create(NewEndpoint { intent: "intent-2", ..new(&types, &[]) }).await);
    assert_eq!(error.kind, ApiErrorKind::Unsure, "the last answer is not the whole story");
    stripe.fail(&Method::POST, &[Fault::Refuses]);
    let error = refused(api.create(NewEndpoint { intent: "intent-3", ..new(&types, &[]) }).await);
    assert_eq!(error.kind, ApiErrorKind::Forbidden, "nothing was made");
    for intent in ["intent-1", "intent-2"] {
        let again = NewEndpoint { again: true, intent, ..new(&types, &[]) };
        let created = api.create(again).await.expect("is made");
        let of_intent = |it: &&hookline_tests::provider_api::stripe::Endpoint| {
            it.metadata["hookline_intent"] == serde_json::json!(intent)
        };
        let endpoints = stripe.endpoints();
        let [made] = &endpoints.iter().filter(of_intent).collect::<Vec<_>>()[..] else {
            panic!("{endpoints:?}")
        };
        assert_eq!(created.secret.expose_secret(), made.secret);
    }
    // What is made stays made, although it could not be looked whether there is more.
    stripe.by_hand(Vec::clear);
    let made = api.create(NewEndpoint { intent: "intent-4", ..new(&types, &[]) }).await.expect("is made");
    stripe.fail(&Method::GET, &[Fault::Spared, Fault::Refuses]);
    let again = NewEndpoint { again: true, intent: "intent-4", ..new(&types, &[]) };
    assert_eq!(api.create(again).await.expect("is made").endpoint.id, made.endpoint.id);

    let close = Close::start(KEY).await;
    let api = open("close", close.url(), KEY);
    close.fail(&Method::POST, &[Fault::DoneButCut]);
    close.fail(&Method::GET, &[Fault::Refuses]);
    assert_eq!(refused(api.create(new(&types, &[])).await).kind, ApiErrorKind::Unsure);
    let created = api.create(NewEndpoint { again: true, ..new(&types, &[]) }).await.expect("is made");
    let [made] = &close.subscriptions()[..] else { panic!("{:?}", close.subscriptions()) };
    assert_eq!(created.secret.expose_secret(), made.signature_key);
}

#[tokio::test]
async fn a_refusal_that_stripe_has_stored_does_not_stay_for_ever() {
    let types = names(&["customer.created"]);
    let stripe = Stripe::start(KEY, Permission::All).await;
    let api = open("stripe", stripe.url(), KEY);
    for number in 0..16 {
        stripe.add_foreign(&format!("https://example.com/{number}"));
    }
    let again = NewEndpoint { again: true, ..new(&types, &[]) };
    for _try in 0..2 {
        assert_eq!(refused(api.create(again).await).kind, ApiErrorKind::EndpointLimit);
    }
    stripe.by_hand(|endpoints| endpoints.truncate(3));
    api.create(again).await.expect("there is room by now");
    assert_eq!(stripe.endpoints().len(), 4);
}

#[tokio::test]
async fn an_intent_that_a_crash_interrupted_is_gone_on_with() {
    let types = names(&["customer.created"]);
    let stripe = Stripe::start(KEY, Permission::All).await;
    let api = open("stripe", stripe.url(), KEY);
    let first = api.create(new(&types, &[])).await.expect("is made");
    let again = api.create(NewEndpoint { again: true, ..new(&types, &[]) }).await.expect("is made");
    assert_eq!(first.endpoint.id, again.endpoint.id, "Stripe tells the secret again");
    // Somebody deleted it meanwhile: what Stripe has stored is old.
    stripe.by_hand(Vec::clear);
    let anew = api.create(NewEndpoint { again: true, ..new(&types, &[]) }).await.expect("is made");
    assert_ne!(anew.endpoint.id, first.endpoint.id);
    assert_eq!(stripe.endpoints().len(), 1);
    let foreign = stripe.add_foreign(URL);
    api.abandon(new(&types, &[])).await.expect("is given up");
    assert_eq!(stripe.endpoints().iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), [foreign]);

    let close = Close::start(KEY).await;
    let api = open("close", close.url(), KEY);
    let first = api.create(new(&types, &[])).await.expect("is made");
    let again = api.create(NewEndpoint { again: true, ..new(&types, &[]) }).await.expect("is made");
    assert_ne!(first.endpoint.id, again.endpoint.id, "Close does not tell the key again");
    assert_eq!(close.subscriptions().len(), 1);
    // What somebody made by hand while nothing was tried looks the same and is not.
    let by_hand = again.endpoint.id;
    let long_ago = SystemClock.now().plus_millis(-24 * 3_600_000);
    let tried_long_ago =
        NewEndpoint { again: true, intended_at: long_ago, tried_at: long_ago, ..new(&types, &[]) };
    api.abandon(tried_long_ago).await.expect("is given up");
    api.create(tried_long_ago).await.expect("is made");
    assert_eq!((close.subscriptions().len(), &close.subscriptions()[0].id), (2, &by_hand));
}
