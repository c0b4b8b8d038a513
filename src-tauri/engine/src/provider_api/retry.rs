//! How long a call is repeated. Pure: no clock, no chance.

use std::time::Duration;

/// The bounds of one call with its repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often it is tried at most.
    pub tries: u32,
    /// The pause before the second try; it doubles with every further one.
    pub first: Duration,
    /// The longest pause that is chosen here.
    pub longest: Duration,
    /// The most time from the first try to the beginning of the last one. A provider that asks to wait longer is not
    /// waited for.
    pub total: Duration,
    /// The most time that one try may take.
    pub one: Duration,
}

impl Default for Patience {
    /// Together below the 90 seconds that a request to the control API may take.
    fn default() -> Self {
        Self {
            tries: 5,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(8),
            total: Duration::from_secs(40),
            one: Duration::from_secs(20),
        }
    }
}

impl Patience {
    /// The pause before the next try, `None` when there is none: after `done` tries and `elapsed` time. `asked` is what
    /// the provider asks to wait. `chance` from 0 to 1 spreads the pauses, so that many clients do not come back together.
    pub fn pause(
        &self,
        done: u32,
        elapsed: Duration,
        asked: Option<Duration>,
        chance: f64,
    ) -> Option<Duration> {
        if done >= self.tries {
            return None;
        }
        let doubled = self.first.saturating_mul(1 << done.saturating_sub(1).min(16)).min(self.longest);
        let chosen = doubled / 2 + (doubled / 2).mul_f64(chance.clamp(0.0, 1.0));
        let pause = asked.map_or(chosen, |asked| asked.max(chosen));
        (elapsed.saturating_add(pause) <= self.total).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        tries: 5,
        first: Duration::from_millis(500),
        longest: Duration::from_secs(2),
        total: Duration::from_secs(20),
        one: Duration::from_secs(20),
    };

    fn pause(done: u32, chance: f64) -> Option<u128> {
        PATIENCE.pause(done, Duration::ZERO, None, chance).map(|pause| pause.as_millis())
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let longest: Vec<_> = (1..=5).map(|done| pause(done, 1.0)).collect();
        assert_eq!(longest, [Some(500), Some(1000), Some(2000), Some(2000), None]);
    }

    #[test]
    fn chance_spreads_them_over_the_upper_half() {
        assert_eq!((pause(2, 0.0), pause(2, 0.5), pause(2, 7.0)), (Some(500), Some(750), Some(1000)));
    }

    #[test]
    fn a_provider_that_asks_to_wait_is_heard_as_far_as_the_time_allows() {
        let asked = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(PATIENCE.pause(1, Duration::ZERO, asked(7), 1.0), asked(7));
        assert_eq!(PATIENCE.pause(1, Duration::from_secs(14), asked(7), 1.0), None);
        assert_eq!(
            PATIENCE.pause(1, Duration::ZERO, asked(0), 1.0),
            Some(Duration::from_millis(500)),
            "not at once, whatever it says"
        );
    }
}
