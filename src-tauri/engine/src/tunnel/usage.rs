//! What went through the tunnel, counted for the limits of a plan.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Amounts: of a month, or of what came since the last look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Requests.
    pub requests: u64,
    /// Bytes received, with headers.
    pub bytes_in: u64,
    /// Bytes answered, with headers.
    pub bytes_out: u64,
}

impl Amounts {
    /// Whether any of it is not zero.
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(more.requests),
            bytes_in: self.bytes_in.saturating_add(more.bytes_in),
            bytes_out: self.bytes_out.saturating_add(more.bytes_out),
        }
    }
}

/// Counts what goes through; shared by all connections.
#[derive(Debug, Default)]
pub struct Meter {
    /// All requests since the start; never taken.
    total: AtomicU64,
    requests: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    changed: Notify,
}

impl Meter {
    /// How many requests were counted since the start.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// One request more.
    pub fn request(&self) {
        self.total.fetch_add(1, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_one();
    }

    pub(super) fn received(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// What was counted since the last look, without taking it.
    pub fn peek(&self) -> Amounts {
        Amounts {
            requests: self.requests.load(Ordering::Relaxed),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
        }
    }

    /// What was counted since the last look.
    pub fn take(&self) -> Amounts {
        Amounts {
            requests: self.requests.swap(0, Ordering::Relaxed),
            bytes_in: self.bytes_in.swap(0, Ordering::Relaxed),
            bytes_out: self.bytes_out.swap(0, Ordering::Relaxed),
        }
    }

    /// Gives back what was taken and could not be written down.
    pub fn give_back(&self, amounts: Amounts) {
        self.requests.fetch_add(amounts.requests, Ordering::Relaxed);
        self.bytes_in.fetch_add(amounts.bytes_in, Ordering::Relaxed);
        self.bytes_out.fetch_add(amounts.bytes_out, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Ends when a request was counted since the last call.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}
