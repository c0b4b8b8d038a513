//! What went wrong, what to do about it, and with which exit code the program ends.

use std::process::ExitCode;

use hookline_engine::event::with_causes;
use serde_json::{Value, json};

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct CliError {
    code: u8,
    message: String,
    hint: Option<String>,
    /// Whoever read the output has gone: nothing to complain about.
    quiet: bool,
}

impl CliError {
    fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, quiet: false }
    }

    /// Failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(1, message)
    }

    /// The command line is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(2, message)
    }

    /// There is no such thing.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(3, message)
    }

    /// No Hookline is running.
    pub(crate) fn no_server(message: impl Into<String>) -> Self {
        Self::new(4, message)
    }

    /// With what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With what to do about it, where that is known.
    pub(crate) fn hint_if(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }

    /// Whether a thing was not there.
    pub(crate) fn is_not_found(&self) -> bool {
        self.code == 3
    }

    /// From an error and its causes.
    pub(crate) fn from_chain(error: &dyn std::error::Error) -> Self {
        Self::failed(with_causes(error))
    }

    /// From an answer of the control API.
    pub(crate) fn from_answer(status: u16, answer: &Value) -> Self {
        let error = &answer["error"];
        let message =
            error["message"].as_str().map_or_else(|| format!("the answer was {status}"), str::to_owned);
        let mut this = if status == 404 { Self::not_found(message) } else { Self::failed(message) };
        this.hint = error["hint"].as_str().map(str::to_owned);
        this
    }

    /// Says it on standard error, and tells the exit code.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        if self.quiet {
            return ExitCode::SUCCESS;
        }
        if json {
            eprintln!("{}", json!({"error": {"message": self.message, "hint": self.hint}}));
        } else {
            eprintln!("error: {}", self.message);
            if let Some(hint) = &self.hint {
                eprintln!("  → {hint}");
            }
        }
        ExitCode::from(self.code)
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        let mut this = Self::from_chain(&error);
        this.quiet = error.kind() == std::io::ErrorKind::BrokenPipe;
        this
    }
}
