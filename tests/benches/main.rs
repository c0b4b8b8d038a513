//! `cargo xtask bench`: how near Hookline runs to the machine's limit, as ratios against baselines measured in the same
//! run; and with `cargo xtask bench -- ui`, how fast its window is. Absolute rates drift with the machine; ratios of rounds
//! in turn hardly do.
//!
//! The load generator runs beside the server on the same cores, as it would on a laptop.

mod ingest;
mod load;
#[cfg(feature = "desktop")]
mod window;

use anyhow::{Context as _, Result};

/// `bench [EVENTS]` measures the ingest, `bench ui [STORED] [SECONDS]` the window: with so many events stored, and under a
/// flood of so many seconds.
fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| {
        arguments.get(at).map_or(Ok(default), |text| text.parse()).context("this is no number")
    };
    let runtime = tokio::runtime::Runtime::new()?;
    if arguments.first().is_some_and(|first| first == "ui") {
        return runtime
            .block_on(window(number(1, 1_000_000)?, std::time::Duration::from_secs(number(2, 20)? as u64)));
    }
    runtime.block_on(ingest::run(number(0, 20_000)?))
}

#[cfg(feature = "desktop")]
use window::run as window;

#[cfg(not(feature = "desktop"))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn window(_stored: usize, _flood_for: std::time::Duration) -> Result<()> {
    anyhow::bail!("the window is measured by `cargo xtask bench -- ui`, which builds it")
}
