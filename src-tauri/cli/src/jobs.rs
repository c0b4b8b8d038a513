//! `hookline jobs …`.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::arguments::{CreateJob, Jobs};
use crate::client::{Client, text};
use crate::error::CliError;
use crate::{job_files, output};

pub(crate) async fn run(client: &Client, command: Jobs, json: bool) -> Result<(), CliError> {
    match command {
        Jobs::Create(create) => {
            let (job, provider) = self::create(client, *create).await?;
            show_or(json, &job, || created(&job, &provider))
        }
        Jobs::List => {
            let jobs = client.rows("/sync-jobs", "syncJobs").await?;
            if json { output::json(&Value::Array(jobs)) } else { list(&jobs) }
        }
        Jobs::Show { job, show_secret } => {
            let id = client.job_id(&job).await?;
            let show = if show_secret { "true" } else { "false" };
            let job = client.get(&format!("/sync-jobs/{id}"), &[("showSecret", show)]).await?;
            show_or(json, &job, || self::show(&job))
        }
        Jobs::Pause { job } => {
            let job = change(client, &job, json!({"enabled": false})).await?;
            show_or(json, &job, || output::line(&format!("`{}` is paused.", text(&job["name"]))))
        }
        Jobs::Resume { job } => {
            let job = change(client, &job, json!({"enabled": true})).await?;
            show_or(json, &job, || output::line(&format!("`{}` receives.", text(&job["name"]))))
        }
        Jobs::Archive { job, days, off: _ } => {
            let archive = days.map(|days| json!({"days": days}));
            let job = change(client, &job, json!({"webhookConfig": {"archive": archive}})).await?;
            show_or(json, &job, || output::line(&archive_line(&job)))
        }
        Jobs::Export { job } => job_files::export(client, &job).await,
        Jobs::Import(import) => {
            let (job, new) = job_files::import(client, *import).await?;
            show_or(json, &job, || imported(&job, new))
        }
        Jobs::Delete { job, remove_endpoint, yes } => delete(client, &job, remove_endpoint, yes, json).await,
        Jobs::RotateSecret { job, secret_file, keep_old_for } => {
            let mut body = json!({"keepOldForHours": keep_old_for});
            if let Some(file) = &secret_file {
                body["secret"] = json!(read_text(file)?);
            }
            let id = client.job_id(&job).await?;
            let path = format!("/sync-jobs/{id}/webhook/regenerate-secret");
            let answer = client.send(Method::POST, &path, &body).await?;
            show_or(json, &answer, || {
                output::pairs(&[("New secret", text(&answer["webhookSecret"]))])?;
                output::line(&format!("The old one counts for {keep_old_for} more hours."))
            })
        }
    }
}

fn show_or(json: bool, answer: &Value, show: impl FnOnce() -> Result<(), CliError>) -> Result<(), CliError> {
    if json { output::json(answer) } else { show() }
}

/// The new job, and the kind of its source.
async fn create(client: &Client, create: CreateJob) -> Result<(Value, String), CliError> {
    let secret = match &create.secret_file {
        Some(file) => Some(read_text(file)?),
        None => create.secret.clone(),
    };
    let source = source(client, &create.source).await?;
    let destination = destination(client, &create.destination).await?;
    let name = create.name.unwrap_or_else(|| {
        let mut name = format!("{} → {}", text(&source["name"]), text(&destination["name"]));
        name.truncate(name.floor_char_boundary(200));
        name
    });
    let mut config = serde_json::Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            config.insert(key.to_owned(), value);
        }
    };
    set("eventTypes", (!create.events.is_empty()).then(|| json!(create.events)));
    set("secret", secret.map(Value::String));
    set("batchSize", create.batch_size.map(Value::from));
    set("batchWaitMs", create.batch_wait_ms.map(Value::from));
    set("deletes", create.deletes.map(|deletes| json!(deletes.as_str())));
    set("signatureToleranceSeconds", create.tolerance.map(Value::from));
    set("retentionDays", create.retention.map(Value::from));
    set("archive", create.archive_days.map(|days| json!({"days": days})));
    let mut job = json!({
        "name": name,
        "type": "webhook",
        "sourceId": source["id"],
        "destinationId": destination["id"],
        "enabled": true,
        "webhookConfig": config,
    });
    if let Some(prefix) = create.prefix {
        job["collectionPrefix"] = json!(prefix);
    }
    Ok((client.send(Method::POST, "/sync-jobs", &job).await?, text(&source["kind"])))
}

