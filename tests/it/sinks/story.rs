//! One story, told to every destination that holds documents, with hard and with soft deletions.

use anyhow::Context as _;
use hookline_engine::event::DeletePolicy;
use hookline_engine::sinks::{Outcome, Sink};
use serde_json::{Value, json};

use super::support::{Event, Place, THINGS, apply, completed, document, object, stale};

#[tokio::test]
async fn the_local_file_keeps_the_story_with_hard_deletions() -> anyhow::Result<()> {
    story(&Place::local()?, DeletePolicy::Hard).await
}

#[tokio::test]
async fn the_local_file_keeps_the_story_with_soft_deletions() -> anyhow::Result<()> {
    story(&Place::local()?, DeletePolicy::Soft).await
}

#[tokio::test]
async fn mongodb_keeps_the_story_with_hard_deletions() -> anyhow::Result<()> {
    story(&Place::mongodb().await?, DeletePolicy::Hard).await
}

#[tokio::test]
async fn mongodb_keeps_the_story_with_soft_deletions() -> anyhow::Result<()> {
    story(&Place::mongodb().await?, DeletePolicy::Soft).await
}

async fn story(place: &Place, deletes: DeletePolicy) -> anyhow::Result<()> {
    let sink = place.open().await?;
    let sink = &*sink;
    sink.check().await?;
    let browse = sink.browse().context("the destination holds documents")?;
    anyhow::ensure!(browse.collections().await?.is_empty(), "looking around leaves nothing behind");

    a_life_in_order(sink, deletes).await?;
    late_repeated_and_lost_events(sink, deletes).await?;
    many_changes_in_one_second(sink, deletes).await?;
    deletions(sink, deletes).await?;
    modes_and_several_operations(sink, deletes).await?;
    exact_values(sink, deletes).await?;
    bad_events_fail_alone(sink, deletes).await?;
    pages(sink, deletes).await
}

