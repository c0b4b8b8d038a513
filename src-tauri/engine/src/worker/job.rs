//! One job's task: fetch a batch, map it, apply it, record it; again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::retry::{destination_pause_ms, settle};
use super::state::{DeliveryState, Live};
use super::{Cancelled, Shared};
use crate::event::{EventId, Mapping, Operation, SkipReason, Timestamp};
use crate::faults::{self, Point};
use crate::providers::SharedProvider;
use crate::secrets::{self, WebhookSecrets};
use crate::sinks::{Context, Delivery, Sink, SinkError, archive};
use crate::store::{ClaimedEvent, EventOutcome, Settled, StoreError, SyncJob};

/// The most bytes of bodies in one batch: what is held in memory per job, twice.
const MAX_BATCH_BYTES: u64 = 16 * 1024 * 1024;

/// The most bytes that a compressed body may unfold into; the receiver let nothing larger in.
const MAX_DECODED_BYTES: usize = 256 * 1024 * 1024;

/// How often in a row the next batch is fetched ahead, before the oldest due events are looked for again: events that
/// came due for another attempt lie behind the ones just fetched.
const MAX_FETCHES_AHEAD: u32 = 10;

/// A wait for an event's next attempt is looked at again after this long, because the machine may have slept or its
/// clock may have been set.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// A job's task.
#[derive(Debug)]
pub(super) struct JobRun {
    pub(super) job: SyncJob,
    pub(super) source_kind: String,
    pub(super) live: Arc<Live>,
    pub(super) shared: Arc<Shared>,
    pub(super) cancel: CancellationToken,
}

/// Between what a job stands.
pub(super) struct Ends {
    pub(super) provider: SharedProvider,
    pub(super) sink: Arc<dyn Sink>,
    /// One for each batch that the destination may be given at once.
    pub(super) slots: Arc<Semaphore>,
}

type Fetch = JoinHandle<Result<Vec<ClaimedEvent>, StoreError>>;

/// A batch on its way into the sink.
struct Batch {
    started_at: Timestamp,
    deliveries: Vec<Delivery>,
    /// For each delivery, how many attempts were made before.
    attempts: Vec<u32>,
    /// Outcomes that need no sink.
    settled: Vec<EventOutcome>,
}

impl JobRun {
    /// Says why the job cannot be delivered, until something is changed.
    pub(super) async fn cannot_start(&self, error: String) {
        let now = self.shared.clock.now();
        tracing::error!(job = %self.job.id, %error, "the job cannot deliver");
        self.live.halt(DeliveryState::Blocked {
            since: now,
            error,
            hint: "change the job's source or destination".to_owned(),
            next_try_at: None,
        });
        self.cancel.cancelled().await;
    }

    /// Runs until cancelled.
    pub(super) async fn run(&self, ends: &Ends) {
        let Ends { provider, sink, slots } = ends;
        let arrivals = self.shared.store.arrivals(&self.job.id);
        let mut ahead: Option<Fetch> = None;
        let mut fetches_ahead = 0;
        while !self.cancel.is_cancelled() {
            let fetched = match ahead.take() {
                Some(fetch) => fetch.await.unwrap_or_else(|_| Ok(Vec::new())),
                None => self.fetch(None).await,
            };
            let events = match fetched {
                Ok(events) => events,
                // It was deleted; that this task ends too is told in a moment.
                Err(StoreError::NotFound { .. }) => return self.cancel.cancelled().await,
                Err(error) => {
                    tracing::error!(job = %self.job.id, %error, "due events could not be read");
                    if self.pause(Duration::from_secs(1)).await.is_err() {
                        return;
                    }
                    continue;
                }
            };
            let full = events.len() as u64 >= u64::from(self.job.webhook_config.batch_size);
            if events.is_empty() {
                if fetches_ahead > 0 {
                    fetches_ahead = 0;
                    continue;
                }
                if self.wait_for_events(&arrivals).await.is_err() {
                    return;
                }
                continue;
            }
            faults::pass(Point::AfterClaim);
            // The next batch is read while this one is applied.
            fetches_ahead = if full { (fetches_ahead + 1) % MAX_FETCHES_AHEAD } else { 0 };
            if fetches_ahead > 0 {
                ahead = Some(self.fetch_ahead(events.last().map(|event| event.id)));
            }
            let mut batch = self.prepare(events, provider, &**sink);
            if !sink.wants_operations() {
                self.put_back_withheld(&mut batch, provider).await;
            }
            if self.deliver(batch, &**sink, slots).await.is_err() {
                return;
            }
        }
    }

