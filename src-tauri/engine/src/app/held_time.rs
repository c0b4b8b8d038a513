//! The time by which old events are cleaned up: what it says to be old is gone for good, hence no clock is believed at once.
//!
//! A clock has to hold for a day of running time. The time is the lowest that agrees with everything that the clock has
//! shown during the last day in which Hookline ran: a clock that goes ahead is believed a day later, one that goes back at
//! once. A jump of a year and back deletes nothing; a laptop that wakes after a week cleans up a day later. How long
//! Hookline ran is written down, so that a machine that is used for an hour a day cleans up too.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::Timestamp;

/// How long a clock has to hold.
pub(super) const HOLD: Duration = Duration::from_hours(24);

/// Into how many parts the time of holding is divided; of each the lowest is kept.
const PARTS: u64 = 48;

/// What the clock has shown while Hookline ran.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeldTime {
    /// How long Hookline ran, in milliseconds.
    running_ms: u64,
    /// Oldest first.
    seen: VecDeque<Seen>,
}

/// The lowest that the clock has shown in one part.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    /// Which part of the running time.
    part: u64,
    /// The clock less the running time, in milliseconds: stays the same while the clock goes on evenly.
    offset_ms: i64,
}

impl HeldTime {
    /// Notes what the clock shows, `ran` after the last note of this process. Tells the time that has held for `hold`, which
    /// nobody knows before Hookline ran for so long.
    pub(super) fn note(&mut self, ran: Duration, now: Timestamp, hold: Duration) -> Option<Timestamp> {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let part_ms = (millis(hold) / PARTS).max(1);
        self.running_ms = self.running_ms.saturating_add(millis(ran));
        let offset_ms = now.millis().saturating_sub_unsigned(self.running_ms);
        let part = self.running_ms / part_ms;
        match self.seen.back_mut() {
            Some(last) if last.part == part => last.offset_ms = last.offset_ms.min(offset_ms),
            _ => self.seen.push_back(Seen { part, offset_ms }),
        }
        // The newest that is old enough stays, and all after it.
        while self.seen.get(1).is_some_and(|second| part - second.part > PARTS) {
            self.seen.pop_front();
        }
        let covered = self.seen.front().is_some_and(|first| part - first.part > PARTS);
        let lowest = self.seen.iter().map(|seen| seen.offset_ms).min().filter(|_| covered)?;
        Some(Timestamp::from_millis(lowest.saturating_add_unsigned(self.running_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const DAY_MS: i64 = 86_400_000;
    const NOON: Timestamp = Timestamp::from_seconds(1_790_000_000);

    /// A machine whose clock is moved while Hookline runs.
    struct Machine {
        held: HeldTime,
        now: Timestamp,
    }

    impl Machine {
        /// One that has run long enough.
        fn settled() -> Self {
            let mut machine = Self { held: HeldTime::default(), now: NOON };
            machine.run(30);
            machine
        }

        fn jump(&mut self, days: i64) {
            self.now = self.now.plus_millis(days * DAY_MS);
        }

        /// Runs for so many hours, and tells the time that is believed at the end.
        fn run(&mut self, hours: u32) -> Option<Timestamp> {
            let mut believed = None;
            for _ in 0..hours {
                self.now = self.now.plus_millis(3_600_000);
                believed = self.held.note(HOUR, self.now, HOLD);
                assert!(believed.is_none_or(|time| time <= self.now), "never ahead of the clock");
            }
            believed
        }
    }

    #[test]
    fn an_even_clock_is_believed_after_a_day_and_from_then_on() {
        let mut machine = Machine { held: HeldTime::default(), now: NOON };
        assert_eq!(machine.run(24), None);
        assert_eq!(machine.run(2), Some(machine.now));
        assert_eq!(machine.run(500), Some(machine.now));
        assert!(machine.held.seen.len() <= 50, "{}", machine.held.seen.len());
    }

    #[test]
    fn a_year_ahead_and_back_within_a_day_is_never_believed() {
        for hours in [0, 1, 5, 23] {
            let mut machine = Machine::settled();
            machine.jump(365);
            for _ in 0..hours {
                let ahead = machine.run(1).expect("is known");
                assert!(ahead <= machine.now.plus_millis(-365 * DAY_MS), "{ahead}");
            }
            machine.jump(-365);
            assert_eq!(machine.run(1), Some(machine.now));
            assert_eq!(machine.run(100), Some(machine.now));
        }
    }

    #[test]
    fn a_week_asleep_is_believed_a_day_later() {
        let mut machine = Machine::settled();
        machine.jump(7);
        assert_eq!(machine.run(23), Some(machine.now.plus_millis(-7 * DAY_MS)));
        assert_eq!(machine.run(3), Some(machine.now));
    }

    #[test]
    fn a_clock_that_goes_back_is_believed_at_once_and_forward_again_a_day_later() {
        let mut machine = Machine::settled();
        machine.jump(-20_000);
        assert_eq!(machine.run(1), Some(machine.now));
        machine.jump(20_000);
        assert_eq!(machine.run(1), Some(machine.now.plus_millis(-20_000 * DAY_MS)));
        assert_eq!(machine.run(26), Some(machine.now));
    }

    #[test]
    fn a_machine_that_runs_for_an_hour_a_day_cleans_up_too_across_restarts() {
        let mut machine = Machine::settled();
        for _ in 0..60 {
            machine.jump(1);
            // What was written down is read again.
            let text = serde_json::to_string(&machine.held).expect("is written");
            machine.held = serde_json::from_str(&text).expect("is read");
            let believed = machine.run(1).expect("is known");
            assert!(believed >= machine.now.plus_millis(-27 * DAY_MS), "{believed}");
        }
    }
}
