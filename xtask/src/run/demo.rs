//! The demo: sample events of customers' lives, signed with the job's secret, posted to its URL as Stripe would,
//! and the documents they leave behind.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::hookline::{Hookline, Job};
use crate::process;

/// Enough for one customer's life: created, subscribed, invoiced, paid, refunded, cancelled.
const EVENTS: &str = "60";

/// How many of them are shown.
const EVENTS_SHOWN: &str = "12";

/// Where customers end up.
const COLLECTION: &str = "stripe_customers";

/// How long the worker may take to settle them all.
const SETTLE_DEADLINE: Duration = Duration::from_mins(1);

/// Sends to a job (which is made where there is none), waits until every event's outcome is known, shows events and
/// documents.
pub(super) fn run(hookline: &Hookline) -> Result<()> {
    let job = &hookline.stripe_job()?;
    println!("\nSample events are posted to {}\n", job.webhook_url);
    process::run(&mut hookline.command(&["send", "stripe", "--job", &job.id, "--count", EVENTS]))?;
    settle(hookline, job)?;

    println!("\nThe newest events, as they were received:\n");
    process::run(&mut hookline.command(&["events", "list", "--job", &job.id, "--limit", EVENTS_SHOWN]))?;
    println!("\nThe documents they left:\n");
    process::run(&mut hookline.command(&["docs", "list"]))?;
    println!("\nOne of the customers:\n");
    let customer = hookline.some_document(COLLECTION)?.context("no customer was synced")?;
    process::run(&mut hookline.command(&["docs", "show", COLLECTION, &customer]))
}

fn settle(hookline: &Hookline, job: &Job) -> Result<()> {
    let start = Instant::now();
    while !hookline.is_settled(job)? {
        if start.elapsed() > SETTLE_DEADLINE {
            bail!("some events have no outcome after {} s", SETTLE_DEADLINE.as_secs());
        }
        process::pause(Duration::from_millis(200));
    }
    Ok(())
}
