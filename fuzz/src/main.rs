//! Coverage-guided fuzzing of the engine: one module for each target, each with a `run` that takes an input.
//!
//! Targets look for more than panics: what an input means is computed a second time, in another and simpler way or by
//! another library, and has to be the same.
//!
//! `cargo xtask fuzz` builds and runs this program, `cargo xtask test` does so for a short while. Inputs worth keeping stand in
//! `corpus/`, those that once broke something in `regressions/`, words that help to make inputs in `dictionaries/`. Once started, everything is libFuzzer's: its arguments are
//! this program's.
//!
//! Not here: anything with a network or a running database of others. The control API runs in this process, on an engine of
//! its own in a temporary folder.
#![no_main]

mod api;
mod edits;
mod generic;
mod json;
mod patterns;
mod providers;
mod query;
mod search;
mod senders;
mod signatures;
mod stored;
mod uris;

use std::sync::LazyLock;

/// The environment variable that names the target.
const TARGET: &str = "HOOKLINE_FUZZ_TARGET";

/// What a target does with an input.
type Run = fn(&[u8]);

/// The targets, by name.
const TARGETS: [(&str, Run); 10] = [
    ("api", api::run),
    ("generic", generic::run),
    ("json", json::run),
    ("patterns", patterns::run),
    ("providers", providers::run),
    ("query", query::run),
    ("search", search::run),
    ("signatures", signatures::run),
    ("stored", stored::run),
    ("uris", uris::run),
];

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let wanted = std::env::var(TARGET).unwrap_or_default();
    let Some((_, run)) = TARGETS.iter().find(|(name, _)| *name == wanted) else {
        let known = TARGETS.map(|(name, _)| name).join(", ");
        panic!("{TARGET} has to name a target: {known}");
    };
    *run
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| RUN(data));
