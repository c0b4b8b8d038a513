//! What Hookline's integration tests stand on: real processes, real HTTP, real `mongod`.

mod certificates;
#[cfg(feature = "desktop")]
pub mod desktop;
pub mod files;
pub mod internet;
pub mod mongo_proxy;
pub mod mongod;
pub mod ngrok_edge;
pub mod process;
pub mod provider_api;
pub mod replica_set;
#[cfg(feature = "desktop")]
pub mod screen;
pub mod secret_service;
pub mod webhooks;
