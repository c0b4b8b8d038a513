//! A process that dies at any moment loses nothing that it answered with 2xx, does nothing twice, and leaves nothing half
//! done.
//!
//! `HOOKLINE_TEST_CRASHES` says how many times it dies, over all tests here; more than usual for a longer proof.

use std::time::Duration;

use hookline_tests::process::Hookline;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::load::{Load, quiet};

/// How many crashes one test of `parts` equal ones is to see.
pub(super) fn crashes(parts: usize) -> usize {
    let all = std::env::var("HOOKLINE_TEST_CRASHES").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    (all / parts).max(1)
}

#[tokio::test]
async fn every_event_answered_before_a_kill_is_there_once_and_its_document_is_right() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hookline = Hookline::start_as(quiet(folder.path(), &[])).await;
    let load = Load::new(&hookline).await;
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..crashes(3) {
        let senders = load.send(&hookline);
        let before = load.answered();
        // Now and then before the first answer.
        if random.random_bool(0.8) {
            let some = random.random_range(1..60);
            while load.answered() < before + some && !senders.is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        hookline.kill().await;
        senders.join_all().await;
        hookline = Hookline::start_as(quiet(folder.path(), &[])).await;
    }
    load.check(&hookline).await;
    assert_eq!(hookline.stop().await, Some(0));
}

#[cfg(feature = "faults")]
mod points {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use hookline_engine::faults::Point;

    use super::*;

    /// The points that events pass, each with the highest pass at which the process dies there.
    const JOURNEY: [(Point, u64); 10] = [
        // The first, because it needs more events than the others, and passes once.
        (Point::WithinTraining, 1),
        (Point::AfterAccept, 60),
        (Point::BeforeCommit, 40),
        (Point::AfterCommit, 40),
        (Point::AfterClaim, 20),
        (Point::AfterBurial, 6),
        (Point::WithinWrites, 20),
        (Point::AfterApply, 20),
        (Point::AfterRecord, 20),
        (Point::WithinIndexing, 8),
    ];

    #[tokio::test]
    async fn a_process_that_dies_at_any_point_of_the_journey_loses_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let hookline = Hookline::start_as(quiet(folder.path(), &[])).await;
        let load = Load::new(&hookline).await;
        hookline.kill().await;
        let mut random = StdRng::seed_from_u64(11);
        let times = (crashes(2) / JOURNEY.len()).max(2);
        for (point, highest) in JOURNEY {
            for time in 0..times {
                let at = if time == 0 { 1 } else { random.random_range(1..=highest) };
                die_under_load(&load, folder.path(), point, at).await;
            }
            let hookline = Hookline::start_as(quiet(folder.path(), &[])).await;
            load.check(&hookline).await;
            hookline.kill().await;
        }
    }

    #[test]
    fn every_point_is_reached_by_some_test() {
        let reached: Vec<Point> =
            JOURNEY.iter().map(|(point, _)| *point).chain(crate::faults::maintenance::POINTS).collect();
        for point in Point::ALL {
            assert!(reached.contains(point), "no test lets the process die {}", point.name());
        }
    }

    /// Starts the process, which may die before it is ready, and sends until it dies.
    async fn die_under_load(load: &Load, folder: &std::path::Path, point: Point, at: u64) {
        let ended = match Hookline::start_or_end(quiet(folder, &fault(point, at))).await {
            Err(ended) => Some(ended),
            Ok(mut hookline) => {
                let senders = load.send(&hookline);
                let ended = hookline.ended().await;
                drop(hookline);
                senders.join_all().await;
                ended
            }
        };
        assert_killed(ended, point, at);
    }

    /// The variable that lets a process die.
    pub(in crate::faults) fn fault(point: Point, at: u64) -> Vec<(&'static str, String)> {
        vec![("HOOKLINE_FAULT", format!("{}:{at}", point.name()))]
    }

    /// Whether it died at the point: by the signal that nothing else sends.
    pub(in crate::faults) fn assert_killed(ended: Option<ExitStatus>, point: Point, at: u64) {
        let signal = ended.and_then(|ended| ended.signal());
        assert_eq!(signal, Some(9), "{}:{at} was not reached: {ended:?}", point.name());
    }
}

#[cfg(feature = "faults")]
pub(super) use points::{assert_killed, fault};
