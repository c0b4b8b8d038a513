//! Hookline from outside: one binary, so that it is linked once.

mod architecture;
mod archive;
mod balancer;
mod endpoints;
mod faults;
mod journey;
mod openapi;
mod provider_api;
mod receiver;
mod safety;
mod secrets;
mod sinks;
mod tunnel;
mod window;
