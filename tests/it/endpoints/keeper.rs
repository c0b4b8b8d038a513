//! Changes here reach the provider by themselves, and only once.

use super::*;

#[tokio::test]
async fn another_public_address_is_told_to_the_provider_after_a_restart() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let stripe = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    let close = job(&hookline, "close", Some(KEY), json!(["lead.*"])).await;
    create(&hookline, &stripe).await;
    create(&hookline, &close).await;
    let foreign = setup.stripe.add_foreign(&stripe.url);
    hookline.stop().await;
    setup.stripe.fail(&Method::POST, &[Fault::Fails, Fault::RateLimit(1)]);
    let hookline = setup.start_at(Some(&setup.other_name())).await;
    eventually("both providers know the new address", async || {
        let other = setup.other_name();
        let stripe = setup.stripe.endpoints().iter().any(|it| it.url.starts_with(&other));
        let close = setup.close.subscriptions().iter().all(|it| it.url.starts_with(&other));
        (stripe && close).then_some(())
    })
    .await;
    let kept = setup.stripe.endpoints().into_iter().find(|it| it.id == foreign).expect("is there");
    assert_eq!(kept.url, stripe.url, "somebody else's stays");
    setup.stripe.by_hand(|endpoints| endpoints.retain(|it| it.id != foreign));
    assert_eq!(setup.stripe.deliver(&event("evt_1")).await, [StatusCode::OK]);
    assert_eq!(setup.close.deliver(&close_event("ev_1")).await, [StatusCode::OK]);
    let shown = eventually("it is written down", async || {
        let shown = hookline.get(&endpoint(&stripe)).await;
        (shown["managed"]["drift"] == json!([])).then_some(shown)
    })
    .await;
    assert_eq!(shown["managed"]["trouble"], Value::Null, "{shown}");
    // Without a public address the provider is left as it is.
    let last_check = hookline.get(&endpoint(&stripe)).await["managed"]["checkedAt"].clone();
    hookline.stop().await;
    let asked = setup.stripe.count(&Method::POST);
    let hookline = setup.start_at(None).await;
    eventually("the start's check is over", async || {
        let shown = hookline.get(&endpoint(&stripe)).await;
        (shown["managed"]["checkedAt"] != last_check).then_some(())
    })
    .await;
    assert_eq!(setup.stripe.count(&Method::POST), asked);
}

#[tokio::test]
async fn other_event_types_of_the_job_are_told_to_the_provider() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let job = job(&hookline, "stripe", Some(KEY), json!(["customer.created"])).await;
    create(&hookline, &job).await;
    for types in [json!(["customer.created", "invoice.paid"]), json!(["customer.created", "invoice.*"])] {
        change(&hookline, &job, json!({"webhookConfig": {"eventTypes": types}})).await;
    }
    eventually("Stripe sends invoices too", async || {
        setup.stripe.endpoints()[0].events.contains(&"invoice.voided".to_owned()).then_some(())
    })
    .await;
    assert_eq!(setup.stripe.count(&Method::POST), 2, "two changes in a row are told as one");
}

#[tokio::test]
async fn what_the_provider_refuses_is_said_and_not_tried_again_until_something_changes() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let refused = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    create(&hookline, &refused).await;
    setup.stripe.allow(KEY, Permission::ReadEndpoints);
    change(&hookline, &refused, json!({"webhookConfig": {"eventTypes": ["invoice.*"]}})).await;
    let shown = eventually("the refusal is written down", async || {
        let shown = hookline.get(&endpoint(&refused)).await;
        shown["managed"]["trouble"].is_object().then_some(shown)
    })
    .await;
    let trouble = &shown["managed"]["trouble"];
    assert_eq!(
        (&trouble["code"], &trouble["retrying"]),
        (&json!("provider_refused"), &json!(false)),
        "{shown}"
    );
    assert_eq!(kinds(&shown), ["eventTypes"]);
    let asked = setup.stripe.count(&Method::POST);
    // Changes of other jobs wake the keeper; when it has done another job's, it has left this one alone.
    let other = job(&hookline, "close", Some(KEY), json!(["lead.*"])).await;
    create(&hookline, &other).await;
    change(&hookline, &other, json!({"webhookConfig": {"eventTypes": ["contact.*"]}})).await;
    eventually("Close sends contacts", async || {
        setup.close.subscriptions()[0].types().contains(&"contact.created".to_owned()).then_some(())
    })
    .await;
    assert_eq!(
        setup.stripe.count(&Method::POST) - asked,
        1,
        "once more for the key that was stored, and never again"
    );
    // A key with the permission is stored: now it is done.
    setup.stripe.allow(KEY, Permission::WriteEndpoints);
    let source = source_of(&hookline, &refused).await;
    let body = Some(json!({"apiKey": KEY}));
    hookline.call(Method::PATCH, &format!("{W}/sources/{source}"), body).await;
    eventually("Stripe sends invoices", async || {
        setup.stripe.endpoints()[0].events.contains(&"invoice.paid".to_owned()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_crash_while_an_endpoint_is_made_is_gone_on_with_after_the_start() {
    let setup = Setup::new().await;
    let hookline = setup.start().await;
    let stripe = job(&hookline, "stripe", Some(KEY), json!(["customer.*"])).await;
    // It is made, and the answer never comes: Hookline asks to wait, and is killed meanwhile.
    setup.stripe.fail(&Method::POST, &[Fault::DoneButCut, Fault::RateLimit(20)]);
    let asking = {
        let (api, token) = (hookline.ready.api.clone(), hookline.ready.token.clone());
        let url = format!("{api}/api{}", endpoint(&stripe));
        tokio::spawn(async move { client().post(url).bearer_auth(token).send().await.is_ok() })
    };
    eventually("the second try was answered", async || {
        (setup.stripe.count(&Method::POST) == 2).then_some(())
    })
    .await;
    assert_eq!(hookline.get(&endpoint(&stripe)).await["state"], "creating");
    hookline.kill().await;
    assert!(!asking.await.expect("ends"), "nobody was told of an endpoint");
    let hookline = setup.start().await;
    eventually("it is finished", async || {
        (hookline.get(&endpoint(&stripe)).await["state"] == "managed").then_some(())
    })
    .await;
    assert_eq!(setup.stripe.endpoints().len(), 1);
    assert_eq!(setup.stripe.deliver(&event("evt_1")).await, [StatusCode::OK]);
}
