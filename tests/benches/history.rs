//! What a long history costs: the start, and receiving.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use hookline_tests::process::Hookline;

use crate::Effort;
use crate::folder;
use crate::load::{Shape, send_all};
use crate::pages::short;
use crate::program;
use crate::report::{Goal, Report, Row, median};
use crate::stored;

/// How often a start is measured; the median counts.
const STARTS: usize = 7;

/// From the program's start until it says that it listens, in milliseconds.
async fn start_ms(folder: &Path) -> f64 {
    let begun = Instant::now();
    let hookline = Hookline::start(folder).await;
    let taken = begun.elapsed().as_secs_f64() * 1000.0;
    hookline.stop().await;
    taken
}

pub(crate) async fn start(report: &mut Report, effort: &Effort) -> Result<()> {
    let fresh = folder::passing()?;
    // The first one makes the files.
    start_ms(fresh.path()).await;
    for &count in effort.stored.iter().skip(1) {
        let history = stored::with(count).await?;
        start_ms(&history.folder).await;
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            without.push(start_ms(fresh.path()).await);
            with.push(start_ms(&history.folder).await);
        }
        let (without, with) = (median(without), median(with));
        report.add(
            Row::ratio(
                &format!("start {}", short(count)),
                &format!("start with {} events stored", short(count)),
                "start with none",
                with / without,
            )
            .goal(Goal::AtMost(1.2))
            .figures(format!("{with:.0} ms of {without:.0} ms")),
        );
    }
    Ok(())
}

/// How fast events are received behind histories of growing length. Works on copies: what is measured stays as it is.
pub(crate) async fn ingest(report: &mut Report, effort: &Effort) -> Result<()> {
    let bodies = Shape::USUAL.bodies(500_000_000, effort.events(30_000));
    let mut base = None;
    for count in std::iter::once(0).chain(effort.stored.iter().copied().skip(1)) {
        let folder = folder::passing()?;
        if count > 0 {
            let history = stored::with(count).await?;
            for name in ["hookline.db", "search.db", "secrets.json", "secrets-place.json"] {
                let from = history.folder.join(name);
                if from.exists() {
                    std::fs::copy(from, folder.path().join(name))?;
                }
            }
        }
        let (hookline, _, target) = program::hookline(folder.path(), program::nowhere()).await?;
        let rate = send_all(&target, &bodies).await?.rate;
        hookline.stop().await;
        let Some(base) = base else {
            base = Some(rate);
            continue;
        };
        report.add(
            Row::ratio(
                &format!("ingest behind {}", short(count)),
                &format!("durable ingest with {} events stored", short(count)),
                "with none",
                rate / base,
            )
            .figures(format!("{rate:.0}/s of {base:.0}/s")),
        );
    }
    Ok(())
}
