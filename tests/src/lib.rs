//! What Hookline's integration tests stand on: real processes, real HTTP, real `mongod`.

#[cfg(feature = "desktop")]
pub mod desktop;
pub mod mongod;
pub mod process;
#[cfg(feature = "desktop")]
pub mod screen;
pub mod secret_service;
pub mod webhooks;
