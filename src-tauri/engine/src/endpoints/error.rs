//! Why nothing could be done about an endpoint, and what helps.

use crate::provider_api::{ApiError, ApiErrorKind, Mode, Unselectable};
use crate::secrets::SecretError;
use crate::store::StoreError;

/// Why nothing could be done. `Display` is shown to users and holds no key.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EndpointError {
    /// The provider cannot be told by an API where to send.
    #[error("{label} has no API through which Hookline could set up the webhook")]
    NoApi {
        /// The provider's name.
        label: String,
    },
    /// The source has no API key.
    #[error("there is no API key of {label}")]
    NoKey {
        /// The provider's name.
        label: String,
    },
    /// Nothing outside this machine reaches the receiver.
    #[error("there is no public address that events could be sent to")]
    NoPublicUrl,
    /// The public address is not encrypted.
    #[error("providers send to addresses that begin with https:// only, and the public one is {url}")]
    NotHttps {
        /// The public address.
        url: String,
    },
    /// None of the job's event types can be selected at the provider.
    #[error("none of the job's event types can be selected at the provider: {}", reasons(.unselectable))]
    NothingToSelect {
        /// Which, and why.
        unselectable: Vec<Unselectable>,
    },
    /// The job has an endpoint already.
    #[error("Hookline has set up the webhook at the provider already")]
    AlreadyThere,
    /// The job has no endpoint that Hookline made.
    #[error("Hookline has not set up a webhook at the provider for this job")]
    NotThere,
    /// The key is for another mode than the endpoint, which is not there for it.
    #[error("the API key is for {} mode, and the endpoint was made in {} mode", name_of(*.key), name_of(*.endpoint))]
    OtherMode {
        /// The key's mode.
        key: Mode,
        /// The endpoint's mode.
        endpoint: Mode,
    },
    /// The provider's API refused or failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The source's kind cannot be used.
    #[error("{message}")]
    Provider {
        /// Why.
        message: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(std::sync::Arc<StoreError>),
    /// The secret store failed.
    #[error(transparent)]
    Secrets(std::sync::Arc<SecretError>),
    /// Something that should not happen.
    #[error("{what} failed unexpectedly")]
    Internal {
        /// What.
        what: &'static str,
    },
}

impl From<StoreError> for EndpointError {
    fn from(error: StoreError) -> Self {
        Self::Store(std::sync::Arc::new(error))
    }
}

impl From<SecretError> for EndpointError {
    fn from(error: SecretError) -> Self {
        Self::Secrets(std::sync::Arc::new(error))
    }
}

const fn name_of(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "live",
        Mode::Test => "test",
    }
}

fn reasons(unselectable: &[Unselectable]) -> String {
    let said = unselectable.iter().take(3).map(|it| format!("`{}`: {}", it.pattern, it.reason));
    said.collect::<Vec<_>>().join("; ")
}

impl EndpointError {
    /// For programs; the same names as the control API's codes.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoApi { .. } => "endpoint_unsupported",
            Self::NoKey { .. } => "api_key_missing",
            Self::NoPublicUrl | Self::NotHttps { .. } => "public_url_missing",
            Self::NothingToSelect { .. }
            | Self::AlreadyThere
            | Self::OtherMode { .. }
            | Self::Provider { .. } => "conflict",
            Self::NotThere => "not_found",
            Self::Api(error) if error.is_passing() => "provider_unreachable",
            Self::Api(_) => "provider_refused",
            Self::Store(_) => "storage_failed",
            Self::Secrets(_) => "secrets_unavailable",
            Self::Internal { .. } => "internal",
        }
    }

    /// Whether the same can succeed later without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Api(error) => error.is_passing(),
            Self::Store(error) => {
                !matches!(**error, StoreError::NotFound { .. } | StoreError::Conflict { .. })
            }
            Self::Secrets(_) | Self::Internal { .. } => true,
            _ => false,
        }
    }

    /// What helps, where there is something to say.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoApi { .. } => {
                "Set the webhook up at the provider by hand: the job's URL and secret are shown."
            }
            Self::NoKey { .. } => "Store an API key in the job's source.",
            Self::NoPublicUrl => {
                "Start a tunnel in the settings, or with `hookline tunnel start`; its address counts once it is online."
            }
            Self::NotHttps { .. } => "Use a tunnel, or a reverse proxy with a certificate.",
            Self::NothingToSelect { .. } => "Select other event types in the job's settings.",
            Self::AlreadyThere => "Check it, or bring it into line.",
            Self::NotThere => "Set it up first.",
            Self::OtherMode { endpoint: Mode::Test, .. } => {
                "Put the test key back into the job's source: with it the endpoint can be checked, changed and removed. Then a live one can be set up."
            }
            Self::OtherMode { endpoint: Mode::Live, .. } => {
                "Put the live key back into the job's source: with it the endpoint can be checked, changed and removed. Then a test one can be set up."
            }
            Self::Api(error) => match error.kind {
                ApiErrorKind::KeyRefused => "Store a valid API key in the job's source.",
                ApiErrorKind::Forbidden => {
                    "Give the key the permission that is listed for this provider, or store another key in the job's source."
                }
                ApiErrorKind::PlanLimit => "Look at the plan of the account at the provider.",
                ApiErrorKind::EndpointLimit => {
                    "Delete an endpoint at the provider that nobody needs, then try again."
                }
                ApiErrorKind::NotFound => {
                    "Bring it into line to make it anew; if the key is of another account or mode, store the right one."
                }
                ApiErrorKind::RateLimited | ApiErrorKind::Unreachable | ApiErrorKind::Unsure => {
                    "Check the connection, and try again in a moment."
                }
                ApiErrorKind::Invalid | ApiErrorKind::Unreadable => return None,
            },
            Self::Provider { .. } | Self::Store(_) | Self::Secrets(_) | Self::Internal { .. } => return None,
        })
    }
}
