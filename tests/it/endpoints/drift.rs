//! What differs at the provider is found, and mended by one click.

use super::*;

async fn checked(hookline: &Hookline, job: &Job) -> Value {
    hookline.get(&format!("{}?check=true", endpoint(job))).await
}

async fn mended(hookline: &Hookline, job: &Job) -> Value {
    let answer = hookline.post(&format!("{}/mend", endpoint(job)), json!({})).await;
    assert_eq!(answer["managed"]["drift"], json!([]), "{answer}");
    assert_eq!(answer["managed"]["status"], "enabled", "{answer}");
    answer
}

#[tokio::test]
async fn what_somebody_changed_at_stripe_is_found_and_mended() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let job = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    let id = text(&create(&hookline, &job).await["managed"]["providerEndpointId"]);
    setup.stripe.by_hand(|endpoints| {
        endpoints[0].enabled = false;
        "https://example.com/elsewhere".clone_into(&mut endpoints[0].url);
        endpoints[0].events = vec!["customer.created".to_owned()];
    });
    // Until somebody asks, nothing is known of it.
    assert_eq!(hookline.get(&endpoint(&job)).await["managed"]["drift"], json!([]));
    let found = checked(&hookline, &job).await;
    assert_eq!(kinds(&found), ["disabled", "url", "eventTypes"], "{found}");
    assert_eq!(found["managed"]["status"], "disabled");
    let answer = mended(&hookline, &job).await;
    assert_eq!(text(&answer["managed"]["providerEndpointId"]), id, "the same one");
    assert_eq!(setup.stripe.endpoints()[0].url, job.url);
    assert_eq!(setup.stripe.deliver(&event("evt_1")).await, [StatusCode::OK]);
}

#[tokio::test]
async fn an_endpoint_that_was_deleted_at_stripe_is_made_anew() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let job = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    let id = text(&create(&hookline, &job).await["managed"]["providerEndpointId"]);
    setup.stripe.by_hand(Vec::clear);
    let found = checked(&hookline, &job).await;
    assert_eq!((kinds(&found), &found["managed"]["status"]), (vec!["missing".to_owned()], &json!("missing")));
    let answer = mended(&hookline, &job).await;
    assert_ne!(text(&answer["managed"]["providerEndpointId"]), id);
    assert_eq!(setup.stripe.deliver(&event("evt_1")).await, [StatusCode::OK]);
}

#[tokio::test]
async fn a_secret_that_was_replaced_here_is_mended_by_a_new_endpoint() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let job = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    create(&hookline, &job).await;
    let rotate = format!("{}/webhook/regenerate-secret", path(&job));
    hookline.post(&rotate, json!({"keepOldForHours": 0})).await;
    assert_eq!(kinds(&hookline.get(&endpoint(&job)).await), ["secretUnknown"]);
    assert_eq!(setup.stripe.deliver(&event("evt_1")).await, [StatusCode::UNAUTHORIZED]);
    // A mending that is refused leaves everything as it was.
    let before = setup.stripe.endpoints()[0].id.clone();
    for number in 0..15 {
        setup.stripe.add_foreign(&format!("https://example.com/{number}"));
    }
    let (status, answer) = hookline.call(Method::POST, &format!("{}/mend", endpoint(&job)), None).await;
    assert_eq!(status, StatusCode::FAILED_DEPENDENCY, "{answer}");
    assert!(text(&answer["error"]["hint"]).contains("Delete an endpoint"), "{answer}");
    let kept = hookline.get(&endpoint(&job)).await;
    assert_eq!(
        (&kept["state"], text(&kept["managed"]["providerEndpointId"])),
        (&json!("managed"), before.clone())
    );
    setup.stripe.by_hand(|endpoints| endpoints.retain(|it| it.id == before));
    let answer = mended(&hookline, &job).await;
    assert_ne!(text(&answer["managed"]["providerEndpointId"]), before);
    assert_eq!(setup.stripe.endpoints().len(), 1, "the old one is gone");
    assert_eq!(setup.stripe.deliver(&event("evt_2")).await, [StatusCode::OK]);
}

#[tokio::test]
async fn a_subscription_that_close_has_paused_is_resumed() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let job = job(&hookline, "close", Some(KEY), json!(["lead.*"])).await;
    create(&hookline, &job).await;
    setup.close.by_hand(|subscriptions| "paused".clone_into(&mut subscriptions[0].status));
    assert!(setup.close.deliver(&close_event("ev_1")).await.is_empty());
    let found = checked(&hookline, &job).await;
    assert_eq!((kinds(&found), &found["managed"]["status"]), (vec!["paused".to_owned()], &json!("paused")));
    mended(&hookline, &job).await;
    assert_eq!(setup.close.deliver(&close_event("ev_2")).await, [StatusCode::OK]);
}
