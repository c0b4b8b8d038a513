//! What the tray's menu does with jobs: copy a URL, pause all, resume.

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
        let jobs = commands.status().await?.worker.jobs;
        let receiving: Vec<_> = jobs.into_iter().filter(tray_view::receives).collect();
        // Remembered first: if the app ends in the middle, all of them are resumed.
        let ids: Vec<String> = receiving.iter().map(|job| job.job_id.to_string()).collect();
        app.state::<Shell>().preferences.set_paused_jobs(&ids);
        for job in receiving {
            set_enabled(&commands, &job.workspace_id, &job.job_id, false).await?;
        }
        Ok(())
    });
}

/// Resumes the jobs that were paused here and are still paused; all paused ones when none was.
pub(crate) fn resume(app: &AppHandle) {
    with_commands(app, |app, commands| async move {
        let jobs = commands.status().await?.worker.jobs;
        let paused = jobs.into_iter().filter(|job| !tray_view::receives(job));
        let (ours, others): (Vec<_>, Vec<_>) = {
            let ids = app.state::<Shell>().preferences.paused_jobs();
            paused.partition(|job| ids.iter().any(|id| id == job.job_id.as_str()))
        };
        for job in if ours.is_empty() { others } else { ours } {
            set_enabled(&commands, &job.workspace_id, &job.job_id, true).await?;
        }
        app.state::<Shell>().preferences.set_paused_jobs(&[]);
        Ok(())
    });
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
