//! The signing secrets of a job: the current one, and older ones for as long as they still count.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{SecretError, SecretName, Secrets};
use crate::event::{JobId, Timestamp};

/// A job's signing secrets.
#[derive(Debug, Clone)]
pub struct WebhookSecrets {
    /// The secret in use.
    pub current: SecretString,
    /// Secrets that were replaced and still count for a while, because a provider signs with both while one is rolled.
    pub previous: Vec<PreviousSecret>,
}

/// A secret that was replaced.
#[derive(Debug, Clone)]
pub struct PreviousSecret {
    /// The secret.
    pub secret: SecretString,
    /// When it was replaced; unknown for one that an earlier version wrote.
    pub replaced_at: Option<Timestamp>,
    /// Until when it counts.
    pub valid_until: Timestamp,
}

impl PreviousSecret {
    /// Whether it counts at `now`. A clock that is set back far must not make it count for months: it does so for as long
    /// before the replacement as after it, at most.
    fn counts(&self, now: Timestamp) -> bool {
        let far_back = self.replaced_at.is_some_and(|at| {
            let kept_ms = self.valid_until.millis().saturating_sub(at.millis());
            now.millis() < at.millis().saturating_sub(kept_ms)
        });
        now < self.valid_until && !far_back
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    current: String,
    #[serde(default)]
    previous: Vec<StoredPrevious>,
}

#[derive(Serialize, Deserialize)]
struct StoredPrevious {
    secret: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_at: Option<Timestamp>,
    valid_until: Timestamp,
}

impl WebhookSecrets {
    /// With this secret alone.
    pub fn new(current: SecretString) -> Self {
        Self { current, previous: Vec::new() }
    }

    /// The secrets that count at `now`, the current one first.
    pub fn active(&self, now: Timestamp) -> Vec<&str> {
        std::iter::once(&self.current)
            .chain(self.previous.iter().filter(|old| old.counts(now)).map(|old| &old.secret))
            .map(ExposeSecret::expose_secret)
            .collect()
    }

    /// Makes `new` the current secret; the one it replaces counts until `keep_old_until`, if that is in the future.
    pub fn rotate(&mut self, new: SecretString, keep_old_until: Timestamp, now: Timestamp) {
        let old = std::mem::replace(&mut self.current, new);
        self.previous.push(PreviousSecret {
            secret: old,
            replaced_at: Some(now),
            valid_until: keep_old_until,
        });
        self.previous.retain(|old| now < old.valid_until);
    }

    /// Reads the secrets of a job.
    pub fn load(secrets: &dyn Secrets, job: &JobId) -> Result<Option<Self>, SecretError> {
        let Some(text) = secrets.get(&SecretName::webhook(job))? else {
            return Ok(None);
        };
        let stored: Stored =
            serde_json::from_str(text.expose_secret()).map_err(|error| SecretError::DamagedSecret {
                name: SecretName::webhook(job).as_str().to_owned(),
                reason: format!("column {}", error.column()),
            })?;
        Ok(Some(Self {
            current: stored.current.into(),
            previous: stored
                .previous
                .into_iter()
                .map(|old| PreviousSecret {
                    secret: old.secret.into(),
                    replaced_at: old.replaced_at,
                    valid_until: old.valid_until,
                })
                .collect(),
        }))
    }

    /// Stores the secrets of a job.
    pub fn save(&self, secrets: &dyn Secrets, job: &JobId) -> Result<(), SecretError> {
        let stored = Stored {
            current: self.current.expose_secret().to_owned(),
            previous: self
                .previous
                .iter()
                .map(|old| StoredPrevious {
                    secret: old.secret.expose_secret().to_owned(),
                    replaced_at: old.replaced_at,
                    valid_until: old.valid_until,
                })
                .collect(),
        };
        #[expect(clippy::expect_used, reason = "texts and times always become JSON")]
        let text = Zeroizing::new(serde_json::to_string(&stored).expect("serializes"));
        secrets.put(&SecretName::webhook(job), SecretString::from(text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_secret_counts_until_its_time_is_over() {
        let now = Timestamp::from_seconds(1_000);
        let mut secrets = WebhookSecrets::new("one".into());
        secrets.rotate("two".into(), now.plus_millis(10_000), now);
        assert_eq!(secrets.active(now), ["two", "one"]);
        assert_eq!(secrets.active(now.plus_millis(10_000)), ["two"]);
        secrets.rotate("three".into(), now, now);
        assert_eq!(secrets.active(now), ["three", "one"]);
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_a_replaced_secret_for_twice_its_time_at_most() {
        let now = Timestamp::from_seconds(100_000_000);
        let hour = 3_600_000;
        let mut secrets = WebhookSecrets::new("one".into());
        secrets.rotate("two".into(), now.plus_millis(24 * hour), now);
        assert_eq!(secrets.active(now.plus_millis(-hour)), ["two", "one"]);
        assert_eq!(secrets.active(now.plus_millis(-25 * hour)), ["two"]);
        assert_eq!(secrets.active(now.plus_millis(365 * 24 * hour)), ["two"]);
        assert_eq!(secrets.active(now.plus_millis(23 * hour)), ["two", "one"], "back from a year ahead");
    }
}
