//! One job's archive: takes from the store's queue what became known, writes it into the destination's archive, and takes it
//! from the queue once it is durable there. Beside the delivery, whose speed and outcomes it does not touch.
//!
//! What the archive does not take stays in the queue and is tried again with growing pauses; what comes behind it is not held
//! up; where nothing of many records is taken, what lies behind them is reached a step further with each try.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::retry::destination_pause_ms;
use super::state::{ArchiveTrouble, Live};
use super::{Cancelled, Shared};
use crate::sinks::archive::{Archive, ArchiveContext, Record};
use crate::sinks::{Sink, SinkError};
use crate::store::{Change, Source, StoreError, SyncJob, ToArchive};

/// The most records of one step.
const MAX_RECORDS: u32 = 500;
/// The most bytes of bodies of one step.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// So many records that are all refused make it likely that everything is.
const ALL_REFUSED: usize = 8;
/// So many steps of which everything is refused are made before it is waited.
const REFUSED_STEPS: u32 = 2;
/// The first and the longest pause before what was not taken is tried again.
const PAUSES_MS: (u64, u64) = (1_000, 300_000);

/// A job's archiving.
#[derive(Debug)]
pub(super) struct ArchiveRun {
    pub(super) job: SyncJob,
    pub(super) source: Source,
    pub(super) days: u32,
    pub(super) live: Arc<Live>,
    pub(super) shared: Arc<Shared>,
    pub(super) cancel: CancellationToken,
}

/// Why a step did not do all it should.
enum Trouble {
    /// The store failed.
    Store(StoreError),
    /// The archive took nothing.
    Sink(SinkError),
    /// The archive did not take this.
    Refused(String),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SinkError> for Trouble {
    fn from(error: SinkError) -> Self {
        Self::Sink(error)
    }
}

/// How a step through the queue ended.
enum Step {
    /// Nothing is left behind this place.
    End,
    /// It went on to this place, and this was not taken on the way.
    On(i64, Option<String>),
    /// It went on to this place, and nothing of many records was taken on the way.
    Refused(i64, String),
    /// Hookline stops, and the step was cut.
    Cut,
}

impl ArchiveRun {
    /// Runs until cancelled.
    pub(super) async fn run(&self, sink: &dyn Sink) {
        // Ends early only by being cancelled.
        let _: Result<(), Cancelled> = async {
            let (context, archive) = self.prepare(sink).await?;
            self.keep_archiving(&context, archive).await
        }
        .await;
    }

    /// Opens the archive, and brings what it holds already to the days that are asked for.
    async fn prepare<'a>(&self, sink: &'a dyn Sink) -> Result<(ArchiveContext, &'a dyn Archive), Cancelled> {
        let mut failures = 0;
        loop {
            let trouble = match sink.archive() {
                None => Trouble::Refused("this kind of destination keeps no archive".to_owned()),
                Some(archive) => {
                    // Dating anew what a large archive holds takes its time, and begins again the next time.
                    let opened = tokio::select! {
                        () = self.cancel.cancelled() => return Err(Cancelled),
                        opened = self.open(archive) => opened,
                    };
                    match opened {
                        Ok(context) => return Ok((context, archive)),
                        Err(trouble) => trouble,
                    }
                }
            };
            failures += 1;
            self.wait_with(trouble, failures).await?;
        }
    }

    async fn open(&self, archive: &dyn Archive) -> Result<ArchiveContext, Trouble> {
        let store = &self.shared.store;
        let context = ArchiveContext {
            installation: store.identity().await?,
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            workspace_id: self.job.workspace_id.clone(),
            job_id: self.job.id.clone(),
            job_name: self.job.name.clone(),
            source_id: self.source.id.clone(),
            source_name: self.source.name.clone(),
            provider: self.source.kind.clone(),
            destination_id: self.job.destination_id.clone(),
            days: self.days,
        };
        let kept_for = store.archive_days(&self.job.id).await?;
        if kept_for != Some(self.days) {
            if kept_for.is_some() {
                archive.keep_for(&context).await?;
            }
            store.put_archive_days(&self.job.id, self.days).await?;
        }
        Ok(context)
    }

