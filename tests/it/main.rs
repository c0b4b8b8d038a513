//! Hookline from outside: one binary, so that it is linked once.

mod architecture;
mod journey;
mod many;
mod openapi;
mod receiver;
mod safety;
mod secrets;
mod sinks;
mod tunnel;
mod window;
