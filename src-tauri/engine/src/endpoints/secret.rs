//! The secret that comes with an endpoint.

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::{EndpointError, Endpoints};
use crate::event::JobId;
use crate::secrets::WebhookSecrets;
use crate::store::StoreError;

/// For how long the secret before it counts too, in milliseconds: what was signed with it is still under way.
const OLD_COUNTS_MS: i64 = 24 * 3_600_000;

/// Tells whether two secrets of a job are the same, and nothing else of them: 64 bits of a hash of what has at least 128
/// random bits.
pub(super) fn mark(job: &JobId, secret: &SecretString) -> String {
    let mut hash = Sha256::new();
    hash.update(b"hookline endpoint secret\0");
    hash.update(job.as_str());
    hash.update(b"\0");
    hash.update(secret.expose_secret());
    hex::encode(&hash.finalize()[..8])
}

impl Endpoints {
    /// Makes the secret the job's current one, and tells its mark. Doing it twice is doing it once. The secret of a job that
    /// is gone would stay for ever: it is not kept.
    pub(super) async fn keep_secret(
        &self,
        job: &JobId,
        secret: SecretString,
    ) -> Result<String, EndpointError> {
        let mark = mark(job, &secret);
        let now = self.parts().clock.now();
        let id = job.clone();
        {
            let _changing = self.parts().changing.lock().await;
            let jobs = self.store().sync_jobs(None).await?;
            if !jobs.iter().any(|there| there.id == *job) {
                return Err(StoreError::NotFound { what: "sync job", id: job.to_string() }.into());
            }
            self.with_secrets(move |store| {
                let secrets = match WebhookSecrets::load(store.as_ref(), &id)? {
                    Some(secrets) if secrets.current.expose_secret() == secret.expose_secret() => {
                        return Ok(());
                    }
                    Some(mut secrets) => {
                        secrets.rotate(secret, now.plus_millis(OLD_COUNTS_MS), now);
                        secrets
                    }
                    None => WebhookSecrets::new(secret),
                };
                secrets.save(store.as_ref(), &id)
            })
            .await?;
        }
        (self.parts().after_secret)().await?;
        Ok(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_secrets_and_jobs_apart_and_is_no_part_of_the_secret() {
        let of = |job: &str, secret: &str| mark(&JobId::new(job), &SecretString::from(secret));
        assert_eq!(of("a", "whsec_1"), of("a", "whsec_1"));
        assert_ne!(of("a", "whsec_1"), of("a", "whsec_2"));
        assert_ne!(of("a", "whsec_1"), of("b", "whsec_1"));
        assert_eq!(of("a", "whsec_1").len(), 16);
    }
}
