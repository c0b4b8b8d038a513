//! Named points of an event's journey at which tests let this process die as `kill -9` would end it, and a clock and a
//! rhythm that tests set from outside.
//!
//! Only with the cargo feature `faults`, which the tests' build turns on. Without it a point, the shift of the clock and
//! the haste compile to nothing, and none of the names is in the program.
//!
//! - `HOOKLINE_FAULT=after-commit:37` kills the process when that point is passed for the 37th time.
//! - `HOOKLINE_FAULT_CLOCK=FILE` moves the machine's clock by the milliseconds that the file holds, read at every look at
//!   the clock. It has to be replaced as a whole (renamed), and may be missing.
//! - `HOOKLINE_FAULT_HASTE=3000` makes what happens every minute, hour or day happen so many times as often.

macro_rules! points {
    ($($(#[doc = $doc:literal])+ $point:ident = $name:literal,)+) => {
        /// A point at which the process can die.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Point {
            $($(#[doc = $doc])+ $point,)+
        }

        #[cfg(feature = "faults")]
        impl Point {
            /// Every point.
            pub const ALL: &[Self] = &[$(Self::$point,)+];

            /// Its name, as the environment names it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)+
                }
            }
        }
    };
}

points! {
    /// A request was read; nothing was done with it.
    AfterAccept = "after-accept",
    /// Requests are in a transaction that is not committed.
    BeforeCommit = "before-commit",
    /// Requests are committed, and nobody was answered.
    AfterCommit = "after-commit",
    /// A batch was taken.
    AfterClaim = "after-claim",
    /// Tombstones were written, their documents are still there.
    AfterBurial = "after-burial",
    /// A part of a batch was written.
    WithinWrites = "within-writes",
    /// The destination has told the outcome of a batch, which is not recorded.
    AfterApply = "after-apply",
    /// The outcome of a batch was recorded.
    AfterRecord = "after-record",
    /// An expired event was deleted in a transaction that is not committed.
    WithinCleanup = "within-cleanup",
    /// A step of cleanup was committed.
    AfterCleanupStep = "after-cleanup-step",
    /// Some rows of a deleted job were deleted.
    WithinDeletion = "within-deletion",
    /// A migration's statements have run, and nothing is committed.
    WithinMigration = "within-migration",
    /// A backup is being written.
    WithinBackup = "within-backup",
    /// A backup is whole and has not got its name.
    BeforeBackupIsNamed = "before-backup-is-named",
    /// An export is being written (by the command line).
    WithinExport = "within-export",
    /// A dictionary was trained and is not stored.
    WithinTraining = "within-training",
    /// The search index was made, or holds events of which the removals are not forgotten yet.
    WithinIndexing = "within-indexing",
}

/// Whether points can be reached at all.
pub const PRESENT: bool = cfg!(feature = "faults");

#[cfg(feature = "faults")]
pub use present::{clock_shift_ms, hasten, pass};

/// Nothing.
#[cfg(not(feature = "faults"))]
#[inline]
pub const fn pass(_point: Point) {}

/// By how much the machine's clock is moved: not at all.
#[cfg(not(feature = "faults"))]
#[inline]
pub const fn clock_shift_ms() -> i64 {
    0
}

/// How long a pause that is counted in minutes or more is: as long as it is.
#[cfg(not(feature = "faults"))]
#[inline]
pub const fn hasten(pause: std::time::Duration) -> std::time::Duration {
    pause
}

#[cfg(feature = "faults")]
mod present {
    use std::env;
    use std::path::PathBuf;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::Point;

    /// No pause becomes shorter than this.
    const SHORTEST: Duration = Duration::from_millis(20);

    struct Plan {
        point: Point,
        /// At which pass the process dies, the first is 1.
        at: u64,
        passed: AtomicU64,
    }

    impl Plan {
        fn parse(text: &str) -> Option<Self> {
            let (name, at) = text.split_once(':')?;
            let point = Point::ALL.iter().copied().find(|point| point.name() == name)?;
            Some(Self { point, at: at.parse().ok().filter(|at| *at > 0)?, passed: AtomicU64::new(0) })
        }
    }

    static PLAN: LazyLock<Option<Plan>> = LazyLock::new(|| {
        let text = env::var("HOOKLINE_FAULT").ok()?;
        let plan = Plan::parse(&text);
        assert!(plan.is_some(), "HOOKLINE_FAULT={text} names no point, or not when it is to strike");
        plan
    });

    static CLOCK: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| env::var_os("HOOKLINE_FAULT_CLOCK").map(PathBuf::from));

    static HASTE: LazyLock<Option<u32>> =
        LazyLock::new(|| env::var("HOOKLINE_FAULT_HASTE").ok()?.parse().ok().filter(|times| *times > 0));

    /// Passes a point; this may be the end of the process.
    pub fn pass(point: Point) {
        if let Some(plan) = &*PLAN
            && plan.point == point
            && plan.passed.fetch_add(1, Ordering::Relaxed) + 1 == plan.at
        {
            die();
        }
    }

    /// By how many milliseconds the machine's clock is moved.
    pub fn clock_shift_ms() -> i64 {
        let Some(path) = &*CLOCK else { return 0 };
        std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// How long a pause that is counted in minutes or more is.
    pub fn hasten(pause: Duration) -> Duration {
        HASTE.map_or(pause, |times| (pause / times).max(SHORTEST))
    }

    /// No handler runs, nothing is flushed.
    fn die() -> ! {
        #[cfg(unix)]
        {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            // The signal may come a moment later; nothing goes on from here.
            loop {
                std::thread::park();
            }
        }
        #[cfg(not(unix))]
        std::process::abort()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn every_point_is_found_by_its_name_and_no_other_text_is_a_plan() {
            for point in Point::ALL {
                let plan = Plan::parse(&format!("{}:3", point.name())).expect("is a plan");
                assert_eq!((plan.point, plan.at), (*point, 3));
            }
            for text in ["after-commit", "after-commit:", "after-commit:0", "nowhere:1", ""] {
                assert!(Plan::parse(text).is_none(), "{text}");
            }
        }
    }
}
