//! Native notifications: that events failed or cannot be delivered, or that providers cannot reach the tunnel, while nobody
//! looks at the window.

use hookline_engine::commands::Commands;
use hookline_engine::commands::events::EventQuery;
use hookline_engine::event::EventStatus;
use tauri::{AppHandle, Manager as _};
use tauri_plugin_notification::NotificationExt as _;

use super::failures::{Happened, Notice};
use super::page::PageCommand;
use super::tunnel_news::TunnelNotice;
use super::{Shell, links, window};

/// Under this name a notification carries the page's path that it is about.
const PATH: &str = "path";
/// Where the tunnel is set up.
const TUNNEL_PATH: &str = "/settings/tunnel";
/// The longest error that is shown, in characters: a notification is a few lines.
const MAX_ERROR_CHARS: usize = 160;

/// From now on a click on a notification shows what it is about, where the system tells of clicks.
pub(crate) fn listen(app: &AppHandle) {
    let opened = app.clone();
    let listening = app.notification().on_action(move |action| {
        let path = action.notification().and_then(|notification| notification.extra().get(PATH)?.as_str());
        if let Some(path) = path {
            opened.state::<Shell>().page.command(PageCommand::Navigate { path: path.to_owned() });
        }
        window::open(&opened);
    });
    if let Err(error) = listening {
        tracing::warn!(%error, "clicks on notifications are not heard");
    }
}

/// Tells the user, unless they do not want to be told.
pub(crate) async fn show(app: &AppHandle, commands: &Commands, notices: Vec<Notice>) {
    if !app.state::<Shell>().preferences.notifies_of_failures() {
        return;
    }
    for notice in notices {
        let error = match &notice.what {
            Happened::Failed(_) => newest_error(commands, &notice).await,
            Happened::CannotDeliver(error) => Some(error.clone()),
        };
        let (title, body) = text(&notice, error.as_deref());
        let shown = app
            .notification()
            .builder()
            .title(title)
            .body(body)
            .extra(PATH, links::job_path(notice.job.job_id.as_str()))
            .show();
        if let Err(error) = shown {
            tracing::warn!(%error, "a notification could not be shown");
        }
    }
}

/// Tells the user about the tunnel, unless they do not want to be told.
pub(crate) fn show_tunnel(app: &AppHandle, notices: Vec<TunnelNotice>) {
    if !app.state::<Shell>().preferences.notifies_of_failures() {
        return;
    }
    for notice in notices {
        let body = shortened(&notice.body);
        let shown =
            app.notification().builder().title(notice.title).body(body).extra(PATH, TUNNEL_PATH).show();
        if let Err(error) = shown {
            tracing::warn!(%error, "a notification could not be shown");
        }
    }
}

async fn newest_error(commands: &Commands, notice: &Notice) -> Option<String> {
    let query = EventQuery {
        job_id: Some(notice.job.job_id.clone()),
        statuses: vec![EventStatus::Failed],
        limit: 1,
        ..EventQuery::default()
    };
    // The job may be gone by now; then there is nothing more to say.
    let list = commands.events(&notice.job.workspace_id, query).await.ok()?;
    list.events.into_iter().next()?.error
}

/// Title and body.
fn text(notice: &Notice, error: Option<&str>) -> (String, String) {
    let name = &notice.job.name;
    let title = match notice.what {
        Happened::Failed(1) => format!("An event of {name} failed"),
        Happened::Failed(count) => format!("{count} events of {name} failed"),
        Happened::CannotDeliver(_) => format!("{name} cannot deliver"),
    };
    (title, shortened(error.unwrap_or("Hookline tells why.")))
}

fn shortened(text: &str) -> String {
    let mut body: String = text.chars().take(MAX_ERROR_CHARS).collect();
    if text.chars().nth(MAX_ERROR_CHARS).is_some() {
        body.push('…');
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::failures::tests::job;

    fn notice(what: Happened) -> Notice {
        Notice { job: job("a", 1), what }
    }

    #[test]
    fn a_notification_says_how_many_of_what_failed_and_why() {
        let (title, body) = text(&notice(Happened::Failed(12)), Some("connection refused"));
        assert_eq!((title.as_str(), body.as_str()), ("12 events of Job a failed", "connection refused"));
        assert_eq!(text(&notice(Happened::Failed(1)), None).0, "An event of Job a failed");
        assert_eq!(text(&notice(Happened::CannotDeliver(String::new())), None).0, "Job a cannot deliver");
    }

    #[test]
    fn a_long_error_is_cut() {
        let (_, body) = text(&notice(Happened::Failed(1)), Some(&"é".repeat(500)));
        assert_eq!(body.chars().count(), MAX_ERROR_CHARS + 1);
        assert!(body.ends_with('…'));
    }
}
