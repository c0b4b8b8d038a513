//! Asks a running Hookline through its control API, which it finds in the data directory.

use std::path::Path;
use std::time::Duration;

use hookline_engine::app::ServerFile;
use reqwest::Method;
use serde_json::Value;

use crate::error::CliError;

/// The workspace that commands work in.
const WORKSPACE: &str = "/workspaces/default";

/// A connection to the control API.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    api: String,
    token: String,
}

impl Client {
    /// The Hookline that runs on this data directory.
    pub(crate) fn find(data_dir: &Path) -> Result<Self, CliError> {
        let file = ServerFile::read(data_dir).map_err(|error| {
            CliError::failed(format!("{} cannot be read: {error}", ServerFile::path(data_dir).display()))
        })?;
        let file = file.ok_or_else(|| no_server(data_dir))?;
        Ok(Self { http: http()?, api: file.ready.api, token: file.ready.token })
    }

    /// A request to a path behind `/api`.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api{path}", self.api)).bearer_auth(&self.token)
    }

    /// Sends a request and reads the JSON that it is answered with.
    pub(crate) async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value, CliError> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| CliError::from_chain(&error))?;
        let answer: Value = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text)
                .map_err(|error| CliError::failed(format!("the answer is not JSON: {error}")))?
        };
        if status.is_success() { Ok(answer) } else { Err(CliError::from_answer(status.as_u16(), &answer)) }
    }

    pub(crate) fn unreachable(&self, error: &reqwest::Error) -> CliError {
        if error.is_connect() {
            CliError::no_server(format!("no Hookline answers at {}", self.api))
                .hint("it may have been killed; start it again with `hookline serve`")
        } else {
            CliError::from_chain(error)
        }
    }

    /// `GET` behind the workspace.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, CliError> {
        self.answer(self.request(Method::GET, &format!("{WORKSPACE}{path}")).query(query)).await
    }

    /// A request with a body behind the workspace.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Value, CliError> {
        self.answer(self.request(method, &format!("{WORKSPACE}{path}")).json(body)).await
    }

    /// `DELETE` behind the workspace.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, CliError> {
        self.answer(self.request(Method::DELETE, &format!("{WORKSPACE}{path}"))).await
    }

    /// The row of a list with this id, or with this name if only one has it.
    pub(crate) async fn find_row(
        &self,
        path: &str,
        list: &str,
        what: &str,
        wanted: &str,
    ) -> Result<Value, CliError> {
        let rows = self.rows(path, list).await?;
        let mut named = rows.iter().filter(|row| row["name"] == wanted);
        if let Some(row) = rows.iter().find(|row| row["id"] == wanted) {
            return Ok(row.clone());
        }
        match (named.next(), named.next()) {
            (Some(row), None) => Ok(row.clone()),
            (Some(_), Some(_)) => {
                Err(CliError::usage(format!("several {what}s are called `{wanted}`; give the id")))
            }
            (None, _) => Err(CliError::not_found(format!("there is no {what} `{wanted}`"))
                .hint(format!("`hookline {what}s list` shows all"))),
        }
    }

    /// All rows of a list.
    pub(crate) async fn rows(&self, path: &str, list: &str) -> Result<Vec<Value>, CliError> {
        match self.get(path, &[]).await?[list].take() {
            Value::Array(rows) => Ok(rows),
            _ => Err(CliError::failed(format!("the answer holds no `{list}`"))),
        }
    }

    /// The job with this id or name.
    pub(crate) async fn job(&self, wanted: &str) -> Result<Value, CliError> {
        self.find_row("/sync-jobs", "syncJobs", "job", wanted).await
    }

    /// The id of the job with this id or name.
    pub(crate) async fn job_id(&self, wanted: &str) -> Result<String, CliError> {
        Ok(text(&self.job(wanted).await?["id"]))
    }
}

/// A client that knows no proxy: everything it talks to is on this machine or given by the user.
pub(crate) fn http() -> Result<reqwest::Client, CliError> {
    hookline_engine::app::use_tls();
    reqwest::Client::builder()
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .build()
        .map_err(|error| CliError::from_chain(&error))
}

fn no_server(data_dir: &Path) -> CliError {
    CliError::no_server(format!("no Hookline is running on {}", data_dir.display()))
        .hint("start it with `hookline serve`, or name another directory with --data-dir")
}

/// A JSON text, or the JSON itself where it is none; empty for null.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
