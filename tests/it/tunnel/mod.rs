//! Tunnels: the whole program against stand-ins for ngrok's edge and for others' programs, and the supervisor against an
//! edge in memory, where hours pass at once.

mod heals;
mod ngrok;
mod programs;
mod security;
mod support;
