//! A type for every id, so that a job's id is never passed where a source's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct ParseIdError {
    text: String,
    expected: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(String);

        impl $name {
            /// Takes a known id as it is, for example from a URL or the database.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// Makes a new id of 122 random bits, 32 characters long: it cannot be guessed.
            pub fn generate() -> Self {
                Self(uuid::Uuid::new_v4().simple().to_string())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A workspace: the folder that sources, destinations and jobs live in. `default` always exists.
    WorkspaceId
}
text_id! {
    /// A source: an account at a provider.
    SourceId
}
text_id! {
    /// A destination: a place that a job syncs into.
    DestinationId
}
text_id! {
    /// A sync job. It is part of the public URL, hence unguessable.
    JobId
}

impl WorkspaceId {
    /// The workspace that always exists.
    pub fn default_workspace() -> Self {
        Self("default".to_owned())
    }
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                match text.parse::<i64>() {
                    // Only the one spelling that `Display` writes: no sign, no leading zeros.
                    Ok(number) if number > 0 && number.to_string() == text => Ok(Self(number)),
                    _ => Err(ParseIdError { text: text.to_owned(), expected: $expected }),
                }
            }
        }
    };
}

number_id! {
    /// An event in the store. Ids grow in the order of receipt and are never used again.
    EventId, "an event id"
}
number_id! {
    /// An execution: one batch run of a job.
    ExecutionId, "an execution id"
}
