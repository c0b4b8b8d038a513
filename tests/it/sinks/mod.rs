//! The destinations: one story for all that hold documents, and what is particular to each.

mod forwarding;
mod mongodb;
mod order;
mod story;
mod support;
