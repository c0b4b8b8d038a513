//! Hookline from outside: one binary, so that it is linked once.

mod architecture;
mod journey;
mod many;
mod receiver;
mod safety;
mod sinks;
