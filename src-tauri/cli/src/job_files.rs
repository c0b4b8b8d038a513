//! `hookline jobs export` and `import`: the same job in several Hooklines, with one URL and one secret.
//!
//! A file holds what a job is and no secret: neither the signing secret nor the destination's connection string.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::arguments::ImportJob;
use crate::client::{Client, text};
use crate::error::CliError;
use crate::jobs::{destination, read_text};
use crate::output;

/// The version of the files that this program writes and reads.
const FORMAT: u64 = 1;

/// What a job is, without its secrets.
pub(crate) async fn export(client: &Client, job: &str) -> Result<(), CliError> {
    let job = client.job(job).await?;
    let source = client.find_row("/sources", "sources", "source", &text(&job["sourceId"])).await?;
    let destination = text(&job["destinationId"]);
    let destination = client.find_row("/destinations", "destinations", "destination", &destination).await?;
    output::json(&json!({
        "hooklineJob": FORMAT,
        "id": job["id"],
        "name": job["name"],
        "source": {"name": source["name"], "kind": source["kind"], "generic": source["generic"]},
        "destination": {"kind": destination["kind"], "database": destination["database"]},
        "webhookConfig": job["webhookConfig"],
        "collectionPrefix": job["collectionPrefix"],
    }))
}

/// Makes the job of a file, or changes the one that is there so that it is like the file. The job, and whether it is new.
pub(crate) async fn import(client: &Client, import: ImportJob) -> Result<(Value, bool), CliError> {
    let file = read(&import.file)?;
    let secret = match &import.secret_file {
        Some(path) if path == Path::new("-") && import.file == Path::new("-") => {
            return Err(CliError::usage("the job and its secret cannot both be read from standard input"));
        }
        Some(path) => Some(read_text(path)?),
        None => import.secret.clone(),
    };
    let id = text(&file["id"]);
    let mut body = json!({
        "name": file["name"],
        "webhookConfig": file["webhookConfig"],
        "collectionPrefix": file["collectionPrefix"],
    });
    if let Some(secret) = &secret {
        body["webhookConfig"]["secret"] = json!(secret);
    }
    let jobs = client.rows("/sync-jobs", "syncJobs").await?;
    let is_here = jobs.iter().any(|job| job["id"] == file["id"]);
    if !is_here {
        if secret.is_none() {
            return Err(CliError::usage("a job that is not here yet needs the secret that it has elsewhere")
                .hint("give it with --secret-file (`-` reads standard input) or in HOOKLINE_SECRET"));
        }
        if import.destination.is_none() {
            return Err(CliError::usage("a job that is not here yet needs a destination")
                .hint("say --destination, or HOOKLINE_DESTINATION for a URI that holds a password"));
        }
        body["id"] = file["id"].clone();
    }
    body["sourceId"] = source(client, &file["source"]).await?["id"].take();
    if let Some(wanted) = &import.destination {
        body["destinationId"] = self::destination(client, wanted).await?["id"].take();
    }
    let job = if is_here {
        client.send(Method::PATCH, &format!("/sync-jobs/{id}"), &body).await?
    } else {
        client.send(Method::POST, "/sync-jobs", &body).await?
    };
    Ok((job, !is_here))
}

/// Reads a file that [`export`] wrote.
fn read(path: &Path) -> Result<Value, CliError> {
    let content = read_text(path)?;
    let file: Value = serde_json::from_str(&content)
        .map_err(|error| CliError::failed(format!("{} is no exported job: {error}", path.display())))?;
    match file["hooklineJob"].as_u64() {
        Some(FORMAT) if file["id"].is_string() && file["webhookConfig"].is_object() => Ok(file),
        Some(format) if format != FORMAT => Err(CliError::failed(format!(
            "{} is an exported job of format {format}; this program reads format {FORMAT}",
            path.display()
        ))
        .hint("use one version of Hookline everywhere")),
        _ => Err(CliError::failed(format!("{} is no exported job", path.display()))
            .hint("write one with `hookline jobs export JOB`")),
    }
}

/// The source that is like the file's, else a new one.
async fn source(client: &Client, wanted: &Value) -> Result<Value, CliError> {
    let rows = client.rows("/sources", "sources").await?;
    let alike = |row: &&Value| ["name", "kind", "generic"].iter().all(|key| row[key] == wanted[key]);
    if let Some(row) = rows.iter().find(alike) {
        return Ok(row.clone());
    }
    let mut body = json!({"name": wanted["name"], "kind": wanted["kind"]});
    if !wanted["generic"].is_null() {
        body["generic"] = wanted["generic"].clone();
    }
    client.send(Method::POST, "/sources", &body).await
}
