//! A file system for SQLite (a *VFS*) that fails, delays and loses on demand. For tests only.
//!
//! It stands before the system's own and takes part only in files below a folder for which there is a [`Disk`]; all other
//! files in the process go straight through. What a disk is told to do is decided in [`disk`](self) without any `unsafe`; the
//! functions that SQLite calls are in `shim`, the only place with `unsafe` in the whole workspace: SQLite's interface for file
//! systems is a table of C functions, and the libraries that wrap it do not speak the shared memory that a write-ahead log
//! needs.
//!
//! What is simulated, and what is not:
//! - Any call may fail with any of SQLite's codes, write short, or lose at a failed sync what was not synced, as Linux does
//!   when it cannot write a page back: the page counts as clean, and what it held is gone.
//! - A power cut leaves what was synced, and of the rest whatever chance wills, down to sectors of 512 bytes. Bytes beside
//!   those that were written stay whole (SQLite's `SQLITE_IOCAP_POWERSAFE_OVERWRITE`).
//! - Syncs are not passed on to the real disk: the simulated one forgets and remembers by itself, and tests get fast.
//! - The file with the shared memory (`-shm`) is not the disk's: it dies with the machine.

mod disk;
mod shim;
#[cfg(test)]
mod tests;

pub use disk::{Chance, Disk, Fault, Op};
pub use rusqlite::ffi;
