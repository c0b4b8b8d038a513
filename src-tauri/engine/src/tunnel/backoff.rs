//! How long to wait before the next attempt: doubling from a first pause to a longest one, with jitter, so that a thousand
//! apps do not knock at the same moment when an edge comes back.

use std::time::Duration;

use rand::RngExt as _;

/// Pauses between attempts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// After a link was lost.
    pub(super) const QUICK: Self = Self::new(Duration::from_millis(500), Duration::from_secs(15));
    /// After a refusal that may be over by itself, such as an endpoint that the edge still believes to be online.
    pub(super) const SLOW: Self = Self::new(Duration::from_secs(5), Duration::from_secs(30));

    /// Pauses from `first` to `longest`.
    pub(super) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// After a success the next failure begins with the first pause again.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause after one more failure: a quarter less to a quarter more than the doubled one, at most the longest.
    pub(super) fn next(&mut self) -> Duration {
        self.next_with(rand::rng().random_range(0.75..=1.25))
    }

    fn next_with(&mut self, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(2u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        doubled.min(self.longest).mul_f64(jitter).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));
        let pauses: Vec<u64> = (0..6).map(|_| backoff.next_with(1.0).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10]);
        backoff.reset();
        assert_eq!(backoff.next_with(0.75), Duration::from_millis(750));
        assert_eq!(Backoff { failures: u32::MAX, ..backoff }.next_with(1.25), Duration::from_secs(10));
    }
}
