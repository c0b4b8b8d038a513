//! `hookline events …`.

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hookline_engine::faults::{self, Point};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Method;
use serde_json::{Value, json};

use crate::arguments::{Events, Filter};
use crate::client::{Client, text};
use crate::error::CliError;
use crate::output;
use crate::whole_file::WholeFile;

/// The most events of one page of the API.
const PAGE: usize = 1000;

/// How many events are read at once for an export.
const EXPORT_READS: usize = 8;

pub(crate) async fn run(client: &Client, command: Events, json: bool) -> Result<(), CliError> {
    match command {
        Events::List { filter, limit } => {
            let events = Pages::new(client, &filter).await?.take(limit).await?;
            if json { output::json(&Value::Array(events)) } else { list(&events) }
        }
        Events::Show { event, job, body } => {
            let event = find(client, &event, job.as_deref()).await?;
            match (body, json) {
                (true, _) => output::bytes(&body_bytes(&event)?),
                (false, true) => output::json(&event),
                (false, false) => show(&event),
            }
        }
        Events::Tail { filter } => tail(client, &filter, json).await,
        Events::Retry { event: None, job, .. } => {
            let id = client.job_id(job.as_deref().unwrap_or_default()).await?;
            let path = format!("/sync-jobs/{id}/webhook/retry-failed");
            let answer = client.send(Method::POST, &path, &json!({})).await?;
            let said = format!("{} events are tried again.", text(&answer["retried"]));
            if json { output::json(&answer) } else { output::line(&said) }
        }
        Events::Retry { event: Some(event), job, .. } => {
            again(client, &event, job.as_deref(), "retry", json).await
        }
        Events::Replay { event, job } => again(client, &event, job.as_deref(), "replay", json).await,
        Events::Export { filter, output } => export(client, &filter, output.as_deref()).await,
    }
}

/// A filter's pages, newest events first.
struct Pages<'a> {
    client: &'a Client,
    path: String,
    query: Vec<(&'static str, String)>,
    cursor: Option<String>,
    ended: bool,
}

impl<'a> Pages<'a> {
    async fn new(client: &'a Client, filter: &Filter) -> Result<Self, CliError> {
        let path = match &filter.job {
            Some(job) => format!("/sync-jobs/{}/webhook/events", client.job_id(job).await?),
            None => "/events".to_owned(),
        };
        let mut query = Vec::new();
        query.extend(filter.status.iter().map(|status| ("status", status.clone())));
        query.extend(filter.types.iter().map(|pattern| ("type", pattern.clone())));
        query.extend(filter.query.iter().map(|words| ("q", words.clone())));
        query.extend(filter.from.iter().map(|time| ("from", time.clone())));
        query.extend(filter.to.iter().map(|time| ("to", time.clone())));
        Ok(Self { client, path, query, cursor: None, ended: false })
    }

    /// The next page; empty at the end.
    async fn next(&mut self, limit: usize) -> Result<Vec<Value>, CliError> {
        if self.ended {
            return Ok(Vec::new());
        }
        let limit = limit.clamp(1, PAGE).to_string();
        let mut query: Vec<(&str, &str)> =
            self.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        query.push(("limit", &limit));
        if let Some(cursor) = &self.cursor {
            query.push(("cursor", cursor));
        }
        let mut page = self.client.get(&self.path, &query).await?;
        self.cursor = page["nextCursor"].as_str().map(str::to_owned);
        self.ended = self.cursor.is_none();
        match page["events"].take() {
            Value::Array(events) => Ok(events),
            _ => Err(CliError::failed("the answer holds no `events`")),
        }
    }

    async fn take(mut self, limit: usize) -> Result<Vec<Value>, CliError> {
        let mut events = Vec::new();
        while events.len() < limit && !self.ended {
            events.extend(self.next(limit - events.len()).await?);
        }
        Ok(events)
    }
}

fn detail_path(event: &Value) -> String {
    format!("/sync-jobs/{}/webhook/events/{}", text(&event["jobId"]), text(&event["id"]))
}

/// An event of a job; without one, of whichever job has it.
async fn find(client: &Client, event: &str, job: Option<&str>) -> Result<Value, CliError> {
    let jobs = match job {
        Some(job) => vec![client.job_id(job).await?],
        None => client.rows("/sync-jobs", "syncJobs").await?.iter().map(|job| text(&job["id"])).collect(),
    };
    for job in jobs {
        match client.get(&format!("/sync-jobs/{job}/webhook/events/{event}"), &[]).await {
            Err(error) if error.is_not_found() => {}
            found => return found,
        }
    }
    Err(CliError::not_found(format!("there is no event `{event}`")))
}

async fn again(
    client: &Client,
    event: &str,
    job: Option<&str>,
    how: &str,
    json: bool,
) -> Result<(), CliError> {
    let event = find(client, event, job).await?;
    let answer = client.send(Method::POST, &format!("{}/{how}", detail_path(&event)), &json!({})).await?;
    let said = format!("{} {} is applied again.", text(&event["type"]), text(&event["id"]));
    if json { output::json(&answer) } else { output::line(&said) }
}

/// The status and what belongs to it, in words.
fn status(event: &Value) -> String {
    let status = text(&event["status"]);
    match (event["reason"].as_str(), event["nextAttemptAt"].is_string()) {
        (Some(reason), _) => format!("{status} ({reason})"),
        (None, true) => format!("{status}, again {}", output::time(&event["nextAttemptAt"])),
        (None, false) => status,
    }
}