/// A text in a file, without the line's end; `-` is standard input.
pub(crate) fn read_text(file: &Path) -> Result<String, CliError> {
    let read = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let text =
        read.map_err(|error| CliError::failed(format!("{} cannot be read: {error}", file.display())))?;
    // Editors and `echo` end a file with a line break.
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The source with this id, else the first of this kind, else a new one.
async fn source(client: &Client, wanted: &str) -> Result<Value, CliError> {
    let rows = client.rows("/sources", "sources").await?;
    let found = rows
        .iter()
        .find(|row| row["id"] == wanted)
        .or_else(|| rows.iter().find(|row| row["kind"] == wanted && wanted != "generic"));
    match found {
        Some(row) => Ok(row.clone()),
        None => client.send(Method::POST, "/sources", &json!({"kind": wanted})).await,
    }
}

/// The destination with this id, else the local one there is, else a new one.
pub(crate) async fn destination(client: &Client, wanted: &str) -> Result<Value, CliError> {
    let rows = client.rows("/destinations", "destinations").await?;
    if let Some(row) = rows.iter().find(|row| row["id"] == wanted) {
        return Ok(row.clone());
    }
    let body = if wanted == "local" {
        if let Some(row) = rows.iter().find(|row| row["kind"] == "local") {
            return Ok(row.clone());
        }
        json!({"kind": "local"})
    } else if wanted.starts_with("mongodb://") || wanted.starts_with("mongodb+srv://") {
        json!({"kind": "mongodb", "uri": wanted})
    } else if wanted.starts_with("http://") || wanted.starts_with("https://") {
        json!({"kind": "http", "url": wanted})
    } else {
        return Err(CliError::usage(
            "--destination is none of `local`, `mongodb://…`, `http://…`, and no destination's id",
        ));
    };
    client.send(Method::POST, "/destinations", &body).await
}

fn created(job: &Value, provider: &str) -> Result<(), CliError> {
    let id = text(&job["id"]);
    output::pairs(&[
        ("Job", format!("{id}  {}", text(&job["name"]))),
        ("URL", text(&job["webhookUrl"])),
        ("Secret", text(&job["webhookSecret"])),
    ])?;
    warnings(job)?;
    output::line("")?;
    output::line(
        "Give the provider the URL. If it made a secret of its own, make the job with --secret-file instead.",
    )?;
    output::line("To see an event right now:")?;
    output::line(&format!("  hookline send {provider} --job {id} --count 10"))?;
    output::line(&format!("  hookline events list --job {id}"))
}

fn warnings(job: &Value) -> Result<(), CliError> {
    for warning in job["warnings"].as_array().into_iter().flatten() {
        output::line(&format!("Note: {}", text(warning)))?;
    }
    Ok(())
}

/// What the job does, in words.
fn state(job: &Value) -> String {
    let delivery = &job["delivery"];
    match delivery["state"].as_str() {
        _ if job["enabled"] == false => "paused".to_owned(),
        Some("waitingForDestination") => format!("waiting for destination: {}", text(&delivery["error"])),
        Some("blocked") => format!("blocked: {}", text(&delivery["error"])),
        _ => "receiving".to_owned(),
    }
}

fn imported(job: &Value, new: bool) -> Result<(), CliError> {
    let done = if new { "made" } else { "changed" };
    output::line(&format!("`{}` is {done}.", text(&job["name"])))?;
    output::pairs(&[("Job", text(&job["id"])), ("URL", text(&job["webhookUrl"]))])?;
    warnings(job)
}

fn archive_line(job: &Value) -> String {
    let name = text(&job["name"]);
    match job["webhookConfig"]["archive"]["days"].as_u64() {
        Some(days) => {
            format!("The history of `{name}` is archived from now on; its MongoDB keeps it for {days} days.")
        }
        None => format!("The history of `{name}` is not archived any more."),
    }
}

/// How the job's archive is, in words; empty without one.
fn archive(job: &Value) -> String {
    let Some(days) = job["webhookConfig"]["archive"]["days"].as_u64() else { return String::new() };
    let state = &job["archive"];
    let waiting = state["waiting"].as_u64().unwrap_or_default();
    let behind = if waiting > 0 { format!(", {waiting} not archived yet") } else { String::new() };
    let trouble = match state["trouble"]["error"].as_str() {
        Some(error) => format!(": {error}"),
        None => String::new(),
    };
    format!("{days} days{behind}{trouble}")
}

fn list(jobs: &[Value]) -> Result<(), CliError> {
    let rows = jobs
        .iter()
        .map(|job| {
            let counts = &job["stats"];
            vec![
                text(&job["id"]),
                text(&job["name"]),
                text(&counts["completed"]),
                text(&counts["pending"]),
                text(&counts["failed"]),
                state(job),
            ]
        })
        .collect();
    output::table(
        &["ID", "NAME", "COMPLETED", "PENDING", "FAILED", "STATE"],
        rows,
        "There is no job yet. Make one: hookline jobs create --source stripe --destination local",
    )
}

fn show(job: &Value) -> Result<(), CliError> {
    let config = &job["webhookConfig"];
    let types: Vec<String> = config["eventTypes"].as_array().into_iter().flatten().map(text).collect();
    let counts: Vec<String> = job["stats"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, events)| **events != 0)
        .map(|(status, events)| format!("{events} {status}"))
        .collect();
    output::pairs(&[
        ("Job", text(&job["id"])),
        ("Name", text(&job["name"])),
        ("State", state(job)),
        ("What to do", text(&job["delivery"]["hint"])),
        ("URL", text(&job["webhookUrl"])),
        ("Secret", text(&job["webhookSecret"])),
        ("Event types", if types.is_empty() { "all".to_owned() } else { types.join(", ") }),
        ("Events", if counts.is_empty() { "none yet".to_owned() } else { counts.join(", ") }),
        ("Collections", format!("{}…", text(&job["collectionPrefix"]))),
        ("Deletes", text(&config["deletes"])),
        (
            "Batches",
            format!(
                "up to {} events, waiting {} ms",
                text(&config["batchSize"]),
                text(&config["batchWaitMs"])
            ),
        ),
        ("Kept for", format!("{} days", text(&config["retentionDays"]))),
        ("Archive", archive(job)),
        ("What to do", text(&job["archive"]["trouble"]["hint"])),
        ("Made", output::time(&job["createdAt"])),
    ])?;
    warnings(job)
}

