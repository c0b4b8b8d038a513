//! A disk that fails, is slow, is full, forgets what was not synced, or holds what nobody wrote.
//!
//! The promise: whoever was answered 2xx finds the event after reopening, once; whoever was not was answered 503 with
//! `Retry-After`; and once the disk works, so does Hookline, without a restart.

mod damage;
mod errors;
#[cfg(target_os = "linux")]
mod full;
mod other_files;
mod power;
mod read_only;
mod slow;
mod upkeep;
mod world;