    async fn fetch(&self, after: Option<EventId>) -> Result<Vec<ClaimedEvent>, StoreError> {
        let now = self.shared.clock.now();
        let limit = self.job.webhook_config.batch_size;
        self.shared.store.due_events(&self.job.id, after, now, limit, MAX_BATCH_BYTES).await
    }

    fn fetch_ahead(&self, after: Option<EventId>) -> Fetch {
        let store = self.shared.store.clone();
        let (job, now) = (self.job.id.clone(), self.shared.clock.now());
        let limit = self.job.webhook_config.batch_size;
        tokio::spawn(async move { store.due_events(&job, after, now, limit, MAX_BATCH_BYTES).await })
    }

    async fn pause(&self, pause: Duration) -> Result<(), Cancelled> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(Cancelled),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    /// Waits until something is due; then, if that is less than a batch, a little longer for more.
    async fn wait_for_events(&self, arrivals: &Notify) -> Result<(), Cancelled> {
        let store = &self.shared.store;
        let next = match store.next_attempt_at(&self.job.id).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(job = %self.job.id, %error, "the next attempt's time could not be read");
                Some(self.shared.clock.now().plus_millis(1_000))
            }
        };
        let until_next = next.map(|next| {
            let wait_ms = next.millis().saturating_sub(self.shared.clock.now().millis()).max(1);
            Duration::from_millis(wait_ms as u64).min(faults::hasten(MAX_WAIT))
        });
        tokio::select! {
            () = self.cancel.cancelled() => return Err(Cancelled),
            () = arrivals.notified() => {}
            () = tokio::time::sleep(until_next.unwrap_or_default()), if until_next.is_some() => return Ok(()),
        }
        let config = &self.job.webhook_config;
        let deadline = Instant::now() + Duration::from_millis(u64::from(config.batch_wait_ms));
        while store.counts(&self.job.id).pending < u64::from(config.batch_size) {
            tokio::select! {
                () = self.cancel.cancelled() => return Err(Cancelled),
                () = arrivals.notified() => {}
                () = tokio::time::sleep_until(deadline) => break,
            }
        }
        Ok(())
    }

    /// Maps events to deliveries. An event that cannot be mapped is settled at once.
    fn prepare(&self, events: Vec<ClaimedEvent>, provider: &SharedProvider, sink: &dyn Sink) -> Batch {
        let mut batch = Batch {
            started_at: self.shared.clock.now(),
            deliveries: Vec::with_capacity(events.len()),
            attempts: Vec::with_capacity(events.len()),
            settled: Vec::new(),
        };
        for event in events {
            let operations = if sink.wants_operations() {
                match self.map(&event, provider) {
                    Ok(operations) => operations,
                    Err(settled) => {
                        batch.settled.push(EventOutcome { event_id: event.id, settled, answer: None });
                        continue;
                    }
                }
            } else {
                Vec::new()
            };
            batch.attempts.push(event.attempts);
            batch.deliveries.push(Delivery {
                event_id: event.id,
                provider_event_id: event.head.provider_event_id,
                event_type: event.head.event_type,
                request: event.request,
                operations,
            });
        }
        batch
    }

    /// Puts the job's secret back into requests of providers that send it as it is, from which it was taken before they
    /// were kept: whoever gets them is to be able to check it.
    async fn put_back_withheld(&self, batch: &mut Batch, provider: &SharedProvider) {
        let Some(header) = provider.secret_header() else { return };
        let job = self.job.id.clone();
        let read =
            secrets::beside(&self.shared.secrets, move |secrets| WebhookSecrets::load(&**secrets, &job))
                .await;
        let secret = match read {
            Ok(Ok(Some(secrets))) => secrets.current,
            Ok(Ok(None)) | Err(_) => return,
            Ok(Err(error)) => {
                tracing::warn!(job = %self.job.id, %error, "requests are forwarded without the job's secret");
                return;
            }
        };
        let now = self.shared.clock.now();
        for delivery in batch.deliveries.iter_mut().filter(|delivery| delivery.request.withholds(header)) {
            let signed = provider.sign("", &[], &delivery.event_type, secret.expose_secret(), now);
            let Some((_, value)) = signed.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(header))
            else {
                continue;
            };
            for (_, kept) in delivery.request.headers.iter_mut().filter(|(name, _)| name == header) {
                *kept = value.clone().into_bytes();
            }
        }
    }

    fn map(&self, event: &ClaimedEvent, provider: &SharedProvider) -> Result<Vec<Operation>, Settled> {
        let failed = |error: String| Settled::Failed { error, next_attempt_at: None };
        let patterns = &self.job.webhook_config.event_types;
        let map = || {
            let body = event.request.decoded_body(MAX_DECODED_BYTES).map_err(|error| error.to_string())?;
            let wanted = |event_type: &str| patterns.matches(event_type);
            provider.map(&event.request, &body, &wanted).map_err(|error| error.to_string())
        };
        // A defect in one provider's mapping must not stop the job at one event for ever.
        let mapping = catch_unwind(AssertUnwindSafe(map)).unwrap_or_else(|_| {
            Err("mapping the event failed because of a defect in Hookline; please report it".to_owned())
        });
        match mapping.map_err(failed)? {
            Mapping::Operations(mut operations) => {
                for operation in &mut operations {
                    operation.collection.insert_str(0, &self.job.collection_prefix);
                }
                match operations.iter().find(|operation| archive::is_reserved(&operation.collection)) {
                    Some(Operation { collection, .. }) => Err(failed(format!(
                        "the collection `{collection}` is Hookline's own: give the job a collection prefix, then retry"
                    ))),
                    None => Ok(operations),
                }
            }
            Mapping::Unmapped(unmapped) => {
                Err(Settled::Skipped { reason: SkipReason::Unmapped, detail: Some(unmapped.to_string()) })
            }
        }
    }

    /// Applies a batch until the destination has said something about each event, then records it.
    async fn deliver(&self, mut batch: Batch, sink: &dyn Sink, slots: &Semaphore) -> Result<(), Cancelled> {
        let mut failures = 0;
        while !batch.deliveries.is_empty() {
            // What a slow destination left over stays pending when the job is stopped.
            if self.cancel.is_cancelled() {
                return Err(Cancelled);
            }
            let applied = self.apply(&batch, sink, slots).await?.and_then(|outcomes| {
                let nothing =
                    || SinkError::Unavailable { message: "the destination told no outcome".to_owned() };
                if outcomes.is_empty() { Err(nothing()) } else { Ok(outcomes) }
            });
            match applied {
                Ok(outcomes) => {
                    faults::pass(Point::AfterApply);
                    self.live.go_on();
                    failures = 0;
                    let now = self.shared.clock.now();
                    let told = outcomes.len().min(batch.deliveries.len());
                    let told = batch.deliveries.drain(..told).zip(batch.attempts.drain(..told)).zip(outcomes);
                    batch.settled.extend(told.map(|((delivery, attempts), outcome)| {
                        let (settled, answer) = settle(outcome, attempts, now, rand::random());
                        EventOutcome { event_id: delivery.event_id, settled, answer }
                    }));
                    self.record(batch.started_at, None, std::mem::take(&mut batch.settled)).await?;
                    batch.started_at = now;
                }
                Err(error) => {
                    failures += 1;
                    self.halt(&mut batch, &error, failures).await?;
                }
            }
        }
        if batch.settled.is_empty() {
            return Ok(());
        }
        self.record(batch.started_at, None, batch.settled).await
    }

    async fn apply(
        &self,
        batch: &Batch,
        sink: &dyn Sink,
        slots: &Semaphore,
    ) -> Result<Result<Vec<crate::sinks::Outcome>, SinkError>, Cancelled> {
        let slot = tokio::select! {
            () = self.cancel.cancelled() => return Err(Cancelled),
            slot = slots.acquire() => slot,
        };
        let context = Context {
            job_id: self.job.id.clone(),
            source: self.source_kind.clone(),
            deletes: self.job.webhook_config.deletes,
            now: self.shared.clock.now(),
        };
        let in_flight = self.live.begin(batch.deliveries.iter().map(|delivery| delivery.event_id));
        let applied = tokio::select! {
            () = self.shared.abort.cancelled() => Err(Cancelled),
            applied = sink.apply(&context, &batch.deliveries) => Ok(applied),
        };
        drop((in_flight, slot));
        applied
    }

    /// Says why the destination took nothing, and waits until it is worth another try.
    async fn halt(&self, batch: &mut Batch, error: &SinkError, failures: u32) -> Result<(), Cancelled> {
        let now = self.shared.clock.now();
        let since = self.live.halted_since().unwrap_or(now);
        let pause_ms = match error {
            SinkError::Unavailable { .. } => destination_pause_ms(failures, 500, 30_000, rand::random()),
            SinkError::Blocked { .. } => destination_pause_ms(failures, 5_000, 60_000, rand::random()),
        };
        let next_try_at = now.plus_millis(pause_ms as i64);
        self.live.halt(match error {
            SinkError::Unavailable { message } => {
                DeliveryState::WaitingForDestination { since, error: message.clone(), next_try_at }
            }
            SinkError::Blocked { message, hint } => DeliveryState::Blocked {
                since,
                error: message.clone(),
                hint: hint.clone(),
                next_try_at: Some(next_try_at),
            },
        });
        if failures == 1 {
            tracing::warn!(job = %self.job.id, %error, "waiting for the destination");
        }
        // What needs no destination is not held up by it.
        if !batch.settled.is_empty() {
            self.record(batch.started_at, None, std::mem::take(&mut batch.settled)).await?;
        }
        self.record(batch.started_at, Some(error.to_string()), Vec::new()).await?;
        tokio::select! {
            () = self.cancel.cancelled() => Err(Cancelled),
            () = self.live.resume.notified() => Ok(()),
            () = tokio::time::sleep(Duration::from_millis(pause_ms)) => Ok(()),
        }
    }

    /// Records a batch, however long it takes until the store can: what is not recorded would be applied again.
    async fn record(
        &self,
        started_at: Timestamp,
        error: Option<String>,
        outcomes: Vec<EventOutcome>,
    ) -> Result<(), Cancelled> {
        let mut failures = 0;
        loop {
            let finished_at = self.shared.clock.now();
            let recorded = self
                .shared
                .store
                .record_execution(&self.job.id, started_at, finished_at, error.clone(), outcomes.clone())
                .await;
            let Err(problem) = recorded else {
                faults::pass(Point::AfterRecord);
                return Ok(());
            };
            failures += 1;
            tracing::error!(job = %self.job.id, error = %problem, failures, "a batch could not be recorded");
            let pause_ms = destination_pause_ms(failures, 200, 10_000, rand::random());
            self.pause(Duration::from_millis(pause_ms)).await?;
        }
    }
}
