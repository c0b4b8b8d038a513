//! When to try again: pure functions.

use crate::event::{HttpAnswer, SkipReason, Timestamp};
use crate::sinks::Outcome;
use crate::store::Settled;

/// How many attempts an event gets before it is a dead letter.
pub const MAX_ATTEMPTS: u32 = 8;

/// The longest pause between two attempts of an event, in milliseconds: one hour.
const MAX_PAUSE_MS: u64 = 3_600_000;

/// The longest pause that a destination can ask for, in milliseconds: one day.
const MAX_ASKED_PAUSE_MS: u64 = 86_400_000;

/// The pause after attempt number `attempt` (1 for the first): 2 s, 8 s, 32 s, … up to an hour, of which a random half is
/// taken off so that many events do not come back at one moment. `random` is from 0 to 1.
pub fn pause_ms(attempt: u32, random: f64) -> u64 {
    let full = 2_000_u64.saturating_mul(4_u64.saturating_pow(attempt.saturating_sub(1))).min(MAX_PAUSE_MS);
    full - (full as f64 / 2.0 * random.clamp(0.0, 1.0)) as u64
}

/// The pause before a destination is tried for the `failures`-th time again: doubling from `first_ms` up to `max_ms`,
/// less a random quarter.
pub fn destination_pause_ms(failures: u32, first_ms: u64, max_ms: u64, random: f64) -> u64 {
    let full = first_ms.saturating_mul(2_u64.saturating_pow(failures.saturating_sub(1))).min(max_ms);
    full - (full as f64 / 4.0 * random.clamp(0.0, 1.0)) as u64
}

/// What a sink's outcome means for an event that was tried `attempts_before` times before.
pub fn settle(
    outcome: Outcome,
    attempts_before: u32,
    now: Timestamp,
    random: f64,
) -> (Settled, Option<HttpAnswer>) {
    match outcome {
        Outcome::Completed { answer } => (Settled::Completed, answer),
        Outcome::Stale { winner } => {
            let detail = Some(format!("the destination already held the newer event {winner}"));
            (Settled::Skipped { reason: SkipReason::Stale, detail }, None)
        }
        Outcome::Retry { error, after_ms, answer } => {
            let attempt = attempts_before.saturating_add(1);
            let next_attempt_at = (attempt < MAX_ATTEMPTS).then(|| {
                let asked_ms = after_ms.unwrap_or(0).min(MAX_ASKED_PAUSE_MS);
                now.plus_millis(pause_ms(attempt, random).max(asked_ms) as i64)
            });
            (Settled::Failed { error, next_attempt_at }, answer)
        }
        Outcome::Reject { error, answer } => (Settled::Failed { error, next_attempt_at: None }, answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_and_never_overflow() {
        let pauses: Vec<u64> = (1..=8).map(|attempt| pause_ms(attempt, 0.0)).collect();
        assert_eq!(pauses, [2_000, 8_000, 32_000, 128_000, 512_000, 2_048_000, 3_600_000, 3_600_000]);
        assert_eq!(pause_ms(u32::MAX, 1.0), 1_800_000);
        assert_eq!(destination_pause_ms(u32::MAX, 500, 30_000, 0.0), 30_000);
        assert_eq!(destination_pause_ms(1, 500, 30_000, 0.0), 500);
    }

    fn retry(attempts_before: u32, after_ms: Option<u64>) -> Settled {
        let outcome = Outcome::Retry { error: "500".to_owned(), after_ms, answer: None };
        settle(outcome, attempts_before, Timestamp::from_millis(0), 0.0).0
    }

    #[test]
    fn the_last_attempt_leaves_a_dead_letter() {
        let failed = |next| Settled::Failed { error: "500".to_owned(), next_attempt_at: next };
        assert_eq!(retry(0, None), failed(Some(Timestamp::from_millis(2_000))));
        assert_eq!(retry(MAX_ATTEMPTS - 1, None), failed(None));
    }

    #[test]
    fn a_destination_may_ask_for_a_longer_pause_but_not_for_years() {
        let failed = |millis| Settled::Failed {
            error: "500".to_owned(),
            next_attempt_at: Some(Timestamp::from_millis(millis)),
        };
        assert_eq!(retry(0, Some(60_000)), failed(60_000));
        assert_eq!(retry(0, Some(1)), failed(2_000));
        assert_eq!(retry(0, Some(u64::MAX)), failed(86_400_000));
    }
}
