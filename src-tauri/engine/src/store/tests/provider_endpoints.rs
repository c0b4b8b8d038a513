//! Endpoints at providers.

use super::*;

fn endpoint(job: &JobId) -> ProviderEndpoint {
    ProviderEndpoint {
        job_id: job.clone(),
        phase: EndpointPhase::Creating,
        endpoint_id: None,
        url: "https://hooks.example.com/x".to_owned(),
        event_types: vec!["customer.created".to_owned()],
        intent: "i".to_owned(),
        others: vec!["we_other".to_owned()],
        obsolete: Vec::new(),
        secret_mark: None,
        mode: None,
        seen: None,
        trouble: None,
        created_at: NOON,
        checked_at: None,
    }
}

#[tokio::test]
async fn an_endpoint_is_kept_replaced_and_forgotten() {
    let (folder, store, job) = with_job().await;
    let mut changes = store.changes();
    let begun = endpoint(&job);
    store.put_provider_endpoint(begun.clone()).await.expect("kept");
    assert_eq!(changes.recv().await.expect("told"), Change::Endpoints { job_id: job.clone() });
    assert_eq!(store.provider_endpoint(&job).await.expect("read"), Some(begun.clone()));
    let made = ProviderEndpoint {
        phase: EndpointPhase::Managed,
        endpoint_id: Some("we_1".to_owned()),
        obsolete: vec!["we_0".to_owned()],
        secret_mark: Some("0123".to_owned()),
        mode: Some("test".to_owned()),
        seen: Some(SeenEndpoint {
            exists: true,
            url: "https://hooks.example.com/x".to_owned(),
            event_types: vec!["*".to_owned()],
            status: "enabled".to_owned(),
        }),
        trouble: Some(EndpointTrouble {
            code: "provider_refused".to_owned(),
            message: "no".to_owned(),
            hint: None,
            at: NOON,
            retrying: false,
            url: "https://elsewhere.example.com".to_owned(),
            event_types: Vec::new(),
        }),
        checked_at: Some(NOON.plus_millis(5)),
        ..begun
    };
    store.put_provider_endpoint(made.clone()).await.expect("replaced");
    changes.recv().await.expect("told");
    store.touch_provider_endpoint(&job, NOON.plus_millis(9)).await.expect("noted");
    let made = ProviderEndpoint { checked_at: Some(NOON.plus_millis(9)), ..made };
    assert!(changes.try_recv().is_err(), "nothing new is nothing to tell");
    store.close().await;
    let store = open_in(folder.path());
    assert_eq!(store.provider_endpoints().await.expect("read"), [made]);
    store.delete_provider_endpoint(&job).await.expect("forgotten");
    store.delete_provider_endpoint(&job).await.expect("is no error");
    assert_eq!(store.provider_endpoint(&job).await.expect("read"), None);
}

#[tokio::test]
async fn an_endpoint_goes_with_its_job() {
    let (_folder, store, job) = with_job().await;
    store.put_provider_endpoint(endpoint(&job)).await.expect("kept");
    store.delete_sync_job(&WorkspaceId::default_workspace(), &job).await.expect("deleted");
    assert_eq!(store.provider_endpoint(&job).await.expect("read"), None);
    assert!(store.provider_endpoints().await.expect("read").is_empty());
    let error = store.put_provider_endpoint(endpoint(&job)).await.expect_err("there is no job");
    assert!(matches!(error, StoreError::NotFound { .. }), "{error:?}");
}
