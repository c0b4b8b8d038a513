//! A clock that jumps: ids, order, duplicates, retries, cleanup, numbers of the day, signatures and secrets.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

use hookline_tests::process::{Hookline, Job, client, text};
use hookline_tests::webhooks::{customer, now_seconds, post_stripe_at, stripe_event};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::load::{all_events, quiet};

pub(super) const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// So many times as often happens what happens every minute, hour or day: every 20 ms, 1.2 s, 29 s.
const HASTE: i64 = 3_000;

/// How far the clock of a process is from that of this machine; it can be set while the process runs.
pub(super) struct Clock {
    folder: tempfile::TempDir,
    shift_ms: AtomicI64,
}

impl Clock {
    pub(super) fn new(shift_ms: i64) -> Self {
        let clock = Self { folder: tempfile::tempdir().expect("a folder"), shift_ms: AtomicI64::new(0) };
        clock.set(shift_ms);
        clock
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("shift")
    }

    pub(super) fn set(&self, shift_ms: i64) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, shift_ms.to_string()).expect("is written");
        std::fs::rename(new, self.file()).expect("is renamed");
        self.shift_ms.store(shift_ms, Ordering::SeqCst);
    }

    /// Sets the clock to a time, from which it goes on.
    fn set_to(&self, time: &str) {
        let time = chrono::DateTime::parse_from_rfc3339(time).expect("is a time");
        self.set((time.timestamp() - now_seconds()) * 1000);
    }

    /// What the clock shows, in seconds since 1970.
    pub(super) fn now_seconds(&self) -> i64 {
        now_seconds() + self.shift_ms.load(Ordering::SeqCst) / 1000
    }

    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HOOKLINE_FAULT_CLOCK", self.file().display().to_string()),
            ("HOOKLINE_FAULT_HASTE", HASTE.to_string()),
        ]
    }
}

/// Writes down, as if it had run for so long, that the clock has held, `shift_ms` from this machine's.
pub(super) fn held_for_long(folder: &Path, shift_ms: i64) {
    let part_ms = DAY_MS / HASTE / 48;
    let running_ms = 1_000 * part_ms;
    let offset_ms = now_seconds() * 1000 + shift_ms - running_ms;
    let seen: Vec<Value> = (900..=1_000).map(|part| json!({"part": part, "offsetMs": offset_ms})).collect();
    let held = json!({"runningMs": running_ms, "seen": seen}).to_string();
    let connection = rusqlite::Connection::open(folder.join("hookline.db")).expect("opens");
    connection
        .execute(
            "INSERT INTO app_settings (name, value, updated_at) VALUES ('held-time', ?1, 0)
             ON CONFLICT (name) DO UPDATE SET value = ?1",
            [held],
        )
        .expect("is written");
}

/// How long the process says that it ran, in milliseconds: grows with each look for what is to be cleaned up.
fn running_ms(folder: &Path) -> i64 {
    let connection = rusqlite::Connection::open(folder.join("hookline.db")).expect("opens");
    let held: String = connection
        .query_row(
            "SELECT coalesce(max(value), '{}') FROM app_settings WHERE name = 'held-time'",
            [],
            |row| row.get(0),
        )
        .expect("is read");
    serde_json::from_str::<Value>(&held).expect("is JSON")["runningMs"].as_i64().unwrap_or(0)
}