async fn a_life_in_order(sink: &dyn Sink, deletes: DeletePolicy) -> anyhow::Result<()> {
    let events = [
        Event::created("evt_1", "a", 100, r#"{"id":"a","name":"first","gone":1}"#).live(true),
        Event::updated("evt_2", "a", 101, r#"{"id":"a","name":"second"}"#).live(true),
    ];
    assert_eq!(apply(sink, deletes, &events).await?, [completed(), completed()]);
    let found = document(sink, "a").await?.context("the document is there")?;
    assert_eq!(found["_id"], "a");
    assert_eq!(found["name"], "second");
    assert_eq!(found.get("gone"), None, "a removed field disappears");
    let metadata = &found["_sync_metadata"];
    for (key, value) in [
        ("jobId", json!("job-1")),
        ("source", json!("stripe")),
        ("eventId", json!("evt_2")),
        ("eventType", json!("thing.updated")),
        ("operation", json!("upsert")),
        ("occurredAt", json!({"$date": "1970-01-01T00:01:41Z"})),
        ("receivedAt", json!({"$date": "2026-03-01T11:59:59Z"})),
        ("syncedAt", json!({"$date": "2026-03-01T12:00:00Z"})),
        ("version", json!({"at": 101_000_000, "rank": 1})),
        ("livemode", json!(true)),
        ("apiVersion", json!("2026-01-01")),
    ] {
        assert_eq!(metadata[key], value, "{key}");
    }
    for absent in ["deleted", "ambiguous", "account", "tie"] {
        assert_eq!(metadata.get(absent), None, "{absent}");
    }
    Ok(())
}

async fn late_repeated_and_lost_events(sink: &dyn Sink, deletes: DeletePolicy) -> anyhow::Result<()> {
    let newest = Event::updated("evt_13", "b", 203, r#"{"id":"b","n":3}"#);
    assert_eq!(apply(sink, deletes, std::slice::from_ref(&newest)).await?, [completed()]);
    let late = [
        Event::created("evt_11", "b", 201, r#"{"id":"b","n":1}"#),
        newest.clone(),
        Event::updated("evt_12", "b", 202, r#"{"id":"b","n":2}"#),
    ];
    let expected = [stale("evt_13"), completed(), stale("evt_13")];
    assert_eq!(apply(sink, deletes, &late).await?, expected);
    assert_eq!(apply(sink, deletes, &late).await?, expected, "and once more, as after a crash");
    assert_eq!(object(sink, "b").await?, Some(json!({"id": "b", "n": 3})));
    // Within one batch each event is judged at its turn.
    let batch = [
        Event::updated("evt_21", "c", 2, r#"{"id":"c","n":2}"#),
        Event::updated("evt_20", "c", 1, r#"{"id":"c","n":1}"#),
        Event::updated("evt_22", "c", 3, r#"{"id":"c","n":3}"#),
    ];
    assert_eq!(apply(sink, deletes, &batch).await?, [completed(), stale("evt_21"), completed()]);
    assert_eq!(object(sink, "c").await?, Some(json!({"id": "c", "n": 3})));
    Ok(())
}

async fn many_changes_in_one_second(sink: &dyn Sink, deletes: DeletePolicy) -> anyhow::Result<()> {
    let chain = [
        Event::updated("evt_9", "d", 300, r#"{"id":"d","n":1,"m":{"x":1}}"#).before(r#"{"n":0}"#),
        Event::updated("evt_8", "d", 300, r#"{"id":"d","n":2,"m":{"x":1}}"#).before(r#"{"n":1}"#),
        Event::updated("evt_7", "d", 300, r#"{"id":"d","n":2,"m":{"x":2}}"#).before(r#"{"m":{"x":1}}"#),
    ];
    // The last link first, each in a batch of its own: what is needed to order them lies in the destination.
    for event in [&chain[2], &chain[0]] {
        assert_eq!(apply(sink, deletes, std::slice::from_ref(event)).await?, [completed()]);
    }
    let between = document(sink, "d").await?.context("the document is there")?;
    assert_eq!(between["_sync_metadata"]["ambiguous"], true, "the link between the two is missing");
    assert_eq!(apply(sink, deletes, &chain[1..2]).await?, [completed()]);
    let after = document(sink, "d").await?.context("the document is there")?;
    assert_eq!(after["_sync_metadata"].get("ambiguous"), None);
    assert_eq!(after["_sync_metadata"]["eventId"], "evt_7");
    assert_eq!((&after["n"], &after["m"]["x"]), (&json!(2), &json!(2)));
    // The next second settles everything.
    apply(sink, deletes, &[Event::updated("evt_6", "d", 301, r#"{"id":"d","n":9}"#)]).await?;
    let settled = document(sink, "d").await?.context("the document is there")?;
    assert_eq!(settled["_sync_metadata"].get("tie"), None);
    Ok(())
}

async fn deletions(sink: &dyn Sink, deletes: DeletePolicy) -> anyhow::Result<()> {
    let created = Event::created("evt_31", "e", 400, r#"{"id":"e","n":1}"#);
    let gone = Event::deleted("evt_32", "e", 400, Some(r#"{"id":"e","deleted":true}"#));
    let late = Event::updated("evt_33", "e", 400, r#"{"id":"e","n":2}"#);
    apply(sink, deletes, &[created]).await?;
    assert_eq!(apply(sink, deletes, &[gone.clone(), late.clone()]).await?, [completed(), stale("evt_32")]);
    for _ in 0..2 {
        let found = document(sink, "e").await?;
        match deletes {
            DeletePolicy::Hard => assert_eq!(found, None),
            DeletePolicy::Soft => {
                let found = found.context("the document stays")?;
                assert_eq!(found["_sync_metadata"]["deleted"], true);
                assert_eq!(found["_sync_metadata"]["operation"], "delete");
                assert_eq!(found["deleted"], true, "the deletion's own object is kept");
            }
        }
        assert_eq!(
            apply(sink, deletes, &[late.clone(), gone.clone()]).await?,
            [stale("evt_32"), completed()]
        );
    }
    // A newer event brings the document back.
    let again = Event::created("evt_34", "e", 500, r#"{"id":"e","n":3}"#);
    assert_eq!(apply(sink, deletes, &[again]).await?, [completed()]);
    let found = document(sink, "e").await?.context("the document is back")?;
    assert_eq!(found["n"], 3);
    assert_eq!(found["_sync_metadata"].get("deleted"), None);
    assert_eq!(apply(sink, deletes, &[gone]).await?, [stale("evt_34")]);

    // The deletion of a document that was never seen still keeps late events out.
    let first = Event::deleted("evt_42", "f", 600, None);
    assert_eq!(apply(sink, deletes, &[first]).await?, [completed()]);
    let late = Event::created("evt_41", "f", 599, r#"{"id":"f"}"#);
    assert_eq!(apply(sink, deletes, &[late]).await?, [stale("evt_42")]);
    match deletes {
        DeletePolicy::Hard => assert_eq!(document(sink, "f").await?, None),
        DeletePolicy::Soft => assert_eq!(object(sink, "f").await?, Some(json!({}))),
    }
    Ok(())
}

async fn modes_and_several_operations(sink: &dyn Sink, deletes: DeletePolicy) -> anyhow::Result<()> {
    let live = Event::created("evt_51", "plan", 700, r#"{"id":"plan","mode":"live"}"#).live(true);
    let test = Event::created("evt_52", "plan", 701, r#"{"id":"plan","mode":"test"}"#).live(false);
    assert_eq!(apply(sink, deletes, &[live, test]).await?, [completed(), completed()]);
    let gone = Event::deleted("evt_53", "plan", 702, None).live(false);
    let newer = Event::updated("evt_54", "plan", 703, r#"{"id":"plan","mode":"live","n":2}"#).live(true);
    assert_eq!(object(sink, "test/plan").await?, Some(json!({"id": "plan", "mode": "test"})));
    assert_eq!(apply(sink, deletes, &[gone, newer]).await?, [completed(), completed()]);
    assert_eq!(object(sink, "plan").await?, Some(json!({"id": "plan", "mode": "live", "n": 2})));
    if deletes == DeletePolicy::Hard {
        assert_eq!(document(sink, "test/plan").await?, None);
    }

    let both = Event::updated("evt_61", "g", 800, r#"{"id":"g","n":1}"#).and(&Event::updated(
        "evt_61",
        "h",
        800,
        r#"{"id":"h","n":1}"#,
    ));
    assert_eq!(apply(sink, deletes, &[both]).await?, [completed()]);
    let half = Event::updated("evt_60", "g", 799, r#"{"id":"g","n":0}"#).and(&Event::updated(
        "evt_60",
        "h",
        801,
        r#"{"id":"h","n":2}"#,
    ));
    assert_eq!(apply(sink, deletes, &[half]).await?, [completed()], "one of its changes was needed");
    assert_eq!(object(sink, "g").await?, Some(json!({"id": "g", "n": 1})));
    assert_eq!(object(sink, "h").await?, Some(json!({"id": "h", "n": 2})));
    Ok(())
}

async fn exact_values(sink: &dyn Sink, deletes: DeletePolicy) -> anyhow::Result<()> {
    let text = r#"{"id":"i","small":7,"long":2147483648,"exact":9007199254740993,"price":19.99,"huge":12345678901234567890,
        "fine":0.1234567890123456789,"dot.ted":{"$set":1,"a.b":[null,{"$x":2}]},"$top":true,"_id":"theirs","twice":1,"twice":2,
        "text":"\u0000 \u00e9 \"\\"}"#;
    let expected = json!({"id": "i", "small": 7, "long": 2_147_483_648_i64, "exact": {"$numberLong": "9007199254740993"},
        "price": 19.99, "huge": {"$numberDecimal": "12345678901234567890"},
        "fine": {"$numberDecimal": "0.1234567890123456789"}, "dot.ted": {"$set": 1, "a.b": [null, {"$x": 2}]},
        "$top": true, "_original_id": "theirs", "twice": 2, "text": "\u{0} é \"\\"});
    for (id, second) in [("evt_71", 1), ("evt_72", 2)] {
        // The first is inserted, the second replaces it.
        assert_eq!(apply(sink, deletes, &[Event::updated(id, "i", second, text)]).await?, [completed()]);
        assert_eq!(object(sink, "i").await?, Some(expected.clone()));
    }
    // Read back and merged with a second event of the same second, the object is still the same.
    let same = Event::updated("evt_73", "i", 2, text);
    assert_eq!(apply(sink, deletes, &[same]).await?, [completed()]);
    let found = document(sink, "i").await?.context("the document is there")?;
    assert_eq!(found["_sync_metadata"].get("ambiguous"), None, "both events tell the same object");
    assert_eq!(object(sink, "i").await?, Some(expected));
    Ok(())
}

async fn bad_events_fail_alone(sink: &dyn Sink, deletes: DeletePolicy) -> anyhow::Result<()> {
    let deep = format!("{{\"id\":\"j\",\"deep\":{}1{}}}", "[".repeat(100), "]".repeat(100));
    let large = format!("{{\"id\":\"j\",\"text\":\"{}\"}}", "x".repeat(16 * 1024 * 1024 - 100));
    let cases = [
        (r#"{"id":"j","n":1234567890123456789012345678901234567890}"#, "`n`"),
        (r#"{"id":"j","k\u0000":1}"#, "NUL"),
        (deep.as_str(), "100 levels"),
        (large.as_str(), "16777216"),
        ("[1]", "array"),
        (r#"{"id":"j","text":"\ud800"}"#, "not valid JSON"),
    ];
    for (text, word) in cases {
        let batch = [
            Event::updated("evt_81", "j", 1, r#"{"id":"j","n":1}"#),
            Event::updated("evt_82", "j", 2, text),
            Event::updated("evt_83", "k", 1, r#"{"id":"k"}"#),
        ];
        let outcomes = apply(sink, deletes, &batch).await?;
        assert_eq!((&outcomes[0], &outcomes[2]), (&completed(), &completed()));
        match &outcomes[1] {
            Outcome::Reject { error, answer: None } => assert!(error.contains(word), "{error}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(object(sink, "j").await?, Some(json!({"id": "j", "n": 1})));
    }
    // A document that only just fits is taken.
    let large = format!("{{\"id\":\"l\",\"text\":\"{}\"}}", "x".repeat(16 * 1024 * 1024 - 4096));
    for (id, second) in [("evt_84", 1), ("evt_85", 2)] {
        assert_eq!(apply(sink, deletes, &[Event::updated(id, "l", second, &large)]).await?, [completed()]);
    }
    Ok(())
}

async fn pages(sink: &dyn Sink, deletes: DeletePolicy) -> anyhow::Result<()> {
    let browse = sink.browse().context("the destination holds documents")?;
    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = browse.documents(THINGS, cursor.as_deref(), 3).await?;
        assert!(page.documents.len() <= 3);
        seen.extend(page.documents.iter().filter_map(|document| document["_id"].as_str().map(str::to_owned)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let mut expected = vec!["a", "b", "c", "d", "e", "g", "h", "i", "j", "k", "l", "plan"];
    if deletes == DeletePolicy::Soft {
        expected.extend(["f", "test/plan"]);
        expected.sort_unstable();
    }
    assert_eq!(seen, expected);
    let collections = browse.collections().await?;
    let names: Vec<&str> = collections.iter().map(|collection| collection.name.as_str()).collect();
    assert_eq!(names, [THINGS], "what is Hookline's own is not shown");
    assert_eq!(collections[0].documents, seen.len() as u64);
    assert_eq!(browse.document(THINGS, "nowhere").await?, None::<Value>);
    assert!(browse.documents("nowhere", None, 5).await?.documents.is_empty());
    Ok(())
}
