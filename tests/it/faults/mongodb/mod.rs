//! Whatever happens to MongoDB, and however many processes write into it: nothing is lost, nothing is done twice, nothing
//! old replaces anything newer, and all of it heals by itself.

mod codes;
mod convergence;
mod cuts;
mod hanging;
mod histories;
mod refusals;
mod rights;
mod servers;
mod support;
