//! The MongoDB sink against plain inserts of finished BSON in the same batches, in turn.

use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use bson::{RawDocumentBuf, doc, rawdoc};
use bytes::Bytes;
use hookline_engine::event::{Clock as _, DeletePolicy, EventId, JobId, Mapping, RawRequest, SystemClock};
use hookline_engine::providers;
use hookline_engine::sinks::{self, Connection, Context, Delivery, Outcome, Sink};
use hookline_tests::mongod;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use crate::Effort;
use crate::baseline::insert;
use crate::load::Shape;
use crate::report::{Goal, Report, Row, median};

const BATCH: usize = 1_000;

pub(crate) async fn measure(report: &mut Report, effort: &Effort) -> Result<()> {
    let count = effort.events(30_000);
    let shape = Shape { objects: count, ..Shape::USUAL };
    let new = deliveries(&shape.bodies(0, count))?;
    // Each twentieth comes twice.
    let mut shuffled: Vec<Delivery> = new.iter().chain(new.iter().step_by(20)).cloned().collect();
    shuffled.shuffle(&mut StdRng::seed_from_u64(1));
    let documents: Vec<RawDocumentBuf> = new.iter().map(document).collect::<Result<_>>()?;
    let again = deliveries(&shape.bodies(count, count))?;

    let server = mongod::shared().await?;
    let database = server.connect().await?;
    let connection = Connection::Mongodb { uri: server.uri.clone().into(), database: server.name.clone() };
    let sink = sinks::open(connection).await?;
    let (mut plain, mut all_new, mut reordered, mut updates) = (vec![], vec![], vec![], vec![]);
    for _ in 0..effort.rounds {
        database.drop().await?;
        let begun = Instant::now();
        for batch in documents.chunks(BATCH) {
            insert(&database, "plain", batch).await?;
        }
        plain.push(count as f64 / begun.elapsed().as_secs_f64());
        database.drop().await?;
        all_new.push(apply(&*sink, &new).await?);
        // The same objects a second time, all of them newer.
        updates.push(apply(&*sink, &again).await?);
        database.drop().await?;
        reordered.push(apply(&*sink, &shuffled).await?);
        let found = database.collection::<bson::Document>("customers").count_documents(doc! {}).await?;
        ensure!(found == count as u64, "{found} documents instead of {count}");
    }
    let plain = median(plain);
    for (key, measured, rate, goal) in [
        ("sink new", "MongoDB sink, all new", median(all_new), Some(Goal::AtLeast(0.85))),
        (
            "sink shuffled",
            "the same, shuffled, each 20th twice",
            median(reordered),
            Some(Goal::AtLeast(0.80)),
        ),
        ("sink updates", "the same objects updated", median(updates), None),
    ] {
        let row = Row::ratio(key, measured, "`insert` of raw BSON, same batches", rate / plain)
            .figures(format!("{rate:.0}/s of {plain:.0}/s"));
        report.add(Row { goal, ..row });
    }
    database.drop().await?;
    Ok(())
}

/// What the worker makes of the events.
fn deliveries(bodies: &[Vec<u8>]) -> Result<Vec<Delivery>> {
    let provider = providers::find("stripe", None)?;
    let delivery = |(place, body): (usize, &Vec<u8>)| {
        let request = RawRequest {
            method: "POST".to_owned(),
            url: "http://127.0.0.1/".to_owned(),
            headers: Vec::new(),
            body: Bytes::copy_from_slice(body),
            received_at: SystemClock.now(),
        };
        let Mapping::Operations(operations) = provider.map(&request, body, &|_| true)? else {
            bail!("the event changes nothing")
        };
        let event: serde_json::Value = serde_json::from_slice(body)?;
        Ok(Delivery {
            event_id: EventId(place as i64),
            provider_event_id: event["id"].as_str().context("an id")?.to_owned(),
            event_type: "customer.updated".to_owned(),
            request,
            operations,
        })
    };
    bodies.iter().enumerate().map(delivery).collect()
}

/// The event's object as a finished document.
fn document(delivery: &Delivery) -> Result<RawDocumentBuf> {
    let operation = delivery.operations.first().context("an operation")?;
    let object = operation.object.as_ref().context("an object")?;
    let object: bson::Document = serde_json::from_str(object.get())?;
    let mut document = rawdoc! {"_id": operation.document_id.as_str()};
    for field in &RawDocumentBuf::try_from(&object)? {
        let (key, value) = field?;
        document.append(key, bson::RawBson::from(value));
    }
    Ok(document)
}

/// Events per second.
async fn apply(sink: &dyn Sink, deliveries: &[Delivery]) -> Result<f64> {
    let context = Context {
        job_id: JobId::new("bench"),
        source: "stripe".to_owned(),
        deletes: DeletePolicy::Hard,
        now: SystemClock.now(),
    };
    let begun = Instant::now();
    for batch in deliveries.chunks(BATCH) {
        let mut done = 0;
        // A slow destination may tell of fewer than it was given.
        while done < batch.len() {
            let outcomes = sink.apply(&context, &batch[done..]).await?;
            let bad = outcomes
                .iter()
                .find(|outcome| !matches!(outcome, Outcome::Completed { .. } | Outcome::Stale { .. }));
            ensure!(bad.is_none(), "the sink refused an event: {bad:?}");
            done += outcomes.len();
        }
    }
    Ok(deliveries.len() as f64 / begun.elapsed().as_secs_f64())
}
