//! What is particular to MongoDB: servers that stop, users, rules of the client's own, documents of other programs.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use bson::{Bson, Document, doc};
use hookline_engine::event::DeletePolicy::{Hard, Soft};
use hookline_engine::sinks::{self, Connection, Outcome, SinkError};
use hookline_tests::mongod::{self, Kind, Mongod, TestDatabase};

use super::support::{Event, Place, THINGS, apply, completed, document, object};

fn event(id: &str, document: &str, second: i64) -> Event {
    Event::updated(
        id,
        document,
        second,
        &format!(r#"{{"id":"{document}","n":{second},"big":9007199254740993}}"#),
    )
}

#[tokio::test]
async fn a_server_that_is_killed_is_waited_for_and_loses_nothing_that_was_completed() -> anyhow::Result<()> {
    let mut server = Mongod::start(Kind::Plain).await?;
    let place = Place::Mongodb(TestDatabase { uri: server.uri(None), name: "killed".to_owned() });
    let sink = place.open().await?;
    assert_eq!(apply(&*sink, Hard, &[event("evt_1", "a", 1)]).await?, [completed()]);
    server.kill();
    let started = Instant::now();
    let error = apply(&*sink, Hard, &[event("evt_2", "a", 2)]).await.expect_err("the server is gone");
    match &error {
        SinkError::Unavailable { message } => {
            assert!(message.contains(&format!("127.0.0.1:{}", server.port())), "{message}");
            assert!(message.contains("refused") || message.contains("cannot be reached"), "{message}");
        }
        SinkError::Blocked { .. } => panic!("{error:?}"),
    }
    assert!(started.elapsed() < Duration::from_secs(20));
    server.restart().await?;
    assert!(document(&*sink, "a").await?.is_some(), "it was journaled before it was completed");
    assert_eq!(apply(&*sink, Hard, &[event("evt_2", "a", 2)]).await?, [completed()]);
    server.stop()?;
    apply(&*sink, Hard, &[event("evt_3", "a", 3)]).await.expect_err("the server was stopped");
    server.restart().await?;
    assert_eq!(apply(&*sink, Hard, &[event("evt_3", "a", 3)]).await?, [completed()]);
    Ok(())
}

#[tokio::test]
async fn wrong_passwords_and_missing_rights_block_and_say_what_to_do() -> anyhow::Result<()> {
    let server = Mongod::start(Kind::Auth).await?;
    let admin = Some(Mongod::ADMIN);
    let roles = doc! {"role": "read", "db": "allowed"};
    server.admin(doc! {"createUser": "reader", "pwd": "only-reads", "roles": [roles]}, admin).await?;
    let roles = doc! {"role": "readWrite", "db": "allowed"};
    server.admin(doc! {"createUser": "writer", "pwd": "may-write", "roles": [roles]}, admin).await?;

    let cases = [
        (Some(("admin", "hunter2hunter2")), "refuses the user or password"),
        (Some(("reader", "only-reads")), "does not allow"),
        (None, "does not allow"),
    ];
    for (user, expected) in cases {
        let place = Place::Mongodb(TestDatabase { uri: server.uri(user), name: "allowed".to_owned() });
        let sink = place.open().await?;
        let applied = apply(&*sink, Hard, &[event("evt_1", "a", 1)]).await;
        for error in [sink.check().await.expect_err("not allowed"), applied.expect_err("not allowed")] {
            match &error {
                SinkError::Blocked { message, hint } => {
                    assert!(message.contains(expected), "{message}");
                    assert!(message.contains("127.0.0.1"), "{message}");
                    assert!(!hint.is_empty());
                }
                SinkError::Unavailable { .. } => panic!("{error:?}"),
            }
            let shown = format!("{error:?}");
            assert!(!shown.contains("hunter2") && !shown.contains("only-reads"), "{shown}");
        }
    }
    let writer = Some(("writer", "may-write"));
    let place = Place::Mongodb(TestDatabase { uri: server.uri(writer), name: "allowed".to_owned() });
    let sink = place.open().await?;
    sink.check().await?;
    let gone = Event::deleted("evt_2", "a", 2, None);
    assert_eq!(apply(&*sink, Hard, &[event("evt_1", "a", 1), gone]).await?, [completed(), completed()]);
    Ok(())
}

#[tokio::test]
async fn servers_that_are_not_there_or_do_not_answer_are_unavailable() -> anyhow::Result<()> {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let silent = silent.local_addr()?.port();
    let cases = [
        (
            format!("mongodb://user:hunter2@127.0.0.1:{silent}/?serverSelectionTimeoutMS=1000"),
            "no server answered",
        ),
        (
            "mongodb://user:hunter2@no-such-host.invalid/?serverSelectionTimeoutMS=1000".to_owned(),
            "does not resolve",
        ),
        ("mongodb+srv://user:hunter2@no-such-host.invalid/".to_owned(), "does not resolve"),
    ];
    for (uri, expected) in cases {
        let sink =
            sinks::open(Connection::Mongodb { uri: uri.clone().into(), database: "db".to_owned() }).await?;
        let error = sink.check().await.expect_err("nobody is there");
        let shown = format!("{error:?}");
        assert!(matches!(error, SinkError::Unavailable { .. }), "{shown}");
        assert!(shown.contains(expected), "{uri}: {shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    Ok(())
}

#[tokio::test]
async fn a_tls_connection_to_a_server_without_tls_says_so() -> anyhow::Result<()> {
    let database = mongod::shared().await?;
    let uri = format!("{}?tls=true&serverSelectionTimeoutMS=1000", database.uri);
    let sink = sinks::open(Connection::Mongodb { uri: uri.into(), database: database.name }).await?;
    let error = sink.check().await.expect_err("no TLS there");
    assert!(error.to_string().contains("TLS"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_document_that_the_collections_own_rules_refuse_fails_alone() -> anyhow::Result<()> {
    let database = mongod::shared().await?;
    let client = database.connect().await?;
    let rule = doc! {"$jsonSchema": {"properties": {"n": {"maximum": 100}}}};
    client.run_command(doc! {"create": THINGS, "validator": rule}).await?;
    let index = doc! {"key": {"email": 1}, "name": "one_email", "unique": true, "sparse": true};
    client.run_command(doc! {"createIndexes": THINGS, "indexes": [index]}).await?;
    let sink = Place::Mongodb(database).open().await?;
    let batch = [
        event("evt_1", "a", 1),
        event("evt_2", "b", 101),
        Event::updated("evt_3", "c", 1, r#"{"id":"c","email":"secret@example.test"}"#),
        Event::updated("evt_4", "d", 1, r#"{"id":"d","email":"secret@example.test"}"#),
        event("evt_5", "e", 2),
    ];
    let outcomes = apply(&*sink, Hard, &batch).await?;
    let errors: Vec<Option<&str>> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Reject { error, .. } => Some(error.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!((errors[0], errors[4]), (None, None));
    assert!(errors[1].is_some_and(|error| error.contains("validation rules")), "{outcomes:?}");
    let refused: Vec<&str> = errors[2..4].iter().copied().flatten().collect();
    assert_eq!(refused.len(), 1, "one of the two is refused: {outcomes:?}");
    assert!(refused[0].contains("one_email") && !refused[0].contains("secret@"), "{}", refused[0]);

    // Where the newest event of a document is refused, the one before it is written.
    let batch = [event("evt_6", "f", 99), event("evt_7", "f", 200)];
    let outcomes = apply(&*sink, Hard, &batch).await?;
    assert_eq!(outcomes[0], completed());
    assert!(matches!(outcomes[1], Outcome::Reject { .. }));
    assert_eq!(document(&*sink, "f").await?.context("it is there")?["n"], 99);
    // The same for a replacement.
    let outcomes = apply(&*sink, Hard, &[event("evt_8", "f", 201)]).await?;
    assert!(matches!(outcomes[0], Outcome::Reject { .. }));
    Ok(())
}

#[tokio::test]
async fn types_are_the_ones_that_mongodbs_users_expect() -> anyhow::Result<()> {
    let database = mongod::shared().await?;
    let client = database.connect().await?;
    let sink = Place::Mongodb(database).open().await?;
    assert!(sink.check().await?.contains("single server"));
    assert!(client.list_collection_names().await?.is_empty(), "looking around leaves nothing behind");
    let text = r#"{"id":"a","int":1,"long":9007199254740993,"double":0.5,"decimal":12345678901234567890}"#;
    apply(&*sink, Soft, &[Event::updated("evt_1", "a", 1, text), Event::deleted("evt_2", "b", 1, None)])
        .await?;
    let found =
        client.collection::<Document>(THINGS).find_one(doc! {"_id": "a"}).await?.context("it is there")?;
    assert_eq!(found.get("int"), Some(&Bson::Int32(1)));
    assert_eq!(found.get("long"), Some(&Bson::Int64(9_007_199_254_740_993)));
    assert_eq!(found.get("double"), Some(&Bson::Double(0.5)));
    assert!(matches!(found.get("decimal"), Some(Bson::Decimal128(_))));
    let metadata = found.get_document("_sync_metadata")?;
    assert!(matches!(metadata.get("occurredAt"), Some(Bson::DateTime(_))));
    assert_eq!(metadata.get_document("version")?.get("at"), Some(&Bson::Int64(1_000_000)));
    Ok(())
}

#[tokio::test]
async fn tombstones_expire_and_documents_of_other_programs_are_older_than_every_event() -> anyhow::Result<()>
{
    let database = mongod::shared().await?;
    let client = database.connect().await?;
    let things = client.collection::<Document>(THINGS);
    things
        .insert_many([
            doc! {"_id": "a", "by": "hand"},
            doc! {"_id": "b", "by": "hand", "_sync_metadata": "odd"},
            doc! {"_id": "c", "by": "hand"},
            doc! {"_id": 5, "by": "hand"},
        ])
        .await?;
    let sink = Place::Mongodb(database).open().await?;
    let events = [event("evt_1", "a", 1), event("evt_2", "b", 1), Event::deleted("evt_3", "c", 1, None)];
    assert_eq!(apply(&*sink, Hard, &events).await?, [completed(), completed(), completed()]);
    assert_eq!(document(&*sink, "a").await?.context("it is there")?["n"], 1);
    assert_eq!(document(&*sink, "b").await?.context("it is there")?["_sync_metadata"]["eventId"], "evt_2");
    assert_eq!(document(&*sink, "c").await?, None);
    assert_eq!(document(&*sink, "5").await?.context("it is there")?["by"], "hand");

    let tombstones = client.collection::<Document>("_hookline_tombstones");
    let tombstone = tombstones.find_one(doc! {}).await?.context("there is one")?;
    assert_eq!(tombstone.get_str("_id")?, format!("{THINGS}/c"));
    let lifetime = tombstone.get_datetime("expiresAt")?.timestamp_millis()
        - tombstone.get_datetime("deletedAt")?.timestamp_millis();
    assert_eq!(lifetime, 30 * 24 * 60 * 60 * 1000);
    let indexes = client.run_command(doc! {"listIndexes": "_hookline_tombstones"}).await?;
    assert!(indexes.to_string().contains("expireAfterSeconds"), "{indexes}");
    // Deletions stopped half-way, between tombstone and document, are finished by the next event that comes by.
    things.insert_one(doc! {"_id": "c", "by": "hand"}).await?;
    apply(&*sink, Hard, &[event("evt_0", "c", 0)]).await?;
    assert_eq!(object(&*sink, "c").await?, None);
    Ok(())
}