/// Waits until the process has looked so many times for what is to be cleaned up.
async fn looked(folder: &Path, times: usize) {
    for _ in 0..times {
        let before = running_ms(folder);
        let wait = async {
            while running_ms(folder) == before {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(hookline_tests::process::PATIENCE, wait).await.expect("looks again");
    }
}

async fn start(folder: &Path, clock: &Clock) -> Hookline {
    Hookline::start_as(quiet(folder, &clock.environment())).await
}

async fn local_job(hookline: &Hookline) -> Job {
    hookline.job("stripe", json!({"name": "local", "kind": "local"}), json!({})).await
}

/// Posts an update of the one customer, that happened `number` seconds after a time long ago, signed by the process's clock.
async fn post(clock: &Clock, job: &Job, number: i64) -> Value {
    let body = update(number);
    let (status, answer) = post_stripe_at(&client(), job, body, clock.now_seconds()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

fn update(number: i64) -> String {
    let object = customer("cus_1", &format!("name {number}"));
    stripe_event(&format!("evt_{number}"), "customer.updated", 1_700_000_000 + number, &object).to_string()
}

async fn name(hookline: &Hookline) -> String {
    let destinations = hookline.get("/workspaces/default/destinations").await;
    let local = text(&destinations["destinations"][0]["id"]);
    let path = format!(
        "/workspaces/default/destinations/{local}/documents/one?collection=stripe_customers&id=cus_1"
    );
    text(&hookline.get(&path).await["name"])
}

#[tokio::test]
async fn ids_duplicates_and_the_newest_state_do_not_hang_on_the_clock() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::new(0);
    let hookline = start(folder.path(), &clock).await;
    let job = local_job(&hookline).await;
    let mut number = 0;
    for shift_ms in [0, 365 * DAY_MS, -DAY_MS, -10 * 365 * DAY_MS, HOUR_MS, -HOUR_MS, 7 * DAY_MS, 0] {
        clock.set(shift_ms);
        number += 10;
        post(&clock, &job, number).await;
        hookline.settled(&job).await;
        assert_eq!(post(&clock, &job, number).await["duplicate"], true);
        // Older news comes later, as it may.
        post(&clock, &job, number - 5).await;
        hookline.settled(&job).await;
        assert_eq!(name(&hookline).await, format!("name {number}"), "at {shift_ms}");
    }
    let events = all_events(&hookline, &job).await;
    let ids: Vec<i64> = events.iter().map(|event| text(&event["id"]).parse().expect("an id")).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    let counts = hookline.by_status(&job).await;
    assert_eq!((&counts["completed"], &counts["skipped"]), (&json!(8), &json!(8)), "{counts}");
    let found = hookline.post("/maintenance/check", json!({})).await;
    assert_eq!(found["ok"], true, "{found}");
}

#[tokio::test]
async fn a_signature_by_the_right_time_is_refused_only_while_this_clock_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::new(0);
    let hookline = start(folder.path(), &clock).await;
    let job = local_job(&hookline).await;
    let http = client();
    for (number, shift_ms) in [DAY_MS, -DAY_MS].into_iter().enumerate() {
        clock.set(shift_ms);
        let (status, answer) = post_stripe_at(&http, &job, update(number as i64), now_seconds()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{answer}");
        // The provider repeats it, and is heard.
        clock.set(0);
        let (status, answer) = post_stripe_at(&http, &job, update(number as i64), now_seconds()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
}

#[tokio::test]
async fn a_year_ahead_and_back_cleans_up_nothing_that_is_young() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::new(-40 * DAY_MS);
    let hookline = start(folder.path(), &clock).await;
    let job = local_job(&hookline).await;
    let old = post(&clock, &job, 1).await;
    hookline.settled(&job).await;
    assert_eq!(hookline.stop().await, Some(0));
    held_for_long(folder.path(), 0);

    // That the old one goes proves that cleaning up is at work.
    clock.set(0);
    let hookline = start(folder.path(), &clock).await;
    let stats = format!("/workspaces/default/sync-jobs/{}/webhook/stats", job.id);
    hookline.until_get(&stats, |stats| stats["total"] == 0).await;
    let path = job.url.split_once("/api/").expect("is a URL of the receiver").1;
    let job = Job { url: format!("{}/api/{path}", hookline.ready.receiver), ..job };
    for number in 2..6 {
        post(&clock, &job, number).await;
    }
    hookline.settled(&job).await;
    clock.set(365 * DAY_MS);
    looked(folder.path(), 3).await;
    post(&clock, &job, 6).await;
    clock.set(-365 * DAY_MS);
    post(&clock, &job, 7).await;
    looked(folder.path(), 2).await;
    clock.set(0);
    looked(folder.path(), 2).await;
    hookline.settled(&job).await;
    let events = all_events(&hookline, &job).await;
    assert_eq!(events.len(), 6, "{events:?}");
    assert!(events.iter().all(|event| event["id"] != old["eventId"]));
}

#[tokio::test]
async fn a_retry_is_made_soon_after_the_clock_was_set_back_and_after_a_week_asleep_and_not_more_often() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::new(0);
    let hookline = start(folder.path(), &clock).await;
    let target = crate::journey::Target::default();
    target.answer_next(&[500, 500, 200]);
    let url = target.start().await;
    let job = hookline.job("stripe", json!({"name": "app", "kind": "http", "url": url}), json!({})).await;
    let answer = post(&clock, &job, 1).await;
    let event = text(&answer["eventId"]);
    let path = format!("/workspaces/default/sync-jobs/{}/webhook/events/{event}", job.id);
    let after = async |attempts: u64| {
        let event = hookline
            .until_get(&path, |event| {
                event["attempts"].as_u64() >= Some(attempts) && event["status"] != "processing"
            })
            .await;
        assert!(target.seen() as u64 >= attempts, "{event}");
    };
    after(1).await;
    clock.set(-365 * DAY_MS);
    after(2).await;
    // Asleep: the clock went on, the process's timers did not.
    clock.set(-358 * DAY_MS);
    after(3).await;
    assert_eq!(hookline.event(&job, &event).await["status"], "completed");
    assert_eq!(hookline.event(&job, &event).await["history"].as_array().map(Vec::len), Some(3));
    assert_eq!(target.seen(), 3, "no attempt beside these");
}

#[tokio::test]
async fn today_is_the_local_day_when_it_has_23_or_25_hours_and_begins_at_one() {
    for (zone, posts) in [
        // Clocks go back at three: the day has 25 hours.
        (
            "CET-1CEST,M3.5.0,M10.5.0/3",
            [
                ("2026-10-24T23:50:00+02:00", 1),
                ("2026-10-25T00:10:00+02:00", 1),
                ("2026-10-25T02:30:00+02:00", 2),
                ("2026-10-25T02:30:00+01:00", 3),
                ("2026-10-25T23:50:00+01:00", 4),
                ("2026-10-26T00:10:00+01:00", 1),
            ],
        ),
        // Clocks go forward at midnight: the day begins at one o'clock.
        (
            "CST5CDT,M3.2.0/0,M11.1.0/1",
            [
                ("2026-03-07T00:10:00-05:00", 1),
                ("2026-03-07T23:50:00-05:00", 2),
                ("2026-03-08T01:10:00-04:00", 1),
                ("2026-03-08T12:00:00-04:00", 2),
                ("2026-03-08T23:50:00-04:00", 3),
                ("2026-03-09T00:10:00-04:00", 1),
            ],
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::new(0);
        let mut command = quiet(folder.path(), &clock.environment());
        command.env("TZ", zone);
        let hookline = Hookline::start_as(command).await;
        let job = local_job(&hookline).await;
        let base = format!("/workspaces/default/sync-jobs/{}/webhook", job.id);
        for (number, (time, today)) in posts.into_iter().enumerate() {
            clock.set_to(time);
            post(&clock, &job, number as i64).await;
            assert_eq!(hookline.get(&format!("{base}/stats")).await["today"], today, "{time} in {zone}");
            let overview = hookline.get("/workspaces/default/overview").await;
            assert_eq!(overview["jobs"][0]["today"], today, "{time} in {zone}: {overview}");
        }
        // Hour by hour, none is lost or counted twice.
        let path = format!("{base}/activity?from=2026-03-01T00:00:00Z&to=2026-11-01T00:00:00Z&buckets=500");
        let activity = hookline.get(&path).await;
        let points = activity["points"].as_array().expect("is a list");
        assert_eq!(points.iter().filter_map(|point| point["received"].as_u64()).sum::<u64>(), 6);
        assert!(points.windows(2).all(|pair| text(&pair[0]["at"]) < text(&pair[1]["at"])));

        // What was received by a clock that is ahead is no news of today.
        clock.set_to("2026-12-24T12:00:00Z");
        post(&clock, &job, 100).await;
        clock.set_to(posts[5].0);
        assert_eq!(hookline.get(&format!("{base}/stats")).await["today"], 1, "{zone}");
    }
}

#[tokio::test]
async fn a_replaced_secret_counts_for_its_hours_and_not_for_a_year_when_the_clock_is_set_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::new(0);
    let hookline = start(folder.path(), &clock).await;
    let old = local_job(&hookline).await;
    let rotate = format!("/workspaces/default/sync-jobs/{}/webhook/regenerate-secret", old.id);
    let answer = hookline.post(&rotate, json!({"keepOldForHours": 24})).await;
    let new = Job { secret: text(&answer["webhookSecret"]), ..old.clone() };
    for (number, (shift_ms, expected)) in [
        (0, StatusCode::OK),
        (23 * HOUR_MS, StatusCode::OK),
        (25 * HOUR_MS, StatusCode::UNAUTHORIZED),
        (365 * DAY_MS, StatusCode::UNAUTHORIZED),
        (0, StatusCode::OK),
        (-HOUR_MS, StatusCode::OK),
        (-365 * DAY_MS, StatusCode::UNAUTHORIZED),
    ]
    .into_iter()
    .enumerate()
    {
        clock.set(shift_ms);
        let http = client();
        let number = number as i64 * 2;
        let (status, _) = post_stripe_at(&http, &old, update(number), clock.now_seconds()).await;
        assert_eq!(status, expected, "{shift_ms}");
        let (status, _) = post_stripe_at(&http, &new, update(number + 1), clock.now_seconds()).await;
        assert_eq!(status, StatusCode::OK, "{shift_ms}");
    }
}

#[tokio::test]
async fn what_is_deleted_stays_deleted_when_the_clock_was_a_year_ahead_meanwhile() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::new(0);
    let hookline = start(folder.path(), &clock).await;
    let job = local_job(&hookline).await;
    let delete = async |number: i64, id: &str| {
        let at = 1_700_000_000 + number;
        let event = stripe_event(&format!("evt_{number}"), "customer.deleted", at, &customer(id, "Ada"));
        let posted = post_stripe_at(&client(), &job, event.to_string(), clock.now_seconds()).await;
        assert_eq!(posted.0, StatusCode::OK, "{}", posted.1);
        hookline.settled(&job).await;
    };
    post(&clock, &job, 1).await;
    delete(3, "cus_1").await;
    // Each deletion clears away what has expired.
    clock.set(365 * DAY_MS);
    delete(4, "cus_2").await;
    clock.set(0);
    post(&clock, &job, 2).await;
    hookline.settled(&job).await;
    let late = &hookline.events(&job, "limit=1").await[0];
    assert_eq!((&late["status"], &late["reason"]), (&json!("skipped"), &json!("stale")), "{late}");
}
