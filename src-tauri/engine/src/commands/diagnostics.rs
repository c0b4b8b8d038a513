//! A report about this Hookline that can be passed on: no secrets, no bodies, no connection strings.
//!
//! What is logged holds none of them by rule. Every secret that is known is struck out all the same, and whatever looks
//! like one.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::status::StatusAnswer;
use super::{CommandError, Commands};
use crate::event::{DestinationId, JobId, SourceId, WorkspaceId};
use crate::secrets::{SecretName, WebhookSecrets};
use crate::store::SyncJob;
use crate::worker::DeliveryState;

/// How many lines of the log are in the report.
const LOG_LINES: usize = 200;
/// How much of the log is looked at for them, in bytes.
const LOG_BYTES: u64 = 512 * 1024;
/// The most jobs that are listed.
const JOBS: usize = 200;
/// What secrets of the providers begin with.
const PREFIXES: [&str; 12] = [
    "whsec_",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "api_",
    "xoxb-",
    "xoxp-",
    "ghp_",
    "github_pat_",
    "pdl_",
    "pat-",
];
/// Stands in the place of what was struck out.
const STRUCK: &str = "…";

/// A report that can be passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Diagnostics)]
pub struct DiagnosticsAnswer {
    /// The report, plain text.
    pub text: String,
}

impl Commands {
    /// Version, system, sizes, counts, delivery states and the end of the log, without secrets, bodies and connection
    /// strings.
    pub async fn diagnostics(&self) -> Result<DiagnosticsAnswer, CommandError> {
        let status = self.status().await?;
        let jobs = self.store().sync_jobs(None).await?;
        let now = self.parts().clock.now();
        let uptime = now.seconds().saturating_sub(status.started_at.seconds()).max(0);
        let mut text = head(&status, uptime, &now.to_rfc3339());
        self.list_jobs(&mut text, &jobs);
        let log_dir = self.parts().log_dir.clone();
        let log = tokio::task::spawn_blocking(move || log_end(&log_dir))
            .await
            .map_err(|panicked| CommandError::internal("reading the log", &panicked))?;
        let _ = write!(text, "\nThe end of the log ({LOG_LINES} lines at most):\n{log}");
        let secrets = self.known_secrets(&jobs).await;
        let text = strike(&text, &secrets);
        Ok(DiagnosticsAnswer { text: shorten(text, jobs.iter().map(|job| job.id.as_str())) })
    }

    fn list_jobs(&self, text: &mut String, jobs: &[SyncJob]) {
        let _ = writeln!(text, "\nJobs: {}", jobs.len());
        for job in jobs.iter().take(JOBS) {
            let counts = self.store().counts(&job.id);
            let delivery = match self.parts().worker.state(&job.id) {
                DeliveryState::Running { in_flight } => format!("running, {in_flight} in flight"),
                DeliveryState::WaitingForDestination { since, error, .. } => {
                    format!("waiting for the destination since {since}: {error}")
                }
                DeliveryState::Blocked { since, error, .. } => format!("blocked since {since}: {error}"),
                DeliveryState::Paused => "paused".to_owned(),
            };
            let _ = writeln!(
                text,
                "  {}  enabled: {}, {} event types, pending {}, completed {}, failed {}, skipped {}, rejected {}; {delivery}",
                job.id,
                job.enabled,
                job.webhook_config.event_types.as_slice().len(),
                counts.pending,
                counts.completed,
                counts.failed,
                counts.skipped,
                counts.rejected
            );
        }
    }

    /// All secrets that can be read now. Those that cannot are in nobody's hands either.
    async fn known_secrets(&self, jobs: &[SyncJob]) -> Vec<String> {
        let mut workspaces: Vec<WorkspaceId> = jobs.iter().map(|job| job.workspace_id.clone()).collect();
        workspaces.push(WorkspaceId::default_workspace());
        workspaces.sort_unstable();
        workspaces.dedup();
        let mut sources: Vec<SourceId> = Vec::new();
        let mut destinations: Vec<DestinationId> = Vec::new();
        for workspace in &workspaces {
            sources
                .extend(self.store().sources(workspace).await.into_iter().flatten().map(|source| source.id));
            destinations
                .extend(self.store().destinations(workspace).await.into_iter().flatten().map(|it| it.id));
        }
        let jobs: Vec<JobId> = jobs.iter().map(|job| job.id.clone()).collect();
        let read = self.with_secrets(move |secrets| {
            let mut found = Vec::new();
            let plain = sources
                .iter()
                .map(SecretName::api_key)
                .chain(destinations.iter().map(SecretName::connection));
            for name in plain {
                found.extend(
                    secrets.get(&name).ok().flatten().map(|secret| secret.expose_secret().to_owned()),
                );
            }
            for job in &jobs {
                if let Some(webhook) = WebhookSecrets::load(secrets.as_ref(), job).ok().flatten() {
                    found.push(webhook.current.expose_secret().to_owned());
                    found.extend(webhook.previous.iter().map(|old| old.secret.expose_secret().to_owned()));
                }
            }
            Ok(found)
        });
        read.await.unwrap_or_default()
    }
}

fn head(status: &StatusAnswer, uptime_seconds: i64, now: &str) -> String {
    let public =
        if status.tunnel.public_url.is_some() { "with a public address" } else { "no public address" };
    let reason = status.tunnel.reason.as_deref().map(|reason| format!("; {reason}")).unwrap_or_default();
    format!(
        "Hookline {}\nWritten: {now}\nStarted: {} ({uptime_seconds} s ago)\nSystem: {}\nData directory: {}\n\
         Receiver: {} ({})\nTunnel: {} ({}, {public}{reason})\nDatabase: {} bytes\nSearch index: {} bytes\nSecrets: {}\n",
        status.version,
        status.started_at,
        system(),
        status.data_dir,
        status.receiver.url,
        if status.receiver.listening { "listening" } else { "not listening" },
        status.tunnel.kind.label(),
        status.tunnel.state.as_str(),
        status.storage.database_bytes,
        status.storage.search_bytes,
        status.secrets.kind,
    )
}

