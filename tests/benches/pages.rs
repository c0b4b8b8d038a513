//! A page of a hundred events by any mix of filters, in histories of growing length.

use std::time::Instant;

use anyhow::{Context as _, Result};
use hookline_engine::event::{EventId, EventStatus, TypePatterns};
use hookline_engine::store::{EventFilter, Order};

use crate::Effort;
use crate::report::{Goal, Report, Row, median};
use crate::stored::{self, Stored};

const PAGE: u32 = 100;
/// How often each page is read; the median counts.
const READS: usize = 41;

/// What is asked for; the cursor is a share of the history.
struct Asked {
    name: &'static str,
    filter: EventFilter,
    cursor: Option<f64>,
}

fn asked(history: &Stored) -> Vec<Asked> {
    let of_job = || EventFilter { job_id: Some(history.job.clone()), ..EventFilter::default() };
    let types = |patterns: &[&str]| TypePatterns::new(patterns.iter().copied());
    // Of the history's 25 days.
    let day = |day: i64| Some(history.begin.plus_millis(day * 24 * 60 * 60 * 1000));
    let filters = [
        ("newest of all jobs", EventFilter::default()),
        ("newest", of_job()),
        ("oldest first", EventFilter { order: Order::OldestFirst, ..of_job() }),
        ("failed", EventFilter { statuses: vec![EventStatus::Failed], ..of_job() }),
        (
            "failed or skipped",
            EventFilter { statuses: vec![EventStatus::Failed, EventStatus::Skipped], ..of_job() },
        ),
        ("one type", EventFilter { types: types(&["customer.updated"]), ..of_job() }),
        ("a pattern of types", EventFilter { types: types(&["customer.*", "invoice.paid"]), ..of_job() }),
        (
            "a type that failed",
            EventFilter { types: types(&["invoice.*"]), statuses: vec![EventStatus::Failed], ..of_job() },
        ),
        ("a week", EventFilter { from: day(10), to: day(17), ..of_job() }),
        (
            "a week, types, statuses",
            EventFilter {
                from: day(10),
                to: day(17),
                types: types(&["customer.*"]),
                statuses: vec![EventStatus::Completed, EventStatus::Failed],
                ..of_job()
            },
        ),
        ("a frequent word", EventFilter { text: Some("usd".to_owned()), ..of_job() }),
        (
            "a frequent word, failed",
            EventFilter { text: Some("usd".to_owned()), statuses: vec![EventStatus::Failed], ..of_job() },
        ),
        ("one event's id", EventFilter { text: Some(format!("evt_1{:023}", 4_321)), ..of_job() }),
    ];
    let first_pages = filters.map(|(name, filter)| Asked { name, filter, cursor: None });
    let deep = [
        Asked { name: "from the middle on", filter: of_job(), cursor: Some(0.5) },
        Asked {
            name: "failed, from the middle on",
            filter: EventFilter { statuses: vec![EventStatus::Failed], ..of_job() },
            cursor: Some(0.5),
        },
    ];
    first_pages.into_iter().chain(deep).collect()
}

pub(crate) async fn measure(report: &mut Report, effort: &Effort) -> Result<()> {
    let mut least: Option<(usize, Vec<f64>)> = None;
    for &count in &effort.stored {
        let history = stored::with(count).await?;
        let names: Vec<&str> = asked(&history).iter().map(|asked| asked.name).collect();
        let times = times(&history, count).await?;
        let Some((of, base)) = &least else {
            least = Some((count, times));
            continue;
        };
        let ratios: Vec<f64> = times.iter().zip(base).map(|(time, base)| time / base).collect();
        let worst = (0..ratios.len()).max_by(|a, b| ratios[*a].total_cmp(&ratios[*b])).context("pages")?;
        let slowest = (0..times.len()).max_by(|a, b| times[*a].total_cmp(&times[*b])).context("pages")?;
        report.add(
            Row::ratio(
                &format!("page {}", short(count)),
                &format!("page of 100 of {} events, the worst of {} filters", short(count), names.len()),
                &format!("the same of {}", short(*of)),
                ratios[worst],
            )
            .goal(Goal::AtMost(1.5))
            .figures(format!(
                "worst: {}, {:.2} ms of {:.2} ms; half of the filters {:.2} × and less; slowest: {}, {:.2} ms",
                names[worst],
                times[worst],
                base[worst],
                median(ratios.clone()),
                names[slowest],
                times[slowest],
            )),
        );
        for (place, name) in names.iter().enumerate() {
            eprintln!("    {name}: {:.2} ms, {:.2} × ", times[place], ratios[place]);
        }
    }
    Ok(())
}

/// A number in a few signs.
pub(crate) fn short(count: usize) -> String {
    match count {
        0..1_000_000 => format!("{},000", count / 1_000),
        _ => format!("{} million", count / 1_000_000),
    }
}

/// The median time of each page, in milliseconds.
async fn times(history: &Stored, count: usize) -> Result<Vec<f64>> {
    let store = stored::open(&history.folder).await?;
    let mut medians = Vec::new();
    for Asked { filter, cursor, .. } in asked(history) {
        let cursor = cursor.map(|share| EventId((count as f64 * share) as i64));
        let mut times = Vec::with_capacity(READS);
        for _ in 0..READS {
            let begun = Instant::now();
            store.events(filter.clone(), cursor, PAGE).await?;
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        medians.push(median(times));
    }
    store.close().await;
    Ok(medians)
}
