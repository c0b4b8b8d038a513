//! `hookline docs …`, `hookline destinations …`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::arguments::{Destinations, Docs};
use crate::client::{Client, text};
use crate::error::CliError;
use crate::output;

pub(crate) async fn docs(client: &Client, command: Docs, json: bool) -> Result<(), CliError> {
    match command {
        Docs::List { collection: None, destination, .. } => {
            let base = base(client, destination.as_deref()).await?;
            let collections = client.rows(&format!("{base}/collections"), "collections").await?;
            if json {
                return output::json(&Value::Array(collections));
            }
            let rows =
                collections.iter().map(|row| vec![text(&row["name"]), text(&row["documents"])]).collect();
            output::table(&["COLLECTION", "DOCUMENTS"], rows, "No document was synced yet.")
        }
        Docs::List { collection: Some(collection), destination, limit } => {
            let base = base(client, destination.as_deref()).await?;
            let documents = documents(client, &base, &collection, limit).await?;
            if json {
                return output::json(&Value::Array(documents));
            }
            let rows = documents
                .iter()
                .map(|document| {
                    let metadata = &document["_sync_metadata"];
                    vec![
                        text(&document["_id"]),
                        text(&metadata["eventType"]),
                        output::time(plain_time(&metadata["occurredAt"])),
                        output::time(plain_time(&metadata["syncedAt"])),
                    ]
                })
                .collect();
            output::table(&["ID", "LAST EVENT", "OCCURRED", "SYNCED"], rows, "There is no document in it.")
        }
        Docs::Show { collection, id, destination } => {
            let base = base(client, destination.as_deref()).await?;
            let query = [("collection", collection.as_str()), ("id", id.as_str())];
            output::json(&client.get(&format!("{base}/documents/one"), &query).await?)
        }
    }
}

/// MongoDB's extended JSON wraps times.
fn plain_time(value: &Value) -> &Value {
    value.get("$date").unwrap_or(value)
}

/// The path of a destination; without one, of the local one, or else of the only one there is.
async fn base(client: &Client, destination: Option<&str>) -> Result<String, CliError> {
    let row = if let Some(wanted) = destination {
        client.find_row("/destinations", "destinations", "destination", wanted).await?
    } else {
        let rows = client.rows("/destinations", "destinations").await?;
        let local = rows.iter().find(|row| row["kind"] == "local");
        let only = rows.first().filter(|_| rows.len() == 1);
        local.or(only).cloned().ok_or_else(|| {
            CliError::usage("there is no local destination; say which one with --destination")
                .hint("`hookline destinations list` shows all")
        })?
    };
    Ok(format!("/destinations/{}", text(&row["id"])))
}

async fn documents(
    client: &Client,
    base: &str,
    collection: &str,
    limit: usize,
) -> Result<Vec<Value>, CliError> {
    let mut documents = Vec::new();
    let mut cursor: Option<String> = None;
    while documents.len() < limit {
        let page_limit = (limit - documents.len()).min(1000).to_string();
        let mut query = vec![("collection", collection), ("limit", page_limit.as_str())];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let mut page = client.get(&format!("{base}/documents"), &query).await?;
        if let Value::Array(rows) = page["documents"].take() {
            documents.extend(rows);
        }
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    Ok(documents)
}

pub(crate) async fn destinations(client: &Client, command: Destinations, json: bool) -> Result<(), CliError> {
    match command {
        Destinations::List => {
            let rows = client.rows("/destinations", "destinations").await?;
            if json {
                return output::json(&Value::Array(rows));
            }
            let rows = rows
                .iter()
                .map(|row| {
                    let place = [text(&row["displayUrl"]), text(&row["database"])].join(" ");
                    vec![text(&row["id"]), text(&row["name"]), text(&row["kind"]), place.trim().to_owned()]
                })
                .collect();
            output::table(
                &["ID", "NAME", "KIND", "WHERE"],
                rows,
                "There is no destination yet; `hookline jobs create` makes one.",
            )
        }
        Destinations::Check { destination } => {
            let base = base(client, Some(&destination)).await?;
            let answer = client.send(Method::POST, &format!("{base}/check"), &json!({})).await?;
            if json {
                output::json(&answer)?;
            } else if answer["ok"] == true {
                output::line(&text(&answer["message"]))?;
            }
            if answer["ok"] == true { Ok(()) } else { Err(CliError::from_answer(424, &answer)) }
        }
    }
}
