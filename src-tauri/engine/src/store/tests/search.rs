//! Words are found, indexed or not.

use super::*;

async fn found(store: &Store, job: &JobId, text: &str) -> Vec<EventId> {
    let filter = EventFilter { text: Some(text.to_owned()), ..of_job(job) };
    all(store, &filter, 2).await.into_iter().map(|row| row.id).collect()
}

/// Waits until the index holds everything up to the event.
async fn indexed(store: &Store, id: EventId) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while store.inner.search.snapshot().indexed_upto < id.0 {
        assert!(std::time::Instant::now() < deadline, "the index follows");
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

async fn with_body(store: &Store, job: &JobId, id: &str, body: &str) -> EventId {
    let new = NewEvent {
        job_id: job.clone(),
        request: Verified::vouched(request(body, NOON)),
        head: head(id),
        wanted: true,
    };
    store.ingest(new).await.expect("stored").event_id
}

#[tokio::test]
async fn words_are_found_before_and_after_they_are_indexed() {
    let (_folder, store, job) = with_job().await;
    let other = add_job(&store, "other").await;
    store.pause_indexing(true);
    let jane = with_body(
        &store,
        &job,
        "evt_1Abc",
        r#"{"key_name":{"email":"Jane.Doe@example.com","pi":"pi_3Nxyz","list":["caf\u00e9",7.5],"n":98765}}"#,
    )
    .await;
    let john = with_body(&store, &job, "evt_2Def", r#"{"email":"john@example.com"}"#).await;
    with_body(&store, &other, "evt_3", r#"{"email":"jane.doe@example.com"}"#).await;
    let last = with_body(&store, &job, "evt_4", "payload=no+json&word=zebra").await;
    for is_indexed in [false, true] {
        if is_indexed {
            store.pause_indexing(false);
            indexed(&store, last).await;
        }
        let cases: [(&str, &[EventId]); 14] = [
            ("jane.doe@example.com", &[jane]),
            ("example.com", &[john, jane]),
            ("exam", &[john, jane]),
            ("exam john", &[]),
            ("pi_3N", &[jane]),
            ("cafe", &[jane]),
            ("CAFÉ", &[jane]),
            ("98765", &[jane]),
            ("evt_2Def", &[john]),
            ("key_name", &[]),
            ("zebra", &[last]),
            ("cus_1", &[last, john, jane]),
            ("customer.updated example", &[john, jane]),
            ("doe.jane", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(found(&store, &job, text).await, expected, "{text}, indexed: {is_indexed}");
        }
    }
}

#[tokio::test]
async fn words_of_an_error_that_came_later_are_found_with_those_of_the_body() {
    let (_folder, store, job) = with_job().await;
    let id = ingest(&store, &job, "evt_1").await;
    indexed(&store, id).await;
    let error = "document exceeds the limit".to_owned();
    settle(&store, &job, id, Settled::Failed { error, next_attempt_at: None }).await;
    assert_eq!(found(&store, &job, "exceeds").await, [id]);
    assert_eq!(found(&store, &job, "jane.doe exceeds").await, [id]);
    assert!(found(&store, &job, "jim exceeds").await.is_empty());
}

#[tokio::test]
async fn no_text_is_a_syntax_error() {
    let (_folder, store, job) = with_job().await;
    let id = ingest(&store, &job, "evt_1").await;
    indexed(&store, id).await;
    let texts = [
        "\"",
        "a\" OR b",
        "NEAR(",
        "text:x",
        "*",
        "a*b",
        "-x",
        "^x",
        "(",
        "{a b}: c",
        "AND",
        "x AND",
        "NOT",
        "\0",
        "ａ",
        "\u{e000}1",
        "'; DROP TABLE words; --",
        "ß",
        "İ",
        "日本語",
        "e\u{301}",
        "²",
        "٣",
        "a\u{200d}b",
    ];
    for text in texts {
        found(&store, &job, text).await;
    }
    assert!(!store.inner.search.unfit(), "none of them failed");
}

#[tokio::test]
async fn a_damaged_index_is_built_anew() {
    let (folder, store, job) = with_job().await;
    let id = ingest(&store, &job, "evt_1").await;
    indexed(&store, id).await;
    store.close().await;
    std::fs::write(folder.path().join("search.db"), b"no database at all, but long enough to look at")
        .expect("written");
    let store = open_in(folder.path());
    assert_eq!(found(&store, &job, "jane").await, [id]);
    indexed(&store, id).await;
    assert_eq!(found(&store, &job, "jane").await, [id]);
}

#[tokio::test]
async fn an_index_of_another_database_is_not_used() {
    let (folder, store, job) = with_job().await;
    let id = ingest(&store, &job, "evt_1").await;
    indexed(&store, id).await;
    store.close().await;
    for name in ["hookline.db", "hookline.db-wal", "hookline.db-shm"] {
        // Those beside the database are gone after a clean end.
        let _ = std::fs::remove_file(folder.path().join(name));
    }
    let store = open_in(folder.path());
    let job = add_job(&store, "one").await;
    let id = with_body(&store, &job, "evt_9", r#"{"animal":"zebra"}"#).await;
    indexed(&store, id).await;
    assert_eq!(found(&store, &job, "zebra").await, [id]);
    assert!(found(&store, &job, "jane").await.is_empty());
}

#[tokio::test]
async fn words_are_found_in_both_orders_and_after_an_event_whether_indexed_or_not() {
    let (_folder, store, job) = with_job().await;
    let mut ids = Vec::new();
    for number in 0..30 {
        let word = if number % 3 == 0 { "zebra" } else { "horse" };
        ids.push(with_body(&store, &job, &format!("evt_{number}"), &format!(r#"{{"a":"{word}"}}"#)).await);
        if number == 14 {
            indexed(&store, ids[14]).await;
            store.pause_indexing(true);
        }
    }
    settle(
        &store,
        &job,
        ids[4],
        Settled::Failed { error: "a zebra stood in the way".to_owned(), next_attempt_at: None },
    )
    .await;
    let zebras: Vec<EventId> = ids
        .iter()
        .enumerate()
        .filter(|(number, _)| number % 3 == 0 || *number == 4)
        .map(|(_, id)| *id)
        .collect();
    for after in [None, Some(ids[3]), Some(ids[20])] {
        for order in [Order::NewestFirst, Order::OldestFirst] {
            let filter = EventFilter { text: Some("zebra".to_owned()), after, order, ..of_job(&job) };
            let mut expected: Vec<EventId> =
                zebras.iter().copied().filter(|id| after.is_none_or(|after| *id > after)).collect();
            if order == Order::NewestFirst {
                expected.reverse();
            }
            let found: Vec<EventId> = all(&store, &filter, 4).await.into_iter().map(|row| row.id).collect();
            assert_eq!(found, expected, "{filter:?}");
        }
    }
}
