//! `hookline sources …`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::arguments::Sources;
use crate::client::{Client, text};
use crate::error::CliError;
use crate::{jobs, output};

pub(crate) async fn run(client: &Client, command: Sources, json_wanted: bool) -> Result<(), CliError> {
    match command {
        Sources::List => {
            let rows = client.rows("/sources", "sources").await?;
            if json_wanted {
                return output::json(&Value::Array(rows));
            }
            let rows = rows
                .iter()
                .map(|row| vec![text(&row["id"]), text(&row["name"]), text(&row["kind"])])
                .collect();
            output::table(
                &["ID", "NAME", "PROVIDER"],
                rows,
                "There is no source yet; `hookline jobs create` makes one.",
            )
        }
        Sources::Providers => {
            let mut answer = client.answer(client.request(Method::GET, "/providers")).await?;
            if json_wanted {
                return output::json(&answer["providers"].take());
            }
            let rows = answer["providers"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|provider| vec![text(&provider["kind"]), text(&provider["label"])])
                .collect();
            output::table(&["PROVIDER", "NAME"], rows, "None.")
        }
        Sources::SetKey { source, key_file } => {
            let key = jobs::read_text(&key_file)?;
            let source = find(client, &source).await?;
            let path = format!("/sources/{}", text(&source["id"]));
            let answer = client.send(Method::PATCH, &path, &json!({"apiKey": key.trim()})).await?;
            if json_wanted {
                return output::json(&answer);
            }
            output::line(&format!("The API key of `{}` is stored.", text(&source["name"])))
        }
        Sources::CheckKey { source } => {
            let source = find(client, &source).await?;
            let path = format!("/sources/{}/check-key", text(&source["id"]));
            let answer = client.send(Method::POST, &path, &json!({})).await?;
            if json_wanted {
                output::json(&answer)?;
            } else {
                checked(&answer)?;
            }
            if answer["ok"] == true { Ok(()) } else { Err(CliError::from_answer(424, &answer)) }
        }
    }
}

async fn find(client: &Client, wanted: &str) -> Result<Value, CliError> {
    client.find_row("/sources", "sources", "source", wanted).await
}

/// Whose the key is, or what it has to be allowed.
fn checked(answer: &Value) -> Result<(), CliError> {
    let account = &answer["account"];
    let kind = if account["restricted"] == true { "restricted" } else { "" };
    output::pairs(&[
        ("Account", [text(&account["name"]), text(&account["id"])].join(" ").trim().to_owned()),
        ("Key", [text(&account["mode"]), kind.to_owned()].join(" ").trim().to_owned()),
    ])?;
    let permissions: Vec<String> =
        answer["keyHelp"]["permissions"].as_array().into_iter().flatten().map(text).collect();
    output::pairs(&[("To set webhooks up it needs", permissions.join("; "))])
}
