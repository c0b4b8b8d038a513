//! Hookline's engine: receives webhooks, keeps them durably, orders them and syncs them. It knows no window.
//!
//! The modules, in the order in which data flows:

// Where tests let the process die; nothing outside of them.
pub mod faults;

// What a webhook is while it travels, and the words the rest speaks in.
pub mod event;

// Who sends webhooks: verify, read, map to operations.
pub mod providers;

// Providers' own APIs: webhook endpoints made, changed and removed there.
pub mod provider_api;

// How requests reach this machine.
pub mod tunnel;

// The one seam for secrets.
pub mod secrets;

// Everything remembered, in SQLite.
pub mod store;

// The only thing the world can reach: verify → commit → 2xx.
pub mod receiver;

// Where objects end up: MongoDB, a local file, another server.
pub mod sinks;

// Takes due events, applies them in batches, records what became of them.
pub mod worker;

// Keeps jobs' webhook endpoints at their providers in line.
pub mod endpoints;

// What a person can ask for.
pub mod commands;

// The commands over loopback HTTP.
pub mod api;

// The only place that builds everything, starts and stops it.
pub mod app;