/// The operating system and the processor, as well as they can be told.
fn system() -> String {
    let name = std::fs::read_to_string("/etc/os-release").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
        Some(line.trim_matches('"').to_owned())
    });
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    name.map_or_else(|| format!("{os} {arch}"), |name| format!("{os} {arch}, {name}"))
}

/// The last lines of the newest log file; why there are none, where there are none.
fn log_end(folder: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut files: Vec<_> = std::fs::read_dir(folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
            .collect();
        // Their names hold the day.
        files.sort_unstable();
        let Some(newest) = files.pop() else { return Ok("There is no log file.\n".to_owned()) };
        let mut file = File::open(newest)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(LOG_BYTES).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let mut lines: Vec<&str> = text.lines().rev().take(LOG_LINES).collect();
        lines.reverse();
        Ok(lines.iter().flat_map(|line| [*line, "\n"]).collect())
    };
    read().unwrap_or_else(|error| format!("The log cannot be read: {error}.\n"))
}

/// The text without these secrets, without what looks like one, and without users and queries in addresses.
fn strike(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    // A very short one would strike out half of the report, and is no secret.
    for secret in secrets.iter().filter(|secret| secret.len() >= 6) {
        text = text.replace(secret.as_str(), STRUCK);
    }
    for prefix in PREFIXES {
        text = strike_words(&text, prefix);
    }
    strike_addresses(&text)
}

/// Leaves the beginning of each id: a job's whole id is part of its public address.
fn shorten<'a>(text: String, ids: impl Iterator<Item = &'a str>) -> String {
    ids.fold(text, |text, id| match id.char_indices().nth(8) {
        Some((end, _)) => text.replace(id, &format!("{}{STRUCK}", &id[..end])),
        None => text,
    })
}

/// Strikes out what follows the prefix at the beginning of a word.
fn strike_words(text: &str, prefix: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-+/=".contains(letter);
    let mut struck = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find(prefix) {
        let (before, found) = rest.split_at(place);
        let behind = &found[prefix.len()..];
        struck.push_str(before);
        struck.push_str(prefix);
        rest = behind;
        if !before.ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_') {
            let end = behind.find(|letter| !is_part(letter)).unwrap_or(behind.len());
            if end > 0 {
                struck.push_str(STRUCK);
            }
            rest = &behind[end..];
        }
    }
    struck.push_str(rest);
    struck
}

/// Strikes out user, password and query of every address.
fn strike_addresses(text: &str) -> String {
    let ends = |letter: char| letter.is_whitespace() || "\"'<>`\\".contains(letter);
    let mut struck = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find("://") {
        let (before, found) = rest.split_at(place + 3);
        struck.push_str(before);
        let end = found.find(ends).unwrap_or(found.len());
        let (address, behind) = found.split_at(end);
        let (place, query) = match address.find(['?', '#']) {
            Some(query) => (&address[..query], true),
            None => (address, false),
        };
        match place.rsplit_once('@') {
            Some((_, host)) => {
                struck.push_str(STRUCK);
                struck.push('@');
                struck.push_str(host);
            }
            None => struck.push_str(place),
        }
        if query {
            struck.push('?');
            struck.push_str(STRUCK);
        }
        rest = behind;
    }
    struck.push_str(rest);
    struck
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_struck_out_whether_they_are_known_or_only_look_like_one() {
        let text = "a=MyOwnSecret b=whsec_abc123/+= c=sk_live_9x, d=(xoxb-1-2) whsec_ mask_sk_test_1";
        let struck = strike(text, &["MyOwnSecret".to_owned(), "a".to_owned()]);
        assert_eq!(struck, "a=… b=whsec_… c=sk_live_…, d=(xoxb-…) whsec_ mask_sk_test_1");
    }

    #[test]
    fn jobs_lose_most_of_their_ids_wherever_they_stand() {
        let text = "  0123456789ab  enabled\n{\"job\":\"0123456789ab\"} short".to_owned();
        let shortened = shorten(text, ["0123456789ab", "short"].into_iter());
        assert_eq!(shortened, "  01234567…  enabled\n{\"job\":\"01234567…\"} short");
    }

    #[test]
    fn addresses_lose_their_users_and_queries() {
        for (address, expected) in [
            ("mongodb://ann:pa%40ss@h1:27017,h2/db?authSource=admin end", "mongodb://…@h1:27017,h2/db?… end"),
            ("\"https://u@h/x\",\"http://127.0.0.1:4400\"", "\"https://…@h/x\",\"http://127.0.0.1:4400\""),
            ("http://h/#token=abc", "http://h/?…"),
            ("://", "://"),
        ] {
            assert_eq!(strike_addresses(address), expected);
        }
    }

    #[test]
    fn the_end_of_the_newest_log_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(log_end(folder.path()), "There is no log file.\n");
        let lines = (0..300).map(|number| format!("line {number}")).collect::<Vec<_>>().join("\n");
        std::fs::write(folder.path().join("hookline.2025-01-02.log"), lines).expect("writes");
        std::fs::write(folder.path().join("hookline.2025-01-01.log"), "older").expect("writes");
        let end = log_end(folder.path());
        assert_eq!(end.lines().count(), LOG_LINES);
        assert!(end.starts_with("line 100\n") && end.ends_with("line 299\n"), "{end}");
        assert!(log_end(&folder.path().join("none")).starts_with("The log cannot be read"));
    }
}
