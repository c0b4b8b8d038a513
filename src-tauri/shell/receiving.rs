//! What the tray's menu does with jobs: copy a URL, pause all, resume.

use hookline_engine::commands::status::WorkerJob;
use hookline_engine::commands::sync_jobs::UpdateJob;
use hookline_engine::commands::{CommandError, Commands};
use hookline_engine::event::{JobId, WorkspaceId};
use tauri::{AppHandle, Manager as _};
use tauri_plugin_clipboard_manager::ClipboardExt as _;

use super::{Shell, tray_view};

/// Copies the URL of the job `{workspaceId}/{jobId}`.
pub(crate) fn copy_url(app: &AppHandle, job: &str) {
    let Some((workspace, job)) = job.split_once('/') else { return };
    let (workspace, job) = (WorkspaceId::new(workspace), JobId::new(job));
    with_commands(app, move |app, commands| async move {
        let job = commands.sync_job(&workspace, &job, false).await?;
        if let Err(error) = app.clipboard().write_text(job.webhook_url) {
            tracing::error!(%error, "the URL could not be copied");
        }
        Ok(())
    });
}

/// Pauses all jobs that receive, and remembers which.
pub(crate) fn pause_all(app: &AppHandle) {
    with_commands(app, |app, commands| async move {
        let shell = app.state::<Shell>();
        let _alone = shell.pausing.lock().await;
        let jobs = commands.status().await?.worker.jobs;
        let (pause, remember) = to_pause(&jobs, &shell.preferences.paused_jobs());
        // Remembered first: if the app ends in the middle, all of them are resumed.
        shell.preferences.set_paused_jobs(&remember);
        set_all_enabled(&commands, pause, false).await
    });
}

/// Resumes the jobs that were paused here and are still paused; all paused ones when none was.
pub(crate) fn resume(app: &AppHandle) {
    with_commands(app, |app, commands| async move {
        let shell = app.state::<Shell>();
        let _alone = shell.pausing.lock().await;
        let jobs = commands.status().await?.worker.jobs;
        let resume = to_resume(&jobs, &shell.preferences.paused_jobs());
        set_all_enabled(&commands, resume, true).await?;
        shell.preferences.set_paused_jobs(&[]);
        Ok(())
    });
}

/// Which jobs to pause, and the ids of all that are to be resumed later: those that were paused here before and still
/// are belong to them.
fn to_pause<'a>(jobs: &'a [WorkerJob], remembered: &[String]) -> (Vec<&'a WorkerJob>, Vec<String>) {
    let (receiving, paused): (Vec<_>, Vec<_>) = jobs.iter().partition(|job| tray_view::receives(job));
    let ours = paused.into_iter().filter(|job| remembers(remembered, job));
    let ids = ours.chain(receiving.iter().copied()).map(|job| job.job_id.to_string()).collect();
    (receiving, ids)
}

/// Which jobs to resume. Those that were paused on purpose stay so, as long as there is another one: the menu, which may
/// be a moment old, offered to resume because nothing received.
fn to_resume<'a>(jobs: &'a [WorkerJob], remembered: &[String]) -> Vec<&'a WorkerJob> {
    let (receiving, paused): (Vec<_>, Vec<_>) = jobs.iter().partition(|job| tray_view::receives(job));
    let (ours, others): (Vec<_>, Vec<_>) = paused.into_iter().partition(|job| remembers(remembered, job));
    if ours.is_empty() && receiving.is_empty() { others } else { ours }
}

fn remembers(remembered: &[String], job: &WorkerJob) -> bool {
    remembered.iter().any(|id| id == job.job_id.as_str())
}

/// Goes on after an error, and tells the first one.
async fn set_all_enabled(
    commands: &Commands,
    jobs: Vec<&WorkerJob>,
    enabled: bool,
) -> Result<(), CommandError> {
    let mut result = Ok(());
    for job in jobs {
        let done = set_enabled(commands, &job.workspace_id, &job.job_id, enabled).await;
        result = result.and(done);
    }
    result
}

async fn set_enabled(
    commands: &Commands,
    workspace: &WorkspaceId,
    job: &JobId,
    enabled: bool,
) -> Result<(), CommandError> {
    let change = UpdateJob { enabled: Some(enabled), ..UpdateJob::default() };
    match commands.update_sync_job(workspace, job, change).await {
        Ok(_) => Ok(()),
        // Somebody deleted it meanwhile.
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Runs something with the engine's commands, if it runs. Errors go to the log: the menu is closed by then, and the
/// tray goes on telling the truth.
fn with_commands<F, Fut>(app: &AppHandle, work: F)
where
    F: FnOnce(AppHandle, Commands) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(), CommandError>> + Send,
{
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let Some(running) = app.state::<Shell>().engine.running_now() else { return };
        if let Err(error) = work(app, running.commands).await {
            tracing::error!(error = error.message, "the menu could not do that");
        }
    });
}

#[cfg(test)]
mod tests {
    use hookline_engine::worker::DeliveryState;

    use super::*;
    use crate::shell::failures::tests::job;

    fn paused(id: &str) -> WorkerJob {
        WorkerJob { delivery: DeliveryState::Paused, ..job(id, 0) }
    }

    fn ids(jobs: &[&WorkerJob]) -> Vec<String> {
        jobs.iter().map(|job| job.job_id.to_string()).collect()
    }

    fn pausing(jobs: &[WorkerJob], remembered: &[&str]) -> (Vec<String>, Vec<String>) {
        let remembered: Vec<String> = remembered.iter().copied().map(str::to_owned).collect();
        let (pause, remember) = to_pause(jobs, &remembered);
        (ids(&pause), remember)
    }

    fn resuming(jobs: &[WorkerJob], remembered: &[&str]) -> Vec<String> {
        let remembered: Vec<String> = remembered.iter().copied().map(str::to_owned).collect();
        ids(&to_resume(jobs, &remembered))
    }

    #[test]
    fn what_was_paused_here_is_resumed_and_nothing_else() {
        let (pause, remember) = pausing(&[job("a", 0), job("b", 0), paused("off")], &[]);
        assert_eq!(
            (pause, remember.as_slice()),
            (vec!["a".into(), "b".into()], ["a", "b"].map(str::to_owned).as_slice())
        );
        assert_eq!(resuming(&[paused("a"), paused("b"), paused("off")], &["a", "b"]), ["a", "b"]);
    }

    #[test]
    fn pausing_again_forgets_none_that_is_still_paused() {
        // `a` was switched on in the window meanwhile.
        let (pause, remember) = pausing(&[job("a", 0), paused("b"), paused("off")], &["a", "b"]);
        assert_eq!((pause, remember), (vec!["a".to_owned()], vec!["b".to_owned(), "a".to_owned()]));
        // A second click on a menu that is a moment old.
        let (pause, remember) = pausing(&[paused("a"), paused("off")], &["a"]);
        assert_eq!((pause, remember), (Vec::new(), vec!["a".to_owned()]));
    }

    #[test]
    fn a_second_click_on_resume_switches_nothing_on() {
        assert!(resuming(&[job("a", 0), paused("off")], &[]).is_empty());
    }

    #[test]
    fn where_none_was_paused_here_all_are_resumed() {
        assert_eq!(resuming(&[paused("a"), paused("b")], &["gone"]), ["a", "b"]);
    }
}
