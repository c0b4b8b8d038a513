//! `hookline doctor`: why nothing is arriving, for every job or one.

use serde_json::{Value, json};

use crate::client::{Client, text};
use crate::error::CliError;
use crate::output;

pub(crate) async fn run(client: &Client, job: Option<&str>, json: bool) -> Result<(), CliError> {
    let jobs = match job {
        Some(wanted) => vec![client.job(wanted).await?],
        None => client.rows("/sync-jobs", "syncJobs").await?,
    };
    if jobs.is_empty() && !json {
        return output::line(
            "There is no job yet. Make one: hookline jobs create --source stripe --destination local",
        );
    }
    let mut answers = Vec::new();
    let mut sick = 0;
    for job in jobs {
        let path = format!("/sync-jobs/{}/webhook/diagnosis", text(&job["id"]));
        let diagnosis = client.get(&path, &[]).await?;
        sick += usize::from(findings(&diagnosis).any(|finding| finding["state"] == "problem"));
        if json {
            answers.push(json!({"jobId": job["id"], "name": job["name"], "diagnosis": diagnosis}));
        } else {
            if !answers.is_empty() {
                output::line("")?;
            }
            show(&job, &diagnosis)?;
            answers.push(Value::Null);
        }
    }
    if json {
        output::json(&Value::Array(answers))?;
    }
    match sick {
        0 => Ok(()),
        1 => Err(CliError::failed("a job has a problem")),
        many => Err(CliError::failed(format!("{many} jobs have problems"))),
    }
}

fn findings(diagnosis: &Value) -> impl Iterator<Item = &Value> {
    diagnosis["findings"].as_array().into_iter().flatten()
}

fn show(job: &Value, diagnosis: &Value) -> Result<(), CliError> {
    let id = text(&job["id"]);
    output::line(&format!("{}  ({id})", text(&job["name"])))?;
    output::line(&format!("  {}", text(&diagnosis["summary"])))?;
    for finding in findings(diagnosis) {
        let mark = match finding["state"].as_str() {
            Some("problem") => "✗",
            Some("warning") => "!",
            _ => "✓",
        };
        output::line(&format!("  {mark} {}", text(&finding["message"])))?;
        let is_fine = finding["state"] == "ok";
        if let Some(hint) = finding["hint"].as_str().filter(|_| !is_fine) {
            output::line(&format!("      → {hint}"))?;
        }
        if let Some(remedy) = remedy(finding["action"].as_str(), &id) {
            output::line(&format!("      → {remedy}"))?;
        }
    }
    Ok(())
}

/// The command that helps.
fn remedy(action: Option<&str>, job: &str) -> Option<String> {
    Some(match action? {
        "resume" => format!("hookline jobs resume {job}"),
        "rotateSecret" => format!("hookline jobs rotate-secret {job} --secret-file -"),
        "showRejected" => format!("hookline events list --status rejected --job {job}"),
        "createEndpoint" => format!("hookline endpoints create {job}"),
        "mendEndpoint" => format!("hookline endpoints mend {job}"),
        "checkDestination" => {
            "hookline destinations list, then hookline destinations check DESTINATION".to_owned()
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_is_a_command_that_the_command_line_has() {
        use clap::CommandFactory as _;
        let command = crate::arguments::Arguments::command();
        for action in
            ["resume", "rotateSecret", "showRejected", "createEndpoint", "mendEndpoint", "checkDestination"]
        {
            let remedy = remedy(Some(action), "JOB").expect("has one");
            let words: Vec<&str> = remedy.split([' ', ',']).collect();
            let group = command.find_subcommand(words[1]).expect("is a group");
            assert!(group.find_subcommand(words[2]).is_some(), "{remedy}");
        }
        assert_eq!(remedy(Some("editJob"), "JOB"), None);
        assert_eq!(remedy(None, "JOB"), None);
    }
}
