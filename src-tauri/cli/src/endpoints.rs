//! `hookline endpoints …`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::arguments::Endpoints;
use crate::client::{Client, text};
use crate::error::CliError;
use crate::output;

pub(crate) async fn run(client: &Client, command: Endpoints, json: bool) -> Result<(), CliError> {
    let path =
        async |job: &str| Ok::<_, CliError>(format!("/sync-jobs/{}/endpoint", client.job_id(job).await?));
    let answer = match &command {
        Endpoints::Create { job } => client.send(Method::POST, &path(job).await?, &json!({})).await?,
        Endpoints::Show { job } => client.get(&path(job).await?, &[]).await?,
        Endpoints::Check { job } => client.get(&path(job).await?, &[("check", "true")]).await?,
        Endpoints::Mend { job } => {
            client.send(Method::POST, &format!("{}/mend", path(job).await?), &json!({})).await?
        }
        Endpoints::Remove { job } => {
            client.delete(&path(job).await?).await?;
            return if json {
                output::json(&json!({"removed": true}))
            } else {
                output::line("The endpoint at the provider is removed.")
            };
        }
    };
    if json {
        output::json(&answer)?;
    } else {
        show(&answer)?;
    }
    let is_check = matches!(command, Endpoints::Check { .. });
    let harmful =
        answer["managed"]["drift"].as_array().into_iter().flatten().find(|drift| drift["harmful"] == true);
    match harmful.filter(|_| is_check) {
        Some(drift) => Err(CliError::failed(text(&drift["message"]))
            .hint("`hookline endpoints mend JOB` brings it into line")),
        None => Ok(()),
    }
}

/// How it stands, in words.
fn show(answer: &Value) -> Result<(), CliError> {
    let managed = &answer["managed"];
    let state = match answer["state"].as_str() {
        Some("managed") => text(&managed["status"]),
        Some("creating") => "being set up".to_owned(),
        _ => "not set up by Hookline".to_owned(),
    };
    let types = |value: &Value| match value.as_array().map(Vec::as_slice) {
        Some([]) | None => String::new(),
        Some([only]) if only == "*" => "all".to_owned(),
        Some(some) if some.len() > 8 => format!("{} of them", some.len()),
        Some(some) => some.iter().map(text).collect::<Vec<_>>().join(", "),
    };
    output::pairs(&[
        ("Provider", text(&answer["providerLabel"])),
        ("Endpoint", text(&managed["providerEndpointId"])),
        ("State", state),
        ("Mode", text(&managed["mode"])),
        ("URL", text(&managed["url"])),
        ("Event types", types(&managed["eventTypes"])),
        (
            "Checked",
            if managed["checkedAt"].is_null() { String::new() } else { output::time(&managed["checkedAt"]) },
        ),
        ("In the way", text(&answer["obstacle"]["message"])),
        ("What to do", text(&answer["obstacle"]["hint"])),
        ("Last failure", text(&managed["trouble"]["message"])),
        ("What to do about it", text(&managed["trouble"]["hint"])),
    ])?;
    for drift in managed["drift"].as_array().into_iter().flatten() {
        output::line(&format!("Differs: {}", text(&drift["message"])))?;
    }
    for left_out in answer["unselectable"].as_array().into_iter().flatten() {
        output::line(&format!(
            "Note: `{}` is not sent: {}",
            text(&left_out["pattern"]),
            text(&left_out["reason"])
        ))?;
    }
    Ok(())
}