async fn change(client: &Client, job: &str, what: Value) -> Result<Value, CliError> {
    let id = client.job_id(job).await?;
    client.send(Method::PATCH, &format!("/sync-jobs/{id}"), &what).await
}

async fn delete(
    client: &Client,
    job: &str,
    remove_endpoint: bool,
    yes: bool,
    json: bool,
) -> Result<(), CliError> {
    let job = client.job(job).await?;
    let name = text(&job["name"]);
    if !yes {
        if !std::io::stdin().is_terminal() {
            return Err(CliError::usage("deleting asks first, and there is nobody to ask; say --yes"));
        }
        let events: u64 =
            job["stats"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum();
        eprint!("`{name}` and its {events} events will be gone for good. Type the job's name to delete it: ");
        std::io::stderr().flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if answer.trim() != name {
            return Err(CliError::failed("the name was another one; nothing was deleted"));
        }
    }
    let query = if remove_endpoint { "?endpoint=remove" } else { "" };
    let answer = client.delete(&format!("/sync-jobs/{}{query}", text(&job["id"]))).await?;
    let shown = json!({"deleted": job["id"], "endpoint": answer["endpoint"], "hint": answer["hint"]});
    show_or(json, &shown, || {
        output::line(&format!("`{name}` is deleted."))?;
        match answer["endpoint"].as_str() {
            Some("removed") => output::line("Its endpoint at the provider is removed."),
            Some("left") => output::line(&text(&answer["hint"])),
            _ => Ok(()),
        }
    })
}
