//! From the first request until every document is in MongoDB: one process against unguarded inserts, then two and three.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bson::Document;
use hookline_tests::mongod;
use hookline_tests::process::Hookline;
use serde_json::json;

use crate::Effort;
use crate::folder;
use crate::load::{CONNECTIONS, Shape, Target, send_over};
use crate::program::{self, Standin};
use crate::report::{Goal, Report, Row, median};

pub(crate) async fn measure(report: &mut Report, effort: &Effort) -> Result<()> {
    let count = effort.events(100_000);
    let bodies = Shape { objects: count, ..Shape::USUAL }.bodies(0, count);
    let (mut unguarded, mut guarded) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        unguarded.push(unguarded_seconds(&bodies).await?);
        guarded.push(seconds(1, &bodies, false).await?);
    }
    let (unguarded, guarded) = (median(unguarded), median(guarded));
    report.add(
        Row::ratio(
            "pipeline",
            &format!("{count} signed POSTs until all are in MongoDB (j:true)"),
            "the same with unguarded inserts",
            guarded / unguarded,
        )
        .goal(Goal::AtMost(1.5))
        .figures(format!("{guarded:.1} s of {unguarded:.1} s, {:.0}/s", count as f64 / guarded)),
    );
    for processes in [2, 3] {
        for (repeated, key, what) in
            [(false, "", "their events divided among"), (true, " repeated", "every event sent to each of")]
        {
            let taken = seconds(processes, &bodies, repeated).await?;
            report.add(
                Row::ratio(
                    &format!("{processes} processes{key}"),
                    &format!("the same, {what} {processes} processes into one MongoDB on this machine"),
                    "one process",
                    taken / guarded,
                )
                .figures(format!("{taken:.1} s of {guarded:.1} s")),
            );
        }
    }
    Ok(())
}

/// Into a database of its own, which is dropped.
async fn seconds(processes: usize, bodies: &[Vec<u8>], repeated: bool) -> Result<f64> {
    let server = mongod::shared().await?;
    let database = server.connect().await?;
    let destination = json!({"name": "mongo", "kind": "mongodb", "uri": server.uri, "database": server.name});
    let mut running: Vec<(tempfile::TempDir, Hookline)> = Vec::new();
    let mut targets: Vec<Target> = Vec::new();
    for _ in 0..processes {
        let folder = folder::passing()?;
        let (hookline, job, target) = program::hookline(folder.path(), destination.clone()).await?;
        hookline.settled(&job).await;
        targets.push(target);
        running.push((folder, hookline));
    }
    database.drop().await?;
    let begun = Instant::now();
    if repeated {
        let each = CONNECTIONS / processes;
        let sending = targets.iter().map(|target| send_over(each, std::slice::from_ref(target), bodies));
        futures_util::future::try_join_all(sending).await?;
    } else {
        send_over(CONNECTIONS, &targets, bodies).await?;
    }
    let taken = until_there(&database, "customers", bodies.len(), begun).await?;
    for (_folder, hookline) in running {
        hookline.stop().await;
    }
    database.drop().await?;
    Ok(taken)
}

async fn unguarded_seconds(bodies: &[Vec<u8>]) -> Result<f64> {
    let server = mongod::shared().await?;
    let database = server.connect().await?;
    let standin = Standin::start_in_folder(&["unguarded", &format!("{}{}", server.uri, server.name)]).await?;
    let warm = program::first_events();
    let targets = std::slice::from_ref(&standin.target);
    send_over(CONNECTIONS, targets, &warm).await?;
    until_there(&database, "unguarded", warm.len(), Instant::now()).await?;
    database.drop().await?;
    let begun = Instant::now();
    send_over(CONNECTIONS, targets, bodies).await?;
    let taken = until_there(&database, "unguarded", bodies.len(), begun).await?;
    standin.end().await?;
    database.drop().await?;
    Ok(taken)
}

/// Waits until the collection holds so many documents, and tells how long that was since `begun`, in seconds.
async fn until_there(
    database: &mongodb::Database,
    collection: &str,
    count: usize,
    begun: Instant,
) -> Result<f64> {
    let collection = database.collection::<Document>(collection);
    while collection.estimated_document_count().await? < count as u64 {
        ensure!(begun.elapsed() < Duration::from_mins(10), "the documents do not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(begun.elapsed().as_secs_f64())
}
