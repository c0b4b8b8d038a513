//! Secrets lie where they belong, and nowhere else.

mod everywhere;
#[cfg(target_os = "linux")]
mod keychain;
mod scan;
