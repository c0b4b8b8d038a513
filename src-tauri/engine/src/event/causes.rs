//! An error in one line, for logs and messages.

use std::error::Error;

/// The error and the chain of its causes, separated by colons. A cause that an error quotes itself is not said twice.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Caused {
        text: &'static str,
        source: Option<Box<Caused>>,
    }

    #[test]
    fn each_cause_is_said_once() {
        let caused = |text, source: Option<Caused>| Caused { text, source: source.map(Box::new) };
        let refused = || caused("connection refused", None);
        assert_eq!(with_causes(&caused("no answer", Some(refused()))), "no answer: connection refused");
        let quoting = caused("no answer: connection refused", Some(refused()));
        assert_eq!(with_causes(&quoting), "no answer: connection refused");
    }
}
