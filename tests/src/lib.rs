//! What Hookline's integration tests stand on: real processes, real HTTP, real `mongod`.

pub mod mongod;
pub mod process;
pub mod webhooks;
