//! What the steps came to: counts, the table, the last line.

use std::fmt::{self, Write};
use std::ops::AddAssign;
use std::time::Duration;

/// How many checks passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// What became of one step.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) name: &'static str,
    pub(super) counts: Counts,
    pub(super) duration: Duration,
}

impl Counts {
    pub(crate) const ONE_PASSED: Self = Self { passed: 1, failed: 0 };
    pub(crate) const ONE_FAILED: Self = Self { passed: 0, failed: 1 };

    /// Reads the line with which a test program ends, such as
    /// `test result: ok. 12 passed; 0 failed; 1 ignored; …`, coloured or not. `None` for any other line.
    pub(super) fn from_harness(line: &str) -> Option<Self> {
        let (_, result) = line.trim_end().strip_prefix("test result: ")?.split_once(". ")?;
        let count = |word: &str| {
            result.split(';').find_map(|part| part.trim().strip_suffix(word)?.trim().parse::<u64>().ok())
        };
        Some(Self { passed: count("passed")?, failed: count("failed")? })
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// All counts together.
pub(super) fn total(outcomes: &[Outcome]) -> Counts {
    let mut total = Counts::default();
    for outcome in outcomes {
        total += outcome.counts;
    }
    total
}

/// One line per step: its name, its result, how long it took.
pub(super) fn table(outcomes: &[Outcome]) -> String {
    let mut table = format!("{:<14}{:<10}{:>8}   {}\n", "step", "result", "time", "checks");
    for Outcome { name, counts, duration } in outcomes {
        let result = if counts.failed == 0 { "ok" } else { "FAILED" };
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{name:<14}{result:<10}{:>8}   {counts}", spent(*duration));
    }
    table
}

fn spent(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{}:{:02} m", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_harness_line_is_counted_coloured_or_not() {
        let counts = Some(Counts { passed: 12, failed: 1 });
        let plain = "test result: FAILED. 12 passed; 1 failed; 3 ignored; 0 measured; 2 filtered out; finished in 0.01s\n";
        assert_eq!(Counts::from_harness(plain), counts);
        let coloured = "test result: \u{1b}[31mFAILED\u{1b}(B\u{1b}[m. 12 passed; 1 failed; 3 ignored\n";
        assert_eq!(Counts::from_harness(coloured), counts);
    }

    #[test]
    fn other_lines_are_not_counted() {
        for line in ["test passed ... ok", "running 3 tests", "", "test result: unknown"] {
            assert_eq!(Counts::from_harness(line), None, "{line}");
        }
    }

    #[test]
    fn the_last_line_adds_every_step_up() {
        let step = |counts| Outcome { name: "x", counts, duration: Duration::ZERO };
        let outcomes =
            [step(Counts::ONE_PASSED), step(Counts { passed: 40, failed: 2 }), step(Counts::ONE_FAILED)];
        assert_eq!(total(&outcomes).to_string(), "41 passed, 3 failed");
    }

    #[test]
    fn the_table_tells_each_step_and_its_time() {
        let outcomes = [Outcome {
            name: "tests",
            counts: Counts { passed: 7, failed: 1 },
            duration: Duration::from_secs(83),
        }];
        let table = table(&outcomes);
        assert!(table.contains("tests         FAILED      1:23 m   7 passed, 1 failed"), "{table}");
    }
}
