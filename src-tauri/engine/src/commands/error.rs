//! Why a command failed, with a code that programs act on and words that people act on.

use std::error::Error;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::endpoints::EndpointError;
use crate::event::with_causes;
use crate::secrets::SecretError;
use crate::sinks::{InvalidConnection, SinkError};
use crate::store::StoreError;
use crate::worker::OpenSinkError;

/// What kind of failure it was: stable, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request cannot be read: broken JSON, a query that does not parse.
    MalformedRequest,
    /// A value is missing, unknown or out of its range; `field` says which.
    InvalidRequest,
    /// The token is missing or wrong.
    Unauthorized,
    /// The request comes from a web page of another origin.
    ForbiddenOrigin,
    /// The request names a host that is not this API's.
    WrongHost,
    /// There is no such thing.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The request took too long.
    Timeout,
    /// The change contradicts what is there.
    Conflict,
    /// The body is too large.
    PayloadTooLarge,
    /// The body is not JSON by its content type.
    UnsupportedMediaType,
    /// The destination cannot be reached.
    DestinationUnreachable,
    /// The destination refuses: somebody has to change something.
    DestinationRefused,
    /// The destination's connection string is missing or cannot be used.
    DestinationInvalid,
    /// The webhook's URL cannot be reached.
    ReceiverUnreachable,
    /// The source has no API key, and what was asked for needs one.
    ApiKeyMissing,
    /// There is no public address that a provider could send to.
    PublicUrlMissing,
    /// The provider has no API through which webhooks could be set up.
    EndpointUnsupported,
    /// The provider's API refuses: somebody has to change something.
    ProviderRefused,
    /// The provider's API cannot be reached, or fails at the moment.
    ProviderUnreachable,
    /// The store takes nothing at the moment.
    StorageUnavailable,
    /// The store failed.
    StorageFailed,
    /// Secrets cannot be read or written.
    SecretsUnavailable,
    /// Something that should not happen.
    Internal,
}

impl ErrorCode {
    /// The HTTP status that goes with it.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::MalformedRequest => 400,
            Self::Unauthorized => 401,
            Self::ForbiddenOrigin => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Timeout => 408,
            Self::Conflict | Self::ApiKeyMissing | Self::PublicUrlMissing | Self::EndpointUnsupported => 409,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::WrongHost => 421,
            Self::InvalidRequest => 422,
            // Not 502 or 503: this server works; what it depends on for this request does not.
            Self::DestinationUnreachable
            | Self::DestinationRefused
            | Self::DestinationInvalid
            | Self::ReceiverUnreachable
            | Self::ProviderRefused
            | Self::ProviderUnreachable => 424,
            Self::StorageUnavailable => 503,
            Self::StorageFailed | Self::SecretsUnavailable | Self::Internal => 500,
        }
    }
}

/// Why a command failed. It holds no secret and no body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    /// For programs.
    pub code: ErrorCode,
    /// What went wrong, for people.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Which value of the request is wrong, such as `webhookConfig.batchSize`.
    pub field: Option<String>,
}

impl CommandError {
    /// With a code and a message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, field: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A value of the request is wrong.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(ErrorCode::InvalidRequest, message) }
    }

    /// A value that may be right elsewhere contradicts what this request is about.
    pub fn contradiction(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(ErrorCode::Conflict, message) }
    }

    /// There is no `what` with this id.
    pub fn not_found(what: &str, id: &str) -> Self {
        // Ids come from URLs: what is shown of them is bounded.
        let shown: String = id.chars().take(100).collect();
        Self::new(ErrorCode::NotFound, format!("{what} {shown} does not exist"))
    }

    /// Something that should not happen; the cause goes to the log.
    pub fn internal(what: &str, cause: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = cause, what, "a command failed");
        Self::new(ErrorCode::Internal, format!("{what} failed unexpectedly; the log tells more"))
    }

    /// Whether there is no such thing.
    pub fn is_not_found(&self) -> bool {
        self.code == ErrorCode::NotFound
    }

    /// As it is sent.
    pub fn into_body(self) -> ErrorBody {
        let Self { code, message, hint, field } = self;
        ErrorBody { error: ErrorDetail { code, message, hint, field } }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::from_store(&error)
    }
}

impl CommandError {
    fn from_store(error: &StoreError) -> Self {
        match error {
            StoreError::NotFound { what, id } => Self::not_found(what, id),
            StoreError::Conflict { message } => Self::new(ErrorCode::Conflict, message.clone()),
            StoreError::Full | StoreError::Overloaded => Self {
                hint: error.hint().map(str::to_owned),
                ..Self::new(ErrorCode::StorageUnavailable, error.to_string())
            },
            StoreError::Closed => Self::new(ErrorCode::StorageUnavailable, "Hookline is stopping"),
            StoreError::Sqlite(_) | StoreError::Distrusted => {
                tracing::error!(error = error as &dyn Error, "the store failed");
                Self {
                    hint: error.hint().map(str::to_owned),
                    ..Self::new(ErrorCode::StorageFailed, with_causes(error))
                }
            }
        }
    }
}

