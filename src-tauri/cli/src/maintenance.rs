//! `hookline status`, `check` and `backup`. The last two work on a Hookline that is not running as well.

use std::path::{Path, PathBuf};

use hookline_engine::app::{ServerFile, Standalone};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, text};
use crate::error::CliError;
use crate::output;

pub(crate) async fn status(client: &Client, json: bool) -> Result<(), CliError> {
    let status = client.answer(client.request(Method::GET, "/status")).await?;
    if json {
        return output::json(&status);
    }
    let storage = &status["storage"];
    let tunnel = &status["tunnel"];
    let public = tunnel["publicUrl"].as_str().unwrap_or("none: only this machine can send to it");
    let problem = &storage["problem"];
    let stored = match problem["message"].as_str() {
        Some(message) => {
            let hint = text(&problem["hint"]);
            format!("events cannot be stored, requests are answered 503: {message}. {hint}")
        }
        None => "events can be stored".to_owned(),
    };
    output::pairs(&[
        ("Hookline", text(&status["version"])),
        ("Receiver", text(&status["receiver"]["url"])),
        ("Public URL", public.to_owned()),
        ("Tunnel", super::tunnel::sentence(tunnel)),
        ("Database", format!("{}  {}", text(&storage["path"]), output::size(&storage["databaseBytes"]))),
        ("Storage", stored),
        ("Secrets", text(&storage["secrets"])),
    ])?;
    output::line("")?;
    let rows = status["worker"]["jobs"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|job| {
            let delivery = &job["delivery"];
            let mut state = text(&delivery["state"]);
            if let Some(error) = delivery["error"].as_str() {
                state = format!("{state}: {error}");
            }
            vec![text(&job["jobId"]), text(&job["name"]), text(&job["pending"]), text(&job["failed"]), state]
        })
        .collect();
    output::table(&["JOB", "NAME", "PENDING", "FAILED", "DELIVERY"], rows, "There is no job yet.")
}

pub(crate) async fn check(data_dir: &Path, json: bool) -> Result<(), CliError> {
    let problems = if ServerFile::read(data_dir)?.is_some() && is_running(data_dir).await {
        let client = Client::find(data_dir)?;
        let request = client.request(Method::POST, "/maintenance/check").json(&json!({}));
        let answer = client.answer(request).await?;
        answer["problems"].as_array().into_iter().flatten().map(text).collect()
    } else {
        standalone(data_dir).await?.check().await.map_err(|error| CliError::from_chain(&error))?
    };
    if json {
        output::json(&json!({"ok": problems.is_empty(), "problems": problems}))?;
    } else {
        for problem in &problems {
            output::line(problem)?;
        }
    }
    if problems.is_empty() {
        if json { Ok(()) } else { output::line("The database is sound.") }
    } else {
        Err(CliError::failed("the database is damaged")
            .hint("copy the data directory before anything else; a backup can be put in its place"))
    }
}

pub(crate) async fn backup(data_dir: &Path, file: &Path, json: bool) -> Result<(), CliError> {
    let target: PathBuf = std::path::absolute(file)?;
    if target.extension().is_none_or(|extension| extension != "db") {
        return Err(CliError::usage("a backup's name ends in `.db`"));
    }
    let answer: Value = if ServerFile::read(data_dir)?.is_some() && is_running(data_dir).await {
        let client = Client::find(data_dir)?;
        client
            .answer(client.request(Method::POST, "/maintenance/backup").json(&json!({"path": target})))
            .await?
    } else {
        standalone(data_dir).await?.back_up(&target).await.map_err(|error| CliError::from_chain(&error))?;
        json!({"path": target, "sizeBytes": std::fs::metadata(&target)?.len()})
    };
    if json {
        return output::json(&answer);
    }
    output::line(&format!(
        "{} holds a copy of all events ({}).",
        target.display(),
        output::size(&answer["sizeBytes"])
    ))?;
    output::line("Signing secrets, API keys and connection strings are not in it: they stay where they are.")
}

/// Whether the process that announced itself still answers.
async fn is_running(data_dir: &Path) -> bool {
    let Ok(client) = Client::find(data_dir) else { return false };
    client.answer(client.request(Method::GET, "/status")).await.is_ok()
}

async fn standalone(data_dir: &Path) -> Result<Standalone, CliError> {
    Standalone::open(data_dir).await.map_err(|error| CliError::from_chain(&error).hint_if(error.hint()))
}
