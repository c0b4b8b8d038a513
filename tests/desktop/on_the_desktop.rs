//! The desktop app from outside: its real window on a virtual screen, real webhooks over HTTP.
//!
//! `cargo xtask test --only desktop` builds the app, and gives these tests a screen, a bus and a driver.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use hookline_tests::desktop::{self, Desktop, until};
use hookline_tests::process::{Hookline, Job, client, program};
use hookline_tests::screen::Screen;
use hookline_tests::webhooks::{customer, now_seconds, post_stripe, stripe_event};
use serde_json::{Value, json};

/// The window's title.
const TITLE: &str = "Hookline";

/// Runs a command of the command line on the data directory of the running app; its output as JSON.
fn command(data_dir: &Path, arguments: &[&str]) -> Result<Value> {
    let output =
        Command::new(program()).arg("--data-dir").arg(data_dir).args(arguments).arg("--json").output()?;
    ensure!(
        output.status.success(),
        "hookline {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Makes a job from Stripe to documents of the running app.
fn make_job(data_dir: &Path) -> Result<Job> {
    let job = command(data_dir, &["jobs", "create", "--source", "stripe", "--destination", "local"])?;
    let text = |name: &str| job[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
    Ok(Job { id: text("id")?, url: text("webhookUrl")?, secret: text("webhookSecret")? })
}

async fn send(job: &Job, id: &str, object: &str) -> Result<()> {
    let event = stripe_event(id, "customer.created", now_seconds(), &customer(object, "Ada"));
    let (status, answer) = post_stripe(&client(), job, event.to_string()).await;
    ensure!(status == 200 && answer["received"] == true, "{status}: {answer}");
    Ok(())
}

/// Writes the device's preferences before the app starts.
fn prefer(data_dir: &Path, preferences: &Value) -> Result<()> {
    Ok(std::fs::write(data_dir.join("preferences.json"), preferences.to_string())?)
}

/// Waits until the app's window of this title can be seen, or until it cannot.
async fn window_of(screen: &Screen, pid: u32, title: &str, visible: bool) -> Result<()> {
    let what = format!("{title:?} {}", if visible { "can be seen" } else { "is gone" });
    until(&what, async || Ok((screen.visible(pid, title)?.is_empty() != visible).then_some(()))).await
}

async fn window_is(screen: &Screen, pid: u32, visible: bool) -> Result<()> {
    window_of(screen, pid, TITLE, visible).await
}

/// Starts the app once more on the same data directory, with another argument.
async fn start_again(data_dir: &Path, argument: Option<&str>) -> Result<()> {
    let second = tokio::process::Command::new(desktop::program()?)
        .args(desktop::arguments(data_dir))
        .args(argument)
        .kill_on_drop(true)
        .status();
    let status = tokio::time::timeout(hookline_tests::process::PATIENCE, second).await??;
    ensure!(status.success(), "the second start ended with {status}");
    Ok(())
}

/// Closes the app's window as a window manager does.
async fn close_window(screen: &Screen, pid: u32) -> Result<()> {
    window_is(screen, pid, true).await?;
    for window in screen.visible(pid, TITLE)? {
        screen.close(window)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_made_in_the_window_receives_and_everything_is_there_after_a_restart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let app = Desktop::open(folder.path()).await?;

    // The first start explains itself and leads to a job.
    app.says("Webhooks, received and kept on your machine").await?;
    app.press("Connect Stripe").await?;
    app.find("//label[normalize-space(.)='This machine']").await?.click().await?;
    app.find("//button[@type='submit'][contains(., 'Add sync job')]").await?.click().await?;

    // URL and secret are read off the window, as a person would.
    let url = app.find("//section[@aria-label='Webhook URL']//code").await?.text().await?;
    app.press("Show the signing secret").await?;
    // The words beside it tell what a secret begins with.
    let secret =
        "//section[@aria-label='Signing secret']//code[starts-with(., 'whsec_')][string-length(.) > 16]";
    let secret = app.find(secret).await?;
    let job = Job {
        id: url.rsplit('/').next().context("the URL ends with the job's id")?.to_owned(),
        url: url.clone(),
        secret: secret.text().await?,
    };
    send(&job, "evt_1", "cus_ada").await?;
    app.says("The connection works").await?;

    app.press("Show events").await?;
    app.find("//*[@role='row'][contains(., 'customer.created')][contains(., 'Completed')]")
        .await?
        .click()
        .await?;
    app.press("Replay").await?;
    app.press("Replay event").await?;
    until("the event was applied twice", async || {
        let events = command(folder.path(), &["events", "list", "--job", &job.id])?;
        let id = events[0]["id"].as_str().context("there is an event")?;
        let event = command(folder.path(), &["events", "show", id])?;
        let attempts = event["history"].as_array().context("an event has a history")?.len();
        Ok((attempts == 2 && event["status"] == "completed").then_some(()))
    })
    .await?;
    app.quit().await?;

    let app = Desktop::open(folder.path()).await?;
    app.find("//*[@role='row'][contains(., 'customer.created')][contains(., 'Completed')]").await?;
    send(
        &Job {
            url: command(folder.path(), &["jobs", "list"])?[0]["webhookUrl"]
                .as_str()
                .context("a URL")?
                .to_owned(),
            ..job
        },
        "evt_2",
        "cus_bea",
    )
    .await?;
    app.find("//*[@role='row'][contains(., 'cus_bea')]").await?;
    app.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_window_leaves_it_receiving_and_a_second_start_opens_the_window_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    prefer(folder.path(), &json!({"shell.closeExplained": true}))?;
    let app = Desktop::open(folder.path()).await?;
    let screen = Screen::connect()?;
    let job = make_job(folder.path())?;

    close_window(&screen, app.pid).await?;
    window_is(&screen, app.pid, false).await?;
    ensure!(app.is_running(), "the app ended with its window");
    send(&job, "evt_1", "cus_ada").await?;

    start_again(folder.path(), None).await?;
    window_is(&screen, app.pid, true).await?;
    // What came in while nobody saw the page is there.
    app.find("//nav//a[starts-with(normalize-space(.), 'Events')]").await?.click().await?;
    app.find("//*[@role='row'][contains(., 'cus_ada')]").await?;
    app.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_its_event_in_the_window_that_is_there() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let app = Desktop::open(folder.path()).await?;
    let job = make_job(folder.path())?;
    send(&job, "evt_1", "cus_ada").await?;
    let events = command(folder.path(), &["events", "list", "--job", &job.id])?;
    let event = events[0]["id"].as_str().context("there is an event")?;

    start_again(folder.path(), Some(&format!("hookline://event/{}/{event}", job.id))).await?;
    app.find("//*[@role='tab'][contains(., 'Payload')]").await?;
    app.says("evt_1").await?;
    app.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_time_the_window_is_closed_it_asks_what_is_meant() -> Result<()> {
    const QUESTION: &str = "Keep receiving webhooks?";
    let folder = tempfile::tempdir()?;
    let app = Desktop::open(folder.path()).await?;
    let screen = Screen::connect()?;
    make_job(folder.path())?;

    close_window(&screen, app.pid).await?;
    window_of(&screen, app.pid, QUESTION, true).await?;
    // Who answers nothing has decided nothing.
    for question in screen.visible(app.pid, QUESTION)? {
        screen.close(question)?;
    }
    window_of(&screen, app.pid, QUESTION, false).await?;
    window_is(&screen, app.pid, true).await?;
    ensure!(app.is_running(), "the app ended with the question");

    close_window(&screen, app.pid).await?;
    window_of(&screen, app.pid, QUESTION, true).await?;
    app.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_window_ends_the_app_where_that_was_chosen() -> Result<()> {
    let folder = tempfile::tempdir()?;
    prefer(folder.path(), &json!({"keepReceivingWhenClosed": false}))?;
    let app = Desktop::open(folder.path()).await?;
    let screen = Screen::connect()?;
    let job = make_job(folder.path())?;
    send(&job, "evt_1", "cus_ada").await?;

    close_window(&screen, app.pid).await?;
    app.ended().await?;

    // It gave the data directory back whole.
    let hookline = Hookline::start(folder.path()).await;
    ensure!(hookline.events(&job, "").await.len() == 1, "the event was lost");
    hookline.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_whose_engine_cannot_start_says_why_and_tries_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let other = Hookline::start(folder.path()).await;
    let app = Desktop::open(folder.path()).await?;
    app.find("//*[@role='alert'][contains(., 'Hookline cannot start')]").await?;
    other.stop().await;
    app.press("Try again").await?;
    app.says("Webhooks, received and kept on your machine").await?;
    app.quit().await
}