impl From<SecretError> for CommandError {
    fn from(error: SecretError) -> Self {
        Self::from_secrets(&error)
    }
}

impl CommandError {
    fn from_secrets(error: &SecretError) -> Self {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        let hint = error.hint();
        Self::new(ErrorCode::SecretsUnavailable, format!("{error}{cause}")).with_hint(hint)
    }
}

impl From<SinkError> for CommandError {
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::Unavailable { message } => Self::new(ErrorCode::DestinationUnreachable, message)
                .with_hint(
                    "Check that it runs and that its address is right. Events wait for it and are not lost.",
                ),
            SinkError::Blocked { message, hint } => {
                Self::new(ErrorCode::DestinationRefused, message).with_hint(hint)
            }
        }
    }
}

impl From<EndpointError> for CommandError {
    fn from(error: EndpointError) -> Self {
        let code = match &error {
            EndpointError::Store(error) => return Self::from_store(error),
            EndpointError::Secrets(error) => return Self::from_secrets(error),
            EndpointError::Internal { what } => return Self::internal(what, &error),
            EndpointError::NoApi { .. } => ErrorCode::EndpointUnsupported,
            EndpointError::NoKey { .. } => ErrorCode::ApiKeyMissing,
            EndpointError::NoPublicUrl | EndpointError::NotHttps { .. } => ErrorCode::PublicUrlMissing,
            EndpointError::NothingToSelect { .. }
            | EndpointError::AlreadyThere
            | EndpointError::OtherMode { .. }
            | EndpointError::Provider { .. } => ErrorCode::Conflict,
            EndpointError::NotThere => ErrorCode::NotFound,
            EndpointError::Api(api) if api.is_passing() => ErrorCode::ProviderUnreachable,
            EndpointError::Api(_) => ErrorCode::ProviderRefused,
        };
        Self { hint: error.hint().map(str::to_owned), ..Self::new(code, error.to_string()) }
    }
}

impl From<InvalidConnection> for CommandError {
    fn from(error: InvalidConnection) -> Self {
        Self::new(ErrorCode::DestinationInvalid, error.message)
    }
}

impl From<OpenSinkError> for CommandError {
    fn from(error: OpenSinkError) -> Self {
        match error {
            OpenSinkError::Store(error) => error.into(),
            OpenSinkError::Secrets(error) => error.into(),
            OpenSinkError::Invalid { message } => {
                Self::new(ErrorCode::DestinationInvalid, message).with_hint("Set its connection string anew.")
            }
        }
    }
}

/// The shape of every error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// An error as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// For programs.
    pub code: ErrorCode,
    /// What went wrong, for people.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hint: Option<String>,
    /// Which value of the request is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_sent_without_what_it_does_not_have() {
        let body = serde_json::to_value(CommandError::not_found("source", "s1").into_body()).expect("JSON");
        assert_eq!(
            body,
            serde_json::json!({"error": {"code": "not_found", "message": "source s1 does not exist"}})
        );
    }

    #[test]
    fn a_destination_that_is_down_is_no_failure_of_this_server() {
        let error = CommandError::from(SinkError::Unavailable { message: "connection refused".into() });
        assert_eq!(error.code.http_status(), 424);
        assert!(error.hint.is_some());
    }

    #[test]
    fn an_error_about_an_endpoint_has_the_code_that_is_written_down_with_it() {
        use crate::provider_api::{ApiError, ApiErrorKind, Mode};
        for error in [
            EndpointError::NoApi { label: "GitHub".into() },
            EndpointError::NoKey { label: "Stripe".into() },
            EndpointError::NoPublicUrl,
            EndpointError::NotHttps { url: "http://example.com/".into() },
            EndpointError::NothingToSelect { unselectable: Vec::new() },
            EndpointError::AlreadyThere,
            EndpointError::NotThere,
            EndpointError::OtherMode { key: Mode::Live, endpoint: Mode::Test },
            EndpointError::Api(ApiError::new(ApiErrorKind::Forbidden, "no")),
            EndpointError::Api(ApiError::new(ApiErrorKind::Unsure, "perhaps")),
        ] {
            let command = CommandError::from(error.clone());
            assert_eq!(serde_json::to_value(command.code).expect("JSON"), error.code(), "{error}");
            assert!(command.hint.is_some(), "{error}");
        }
    }

    #[test]
    fn an_endless_id_is_not_repeated_in_full() {
        assert!(CommandError::not_found("source", &"x".repeat(10_000)).message.len() < 200);
    }
}
