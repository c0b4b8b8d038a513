//! `hookline send`: realistic sample events, signed as their provider would, posted to a job's URL.

use futures_util::{StreamExt as _, stream};
use hookline_engine::event::{Clock as _, SystemClock, Timestamp};
use hookline_engine::providers::{self, SharedProvider, samples};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::arguments::Send;
use crate::client::{self, Client, text};
use crate::error::CliError;
use crate::output;

/// What became of the events.
#[derive(Debug, Default)]
struct Tally {
    stored: u64,
    duplicates: u64,
    refused: u64,
    /// The first refusal, for people.
    refusal: Option<String>,
}

pub(crate) async fn run(client: &Client, wanted: Send, json: bool) -> Result<(), CliError> {
    let job = client.job_id(&wanted.job).await?;
    let job = client.get(&format!("/sync-jobs/{job}"), &[("showSecret", "true")]).await?;
    let source = client.get(&format!("/sources/{}", text(&job["sourceId"])), &[]).await?;
    if source["kind"] != wanted.provider.as_str() {
        return Err(CliError::usage(format!(
            "`{}` receives from {}, not from {}",
            text(&job["name"]),
            text(&source["kind"]),
            wanted.provider
        )));
    }
    let generic = Some(&source["generic"]).filter(|generic| generic.is_object());
    let provider =
        providers::find(&wanted.provider, generic).map_err(|error| CliError::from_chain(&error))?;
    let seed = wanted.seed.unwrap_or_else(random_seed);
    let samples = recent(&wanted, seed)?;

    let url = text(&job["webhookUrl"]);
    let secret = text(&job["webhookSecret"]);
    let http = client::http()?;
    let progress = ProgressBar::new(samples.len() as u64).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} events, {per_sec}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut answers = stream::iter(samples)
        .map(|sample| post(&http, &provider, &url, &secret, sample))
        .buffered(usize::from(wanted.concurrency));
    let mut tally = Tally::default();
    while let Some(answer) = answers.next().await {
        tally.count(answer?);
        progress.inc(1);
    }
    progress.finish_and_clear();
    tally.report(seed, json)
}

fn random_seed() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    // Small enough to be typed again.
    u64::from(RandomState::new().hash_one(std::process::id()) as u32)
}

/// The samples, moved so that the last one happens now.
fn recent(wanted: &Send, seed: u64) -> Result<Vec<samples::Sample>, CliError> {
    let events = |start| {
        samples::events(&wanted.provider, &wanted.pattern, wanted.count, seed, start)
            .map_err(|error| CliError::from_chain(&error))
    };
    let now = SystemClock.now();
    let last = events(now)?.iter().map(|sample| sample.occurred_at).max().unwrap_or(now);
    events(Timestamp::from_seconds(now.seconds() - (last.seconds() - now.seconds())))
}

async fn post(
    http: &reqwest::Client,
    provider: &SharedProvider,
    url: &str,
    secret: &str,
    sample: samples::Sample,
) -> Result<(u16, Value), CliError> {
    let mut request = http.post(url);
    for (name, value) in provider.sign(url, &sample.body, &sample.event_type, secret, SystemClock.now()) {
        request = request.header(name, value);
    }
    let response = request.body(sample.body).send().await.map_err(|error| {
        CliError::from_chain(&error).hint("is the job's URL reachable from here? `hookline status` shows it")
    })?;
    let status = response.status().as_u16();
    Ok((status, response.json().await.unwrap_or_default()))
}

impl Tally {
    fn count(&mut self, (status, answer): (u16, Value)) {
        match (status, answer["duplicate"] == true) {
            (200, true) => self.duplicates += 1,
            (200, false) => self.stored += 1,
            _ => {
                self.refused += 1;
                self.refusal
                    .get_or_insert_with(|| format!("{status}: {}", text(&answer["error"]["message"])));
            }
        }
    }

    fn report(self, seed: u64, json: bool) -> Result<(), CliError> {
        let Self { stored, duplicates, refused, refusal } = self;
        if json {
            output::json(
                &json!({"seed": seed, "stored": stored, "duplicates": duplicates, "refused": refused}),
            )?;
        } else {
            let mut parts = vec![format!("{stored} stored")];
            parts.extend((duplicates > 0).then(|| format!("{duplicates} were there before")));
            parts.extend((refused > 0).then(|| format!("{refused} refused")));
            output::line(&format!("{} (--seed {seed} sends the same again)", parts.join(", ")))?;
        }
        match refusal {
            Some(refusal) => Err(CliError::failed(format!("the receiver refused: {refusal}"))),
            None => Ok(()),
        }
    }
}
