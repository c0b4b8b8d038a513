//! What the newest requests that were refused tell.

use super::doctor::{self, OtherJob, Patient};
use super::judge::{LastRejection, Suspicion};
use crate::commands::event_signature::{self, SignatureStatus};
use crate::commands::{CommandError, Commands};
use crate::event::{EventStatus, Timestamp};
use crate::providers::{self, Provider};
use crate::store::{EventDetail, EventFilter, Source, SyncJob};

/// How many of the newest refused requests are looked at.
const LOOKED_AT: u32 = 3;

impl Commands {
    /// The newest request that was refused, and why it probably was. Where it tells nothing, those before it are asked too.
    pub(super) async fn last_rejection(
        &self,
        job: &SyncJob,
        source: &Source,
        provider: Option<&dyn Provider>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<LastRejection>, CommandError> {
        let rows = self.store().events(of(job, EventStatus::Rejected, since), None, LOOKED_AT).await?.events;
        let mut last: Option<LastRejection> = None;
        for row in rows {
            // It may have been pushed out of the ring meanwhile: then there is nothing to be learnt from it.
            let Ok(detail) = self.store().event(&job.id, row.id).await else { continue };
            let error = row.error.unwrap_or_default();
            let suspicion = self.suspicion(job, source, provider, &detail, &error, now).await?;
            match &mut last {
                None => last = Some(LastRejection { at: row.received_at, error, suspicion }),
                Some(last) => {
                    if matches!(suspicion, Suspicion::Cause(_)) {
                        last.suspicion = suspicion;
                    }
                }
            }
            if last.as_ref().is_some_and(|last| last.suspicion != Suspicion::WrongSecret) {
                break;
            }
        }
        Ok(last)
    }

    async fn suspicion(
        &self,
        job: &SyncJob,
        source: &Source,
        provider: Option<&dyn Provider>,
        detail: &EventDetail,
        error: &str,
        now: Timestamp,
    ) -> Result<Suspicion, CommandError> {
        let secrets = self.job_secrets(&job.id).await.ok().flatten();
        let active = secrets.as_ref().map(|secrets| secrets.active(now));
        let decoded = detail.request.decoded_body(self.parts().max_body_bytes).ok();
        let signature = event_signature::look(&event_signature::Facts {
            provider,
            request: &detail.request,
            decoded: decoded.as_deref(),
            body_truncated: detail.body_truncated,
            refused: Some(event_signature::Refused { rejection: detail.rejection, error }),
            secrets: active.clone(),
            tolerance_seconds: job.webhook_config.signature_tolerance_seconds,
            now,
        });
        let has = |header: &str| detail.request.headers.iter().any(|(name, _)| name == header);
        let signed = signature.header.as_deref().is_some_and(has);
        let another = || {
            let signs = |other: &&providers::SharedProvider| has(&other.signing().header);
            providers::all().iter().find(signs).map(|other| other.info().label)
        };
        let off = signature
            .age_seconds
            .zip(signature.tolerance_seconds)
            .filter(|(age, tolerance)| age.saturating_abs() > i64::from(*tolerance));
        Ok(match (signature.status, signature.matches_now) {
            (SignatureStatus::Unreadable, _) => Suspicion::Unreadable,
            _ if !signed => another().map_or(Suspicion::Unsigned, Suspicion::AnotherProvider),
            (_, Some(true)) => off.map_or(Suspicion::Over, |(age, _)| Suspicion::Clock { age_seconds: age }),
            (_, Some(false)) => {
                let (Some(provider), Some(active), Some(body)) = (provider, &active, decoded.as_deref())
                else {
                    return Ok(Suspicion::WrongSecret);
                };
                let patient = Patient {
                    provider,
                    request: &detail.request,
                    body,
                    secrets: active,
                    others: &self.other_jobs(job, source, now).await?,
                    usually_live: self.usually_live(job).await,
                    now,
                };
                doctor::find_cause(&patient).map_or(Suspicion::WrongSecret, Suspicion::Cause)
            }
            (_, None) => Suspicion::WrongSecret,
        })
    }

    /// The other jobs of the same kind of provider, with the secrets that they accept.
    async fn other_jobs(
        &self,
        job: &SyncJob,
        source: &Source,
        now: Timestamp,
    ) -> Result<Vec<OtherJob>, CommandError> {
        let sources = self.store().sources(&job.workspace_id).await?;
        let same_kind = |other: &SyncJob| {
            sources.iter().any(|of_other| of_other.id == other.source_id && of_other.kind == source.kind)
        };
        let mut others = Vec::new();
        for other in self.store().sync_jobs(Some(&job.workspace_id)).await? {
            if other.id == job.id || !same_kind(&other) {
                continue;
            }
            let secrets = self.job_secrets(&other.id).await.ok().flatten();
            let secrets = secrets.map(|secrets| secrets.active(now).into_iter().map(str::to_owned).collect());
            others.push(OtherJob { name: other.name, secrets: secrets.unwrap_or_default() });
        }
        Ok(others)
    }

    /// Whether the job's events are live ones: by its endpoint, else by the newest event that it took.
    async fn usually_live(&self, job: &SyncJob) -> Option<bool> {
        let endpoint = self.store().provider_endpoint(&job.id).await.ok().flatten();
        if let Some(mode) = endpoint.and_then(|endpoint| endpoint.mode) {
            return Some(mode == "live");
        }
        let taken = of(job, EventStatus::Completed, Timestamp::from_seconds(0));
        let newest = self.store().events(taken, None, 1).await.ok()?.events.pop()?;
        let detail = self.store().event(&job.id, newest.id).await.ok()?;
        let body = detail.request.decoded_body(self.parts().max_body_bytes).ok()?;
        doctor::is_live(&body)
    }
}

fn of(job: &SyncJob, status: EventStatus, since: Timestamp) -> EventFilter {
    EventFilter {
        workspace_id: Some(job.workspace_id.clone()),
        job_id: Some(job.id.clone()),
        statuses: vec![status],
        from: Some(since),
        ..EventFilter::default()
    }
}