    async fn keep_archiving(&self, context: &ArchiveContext, archive: &dyn Archive) -> Result<(), Cancelled> {
        let Ok(arrivals) = self.shared.store.archivals(&self.job.id) else { return Ok(()) };
        let mut failures = 0;
        // Where a round ended because nothing was taken: the next one looks behind it.
        let mut looked_to = 0;
        // From the front of the queue: what was left behind there is tried again.
        'queue: loop {
            let mut after = 0;
            let mut left = None;
            let mut refused_steps = 0;
            loop {
                if self.cancel.is_cancelled() {
                    return Err(Cancelled);
                }
                match self.step(context, archive, after).await {
                    Ok(Step::On(place, refused)) => {
                        after = place;
                        refused_steps = 0;
                        left = left.or(refused);
                        if left.is_none() {
                            self.all_is_well();
                        }
                    }
                    Ok(Step::Refused(place, reason)) => {
                        refused_steps += 1;
                        if refused_steps >= REFUSED_STEPS {
                            looked_to = place;
                            failures += 1;
                            self.wait_with(Trouble::Refused(reason), failures).await?;
                            continue 'queue;
                        }
                        // It may be about these records all the same: what lies behind them is tried once, each time further on.
                        after = place.max(looked_to);
                        left = left.or(Some(reason));
                    }
                    Ok(Step::Cut) => return Err(Cancelled),
                    Ok(Step::End) => {
                        looked_to = 0;
                        if let Some(reason) = left {
                            failures += 1;
                            let pause = self.pause(Trouble::Refused(reason), failures);
                            self.go_on_meanwhile(context, archive, after, pause, &arrivals).await?;
                            continue 'queue;
                        }
                        failures = 0;
                        self.all_is_well();
                        // Nothing waits any more: whoever shows that looks again.
                        self.tell();
                        tokio::select! {
                            () = self.cancel.cancelled() => return Err(Cancelled),
                            () = arrivals.notified() => {}
                        }
                    }
                    Err(trouble) => {
                        failures += 1;
                        self.wait_with(trouble, failures).await?;
                        continue 'queue;
                    }
                }
            }
        }
    }

    /// While some records wait to be tried again, archives what comes behind them.
    async fn go_on_meanwhile(
        &self,
        context: &ArchiveContext,
        archive: &dyn Archive,
        mut after: i64,
        pause: Duration,
        arrivals: &Notify,
    ) -> Result<(), Cancelled> {
        let again = tokio::time::sleep(pause);
        tokio::pin!(again);
        loop {
            tokio::select! {
                () = self.cancel.cancelled() => return Err(Cancelled),
                () = &mut again => return Ok(()),
                () = self.live.resume_archive.notified() => return Ok(()),
                () = arrivals.notified() => {}
            }
            while let Ok(Step::On(place, _) | Step::Refused(place, _)) =
                self.step(context, archive, after).await
            {
                after = place;
                if self.cancel.is_cancelled() {
                    return Err(Cancelled);
                }
            }
        }
    }

    /// Archives some of what lies behind a place in the queue.
    async fn step(
        &self,
        context: &ArchiveContext,
        archive: &dyn Archive,
        after: i64,
    ) -> Result<Step, Trouble> {
        let store = &self.shared.store;
        let queued = store.to_archive(&self.job.id, after, MAX_RECORDS, MAX_BYTES).await?;
        let Some(place) = queued.last().map(|last| last.seq) else { return Ok(Step::End) };
        let (mut done, mut records) = (Vec::new(), Vec::new());
        for ToArchive { seq, record } in queued {
            match record {
                // What changes again gets another place.
                Some(state) => records.push(Record { revision: seq, state }),
                None => done.push(seq),
            }
        }
        let mut refused = None;
        let mut taken = 0;
        if !records.is_empty() {
            let outcomes = tokio::select! {
                () = self.shared.abort.cancelled() => return Ok(Step::Cut),
                outcomes = archive.put(context, &records) => outcomes?,
            };
            for (record, outcome) in records.iter().zip(outcomes) {
                match outcome {
                    Ok(()) => {
                        taken += 1;
                        done.push(record.revision);
                    }
                    Err(reason) => refused = refused.or(Some(reason)),
                }
            }
        }
        if !done.is_empty() {
            store.archived(done).await?;
        }
        match refused {
            Some(reason) if taken == 0 && records.len() >= ALL_REFUSED => Ok(Step::Refused(place, reason)),
            refused => Ok(Step::On(place, refused)),
        }
    }

    fn all_is_well(&self) {
        if self.live.set_archive_trouble(None) {
            tracing::info!(job = %self.job.id, "the archive takes what it did not take before");
            self.tell();
        }
    }

    /// How the archive stands is shown beside what the batches did.
    fn tell(&self) {
        self.shared.store.tell(Change::Executions { job_id: self.job.id.clone() });
    }

    /// Says what is wrong, and how long to wait before it is tried again.
    fn pause(&self, trouble: Trouble, failures: u32) -> Duration {
        let (error, hint) = match trouble {
            Trouble::Store(error) => (crate::event::with_causes(&error), None),
            Trouble::Sink(SinkError::Blocked { message, hint }) => (message, Some(hint)),
            Trouble::Sink(SinkError::Unavailable { message }) | Trouble::Refused(message) => (message, None),
        };
        let pause_ms = destination_pause_ms(failures, PAUSES_MS.0, PAUSES_MS.1, rand::random());
        let now = self.shared.clock.now();
        let since = self.live.archive_trouble().map_or(now, |trouble| trouble.since);
        let next_try_at = now.plus_millis(pause_ms as i64);
        if failures == 1 {
            tracing::warn!(job = %self.job.id, %error, "the archive does not take everything");
        }
        self.live.set_archive_trouble(Some(ArchiveTrouble { since, error, hint, next_try_at }));
        self.tell();
        Duration::from_millis(pause_ms)
    }

    async fn wait_with(&self, trouble: Trouble, failures: u32) -> Result<(), Cancelled> {
        let pause = self.pause(trouble, failures);
        tokio::select! {
            () = self.cancel.cancelled() => Err(Cancelled),
            () = self.live.resume_archive.notified() => Ok(()),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }
}