const COLUMNS: &[&str] = &["ID", "RECEIVED", "TYPE", "OBJECT", "STATUS", "TRIES", "ERROR"];

fn row(event: &Value) -> Vec<String> {
    let mut error = text(&event["error"]);
    if error.chars().count() > 80 {
        error = error.chars().take(79).chain(['…']).collect();
    }
    vec![
        text(&event["id"]),
        output::time(&event["receivedAt"]),
        text(&event["type"]),
        text(&event["objectId"]),
        status(event),
        text(&event["attempts"]),
        error,
    ]
}

fn list(events: &[Value]) -> Result<(), CliError> {
    output::table(COLUMNS, events.iter().map(row).collect(), "No event fits.")
}

fn show(event: &Value) -> Result<(), CliError> {
    let operation = &event["operation"];
    output::pairs(&[
        ("Event", format!("{}  {}", text(&event["id"]), text(&event["providerEventId"]))),
        ("Type", text(&event["type"])),
        ("Status", status(event)),
        ("Error", text(&event["error"])),
        ("Received", output::time(&event["receivedAt"])),
        ("Occurred", output::time(&event["occurredAt"])),
        ("Size", output::size(&event["sizeBytes"])),
        (
            "Operation",
            operation["kind"].as_str().map_or_else(String::new, |kind| {
                format!("{kind} {} in {}", text(&operation["documentId"]), text(&operation["collection"]))
            }),
        ),
    ])?;
    for attempt in event["history"].as_array().into_iter().flatten() {
        let answer = &attempt["answer"];
        let answered = answer["status"].as_u64().map_or_else(String::new, |status| {
            format!(", answered {status} in {} ms", text(&answer["durationMs"]))
        });
        let told = format!(
            "Attempt {}  {}  {}{answered}  {}",
            text(&attempt["number"]),
            output::time(&attempt["at"]),
            text(&attempt["status"]),
            text(&attempt["error"]),
        );
        output::line(told.trim_end())?;
    }
    output::line("")?;
    for header in event["headers"].as_array().into_iter().flatten() {
        output::line(&format!("{}: {}", text(&header[0]), text(&header[1])))?;
    }
    output::line("")?;
    match serde_json::from_str::<Value>(event["rawBody"].as_str().unwrap_or_default()) {
        Ok(body) => output::json(&body),
        Err(_) => output::bytes(&body_bytes(event)?),
    }
}

/// The exact bytes that were received.
fn body_bytes(event: &Value) -> Result<Vec<u8>, CliError> {
    match (event["rawBodyBase64"].as_str(), event["rawBody"].as_str()) {
        (Some(encoded), _) => BASE64.decode(encoded).map_err(|error| CliError::from_chain(&error)),
        (None, body) => Ok(body.unwrap_or_default().as_bytes().to_vec()),
    }
}

fn number(event: &Value) -> u64 {
    event["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default()
}

async fn tail(client: &Client, filter: &Filter, json: bool) -> Result<(), CliError> {
    // Registered before the first look, so that nothing falls between the two.
    let response =
        client.request(Method::GET, "/changes").send().await.map_err(|error| client.unreachable(&error))?;
    if !response.status().is_success() {
        let status = response.status().as_u16();
        let answer = response.json().await.unwrap_or_default();
        return Err(CliError::from_answer(status, &answer));
    }
    let mut changes = response.bytes_stream();
    let mut newest = Pages::new(client, filter).await?.take(1).await?.first().map_or(0, number);
    if !json {
        eprintln!("Waiting for events; Ctrl-C ends.");
    }
    loop {
        let change = tokio::select! {
            change = changes.next() => change,
            interrupted = tokio::signal::ctrl_c() => return interrupted.map_err(CliError::from),
        };
        let Some(change) = change else {
            return Err(CliError::no_server("Hookline was stopped"));
        };
        change.map_err(|error| client.unreachable(&error))?;
        let mut arrived = Vec::new();
        let mut pages = Pages::new(client, filter).await?;
        while !pages.ended {
            let page = pages.next(100).await?;
            let reached = page.iter().any(|event| number(event) <= newest);
            arrived.extend(page.into_iter().filter(|event| number(event) > newest));
            // Before the first event there is nothing to reach; then the newest page is enough.
            if reached || newest == 0 {
                break;
            }
        }
        for event in arrived.iter().rev() {
            newest = newest.max(number(event));
            if json {
                output::line(&event.to_string())?;
            } else {
                output::line(row(event).join("  ").trim_end())?;
            }
        }
    }
}

async fn export(client: &Client, filter: &Filter, file: Option<&std::path::Path>) -> Result<(), CliError> {
    // Asked before the file is made: a wrong filter must not cost an older export.
    let mut pages = Pages::new(client, filter).await?;
    let mut page = pages.next(PAGE).await?;
    let mut out = WholeFile::open(file)?;
    // Drawn on standard error, and only where that is a terminal.
    let progress = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {pos} events")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    progress.enable_steady_tick(Duration::from_millis(200));
    loop {
        let mut details = stream::iter(page)
            .map(|event| async move { client.get(&detail_path(&event), &[]).await })
            .buffered(EXPORT_READS);
        while let Some(detail) = details.try_next().await? {
            serde_json::to_writer(&mut out, &detail).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
            faults::pass(Point::WithinExport);
            progress.inc(1);
        }
        if pages.ended {
            break;
        }
        page = pages.next(PAGE).await?;
    }
    out.finish()?;
    progress.finish_and_clear();
    if let Some(path) = file {
        eprintln!("{} events are in {}.", progress.position(), path.display());
    }
    Ok(())
}
